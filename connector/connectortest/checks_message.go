package connectortest

import (
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

var messageChecks = []named{
	{"a genuine charge is read and names reference, charge and amount", func(h Harness, g connector.Gateway) error {
		o := h.order(g, 1, h.Amounts[0])
		in, err := h.charged(o, 1)
		if err != nil {
			return err
		}
		_, err = h.one(g, in, h.result(o, 1, connector.Succeeded))
		return err
	}},

	{"amounts come through exactly", func(h Harness, g connector.Gateway) error {
		for i, amount := range h.Amounts {
			o := h.order(g, i+1, amount)
			in, err := h.charged(o, i+1)
			if err != nil {
				return err
			}
			if _, err := h.one(g, in, h.result(o, i+1, connector.Succeeded)); err != nil {
				return err
			}
		}
		return nil
	}},

	{"another amount than was asked is reported as it was said", func(h Harness, g connector.Gateway) error {
		o := h.order(g, 1, h.Amounts[0])
		said := o
		said.Amount = h.Amounts[len(h.Amounts)-1]
		if said.Amount == o.Amount {
			return &SkipError{Reason: "the harness has one amount only"}
		}
		in, err := h.message(o, h.result(said, 1, connector.Succeeded))
		if err != nil {
			return err
		}
		_, err = h.one(g, in, h.result(said, 1, connector.Succeeded))
		return err
	}},

	{"a message read twice means the same", func(h Harness, g connector.Gateway) error {
		in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
		if err != nil {
			return err
		}
		first := receive(g, clone(in))
		if other, err := h.charged(h.order(g, 2, h.Amounts[0]), 2); err == nil {
			receive(g, other)
		}
		if !same(first, receive(g, clone(in))) {
			return errors.New("the second reading differs from the first")
		}
		opened, err := h.Open()
		if err != nil {
			return err
		}
		if !same(first, receive(opened, clone(in))) {
			return errors.New("the same gateway opened again reads it differently")
		}
		return nil
	}},

	{"Receive leaves the message as it was", func(h Harness, g connector.Gateway) error {
		in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
		if err != nil {
			return err
		}
		before := clone(in)
		receive(g, in)
		if !same(before, in) {
			return errors.New("Receive changed the message")
		}
		return nil
	}},

	{"two charges of one order stay two charges", func(h Harness, g connector.Gateway) error {
		o := h.order(g, 1, h.Amounts[0])
		var charges [2]string
		for i := range charges {
			in, err := h.charged(o, i+1)
			if err != nil {
				return err
			}
			r, err := h.one(g, in, h.result(o, i+1, connector.Succeeded))
			if err != nil {
				return err
			}
			charges[i] = r.Charge
		}
		if charges[0] == charges[1] {
			return errors.New("both have the same charge reference")
		}
		return nil
	}},

	{"a refusal is read as failed", stateCheck(connector.Result{Kind: connector.OfCharge, State: connector.Failed, Text: "Not enough money"})},
	{"a charge in progress is read as pending", stateCheck(connector.Result{Kind: connector.OfCharge, State: connector.Pending})},
	{"a hold is read as authorized, not as received", stateCheck(connector.Result{Kind: connector.OfCharge, State: connector.Authorized})},
	{"a released hold is read as voided", stateCheck(connector.Result{Kind: connector.OfCharge, State: connector.Voided})},
	{"a refund is read as a refund", stateCheck(connector.Result{Kind: connector.OfRefund, State: connector.Succeeded, Operation: "1"})},
	{"an opened dispute is read as such", stateCheck(connector.Result{Kind: connector.OfDispute, State: connector.Opened, Operation: "1"})},

	{"a message of an unknown type moves nothing", func(h Harness, g connector.Gateway) error {
		if h.Unknown == nil {
			return &SkipError{Reason: "the gateway has no types of messages"}
		}
		in, err := h.Unknown(h.order(g, 1, h.Amounts[0]))
		if err != nil {
			return fmt.Errorf("the harness makes no message: %w", err)
		}
		m, err := g.Receive(in)
		if err != nil {
			return fmt.Errorf("refused, so that the gateway repeats it for ever: %w", err)
		}
		if len(m.Results) > 0 {
			return fmt.Errorf("read as %s %s", m.Results[0].Kind, m.Results[0].State)
		}
		return nil
	}},

	{"a returning browser settles nothing", func(h Harness, g connector.Gateway) error {
		in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
		if err != nil {
			return err
		}
		in.Browser = true
		m, err := g.Receive(in)
		if err != nil && !typed(err) {
			return fmt.Errorf("an error that is neither ErrBadSignature nor ErrBadMessage: %w", err)
		}
		for _, r := range m.Results {
			if r.State != connector.Pending {
				return fmt.Errorf("the browser's word is read as %s", r.State)
			}
		}
		return nil
	}},

	{"the gateway is told apart whether its message was kept", func(h Harness, g connector.Gateway) error {
		in, err := h.charged(h.order(g, 1, h.Amounts[0]), 1)
		if err != nil {
			return err
		}
		m, err := g.Receive(in)
		if err != nil {
			return err
		}
		if m.Reply == nil {
			return nil // then the SDK answers 200 or 500
		}
		kept := m.Reply(connector.Outcome{})
		lost := m.Reply(connector.Outcome{Err: errors.New("the store is away")})
		if kept.Status < 200 || kept.Status > 299 {
			return fmt.Errorf("a message that was kept is answered %d", kept.Status)
		}
		if kept.Status == lost.Status && string(kept.Body) == string(lost.Body) {
			return errors.New("a message that was not kept gets the same answer as one that was")
		}
		return nil
	}},
}

// stateCheck makes the check that a message about r is read as r, and as nothing else.
func stateCheck(r connector.Result) func(Harness, connector.Gateway) error {
	return func(h Harness, g connector.Gateway) error {
		o := h.order(g, 1, h.Amounts[0])
		want := h.result(o, 1, r.State)
		want.Kind, want.Text = r.Kind, r.Text
		if r.Operation != "" {
			want.Operation = h.Charge(2)
		}
		in, err := h.message(o, want)
		if err != nil {
			return err
		}
		_, err = h.one(g, in, want)
		return err
	}
}

// one reads a message that must have one result, the wanted one. Of a refusal charge and amount may be absent.
func (h *Harness) one(g connector.Gateway, in connector.Inbound, want connector.Result) (connector.Result, error) {
	m, err := g.Receive(in)
	if err != nil {
		return connector.Result{}, fmt.Errorf("a genuine message is refused: %w", err)
	}
	if len(m.Results) != 1 {
		return connector.Result{}, fmt.Errorf("%d results instead of one", len(m.Results))
	}
	r := m.Results[0]
	if r.Kind == "" {
		r.Kind = connector.OfCharge
	}
	refusal := want.State == connector.Failed
	switch {
	case r.Kind != want.Kind:
		return r, fmt.Errorf("read as %s instead of %s", r.Kind, want.Kind)
	case r.State != want.State:
		return r, fmt.Errorf("read as %s instead of %s", r.State, want.State)
	case r.Reference != want.Reference:
		return r, errors.New("the order's reference is not echoed")
	case r.Charge == "" && !refusal:
		return r, errors.New("the result names no charge")
	case r.Amount != want.Amount && (!refusal || r.Amount != (billing.Money{})):
		return r, fmt.Errorf("the amount is %s instead of %s", r.Amount, want.Amount)
	case r.Misplaced != "":
		return r, fmt.Errorf("misplaced: %s", r.Misplaced)
	}
	return r, nil
}

func typed(err error) bool {
	return errors.Is(err, connector.ErrBadSignature) || errors.Is(err, connector.ErrBadMessage)
}
