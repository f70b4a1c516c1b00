package storetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/adapters/storetest"
	"github.com/oplata-go/oplata/payment"
)

// broken is one way to get a store wrong, and the names of checks that tell so. Others may tell it too.
type broken[F any] struct {
	how      string
	spoil    func(*F)
	caughtBy []string
}

func wrong[F any](how string, spoil func(*F), caughtBy ...string) broken[F] {
	return broken[F]{how, spoil, caughtBy}
}

// tellsBroken runs the named checks on broken stores: each must find something. And it wants a broken store for every
// check of the suite, so that none is there for nothing.
func tellsBroken[S, F any](
	t *testing.T, checks []storetest.Check[S], stores []broken[F], view func(db *memory.DB, spoil func(*F)) S,
) {
	t.Helper()
	byName := map[string]storetest.Check[S]{}
	for _, check := range checks {
		require.Regexp(t, `^[A-Z].* .*[a-zA-Z]$`, check.Name, "a name is a sentence")
		require.NotContains(t, byName, check.Name, "two checks of one name")
		byName[check.Name] = check
	}
	needed := map[string]bool{}
	for _, store := range stores {
		require.NotEmpty(t, store.caughtBy)
		for _, name := range store.caughtBy {
			check, ok := byName[name]
			require.True(t, ok, "no check of this name: %s", name)
			needed[name] = true
			t.Run(store.how+"/"+name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				require.Error(t, check.Run(ctx, func(context.Context) (storetest.Opened[S], error) {
					db := new(memory.DB)
					reopen := func(context.Context) (S, error) { return view(db.Clone(), store.spoil), nil }
					return storetest.Opened[S]{Store: view(db, store.spoil), Reopen: reopen}, nil
				}))
				require.NoError(t, ctx.Err())
			})
		}
	}
	for name := range byName {
		assert.True(t, needed[name], "no broken store shows what this check is worth: %s", name)
	}
}

func TestACheckThatReopensSaysWhenAStoreCannotBeReopened(t *testing.T) {
	open := func(context.Context) (storetest.Opened[payment.Store], error) {
		return storetest.Opened[payment.Store]{Store: new(memory.DB).Payments()}, nil
	}
	marked := 0
	for _, check := range storetest.Payments() {
		if !check.Reopens {
			continue
		}
		marked++
		require.ErrorIs(t, check.Run(t.Context(), open), storetest.ErrNotReopenable)
	}
	require.Positive(t, marked)
}

func TestAStoreThatCannotBeOpenedOrClosedFailsTheCheck(t *testing.T) {
	check, broken := storetest.Payments()[0], errors.New("disk is gone")
	require.ErrorIs(t, check.Run(t.Context(), func(context.Context) (storetest.Opened[payment.Store], error) {
		return storetest.Opened[payment.Store]{}, broken
	}), broken)
	require.ErrorIs(t, check.Run(t.Context(), func(context.Context) (storetest.Opened[payment.Store], error) {
		return storetest.Opened[payment.Store]{Store: new(memory.DB).Payments(), Close: func() error { return broken }}, nil
	}), broken)
}
