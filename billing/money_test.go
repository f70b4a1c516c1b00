package billing_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
)

func rub(value string) billing.Money { return billing.MustMoney(value, "RUB") }

func TestMoneyIsWrittenWithTheCurrencysDigits(t *testing.T) {
	for _, c := range []struct {
		value, currency string
		minor           int64
	}{
		{"0.00", "RUB", 0},
		{"0.01", "RUB", 1},
		{"-0.01", "RUB", -1},
		{"100.00", "RUB", 10000},
		{"123456789.05", "RUB", 12345678905},
		{"92233720368547758.07", "RUB", math.MaxInt64},
		{"-92233720368547758.07", "RUB", -math.MaxInt64},
		{"0", "JPY", 0},
		{"-500", "JPY", -500},
		{"9223372036854775807", "JPY", math.MaxInt64},
		{"1.005", "KWD", 1005},
		{"0.0001", "CLF", 1},
		{"-922337203685477.5807", "CLF", -math.MaxInt64},
	} {
		m, err := billing.ParseMoney(c.value, c.currency)
		require.NoError(t, err, c.value)
		require.Equal(t, c.minor, m.Minor(), c.value)
		require.Equal(t, billing.Currency(c.currency), m.Currency())
		require.Equal(t, c.value, m.Value())
		require.Equal(t, c.value+" "+c.currency, m.String())

		same, err := billing.FromMinor(c.minor, billing.Currency(c.currency))
		require.NoError(t, err)
		require.True(t, map[billing.Money]bool{m: true}[same], "equal money is equal by ==")
	}
}

func TestMalformedAmountsAreRefused(t *testing.T) {
	for _, c := range []struct{ value, currency, want string }{
		{"", "RUB", "value: malformed amount: digits are missing"},
		{"-", "RUB", "digits are missing"},
		{".50", "RUB", "digits are missing"},
		{"1.", "RUB", "digits are missing"},
		{"1.", "JPY", "digits are missing"},
		{"100", "RUB", `value "100": malformed amount: exactly 2 decimal places are required`},
		{"1.5", "RUB", "exactly 2 decimal places"},
		{"1.500", "RUB", "exactly 2 decimal places"},
		{"100.00", "JPY", "exactly 0 decimal places"},
		{"1.00", "KWD", "exactly 3 decimal places"},
		{"00.50", "RUB", "leading zero"},
		{"01.00", "RUB", "leading zero"},
		{"-0.00", "RUB", "negative zero"},
		{"-0", "JPY", "negative zero"},
		{"+1.00", "RUB", "only digits"},
		{"--1.00", "RUB", "only digits"},
		{"1,00", "RUB", "only digits"},
		{"1.0.0", "RUB", "only digits"},
		{"1 000.00", "RUB", "only digits"},
		{" 1.00", "RUB", "only digits"},
		{"1.00 ", "RUB", "only digits"},
		{"1e2", "RUB", "only digits"},
		{"0x1.00", "RUB", "only digits"},
		{"1_0.00", "RUB", "only digits"},
		{"NaN", "RUB", "only digits"},
		{"١.٠٠", "RUB", "only digits"},
		{"1.00\x00", "RUB", "billing: value: malformed amount: only digits"}, // not printable, not printed
	} {
		m, err := billing.ParseMoney(c.value, c.currency)
		require.ErrorIs(t, err, billing.ErrMalformedAmount, "%q", c.value)
		require.ErrorContains(t, err, c.want, "%q", c.value)
		require.Zero(t, m)
	}
}

func TestAmountsOutOfRangeAreRefused(t *testing.T) {
	for _, c := range []struct{ value, currency string }{
		{"92233720368547758.08", "RUB"},
		{"-92233720368547758.08", "RUB"}, // -2⁶³ could not be negated
		{"9223372036854775808", "JPY"},
		{"99999999999999999999", "JPY"},
		{strings.Repeat("9", 1_000_000), "JPY"},
	} {
		_, err := billing.ParseMoney(c.value, c.currency)
		require.ErrorIs(t, err, billing.ErrOverflow)
		require.Less(t, len(err.Error()), 100, "a long text is not printed")
	}
	_, err := billing.FromMinor(math.MinInt64, "RUB")
	require.ErrorIs(t, err, billing.ErrOverflow)
	_, err = billing.ParseMoneyUnpadded("92233720368547759", "RUB")
	require.ErrorIs(t, err, billing.ErrOverflow, "the padding counts")
}

func TestUnknownCurrenciesAreRefused(t *testing.T) {
	_, err := billing.ParseMoney("1.00", "rub")
	require.EqualError(t, err, `billing: currency "rub": unknown currency`)
	var wrong *billing.MoneyError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "currency", wrong.Field)
	require.Equal(t, "rub", wrong.Text)

	_, err = billing.FromMinor(1, "XAU")
	require.ErrorIs(t, err, billing.ErrUnknownCurrency)
	require.Panics(t, func() { billing.MustMoney("1.00", "XAU") })
}

func TestUnpaddedAmounts(t *testing.T) {
	for _, c := range []struct{ value, currency, want string }{
		{"500", "RUB", "500.00"},
		{"1.5", "RUB", "1.50"},
		{"1.50", "RUB", "1.50"},
		{"1.50000", "RUB", "1.50"},
		{"-0.5", "RUB", "-0.50"},
		{"500.00", "JPY", "500"},
		{"1", "CLF", "1.0000"},
	} {
		m, err := billing.ParseMoneyUnpadded(c.value, c.currency)
		require.NoError(t, err, c.value)
		require.Equal(t, c.want, m.Value())
	}
	for _, value := range []string{"", "1.", ".5", "1.505", "007", "-0", "-0.000", "1e2", "+1", " 1", "1,5"} {
		_, err := billing.ParseMoneyUnpadded(value, "RUB")
		require.ErrorIs(t, err, billing.ErrMalformedAmount, "%q", value)
	}
}

func TestArithmetic(t *testing.T) {
	sum, err := rub("0.10").Add(rub("0.20"))
	require.NoError(t, err)
	require.Equal(t, rub("0.30"), sum)

	rest, err := rub("0.10").Sub(rub("0.20"))
	require.NoError(t, err)
	require.Equal(t, rub("-0.10"), rest)
	require.Equal(t, rub("0.10"), rest.Abs())
	require.Equal(t, rub("0.10"), rest.Neg())
	require.Equal(t, rub("0.10"), rub("0.10").Abs())

	for n, want := range map[int64]string{3: "-0.30", -3: "0.30", 0: "0.00"} {
		got, err := rest.Mul(n)
		require.NoError(t, err)
		require.Equal(t, rub(want), got)
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"0.10", "0.20", -1}, {"0.20", "0.20", 0}, {"0.30", "0.20", 1}, {"-0.30", "0.20", -1}} {
		got, err := rub(c.a).Cmp(rub(c.b))
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	require.Equal(t, []int{-1, 0, 1}, []int{rub("-0.01").Sign(), rub("0.00").Sign(), rub("0.01").Sign()})
}

func TestArithmeticRefusesToOverflow(t *testing.T) {
	most := billing.MustMoney("9223372036854775807", "JPY")
	one := billing.MustMoney("1", "JPY")
	two := billing.MustMoney("2", "JPY")
	for name, op := range map[string]func() (billing.Money, error){
		"most + 1":        func() (billing.Money, error) { return most.Add(one) },
		"most + most":     func() (billing.Money, error) { return most.Add(most) },
		"-most - 1":       func() (billing.Money, error) { return most.Neg().Sub(one) }, // would be −2⁶³
		"-most - 2":       func() (billing.Money, error) { return most.Neg().Sub(two) },
		"-most - most":    func() (billing.Money, error) { return most.Neg().Sub(most) },
		"most × 2":        func() (billing.Money, error) { return most.Mul(2) },
		"most × -2":       func() (billing.Money, error) { return most.Mul(-2) },
		"most × most":     func() (billing.Money, error) { return most.Mul(math.MaxInt64) },
		"1 × -2⁶³":        func() (billing.Money, error) { return one.Mul(math.MinInt64) },
		"2 × -2⁶³":        func() (billing.Money, error) { return two.Mul(math.MinInt64) },
		"most × 2 / 1":    func() (billing.Money, error) { return most.MulRatio(2, 1, billing.Down) },
		"most × most / 1": func() (billing.Money, error) { return most.MulRatio(math.MaxInt64, 1, billing.Down) },
		"1 × -2⁶³ / 1":    func() (billing.Money, error) { return one.MulRatio(math.MinInt64, 1, billing.Down) },
		"2⁶² × 4 / 1":     func() (billing.Money, error) { return yen(1<<62).MulRatio(4, 1, billing.Down) }, // just 2⁶⁴
		"2⁶⁴-1 and a rest": func() (billing.Money, error) { // rounding up makes 2⁶⁴, which must not be 0
			return yen(9223372036854775805).MulRatio(3074457345618258603, 1537228672809129301, billing.Up)
		},
		"most × 2⁶³/(2⁶³-1)": func() (billing.Money, error) { return most.MulRatio(math.MinInt64, -math.MaxInt64, billing.Up) },
	} {
		got, err := op()
		require.ErrorIs(t, err, billing.ErrOverflow, name)
		require.Zero(t, got, name)
	}
	zero, err := most.Add(most.Neg())
	require.NoError(t, err)
	require.Zero(t, zero.Minor())
}

func TestCurrenciesDoNotMix(t *testing.T) {
	tenge := billing.MustMoney("1.00", "KZT")
	for name, other := range map[string]billing.Money{"RUB and KZT": tenge, "RUB and none": {}} {
		_, err := rub("1.00").Add(other)
		require.ErrorIs(t, err, billing.ErrCurrencyMismatch)
		require.ErrorContains(t, err, name)
		_, err = rub("1.00").Sub(other)
		require.ErrorIs(t, err, billing.ErrCurrencyMismatch)
		_, err = rub("1.00").Cmp(other)
		require.ErrorIs(t, err, billing.ErrCurrencyMismatch)
	}
	_, err := billing.Money{}.Add(billing.Money{})
	require.ErrorIs(t, err, billing.ErrCurrencyMismatch, "no money cannot be added up")
	require.NotEqual(t, rub("1.00"), tenge)
}

func TestZeroMoneyStatesNothing(t *testing.T) {
	var none billing.Money
	require.Empty(t, none.String())
	require.Empty(t, none.Value())
	require.Empty(t, none.Currency())
	require.Zero(t, none.Sign())
	require.NotEqual(t, none, rub("0.00"))
}

func TestMoneyAllocations(t *testing.T) {
	a, b := rub("123456.78"), rub("-0.05")
	buf := make([]byte, 0, 64)
	for name, c := range map[string]struct {
		most float64
		run  func()
	}{
		"parse":   {0, func() { _, _ = billing.ParseMoney("123456.78", "RUB") }},
		"add":     {0, func() { _, _ = a.Add(b) }},
		"compare": {0, func() { _, _ = a.Cmp(b) }},
		"ratio":   {0, func() { _, _ = a.MulRatio(20, 120, billing.HalfUp) }},
		"append":  {0, func() { _, _ = a.AppendText(buf) }},
		"string":  {1, func() { _ = a.String() }},
		"json":    {1, func() { _, _ = a.MarshalJSON() }},
	} {
		require.LessOrEqual(t, testing.AllocsPerRun(100, c.run), c.most, name)
	}
}

func BenchmarkParseMoney(b *testing.B) {
	for b.Loop() {
		_, _ = billing.ParseMoney("123456.78", "RUB")
	}
}

func BenchmarkMoneyAppendText(b *testing.B) {
	m, buf := rub("123456.78"), make([]byte, 0, 64)
	for b.Loop() {
		_, _ = m.AppendText(buf)
	}
}

func BenchmarkMoneyAdd(b *testing.B) {
	x, y := rub("123456.78"), rub("-0.05")
	for b.Loop() {
		_, _ = x.Add(y)
	}
}

func BenchmarkMoneyJSON(b *testing.B) {
	m := rub("123456.78")
	for b.Loop() {
		text, _ := m.MarshalJSON()
		_ = m.UnmarshalJSON(text)
	}
}
