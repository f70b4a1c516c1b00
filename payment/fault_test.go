package payment_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

// sink takes every notice.
type sink struct{}

func (sink) Send(context.Context, payment.Notice) error { return nil }

func TestEveryCallOfAWholeLifeFails(t *testing.T) {
	base := new(memory.DB)
	_, err := paymenttest.New(t.Context(), paymenttest.Config{Stores: memoryStores(base)})
	require.NoError(t, err)
	done, err := paymenttest.Trial{
		Life: paymenttest.WholeLife(),
		Fresh: func(context.Context) (paymenttest.Stores, func() error, error) {
			return memoryStores(base.Clone()), func() error { return nil }, nil
		},
		Side: 4,
	}.Run(t.Context())
	require.NoError(t, err)
	calls := 0
	for name, n := range done.Calls {
		calls += n
		t.Logf("%5d %s", n, name)
	}
	t.Logf("%d calls of a whole life, each failed before and after it acted: %d lives, nothing lost and nothing doubled", calls, done.Lives)
}

var _ = slices.Sort[[]int]
