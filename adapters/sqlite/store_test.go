package sqlite

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/storetest"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

func openAt(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func openNew(t testing.TB) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "pay.db"))
}

// suite runs a part of the storage suite on views of new files, which are closed and opened again where a check asks
// for it, and then on views of a transaction of the host's.
func suite[S any](t *testing.T, checks []storetest.Check[S], view func(place) S) {
	t.Helper()
	for _, check := range checks {
		t.Run("DB/"+check.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, check.Run(t.Context(), func(context.Context) (storetest.Opened[S], error) {
				return opened(t, view)
			}))
		})
		if check.Reopens {
			continue // a transaction does not outlive its file
		}
		t.Run("Tx/"+check.Name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, openNew(t).Tx(t.Context(), func(tx *Tx) error {
				return check.Run(t.Context(), func(context.Context) (storetest.Opened[S], error) {
					return storetest.Opened[S]{Store: view(&oneAtATime{tx: tx})}, nil
				})
			}))
		})
	}
}

func opened[S any](t *testing.T, view func(place) S) (storetest.Opened[S], error) {
	path := filepath.Join(t.TempDir(), "pay.db")
	db, err := Open(path)
	if err != nil {
		return storetest.Opened[S]{}, err
	}
	return storetest.Opened[S]{
		Store: view(db),
		Reopen: func(context.Context) (S, error) {
			var none S
			if err := db.Close(); err != nil {
				return none, err
			}
			if db, err = Open(path); err != nil {
				return none, err
			}
			return view(db), nil
		},
		Close: func() error { return db.Close() },
	}, nil
}

// oneAtATime lets the suite's goroutines share a Tx, which is made for one.
type oneAtATime struct {
	mu sync.Mutex
	tx *Tx
}

func (o *oneAtATime) read(ctx context.Context, what string, do func(*conn) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tx.read(ctx, what, do)
}

func (o *oneAtATime) write(ctx context.Context, what string, do func(*conn) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tx.write(ctx, what, do)
}

func TestPayments(t *testing.T) {
	suite(t, storetest.Payments(), func(at place) payment.Store { return Payments{at} })
}

func TestConnectors(t *testing.T) {
	suite(t, storetest.Connectors(), func(at place) connector.Store { return Connectors{at} })
}

func TestLedger(t *testing.T) {
	suite(t, storetest.Ledger(), func(at place) billing.Store { return Ledger{at} })
}
