package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/payment"
)

// claimChecks say that a claim is unique over everything and for ever, and that it names its holder.
func claimChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("A claim that nobody holds is not found", func(ctx context.Context, s payment.Store) error {
			return errors.Join(claims(ctx, s, "p-1", "a"), unclaimed(ctx, s, charge("p-1", "b")))
		}),
		that("The owner of a claim is read as it now stands", func(ctx context.Context, s payment.Store) error {
			err := errors.Join(claims(ctx, s, "p-1", "a"), claims(ctx, s, "p-2", "b"), s.Apply(ctx, change("p-1", 1)))
			if err != nil {
				return err
			}
			owner, _, err := s.Owner(ctx, "charge", "a")
			return errors.Join(
				err, same(owner, record("p-1", 2)), owns(ctx, s, charge("p-1", "a")),
				owns(ctx, s, charge("p-2", "b")),
			)
		}),
		that("A claim that another record holds is refused", func(ctx context.Context, s payment.Store) error {
			return errors.Join(claims(ctx, s, "p-1", "a"), refusesClaim(ctx, s, "p-2", 0, "a"), notFound(ctx, s, "p-2"))
		}),
		that("A claim that the same record holds is refused", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				claims(ctx, s, "p-1", "a"), refusesClaim(ctx, s, "p-1", 1, "a"), loads(ctx, s, record("p-1", 1)),
			)
		}),
		that("A taken claim is told wherever it stands among free ones", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				claims(ctx, s, "p-1", "a"),
				refusesClaim(ctx, s, "p-2", 0, "a", "b", "c"),
				refusesClaim(ctx, s, "p-2", 0, "b", "a", "c"),
				refusesClaim(ctx, s, "p-2", 0, "b", "c", "a"),
				claims(ctx, s, "p-2", "b", "c"),
			)
		}),
		that("The error of a taken claim carries the claim as it is stored", tellsHolder),
		that("A claim stays when its record changes", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				claims(ctx, s, "p-1", "a"), s.Apply(ctx, change("p-1", 1)), s.Apply(ctx, change("p-1", 2)),
				owns(ctx, s, charge("p-1", "a")),
				refusesClaim(ctx, s, "p-2", 0, "a"),
			)
		}),
		that("The same key in another scope is another claim", func(ctx context.Context, s payment.Store) error {
			c := change("p-2", 0)
			c.Claims = []payment.Claim{charge("p-2", "a")}
			c.Claims[0].Scope = "reference"
			return errors.Join(
				claims(ctx, s, "p-1", "a"), s.Apply(ctx, c),
				owns(ctx, s, charge("p-1", "a")), owns(ctx, s, c.Claims[0]),
			)
		}),
		that("Scope and key do not run together", func(ctx context.Context, s payment.Store) error {
			return distinct(ctx, s, [][2]string{
				{"a", "bc"},
				{"ab", "c"},
				{"abc", ""},
				{"", "abc"},
				{"a/b", "c"},
				{"a", "b/c"},
				{"a:b", "c"},
				{"a", "b:c"},
				{"a|b", "c"},
				{"a", "b|c"},
				{"a b", "c"},
				{"a", "b c"},
				{"a\x1fb", "c"},
				{"a", "b\x1fc"},
				{"a,b", "c"},
				{"a", "b,c"},
			})
		}),
		that("Keys that look alike are different claims", func(ctx context.Context, s payment.Store) error {
			return distinct(ctx, s, [][2]string{
				{"charge", "a1"},
				{"charge", "A1"},
				{"Charge", "a1"},
				{"charge", "a1 "},
				{"charge", " a1"},
				{"charge", "a1\n"},
				{"charge", "\u0430" + "1"},
				{"charge", "e\u0301"},
				{"charge", "\u00e9"},
				{"charge", "\u212b"},
				{"charge", "\u00c5"},
				{"charge", "1"},
				{"charge", "01"},
				{"charge", "1.0"},
				{"charge", "1e0"},
				{"charge", "%"},
				{"charge", "_"},
			})
		}),
	}
}

// charge gives the claim that claims writes.
func charge(record, key string) payment.Claim {
	return payment.Claim{Scope: "charge", Key: key, Record: record, Print: "print of " + key}
}

// claims inserts a record that claims keys.
func claims(ctx context.Context, s payment.Store, record string, keys ...string) error {
	c := change(record, 0)
	for _, key := range keys {
		c.Claims = append(c.Claims, charge(record, key))
	}
	return about("insert record "+record, s.Apply(ctx, c))
}

// refusesClaim says that a change which claims "a", held already, was not refused or wrote something.
func refusesClaim(ctx context.Context, s payment.Store, record string, base int64, keys ...string) error {
	c := change(record, base)
	for _, key := range keys {
		c.Claims = append(c.Claims, charge(record, key))
	}
	return refusesWhole(ctx, s, c, payment.ErrClaimed)
}

func tellsHolder(ctx context.Context, s payment.Store) error {
	c := change("p-2", 0)
	c.Claims = []payment.Claim{{Scope: "charge", Key: "a", Record: "p-2", Print: "another print"}}
	if err := claims(ctx, s, "p-1", "a"); err != nil {
		return err
	}
	got := s.Apply(ctx, c)
	var taken *payment.ClaimedError
	if !errors.As(got, &taken) {
		return fmt.Errorf("got error %w, want a *payment.ClaimedError", orNone(got))
	}
	return same(taken.Claim, charge("p-1", "a"))
}

// distinct lets a record each claim what must not be taken for the others.
func distinct(ctx context.Context, s payment.Store, keys [][2]string) error {
	for i, id := range numbered("p", len(keys)) {
		c := change(id, 0)
		c.Claims = []payment.Claim{{Scope: keys[i][0], Key: keys[i][1], Record: id}}
		if err := s.Apply(ctx, c); err != nil {
			return fmt.Errorf("claim %q: %w", keys[i], err)
		}
	}
	for i, id := range numbered("p", len(keys)) {
		if err := owns(ctx, s, payment.Claim{Scope: keys[i][0], Key: keys[i][1], Record: id}); err != nil {
			return err
		}
	}
	return nil
}
