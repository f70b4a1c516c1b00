package billing

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// Rounding says what becomes of a fraction of a minor unit. The zero value is HalfEven.
type Rounding string

// The roundings. All treat amounts below zero as the mirror image of those above.
const (
	// HalfEven goes to the nearer minor unit, from the middle to the even one, so that many roundings do not drift.
	HalfEven Rounding = "half-even"
	// HalfUp goes to the nearer minor unit, from the middle away from zero, as VAT and bank fees are reckoned.
	HalfUp Rounding = "half-up"
	// Down drops the fraction.
	Down Rounding = "down"
	// Up goes away from zero whenever there is a fraction.
	Up Rounding = "up"
)

// MulRatio returns m × num / den, exact up to the one rounding at the end: MulRatio(20, 120, HalfUp) is the VAT in a
// price that includes 20 %. A zero den or an unknown rounding is ErrBadRatio, a result out of range ErrOverflow.
func (m Money) MulRatio(num, den int64, r Rounding) (Money, error) {
	if den == 0 {
		return Money{}, badRatio("division by zero")
	}
	divisor := magnitude(den)
	hi, lo := bits.Mul64(magnitude(m.minor), magnitude(num))
	if hi >= divisor { // the quotient exceeds 64 bits
		return m.result(hi, lo, false)
	}
	quotient, rest := bits.Div64(hi, lo, divisor)
	up, known := r.up(quotient, rest, divisor)
	if !known {
		return Money{}, badRatio("unknown rounding")
	}
	if up && quotient < math.MaxUint64 { // which is out of range anyway
		quotient++
	}
	negative := (m.minor < 0) != ((num < 0) != (den < 0))
	return m.result(0, quotient, negative)
}

// up reports whether quotient + rest/divisor is rounded away from zero.
func (r Rounding) up(quotient, rest, divisor uint64) (up, known bool) {
	half := cmp.Compare(rest, divisor-rest) // of the fraction with one half, without doubling it
	switch r {
	case HalfEven, "":
		return half > 0 || half == 0 && quotient%2 == 1, true
	case HalfUp:
		return half >= 0, true
	case Down:
		return false, true
	case Up:
		return rest > 0, true
	}
	return false, false
}

// Allocate divides m in proportion to the weights, so that the parts add up to m exactly. Each part is first rounded
// towards zero; the minor units left over go one each to the parts that lost the largest fractions, of equal ones to
// the first. A part of weight 0 is zero. No weights, a negative one, or only zeros are ErrBadRatio; weights whose sum
// exceeds 2⁶³−1 are ErrOverflow.
func (m Money) Allocate(weights ...int64) ([]Money, error) {
	total, err := sumWeights(weights)
	if err != nil {
		return nil, err
	}
	amount := magnitude(m.minor)
	units := make([]uint64, len(weights))
	lost := make([]uint64, len(weights)) // fraction that rounding took, in 1/total of a minor unit
	left := amount
	for i, w := range weights {
		hi, lo := bits.Mul64(amount, uint64(w))
		units[i], lost[i] = bits.Div64(hi, lo, total) // w ≤ total, so the quotient is at most amount
		left -= units[i]
	}
	for _, i := range byLoss(lost)[:left] { // never a part without a loss: each lost less than 1
		units[i]++
	}
	parts := make([]Money, len(weights))
	for i, u := range units {
		parts[i] = Money{int64(u) * int64(m.Sign()), m.currency}
	}
	return parts, nil
}

func sumWeights(weights []int64) (uint64, error) {
	var total uint64
	for _, w := range weights {
		if w < 0 {
			return 0, badRatio("negative weight")
		}
		total += uint64(w)
		if total > 1<<63-1 {
			return 0, &MoneyError{Field: "ratio", Why: "sum of the weights", Err: ErrOverflow}
		}
	}
	if total == 0 {
		return 0, badRatio("weights are missing or all zero")
	}
	return total, nil
}

// byLoss returns the indexes of the parts, those that lost most first.
func byLoss(lost []uint64) []int {
	order := make([]int, len(lost))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lost[b], lost[a]) })
	return order
}

// Split divides m into n parts that differ by one minor unit at most and add up to m exactly; the larger ones, by
// magnitude, come first. Without at least one part it is ErrBadRatio.
func (m Money) Split(n int) ([]Money, error) {
	if n < 1 {
		return nil, badRatio("at least one part is required")
	}
	each, more := m.minor/int64(n), magnitude(m.minor%int64(n))
	parts := make([]Money, n)
	for i := range parts {
		parts[i] = Money{each, m.currency}
		if uint64(i) < more {
			parts[i].minor += int64(m.Sign())
		}
	}
	return parts, nil
}

func badRatio(why string) error { return &MoneyError{Field: "ratio", Why: why, Err: ErrBadRatio} }
