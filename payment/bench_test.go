package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/payment"
)

// BenchmarkLifecycle is a top-up on the memory store: create, start, result, credit. It shows the service's own cost.
func BenchmarkLifecycle(b *testing.B) {
	h := newHost(b)
	b.ReportAllocs()
	for b.Loop() {
		p, err := h.Create(h.ctx, payment.CreateParams{Account: account, Total: rub("1.00"), Purpose: payment.TopUp})
		require.NoError(b, err)
		a, err := h.Start(h.ctx, payment.StartParams{Payment: p.ID, Method: h.card})
		require.NoError(b, err)
		_, err = h.Receive(h.ctx, h.card, h.world.Charged(a.Reference, p.ID, rub("1.00")))
		require.NoError(b, err)
		require.NoError(b, h.Deliver(h.ctx))
	}
}
