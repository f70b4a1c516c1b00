package paymenttest

import (
	"context"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// letter is a message of a company on its way to the host.
type letter struct {
	name   string
	method *method // to whose address it goes
	says   connector.Result
	forged bool              // the host has to refuse it,
	in     connector.Inbound // as it is here
	charge string            // what it speaks of
	hears  []billing.Money   // amounts of the charge that it may leave behind
	knows  []Entry           // what the host knows once it answered
}

// write makes a genuine letter about one result.
func (h *Host) write(m *method, r connector.Result) letter {
	order, met := h.truth.order(m.company.name, r.Reference)
	l := letter{
		name: fmt.Sprintf("%s %s %s %s %s", r.Kind, r.State, r.Charge, r.Operation, r.Amount), method: m, charge: r.Charge, says: r,
	}
	switch {
	case r.Test:
	case r.Kind == "" && r.State == connector.Succeeded:
		l.hears = []billing.Money{r.Amount}
	case met && (r.Kind == connector.OfRefund || r.Kind == connector.OfDispute):
		l.hears = []billing.Money{order.Amount} // before its charge it proves one, of what was asked
	}
	return l
}

// sign signs a letter when it is handed over: what a company says of an order's charges as the order's settings say, the
// rest as the method's present ones do.
func (h *Host) sign(l letter) connector.Inbound {
	if l.forged {
		return l.in
	}
	version := l.method.version.Load()
	if order, met := h.truth.order(l.method.company.name, l.says.Reference); met && l.says.Kind == "" && l.says.Misplaced == "" {
		version = int64(order.Settings)
	}
	sender := connectortest.Sender{Merchant: l.method.company.merchant, Key: secret.New(l.method.keyOf(version))}
	if l.says.Misplaced != "" {
		sender.Merchant = "elsewhere"
	}
	return sender.Message(l.says)
}

// telling adds what the host knows once the letter was answered.
func (l letter) telling(entries ...Entry) letter {
	l.knows = entries
	return l
}

// tellsCharge is the letter about a charge as it truly is.
func (h *Host) tellsCharge(c Entry) letter {
	m := h.methodOf(c)
	l := h.write(m, connector.Result{Reference: c.Reference, Charge: c.Charge, State: connector.Succeeded, Amount: c.Amount, Misplaced: c.What})
	return l.telling(Entry{Kind: Knows, Merchant: c.Merchant, Charge: c.Charge})
}

// tellsBack is the letter about a refund, or about a dispute that is opened, won or lost.
func (h *Host) tellsBack(b Entry, what string) letter {
	r := connector.Result{Reference: b.Reference, Charge: b.Charge, Operation: b.Operation, Amount: b.Amount, Kind: connector.OfDispute}
	switch what {
	case string(payment.Refunded):
		r.Kind, r.State = connector.OfRefund, connector.Succeeded
	case string(payment.Disputed):
		r.State = connector.Opened
	default:
		r.State = connector.State(what)
	}
	return h.write(h.methodOf(b), r).telling(Entry{Kind: Knows, Merchant: b.Merchant, Operation: b.Operation, What: what})
}

// methodOf is the method that a charge was paid with; of one that fits nothing it was written with it.
func (h *Host) methodOf(e Entry) *method {
	if order, met := h.truth.order(e.Merchant, e.Reference); met {
		return h.method(order.Method)
	}
	return h.method(e.Method)
}

// errUnanswered is what becomes of a letter to which the host did not answer 200: its company sends it again.
var errUnanswered = errors.New("paymenttest: the host did not answer")

// deliver hands a letter over. Nil means that it was answered as it had to be.
func (h *Host) deliver(ctx context.Context, l letter) (payment.Received, error) {
	c := l.method.company
	for _, amount := range l.hears {
		if l.forged {
			break
		}
		if err := h.truth.note(Entry{Kind: Hears, Merchant: c.name, Charge: l.charge, Amount: amount}); err != nil {
			return payment.Received{}, err
		}
	}
	failures := c.failures.Load()
	got, err := h.Receive(ctx, l.method.id, h.sign(l))
	answered := got.Reply.Status == 200
	if err != nil {
		h.cfg.Errors(err)
	}
	switch {
	case (err == nil) != answered:
		return got, fmt.Errorf("letter %q was answered %d with error %w", l.name, got.Reply.Status, err)
	case l.forged && (errors.Is(err, connector.ErrBadSignature) || h.cfg.Faults.Failed() != "" && err != nil):
		return got, nil //nolint:nilerr // it had to be refused
	case l.forged:
		return got, fmt.Errorf("forged letter %q was answered %d with error %w", l.name, got.Reply.Status, err)
	case !answered && (c.failures.Load() > failures || h.cfg.Faults.Failed() != ""):
		return got, errUnanswered
	case !answered:
		return got, fmt.Errorf("genuine letter %q was answered %d: %w", l.name, got.Reply.Status, err)
	}
	for _, e := range l.knows {
		if err := h.truth.note(e); err != nil {
			return got, err
		}
	}
	return got, nil
}
