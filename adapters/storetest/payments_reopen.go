package storetest

import (
	"context"
	"errors"

	"github.com/oplata-go/oplata/payment"
)

// paymentReopenChecks say what a durable store holds after its process ended.
func paymentReopenChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		thatReopened("Everything acknowledged is there after reopening",
			func(ctx context.Context, s payment.Store) error {
				return errors.Join(
					s.Apply(ctx, full("p-1")), s.Apply(ctx, full("p-2")), s.Apply(ctx, change("p-2", 1)),
				)
			},
			func(ctx context.Context, s payment.Store) error {
				p2 := full("p-2")
				p2.Record, p2.Events = record("p-2", 2), append(p2.Events, event("p-2", 2))
				return errors.Join(gives(ctx, s, full("p-1")), gives(ctx, s, p2))
			}),
		thatReopened("Versions and claims are guarded after reopening",
			func(ctx context.Context, s payment.Store) error {
				return errors.Join(claims(ctx, s, "p-1", "a"), s.Apply(ctx, change("p-1", 1)))
			},
			func(ctx context.Context, s payment.Store) error {
				return errors.Join(
					refusesWhole(ctx, s, change("p-1", 0), payment.ErrConflict),
					refusesWhole(ctx, s, change("p-1", 1), payment.ErrConflict),
					refusesClaim(ctx, s, "p-2", 0, "a"),
					s.Apply(ctx, change("p-1", 2)),
				)
			}),
		thatReopened("A lease holds after reopening, and its token",
			func(ctx context.Context, s payment.Store) error {
				return errors.Join(
					put(ctx, s, due("t-1", 0), due("t-2", 0)), put(ctx, s, due("t-2", 30)),
					leases(ctx, s, lease(0), "t-1"),
				)
			},
			func(ctx context.Context, s payment.Store) error {
				first, err := stored(ctx, s, "t-1")
				if err != nil {
					return err
				}
				want := due("t-1", 60)
				want.Tries, want.Token = 1, first.Token
				return errors.Join(
					same(first, want),
					leases(ctx, s, lease(59), "t-2"), leases(ctx, s, lease(60), "t-1"),
					s.Finish(ctx, []payment.TaskEnd{{TaskRef: ref(first)}}), // of the first lease
					leases(ctx, s, lease(120), "t-2", "t-1"),
				)
			}),
		thatReopened("Lanes and dead tasks stand after reopening",
			func(ctx context.Context, s payment.Store) error {
				return errors.Join(
					put(ctx, s, laned("t-1", "p-1", 1, 0), laned("t-2", "p-1", 2, 0), laned("t-3", "p-2", 3, 0), laned("t-4", "p-2", 4, 0)),
					kill(ctx, s, 0, "t-1"),
				)
			},
			func(ctx context.Context, s payment.Store) error {
				return errors.Join(
					leases(ctx, s, lease(0), "t-3"), finish(ctx, s, 60, "t-3"), finish(ctx, s, 60, "t-4"),
					holdsTasks(ctx, s, "t-1", "t-2"),
				)
			}),
		thatReopened("What was finished, dropped and erased stays so after reopening",
			func(ctx context.Context, s payment.Store) error {
				erased := record("p-1", 3)
				erased.Personal = nil
				return errors.Join(
					put(ctx, s, due("t-1", 0), due("t-2", 50), due("t-3", 60)), finish(ctx, s, 0, "t-1"),
					drop(ctx, s, "t-2"),
					s.Apply(ctx, payment.Change{Record: erased, Base: 3}),
				)
			},
			func(ctx context.Context, s payment.Store) error {
				erased := record("p-1", 3)
				erased.Personal = nil
				return errors.Join(holdsTasks(ctx, s, "t-3"), loads(ctx, s, erased))
			}),
	}
}
