package web

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// draw makes a page in a language.
func draw(t *testing.T, l language, f frame) string {
	t.Helper()
	set, err := parsePages(l, time.UTC)
	require.NoError(t, err)
	f.Lang = l
	var page bytes.Buffer
	require.NoError(t, set[f.Page].Execute(&page, f))
	require.NotContains(t, page.String(), "ZgotmplZ")
	return page.String()
}

// anyPayment has something of everything.
func anyPayment(status payment.Status) payment.Payment {
	rub := billing.MustMoney("100.00", "RUB")
	p := payment.Payment{ID: "pay_1", Account: "42", Purpose: payment.RenderedServices, Description: "services"}
	p.Status, p.Total = status, rub
	for i, state := range payment.AttemptStates() {
		p.Attempts = append(p.Attempts, payment.Attempt{
			Number: i + 1, Method: "wallet", State: state, Asked: rub, Worth: rub, Code: "05",
			Charges: []payment.Charge{{Reference: "ch-1", Amount: rub, Place: payment.Settled}, {Reference: "ch-2", Amount: rub, Place: payment.Onward}},
		})
	}
	return p
}

func TestEveryStatusHasItsStoryInBothLanguages(t *testing.T) {
	told := map[string]bool{}
	for _, status := range payment.Statuses() {
		for _, attempts := range []int{0, len(payment.AttemptStates())} {
			for _, posting := range []payment.PostingState{payment.Posted, payment.PostingPending, payment.PostingStuck} {
				p := anyPayment(status)
				p.Attempts = p.Attempts[:attempts]
				s := tell(p, posting)
				told[s.Key] = true
				for _, l := range languages {
					body := paymentPage{Payment: p, Story: s, Methods: []connector.Method{{ID: "wallet", Name: "Wallet"}}, Balance: p.Total}
					head, err := l.say("story." + s.Key + ".head")
					require.NoError(t, err)
					require.Contains(t, draw(t, l, frame{Page: "payment", Title: "payment.title", Body: body}), head)
					draw(t, l, frame{Page: "operator_payment", Title: "payment.title", Body: operatorPaymentPage{Payment: p, Posting: posting}})
				}
			}
		}
	}
	require.Greater(t, len(told), 8)
}

func TestStoryFollowsTheStore(t *testing.T) {
	attempt := func(state payment.AttemptState, change ...func(*payment.Attempt)) payment.Payment {
		p := anyPayment(payment.WaitingForPayment)
		p.Attempts = []payment.Attempt{{Number: 1, Method: "card", State: state}}
		for _, f := range change {
			f(&p.Attempts[0])
		}
		return p
	}
	onBalance := func(a *payment.Attempt) { a.Method = payment.MethodBalance }
	late := func(a *payment.Attempt) { a.Deadline, a.EndedAt = time.Unix(100, 0), time.Unix(101, 0) }
	charged := func(place payment.Place) func(*payment.Attempt) {
		return func(a *payment.Attempt) { a.Charges = []payment.Charge{{Place: place}} }
	}
	with := func(p payment.Payment, status payment.Status, purpose payment.Purpose) payment.Payment {
		p.Status, p.Purpose, p.Current = status, purpose, 1
		return p
	}
	for want, p := range map[string]payment.Payment{
		"failed":            attempt(payment.AttemptFailed),
		"no_funds":          attempt(payment.AttemptFailed, onBalance),
		"overdue":           attempt(payment.AttemptOverdue),
		"review":            attempt(payment.AttemptDiscrepant, charged(payment.Discrepancy)),
		"processing":        with(attempt(payment.AttemptLive), payment.Processing, payment.TopUp),
		"debiting":          with(attempt(payment.AttemptLive, onBalance), payment.Processing, payment.RenderedServices),
		"credited":          with(attempt(payment.AttemptSucceeded, charged(payment.Settled)), payment.Completed, payment.TopUp),
		"paid":              with(attempt(payment.AttemptSucceeded, charged(payment.Settled)), payment.Completed, payment.RenderedServices),
		"late":              with(attempt(payment.AttemptSucceeded, late), payment.Completed, payment.TopUp),
		"surplus":           with(attempt(payment.AttemptSucceeded, charged(payment.Surplus)), payment.Completed, payment.TopUp),
		"cancelled":         with(attempt(payment.AttemptFailed), payment.Cancelled, payment.TopUp),
		"cancelled_surplus": with(attempt(payment.AttemptSucceeded, charged(payment.Surplus)), payment.Cancelled, payment.TopUp),
	} {
		require.Equal(t, want, tell(p, payment.Posted).Key)
	}
	paid := with(attempt(payment.AttemptSucceeded, charged(payment.Settled)), payment.Completed, payment.TopUp)
	require.Equal(t, "crediting", tell(paid, payment.PostingPending).Key, "nothing is promised before the ledger has it")
	require.Equal(t, "stuck", tell(paid, payment.PostingStuck).Key)
}

func TestForeignTextIsOnlyText(t *testing.T) {
	const hostile = `<script>alert("x")</script>`
	p := anyPayment(payment.WaitingForPayment)
	p.Message, p.Description = hostile, hostile
	p.Attempts[0].Message, p.Attempts[0].Charges[0].Reference = hostile, hostile
	rcp := payment.Receipt{ID: "rcp_1", Charge: hostile, Reference: hostile, Reason: hostile, Method: hostile}
	rcp.Status = payment.ReceiptOpen
	past := history{Events: []happening{{Seq: 1, Name: hostile, By: hostile, Reason: hostile}}}
	show := connector.Show{URL: "javascript:alert(1)", Method: "POST", Fields: []connector.Field{{Name: hostile, Value: hostile}}, Text: hostile}
	for name, body := range map[string]any{
		"payment":          paymentPage{Payment: p, Story: tell(p, payment.Posted)},
		"operator_payment": operatorPaymentPage{Payment: p, history: past},
		"operator_receipt": operatorReceiptPage{Receipt: rcp, history: past},
		"handoff":          map[string]any{"Payment": p, "Show": connector.Show{URL: "https://pay.example/", Fields: show.Fields, Text: hostile}},
	} {
		page := draw(t, english, frame{Page: name, Title: "payment.title", Body: body})
		require.NotContains(t, page, "<script", name)
		require.Contains(t, page, "&lt;script&gt;", name)
	}
	set, err := parsePages(english, time.UTC)
	require.NoError(t, err)
	var page bytes.Buffer
	require.NoError(t, set["handoff"].Execute(&page, frame{Page: "handoff", Title: "handoff.title", Lang: english, Body: map[string]any{"Payment": p, "Show": show}}))
	require.NotContains(t, page.String(), "javascript:", "an address that is no web address is not linked to")
}

func TestAlteredHistoryIsShown(t *testing.T) {
	body := operatorPaymentPage{Payment: anyPayment(payment.Completed), history: history{Tampered: &payment.TamperError{Record: "pay_1", Seq: 3, What: "altered"}}}
	page := draw(t, english, frame{Page: "operator_payment", Title: "payment.title", Body: body})
	require.Contains(t, page, "History altered")
	require.Contains(t, page, "It does not hold from event 3 on: altered.")
	require.NotContains(t, page, "History intact")
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{})
	require.ErrorContains(t, err, "required")
}
