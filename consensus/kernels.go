package consensus

// The kernels work on one column of a block: n rows, n a multiple of 8, every slice at least that long. Values are I32F32
// bits from 0 to 2^32 (that is, 1) in uint64. kernels_generic.go says what each computes; on processors with AVX-512 the
// twins of kernels_amd64.s take its place.

// lanes is the number of rows in a vector; blocks hold a multiple of it.
const lanes = 8

// supportOf returns the votes of the rows whose raw weight is not 0.
func supportOf(raw []uint16, vote []uint64) uint64 {
	if avx512 {
		return supportAVX512(&raw[0], &vote[0], len(raw))
	}
	return supportGeneric(raw, vote)
}

// normalizeColumn writes floor(raw * 2^32 / sum) row by row, and returns the largest. inv is 2^32 / sum.
func normalizeColumn(dst []uint64, raw []uint16, sum []uint64, inv []float64) (top uint64) {
	if avx512 {
		return normalizeAVX512(&dst[0], &raw[0], &sum[0], &inv[0], len(raw))
	}
	return normalizeGeneric(dst, raw, sum)
}

// medianColumn returns the smallest score with less than kappa of the votes above it, given that the votes of positive
// scores reach kappa > 0 and top is the largest score. It bisects the value, each half drawn in to the scores
// it holds: no sorting, and no branch on a score.
func medianColumn(score, vote []uint64, kappa, top uint64) uint64 {
	if avx512 {
		return medianAVX512(&score[0], &vote[0], len(score), kappa, top)
	}
	return medianGeneric(score, vote, kappa, top)
}

// clipColumn bounds w by c, adds it to trust, writes stake times it to d, and returns the sum of that. Stakes are below 2^32.
func clipColumn(w, stake, trust, d []uint64, c uint64) (rank uint64) {
	if avx512 {
		return clipAVX512(&w[0], &stake[0], &trust[0], &d[0], len(w), c)
	}
	return clipGeneric(w, stake, trust, d, c)
}

// productColumn writes x times y and returns the sum. y is below 2^32.
func productColumn(dst, x, y []uint64) (sum uint64) {
	if avx512 {
		return productAVX512(&dst[0], &x[0], &y[0], len(dst))
	}
	return productGeneric(dst, x, y)
}

// widenColumn writes raw as whole numbers and returns their sum.
func widenColumn(dst []uint64, raw []uint16) (sum uint64) {
	if avx512 {
		return widenAVX512(&dst[0], &raw[0], len(raw))
	}
	return widenGeneric(dst, raw)
}

// proportionColumn writes floor(raw * 2^32 / 65535) and returns the sum of raw.
func proportionColumn(dst []uint64, raw []uint16) (sum uint64) {
	if avx512 {
		return proportionAVX512(&dst[0], &raw[0], len(raw))
	}
	return proportionGeneric(dst, raw)
}

// divideColumn writes floor(v * 2^32 / d) in place for 0 < d and v <= d, and returns the largest.
func divideColumn(v []uint64, d uint64) (top uint64) {
	if avx512 {
		return divideAVX512(&v[0], len(v), d, (1<<32)/float64(d))
	}
	return divideGeneric(v, d)
}

// mixColumn writes alpha*x + beta*y and returns the sum. alpha and beta are below 2^32; dst may be x.
func mixColumn(dst, x, y []uint64, alpha, beta uint64) (sum uint64) {
	if avx512 {
		return mixAVX512(&dst[0], &x[0], &y[0], len(dst), alpha, beta)
	}
	return mixGeneric(dst, x, y, alpha, beta)
}

// packColumn writes floor(v * 65535 / 2^32), and a bit for each ema that is not 0.
func packColumn(store []uint16, mask []uint8, ema, v []uint64) {
	if avx512 {
		packAVX512(&store[0], &mask[0], &ema[0], &v[0], len(v))
		return
	}
	packGeneric(store, mask, ema, v)
}

// payColumn adds norm times inc to gain. inc is below 2^32.
func payColumn(gain, norm []uint64, inc uint64) {
	if avx512 {
		payAVX512(&gain[0], &norm[0], len(norm), inc)
		return
	}
	payGeneric(gain, norm, inc)
}
