package storetest

import (
	"context"
	"errors"
	"math"

	"github.com/oplata-go/oplata/payment"
)

// recordChecks say how records are inserted, replaced and guarded.
func recordChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("An inserted record is read back whole", func(ctx context.Context, s payment.Store) error {
			want := record("p-1", 1)
			want.Kind, want.Status, want.Attention = payment.ReceiptRecord, payment.Completed, true
			c := payment.Change{Record: want, Events: []payment.Event{event("p-1", 1)}}
			return errors.Join(s.Apply(ctx, c), loads(ctx, s, want))
		}),
		that("A record that nobody inserted is not found", func(ctx context.Context, s payment.Store) error {
			_, err := s.Load(ctx, "p-2")
			return errors.Join(refused(err, payment.ErrNotFound), inserted(ctx, s, "p-1"), notFound(ctx, s, "p-2"))
		}),
		that("A change replaces the record whole", func(ctx context.Context, s payment.Store) error {
			c := change("p-1", 1)
			c.Record.Reseller, c.Record.Account, c.Record.Status = "reseller-2", "", payment.Completed
			c.Record.Attention, c.Record.CreatedAt, c.Record.Personal = true, moment(5), []byte(`{}`)
			return errors.Join(inserted(ctx, s, "p-1"), s.Apply(ctx, c), loads(ctx, s, c.Record))
		}),
		that("A change leaves other records alone", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				inserted(ctx, s, "p-1", "p-2"), s.Apply(ctx, change("p-1", 1)),
				loads(ctx, s, record("p-1", 2)), loads(ctx, s, record("p-2", 1)),
				tells(ctx, s, "p-2", event("p-2", 1)),
			)
		}),
		that("A change of an older version is a conflict", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				inserted(ctx, s, "p-1"), s.Apply(ctx, change("p-1", 1)),
				refusesWhole(ctx, s, change("p-1", 1), payment.ErrConflict),
			)
		}),
		that("A change of a version still to come is a conflict", func(ctx context.Context, s payment.Store) error {
			return errors.Join(inserted(ctx, s, "p-1"), refusesWhole(ctx, s, change("p-1", 2), payment.ErrConflict))
		}),
		that("A change of a record that is not there is a conflict", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				refusesWhole(ctx, s, change("p-1", 1), payment.ErrConflict),
				notFound(ctx, s, "p-1"),
			)
		}),
		that("An insert over a record is a conflict", func(ctx context.Context, s payment.Store) error {
			return errors.Join(inserted(ctx, s, "p-1"), refusesWhole(ctx, s, change("p-1", 0), payment.ErrConflict))
		}),
		that("An ID belongs to one record of all kinds", func(ctx context.Context, s payment.Store) error {
			receipt := change("p-1", 0)
			receipt.Record.Kind = payment.ReceiptRecord
			return errors.Join(inserted(ctx, s, "p-1"), refusesWhole(ctx, s, receipt, payment.ErrConflict))
		}),
		that("A change without events keeps the version and erases personal data", erases),
		that("A change may carry many events, claims and tasks", carriesMany),
	}
}

func notFound(ctx context.Context, s payment.Store, id string) error {
	_, err := s.Load(ctx, id)
	return about("load record "+id, refused(err, payment.ErrNotFound))
}

// erases writes without an event, as the erasure of personal data does: history stays as it is.
func erases(ctx context.Context, s payment.Store) error {
	erased := record("p-1", 1)
	erased.Personal = nil
	return errors.Join(
		inserted(ctx, s, "p-1"),
		s.Apply(ctx, payment.Change{Record: erased, Base: 1}),
		loads(ctx, s, erased),
		tells(ctx, s, "p-1", event("p-1", 1)),
	)
}

func carriesMany(ctx context.Context, s payment.Store) error {
	c := change("p-1", 0)
	c.Record.Version = 3
	c.Events = []payment.Event{event("p-1", 1), event("p-1", 2), event("p-1", 3)}
	c.Claims = []payment.Claim{claim(c, "a"), claim(c, "b"), claim(c, "c")}
	c.Put = []payment.Task{task("t-1", "p-1"), task("t-2", "p-1"), task("t-3", "p-1")}
	c.Put[1].Queue, c.Put[2].Lane, c.Put[2].Order = "outbox", "ledger", math.MinInt64
	return errors.Join(
		s.Apply(ctx, c),
		loads(ctx, s, c.Record),
		tells(ctx, s, "p-1", c.Events...),
		owns(ctx, s, c.Claims[0]), owns(ctx, s, c.Claims[1]), owns(ctx, s, c.Claims[2]),
		keeps(ctx, s, c.Put[0]), keeps(ctx, s, c.Put[1]), keeps(ctx, s, c.Put[2]),
	)
}
