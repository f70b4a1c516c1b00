package billingtest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/billing/billingtest"
)

// ledger is a small correct ledger. A test breaks it through one of its parts.
type ledger struct {
	mu       sync.Mutex
	done     map[string]posting
	balances map[string]billing.Money

	locked    bool                                            // postings of a key wait for each other
	key       func(billing.Posting) string                    // what makes a posting unique
	same      func(first, again posting) bool                 // whether a repeat is one
	validate  func(billing.Posting) error                     // what is malformed
	alive     func(context.Context) error                     // what a cancelled context means
	affords   func(balance billing.Money, p posting) bool     // whether the balance allows it
	add       func(a, b billing.Money) (billing.Money, error) // how sums are made
	fundsLast bool                                            // whether a known key wins over a lack of funds
	burns     bool                                            // whether a refusal uses up the key
	autoOpens bool                                            // whether debits make accounts
}

type posting struct {
	account string
	amount  billing.Money
	forced  bool
}

func newLedger() *ledger {
	return &ledger{
		done:     map[string]posting{},
		balances: map[string]billing.Money{},
		locked:   true,
		key:      func(p billing.Posting) string { return p.Key },
		same:     func(a, b posting) bool { return a.account == b.account && a.amount == b.amount },
		validate: billing.Posting.Validate,
		alive:    context.Context.Err,
		affords: func(balance billing.Money, p posting) bool {
			return p.forced || p.amount.Sign() > 0 || balance.Sign() >= 0
		},
		add:       billing.Money.Add,
		fundsLast: true,
	}
}

func (l *ledger) Credit(ctx context.Context, p billing.Posting) error {
	return l.post(ctx, p, posting{p.Account, p.Amount, false})
}

func (l *ledger) Debit(ctx context.Context, p billing.Posting) error {
	return l.post(ctx, p, posting{p.Account, p.Amount.Neg(), p.Forced})
}

func (l *ledger) post(ctx context.Context, p billing.Posting, now posting) error {
	if err := errors.Join(l.alive(ctx), l.validate(p)); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := l.key(p)
	first, known := l.done[key]
	balance, refusal := l.balance(now)
	if known && (l.fundsLast || refusal == nil) {
		if !l.same(first, now) {
			return billing.ErrKeyReused
		}
		return nil
	}
	if refusal != nil {
		if l.burns {
			l.done[key] = now
		}
		return refusal
	}
	if !l.locked { // let others in between reading and writing
		l.mu.Unlock()
		for range 100 {
			runtime.Gosched()
		}
		l.mu.Lock()
	}
	l.done[key] = now
	l.balances[now.account] = balance
	return nil
}

// balance returns the balance after the posting, or why it is refused.
func (l *ledger) balance(p posting) (billing.Money, error) {
	balance, exists := l.balances[p.account]
	if !exists {
		if p.amount.Sign() < 0 && !l.autoOpens {
			return billing.Money{}, billing.ErrUnknownAccount
		}
		return p.amount, nil
	}
	balance, err := l.add(balance, p.amount)
	if err != nil {
		return billing.Money{}, err
	}
	if !l.affords(balance, p) {
		return billing.Money{}, billing.ErrInsufficientFunds
	}
	return balance, nil
}

func (l *ledger) Balance(_ context.Context, account string) (billing.Money, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	balance, ok := l.balances[account]
	if !ok {
		return billing.Money{}, billing.ErrUnknownAccount
	}
	return balance, nil
}

// failing runs the suite on ledgers of one making and returns the names of the checks that fail.
func failing(t *testing.T, build func() *ledger) []string {
	t.Helper()
	harness := billingtest.Harness{New: func(context.Context) (billingtest.Subject, error) {
		l := build()
		return billingtest.Subject{Ledger: l, Balance: l.Balance}, nil
	}}
	var names []string
	for _, check := range billingtest.Checks() {
		if err := check.Run(t.Context(), harness); err != nil {
			t.Logf("%s: %v", check.Name, err)
			names = append(names, check.Name)
		}
	}
	return names
}

func TestCorrectLedgerPasses(t *testing.T) {
	require.Empty(t, failing(t, newLedger))
}

func TestBrokenLedgersAreCaught(t *testing.T) {
	for _, c := range []struct {
		fault  string
		breaks func(*ledger)
		caught string // the check that says what is wrong
	}{
		{
			"every posting is new",
			func(l *ledger) {
				n := 0
				l.key = func(p billing.Posting) string { n++; return p.Key + strings.Repeat("'", n) }
			},
			"a repeated credit moves nothing",
		},
		{
			"a repeat has to be equal in all fields",
			func(l *ledger) {
				l.key = func(p billing.Posting) string { return p.Key + p.Comment }
			},
			"a repeat may come with another comment and time",
		},
		{
			"the amount of a repeat is not looked at",
			func(l *ledger) {
				l.same = func(a, b posting) bool { return a.account == b.account && a.amount.Sign() == b.amount.Sign() }
			},
			"a used key is refused for another amount",
		},
		{
			"keys are kept per account",
			func(l *ledger) { l.key = func(p billing.Posting) string { return p.Account + " " + p.Key } },
			"a used key is refused for another account",
		},
		{
			"the direction of a repeat is not looked at",
			func(l *ledger) {
				l.same = func(a, b posting) bool { return a.account == b.account && a.amount.Abs() == b.amount.Abs() }
			},
			"a used key is refused in the other direction",
		},
		{
			"keys are compared without case",
			func(l *ledger) { l.key = func(p billing.Posting) string { return strings.ToLower(p.Key) } },
			"keys and accounts are compared byte for byte",
		},
		{
			"long keys are cut",
			func(l *ledger) { l.key = func(p billing.Posting) string { return p.Key[:min(len(p.Key), 190)] } },
			"the longest texts are taken",
		},
		{
			"funds are looked at before the key",
			func(l *ledger) { l.fundsLast = false },
			"a repeated debit that has emptied the account is no lack of funds",
		},
		{
			"a refusal uses up the key",
			func(l *ledger) { l.burns = true },
			"a debit beyond the balance moves nothing and leaves its key free",
		},
		{
			"overdrafts are taken",
			func(l *ledger) { l.affords = func(billing.Money, posting) bool { return true } },
			"a debit beyond the balance moves nothing and leaves its key free",
		},
		{
			"the last minor unit cannot be taken",
			func(l *ledger) {
				l.affords = func(b billing.Money, p posting) bool { return p.forced || p.amount.Sign() > 0 || b.Sign() > 0 }
			},
			"an account may be emptied to the last minor unit",
		},
		{
			"forced debits are refused",
			func(l *ledger) { l.affords = func(b billing.Money, _ posting) bool { return b.Sign() >= 0 } },
			"a forced debit may take the balance below zero, an ordinary one not even further",
		},
		{
			"currencies mix",
			func(l *ledger) {
				l.add = func(a, b billing.Money) (billing.Money, error) {
					return billing.FromMinor(a.Minor()+b.Minor(), a.Currency())
				}
			},
			"another currency is refused and leaves its key free",
		},
		{
			"sums are floats",
			func(l *ledger) {
				l.add = func(a, b billing.Money) (billing.Money, error) {
					if a.Currency() != b.Currency() {
						return billing.Money{}, billing.ErrCurrencyMismatch
					}
					return billing.FromMinor(int64(float64(a.Minor())+float64(b.Minor())), a.Currency())
				}
			},
			"large sums are exact",
		},
		{
			"a cancelled context is ignored",
			func(l *ledger) { l.alive = func(context.Context) error { return nil } },
			"a cancelled context writes nothing",
		},
		{
			"postings are not validated",
			func(l *ledger) { l.validate = func(billing.Posting) error { return nil } },
			"malformed postings are invalid and move nothing",
		},
		{
			"debits make accounts",
			func(l *ledger) { l.autoOpens = true },
			"an account that does not exist cannot be debited",
		},
		{
			"updates are lost",
			func(l *ledger) { l.locked = false },
			"concurrent credits with different keys all arrive",
		},
	} {
		t.Run(c.fault, func(t *testing.T) {
			names := failing(t, func() *ledger {
				l := newLedger()
				c.breaks(l)
				return l
			})
			require.Contains(t, names, c.caught)
		})
	}
}

func TestHarnessFailuresAreReported(t *testing.T) {
	down := errors.New("down")
	ok := func(context.Context) (billingtest.Subject, error) {
		l := newLedger()
		return billingtest.Subject{Ledger: l, Balance: l.Balance}, nil
	}
	check := billingtest.Checks()[0]
	for name, build := range map[string]func(context.Context) (billingtest.Subject, error){
		"New": func(context.Context) (billingtest.Subject, error) { return billingtest.Subject{}, down },
		"Open": func(ctx context.Context) (billingtest.Subject, error) {
			s, err := ok(ctx)
			s.Open = func(context.Context, string) error { return down }
			return s, err
		},
		"Close": func(ctx context.Context) (billingtest.Subject, error) {
			s, err := ok(ctx)
			s.Close = func() error { return down }
			return s, err
		},
	} {
		require.ErrorIs(t, check.Run(t.Context(), billingtest.Harness{New: build}), down, name)
	}
}

func TestChecksHaveUniqueNames(t *testing.T) {
	names := map[string]bool{}
	for _, check := range billingtest.Checks() {
		require.False(t, names[check.Name], check.Name)
		names[check.Name] = true
	}
}

func Example() {
	harness := billingtest.Harness{New: func(context.Context) (billingtest.Subject, error) {
		l := newLedger() // your ledger
		return billingtest.Subject{Ledger: l, Balance: l.Balance}, nil
	}}
	for _, check := range billingtest.Checks() {
		if err := check.Run(context.Background(), harness); err != nil {
			fmt.Println(check.Name, err)
			return
		}
	}
	fmt.Println("the ledger keeps the rules")
	// Output: the ledger keeps the rules
}
