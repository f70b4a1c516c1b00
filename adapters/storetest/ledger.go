package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/oplata-go/oplata/billing"
)

// Ledger returns the checks for a billing.Store.
func Ledger() []Check[billing.Store] {
	return slices.Concat(
		accountChecks(), appendChecks(), entryChecks(),
		ledgerContextChecks(), ledgerRaceChecks(), ledgerReopenChecks(),
	)
}

// rub gives an amount in kopecks.
func rub(minor int64) billing.Money { return money(minor, "RUB") }

// money gives an amount of a currency that is in the table.
func money(minor int64, c billing.Currency) billing.Money {
	m, err := billing.FromMinor(minor, c)
	if err != nil {
		return billing.Money{}
	}
	return m
}

// account gives an account of the suite as it stands after n entries of one rouble.
func account(id string, n int64) billing.Account {
	a := billing.Account{
		ID: id, Reseller: "reseller-1", Name: "Account " + id, Currency: "RUB",
		Balance: rub(100 * n), Entries: n, OpenedAt: moment(0),
	}
	if n > 0 {
		a.LastAt = moment(int(n))
	}
	return a
}

// entry gives the n-th of these entries.
func entry(account string, n int64) billing.Entry {
	return billing.Entry{
		Account: account, Seq: n, Key: fmt.Sprintf("%s/%d", account, n), Amount: rub(100), Balance: rub(100 * n),
		Comment: "Пополнение баланса через ЛК", At: moment(int(n)),
	}
}

// appended writes the entries of an account from one number to another.
func appended(ctx context.Context, s billing.Store, id string, from, to int64) error {
	for n := from; n <= to; n++ {
		if err := s.Append(ctx, account(id, n), entry(id, n)); err != nil {
			return fmt.Errorf("append entry %d of %s: %w", n, id, err)
		}
	}
	return nil
}

// stands says how an account differs from what it should be.
func stands(ctx context.Context, s billing.Store, want billing.Account) error {
	got, err := s.Account(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("account %s: %w", want.ID, err)
	}
	return about("account "+want.ID, same(got, want))
}

// noAccount says that there is an account.
func noAccount(ctx context.Context, s billing.Store, id string) error {
	_, err := s.Account(ctx, id)
	return about("account "+id, refused(err, billing.ErrNotFound))
}

// keyed says how the entry with a key differs from what it should be.
func keyed(ctx context.Context, s billing.Store, want billing.Entry) error {
	got, err := s.EntryByKey(ctx, want.Key)
	if err != nil {
		return fmt.Errorf("entry by key %s: %w", want.Key, err)
	}
	return about("entry by key "+want.Key, same(got, want))
}

// unkeyed says that there is an entry with a key.
func unkeyed(ctx context.Context, s billing.Store, key string) error {
	_, err := s.EntryByKey(ctx, key)
	return about("entry by key "+key, refused(err, billing.ErrNotFound))
}

// posted says how an account's entries differ from what they should be.
func posted(ctx context.Context, s billing.Store, id string, want ...billing.Entry) error {
	got, err := s.Entries(ctx, billing.EntryQuery{Account: id, Limit: 1000})
	return about("entries of "+id, errors.Join(err, sameAll(got, want)))
}

// entries gives the entries of an account from the first to the n-th.
func entries(id string, n int64) []billing.Entry {
	var all []billing.Entry
	for seq := range n {
		all = append(all, entry(id, seq+1))
	}
	return all
}

// accountChecks say how accounts are opened.
func accountChecks() []Check[billing.Store] {
	return []Check[billing.Store]{
		that("An opened account is read back whole", func(ctx context.Context, s billing.Store) error {
			return errors.Join(s.Open(ctx, account("a-1", 0)), stands(ctx, s, account("a-1", 0)), posted(ctx, s, "a-1"))
		}),
		that("An account that nobody opened is not found", func(ctx context.Context, s billing.Store) error {
			return errors.Join(noAccount(ctx, s, "a-1"), s.Open(ctx, account("a-1", 0)), noAccount(ctx, s, "a-2"))
		}),
		that("An account that was opened before stays as it was", func(ctx context.Context, s billing.Store) error {
			other := account("a-1", 0)
			other.Reseller, other.Name, other.Currency, other.Balance = "reseller-2", "another", "JPY", money(0, "JPY")
			return errors.Join(
				s.Open(ctx, account("a-1", 0)), refused(s.Open(ctx, other), billing.ErrExists),
				stands(ctx, s, account("a-1", 0)),
				appended(ctx, s, "a-1", 1, 2), refused(s.Open(ctx, account("a-1", 0)), billing.ErrExists),
				stands(ctx, s, account("a-1", 2)),
			)
		}),
		that("Account IDs are compared byte by byte", func(ctx context.Context, s billing.Store) error {
			var faults []error
			ids := []string{"a1", "A1", "a1 ", " a1", "1", "01", "e\u0301", "\u00e9", "%", "_", "а1", "'\"\\;--"}
			for _, id := range ids {
				faults = append(faults, s.Open(ctx, account(id, 0)))
			}
			for _, id := range ids {
				faults = append(faults, stands(ctx, s, account(id, 0)))
			}
			return errors.Join(faults...)
		}),
		that("An account may be without reseller, name and time", func(ctx context.Context, s billing.Store) error {
			bare := billing.Account{ID: "a-1", Currency: "KWD", Balance: money(0, "KWD")}
			return errors.Join(s.Open(ctx, bare), stands(ctx, s, bare))
		}),
	}
}

// appendChecks say how entries are written and guarded.
func appendChecks() []Check[billing.Store] {
	return []Check[billing.Store]{
		that("An append writes the entry and its account", func(ctx context.Context, s billing.Store) error {
			return errors.Join(
				s.Open(ctx, account("a-1", 0)), s.Open(ctx, account("a-2", 0)),
				appended(ctx, s, "a-1", 1, 2),
				stands(ctx, s, account("a-1", 2)), posted(ctx, s, "a-1", entries("a-1", 2)...),
				keyed(ctx, s, entry("a-1", 2)),
				stands(ctx, s, account("a-2", 0)), posted(ctx, s, "a-2"),
			)
		}),
		that("An append opens an account that is not there", func(ctx context.Context, s billing.Store) error {
			return errors.Join(
				appended(ctx, s, "a-1", 1, 1), stands(ctx, s, account("a-1", 1)),
				posted(ctx, s, "a-1", entry("a-1", 1)),
				appended(ctx, s, "a-1", 2, 2), stands(ctx, s, account("a-1", 2)),
			)
		}),
		that("An append changes nothing else of the account", func(ctx context.Context, s billing.Store) error {
			other := account("a-1", 1)
			other.Reseller, other.Name, other.OpenedAt = "reseller-2", "another", moment(99)
			return errors.Join(
				s.Open(ctx, account("a-1", 0)), s.Append(ctx, other, entry("a-1", 1)),
				stands(ctx, s, account("a-1", 1)),
			)
		}),
		refusesEntry("An entry of a number that is taken is a conflict", billing.ErrConflict, func(a *billing.Account, e *billing.Entry) {
			a.Entries, e.Seq = 2, 2
		}),
		refusesEntry("An entry of number one on an account with entries is a conflict", billing.ErrConflict, func(a *billing.Account, e *billing.Entry) {
			a.Entries, e.Seq = 1, 1
		}),
		refusesEntry("An entry of a number still to come is a conflict", billing.ErrConflict, func(a *billing.Account, e *billing.Entry) {
			a.Entries, e.Seq = 4, 4
		}),
		refusesEntry("An entry in another currency is a conflict", billing.ErrConflict, func(a *billing.Account, e *billing.Entry) {
			a.Currency, a.Balance, e.Amount, e.Balance = "KZT", money(300, "KZT"), money(100, "KZT"), money(300, "KZT")
		}),
		refusesEntry("A later entry on an account that is not there is a conflict", billing.ErrConflict, func(a *billing.Account, e *billing.Entry) {
			a.ID, e.Account, e.Key = "a-3", "a-3", "a-3/3"
		}),
		refusesEntry("A key that the same account has is taken", billing.ErrKeyTaken, func(_ *billing.Account, e *billing.Entry) {
			e.Key = "a-1/1"
		}),
		refusesEntry("A key that another account has is taken", billing.ErrKeyTaken, func(_ *billing.Account, e *billing.Entry) {
			e.Key = "a-2/1"
		}),
		refusesEntry("A key that another account has is taken for a new account", billing.ErrKeyTaken, func(a *billing.Account, e *billing.Entry) {
			*a, *e = account("a-3", 1), entry("a-3", 1)
			e.Key = "a-2/1"
		}),
		that("A taken key and a conflict together write nothing", func(ctx context.Context, s billing.Store) error {
			e := entry("a-1", 1)
			e.Amount = rub(500)
			err := errors.Join(appended(ctx, s, "a-1", 1, 2))
			if err != nil {
				return err
			}
			got := s.Append(ctx, account("a-1", 1), e)
			if !errors.Is(got, billing.ErrConflict) && !errors.Is(got, billing.ErrKeyTaken) {
				return fmt.Errorf("got error %w, want %w or %w", orNone(got), billing.ErrConflict, billing.ErrKeyTaken)
			}
			return errors.Join(stands(ctx, s, account("a-1", 2)), posted(ctx, s, "a-1", entries("a-1", 2)...))
		}),
		that("Keys are compared byte by byte", func(ctx context.Context, s billing.Store) error {
			keys := []string{"a1", "A1", "a1 ", " a1", "1", "01", "e\u0301", "\u00e9", "%", "_", "а1", "'\"\\;--", "a1\n"}
			var want []billing.Entry
			for i, key := range keys {
				e := entry("a-1", int64(i+1))
				e.Key = key
				if err := s.Append(ctx, account("a-1", e.Seq), e); err != nil {
					return fmt.Errorf("append with key %q: %w", key, err)
				}
				want = append(want, e)
			}
			var faults []error
			for _, e := range want {
				faults = append(faults, keyed(ctx, s, e))
			}
			return errors.Join(faults...)
		}),
		that("Amounts are kept to the last digit, in every currency", keepsAmounts),
		that("The times and texts of entries are kept exactly", keepsEntries),
	}
}

// refusesEntry makes a check of an append that spoils the third entry of a-1, beside a-2 with one entry.
func refusesEntry(name string, want error, spoil func(*billing.Account, *billing.Entry)) Check[billing.Store] {
	return that(name, func(ctx context.Context, s billing.Store) error {
		if err := errors.Join(appended(ctx, s, "a-1", 1, 2), appended(ctx, s, "a-2", 1, 1)); err != nil {
			return err
		}
		a, e := account("a-1", 3), entry("a-1", 3)
		spoil(&a, &e)
		free := func() error { return nil }
		if want == billing.ErrConflict { //nolint:errorlint // which of the two this check wants
			free = func() error { return unkeyed(ctx, s, e.Key) }
		}
		return errors.Join(
			refused(s.Append(ctx, a, e), want), free(), noAccount(ctx, s, "a-3"), posted(ctx, s, "a-3"),
			stands(ctx, s, account("a-1", 2)), posted(ctx, s, "a-1", entries("a-1", 2)...),
			stands(ctx, s, account("a-2", 1)), posted(ctx, s, "a-2", entry("a-2", 1)), keyed(ctx, s, entry("a-2", 1)),
		)
	})
}

func keepsAmounts(ctx context.Context, s billing.Store) error {
	for i, m := range []billing.Money{
		rub(1), rub(-1), rub(math.MaxInt64), rub(-math.MaxInt64), rub(1<<53 + 1),
		money(5, "JPY"), money(12345, "KWD"), money(-12345, "CLF"),
	} {
		id := fmt.Sprint("a-", i)
		a, e := account(id, 1), entry(id, 1)
		a.Currency, a.Balance, e.Amount, e.Balance, e.Forced = m.Currency(), m, m, m, m.Sign() < 0
		if err := errors.Join(s.Append(ctx, a, e), stands(ctx, s, a), posted(ctx, s, id, e), keyed(ctx, s, e)); err != nil {
			return fmt.Errorf("with %s: %w", m, err)
		}
	}
	return nil
}

func keepsEntries(ctx context.Context, s billing.Store) error {
	e1, e2 := entry("a-1", 1), entry("a-1", 2)
	e1.At, e1.Comment = moment(0).AddDate(-60, 0, 0), "two\nlines, 'quotes' \" \\ and 🧾 "
	e2.At, e2.Comment = moment(0).AddDate(7000, 0, 0), ""
	a1, a2 := account("a-1", 1), account("a-1", 2)
	a1.LastAt, a2.LastAt = e1.At, e2.At
	return errors.Join(
		s.Append(ctx, a1, e1), stands(ctx, s, a1), s.Append(ctx, a2, e2), stands(ctx, s, a2),
		posted(ctx, s, "a-1", e1, e2), keyed(ctx, s, e1), keyed(ctx, s, e2),
	)
}
