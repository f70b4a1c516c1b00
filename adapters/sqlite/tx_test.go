package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/payment"
)

// withHosts is a DB with a table of the host's, and a function that tells what is in it.
func withHosts(t *testing.T) (*DB, func() []string) {
	t.Helper()
	db := openNew(t)
	require.NoError(t, db.Tx(t.Context(), func(tx *Tx) error {
		_, err := tx.ExecContext(t.Context(), `
			CREATE TABLE hosts (name TEXT PRIMARY KEY);
			CREATE TABLE guests (host TEXT REFERENCES hosts (name) DEFERRABLE INITIALLY DEFERRED)`)
		return err
	}))
	return db, func() (names []string) {
		require.NoError(t, db.read(t.Context(), "hosts", func(c *conn) error {
			return c.each(t.Context(), `SELECT name FROM hosts ORDER BY name`, nil, func(r *row) { names = append(names, r.text()) })
		}))
		return names
	}
}

func insertHost(ctx context.Context, tx *Tx, name string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO hosts (name) VALUES (?)`, name)
	return err
}

func TestTxWritesEverythingTogether(t *testing.T) {
	db, hosts := withHosts(t)
	ctx := t.Context()
	require.NoError(t, db.Tx(ctx, func(tx *Tx) error {
		require.NoError(t, insertHost(ctx, tx, "a"))
		require.NoError(t, tx.Payments().Apply(ctx, first(1)))

		// It sees what it has written; others do not.
		_, err := tx.Payments().Load(ctx, first(1).Record.ID)
		require.NoError(t, err)
		requireAbsent(t, db, 1)
		require.Empty(t, hosts())

		// A refusal leaves nothing behind, and the transaction goes on.
		taken := first(2)
		taken.Claims = first(1).Claims
		require.ErrorIs(t, tx.Payments().Apply(ctx, taken), payment.ErrClaimed)
		_, err = tx.Payments().Load(ctx, taken.Record.ID)
		require.ErrorIs(t, err, payment.ErrNotFound)
		require.Error(t, insertHost(ctx, tx, "a"))
		require.NoError(t, tx.Payments().Apply(ctx, first(3)))
		require.NoError(t, insertHost(ctx, tx, "b"))

		var names int
		require.NoError(t, tx.QueryRowContext(ctx, `SELECT count(*) FROM hosts WHERE name IN (?, ?)`, "a", "b").Scan(&names))
		require.Equal(t, 2, names)
		return nil
	}))
	require.Equal(t, []string{"a", "b"}, hosts())
	requireStored(t, db, 1)
	requireAbsent(t, db, 2)
	requireStored(t, db, 3)
}

func TestTxThatFailsWritesNothing(t *testing.T) {
	errHost := errors.New("the host changed its mind")
	for name, c := range map[string]struct {
		end  func(context.Context, *Tx) error
		says string
	}{
		"error":  {func(context.Context, *Tx) error { return errHost }, errHost.Error()},
		"panic":  {func(context.Context, *Tx) error { panic(errHost) }, ""},
		"goexit": {func(context.Context, *Tx) error { runtime.Goexit(); return nil }, ""},
		"commit": {orphan, "sqlite: commit: constraint failed: FOREIGN KEY constraint failed (787)"},
		"rows":   {leaveRowsOpen, "sqlite: commit: the rows of a query were not closed"},
		"lost":   {loseTransaction, "sqlite: commit: the transaction is lost: "},
		"rolled": {rollBack, "sqlite: commit: "},
	} {
		t.Run(name, func(t *testing.T) {
			db, hosts := withHosts(t)
			ctx := t.Context()
			over := make(chan error, 1)
			go func() {
				defer func() {
					if recover() != nil || len(over) == 0 {
						over <- nil
					}
				}()
				over <- db.Tx(ctx, func(tx *Tx) error {
					if err := firstOf(insertHost(ctx, tx, "a"), tx.Payments().Apply(ctx, first(1))); err != nil {
						return err
					}
					return c.end(ctx, tx)
				})
			}()
			err := <-over
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
			}
			require.Empty(t, hosts())
			requireAbsent(t, db, 1)
			require.NoError(t, db.Payments().Apply(ctx, first(2)))
			require.NoError(t, db.Tx(ctx, func(tx *Tx) error { return insertHost(ctx, tx, "c") }))
			require.Equal(t, []string{"c"}, hosts())
			intact(t, db)
		})
	}
}

// orphan makes the commit itself fail.
func orphan(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO guests (host) VALUES ('nobody')`)
	return err
}

func leaveRowsOpen(ctx context.Context, tx *Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT name FROM hosts UNION ALL SELECT 'b'`) //nolint:sqlclosecheck // the fault
	if err != nil || !rows.Next() {
		return errors.Join(err, errors.New("no rows"))
	}
	return rows.Err()
}

// loseTransaction goes on after an error that has ended the transaction. What came then would be written outside any.
func loseTransaction(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT OR ROLLBACK INTO hosts (name) VALUES ('a')`)
	if !errors.Is(err, errLost) {
		return errors.New("not lost")
	}
	for _, next := range []error{
		insertHost(ctx, tx, "z"),
		tx.Payments().Apply(ctx, first(1)),
		tx.QueryRowContext(ctx, `INSERT INTO hosts (name) VALUES ('z') RETURNING name`).Scan(new(string)),
	} {
		if next == nil {
			return errors.New("written outside the transaction")
		}
	}
	return nil
}

func rollBack(ctx context.Context, tx *Tx) error {
	_, err := tx.ExecContext(ctx, `ROLLBACK`)
	return err
}

func TestTxIsOverWhenItsFunctionReturns(t *testing.T) {
	db, hosts := withHosts(t)
	ctx := t.Context()
	var kept *Tx
	require.NoError(t, db.Tx(ctx, func(tx *Tx) error {
		kept = tx
		return nil
	}))
	require.ErrorIs(t, insertHost(ctx, kept, "a"), ErrTxDone)
	_, err := kept.QueryContext(ctx, `SELECT 1`) //nolint:rowserrcheck,sqlclosecheck // there are none
	require.ErrorIs(t, err, ErrTxDone)
	require.Error(t, kept.QueryRowContext(ctx, `SELECT 1`).Scan(new(int)))
	require.ErrorIs(t, kept.Payments().Apply(ctx, first(1)), ErrTxDone)
	_, err = kept.Ledger().Account(ctx, "42")
	require.ErrorIs(t, err, ErrTxDone)
	_, err = kept.Connectors().Connector(ctx, "c-1")
	require.ErrorIs(t, err, ErrTxDone)
	require.Empty(t, hosts())
}

func TestTxLooksAtContexts(t *testing.T) {
	db, hosts := withHosts(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, db.Tx(ended, func(*Tx) error { return nil }), context.Canceled)
	require.NoError(t, db.Tx(t.Context(), func(tx *Tx) error {
		require.ErrorIs(t, insertHost(ended, tx, "a"), context.Canceled)
		require.ErrorIs(t, tx.Payments().Apply(ended, first(1)), context.Canceled)
		require.ErrorIs(t, tx.QueryRowContext(ended, `SELECT 1`).Scan(new(int)), context.Canceled)
		return insertHost(t.Context(), tx, "b")
	}))
	require.Equal(t, []string{"b"}, hosts())
	requireAbsent(t, db, 1)
}

// Tx stands in the queue like every write: what was queued before it is committed before it begins.
func TestTxWaitsForItsTurn(t *testing.T) {
	db, hosts := withHosts(t)
	release := hold(t, db)
	before := background(db, 1, apply(t, db, first(1)))
	tx := background(db, 2, func() error {
		return db.Tx(t.Context(), func(tx *Tx) error {
			requireStored(t, db, 1)
			requireAbsent(t, db, 2)
			return insertHost(t.Context(), tx, "a")
		})
	})
	after := background(db, 3, apply(t, db, first(2)))
	ctx, cancel := context.WithCancel(t.Context())
	gone := background(db, 4, func() error {
		return db.Tx(ctx, func(tx *Tx) error { return insertHost(ctx, tx, "b") })
	})
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	release()
	require.NoError(t, <-before)
	require.NoError(t, <-tx)
	require.NoError(t, <-after)
	require.Equal(t, []string{"a"}, hosts())
}

// Hosts often have functions that take what database/sql's types have in common.
var _ interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
} = (*Tx)(nil)
