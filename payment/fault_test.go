package payment_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/payment/paymenttest"
)

func TestEveryCallOfAWholeLifeFails(t *testing.T) {
	base, life := installed(t, paymenttest.Config{}), paymenttest.WholeLife()
	done, err := paymenttest.Trial{
		Life: life,
		Fresh: func(context.Context) (paymenttest.Stores, func() error, error) {
			return memoryStores(base.Clone()), func() error { return nil }, nil
		},
		Side: 2,
	}.Run(t.Context())
	require.NoError(t, err)
	calls := 0
	for _, name := range slices.Sorted(maps.Keys(done.Calls)) {
		calls += done.Calls[name]
		t.Logf("%5d %s", done.Calls[name], name)
	}
	require.Equal(t, 2*calls, done.Lives)
	t.Logf("%d calls of a life, each failed before and after it acted: in %d lives nothing was lost and nothing doubled", calls, done.Lives)
}
