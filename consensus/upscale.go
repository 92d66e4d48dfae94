package consensus

import "github.com/assaylab/assay/consensus/fixed"

// MaxUpscale scales v so that its largest value becomes 65535, rounded half away from zero (vec_max_upscale_to_u16).
func MaxUpscale(v []fixed.I32F32) []uint16 {
	out := make([]uint16, len(v))
	if len(v) == 0 {
		return out
	}
	top := v[0]
	for _, x := range v {
		top = max(top, x)
	}
	factor := fixed.U16Max.SafeDiv(top)
	for i, x := range v {
		switch {
		case top == 0:
			out[i] = x.SatMul(fixed.U16Max).U16()
		case top > 32768*fixed.One:
			out[i] = x.SatMul(factor).Round().U16()
		default:
			out[i] = x.SatMul(fixed.U16Max).SafeDiv(top).Round().U16()
		}
	}
	return out
}

// MaxUpscaleU16 is MaxUpscale of whole numbers (vec_u16_max_upscale_to_u16).
func MaxUpscaleU16(v []uint16) []uint16 { return MaxUpscale(fromU16s(v)) }

// MaxLimited reports whether the largest share of v is at most limit/65535 (check_vec_max_limited).
func MaxLimited(v []uint16, limit uint16) bool {
	f, l := fromU16s(v), fixed.ProportionU16(limit)
	normalize(f)
	for _, x := range f {
		if x > l {
			return false
		}
	}
	return true
}

func fromU16s(v []uint16) []fixed.I32F32 {
	out := make([]fixed.I32F32, len(v))
	for i, x := range v {
		out[i] = fixed.FromU16(x)
	}
	return out
}
