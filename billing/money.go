package billing

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// Money is an amount of money in one currency: a whole number of its minor units, between −(2⁶³−1) and 2⁶³−1, which
// for roubles is ±92 quadrillion. No operation rounds unless it is told how, wraps around, or mixes currencies.
//
// The zero value states no money, not even a currency; it is not 0.00 RUB. It prints as "", is null in JSON (with
// omitzero it is left out), and mixes with nothing: Add, Sub and Cmp refuse it.
//
// Money is a value: it can be copied, compared with ==, used as a map key and by goroutines at the same time.
type Money struct {
	minor    int64
	currency Currency
}

// FromMinor returns an amount given in minor units: 12345 and RUB make 123.45 RUB. The currency has to be known, and
// −2⁶³ is refused, so that an amount can always be negated.
func FromMinor(minor int64, c Currency) (Money, error) {
	if !c.Valid() {
		return Money{}, &MoneyError{Field: "currency", Text: printable(string(c)), Err: ErrUnknownCurrency}
	}
	if minor == math.MinInt64 {
		return Money{}, &MoneyError{Field: "value", Err: ErrOverflow}
	}
	return Money{minor, c}, nil
}

// MustMoney is ParseMoney for examples and tests: it panics where ParseMoney returns an error.
func MustMoney(value, currency string) Money {
	m, err := ParseMoney(value, currency)
	if err != nil {
		panic(err) //nolint:forbidigo // for examples and tests only, as its name says
	}
	return m
}

// Minor returns the amount in minor units: 12345 for 123.45 RUB, 500 for 500 JPY.
func (m Money) Minor() int64 { return m.minor }

// Currency returns the currency; empty when no money is stated.
func (m Money) Currency() Currency { return m.currency }

// Sign returns -1, 0 or +1 for an amount below, at or above zero.
func (m Money) Sign() int { return cmp.Compare(m.minor, 0) }

// Value returns the amount as a decimal with exactly the currency's places, such as "-0.50"; "" when no money is
// stated. ParseMoney reads it back.
func (m Money) Value() string {
	var buf [maxText]byte
	return string(m.appendValue(buf[:0]))
}

// String returns the amount with its currency, such as "123.45 RUB"; "" when no money is stated.
func (m Money) String() string {
	var buf [maxText]byte
	return string(m.appendString(buf[:0]))
}

// maxText bounds the length of an amount as text: sign, 19 digits, point, space, three letters.
const maxText = 1 + 19 + 1 + 1 + 3

func (m Money) appendValue(b []byte) []byte {
	if m.currency == "" {
		return b
	}
	abs := m.minor
	if abs < 0 {
		b, abs = append(b, '-'), -abs
	}
	places := m.currency.Digits()
	if places == 0 {
		return strconv.AppendInt(b, abs, 10)
	}
	unit := unitOf(places)
	b = strconv.AppendInt(b, abs/unit, 10)
	b = append(b, '.')
	for rest := abs % unit; unit > 1; rest %= unit {
		unit /= 10
		b = append(b, byte('0'+rest/unit))
	}
	return b
}

func (m Money) appendString(b []byte) []byte {
	if m.currency == "" {
		return b
	}
	b = append(m.appendValue(b), ' ')
	return append(b, m.currency...)
}

// unitOf returns how many minor units make one unit of a currency with the given decimal places.
func unitOf(places int) int64 {
	unit := int64(1)
	for range places {
		unit *= 10
	}
	return unit
}

// Add returns m + other.
func (m Money) Add(other Money) (Money, error) {
	if err := m.mixes(other); err != nil {
		return Money{}, err
	}
	sum := m.minor + other.minor
	// The signed sum wrapped exactly when both operands have the sign that the sum lacks.
	if (m.minor^sum)&(other.minor^sum) < 0 || sum == math.MinInt64 {
		return Money{}, fmt.Errorf("%w: %v + %v", ErrOverflow, m, other)
	}
	return Money{sum, m.currency}, nil
}

// Sub returns m − other.
func (m Money) Sub(other Money) (Money, error) { return m.Add(other.Neg()) }

// Cmp returns -1, 0 or +1 when m is less than, equal to or greater than other.
func (m Money) Cmp(other Money) (int, error) {
	if err := m.mixes(other); err != nil {
		return 0, err
	}
	return cmp.Compare(m.minor, other.minor), nil
}

// Neg returns −m.
func (m Money) Neg() Money { return Money{-m.minor, m.currency} }

// Abs returns the amount without its sign.
func (m Money) Abs() Money {
	if m.minor < 0 {
		return m.Neg()
	}
	return m
}

// Mul returns the amount taken n times.
func (m Money) Mul(n int64) (Money, error) {
	hi, lo := bits.Mul64(magnitude(m.minor), magnitude(n))
	return m.result(hi, lo, (m.minor < 0) != (n < 0))
}

// mixes refuses amounts that cannot meet in one operation.
func (m Money) mixes(other Money) error {
	if m.currency == other.currency && m.currency != "" {
		return nil
	}
	return fmt.Errorf("%w: %s and %s", ErrCurrencyMismatch, m.currency.orNone(), other.currency.orNone())
}

func (c Currency) orNone() string {
	if c == "" {
		return "none"
	}
	return string(c)
}

// magnitude returns |n|, also of the least int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// result returns what an operation on m has come to, by its magnitude (hi, lo) and sign.
func (m Money) result(hi, lo uint64, negative bool) (Money, error) {
	if hi != 0 || lo > math.MaxInt64 {
		return Money{}, fmt.Errorf("%w: a multiple of %v", ErrOverflow, m)
	}
	minor := int64(lo)
	if negative {
		minor = -minor
	}
	return Money{minor, m.currency}, nil
}
