package connectortest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

var statusChecks = []named{
	{"a question for the status is the same each time and may be repeated", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		first, err := statusRequest(g, q)
		if err != nil {
			return err
		}
		again, err := statusRequest(g, q)
		if err != nil {
			return err
		}
		if !same(first, again) {
			return errors.New("the second question differs from the first")
		}
		if !first.Repeatable {
			return errors.New("the request is not Repeatable: a lost answer would end the asking")
		}
		return nil
	})},

	{"a question for the status names the reference", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		r, err := statusRequest(g, q)
		if err != nil {
			return err
		}
		if !strings.Contains(r.URL+"\n"+string(r.Body)+fmt.Sprint(r.Header), q.Reference) {
			return errors.New("the reference is nowhere in the request")
		}
		return nil
	})},

	{"an order that the gateway does not know is not found, and nothing more", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		return h.answers(g, q, connector.Snapshot{})
	})},

	{"a captured charge is answered as it is", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		return h.answers(g, q, connector.Snapshot{Found: true, State: connector.Succeeded, Charge: h.Charge(1), Captured: q.Amount})
	})},

	{"a refunded charge is answered with both sums", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		return h.answers(g, q, connector.Snapshot{Found: true, State: connector.Succeeded, Charge: h.Charge(1), Captured: q.Amount, Refunded: q.Amount})
	})},

	{"a hold is answered as held, not as captured", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		return h.answers(g, q, connector.Snapshot{Found: true, State: connector.Authorized, Charge: h.Charge(1), Held: q.Amount})
	})},

	{"a refusal is answered as failed", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		return h.answers(g, q, connector.Snapshot{Found: true, State: connector.Failed})
	})},

	{"Status claims no success from an error of the server", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		if h.Answer == nil {
			return &SkipError{Reason: "the harness makes no answers"}
		}
		genuine, err := h.Answer(q, connector.Snapshot{Found: true, State: connector.Succeeded, Charge: h.Charge(1), Captured: q.Amount})
		if err != nil {
			return fmt.Errorf("the harness makes no answer: %w", err)
		}
		for _, code := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
			a := genuine
			a.Status = code
			if err := h.noSuccess(g, q, a, fmt.Sprintf("an answer %d", code)); err != nil {
				return err
			}
		}
		return nil
	})},

	{"Status claims nothing from nonsense", status(func(h Harness, g connector.StatusQuerier, q connector.Query) error {
		for _, a := range nonsense() {
			if err := h.noSuccess(g, q, a.answer, a.name); err != nil {
				return err
			}
		}
		return nil
	})},
}

// status makes a check about a gateway that can be asked.
func status(run func(h Harness, g connector.StatusQuerier, q connector.Query) error) func(Harness, connector.Gateway) error {
	return func(h Harness, g connector.Gateway) error {
		asked, ok := g.(connector.StatusQuerier)
		if !ok {
			return &SkipError{Reason: "the gateway cannot be asked for the status"}
		}
		o := h.order(g, 1, h.Amounts[0])
		q := connector.Query{Reference: o.Reference, Amount: o.Amount, StartedAt: o.StartedAt}
		if s, err := g.Start(o); err == nil {
			switch step := s.(type) {
			case connector.Show:
				q.State = step.State
			case connector.Wait:
				q.State = step.State
			}
		}
		return run(h, asked, q)
	}
}

func statusRequest(g connector.StatusQuerier, q connector.Query) (connector.Request, error) {
	call, err := g.Status(q)
	if err != nil {
		return connector.Request{}, fmt.Errorf("Status: %w", err)
	}
	if call.Read == nil {
		return connector.Request{}, errors.New("a call without Read")
	}
	return plainRequest(call.Request)
}

// answers expects a genuine answer to be read as what it says.
func (h *Harness) answers(g connector.StatusQuerier, q connector.Query, want connector.Snapshot) error {
	if h.Answer == nil {
		return &SkipError{Reason: "the harness makes no answers"}
	}
	answer, err := h.Answer(q, want)
	if errors.Is(err, ErrCannot) {
		return &SkipError{Reason: fmt.Sprintf("the gateway never answers %q", want.State)}
	}
	if err != nil {
		return fmt.Errorf("the harness makes no answer: %w", err)
	}
	call, err := g.Status(q)
	if err != nil {
		return fmt.Errorf("Status: %w", err)
	}
	got, err := call.Read(answer)
	if err != nil {
		return fmt.Errorf("a genuine answer is not read: %w", err)
	}
	switch {
	case got.Found != want.Found:
		return fmt.Errorf("found is %t instead of %t", got.Found, want.Found)
	case got.Captured != want.Captured:
		return fmt.Errorf("captured is %q instead of %q", got.Captured, want.Captured)
	case got.Held != want.Held:
		return fmt.Errorf("held is %q instead of %q", got.Held, want.Held)
	case got.Refunded != want.Refunded:
		return fmt.Errorf("refunded is %q instead of %q", got.Refunded, want.Refunded)
	case got.Found && got.State != want.State:
		return fmt.Errorf("the state is %s instead of %s", got.State, want.State)
	case want.Charge != "" && got.Charge == "":
		return errors.New("the snapshot names no charge")
	}
	return nil
}

// noSuccess expects an answer to be refused, or to be read as something that moves nothing. Neither money nor a failure
// may be claimed: a failure that is none would let the payer pay twice.
func (h *Harness) noSuccess(g connector.StatusQuerier, q connector.Query, a connector.Answer, what string) error {
	call, err := g.Status(q)
	if err != nil {
		return fmt.Errorf("Status: %w", err)
	}
	got, err := call.Read(a)
	if err != nil {
		return h.noSecret("the error about "+what, err)
	}
	if got.Captured != (billing.Money{}) || got.Held != (billing.Money{}) || got.State == connector.Succeeded || got.State == connector.Authorized {
		return fmt.Errorf("%s is read as %s, captured %q", what, got.State, got.Captured)
	}
	if got.State == connector.Failed || got.State == connector.Voided {
		return fmt.Errorf("%s is read as %s", what, got.State)
	}
	return nil
}
