package durable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/zeebo/blake3"
)

// A kind says what a journal record states.
type kind uint8

const (
	kindBytes kind = 1 + iota // bytes [offset, offset+length) of name have the digest
	kindReset                 // the records from number offset to this one are void
	kindPrune                 // name may be gone from now on
	kindMark                  // the phase reached point number with this digest
)

// recordSize is the length of a record on disk.
const recordSize = 176

// maxName bounds the length of a file name in a record.
const maxName = 56

// A record is one line of the journal. On disk it is 176 bytes, integers little-endian:
//
//	0 magic "ASJ1"  4 kind  5 phase  6 len(name)  7 zero  8 offset u64  16 length u64  24 digest 32  56 name 56
//	112 digest of the previous record, the job's identity for the first, 32  144 zero 28  172 CRC-32C of all before
type record struct {
	kind   kind
	phase  uint8
	name   string
	offset int64 // the number of a mark; of a reset, the index of the first void record
	length int64
	digest Digest
}

// A Digest is a BLAKE3 digest.
type Digest [32]byte

var (
	magic      = [4]byte{'A', 'S', 'J', '1'}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errRecord  = errors.New("durable: no valid record")
)

// append writes r, chained to prev, behind b.
func (r *record) append(b []byte, prev Digest) []byte {
	var rec [recordSize]byte
	copy(rec[:], magic[:])
	rec[4], rec[5], rec[6] = byte(r.kind), r.phase, byte(len(r.name))
	binary.LittleEndian.PutUint64(rec[8:], uint64(r.offset))
	binary.LittleEndian.PutUint64(rec[16:], uint64(r.length))
	copy(rec[24:], r.digest[:])
	copy(rec[56:], r.name)
	copy(rec[112:], prev[:])
	binary.LittleEndian.PutUint32(rec[172:], crc32.Checksum(rec[:172], castagnoli))
	return append(b, rec[:]...)
}

// parseRecord reads the record at the head of b, which must follow prev. Every byte of the record counts: a record is valid
// only if writing it again gives the same bytes.
func parseRecord(b []byte, prev Digest) (r record, err error) {
	if len(b) < recordSize {
		return r, fmt.Errorf("%w: %d bytes, want %d", errRecord, len(b), recordSize)
	}
	b = b[:recordSize]
	if n := int(b[6]); n > maxName {
		return r, fmt.Errorf("%w: a name of %d bytes", errRecord, n)
	}
	r = record{
		kind:   kind(b[4]),
		phase:  b[5],
		name:   string(b[56 : 56+int(b[6])]),
		offset: int64(binary.LittleEndian.Uint64(b[8:])),
		length: int64(binary.LittleEndian.Uint64(b[16:])),
		digest: Digest(b[24:56]),
	}
	if string(r.append(nil, prev)) != string(b) {
		return r, fmt.Errorf("%w: magic, padding, chain or checksum", errRecord)
	}
	return r, r.check()
}

// check refuses records that no journal of this version holds.
func (r *record) check() error {
	if r.kind < kindBytes || r.kind > kindMark || r.offset < 0 || r.length < 0 || r.offset+r.length < 0 {
		return fmt.Errorf("%w: kind %d, offset %d, length %d", errRecord, r.kind, r.offset, r.length)
	}
	if (r.kind == kindBytes || r.kind == kindPrune) && (local(r.name) != nil || r.name == ".") {
		return fmt.Errorf("%w: name %q", errRecord, r.name)
	}
	return nil
}

// sum is BLAKE3 of b.
func sum(b []byte) Digest { return blake3.Sum256(b) }
