package billing_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/billing/billingtest"
)

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func posting(key, account, value string) billing.Posting {
	return billing.Posting{Key: key, Account: account, Amount: rub(value), Comment: "about " + key, At: noon}
}

func TestBookKeepsTheRulesOfLedgers(t *testing.T) {
	harnesses := map[string]billingtest.Harness{
		"accounts by first credit": {New: func(context.Context) (billingtest.Subject, error) {
			book := billing.NewBook(newStore())
			return billingtest.Subject{Ledger: book, Balance: book.Balance}, nil
		}},
		"opened accounts only": {New: func(context.Context) (billingtest.Subject, error) {
			book := billing.NewBook(newStore()).OpenOnly()
			return billingtest.Subject{Ledger: book, Balance: book.Balance, Open: func(ctx context.Context, id string) error {
				return book.Open(ctx, billing.Account{ID: id, Currency: "RUB"})
			}}, nil
		}},
	}
	for name, harness := range harnesses {
		for _, check := range billingtest.Checks() {
			t.Run(name+"/"+check.Name, func(t *testing.T) {
				require.NoError(t, check.Run(t.Context(), harness))
			})
		}
	}
}

func TestPostingCostsTwoCalls(t *testing.T) {
	store := newStore()
	book := billing.NewBook(store)
	for _, c := range []struct {
		do   func(context.Context, billing.Posting) error
		p    billing.Posting
		want string
	}{
		{book.Credit, posting("first", "42", "5.00"), "Account Append"},
		{book.Debit, posting("next", "42", "5.00"), "Account Append"},
		{book.Credit, posting("first", "42", "5.00"), "Account Append EntryByKey"}, // a repeat
		{book.Debit, posting("next", "42", "5.00"), "Account EntryByKey"},          // a repeat that empties no more
	} {
		store.calls = nil
		require.NoError(t, c.do(t.Context(), c.p))
		require.Equal(t, c.want, strings.Join(store.calls, " "))
	}
}

func TestEntriesSayWhatHappened(t *testing.T) {
	store := newStore()
	book := billing.NewBook(store)
	at := noon.Add(1234 * time.Nanosecond).In(time.FixedZone("MSK", 3*60*60))
	credit := posting("plus", "42", "100.00")
	credit.At, credit.Forced = at, true
	debit := posting("minus", "42", "150.00")
	debit.At, debit.Forced = at.Add(-time.Hour), true // late by the clock, later in the book
	require.NoError(t, book.Credit(t.Context(), credit))
	require.NoError(t, book.Debit(t.Context(), debit))

	cut := noon.Add(time.Microsecond)
	require.Equal(t, []billing.Entry{
		{Account: "42", Seq: 1, Key: "plus", Amount: rub("100.00"), Balance: rub("100.00"), Comment: "about plus", At: cut},
		{
			Account: "42", Seq: 2, Key: "minus", Amount: rub("-150.00"), Balance: rub("-50.00"), Comment: "about minus",
			Forced: true, At: cut,
		},
	}, store.entries)
	account, err := book.Account(t.Context(), "42")
	require.NoError(t, err)
	require.Equal(t, billing.Account{
		ID: "42", Currency: "RUB", Balance: rub("-50.00"), Entries: 2, OpenedAt: cut, LastAt: cut,
	}, account)
}

func TestOpen(t *testing.T) {
	store := newStore()
	book := billing.NewBook(store)
	a := billing.Account{ID: "42", Reseller: "r-1", Name: "Ivanov", Currency: "RUB", OpenedAt: noon.Add(time.Nanosecond)}
	require.NoError(t, book.Open(t.Context(), a))
	require.NoError(t, book.Credit(t.Context(), posting("plus", "42", "5.00")))

	again := a
	again.Name = "Petrov"
	require.NoError(t, book.Open(t.Context(), again), "opening is idempotent")
	got, err := book.Account(t.Context(), "42")
	require.NoError(t, err)
	require.Equal(t, billing.Account{
		ID: "42", Reseller: "r-1", Name: "Ivanov", Currency: "RUB", Balance: rub("5.00"), Entries: 1, OpenedAt: noon, LastAt: noon,
	}, got, "and changes nothing")

	again.Currency = "KZT"
	require.ErrorIs(t, book.Open(t.Context(), again), billing.ErrCurrencyMismatch)
}

func TestOpenRefusesWhatIsNoNewAccount(t *testing.T) {
	store := newStore()
	err := billing.NewBook(store).Open(t.Context(), billing.Account{
		ID: "4\n2", Reseller: strings.Repeat("r", 101), Name: "\xff", Currency: "rub", Balance: rub("1.00"),
	})
	var wrong *billing.InvalidError
	require.ErrorAs(t, err, &wrong)
	require.ErrorIs(t, err, billing.ErrInvalid)
	require.True(t, billing.Permanent(err))
	require.EqualError(t, err, "billing: account: invalid: ID has control characters; Reseller is longer than 100 bytes; "+
		"Name is not UTF-8; Currency is unknown; "+
		"Balance is not zero: an account opens without entries, bring money in with a credit")
	require.Empty(t, store.accounts)
}

func TestInvalidPostingsNameEveryFault(t *testing.T) {
	p := billing.Posting{Key: "k-1", Account: "", Amount: rub("0.00"), Comment: "a\x00" + strings.Repeat("b", 1000)}
	err := billing.NewBook(newStore()).Credit(t.Context(), p)
	require.EqualError(t, err, `billing: posting "k-1": invalid: Account is required; Amount is not above zero; `+
		`Comment is longer than 1000 bytes; Comment has a NUL; At is required`)
	require.NoError(t, posting("k", "a", "0.01").Validate())
}

func TestUnknownAccounts(t *testing.T) {
	book := billing.NewBook(newStore())
	_, err := book.Balance(t.Context(), "42")
	require.EqualError(t, err, `billing: unknown account "42"`)
	_, err = book.Account(t.Context(), "42")
	require.ErrorIs(t, err, billing.ErrUnknownAccount)
	_, err = book.Statement(t.Context(), billing.StatementParams{Account: "42"})
	require.ErrorIs(t, err, billing.ErrUnknownAccount)
	_, err = book.Balance(t.Context(), "")
	require.ErrorIs(t, err, billing.ErrInvalid)

	err = book.Debit(t.Context(), posting("minus", "42", "1.00"))
	require.EqualError(t, err, `billing: unknown account: debit "minus", account "42"`)
	err = book.OpenOnly().Credit(t.Context(), posting("plus", "42", "1.00"))
	require.ErrorIs(t, err, billing.ErrUnknownAccount)
	require.NoError(t, book.Credit(t.Context(), posting("plus", "42", "1.00")), "the book itself was not changed by OpenOnly")
}

func TestCheckAccount(t *testing.T) {
	book := billing.NewBook(newStore())
	strict := book.OpenOnly()
	require.NoError(t, book.CheckAccount(t.Context(), "42"))
	require.ErrorIs(t, strict.CheckAccount(t.Context(), "42"), billing.ErrUnknownAccount)
	require.NoError(t, book.Open(t.Context(), billing.Account{ID: "42", Currency: "RUB"}))
	require.NoError(t, strict.CheckAccount(t.Context(), "42"))
	require.ErrorIs(t, book.CheckAccount(t.Context(), ""), billing.ErrInvalid)
	require.ErrorIs(t, strict.CheckAccount(t.Context(), strings.Repeat("4", 101)), billing.ErrInvalid)
}

func TestBalanceOutOfRangeWritesNothing(t *testing.T) {
	store := newStore()
	book := billing.NewBook(store)
	most := posting("most", "42", "92233720368547758.07")
	require.NoError(t, book.Credit(t.Context(), most))
	err := book.Credit(t.Context(), posting("more", "42", "0.01"))
	require.ErrorIs(t, err, billing.ErrOverflow)
	require.True(t, billing.Permanent(err))
	require.Len(t, store.entries, 1)
	require.Equal(t, int64(math.MaxInt64), store.accounts["42"].Balance.Minor())
	require.NoError(t, book.Credit(t.Context(), most), "a repeat is no overflow")
}

func TestEndlessConflictIsGivenUp(t *testing.T) {
	store := newStore()
	tries := 0
	store.hook = func(call string, act func() error) error {
		if call == "Append" {
			tries++
			return billing.ErrConflict
		}
		return act()
	}
	err := billing.NewBook(store).Credit(t.Context(), posting("plus", "42", "1.00"))
	require.ErrorIs(t, err, billing.ErrConflict)
	require.False(t, billing.Permanent(err), "it may be repeated")
	require.Equal(t, 64, tries)

	ctx, cancel := context.WithCancel(t.Context())
	store.hook = func(call string, act func() error) error {
		cancel()
		return billing.ErrConflict
	}
	require.ErrorIs(t, billing.NewBook(store).Credit(ctx, posting("plus", "42", "1.00")), context.Canceled)
}

// An account that is opened between the first credit's look and its write keeps the currency it was opened in.
func TestFirstCreditMeetsOpen(t *testing.T) {
	store := newStore()
	book := billing.NewBook(store)
	store.hook = func(call string, act func() error) error {
		err := act()
		if call == "Account" {
			store.hook = nil
			require.NoError(t, book.Open(t.Context(), billing.Account{ID: "42", Name: "Ivanov", Currency: "KZT"}))
		}
		return err
	}
	err := book.Credit(t.Context(), posting("plus", "42", "1.00"))
	require.ErrorIs(t, err, billing.ErrCurrencyMismatch)
	require.Equal(t, "Ivanov", store.accounts["42"].Name)
	require.Empty(t, store.entries)
}

var errDown = errors.New("store: connection lost")

// Every store call of a history fails once, before or after it acted; the caller repeats, and the book is as it would
// have been.
func TestEveryStoreCallMayFail(t *testing.T) {
	history := func(book *billing.Book) []func(context.Context) error {
		credit := func(key, value string) func(context.Context) error {
			return func(ctx context.Context) error { return book.Credit(ctx, posting(key, "42", value)) }
		}
		debit := func(key, value string) func(context.Context) error {
			return func(ctx context.Context) error { return book.Debit(ctx, posting(key, "42", value)) }
		}
		return []func(context.Context) error{
			func(ctx context.Context) error {
				return book.Open(ctx, billing.Account{ID: "42", Currency: "RUB"})
			},
			credit("c1", "10.00"), credit("c1", "10.00"), debit("d1", "10.00"), debit("d1", "10.00"), debit("d2", "0.01"),
			credit("c2", "3.00"), credit("c1", "10.01"),
		}
	}
	run := func(store *mapStore) (outcome string) {
		book := billing.NewBook(store)
		for _, step := range history(book) {
			err := step(t.Context())
			for errors.Is(err, errDown) {
				require.False(t, billing.Permanent(err))
				err = step(t.Context())
			}
			outcome += fmt.Sprintln(err)
		}
		return outcome + fmt.Sprint(store.accounts, store.entries)
	}

	calm := newStore()
	want := run(calm)
	require.Contains(t, want, "insufficient funds")
	require.Contains(t, want, "key reused")
	total := len(calm.calls)
	require.Greater(t, total, 15)
	for _, acted := range []bool{false, true} {
		for n := range total {
			store := newStore()
			calls := 0
			store.hook = func(_ string, act func() error) error {
				calls++
				if calls != n+1 {
					return act()
				}
				if acted {
					_ = act()
				}
				return errDown
			}
			require.Equal(t, want, run(store), "call %d, acted %v", n+1, acted)
		}
	}
}

func TestPermanent(t *testing.T) {
	for _, err := range []error{
		billing.ErrInvalid, &billing.InvalidError{}, billing.ErrUnknownAccount, billing.ErrKeyReused,
		billing.ErrCurrencyMismatch, billing.ErrOverflow, billing.ErrInsufficientFunds,
		fmt.Errorf("x: %w", billing.ErrKeyReused),
	} {
		require.True(t, billing.Permanent(err), "%v", err)
	}
	for _, err := range []error{
		nil, errDown, context.Canceled, context.DeadlineExceeded, billing.ErrConflict, billing.ErrNotFound, billing.ErrKeyTaken,
	} {
		require.False(t, billing.Permanent(err), "%v", err)
	}
}
