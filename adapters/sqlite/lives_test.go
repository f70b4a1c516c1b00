package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

// storesOf are the views that a host works on.
func storesOf(db *DB) paymenttest.Stores {
	return paymenttest.Stores{Payments: db.Payments(), Accounts: db.Ledger(), Connectors: db.Connectors()}
}

func inMemory() paymenttest.Stores {
	db := new(memory.DB)
	return paymenttest.Stores{Payments: db.Payments(), Accounts: db.Ledger(), Connectors: db.Connectors()}
}

// summaryOf lives a drawn life, audits it and tells how it ended.
func summaryOf(ctx context.Context, stores paymenttest.Stores, seed uint64) ([]string, error) {
	h, err := paymenttest.New(ctx, paymenttest.Config{Stores: stores, Seed: seed, Listener: paymenttest.NewListener()})
	if err != nil {
		return nil, err
	}
	l := paymenttest.NewLife(h, "a", "b")
	if err := errors.Join(l.Run(ctx, paymenttest.Draw(seed, 120)), l.Finish(ctx), l.Audit(ctx), h.Settled(ctx)); err != nil {
		return nil, err
	}
	return h.Summary(ctx)
}

func TestLivesEndAsInMemory(t *testing.T) {
	const lives = 60
	entries := 0
	for seed := range uint64(lives) {
		want, err := summaryOf(t.Context(), inMemory(), seed)
		require.NoError(t, err, "seed %d in memory", seed)
		got, err := summaryOf(t.Context(), storesOf(openAt(t, filepath.Join(t.TempDir(), "pay.db"))), seed)
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, want, got, "seed %d", seed)
		entries += len(got)
	}
	t.Logf("%d lives, seeds from 0: the same %d payments, receipts and accounts as in memory", lives, entries)
}

// copies gives files like one, which is closed.
func copies(t *testing.T, file string) func(context.Context) (paymenttest.Stores, func() error, error) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return func(context.Context) (paymenttest.Stores, func() error, error) {
		folder, err := os.MkdirTemp(filepath.Dir(file), "copy") //nolint:usetesting // one of many, deleted at once
		if err != nil {
			return paymenttest.Stores{}, nil, err
		}
		path := filepath.Join(folder, "pay.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return paymenttest.Stores{}, nil, err
		}
		db, err := Open(path)
		if err != nil {
			return paymenttest.Stores{}, nil, err
		}
		return storesOf(db), func() error { return errors.Join(db.Close(), os.RemoveAll(folder)) }, nil
	}
}

// installed is a closed file with the connectors and payment methods of a host.
func installed(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pay.db")
	db, err := Open(file)
	require.NoError(t, err)
	_, err = paymenttest.New(t.Context(), paymenttest.Config{Stores: storesOf(db)})
	require.NoError(t, errors.Join(err, db.Close()))
	return file
}

func TestEveryCallOfALifeFails(t *testing.T) {
	done, err := paymenttest.Trial{Life: paymenttest.ShortLife(), Fresh: copies(t, installed(t)), Side: 4}.Run(t.Context())
	require.NoError(t, err)
	t.Logf("%d lives with a failing call: nothing lost and nothing doubled", done.Lives)
}

func TestRaces(t *testing.T) {
	for _, check := range paymenttest.Races(20) {
		t.Run(check.Name, func(t *testing.T) {
			require.NoError(t, check.Run(t.Context(), storesOf(openAt(t, filepath.Join(t.TempDir(), "pay.db")))))
		})
	}
}

// The whole files are searched, the log of SQLite among them.
func TestSecretsAreNotInTheFiles(t *testing.T) {
	secrets := paymenttest.Secrets{
		Master: "canary-of-the-master-key-wkzqpvx", Merchant: "canary-of-a-secret-field", Static: "canary-of-static-settings", Hash: "canary-of-the-hash-key",
	}
	folder := t.TempDir()
	db := openAt(t, filepath.Join(folder, "pay.db"))
	h, err := paymenttest.New(t.Context(), paymenttest.Config{Stores: storesOf(db), Secrets: secrets})
	require.NoError(t, err)
	l := paymenttest.NewLife(h, "a", "b")
	require.NoError(t, errors.Join(l.Run(t.Context(), paymenttest.WholeLife()), l.Finish(t.Context())))
	for _, name := range []string{"pay.db", "pay.db-wal"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.False(t, bytes.Contains(content, []byte("canary")), name)
	}
	content, err := os.ReadFile(filepath.Join(folder, "pay.db-wal"))
	require.NoError(t, err)
	require.True(t, bytes.Contains(content, []byte("surplus")), "else the search would prove nothing")
}
