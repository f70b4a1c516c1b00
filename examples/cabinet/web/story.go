package web

import (
	"slices"

	"github.com/oplata-go/oplata/payment"
)

// story says in words how a payment stands.
type story struct {
	Key     string // of the catalog: story.<key>.head and story.<key>.text
	Tone    string
	refresh int // seconds until the page is worth looking at again
}

// stories are the ways a payment can stand, in the order in which they are asked: the first that fits is told.
var stories = []struct {
	story
	fits func(payment.Payment, payment.PostingState) bool
}{
	{story{"review", warn, 0}, func(p payment.Payment, _ payment.PostingState) bool { return p.UnderReview() }},
	{story{"debiting", busy, 2}, is(payment.Processing, withBalance)},
	{story{"processing", busy, 3}, is(payment.Processing)},
	{story{"authorized", busy, 10}, is(payment.Authorized)},
	{story{"stuck", warn, 0}, func(_ payment.Payment, s payment.PostingState) bool { return s == payment.PostingStuck }},
	{story{"crediting", good, 2}, func(p payment.Payment, s payment.PostingState) bool {
		return p.Status == payment.Completed && s == payment.PostingPending
	}},
	{story{"surplus", good, 0}, is(payment.Completed, hasSurplus)},
	{story{"late", good, 0}, is(payment.Completed, isTopUp, wasLate)},
	{story{"credited", good, 0}, is(payment.Completed, isTopUp)},
	{story{"paid", good, 0}, is(payment.Completed)},
	{story{"from_balance", good, 0}, is(payment.PaidFromBalance)},
	{story{"cancelled_surplus", calm, 0}, is(payment.Cancelled, hasSurplus)},
	{story{"cancelled", calm, 0}, is(payment.Cancelled)},
	{story{"no_funds", bad, 0}, last(payment.AttemptFailed, onBalance)},
	{story{"failed", bad, 0}, last(payment.AttemptFailed)},
	{story{"overdue", warn, 0}, last(payment.AttemptOverdue)},
	{story{"pending_billing", calm, 0}, is(payment.PendingBilling)},
	{story{"receipt", calm, 0}, is(payment.ReceiptCreating)},
	{story{"receipt", calm, 0}, is(payment.ReceiptSent)},
	{story{"expired", bad, 0}, is(payment.Expired)},
	{story{"part_paid", calm, 0}, is(payment.WaitingForPayment, func(p payment.Payment) bool { return p.FromBalance.Sign() > 0 })},
	{story{"waiting", calm, 0}, is(payment.WaitingForPayment)},
}

func tell(p payment.Payment, posting payment.PostingState) story {
	for _, s := range stories {
		if s.fits(p, posting) {
			return s.story
		}
	}
	return story{Key: "waiting", Tone: calm}
}

// is fits payments in a status for which everything else holds, too.
func is(status payment.Status, more ...func(payment.Payment) bool) func(payment.Payment, payment.PostingState) bool {
	return func(p payment.Payment, _ payment.PostingState) bool {
		return p.Status == status && !slices.ContainsFunc(more, func(holds func(payment.Payment) bool) bool { return !holds(p) })
	}
}

// last fits payments that wait for the next attempt after one that ended so.
func last(state payment.AttemptState, more ...func(payment.Attempt) bool) func(payment.Payment, payment.PostingState) bool {
	return func(p payment.Payment, _ payment.PostingState) bool {
		a := p.Attempt(len(p.Attempts))
		waits := p.Status == payment.WaitingForPayment || p.Status == payment.Expired
		return waits && a.State == state && !slices.ContainsFunc(more, func(holds func(payment.Attempt) bool) bool { return !holds(a) })
	}
}

func isTopUp(p payment.Payment) bool { return p.Purpose == payment.TopUp }

func onBalance(a payment.Attempt) bool { return a.Method == payment.MethodBalance }

func withBalance(p payment.Payment) bool { return onBalance(p.Attempt(p.Current)) }

// wasLate tells whether the money came after the processing period had ended.
func wasLate(p payment.Payment) bool {
	return slices.ContainsFunc(p.Attempts, func(a payment.Attempt) bool {
		return a.State == payment.AttemptSucceeded && !a.Deadline.IsZero() && a.EndedAt.After(a.Deadline)
	})
}

func hasSurplus(p payment.Payment) bool {
	return slices.ContainsFunc(p.Attempts, func(a payment.Attempt) bool {
		return slices.ContainsFunc(a.Charges, func(c payment.Charge) bool { return c.Place == payment.Surplus })
	})
}

// Waits tells that the page will ask again by itself.
func (s story) Waits() bool { return s.refresh > 0 }
