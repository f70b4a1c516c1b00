package payment

import (
	"context"
	"slices"
	"time"

	"github.com/oplata-go/oplata/billing"
)

// command carries out a decision about one payment under an idempotency key. With a key that was used before for the same
// parameters it returns the payment as it is now.
func (s *Service) command(ctx context.Context, l loaded, who actor, claim *Claim, decide func(*turn) error) (Payment, error) {
	var refusal error
	made, err := s.changeLoaded(ctx, l, who, nil, func(t *turn) error {
		if claim != nil {
			t.claims = append(t.claims, *claim)
		}
		refusal = decide(t)
		return refusal
	})
	if owner, ok := claimedBy(err, claim); ok {
		return s.repeated(ctx, owner, claim)
	}
	if claim != nil && refusal != nil { // the first one may have made this one impossible
		if _, held, lookup := s.store.Owner(ctx, claim.Scope, claim.Key); lookup == nil {
			return s.repeated(ctx, held, claim)
		}
	}
	return made, err
}

// CommandParams say which payment a command is about, who gives it and why.
type CommandParams struct {
	Key     string // idempotency key; empty: none
	By      string // who does it, as the host calls them; required of operators' commands
	Reason  string // required of operators' commands
	Payment string
}

func (p CommandParams) check(operator bool) error {
	var faults faults
	least := 0
	if operator {
		least = 1
	}
	faults.text("Key", p.Key, 0, 200)
	faults.text("By", p.By, least, 100)
	faults.text("Reason", p.Reason, least, 1000)
	return faults.err()
}

// run is the common way of commands: check, read, ask about overdue attempts if the command decides over their head,
// carry out.
func (s *Service) run(ctx context.Context, p CommandParams, o commandKind, decide func(*turn) error) (Payment, error) {
	if err := p.check(o.operator); err != nil {
		return Payment{}, err
	}
	l, err := s.load(ctx, p.Payment)
	if err != nil {
		return Payment{}, err
	}
	if o.asks {
		if l, err = s.askOverdue(ctx, l); err != nil {
			return Payment{}, err
		}
	}
	claim := s.keyClaim(l.doc.Payment.Reseller, o.name, p.Key, struct {
		CommandParams
		More any
	}{p, o.params})
	return s.command(ctx, l, actor{p.By, p.Reason}, claim, decide)
}

// commandKind is what differs between commands beside their decision.
type commandKind struct {
	name     string
	operator bool // who and why are required
	asks     bool // overdue attempts are asked about first
	params   any  // what else the idempotency key stands for
}

// Cancel cancels a payment: an order's or a top-up's while it waits, any while its billing is pending. A payment whose
// money is held is cancelled as soon as the hold is gone. What was paid in part from the balance goes back.
//
// Errors: [*TransitionError] in any other status, for rendered services also while it waits.
func (s *Service) Cancel(ctx context.Context, p CommandParams) (Payment, error) {
	return s.run(ctx, p, commandKind{name: "cancel", asks: true}, func(t *turn) error {
		if t.p.Purpose == RenderedServices && t.p.Status != PendingBilling {
			return &TransitionError{ID: t.p.ID, From: t.p.Status, On: EventCancelOrdered}
		}
		return t.raise(EventCancelOrdered, nil, nil)
	})
}

// OrderCancelled tells that the host's order is gone. It is never refused: a payment that waits is cancelled, one that is
// being processed is cancelled if the attempt ends without success, and money that came all the same is for an operator.
func (s *Service) OrderCancelled(ctx context.Context, p CommandParams) (Payment, error) {
	return s.run(ctx, p, commandKind{name: "order_cancelled", asks: true}, func(t *turn) error {
		if isBusy(t.p.Status) && slices.Contains(t.p.Postponed, EventOrderCancelled) {
			return nil
		}
		return t.raise(EventOrderCancelled, nil, nil)
	})
}

// Release lets a payment go that a gateway does not answer for, back to where it was before. The attempt may still charge,
// and then its money has a place.
//
// Errors: [*TransitionError] unless a gateway is processing it.
func (s *Service) Release(ctx context.Context, p CommandParams) (Payment, error) {
	return s.run(ctx, p, commandKind{name: "release", operator: true}, func(t *turn) error {
		a := t.p.Attempt(t.p.Current)
		if t.p.Status != Processing || a.Method == MethodBalance {
			return &TransitionError{ID: t.p.ID, From: t.p.Status, On: EventReleased}
		}
		return t.hear(a.Number, newsLetGo, word{})
	})
}

// Autocomplete completes a waiting payment without money, as a reseller's setting may ask for.
func (s *Service) Autocomplete(ctx context.Context, p CommandParams) (Payment, error) {
	return s.run(ctx, p, commandKind{name: "autocomplete", operator: true, asks: true}, func(t *turn) error {
		return t.raise(EventAutocompleted, nil, nil)
	})
}

// Acknowledge takes a payment off the operators' list. Open discrepancies stay on it until they are resolved.
func (s *Service) Acknowledge(ctx context.Context, p CommandParams) (Payment, error) {
	return s.run(ctx, p, commandKind{name: "acknowledge", operator: true}, func(t *turn) error {
		left := slices.DeleteFunc(slices.Clone(t.p.Concerns), func(c Concern) bool { return !t.p.open(c) })
		if len(left) == len(t.p.Concerns) {
			return nil
		}
		t.p.Concerns = left
		return t.raise(EventAcknowledged, nil, nil)
	})
}

// open concerns are about a discrepancy that nobody resolved.
func (p Payment) open(c Concern) bool {
	for _, charge := range p.Attempt(c.Attempt).Charges {
		if charge.Reference == c.Charge && charge.Place == Discrepancy {
			return true
		}
	}
	return false
}

// ApproveBillingParams say what the host's ERP decided.
type ApproveBillingParams struct {
	CommandParams
	DueAt    time.Time     // when the payment expires; zero: never
	External billing.Money // what is to be paid instead of the total, perhaps in another currency; zero: the total
}

// ApproveBilling makes a payment payable that waited for the host's ERP. A payment with an external total is not paid from
// the balance.
//
// Errors: [*TransitionError] unless the payment's billing is pending.
func (s *Service) ApproveBilling(ctx context.Context, p ApproveBillingParams) (Payment, error) {
	var faults faults
	faults.add(p.External != (billing.Money{}) && p.External.Sign() <= 0, "External", "must be positive")
	faults.time("DueAt", p.DueAt)
	if err := faults.err(); err != nil {
		return Payment{}, err
	}
	p.DueAt = p.DueAt.UTC().Truncate(time.Microsecond)
	kind := commandKind{name: "approve_billing", params: []any{p.DueAt, p.External}}
	return s.run(ctx, p.CommandParams, kind, func(t *turn) error {
		if t.p.Status == PendingBilling {
			t.p.DueAt = p.DueAt
			t.p.External = p.External
		}
		return t.raise(EventBillingApproved, nil, nil)
	})
}

// Approve records that an operator saw the money: cash or a bank transfer, all that is outstanding.
//
// Errors: [*TransitionError] unless the payment waits or is expired; [ErrUnderReview].
func (s *Service) Approve(ctx context.Context, p CommandParams) (Payment, error) {
	return s.run(ctx, p, commandKind{name: "approve", operator: true, asks: true}, func(t *turn) error {
		return t.offline(EventOfflineApproved)
	})
}

// StartReceipt says that a receipt for a bank transfer or cash is being prepared.
func (s *Service) StartReceipt(ctx context.Context, p CommandParams) (Payment, error) {
	return s.plain(ctx, p, "start_receipt", EventReceiptStarted)
}

// SendReceipt says that the receipt is with the payer.
func (s *Service) SendReceipt(ctx context.Context, p CommandParams) (Payment, error) {
	return s.plain(ctx, p, "send_receipt", EventReceiptDispatched)
}

// WithdrawReceipt lets the payment wait again: the receipt is not wanted any more.
func (s *Service) WithdrawReceipt(ctx context.Context, p CommandParams) (Payment, error) {
	return s.plain(ctx, p, "withdraw_receipt", EventReceiptWithdrawn)
}

// ReceiptPaid records that the receipt came back paid: an operator saw all that was outstanding.
func (s *Service) ReceiptPaid(ctx context.Context, p CommandParams) (Payment, error) {
	return s.run(ctx, p, commandKind{name: "receipt_paid", operator: true, asks: true}, func(t *turn) error {
		return t.offline(EventReceiptPaid)
	})
}

func (s *Service) plain(ctx context.Context, p CommandParams, name string, on EventName) (Payment, error) {
	return s.run(ctx, p, commandKind{name: name, operator: true}, func(t *turn) error { return t.raise(on, nil, nil) })
}

// offline is an attempt of the built-in method: the operator's word stands for a gateway's.
func (t *turn) offline(on EventName) error {
	if _, ok := rowFor(t.p.Status, on); !ok {
		return &TransitionError{ID: t.p.ID, From: t.p.Status, On: on}
	}
	if t.p.UnderReview() {
		return ErrUnderReview
	}
	a := t.internal(MethodOffline, t.p.Outstanding(), AttemptSucceeded)
	if t.p.External != (billing.Money{}) {
		a.Asked = t.p.External
		a.Charges[0].Amount = t.p.External
	}
	return t.raise(on, &a, &a.Charges[0])
}

// internal is an attempt that no gateway makes, with its charge.
func (t *turn) internal(method string, amount billing.Money, state AttemptState) Attempt {
	a := Attempt{
		Number: len(t.p.Attempts) + 1, Method: method, State: state, Asked: amount, Worth: amount, By: t.by, StartedAt: t.now,
		EndedAt: t.now,
	}
	a.Charges = []Charge{{
		Reference: method + "/" + t.p.ID + "/" + digits(int64(a.Number)), Amount: amount, Worth: amount, At: t.now,
	}}
	return a
}
