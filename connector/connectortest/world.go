package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// World plays the company behind [Scripted] gateways of one merchant. It keeps what became of each order, makes the
// messages that the company's server would send, and answers the gateways' calls. Safe for concurrent use.
//
// The methods named after a state ([World.Charged], …) let something happen and return the message about it. Deliver it
// once, twice, late, in another order or not at all; a gateway that asks is told the truth meanwhile.
type World struct {
	sender Sender

	mu     sync.Mutex
	known  map[string]connector.Snapshot // by our reference
	script func(reference string, amount billing.Money) connector.Step
	faults map[int]Fault
	calls  []connector.Request
}

var _ connector.Transport = (*World)(nil)

// NewWorld makes the world of one merchant. The settings are those that its gateways are opened with.
func NewWorld(s Settings) *World {
	return &World{
		sender: Sender{Merchant: s.Merchant, Key: s.Key},
		known:  map[string]connector.Snapshot{},
		faults: map[int]Fault{},
	}
}

// Charged lets money be taken. A second charge on the same order is told by its message alone.
func (w *World) Charged(reference, charge string, amount billing.Money) connector.Inbound {
	w.learn(connector.Result{Reference: reference, Charge: charge, State: connector.Succeeded, Amount: amount})
	return w.sender.Charged(reference, charge, amount)
}

// Authorized lets money be held.
func (w *World) Authorized(reference, charge string, amount billing.Money) connector.Inbound {
	w.learn(connector.Result{Reference: reference, Charge: charge, State: connector.Authorized, Amount: amount})
	return w.sender.Authorized(reference, charge, amount)
}

// Voided lets a hold be released.
func (w *World) Voided(reference, charge string, amount billing.Money) connector.Inbound {
	w.learn(connector.Result{Reference: reference, Charge: charge, State: connector.Voided, Amount: amount})
	return w.sender.Voided(reference, charge, amount)
}

// Failed lets the payment be refused, with words for the payer.
func (w *World) Failed(reference, text string) connector.Inbound {
	w.learn(connector.Result{Reference: reference, State: connector.Failed, Text: text})
	return w.sender.Failed(reference, text)
}

// Refunded lets money go back.
func (w *World) Refunded(reference, charge, operation string, amount billing.Money) connector.Inbound {
	w.mu.Lock()
	s := w.known[reference]
	s.Refunded = sum(s.Refunded, amount)
	w.known[reference] = s
	w.mu.Unlock()
	return w.sender.Refunded(reference, charge, operation, amount)
}

// Know sets what the world answers about an order, without a message: what was missed, or a contradiction.
func (w *World) Know(reference string, s connector.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[reference] = s
}

// Sender makes messages without letting anything happen.
func (w *World) Sender() Sender { return w.sender }

// Script says how the world answers the call of [BeginCall]: with a connector.Show, a Wait or a Result, which then
// happens. It runs once for each call that arrives. Without a script the answer is a page to show.
func (w *World) Script(next func(reference string, amount billing.Money) connector.Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = next
}

// Fault is how one call fails.
type Fault string

// The ways to fail.
const (
	NotSent     Fault = "not sent"     // nothing leaves, and that is certain
	RequestLost Fault = "request lost" // the world hears nothing; the caller cannot know
	AnswerLost  Fault = "answer lost"  // the world acts; the caller cannot know
	ServerError Fault = "server error" // the world acts and answers 500
	Nonsense    Fault = "nonsense"     // the world acts and answers a page of HTML
	Hang        Fault = "hang"         // the world acts and never answers, until the context ends
)

// Fail lets the n-th call from now on fail, 1 being the next.
func (w *World) Fail(n int, f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[len(w.calls)+n] = f
}

// Calls returns every call that was made, those that failed too, in order and as they were signed.
func (w *World) Calls() []connector.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]connector.Request(nil), w.calls...)
}

// Do answers a call of a scripted gateway. It makes one try and signs it as a transport does.
func (w *World) Do(ctx context.Context, r connector.Request) (connector.Answer, error) {
	if err := ctx.Err(); err != nil {
		return connector.Answer{}, &connector.GatewayError{Connector: r.Connector, Request: r.Name, Sent: connector.NotSent, Err: err}
	}
	r.Header = r.Header.Clone()
	if r.Sign != nil {
		if err := r.Sign(&r, stamp); err != nil {
			return connector.Answer{}, &connector.GatewayError{Connector: r.Connector, Request: r.Name, Sent: connector.NotSent, Err: err}
		}
	}
	fault, answer := w.act(r)
	failed := &connector.GatewayError{Connector: r.Connector, Request: r.Name, Err: errors.New(string(fault))}
	switch fault {
	case NotSent:
		failed.Sent = connector.NotSent
		return connector.Answer{}, failed
	case RequestLost, AnswerLost:
		return connector.Answer{}, failed
	case Hang:
		<-ctx.Done()
		failed.Err = ctx.Err()
		return connector.Answer{}, failed
	case ServerError:
		return connector.Answer{Status: http.StatusInternalServerError, Body: answer.Body}, nil
	case Nonsense:
		return connector.Answer{Status: http.StatusOK, Body: []byte("<html><body>approved</body></html>")}, nil
	default:
		return answer, nil
	}
}

// act records the call, and lets it have its effect unless its fault keeps it from arriving.
func (w *World) act(r connector.Request) (Fault, connector.Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, r)
	fault := w.faults[len(w.calls)]
	if fault == NotSent || fault == RequestLost {
		return fault, connector.Answer{}
	}
	return fault, w.answer(r)
}

func (w *World) answer(r connector.Request) connector.Answer {
	u, err := url.Parse(r.URL)
	if err != nil || !strings.HasPrefix(r.URL, origin+"/") {
		return connector.Answer{Status: http.StatusNotFound}
	}
	if !secret.New(signCall(w.sender.Key, r)).Equal(secret.New(r.Header.Get(signatureHeader))) {
		return connector.Answer{Status: http.StatusUnauthorized}
	}
	switch r.Method + " " + u.Path {
	case "GET /status":
		reference := u.Query().Get("reference")
		return jsonAnswer(wireSnapshotOf(reference, w.known[reference]))
	case "POST /pay":
		var pay wirePay
		if err := decode(r.Body, &pay); err != nil || pay.Merchant != w.sender.Merchant {
			return connector.Answer{Status: http.StatusBadRequest}
		}
		return w.pay(pay)
	default:
		return connector.Answer{Status: http.StatusNotFound}
	}
}

func (w *World) pay(p wirePay) connector.Answer {
	var next connector.Step = connector.Show{URL: origin + "/page/" + p.Reference}
	if w.script != nil {
		next = w.script(p.Reference, p.Amount)
	}
	switch step := next.(type) {
	case connector.Show:
		return jsonAnswer(wireStep{Step: "show", URL: step.URL})
	case connector.Wait:
		return jsonAnswer(wireStep{Step: "wait", Seconds: int64(step.After.Seconds())})
	case connector.Result:
		w.happened(step)
		r := wireOf(step)
		return jsonAnswer(wireStep{Step: "result", Result: &r})
	default:
		return connector.Answer{Status: http.StatusNotImplemented}
	}
}

func (w *World) learn(r connector.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.happened(r)
}

// happened changes what is known of an order. The caller holds the lock.
func (w *World) happened(r connector.Result) {
	s := w.known[r.Reference]
	if s.Charge != "" && s.Charge != r.Charge {
		return // a snapshot tells of one charge
	}
	s.Found, s.State, s.Text, s.Code = true, r.State, r.Text, r.Code
	switch r.State {
	case connector.Authorized:
		s.Charge, s.Held = r.Charge, r.Amount
	case connector.Succeeded:
		s.Charge, s.Held, s.Captured = r.Charge, billing.Money{}, r.Amount
	case connector.Voided:
		s.Charge, s.Held = r.Charge, billing.Money{}
	default:
	}
	w.known[r.Reference] = s
}

func sum(a, b billing.Money) billing.Money {
	if a == (billing.Money{}) {
		return b
	}
	total, err := a.Add(b)
	if err != nil {
		return b // a test that mixes currencies here has its own point to make
	}
	return total
}

func jsonAnswer(v any) connector.Answer {
	body, err := json.Marshal(v)
	if err != nil {
		return connector.Answer{Status: http.StatusInternalServerError}
	}
	return connector.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}
