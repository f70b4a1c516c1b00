package storetest

import (
	"context"
	"errors"

	"github.com/oplata-go/oplata/payment"
)

// endingChecks say how leases are ended without a change.
func endingChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("A finished task is gone", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0), due("t-2", 50)), finish(ctx, s, 0, "t-1"),
				holdsTasks(ctx, s, "t-2"), leases(ctx, s, lease(100), "t-2"),
			)
		}),
		that("A task to be tried again is due then, and keeps its tries, its token and the reason", func(ctx context.Context, s payment.Store) error {
			want := due("t-1", 0)
			first, err := leasedFirst(ctx, s, want)
			if err != nil {
				return err
			}
			want.Tries, want.Token, want.Due, want.Note = 1, first.Token, moment(30), "no answer"
			return errors.Join(
				s.Finish(ctx, []payment.TaskEnd{{TaskRef: first, Retry: moment(30), Note: "no answer"}}),
				keeps(ctx, s, want), leases(ctx, s, lease(29)), leases(ctx, s, lease(30), "t-1"),
			)
		}),
		that("A task to be tried again may be due before its lease would have ended, or at once", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0)), retry(ctx, s, 0, 0, "t-1"), retry(ctx, s, 0, 5, "t-1"),
				leases(ctx, s, lease(5), "t-1"),
			)
		}),
		that("A task declared dead is kept with the reason", func(ctx context.Context, s payment.Store) error {
			if err := errors.Join(put(ctx, s, due("t-1", 0)), kill(ctx, s, 0, "t-1")); err != nil {
				return err
			}
			got, err := stored(ctx, s, "t-1")
			if err != nil {
				return err
			}
			want := due("t-1", 0)
			want.Dead, want.Note, want.Tries = true, "refused", 1
			want.Token, want.Due = got.Token, got.Due
			return same(got, want)
		}),
		that("The reason of the last try takes the place of the one before", func(ctx context.Context, s payment.Store) error {
			silent := payment.TaskEnd{Retry: moment(2)}
			err := errors.Join(put(ctx, s, due("t-1", 0)), retry(ctx, s, 0, 1, "t-1"), end(ctx, s, 1, silent, "t-1"))
			if err != nil {
				return err
			}
			got, err := stored(ctx, s, "t-1")
			return errors.Join(err, about("note", sameField(got.Note, "")))
		}),
		that("A finish for a task that was leased anew changes nothing", func(ctx context.Context, s payment.Store) error {
			return finishesNothing(ctx, s, func(first payment.TaskRef) payment.TaskRef { return first })
		}),
		that("A finish for a token still to come changes nothing", func(ctx context.Context, s payment.Store) error {
			return finishesNothing(ctx, s, func(first payment.TaskRef) payment.TaskRef {
				return payment.TaskRef{ID: first.ID, Token: first.Token + 100}
			})
		}),
		that("A finish for a task that is gone is no error and makes none", func(ctx context.Context, s payment.Store) error {
			gone := payment.TaskRef{ID: "never there", Token: 1}
			return errors.Join(
				s.Finish(ctx, []payment.TaskEnd{{TaskRef: gone}}),
				s.Finish(ctx, []payment.TaskEnd{{TaskRef: gone, Retry: moment(0), Note: "again"}}),
				s.Finish(ctx, []payment.TaskEnd{{TaskRef: gone, Dead: true}}),
				s.Finish(ctx, nil),
				holdsTasks(ctx, s),
			)
		}),
		that("A finish ends every lease it names, lost ones among them left alone", finishesAround),
		that("A finish leaves records and their history alone", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				put(ctx, s, due("t-1", 0)), finish(ctx, s, 0, "t-1"),
				loads(ctx, s, record("p-1", 1)), tells(ctx, s, "p-1", event("p-1", 1)),
			)
		}),
	}
}

// finishesNothing ends a lease in every way with a reference that is not that of the present lease.
func finishesNothing(ctx context.Context, s payment.Store, other func(payment.TaskRef) payment.TaskRef) error {
	first, err := leasedFirst(ctx, s, due("t-1", 0))
	if err != nil {
		return err
	}
	tasks, err := leased(ctx, s, lease(60), "t-1")
	if err != nil {
		return err
	}
	lost := other(first)
	for _, how := range []payment.TaskEnd{
		{TaskRef: lost},
		{TaskRef: lost, Retry: moment(0), Note: "late"},
		{TaskRef: lost, Dead: true, Note: "late"},
	} {
		if err := errors.Join(s.Finish(ctx, []payment.TaskEnd{how}), keeps(ctx, s, tasks[0])); err != nil {
			return err
		}
	}
	return errors.Join(leases(ctx, s, lease(119)), leases(ctx, s, lease(120), "t-1"))
}

// finishesAround names a lost lease and a task that is gone before, between and after leases that are held.
func finishesAround(ctx context.Context, s payment.Store) error {
	lost, err := leasedFirst(ctx, s, due("t-0", 0))
	if err != nil {
		return err
	}
	err = put(ctx, s, due("t-1", 10), due("t-2", 20), due("t-3", 30))
	if err != nil {
		return err
	}
	held, err := leased(ctx, s, lease(60), "t-1", "t-2", "t-3", "t-0")
	if err != nil {
		return err
	}
	err = s.Finish(ctx, []payment.TaskEnd{
		{TaskRef: lost},
		{TaskRef: ref(held[0])},
		{TaskRef: payment.TaskRef{ID: "never there"}},
		{TaskRef: ref(held[1]), Retry: moment(500)},
		{TaskRef: lost, Dead: true},
		{TaskRef: ref(held[2]), Dead: true},
	})
	if err != nil {
		return err
	}
	return errors.Join(
		holdsTasks(ctx, s, "t-0", "t-2", "t-3"), keeps(ctx, s, held[3]),
		leases(ctx, s, lease(500), "t-0", "t-2"),
	)
}
