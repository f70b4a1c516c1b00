package storetest

import (
	"context"
	"errors"
	"fmt"
)

// Check is one thing that a store of type S must do. Checks are independent of each other and may run at the same time,
// as far as their stores can.
type Check[S any] struct {
	// Name is a sentence that is true of a right store. It never changes its meaning, so that a list of exceptions can
	// name it.
	Name string

	// Reopens marks a check that needs [Opened.Reopen].
	Reopens bool

	// Run opens one store, tries it, closes it, and says what is wrong with it; nil: nothing. A store that hangs makes
	// it hang, so ctx should have a deadline.
	Run func(ctx context.Context, open Open[S]) error
}

// Open makes a new and empty store that nobody else uses.
type Open[S any] func(ctx context.Context) (Opened[S], error)

// Opened is a store and what a check may do with it as a whole.
type Opened[S any] struct {
	Store S

	// Reopen ends the store, as the end of its process would, and opens what it kept. The old Store is not used any
	// more, and Close closes the new one. Nil: the store keeps nothing over the end of its process.
	Reopen func(ctx context.Context) (S, error)

	// Close ends the store and removes what it left behind, if that has to be. Nil: nothing to do.
	Close func() error
}

// ErrNotReopenable is the outcome of a check that [Check.Reopens] with a store that cannot be reopened.
var ErrNotReopenable = errors.New("storetest: the check reopens its store, and Opened.Reopen is nil")

// that makes a check of a store that stays open.
//
// Most checks are one errors.Join of steps. Its arguments are evaluated from left to right: what a check does and what
// must hold then stand in the order in which they happen, and all faults are told, not only the first.
func that[S any](name string, holds func(ctx context.Context, store S) error) Check[S] {
	run := func(ctx context.Context, o Opened[S]) error { return holds(ctx, o.Store) }
	return Check[S]{Name: name, Run: opening(run)}
}

// thatReopened makes a check of what a store holds after it was reopened: before fills it, after looks at what is left.
func thatReopened[S any](name string, before, after func(ctx context.Context, store S) error) Check[S] {
	run := func(ctx context.Context, o Opened[S]) error {
		if o.Reopen == nil {
			return ErrNotReopenable
		}
		if err := before(ctx, o.Store); err != nil {
			return err
		}
		store, err := o.Reopen(ctx)
		if err != nil {
			return fmt.Errorf("storetest: reopen: %w", err)
		}
		return after(ctx, store)
	}
	return Check[S]{Name: name, Reopens: true, Run: opening(run)}
}

// opening gives run a store of its own.
func opening[S any](run func(context.Context, Opened[S]) error) func(context.Context, Open[S]) error {
	return func(ctx context.Context, open Open[S]) error {
		o, err := open(ctx)
		if err != nil {
			return fmt.Errorf("storetest: open: %w", err)
		}
		err = run(ctx, o)
		if o.Close == nil {
			return err
		}
		if failed := o.Close(); failed != nil {
			return errors.Join(err, fmt.Errorf("storetest: close: %w", failed))
		}
		return err
	}
}
