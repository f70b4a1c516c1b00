package connectortest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
)

// wrongGateways are the mistakes that the suite is there to find, each with the check that must find it.
var wrongGateways = []struct {
	name   string
	begin  connectortest.Begin
	wrap   func(*connectortest.Scripted) connector.Gateway
	caught string
	says   string
}{
	{
		name:   "gives no step and no error",
		wrap:   starting(func(connector.Step) (connector.Step, error) { return nil, nil }),
		caught: "Start gives a step, never nil without an error", says: "nil step",
	},
	{
		name: "gives a pointer to a step",
		wrap: starting(func(s connector.Step) (connector.Step, error) {
			show := s.(connector.Show)
			return &show, nil
		}),
		caught: "Start gives a step, never nil without an error", says: "of type *connector.Show",
	},
	{
		name: "counts its starts",
		wrap: func(g *connectortest.Scripted) connector.Gateway {
			var n atomic.Int64
			return starting(func(s connector.Step) (connector.Step, error) {
				show := s.(connector.Show)
				show.Text = strconv.FormatInt(n.Add(1), 10)
				return show, nil
			})(g)
		},
		caught: "Start is pure: the same order gives the same step", says: "second step differs",
	},
	{
		name: "reuses one slice for all forms",
		wrap: func(g *connectortest.Scripted) connector.Gateway {
			extra := make([]byte, 1)
			return starting(func(s connector.Step) (connector.Step, error) {
				show := s.(connector.Show)
				show.State = extra
				return show, nil
			})(g)
		},
		caught: "Start shares no memory: changing a step changes no other", says: "written into an earlier one",
	},
	{
		name: "asks for an amount that went through a float",
		wrap: starting(func(s connector.Step) (connector.Step, error) {
			show := s.(connector.Show)
			show.Fields = slices.Clone(show.Fields)
			for i, f := range show.Fields {
				if f.Name == "amount" && len(f.Value) > 15 {
					show.Fields[i].Value = "4503599627370497.00"
				}
			}
			return show, nil
		}),
		caught: "Start asks for exactly the order's amount, by its reference", says: "asks for 4503599627370497.00 RUB",
	},
	{
		name: "puts its key into the form",
		wrap: starting(func(s connector.Step) (connector.Step, error) {
			show := s.(connector.Show)
			show.Fields = append(slices.Clone(show.Fields), connector.Field{Name: "key", Value: "canary-signing-key"})
			return show, nil
		}),
		caught: "Start shows the payer no secret", says: "shows secret 1",
	},
	{
		name:  "takes any answer to its call for success",
		begin: connectortest.BeginCall,
		wrap: starting(func(s connector.Step) (connector.Step, error) {
			call := s.(connector.Call[connector.Step])
			call.Read = func(connector.Answer) (connector.Step, error) {
				return connector.Result{State: connector.Succeeded}, nil
			}
			return call, nil
		}),
		caught: "a call of Start takes no nonsense for success", says: "an empty answer is read as succeeded",
	},
	{
		name:   "does not look at the signature",
		wrap:   func(g *connectortest.Scripted) connector.Gateway { return &careless{Scripted: g} },
		caught: "a flipped byte in any signed part is refused", says: "an altered header X-Signature is accepted",
	},
	{
		name: "accepts a message without a signature",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			if in.Header.Get("X-Signature") == "" {
				return connector.Message{Ignored: "not signed"}, nil
			}
			return g.Receive(in)
		}),
		caught: "a message without its signature is refused", says: "accepted",
	},
	{
		name: "compares the first characters of the signature",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			given := in.Header.Get("X-Signature")
			right := connectortest.NewWorld(settingsWith("")).Sender().Signed(in.Body)
			if want := right.Header.Get("X-Signature"); len(given) == len(want) && given[:8] == want[:8] {
				in = right
			}
			return g.Receive(in)
		}),
		caught: "a flipped byte in any signed part is refused", says: "an altered header X-Signature is accepted",
	},
	{
		name: "says of every error that the message cannot be read",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			m, err := g.Receive(in)
			if err != nil {
				return m, &connector.MessageError{Field: "message", Reason: "wrong"}
			}
			return m, nil
		}),
		caught: "a message signed with another key is refused", says: "another error than ErrBadSignature",
	},
	{
		name: "panics on an empty body",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			_ = in.Body[0]
			return g.Receive(in)
		}),
		caught: "a broken message ends with a typed error", says: "panicked",
	},
	{
		name: "answers hostile input with an error of its own",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			m, err := g.Receive(in)
			if err != nil {
				return m, errors.New("bad request")
			}
			return m, nil
		}),
		caught: "a broken message ends with a typed error", says: "neither ErrBadSignature nor ErrBadMessage",
	},
	{
		name: "prints what came",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			m, err := g.Receive(in)
			if err != nil {
				return m, fmt.Errorf("%w: %q", err, in.Body)
			}
			return m, nil
		}),
		caught: "a broken message ends with a typed error", says: "holds what came",
	},
	{
		name: "names its key in an error",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			m, err := g.Receive(in)
			if err != nil {
				return m, fmt.Errorf("%w: with the key canary-signing-key", err)
			}
			return m, nil
		}),
		caught: "no error, result or printed gateway shows a secret", says: "shows secret 1",
	},
	{
		name: "holds its key as a plain text",
		wrap: func(g *connectortest.Scripted) connector.Gateway {
			return struct {
				*connectortest.Scripted
				key string
			}{g, "canary-signing-key"}
		},
		caught: "no error, result or printed gateway shows a secret", says: "the printed gateway",
	},
	{
		name: "drops cents",
		wrap: meaning(func(r *connector.Result) {
			r.Amount = billing.MustMoney(fmt.Sprintf("%d.00", r.Amount.Minor()/100), "RUB")
		}),
		caught: "amounts come through exactly", says: "the amount is",
	},
	{
		name:   "reports what it thinks was asked",
		wrap:   meaning(func(r *connector.Result) { r.Amount = billing.MustMoney("100.00", "RUB") }),
		caught: "another amount than was asked is reported as it was said", says: "the amount is 100.00 RUB",
	},
	{
		name:   "does not echo the reference",
		wrap:   meaning(func(r *connector.Result) { r.Reference = "" }),
		caught: "a genuine charge is read and names reference, charge and amount", says: "not echoed",
	},
	{
		name:   "names all charges of an order alike",
		wrap:   meaning(func(r *connector.Result) { r.Charge = r.Reference }),
		caught: "two charges of one order stay two charges", says: "same charge reference",
	},
	{
		name: "takes a hold for money",
		wrap: meaning(func(r *connector.Result) {
			if r.State == connector.Authorized {
				r.State = connector.Succeeded
			}
		}),
		caught: "a hold is read as authorized, not as received", says: "read as succeeded",
	},
	{
		name:   "takes a refund for a charge",
		wrap:   meaning(func(r *connector.Result) { r.Kind = connector.OfCharge }),
		caught: "a refund is read as a refund", says: "read as charge",
	},
	{
		name: "remembers what it has read",
		wrap: func(g *connectortest.Scripted) connector.Gateway {
			var n atomic.Int64
			return meaning(func(r *connector.Result) { r.Code = strconv.FormatInt(n.Add(1), 10) })(g)
		},
		caught: "a message read twice means the same", says: "second reading",
	},
	{
		name: "changes the message",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			m, err := g.Receive(in)
			in.Header.Del("X-Signature")
			return m, err
		}),
		caught: "Receive leaves the message as it was", says: "changed the message",
	},
	{
		name: "takes unknown types for charges",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			m, err := g.Receive(in)
			if err == nil && len(m.Results) == 0 && !in.Browser {
				m.Results = []connector.Result{{State: connector.Succeeded}}
			}
			return m, err
		}),
		caught: "a message of an unknown type moves nothing", says: "succeeded",
	},
	{
		name: "believes a returning browser",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			in.Browser = false
			return g.Receive(in)
		}),
		caught: "a returning browser settles nothing", says: "read as succeeded",
	},
	{
		name: "thanks for what was not kept",
		wrap: receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
			m, err := g.Receive(in)
			m.Reply = func(connector.Outcome) connector.Reply { return connector.Reply{Status: http.StatusOK} }
			return m, err
		}),
		caught: "the gateway is told apart whether its message was kept", says: "same answer",
	},
	{
		name: "takes an error of the server for what its body says",
		wrap: asking(func(call *connector.Call[connector.Snapshot]) {
			read := call.Read
			call.Read = func(a connector.Answer) (connector.Snapshot, error) {
				a.Status = http.StatusOK
				return read(a)
			}
		}),
		caught: "Status claims no success from an error of the server", says: "an answer 500 is read as succeeded",
	},
	{
		name: "takes no answer for a failure",
		wrap: asking(func(call *connector.Call[connector.Snapshot]) {
			read := call.Read
			call.Read = func(a connector.Answer) (connector.Snapshot, error) {
				s, err := read(a)
				if err != nil {
					return connector.Snapshot{Found: true, State: connector.Failed}, nil
				}
				return s, nil
			}
		}),
		caught: "Status claims nothing from nonsense", says: "read as failed",
	},
	{
		name:   "may not repeat its question",
		wrap:   asking(func(call *connector.Call[connector.Snapshot]) { call.Request.Repeatable = false }),
		caught: "a question for the status is the same each time and may be repeated", says: "not Repeatable",
	},
	{
		name:   "asks for nothing in particular",
		wrap:   asking(func(call *connector.Call[connector.Snapshot]) { call.Request.URL = "https://scripted.example/status" }),
		caught: "a question for the status names the reference", says: "nowhere",
	},
	{
		name: "counts a hold as captured",
		wrap: asking(func(call *connector.Call[connector.Snapshot]) {
			read := call.Read
			call.Read = func(a connector.Answer) (connector.Snapshot, error) {
				s, err := read(a)
				if s.Held != (billing.Money{}) {
					s.Captured = s.Held
				}
				return s, err
			}
		}),
		caught: "a hold is answered as held, not as captured", says: "captured is",
	},
	{
		name:   "gives references of three digits",
		wrap:   func(g *connectortest.Scripted) connector.Gateway { return shortReferences{g} },
		caught: "references are distinct, stable and printable", says: "the same reference",
	},
	{
		name:   "keeps the last message of all goroutines",
		wrap:   func(g *connectortest.Scripted) connector.Gateway { return &shared{Scripted: g} },
		caught: "one gateway serves many goroutines", says: "while others use the gateway",
	},
}

// starting makes gateways whose first step is altered.
func starting(alter func(connector.Step) (connector.Step, error)) func(*connectortest.Scripted) connector.Gateway {
	return func(g *connectortest.Scripted) connector.Gateway { return otherStart{g, alter} }
}

type otherStart struct {
	*connectortest.Scripted
	alter func(connector.Step) (connector.Step, error)
}

func (g otherStart) Start(o connector.Order) (connector.Step, error) {
	s, err := g.Scripted.Start(o)
	if err != nil {
		return nil, err
	}
	return g.alter(s)
}

// receiving makes gateways that read messages in another way.
func receiving(read func(*connectortest.Scripted, connector.Inbound) (connector.Message, error)) func(*connectortest.Scripted) connector.Gateway {
	return func(g *connectortest.Scripted) connector.Gateway { return otherReceive{g, read} }
}

type otherReceive struct {
	*connectortest.Scripted
	read func(*connectortest.Scripted, connector.Inbound) (connector.Message, error)
}

func (g otherReceive) Receive(in connector.Inbound) (connector.Message, error) {
	return g.read(g.Scripted, in)
}

// meaning makes gateways that read every result in another way.
func meaning(alter func(*connector.Result)) func(*connectortest.Scripted) connector.Gateway {
	return receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
		m, err := g.Receive(in)
		for i := range m.Results {
			alter(&m.Results[i])
		}
		return m, err
	})
}

// asking makes gateways that ask for the status in another way.
func asking(alter func(*connector.Call[connector.Snapshot])) func(*connectortest.Scripted) connector.Gateway {
	return func(g *connectortest.Scripted) connector.Gateway { return otherStatus{g, alter} }
}

type otherStatus struct {
	*connectortest.Scripted
	alter func(*connector.Call[connector.Snapshot])
}

func (g otherStatus) Status(q connector.Query) (connector.Call[connector.Snapshot], error) {
	call, err := g.Scripted.Status(q)
	g.alter(&call)
	return call, err
}

type shortReferences struct{ *connectortest.Scripted }

func (shortReferences) Reference(n uint64) string { return fmt.Sprintf("%03d", n%1000) }

// careless reads messages without a look at their signature.
type careless struct{ *connectortest.Scripted }

func (g *careless) Receive(in connector.Inbound) (connector.Message, error) {
	if !json.Valid(in.Body) {
		return connector.Message{}, &connector.MessageError{Field: "body", Reason: "not JSON"}
	}
	return g.Scripted.Receive(connectortest.NewWorld(settingsWith("")).Sender().Signed(in.Body))
}

// shared keeps a message between two steps of reading, for all who use it.
type shared struct {
	*connectortest.Scripted
	last atomic.Pointer[connector.Inbound]
}

func (g *shared) Receive(in connector.Inbound) (connector.Message, error) {
	g.last.Store(&in)
	runtime.Gosched() // let somebody else store another
	return g.Scripted.Receive(*g.last.Load())
}
