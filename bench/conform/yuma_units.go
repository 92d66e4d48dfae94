package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/assaylab/assay/consensus"
	"github.com/assaylab/assay/consensus/coinbase"
	"github.com/assaylab/assay/consensus/fixed"
)

// A unitTable is a table of math_units: the columns name the functions.
type unitTable struct {
	Columns []string            `json:"columns"`
	Rows    [][]json.RawMessage `json:"rows"`
	Skipped string              `json:"skipped"`
}

// A unitKind computes the columns after the inputs of one row; i is the row's number.
type unitKind struct {
	columns string // joined by "; "
	inputs  int
	run     func(in []json.RawMessage, i int) ([]any, error)
}

var unitKinds = map[string]unitKind{
	"i32f32_arith":               {"a; b; saturating_add; saturating_sub; saturating_mul; checked_mul; safe_div; saturating_div", 2, unitArith32},
	"i64f64_arith":               {"a; b; saturating_mul; safe_div; a_to_i32f32; a_to_u64", 2, unitArith64},
	"i96f32_emission":            {"share_i32f32; rao_u64; product_i96f32; u64", 2, unitEmission},
	"transcendental_i32f32":      {"x; exp_safe; exp (null = error); safe_ln; ln (null = error); log2 (null = error); sigmoid_safe(x, rho=10, kappa=0.5)", 1, unitTranscendental},
	"pow_sqrt_i32f32":            {"x; y; pow(x,y); sqrt(x)", 2, unitPow},
	"safe_math_u64f64":           {"x; checked_sqrt(eps=0.001); checked_pow(row_index % 7 - 3)", 1, unitSafeMath},
	"u16_proportion":             {"u16; u16_proportion_to_fixed; fixed_to_fixed_u16_proportion(u16<<32)", 1, unitProportion},
	"fixed_proportion_to_u16":    {"x; u16", 1, unitToU16},
	"alpha_sigmoid":              {"consensus; weight; bond; alpha_low_u16; alpha_high_u16; steepness_i16; alpha", 6, unitAlpha},
	"block_emission":             {"issuance_rao; emission_rao (null = error)", 1, unitIssuance},
	"topk":                       {"x; k; is_topk; is_topk_nonzero", 2, unitTopK},
	"vec_u16_max_upscale_to_u16": {"in; out; max_limit; check_vec_max_limited", 1, nil},
	"weighted_median":            {"stake; score; minority; stake_sum (= partition_hi); median", 4, unitMedian},
}

func mathUnits(v *vector) (int, error) {
	var file map[string]json.RawMessage
	if err := v.JSON(&file); err != nil {
		return 0, err
	}
	cases := 0
	for name, raw := range file {
		n, err := unitSection(name, raw)
		if cases += n; err != nil {
			return cases, fmt.Errorf("%s: row %d: %w", name, n, err)
		}
	}
	return cases, nil
}

func unitSection(name string, raw json.RawMessage) (int, error) {
	switch name {
	case "matrices":
		return unitList(raw, unitMatrices)
	case "vectors":
		return unitList(raw, unitVectors)
	case "stake_weight":
		return unitList(raw, unitStakeWeight)
	}
	kind, ok := unitKinds[name]
	if !ok {
		return 0, fmt.Errorf("unknown section")
	}
	var t unitTable
	if err := strictJSON(raw, &t); err != nil {
		return 0, err
	}
	if got := strings.Join(t.Columns, "; "); got != kind.columns {
		return 0, fmt.Errorf("columns %q, want %q", got, kind.columns)
	}
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return i, fmt.Errorf("%d values for %d columns", len(row), len(t.Columns))
		}
		if err := kind.row(t.Columns, row, i); err != nil {
			return i, err
		}
	}
	return len(t.Rows), nil
}

func (k *unitKind) row(columns []string, row []json.RawMessage, i int) error {
	if k.run == nil {
		return unitUpscale(row)
	}
	got, err := k.run(row[:k.inputs], i)
	if err != nil {
		return err
	}
	for c, v := range got {
		if err := sameJSON(v, row[k.inputs+c], false); err != nil {
			return fmt.Errorf("%s: %w", columns[k.inputs+c], err)
		}
	}
	return nil
}

// unitList runs a list of objects.
func unitList(raw json.RawMessage, run func(fields) error) (int, error) {
	var list []fields
	if err := json.Unmarshal(raw, &list); err != nil {
		return 0, err
	}
	for i, c := range list {
		if err := run(c); err != nil {
			return i, err
		}
	}
	return len(list), nil
}

// read decodes inputs in order.
func read(in []json.RawMessage, dst ...any) error {
	for i, d := range dst {
		if err := json.Unmarshal(in[i], d); err != nil {
			return err
		}
	}
	return nil
}

// orNull is v, or null where it is not defined.
func orNull(v fixed.I32F32, ok bool) any {
	if ok {
		return v
	}
	return nil
}

func unitArith32(in []json.RawMessage, _ int) ([]any, error) {
	var a, b fixed.I32F32
	err := read(in, &a, &b)
	return []any{a.SatAdd(b), a.SatSub(b), a.SatMul(b), orNull(a.CheckedMul(b)), a.SafeDiv(b), orNull(a.SatDiv(b))}, err
}

func unitArith64(in []json.RawMessage, _ int) ([]any, error) {
	var x, y string
	if err := read(in, &x, &y); err != nil {
		return nil, err
	}
	a, err := fixed.ParseI64F64(x)
	if err != nil {
		return nil, err
	}
	b, err := fixed.ParseI64F64(y)
	return []any{a.SatMul(b).String(), a.SafeDiv(b).String(), a.I32F32(), a.U64()}, err
}

func unitEmission(in []json.RawMessage, _ int) ([]any, error) {
	var share fixed.I32F32
	var rao uint64
	err := read(in, &share, &rao)
	p := share.I96F32().SatMul(fixed.I96F32FromU64(rao))
	return []any{p.String(), p.U64()}, err
}

func unitTranscendental(in []json.RawMessage, _ int) ([]any, error) {
	var x fixed.I32F32
	err := read(in, &x)
	return []any{
		x.ExpSafe(), orNull(x.Exp()), x.SafeLn(), orNull(x.Ln()), orNull(x.Log2()), x.Sigmoid(10*fixed.One, fixed.Half),
	}, err
}

func unitPow(in []json.RawMessage, _ int) ([]any, error) {
	var x, y fixed.I32F32
	err := read(in, &x, &y)
	return []any{orNull(x.Pow(y)), orNull(x.Sqrt())}, err
}

func unitSafeMath(in []json.RawMessage, i int) ([]any, error) {
	var t string
	if err := read(in, &t); err != nil {
		return nil, err
	}
	x, err := fixed.ParseU64F64(t)
	const thousandth = 18446744073709551 // floor(0.001 * 2^64) of the float
	var pow any
	if p, ok := x.CheckedPow(int32(i%7 - 3)); ok {
		pow = p.String()
	}
	return []any{x.CheckedSqrt(fixed.U64F64{Lo: thousandth}).String(), pow}, err
}

func unitProportion(in []json.RawMessage, _ int) ([]any, error) {
	var x uint16
	err := read(in, &x)
	return []any{fixed.ProportionU16(x), fixed.FromU16(x).U16Proportion()}, err
}

func unitToU16(in []json.RawMessage, _ int) ([]any, error) {
	var x fixed.I32F32
	err := read(in, &x)
	return []any{x.ToU16Proportion()}, err
}

func unitAlpha(in []json.RawMessage, _ int) ([]any, error) {
	var c, w, b fixed.I32F32
	var low, high uint16
	var steepness int16
	err := read(in, &c, &w, &b, &low, &high, &steepness)
	l := consensus.NewLiquid(low, high, steepness)
	return []any{l.Alpha(c, w, b)}, err
}

func unitIssuance(in []json.RawMessage, _ int) ([]any, error) {
	var issuance uint64
	err := read(in, &issuance)
	if e, failed := coinbase.BlockEmission(issuance); failed == nil {
		return []any{e}, err
	}
	return []any{nil}, err
}

func unitTopK(in []json.RawMessage, _ int) ([]any, error) {
	var x []fixed.I32F32
	var k int
	err := read(in, &x, &k)
	return []any{consensus.TopK(x, k), consensus.TopKNonzero(x, k)}, err
}

func unitMedian(in []json.RawMessage, _ int) ([]any, error) {
	var stake, score []fixed.I32F32
	var minority, sum fixed.I32F32
	if err := read(in, &stake, &score, &minority, &sum); err != nil {
		return nil, err
	}
	if len(stake) != len(score) {
		return nil, fmt.Errorf("%d stakes, %d scores", len(stake), len(score))
	}
	if got := fixed.Sum(stake); got != sum {
		return nil, fmt.Errorf("stake_sum: got %d, want %d", got, sum)
	}
	return []any{consensus.WeightedMedian(stake, score, minority, sum)}, nil
}

func unitUpscale(row []json.RawMessage) error {
	var in []uint16
	var limit uint16
	if err := read([]json.RawMessage{row[0], row[2]}, &in, &limit); err != nil {
		return err
	}
	out := consensus.MaxUpscaleU16(in)
	if err := sameJSON(out, row[1], false); err != nil {
		return fmt.Errorf("out: %w", err)
	}
	return sameJSON(consensus.MaxLimited(in, limit), row[3], false)
}

// expectAll compares every field that is no input and names those nobody computed.
func expectAll(want fields, got map[string]any, inputs ...string) error {
	seen := 0
	for name, v := range got {
		raw, ok := want[name]
		if !ok {
			return fmt.Errorf("%s is missing", name)
		}
		if err := sameJSON(v, raw, false); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		seen++
	}
	if len(want) != seen+len(inputs) {
		return fmt.Errorf("%d fields, %d known", len(want), seen+len(inputs))
	}
	return nil
}

func unitVectors(c fields) error {
	var x, y []fixed.I32F32
	var text []string
	if err := read([]json.RawMessage{c["x"], c["y"], c["x64"]}, &x, &y, &text); err != nil {
		return err
	}
	if len(x) != len(y) {
		return fmt.Errorf("%d and %d values", len(x), len(y))
	}
	sum := fixed.Sum(x)
	normal, quotient, product := make([]fixed.I32F32, len(x)), make([]fixed.I32F32, len(x)), make([]fixed.I32F32, len(x))
	for i := range x {
		normal[i], quotient[i], product[i] = x[i], x[i].SafeDiv(y[i]), x[i].MulOrZero(y[i])
		if sum != 0 {
			normal[i] = x[i].SafeDiv(sum)
		}
	}
	wide, narrow, err := normalize64(text)
	if err != nil {
		return err
	}
	return expectAll(c, map[string]any{
		"sum_x": sum, "normalize_x": normal, "vecdiv": quotient, "vec_mul": product, "normalize_64": wide, "normalize_64_to_i32f32": narrow,
	}, "x", "y", "x64")
}

// normalize64 divides wide values by their wrapping sum.
func normalize64(text []string) (wide []string, narrow []fixed.I32F32, err error) {
	x := make([]fixed.I64F64, len(text))
	var sum fixed.I64F64
	for i, t := range text {
		if x[i], err = fixed.ParseI64F64(t); err != nil {
			return nil, nil, err
		}
		sum = sum.Add(x[i])
	}
	for _, v := range x {
		if !sum.IsZero() {
			v = v.SafeDiv(sum)
		}
		wide, narrow = append(wide, v.String()), append(narrow, v.I32F32())
	}
	return wide, narrow, nil
}

func unitStakeWeight(c fields) error {
	var alpha, root []uint64
	var links [][3]uint64
	var weight uint64
	in := []json.RawMessage{c["alpha_stake"], c["root_tao_stake"], c["parent_child_proportion"], c["tao_weight_u64"]}
	if err := read(in, &alpha, &root, &links, &weight); err != nil {
		return err
	}
	var lent []coinbase.Delegation
	for _, l := range links {
		lent = append(lent, coinbase.Delegation{Parent: int(l[0]), Child: int(l[1]), Proportion: l[2]})
	}
	total, err := coinbase.StakeWeight(alpha, root, lent, weight)
	if err != nil {
		return err
	}
	a, err := coinbase.Inherited(alpha, lent)
	if err != nil {
		return err
	}
	t, err := coinbase.Inherited(root, lent)
	if err != nil {
		return err
	}
	return expectAll(c, map[string]any{
		"inherited_alpha_i64f64": wholes(a), "inherited_tao_i64f64": wholes(t), "total_stake_i64f64": decimals(total),
	}, "alpha_stake", "root_tao_stake", "parent_child_proportion", "tao_weight_u64")
}

func wholes(v []uint64) []string {
	out := make([]string, len(v))
	for i, x := range v {
		out[i] = fixed.I64F64FromU64(x).String()
	}
	return out
}

func decimals(v []fixed.I64F64) []string {
	out := make([]string, len(v))
	for i, x := range v {
		out[i] = x.String()
	}
	return out
}

// unitMatrix is the input of one matrix case.
type unitMatrix struct {
	a, b, alphas        *consensus.Dense
	as, bs              *consensus.Sparse
	thr, vec            []fixed.I32F32
	alpha, kappa, ratio fixed.I32F32
	n                   int
}

func readMatrices(c fields) (m unitMatrix, err error) {
	var a, b, alphas [][]fixed.I32F32
	var as, bs [][][2]int64
	in := []json.RawMessage{
		c["n"], c["a"], c["b"], c["alphas"], c["a_sparse"], c["b_sparse"], c["thr"], c["vec"], c["alpha"], c["kappa"], c["ratio"],
	}
	if err := read(in, &m.n, &a, &b, &alphas, &as, &bs, &m.thr, &m.vec, &m.alpha, &m.kappa, &m.ratio); err != nil {
		return m, err
	}
	m.as, m.bs = sparseOf(as), sparseOf(bs)
	for _, x := range []struct {
		dst **consensus.Dense
		src [][]fixed.I32F32
	}{{&m.a, a}, {&m.b, b}, {&m.alphas, alphas}} {
		*x.dst = consensus.NewDense(m.n, m.n)
		if len(x.src) != m.n {
			return m, fmt.Errorf("%d rows, want %d", len(x.src), m.n)
		}
		for i, row := range x.src {
			if copy((*x.dst).Row(i), row) != m.n || len(row) != m.n {
				return m, fmt.Errorf("row %d has %d columns, want %d", i, len(row), m.n)
			}
		}
	}
	return m, nil
}

func sparseOf(rows [][][2]int64) *consensus.Sparse {
	s := &consensus.Sparse{Start: []int{0}}
	for _, row := range rows {
		for _, p := range row {
			s.Col, s.Val = append(s.Col, uint16(p[0])), append(s.Val, fixed.I32F32(p[1]))
		}
		s.Start = append(s.Start, len(s.Col))
	}
	return s
}

func unitMatrices(c fields) error {
	m, err := readMatrices(c)
	if err != nil {
		return err
	}
	var sparse fields
	if err := json.Unmarshal(c["sparse"], &sparse); err != nil {
		return err
	}
	if err := expectAll(sparse, m.sparse()); err != nil {
		return fmt.Errorf("sparse: %w", err)
	}
	return expectAll(c, m.dense(), "n", "a", "b", "alphas", "a_sparse", "b_sparse", "thr", "vec", "alpha", "kappa", "ratio", "sparse")
}

func (m *unitMatrix) sparse() map[string]any {
	rows, cols, top := m.as.Clone(), m.as.Clone(), m.as.Clone()
	rows.NormalizeRows()
	cols.NormalizeCols(m.n)
	top.UpscaleCols(m.n)
	is := func(s *consensus.Sparse) consensus.Matrix { return consensus.Matrix{Sparse: s} }
	return map[string]any{
		"row_normalize": is(rows), "col_normalize": is(cols), "col_max_upscale": is(top), "row_sum": m.as.RowSums(),
		"col_clip": is(m.as.Clip(m.thr)), "interpolate": is(m.as.Interpolate(m.bs, m.n, m.ratio)),
		"row_hadamard": is(m.as.Hadamard(m.vec)), "matmul": m.as.Mul(m.vec, m.n), "matmul_transpose": m.as.MulTranspose(m.vec),
		"mat_vec_mul": is(m.as.MulCols(m.vec)), "mat_ema": is(m.as.EMA(m.bs, m.alpha)),
		"mat_ema_alpha": is(m.as.EMAAlpha(m.bs, m.alphas)), "weighted_median_col": m.as.Median(m.vec, m.n, m.kappa),
	}
}

func (m *unitMatrix) dense() map[string]any {
	rows, cols, top := m.a.Clone(), m.a.Clone(), m.a.Clone()
	rows.NormalizeRows()
	cols.NormalizeCols()
	top.UpscaleCols()
	is := func(d *consensus.Dense) consensus.Matrix { return consensus.Matrix{Dense: d} }
	return map[string]any{
		"row_normalize": is(rows), "col_normalize": is(cols), "col_max_upscale": is(top), "row_sum": m.a.RowSums(),
		"col_clip": is(m.a.Clip(m.thr)), "interpolate": is(m.a.Interpolate(m.b, m.ratio)),
		"row_hadamard": is(m.a.Hadamard(m.vec)), "matmul": m.a.Mul(m.vec), "matmul_transpose": m.a.MulTranspose(m.vec),
		"mat_vec_mul": is(m.a.MulCols(m.vec)), "mat_ema": is(m.a.EMA(m.b, m.alpha)),
		"mat_ema_alpha": is(m.a.EMAAlpha(m.b, m.alphas)), "weighted_median_col": m.a.Median(m.vec, m.kappa),
	}
}
