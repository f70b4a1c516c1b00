package payment

import (
	"context"
	"errors"

	"github.com/oplata-go/oplata/billing"
)

// PayFromBalanceParams order a payment from the account's balance.
type PayFromBalanceParams struct {
	CommandParams
	Amount billing.Money // a part of what is outstanding; zero: all of it
}

// PayFromBalance pays a payment, or a part of it, from the account's balance. The order is written first and the ledger
// told then; when the ledger answers at once the payment returned is final: paid_from_balance, back where it was with a
// part paid, or back with a message because there were no funds. Otherwise it is processing, and Deliver goes on.
//
// Errors: [*TransitionError] for a top-up, for a payment with an external total, and in other statuses than waiting and
// expired; [ErrUnderReview]; [*ParamError] for more than is outstanding.
func (s *Service) PayFromBalance(ctx context.Context, p PayFromBalanceParams) (Payment, error) {
	kind := commandKind{name: "pay_from_balance", asks: true, params: p.Amount}
	ordered, err := s.run(ctx, p.CommandParams, kind, func(t *turn) error { return t.orderBalance(p.Amount) })
	if err != nil || s.inTx || ordered.Status != Processing {
		return ordered, err
	}
	for range 3 { // orders of the same account may stand before it
		n, err := s.work(ctx, ledgerQueue, s.onLedger)
		if err != nil {
			s.cfg.Logger.WarnContext(ctx, "payment: the ledger is told later", "payment", ordered.ID, "error", err)
		}
		p, err := s.Payment(ctx, ordered.ID)
		if err != nil || n == 0 || p.Status != Processing {
			return p, err
		}
	}
	return s.Payment(ctx, ordered.ID)
}

// orderBalance begins an attempt of the built-in method.
func (t *turn) orderBalance(amount billing.Money) error {
	outstanding := t.p.Outstanding()
	if amount == (billing.Money{}) {
		amount = outstanding
	}
	if t.p.Purpose == TopUp || t.p.External != (billing.Money{}) {
		return &TransitionError{ID: t.p.ID, From: t.p.Status, On: EventBalanceOrdered}
	}
	if t.p.UnderReview() {
		return ErrUnderReview
	}
	order, err := amount.Cmp(outstanding)
	if err != nil || order > 0 || amount.Sign() <= 0 {
		return &ParamError{Field: "Amount", Reason: "must be positive and at most what is outstanding"}
	}
	a := Attempt{
		Number: len(t.p.Attempts) + 1, Method: MethodBalance, State: AttemptLive, Asked: amount, Worth: amount, By: t.by,
		StartedAt: t.now,
	}
	return t.raise(EventBalanceOrdered, &a, nil)
}

// debited is the ledger's answer to a balance order. Two workers may have told the ledger of one order, one when there were
// no funds and the other, slower, when there were: then the order was given up, and the debit goes back.
func (t *turn) debited(order posting, refusal error) error {
	a := t.p.Attempt(order.Attempt)
	givenUp := a.State == AttemptFailed && refusal == nil
	if a.State != AttemptLive && !givenUp {
		return nil
	}
	a.EndedAt = t.now
	if refusal != nil {
		a.State, a.Code, a.Message = AttemptFailed, noteOf(refusal), "the account cannot be debited"
		if errors.Is(refusal, billing.ErrInsufficientFunds) {
			a.Message = "insufficient funds"
		}
		return t.raise(EventBalanceRefused, &a, nil)
	}
	a.State = AttemptSucceeded
	if a.Number != t.p.Current {
		a.State = AttemptVoided // too late: it goes back
	}
	if order.Whole {
		return t.raise(EventBalanceDebited, &a, nil)
	}
	return t.raise(EventBalancePart, &a, nil)
}
