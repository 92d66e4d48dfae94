package consensus

func supportGeneric(raw []uint16, vote []uint64) (sum uint64) {
	for k, v := range raw {
		if v != 0 {
			sum += vote[k]
		}
	}
	return sum
}

func normalizeGeneric(dst []uint64, raw []uint16, sum []uint64) (top uint64) {
	for k, v := range raw {
		dst[k] = uint64(v) << 32 / sum[k]
		top = max(top, dst[k])
	}
	return top
}

func medianGeneric(score, vote []uint64, kappa, top uint64) uint64 {
	low, high := uint64(0), top
	for high-low > 1 {
		middle := low + (high-low)/2
		above, over, under := uint64(0), uint64(1<<64-1), uint64(0)
		for k, v := range score {
			if v > middle {
				above += vote[k]
				over = min(over, v)
			} else {
				under = max(under, v)
			}
		}
		if above < kappa {
			high = under
		} else {
			low = over - 1
		}
	}
	return high
}

func clipGeneric(w, stake, trust, d []uint64, c uint64) (rank uint64) {
	for k, v := range w {
		v = min(v, c)
		w[k] = v
		trust[k] += v
		d[k] = mul(v, stake[k])
		rank += d[k]
	}
	return rank
}

func productGeneric(dst, x, y []uint64) (sum uint64) {
	for k := range dst {
		dst[k] = mul(x[k], y[k])
		sum += dst[k]
	}
	return sum
}

func widenGeneric(dst []uint64, raw []uint16) (sum uint64) {
	for k, v := range raw {
		dst[k] = uint64(v)
		sum += uint64(v)
	}
	return sum
}

func proportionGeneric(dst []uint64, raw []uint16) (sum uint64) {
	for k, v := range raw {
		dst[k] = uint64(v) << 32 / 65535
		sum += uint64(v)
	}
	return sum
}

func divideGeneric(v []uint64, d uint64) (top uint64) {
	by := newDivisor(d)
	for k, x := range v {
		v[k] = by.div(x)
		top = max(top, v[k])
	}
	return top
}

func mixGeneric(dst, x, y []uint64, alpha, beta uint64) (sum uint64) {
	for k := range dst {
		dst[k] = mul(alpha, x[k]) + mul(beta, y[k])
		sum += dst[k]
	}
	return sum
}

func packGeneric(store []uint16, mask []uint8, ema, v []uint64) {
	clear(mask[:len(v)/lanes])
	for k, x := range v {
		store[k] = uint16(x * 65535 >> 32)
		if ema[k] != 0 {
			mask[k/lanes] |= 1 << (k % lanes)
		}
	}
}

func payGeneric(gain, norm []uint64, inc uint64) {
	for k, v := range norm {
		gain[k] += mul(v, inc)
	}
}
