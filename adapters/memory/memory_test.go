package memory_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/adapters/storetest"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// run runs a part of the suite on views of new DBs. What a DB keeps over the end of its process is what a clone of it
// holds: a clone has nothing but what was acknowledged.
func run[S any](t *testing.T, checks []storetest.Check[S], view func(*memory.DB) S) {
	t.Helper()
	open := func(context.Context) (storetest.Opened[S], error) {
		db := new(memory.DB)
		reopen := func(context.Context) (S, error) { return view(db.Clone()), nil }
		return storetest.Opened[S]{Store: view(db), Reopen: reopen}, nil
	}
	for _, check := range checks {
		t.Run(check.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, check.Run(t.Context(), open))
		})
	}
}

func TestPayments(t *testing.T) {
	run(t, storetest.Payments(), func(db *memory.DB) payment.Store { return db.Payments() })
}

func TestLedger(t *testing.T) {
	run(t, storetest.Ledger(), func(db *memory.DB) billing.Store { return db.Ledger() })
}

func TestConnectors(t *testing.T) {
	run(t, storetest.Connectors(), func(db *memory.DB) connector.Store { return db.Connectors() })
}
