package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

func memoryStores(db *memory.DB) paymenttest.Stores {
	return paymenttest.Stores{Payments: db.Payments(), Accounts: db.Ledger(), Connectors: db.Connectors()}
}

func TestX(t *testing.T) {
	for seed := range uint64(200) {
		h, err := paymenttest.New(t.Context(), paymenttest.Config{Stores: memoryStores(new(memory.DB)), Seed: seed})
		require.NoError(t, err)
		l := paymenttest.NewLife(h, "a", "b")
		if err := l.Run(t.Context(), paymenttest.Draw(seed, 200)); err != nil {
			t.Fatal(seed, err)
		}
		if err := l.Finish(t.Context()); err != nil {
			t.Fatal(seed, err)
		}
		if err := h.Audit(t.Context()); err != nil {
			for _, line := range l.Trace() {
				t.Log(line)
			}
			t.Fatal(seed, err)
		}
	}
}
