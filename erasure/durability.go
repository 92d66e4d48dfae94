package erasure

import "math"

// A Model is a small model of storage whose shards fail independently: a Markov chain over the number of
// failed shards of one object, which ends when the object is lost.
type Model struct {
	FailuresPerYear float64 // of one shard; default 0.04
	ShardBytes      float64 // default 1 TB
	Bandwidth       float64 // bytes a second that one repair reads; default 100 MB/s
	DetectionHours  float64 // from failure to the start of the repair; default 0.5
}

func (m Model) defaults() Model {
	for _, v := range []struct {
		p   *float64
		def float64
	}{{&m.FailuresPerYear, 0.04}, {&m.ShardBytes, 1e12}, {&m.Bandwidth, 1e8}, {&m.DetectionHours, 0.5}} {
		if *v.p == 0 {
			*v.p = v.def
		}
	}
	return m
}

// Years returns the mean time to loss of an object of n shards.
//
// ratio is the number of bytes read per repaired byte, which sets the time of a repair; fatal[i] is the
// probability that the failure of one more shard loses the object when i have failed, the last one 1.
// With i shards failed the next fails at rate (n-i)*FailuresPerYear; one shard is repaired at a time.
func (m Model) Years(n int, ratio float64, fatal []float64) float64 {
	m = m.defaults()
	const hours = 24 * 365.25
	repair := hours / (m.DetectionHours + ratio*m.ShardBytes/m.Bandwidth/3600) // a year
	// t_i = a_i + t_{i+1}*b_i, from the equations (up+down) t_i = 1 + up(1-f_i) t_{i+1} + down t_{i-1}.
	a, b := make([]float64, len(fatal)), make([]float64, len(fatal))
	for i, f := range fatal {
		up := float64(n-i) * m.FailuresPerYear
		if i == 0 {
			a[0], b[0] = 1/up, 1-f
			continue
		}
		den := up + repair - repair*b[i-1]
		if den <= 0 {
			return math.Inf(1)
		}
		a[i] = (1 + repair*a[i-1]) / den
		b[i] = up * (1 - f) / den
	}
	t := 0.0
	for i := len(fatal) - 1; i >= 0; i-- {
		t = a[i] + t*b[i]
	}
	return t
}

// mdsFatal is Years' fatal for a code that survives any m failures and none more.
func mdsFatal(m int) []float64 {
	out := make([]float64, m+1)
	out[m] = 1
	return out
}
