package payment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// host is a program that embeds the SDK, with two payment methods: card cannot be asked for the status, wallet can.
type host struct {
	*payment.Service
	t          testing.TB
	ctx        context.Context
	clock      *clock
	db         *memory.DB
	book       *billing.Book
	connectors *connector.Service
	world      *connectortest.World // the company behind both methods
	card       string
	wallet     string
	root       connector.Actor
}

const account = "42"

func rub(value string) billing.Money { return billing.MustMoney(value, "RUB") }

// newHost makes a host; each change adapts its configuration.
func newHost(t testing.TB, change ...func(*payment.Config)) *host {
	t.Helper()
	h := &host{
		t: t, ctx: t.Context(), clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, db: new(memory.DB),
		root: connector.Actor{Reseller: "root", Name: "admin"},
	}
	key, err := secret.GenerateKey("k1")
	require.NoError(t, err)
	ring, err := secret.NewRing(key)
	require.NoError(t, err)
	h.book = billing.NewBook(h.db.Ledger())
	h.connectors, err = connector.New(connector.Config{
		Store: h.db.Connectors(), Kinds: []connector.Kind{connectortest.Kind(), connectortest.KindMute()}, Secrets: ring, Now: h.clock.Now,
	})
	require.NoError(t, err)
	signing := secret.New("signing-key-of-the-merchant")
	h.world = connectortest.NewWorld(connectortest.Settings{Merchant: "m-1", Key: signing})
	cfg := payment.Config{
		Store: h.db.Payments(), Connectors: h.connectors, Ledger: h.book, Transport: h.world, Now: h.clock.Now,
	}
	for _, f := range change {
		f(&cfg)
	}
	h.Service, err = payment.New(cfg)
	require.NoError(t, err)
	h.card = h.method(connectortest.KindMute().Name(), "m-1", connectortest.BeginShow)
	h.wallet = h.method(connectortest.ScriptedKind, "m-1", connectortest.BeginShow)
	return h
}

// method makes a connector of the kind with a period of 15 minutes, and a payment method on it.
func (h *host) method(kind, merchant string, begin connectortest.Begin) string {
	h.t.Helper()
	c, err := h.connectors.Create(h.ctx, connector.CreateParams{By: h.root, Name: kind, Kind: kind, Period: 15 * time.Minute})
	require.NoError(h.t, err)
	m, err := h.connectors.CreateMethod(h.ctx, connector.CreateMethodParams{
		By: h.root, Connector: c.ID, Name: kind, Settings: json.RawMessage(fmt.Sprintf(
			`{"merchant":%q,"key":"signing-key-of-the-merchant","begin":%q}`, merchant, begin)),
	})
	require.NoError(h.t, err)
	return m.ID
}

// topUp makes a top-up of the account.
func (h *host) topUp(total string) payment.Payment {
	h.t.Helper()
	p, err := h.Create(h.ctx, payment.CreateParams{Account: account, Total: rub(total), Purpose: payment.TopUp})
	require.NoError(h.t, err)
	return p
}

// services makes a payment for rendered services, due in ten days.
func (h *host) services(total string) payment.Payment {
	h.t.Helper()
	p, err := h.Create(h.ctx, payment.CreateParams{
		Account: account, Total: rub(total), Purpose: payment.RenderedServices, DueAt: h.clock.Now().Add(240 * time.Hour),
	})
	require.NoError(h.t, err)
	return p
}

func (h *host) start(p payment.Payment, method string) payment.Attempt {
	h.t.Helper()
	a, err := h.Start(h.ctx, payment.StartParams{Payment: p.ID, Method: method, By: "payer"})
	require.NoError(h.t, err)
	return a
}

func (h *host) receive(method string, in connector.Inbound) payment.Received {
	h.t.Helper()
	got, err := h.Receive(h.ctx, method, in)
	require.NoError(h.t, err)
	require.Equal(h.t, 200, got.Reply.Status)
	return got
}

// after moves the clock and lets timers act.
func (h *host) after(d time.Duration) {
	h.t.Helper()
	h.clock.add(d)
	require.NoError(h.t, h.Tick(h.ctx))
}

// now reads the payment.
func (h *host) now(p payment.Payment) payment.Payment {
	h.t.Helper()
	p, err := h.Payment(h.ctx, p.ID)
	require.NoError(h.t, err)
	return p
}

// balance is the account's balance after everything was delivered; every history is verified on the way.
func (h *host) balance() string {
	h.t.Helper()
	require.NoError(h.t, h.Deliver(h.ctx))
	records, err := h.db.Payments().List(h.ctx, payment.Query{Limit: 1000})
	require.NoError(h.t, err)
	for _, rec := range records {
		require.NoError(h.t, h.Verify(h.ctx, payment.VerifyParams{Record: rec.ID}))
	}
	balance, err := h.book.Balance(h.ctx, account)
	if err != nil {
		require.ErrorIs(h.t, err, billing.ErrUnknownAccount)
		return "none"
	}
	return balance.Value()
}

// fund credits the account.
func (h *host) fund(amount string) {
	h.t.Helper()
	require.NoError(h.t, h.book.Credit(h.ctx, billing.Posting{Key: "fund-" + amount, Account: account, Amount: rub(amount), At: h.clock.Now()}))
}

func by(p payment.Payment) payment.CommandParams {
	return payment.CommandParams{Payment: p.ID, By: "operator", Reason: "because"}
}
