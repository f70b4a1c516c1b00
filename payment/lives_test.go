package payment_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

func memoryStores(db *memory.DB) paymenttest.Stores {
	return paymenttest.Stores{Payments: db.Payments(), Accounts: db.Ledger(), Connectors: db.Connectors()}
}

// installed is a DB with the connectors and payment methods of a host.
func installed(t *testing.T, cfg paymenttest.Config) *memory.DB {
	t.Helper()
	db := new(memory.DB)
	cfg.Stores = memoryStores(db)
	_, err := paymenttest.New(t.Context(), cfg)
	require.NoError(t, err)
	return db
}

// live lives moves to their end, and audits in the middle, where orders are on their way, and at the end.
func live(ctx context.Context, cfg paymenttest.Config, moves []paymenttest.Move) error {
	h, err := paymenttest.New(ctx, cfg)
	if err != nil {
		return err
	}
	l := paymenttest.NewLife(h, "a", "b")
	half := len(moves) / 2
	if err := errors.Join(l.Run(ctx, moves[:half]), l.Audit(ctx), l.Run(ctx, moves[half:]), l.Finish(ctx)); err != nil {
		return err
	}
	return errors.Join(l.Audit(ctx), h.Settled(ctx))
}

// number reads how much of something is wanted.
func number(t *testing.T, variable string, usual int) int {
	t.Helper()
	text, ok := os.LookupEnv(variable)
	if !ok {
		return usual
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// OPLATA_LIVES sets the number of lives.
func TestLivesLoseNoMoney(t *testing.T) {
	base, lives, length := installed(t, paymenttest.Config{}), number(t, "OPLATA_LIVES", 300), 250
	for seed := range uint64(lives) {
		cfg := paymenttest.Config{Stores: memoryStores(base.Clone()), Seed: seed}
		require.NoError(t, live(t.Context(), cfg, paymenttest.Draw(seed, length)), "seed %d", seed)
	}
	t.Logf("%d lives of %d moves, seeds from 0: no money lost, none doubled", lives, length)
}

// What rapid finds it makes short, by whole stretches of ten moves; -rapid.checks sets the number of lives, -rapid.seed
// repeats them.
func TestRapidLives(t *testing.T) {
	base := installed(t, paymenttest.Config{})
	rapid.Check(t, func(r *rapid.T) {
		var moves []paymenttest.Move
		for _, seed := range rapid.SliceOfN(rapid.Uint64(), 10, 50).Draw(r, "stretches") {
			moves = append(moves, paymenttest.Draw(seed, 10)...)
		}
		cfg := paymenttest.Config{Stores: memoryStores(base.Clone()), Listener: paymenttest.NewListener()}
		if err := live(t.Context(), cfg, moves); err != nil {
			r.Fatal(err)
		}
	})
}
