package billing_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/oplata-go/oplata/billing"
)

func yen(minor int64) billing.Money {
	m, err := billing.FromMinor(minor, "JPY")
	if err != nil {
		panic(err)
	}
	return m
}

func TestMulRatioRounds(t *testing.T) {
	for _, c := range []struct {
		minor, num, den        int64
		even, halfUp, down, up int64
	}{
		{5, 1, 10, 0, 1, 0, 1},
		{15, 1, 10, 2, 2, 1, 2},
		{25, 1, 10, 2, 3, 2, 3},
		{-25, 1, 10, -2, -3, -2, -3},
		{25, -1, 10, -2, -3, -2, -3},
		{-25, 1, -10, 2, 3, 2, 3},
		{24, 1, 10, 2, 2, 2, 3},
		{26, 1, 10, 3, 3, 2, 3},
		{20, 1, 10, 2, 2, 2, 2},
		{0, 7, 3, 0, 0, 0, 0},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64},
		{math.MaxInt64, math.MinInt64, math.MinInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64},
	} {
		for r, want := range map[billing.Rounding]int64{
			billing.HalfEven: c.even, "": c.even, billing.HalfUp: c.halfUp, billing.Down: c.down, billing.Up: c.up,
		} {
			got, err := yen(c.minor).MulRatio(c.num, c.den, r)
			require.NoError(t, err)
			require.Equal(t, yen(want), got, "%d × %d / %d %s", c.minor, c.num, c.den, r)
		}
	}
	_, err := yen(1).MulRatio(1, 0, billing.HalfEven)
	require.ErrorIs(t, err, billing.ErrBadRatio)
	_, err = yen(1).MulRatio(1, 1, "half-down")
	require.ErrorIs(t, err, billing.ErrBadRatio)
}

// amounts draws amounts small and large, with the ends of the range.
func amounts() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64Range(-1000, 1000),
		rapid.Int64Range(-math.MaxInt64, math.MaxInt64),
		rapid.SampledFrom([]int64{math.MaxInt64, -math.MaxInt64}),
	)
}

func TestMulRatioAgreesWithExactFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := amounts().Draw(t, "minor")
		num := rapid.Int64().Draw(t, "num")
		den := rapid.Int64().Filter(func(n int64) bool { return n != 0 }).Draw(t, "den")
		r := rapid.SampledFrom([]billing.Rounding{"", billing.HalfEven, billing.HalfUp, billing.Down, billing.Up}).Draw(t, "rounding")

		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(minor), big.NewInt(num)), big.NewInt(den))
		want := rounded(exact, r)
		got, err := yen(minor).MulRatio(num, den, r)
		if want.CmpAbs(big.NewInt(math.MaxInt64)) > 0 {
			require.ErrorIs(t, err, billing.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want.String(), got.Value())
	})
}

// rounded is the rounding by its definition, in exact fractions.
func rounded(x *big.Rat, r billing.Rounding) *big.Int {
	floor, rest := new(big.Int).QuoRem(new(big.Int).Abs(x.Num()), x.Denom(), new(big.Int))
	twice := new(big.Int).Lsh(rest, 1).Cmp(x.Denom())
	up := map[billing.Rounding]bool{
		"":               twice > 0 || twice == 0 && floor.Bit(0) == 1,
		billing.HalfEven: twice > 0 || twice == 0 && floor.Bit(0) == 1,
		billing.HalfUp:   twice >= 0,
		billing.Up:       rest.Sign() > 0,
	}[r]
	if up {
		floor.Add(floor, big.NewInt(1))
	}
	return floor.Mul(floor, big.NewInt(int64(x.Sign())))
}

func TestAllocate(t *testing.T) {
	for _, c := range []struct {
		minor   int64
		weights []int64
		want    []int64
	}{
		{100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{101, []int64{1, 1, 1}, []int64{34, 34, 33}},
		{-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		{5, []int64{3, 7}, []int64{2, 3}}, // 1.5 and 3.5: the first of equal fractions
		{10, []int64{1, 2, 4}, []int64{1, 3, 6}},
		{1, []int64{0, 1, 0}, []int64{0, 1, 0}},
		{7, []int64{0, 5, 5}, []int64{0, 4, 3}},
		{0, []int64{1, 2}, []int64{0, 0}},
		{math.MaxInt64, []int64{math.MaxInt64}, []int64{math.MaxInt64}},
	} {
		parts, err := yen(c.minor).Allocate(c.weights...)
		require.NoError(t, err)
		got := make([]int64, len(parts))
		for i, p := range parts {
			got[i] = p.Minor()
		}
		require.Equal(t, c.want, got, "%d by %v", c.minor, c.weights)
	}
	for _, weights := range [][]int64{nil, {0}, {0, 0}, {1, -1}, {-1}} {
		_, err := yen(1).Allocate(weights...)
		require.ErrorIs(t, err, billing.ErrBadRatio, "%v", weights)
	}
	_, err := yen(1).Allocate(math.MaxInt64, 1)
	require.ErrorIs(t, err, billing.ErrOverflow)
	_, err = yen(1).Allocate(math.MaxInt64, math.MaxInt64, math.MaxInt64)
	require.ErrorIs(t, err, billing.ErrOverflow)
}

func TestAllocateKeepsTheSumAndTheProportion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := amounts().Draw(t, "minor")
		weights := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 9), rapid.Int64Range(0, 1<<58)), 1, 30).Draw(t, "weights")
		total := new(big.Int)
		for _, w := range weights {
			total.Add(total, big.NewInt(w))
		}
		parts, err := yen(minor).Allocate(weights...)
		if total.Sign() == 0 {
			require.ErrorIs(t, err, billing.ErrBadRatio)
			return
		}
		require.NoError(t, err)
		sum := new(big.Int)
		for i, p := range parts {
			sum.Add(sum, big.NewInt(p.Minor()))
			// |part × total − minor × weight| < total: less than one minor unit away from the exact share
			off := new(big.Int).Mul(big.NewInt(p.Minor()), total)
			off.Sub(off, new(big.Int).Mul(big.NewInt(minor), big.NewInt(weights[i])))
			require.Negative(t, off.CmpAbs(total), "part %d", i)
		}
		require.Equal(t, big.NewInt(minor).String(), sum.String())
	})
}

func TestSplitIsAllocationByEqualWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := yen(amounts().Draw(t, "minor"))
		n := rapid.IntRange(1, 50).Draw(t, "n")
		equal := make([]int64, n)
		for i := range equal {
			equal[i] = 1
		}
		want, err := m.Allocate(equal...)
		require.NoError(t, err)
		got, err := m.Split(n)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
	_, err := yen(1).Split(0)
	require.ErrorIs(t, err, billing.ErrBadRatio)
	_, err = yen(1).Split(-1)
	require.ErrorIs(t, err, billing.ErrBadRatio)
}
