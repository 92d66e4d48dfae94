package durable

// A small journal keeps the simulated disks small.
func init() { journalRoom = 8 << 10 }

// ParseRecord makes the journal's decoder visible to the fuzz test.
func ParseRecord(b []byte, prev Digest) (again []byte, err error) {
	r, err := parseRecord(b, prev)
	if err != nil {
		return nil, err
	}
	return r.append(nil, prev), nil
}

// RecordSize is the length of a record.
const RecordSize = recordSize
