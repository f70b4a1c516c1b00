package paymenttest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

func stores() paymenttest.Stores {
	db := new(memory.DB)
	return paymenttest.Stores{Payments: db.Payments(), Accounts: db.Ledger(), Connectors: db.Connectors()}
}

// live lives a drawn life to its end and audits it.
func live(ctx context.Context, cfg paymenttest.Config) error {
	h, err := paymenttest.New(ctx, cfg)
	if err != nil {
		return err
	}
	l := paymenttest.NewLife(h, "a", "b")
	if err := errors.Join(l.Run(ctx, paymenttest.Draw(cfg.Seed, 150)), l.Finish(ctx)); err != nil {
		return err
	}
	return h.Audit(ctx)
}

// store is a payment.Store with something wrong.
type store struct {
	payment.Store
	apply func(ctx context.Context, s payment.Store, n int64, c payment.Change) error
	read  func(e *payment.Event)
	calls atomic.Int64
}

func (s *store) Apply(ctx context.Context, c payment.Change) error {
	if s.apply == nil {
		return s.Store.Apply(ctx, c)
	}
	return s.apply(ctx, s.Store, s.calls.Add(1), c)
}

func (s *store) Events(ctx context.Context, record string, after int64, limit int) ([]payment.Event, error) {
	events, err := s.Store.Events(ctx, record, after, limit)
	for i := range events {
		if s.read != nil {
			s.read(&events[i])
		}
	}
	return events, err
}

// ledger is a billing.Ledger with something wrong.
type ledger struct {
	billing.Ledger
	credit func(l billing.Ledger, n int64, p billing.Posting) error
	calls  atomic.Int64
}

func (l *ledger) Credit(_ context.Context, p billing.Posting) error {
	return l.credit(l.Ledger, l.calls.Add(1), p)
}

// twice makes every call of a gateway twice.
type twice struct{ connector.Transport }

func (w twice) Do(ctx context.Context, r connector.Request) (connector.Answer, error) {
	_, _ = w.Transport.Do(ctx, r)
	return w.Transport.Do(ctx, r)
}

// The audit is worth as much as what it notices.
func TestAuditNotices(t *testing.T) {
	applying := func(apply func(ctx context.Context, s payment.Store, n int64, c payment.Change) error) func(*paymenttest.Config) {
		return func(c *paymenttest.Config) { c.Stores.Payments = &store{Store: c.Stores.Payments, apply: apply} }
	}
	crediting := func(credit func(l billing.Ledger, n int64, p billing.Posting) error) func(*paymenttest.Config) {
		return func(c *paymenttest.Config) {
			c.Adapt = func(p *payment.Config) { p.Ledger = &ledger{Ledger: p.Ledger, credit: credit} }
		}
	}
	without := func(queue string) func(*paymenttest.Config) {
		return applying(func(ctx context.Context, s payment.Store, n int64, c payment.Change) error {
			c.Put = slices.DeleteFunc(slices.Clone(c.Put), func(t payment.Task) bool { return t.Queue == queue && n%3 == 0 })
			return s.Apply(ctx, c)
		})
	}
	ctx := t.Context()
	for name, spoil := range map[string]func(*paymenttest.Config){
		"a write that is acknowledged and lost": applying(func(ctx context.Context, s payment.Store, n int64, c payment.Change) error {
			if n%20 == 0 {
				return nil
			}
			return s.Apply(ctx, c)
		}),
		"charges that are not claimed": applying(func(ctx context.Context, s payment.Store, _ int64, c payment.Change) error {
			c.Claims = slices.DeleteFunc(slices.Clone(c.Claims), func(c payment.Claim) bool { return strings.HasPrefix(c.Scope, "charge/") })
			return s.Apply(ctx, c)
		}),
		"a lost posting":  without("ledger"),
		"a lost transfer": without("transfer"),
		"a record that is not what its history says": applying(func(ctx context.Context, s payment.Store, n int64, c payment.Change) error {
			if n%20 == 0 {
				c.Record.Body = bytes.Replace(c.Record.Body, []byte("100.00"), []byte("900.00"), 1)
			}
			return s.Apply(ctx, c)
		}),
		"an event that was altered": func(c *paymenttest.Config) {
			c.Stores.Payments = &store{Store: c.Stores.Payments, read: func(e *payment.Event) {
				e.Body = bytes.Replace(e.Body, []byte("surplus"), []byte("settled"), 1)
			}}
		},
		"a ledger that forgets a credit": crediting(func(l billing.Ledger, n int64, p billing.Posting) error {
			if n%3 == 0 {
				return nil
			}
			return l.Credit(ctx, p)
		}),
		"a ledger that credits twice": crediting(func(l billing.Ledger, n int64, p billing.Posting) error {
			err := l.Credit(ctx, p)
			p.Key += fmt.Sprint("/", n)
			return errors.Join(err, l.Credit(ctx, p))
		}),
		"a transport that repeats calls": func(c *paymenttest.Config) {
			c.Adapt = func(p *payment.Config) { p.Transport = twice{p.Transport} }
		},
		"a host that credits other payments than top-ups": func(c *paymenttest.Config) {
			c.Adapt = func(p *payment.Config) { p.CreditAll = true }
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(50) {
				cfg := paymenttest.Config{Stores: stores(), Seed: seed}
				require.NoError(t, live(ctx, cfg))
				cfg.Stores = stores()
				if spoil(&cfg); live(ctx, cfg) != nil {
					return
				}
			}
			t.Fatal("nothing was noticed in 50 lives")
		})
	}
}

// A trial is worth as much as what it notices: here the program forgets to try again what failed.
func TestTrialNotices(t *testing.T) {
	impatient := func(c *payment.Config) {
		c.Store = &store{Store: c.Store, apply: func(ctx context.Context, s payment.Store, _ int64, change payment.Change) error {
			if err := s.Apply(ctx, change); !errors.Is(err, paymenttest.ErrFault) {
				return err
			}
			return nil // as if it had been written
		}}
	}
	_, err := paymenttest.Trial{
		Life: paymenttest.ShortLife(), Config: paymenttest.Config{Adapt: impatient},
		Fresh: func(context.Context) (paymenttest.Stores, func() error, error) {
			return stores(), func() error { return nil }, nil
		},
	}.Run(t.Context())
	require.ErrorContains(t, err, string(paymenttest.BeforeActing))
}

func TestListenerNoticesGaps(t *testing.T) {
	listener := paymenttest.NewListener()
	h, err := paymenttest.New(t.Context(), paymenttest.Config{Stores: stores(), Listener: listener})
	require.NoError(t, err)
	l := paymenttest.NewLife(h, "a")
	require.NoError(t, l.Run(t.Context(), paymenttest.ShortLife()))
	require.NoError(t, l.Finish(t.Context()))
	require.NoError(t, h.Settled(t.Context()))
	require.NoError(t, listener.Send(t.Context(), payment.Notice{Record: "pay", Seq: 2}))
	require.ErrorContains(t, h.Settled(t.Context()), "told after")
}

func TestDrawnMovesComeInAllKinds(t *testing.T) {
	kinds := map[string]bool{}
	for _, m := range paymenttest.Draw(1, 5000) {
		kinds[m.What] = true
	}
	require.Len(t, kinds, len(paymenttest.Kinds()))
	require.Equal(t, paymenttest.Draw(7, 100), paymenttest.Draw(7, 100)) //nolint:testifylint // drawn twice
	h, err := paymenttest.New(t.Context(), paymenttest.Config{Stores: stores()})
	require.NoError(t, err)
	require.ErrorContains(t, paymenttest.NewLife(h).Run(t.Context(), []paymenttest.Move{{What: "dance"}}), "no move")
}
