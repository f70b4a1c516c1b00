package payment_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

func TestLateAndDoubledSuccessIsCreditedOnce(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	require.NotEmpty(t, a.Show.URL)
	require.Equal(t, payment.Processing, h.now(p).Status)

	h.after(20 * time.Minute)
	require.Equal(t, payment.WaitingForPayment, h.now(p).Status)

	callback := h.world.Charged(a.Reference, "ch-1", rub("100.00"))
	for range 2 {
		require.Equal(t, payment.Completed, h.receive(h.card, callback).Payment.Status)
	}
	require.Equal(t, "100.00", h.balance())
	require.Equal(t, payment.Settled, h.now(p).Attempts[0].Charges[0].Place)
}

func TestSecondAttemptsSuccessGoesToTheBalance(t *testing.T) {
	h := newHost(t)
	p := h.services("100.00")
	first := h.start(p, h.card)
	h.after(20 * time.Minute)
	second := h.start(p, h.card)

	h.receive(h.card, h.world.Charged(first.Reference, "ch-1", rub("100.00")))
	require.Equal(t, payment.Completed, h.now(p).Status)
	require.Equal(t, payment.AttemptLive, h.now(p).Attempts[1].State)
	h.receive(h.card, h.world.Charged(second.Reference, "ch-2", rub("100.00")))
	require.Equal(t, payment.Surplus, h.now(p).Attempts[1].Charges[0].Place)
	require.Equal(t, "100.00", h.balance())
}

func TestLateFailureShowsItsMessageOnlyWhileThePaymentWaits(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	first := h.start(p, h.card)
	h.after(20 * time.Minute)
	second := h.start(p, h.card)
	h.receive(h.card, h.world.Failed(first.Reference, "card is blocked"))
	require.Empty(t, h.now(p).Message, "another attempt is being processed")
	h.receive(h.card, h.world.Failed(second.Reference, "no funds"))
	require.Equal(t, "no funds", h.now(p).Message)
	require.Equal(t, payment.WaitingForPayment, h.now(p).Status)
}

func TestTwoChargesOnOneAttemptAreSettledAndSurplus(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	h.receive(h.card, h.world.Charged(a.Reference, "ch-2", rub("100.00")))
	require.Equal(t, "200.00", h.balance())
}

func TestDiscrepancyWaitsForAnOperator(t *testing.T) {
	for how, want := range map[payment.Resolution]struct {
		status  payment.Status
		balance string
	}{
		payment.ResolveSettle: {payment.Completed, "90.00"},
		payment.ResolveCredit: {payment.WaitingForPayment, "90.00"},
		payment.ResolveReturn: {payment.WaitingForPayment, "none"},
	} {
		t.Run(string(how), func(t *testing.T) {
			h := newHost(t)
			p := h.topUp("100.00")
			a := h.start(p, h.card)
			h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("90.00")))
			require.True(t, h.now(p).UnderReview())
			_, err := h.Start(h.ctx, payment.StartParams{Payment: p.ID, Method: h.card})
			require.ErrorIs(t, err, payment.ErrUnderReview)
			list, err := h.Attention(h.ctx, payment.AttentionParams{})
			require.NoError(t, err)
			require.Len(t, list.Payments, 1)

			worth := rub("90.00")
			got, err := h.Resolve(h.ctx, payment.ResolveParams{CommandParams: by(p), Charge: "ch-1", How: how, Worth: worth})
			require.NoError(t, err)
			require.Equal(t, want.status, got.Status)
			require.Equal(t, want.balance, h.balance())
			list, err = h.Attention(h.ctx, payment.AttentionParams{})
			require.NoError(t, err)
			require.Empty(t, list.Payments)
		})
	}
}

func TestUnknownOrderBecomesAnUnallocatedReceipt(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	callback := h.world.Charged("no-such-order", "ch-9", rub("100.00"))
	first := h.receive(h.card, callback)
	second := h.receive(h.card, callback)
	require.Equal(t, payment.ReceiptOpen, first.Receipt.Status)
	require.Equal(t, first.Receipt.ID, second.Receipt.ID)

	for range 2 {
		_, err := h.Assign(h.ctx, payment.AssignParams{
			By: "operator", Reason: "the payer called", Receipt: first.Receipt.ID, Payment: p.ID, Worth: rub("100.00"),
		})
		require.NoError(t, err)
		require.Equal(t, "100.00", h.balance())
	}
	require.Equal(t, payment.Completed, h.now(p).Status)
}

func TestEditedPaymentPassesItsLateMoneyOn(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	h.after(20 * time.Minute)
	next, err := h.Edit(h.ctx, payment.EditParams{CommandParams: by(p), Description: "the same, better said"})
	require.NoError(t, err)
	require.Equal(t, payment.Cancelled, h.now(p).Status)
	require.Equal(t, []string{p.ID}, next.Joined)

	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	require.Equal(t, "100.00", h.balance())
	require.Equal(t, payment.Completed, h.now(next).Status)
}

func TestJoinedPaymentsMakeOne(t *testing.T) {
	h := newHost(t)
	a, b := h.topUp("100.00"), h.topUp("50.50")
	for range 2 {
		sum, err := h.Join(h.ctx, payment.JoinParams{Key: "join-1", By: "payer", Payments: []string{a.ID, b.ID}})
		require.NoError(t, err)
		require.Equal(t, rub("150.50"), sum.Total)
		require.Equal(t, []string{a.ID, b.ID}, sum.Joined)
		require.Equal(t, sum.ID, h.now(b).Successor)
	}
	require.Equal(t, "none", h.balance())
}

func TestPayFromBalance(t *testing.T) {
	h := newHost(t)
	h.fund("130.00")
	p := h.services("100.00")
	p, err := h.PayFromBalance(h.ctx, payment.PayFromBalanceParams{CommandParams: by(p), Amount: rub("30.00")})
	require.NoError(t, err)
	require.Equal(t, payment.WaitingForPayment, p.Status)
	require.Equal(t, rub("70.00"), p.Outstanding())
	a := h.start(p, h.card)
	require.Equal(t, rub("70.00"), a.Asked)
	h.receive(h.card, h.world.Failed(a.Reference, "no"))

	p, err = h.PayFromBalance(h.ctx, payment.PayFromBalanceParams{CommandParams: by(p)})
	require.NoError(t, err)
	require.Equal(t, payment.PaidFromBalance, p.Status)
	require.Equal(t, "30.00", h.balance())

	poor := h.services("100.00")
	poor, err = h.PayFromBalance(h.ctx, payment.PayFromBalanceParams{CommandParams: by(poor)})
	require.NoError(t, err)
	require.Equal(t, payment.WaitingForPayment, poor.Status)
	require.NotEmpty(t, poor.Message)
	require.Equal(t, "30.00", h.balance())
}

func TestLateSuccessOverAPartPaidFromBalanceGivesThePartBack(t *testing.T) {
	h := newHost(t)
	h.fund("30.00")
	p := h.services("100.00")
	a := h.start(p, h.card)
	h.after(20 * time.Minute)
	_, err := h.PayFromBalance(h.ctx, payment.PayFromBalanceParams{CommandParams: by(p), Amount: rub("30.00")})
	require.NoError(t, err)
	require.Equal(t, "0.00", h.balance())
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	require.Equal(t, payment.Completed, h.now(p).Status)
	require.Equal(t, "30.00", h.balance())
}

func TestRefundAndDisputeFromOutside(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	require.Equal(t, "100.00", h.balance())
	refund := h.world.Refunded(a.Reference, "ch-1", "re-1", rub("33.33"))
	for range 2 {
		h.receive(h.card, refund)
	}
	require.Equal(t, "66.67", h.balance())
	h.receive(h.card, h.world.Refunded(a.Reference, "ch-1", "re-2", rub("66.67")))
	require.Equal(t, "0.00", h.balance())
	require.Equal(t, payment.Completed, h.now(p).Status)

	h.receive(h.card, h.world.Refunded(a.Reference, "ch-1", "re-3", rub("0.01")))
	require.Equal(t, "0.00", h.balance(), "more than the charge brought moves nothing")
	require.NotEmpty(t, h.now(p).Concerns)
}

func TestRefundBeforeItsChargeProvesTheCharge(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	h.receive(h.card, h.world.Refunded(a.Reference, "ch-1", "re-1", rub("40.00")))
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	require.Equal(t, "60.00", h.balance())
	require.Equal(t, payment.Completed, h.now(p).Status)
}

func TestAskableGatewayIsAskedAndItsCallbackIsAHint(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.wallet)
	lie := h.world.Sender().Charged(a.Reference, "ch-1", rub("100.00"))
	h.receive(h.wallet, lie)
	require.Equal(t, payment.Processing, h.now(p).Status, "the gateway itself does not confirm it")

	h.world.Charged(a.Reference, "ch-1", rub("100.00")) // the callback is lost
	h.clock.add(time.Minute)
	require.NoError(t, h.Ask(h.ctx))
	require.Equal(t, payment.Completed, h.now(p).Status)
	require.Equal(t, "100.00", h.balance())
}

func TestExpiredPaymentCanStillBePaid(t *testing.T) {
	h := newHost(t)
	p := h.services("100.00")
	h.after(241 * time.Hour)
	require.Equal(t, payment.Expired, h.now(p).Status)
	a := h.start(p, h.card)
	h.receive(h.card, h.world.Failed(a.Reference, "no"))
	require.Equal(t, payment.Expired, h.now(p).Status)
}

func TestDueDateDuringAnAttemptIsAppliedAfterIt(t *testing.T) {
	h := newHost(t)
	p := h.services("100.00")
	h.clock.add(240*time.Hour - time.Minute)
	a := h.start(p, h.card)
	h.after(5 * time.Minute)
	require.Equal(t, payment.Processing, h.now(p).Status)
	h.receive(h.card, h.world.Failed(a.Reference, "no"))
	require.Equal(t, payment.Expired, h.now(p).Status)
}

func TestTwoStageHoldIsSettledByTheCapture(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	h.receive(h.card, h.world.Authorized(a.Reference, "ch-1", rub("100.00")))
	require.Equal(t, payment.Authorized, h.now(p).Status)
	require.Equal(t, "none", h.balance())
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	require.Equal(t, payment.Completed, h.now(p).Status)
	require.Equal(t, "100.00", h.balance())
}

func TestReceiptSteps(t *testing.T) {
	h := newHost(t)
	p := h.topUp("100.00")
	for _, step := range []struct {
		do   func() (payment.Payment, error)
		want payment.Status
	}{
		{func() (payment.Payment, error) { return h.StartReceipt(h.ctx, by(p)) }, payment.ReceiptCreating},
		{func() (payment.Payment, error) { return h.WithdrawReceipt(h.ctx, by(p)) }, payment.WaitingForPayment},
		{func() (payment.Payment, error) { return h.StartReceipt(h.ctx, by(p)) }, payment.ReceiptCreating},
		{func() (payment.Payment, error) { return h.SendReceipt(h.ctx, by(p)) }, payment.ReceiptSent},
		{func() (payment.Payment, error) { return h.ReceiptPaid(h.ctx, by(p)) }, payment.Completed},
	} {
		got, err := step.do()
		require.NoError(t, err)
		require.Equal(t, step.want, got.Status)
	}
	require.Equal(t, "100.00", h.balance())
	_, err := h.Approve(h.ctx, by(p))
	var refused *payment.TransitionError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, payment.Completed, refused.From)
}

func TestStuckPostingIsSentAgain(t *testing.T) {
	h := newHost(t, func(c *payment.Config) { c.Ledger = c.Ledger.(*billing.Book).OpenOnly() })
	p := h.topUp("100.00")
	a := h.start(p, h.card)
	h.receive(h.card, h.world.Charged(a.Reference, "ch-1", rub("100.00")))
	r := h.receive(h.card, h.world.Charged("unknown", "ch-2", rub("7.00"))).Receipt
	_, err := h.Assign(h.ctx, payment.AssignParams{By: "operator", Reason: "known", Receipt: r.ID, Account: account, Worth: rub("7.00")})
	require.NoError(t, err)
	require.NoError(t, h.Deliver(h.ctx))
	state, err := h.Posting(h.ctx, p.ID)
	require.NoError(t, err)
	require.Equal(t, payment.PostingStuck, state)
	list, err := h.Attention(h.ctx, payment.AttentionParams{})
	require.NoError(t, err)
	require.Len(t, list.Postings, 2)

	require.NoError(t, h.book.Open(h.ctx, billing.Account{ID: account, Currency: "RUB"}))
	for _, stuck := range list.Postings {
		params := payment.RepostParams{By: "operator", Reason: "opened the account", Task: stuck.Task}
		require.NoError(t, h.Repost(h.ctx, params))
		require.ErrorIs(t, h.Repost(h.ctx, params), payment.ErrNotFound)
	}
	require.Equal(t, "107.00", h.balance())
}
