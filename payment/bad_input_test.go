package payment_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/settings"
	"github.com/oplata-go/oplata/payment"
)

// stored is all that the store holds of payments and receipts.
func (h *host) stored() string {
	h.t.Helper()
	records, err := h.db.Payments().List(h.ctx, payment.Query{Limit: 1000})
	require.NoError(h.t, err)
	tasks, err := h.db.Payments().Tasks(h.ctx, payment.TaskQuery{Limit: 1000})
	require.NoError(h.t, err)
	return fmt.Sprintf("%+v %+v", records, tasks)
}

func TestBadCommandsNameWhatIsWrongAndWriteNothing(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	long := strings.Repeat("x", 1001)
	create := func(change func(*payment.CreateParams)) func() error {
		params := payment.CreateParams{Account: account, Total: rub("1.00"), Purpose: payment.TopUp}
		change(&params)
		return func() error { _, err := h.Create(h.ctx, params); return err }
	}
	for _, c := range []struct {
		name   string
		do     func() error
		fields []string
	}{
		{"no account", create(func(p *payment.CreateParams) { p.Account = "" }), []string{"Account"}},
		{"no total", create(func(p *payment.CreateParams) { p.Total = billing.Money{} }), []string{"Total"}},
		{"a negative total", create(func(p *payment.CreateParams) { p.Total = rub("-1.00") }), []string{"Total"}},
		{"an unknown purpose", create(func(p *payment.CreateParams) { p.Purpose = "gift" }), []string{"Purpose"}},
		{"invalid UTF-8", create(func(p *payment.CreateParams) { p.Description = "\xff" }), []string{"Description"}},
		{"a zero byte", create(func(p *payment.CreateParams) { p.Order = "a\x00" }), []string{"Order"}},
		{"a due date of a top-up", create(func(p *payment.CreateParams) { p.DueAt = h.clock.Now() }), []string{"DueAt"}},
		{"all at once", create(func(p *payment.CreateParams) {
			*p = payment.CreateParams{Key: long, Description: long, DueAt: time.Unix(1, 0)}
		}), []string{"Key", "Account", "Description", "Total", "Purpose"}},
		{"an operator without name and reason", func() error {
			_, err := h.Approve(h.ctx, payment.CommandParams{Payment: p.ID})
			return err
		}, []string{"By", "Reason"}},
		{"more from the balance than is outstanding", func() error {
			q := h.services("10.00")
			h.fund("500.00")
			before := h.stored()
			_, err := h.PayFromBalance(h.ctx, payment.PayFromBalanceParams{CommandParams: by(q), Amount: rub("10.01")})
			require.Equal(t, before, h.stored())
			return err
		}, []string{"Amount"}},
		{"an unknown resolution without worth", func() error {
			_, err := h.Resolve(h.ctx, payment.ResolveParams{CommandParams: by(p), How: "guess"})
			return err
		}, []string{"How", "Worth"}},
		{"an assignment to nobody", func() error {
			_, err := h.Assign(h.ctx, payment.AssignParams{})
			return err
		}, []string{"By", "Reason", "Payment", "Worth"}},
		{"joining one", func() error {
			_, err := h.Join(h.ctx, payment.JoinParams{Payments: []string{p.ID}})
			return err
		}, []string{"Payments"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := h.stored()
			err := c.do()
			require.ErrorIs(t, err, payment.ErrInvalid)
			for _, field := range c.fields {
				require.ErrorContains(t, err, "invalid "+field+": ")
			}
			require.NotContains(t, err.Error(), "xxxx", "an error shows no value")
			if c.name != "more from the balance than is outstanding" {
				require.Equal(t, before, h.stored())
			}
		})
	}
}

func TestUnknownThingsAreNotFound(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	before := h.stored()
	_, err := h.Start(h.ctx, payment.StartParams{Payment: "pay_none", Method: h.card})
	require.ErrorIs(t, err, payment.ErrNotFound)
	_, err = h.Start(h.ctx, payment.StartParams{Payment: p.ID, Method: "none"})
	require.ErrorIs(t, err, connector.ErrNotFound)
	got, err := h.Receive(h.ctx, "none", connector.Inbound{})
	require.ErrorIs(t, err, connector.ErrNotFound)
	require.Equal(t, http.StatusNotFound, got.Reply.Status)
	_, err = h.Resolve(h.ctx, payment.ResolveParams{CommandParams: by(p), Charge: "none", How: payment.ResolveCredit, Worth: rub("1.00")})
	require.ErrorIs(t, err, payment.ErrNotFound)
	require.Equal(t, before, h.stored())
}

func TestWrongSettingsAreNamedAllAtOnce(t *testing.T) {
	h := newHost(t)
	_, err := h.connectors.CreateMethod(h.ctx, connector.CreateMethodParams{
		By: h.root, Connector: mustMethod(t, h, h.card).Connector, Name: "Card",
		Settings: json.RawMessage(`{"merchant":"NO WAY","begin":"never","extra":1}`),
	})
	var wrong *settings.Error
	require.ErrorAs(t, err, &wrong)
	require.GreaterOrEqual(t, len(wrong.Faults), 4, "merchant, begin, extra, and the key that is missing")
	require.NotContains(t, err.Error(), "NO WAY")
}

func mustMethod(t *testing.T, h *host, id string) connector.Method {
	t.Helper()
	m, err := h.connectors.Method(h.ctx, h.root, id)
	require.NoError(t, err)
	return m
}

func TestFalseMessagesAreRefusedWithTheirCause(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	genuine := h.world.Sender().Charged(a.Reference, "ch-1", rub("100.00"))
	unsigned := genuine
	unsigned.Header = http.Header{}
	large := genuine
	large.Body = make([]byte, connector.MaxInbound+1)
	for name, c := range map[string]struct {
		in     connector.Inbound
		status int
		is     error
	}{
		"unsigned":     {unsigned, http.StatusForbidden, connector.ErrBadSignature},
		"altered":      {h.world.Sender().Forged(genuine), http.StatusForbidden, connector.ErrBadSignature},
		"another key":  {h.world.Sender().OtherKey(genuine), http.StatusForbidden, connector.ErrBadSignature},
		"too large":    {large, http.StatusRequestEntityTooLarge, connector.ErrBadMessage},
		"not readable": {h.world.Sender().Signed([]byte("\xff{")), http.StatusBadRequest, connector.ErrBadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.stored()
			got, err := h.Receive(h.ctx, h.card, c.in)
			require.ErrorIs(t, err, c.is)
			require.Equal(t, c.status, got.Reply.Status)
			require.Equal(t, before, h.stored())
		})
	}
}

func TestGenuineMoneyIsNeverRefused(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	other := h.world.Sender()
	other.Merchant = "m-2" // another product, signed with our key
	for name, c := range map[string]struct {
		in   connector.Inbound
		want func(payment.Received) bool
	}{
		"an unknown order": {
			h.world.Sender().Charged("unknown", "c-1", rub("5.00")),
			func(r payment.Received) bool { return r.Receipt.Status == payment.ReceiptOpen },
		},
		"another product": {
			other.Charged(a.Reference, "c-2", rub("100.00")),
			func(r payment.Received) bool { return r.Receipt.Status == payment.ReceiptOpen },
		},
		"another currency": {
			h.world.Sender().Charged(a.Reference, "c-3", billing.MustMoney("100.00", "USD")),
			func(r payment.Received) bool { return r.Payment.UnderReview() },
		},
		"another amount": {
			h.world.Sender().Charged(a.Reference, "c-4", rub("99.99")),
			func(r payment.Received) bool { return r.Payment.UnderReview() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.True(t, c.want(h.receive(h.card, c.in)))
			before := h.stored()
			require.True(t, c.want(h.receive(h.card, c.in)), "a replay gives the same answer")
			require.Equal(t, before, h.stored(), "and changes nothing")
		})
	}
}

func TestIdempotencyKeyStandsForItsParameters(t *testing.T) {
	h := newHost(t)
	params := payment.CreateParams{Key: "k", Account: account, Total: rub("1.00"), Purpose: payment.TopUp}
	first, err := h.Create(h.ctx, params)
	require.NoError(t, err)
	again, err := h.Create(h.ctx, params)
	require.NoError(t, err)
	require.Equal(t, first, again)
	params.Total = rub("2.00")
	_, err = h.Create(h.ctx, params)
	require.ErrorIs(t, err, payment.ErrKeyReused)

	start := payment.StartParams{Key: "k", Payment: first.ID, Method: h.card}
	a, err := h.Start(h.ctx, start)
	require.NoError(t, err)
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("1.00")))
	b, err := h.Start(h.ctx, start)
	require.NoError(t, err, "the same start after the payment was completed")
	require.Equal(t, a.Number, b.Number)
	start.Method = h.wallet
	_, err = h.Start(h.ctx, start)
	require.ErrorIs(t, err, payment.ErrKeyReused)

	cancel := by(h.topUp("3.00"))
	cancel.Key = "k"
	for range 2 {
		got, err := h.Cancel(h.ctx, cancel)
		require.NoError(t, err)
		require.Equal(t, payment.Cancelled, got.Status)
	}
}
