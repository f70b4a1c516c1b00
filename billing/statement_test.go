package billing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/oplata-go/oplata/billing"
)

// monthly returns a book whose account 42 has got 10.00, 20.00, 30.00 and 40.00 at noon of 1, 2, 3 and 4 March.
func monthly(t *testing.T) (*billing.Book, *mapStore) {
	t.Helper()
	store := newStore()
	book := billing.NewBook(store)
	for day := range 4 {
		p := posting(fmt.Sprint("day ", day+1), "42", fmt.Sprintf("%d0.00", day+1))
		p.At = noon.AddDate(0, 0, day)
		require.NoError(t, book.Credit(t.Context(), p))
	}
	return book, store
}

func TestStatementOfAPeriod(t *testing.T) {
	book, _ := monthly(t)
	day := func(n int) time.Time { return noon.AddDate(0, 0, n-1) }
	for name, c := range map[string]struct {
		from, to         time.Time
		opening, closing string
		keys             string
	}{
		"all":                         {time.Time{}, time.Time{}, "0.00", "100.00", "day 1,day 2,day 3,day 4"},
		"from is in, to is out":       {day(2), day(4), "10.00", "60.00", "day 2,day 3"},
		"open end":                    {day(3), time.Time{}, "30.00", "100.00", "day 3,day 4"},
		"open beginning":              {time.Time{}, day(2), "0.00", "10.00", "day 1"},
		"before the first":            {day(-5), day(1), "0.00", "0.00", ""},
		"after the last":              {day(5), day(9), "100.00", "100.00", ""},
		"between two":                 {day(2).Add(1), day(3), "30.00", "30.00", ""},
		"nothing":                     {day(2), day(2), "10.00", "10.00", ""},
		"a nanosecond after is after": {day(2).Add(1), day(3).Add(1), "30.00", "60.00", "day 3"},
	} {
		s, err := book.Statement(t.Context(), billing.StatementParams{Account: "42", From: c.from, To: c.to})
		require.NoError(t, err, name)
		require.Equal(t, rub(c.opening), s.Opening, name)
		require.Equal(t, rub(c.closing), s.Closing, name)
		var keys []string
		for _, e := range s.Entries {
			keys = append(keys, e.Key)
		}
		require.Equal(t, c.keys, strings.Join(keys, ","), name)
		require.Zero(t, s.Next, name)
		require.Equal(t, int64(4), s.Account.Entries)
	}
}

func TestStatementOfAnAccountWithoutEntries(t *testing.T) {
	book := billing.NewBook(newStore())
	require.NoError(t, book.Open(t.Context(), billing.Account{ID: "42", Currency: "JPY"}))
	s, err := book.Statement(t.Context(), billing.StatementParams{Account: "42"})
	require.NoError(t, err)
	zero := billing.MustMoney("0", "JPY")
	require.Equal(t, zero, s.Opening)
	require.Equal(t, zero, s.Closing)
	require.Empty(t, s.Entries)
}

func TestStatementPages(t *testing.T) {
	book, _ := monthly(t)
	for limit, want := range map[int][]int{1: {1, 1, 1}, 2: {2, 1}, 3: {3}, 4: {3}, 0: {3}, 1000: {3}} {
		var pages []int
		params := billing.StatementParams{Account: "42", From: noon.Add(1), Limit: limit}
		for {
			s, err := book.Statement(t.Context(), params)
			require.NoError(t, err)
			require.Equal(t, rub("10.00"), s.Opening, "the balances are those around the period, not the page")
			require.Equal(t, rub("100.00"), s.Closing)
			pages = append(pages, len(s.Entries))
			if params.After = s.Next; s.Next == 0 {
				break
			}
		}
		require.Equal(t, want, pages, "limit %d", limit)
	}
}

// A posting that comes while a statement is made is not in it, neither as an entry nor in a balance.
func TestStatementIsOfOneMoment(t *testing.T) {
	book, store := monthly(t)
	n := 0
	store.hook = func(call string, act func() error) error {
		err := act()
		hook := store.hook
		store.hook = nil
		n++
		late := posting(fmt.Sprint("late ", n), "42", "1.00")
		late.At = noon.AddDate(0, 1, n)
		require.NoError(t, book.Credit(t.Context(), late))
		store.hook = hook
		return err
	}
	for _, to := range []time.Time{{}, noon.AddDate(0, 1, 0), noon.AddDate(1, 0, 0)} {
		s, err := book.Statement(t.Context(), billing.StatementParams{Account: "42", From: noon.Add(1), To: to})
		require.NoError(t, err)
		sum := s.Opening
		for _, e := range s.Entries {
			sum, err = sum.Add(e.Amount)
			require.NoError(t, err)
			require.Equal(t, sum, e.Balance)
		}
		require.Equal(t, s.Closing, sum)
	}
	require.Greater(t, n, 9)
}

func TestStatementParamsAreChecked(t *testing.T) {
	book, _ := monthly(t)
	_, err := book.Statement(t.Context(), billing.StatementParams{From: noon, To: noon.Add(-1), After: -1, Limit: 1001})
	require.EqualError(t, err, "billing: statement: invalid: Account is required; To is before From; After is below zero; "+
		"Limit is not between 0 and 1000")
}

func TestStatementReportsAStoreThatFails(t *testing.T) {
	book, store := monthly(t)
	for n := range 4 { // account, opening, closing, entries
		calls := 0
		store.hook = func(_ string, act func() error) error {
			if calls++; calls == n+1 {
				return errDown
			}
			return act()
		}
		_, err := book.Statement(t.Context(), billing.StatementParams{Account: "42", From: noon, To: noon.AddDate(1, 0, 0)})
		require.ErrorIs(t, err, errDown)
		require.ErrorContains(t, err, `account "42"`)
	}
}

// Whatever is posted, in whatever order of times, every statement adds up and consecutive periods join.
func TestStatementsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		store := newStore()
		book := billing.NewBook(store)
		at := func(name string) time.Time {
			return noon.Add(time.Duration(rapid.Int64Range(-20, 20).Draw(t, name)) * 300 * time.Nanosecond)
		}
		require.NoError(t, book.Open(ctx, billing.Account{ID: "42", Currency: "RUB"}))
		for i := range rapid.IntRange(0, 12).Draw(t, "postings") {
			p := posting(fmt.Sprint(i), "42", "1.00")
			p.Amount, _ = billing.FromMinor(rapid.Int64Range(1, 500).Draw(t, "minor"), "RUB")
			p.At = at("at")
			do := rapid.SampledFrom([]string{"credit", "debit", "forced"}).Draw(t, "do")
			p.Forced = do == "forced"
			post := book.Debit
			if do == "credit" {
				post = book.Credit
			}
			if err := post(ctx, p); err != nil {
				require.ErrorIs(t, err, billing.ErrInsufficientFunds)
			}
		}
		border := at("border")
		before := wholeStatement(t, book, billing.StatementParams{Account: "42", To: border})
		after := wholeStatement(t, book, billing.StatementParams{Account: "42", From: border})
		require.Zero(t, before.Opening.Minor())
		require.Equal(t, before.Closing, after.Opening)
		require.Equal(t, store.accounts["42"].Balance, after.Closing)
		require.Equal(t, store.entries, append(before.Entries, after.Entries...))
	})
}

// wholeStatement reads all pages and checks that they add up.
func wholeStatement(t *rapid.T, book *billing.Book, p billing.StatementParams) billing.Statement {
	p.Limit = rapid.IntRange(1, 5).Draw(t, "limit")
	whole, err := book.Statement(t.Context(), p)
	require.NoError(t, err)
	for whole.Next > 0 {
		p.After = whole.Next
		page, err := book.Statement(t.Context(), p)
		require.NoError(t, err)
		whole.Entries, whole.Next = append(whole.Entries, page.Entries...), page.Next
	}
	sum := whole.Opening
	for _, e := range whole.Entries {
		sum, err = sum.Add(e.Amount)
		require.NoError(t, err)
		require.Equal(t, sum, e.Balance)
	}
	require.Equal(t, whole.Closing, sum)
	return whole
}
