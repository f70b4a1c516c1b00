package connectortest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// The names of the scripted kinds.
const (
	ScriptedKind = "scripted"
	MuteKind     = "scripted-mute"
)

// origin is where the scripted gateway would be. Nothing is ever sent there: calls go to a [World].
const origin = "https://scripted.example"

// Begin says how a scripted payment begins.
type Begin string

// The ways to begin.
const (
	BeginShow    Begin = "show"    // a link for the payer
	BeginForm    Begin = "form"    // a form that the payer's browser submits
	BeginWait    Begin = "wait"    // nothing to show
	BeginCharged Begin = "charged" // the money is taken at once
	BeginRefused Begin = "refused" // the payment is refused at once
	BeginCall    Begin = "call"    // a call to the [World], whose script says what comes next
	BeginError   Begin = "error"   // Start returns an error
)

// Settings are the settings of the scripted kinds.
type Settings struct {
	Merchant string       `json:"merchant" jsonschema:"title=Merchant,pattern=^[a-z0-9-]{1\\,32}$"`
	Key      secret.Value `json:"key" jsonschema:"title=Signing key"`
	Begin    Begin        `json:"begin,omitempty" jsonschema:"title=First step,enum=show,enum=form,enum=wait,enum=charged,enum=refused,enum=call,enum=error,default=show"`
	Test     bool         `json:"test,omitempty" jsonschema:"title=Test money"`
}

// Kind is the kind of [Scripted] gateways.
func Kind() connector.Kind { return connector.KindOf(ScriptedKind, NewScripted) }

// Mute is a scripted gateway that cannot be asked for the status: its messages are all there is.
type Mute struct {
	connector.Gateway
	connector.Referencer
	connector.Merchant
	connector.Tester
}

// KindMute is the kind of [Mute] gateways.
func KindMute() connector.Kind {
	return connector.KindOf(MuteKind, func(s Settings) (Mute, error) {
		g, err := NewScripted(s)
		return Mute{g, g, g, g}, err
	})
}

// Scripted is a gateway that does as its settings say. It has every optional ability of the connector package.
type Scripted struct{ settings Settings }

var (
	_ connector.Gateway       = (*Scripted)(nil)
	_ connector.StatusQuerier = (*Scripted)(nil)
	_ connector.Referencer    = (*Scripted)(nil)
	_ connector.Merchant      = (*Scripted)(nil)
	_ connector.Tester        = (*Scripted)(nil)
)

// NewScripted opens a scripted gateway.
func NewScripted(s Settings) (*Scripted, error) {
	if s.Key.Empty() {
		return nil, &connector.ParamError{Field: "key", Reason: "required"}
	}
	if s.Begin == "" {
		s.Begin = BeginShow
	}
	return &Scripted{settings: s}, nil
}

// Start begins as the settings say.
func (g *Scripted) Start(o connector.Order) (connector.Step, error) {
	state := []byte("begun " + o.Reference)
	switch g.settings.Begin {
	case BeginShow:
		q := url.Values{"reference": {o.Reference}, "amount": {o.Amount.Value()}, "currency": {string(o.Amount.Currency())}}
		return connector.Show{URL: origin + "/page?" + q.Encode(), State: state}, nil
	case BeginForm:
		return connector.Show{URL: origin + "/page", Method: http.MethodPost, State: state, Fields: []connector.Field{
			{Name: "reference", Value: o.Reference},
			{Name: "amount", Value: o.Amount.Value()},
			{Name: "currency", Value: string(o.Amount.Currency())},
			{Name: "signature", Value: sign(g.settings.Key, o.Reference, o.Amount.String())},
		}}, nil
	case BeginWait:
		return connector.Wait{After: 5 * time.Second, State: state}, nil
	case BeginCharged:
		return connector.Result{
			Reference: o.Reference, Charge: "charge-" + o.Reference, State: connector.Succeeded,
			Amount: o.Amount, Test: g.settings.Test,
		}, nil
	case BeginRefused:
		return connector.Result{Reference: o.Reference, State: connector.Failed, Code: "51", Text: "Not enough money", Test: g.settings.Test}, nil
	case BeginCall:
		return g.payCall(o)
	default:
		return nil, &connector.ParamError{Field: "order", Reason: "the script refuses it"}
	}
}

func (g *Scripted) payCall(o connector.Order) (connector.Step, error) {
	body, err := json.Marshal(wirePay{Merchant: g.settings.Merchant, Reference: o.Reference, Amount: o.Amount})
	if err != nil {
		return nil, err
	}
	return connector.Call[connector.Step]{
		Request: connector.Request{
			Name: "pay", Method: http.MethodPost, URL: origin + "/pay", Body: body,
			Header: http.Header{"Content-Type": {"application/json"}},
			Sign:   g.signCall,
		},
		Read: func(a connector.Answer) (connector.Step, error) {
			var answer wireStep
			if err := readAnswer("pay", a, &answer); err != nil {
				return nil, err
			}
			return answer.step(o.Reference)
		},
	}, nil
}

// Status asks for the present state by our reference.
func (g *Scripted) Status(q connector.Query) (connector.Call[connector.Snapshot], error) {
	ask := url.Values{"merchant": {g.settings.Merchant}, "reference": {q.Reference}}
	return connector.Call[connector.Snapshot]{
		Request: connector.Request{
			Name: "status", Method: http.MethodGet, URL: origin + "/status?" + ask.Encode(),
			Repeatable: true, Sign: g.signCall,
		},
		Read: func(a connector.Answer) (connector.Snapshot, error) {
			var answer wireSnapshot
			if err := readAnswer("status", a, &answer); err != nil {
				return connector.Snapshot{}, err
			}
			return answer.snapshot(q.Reference)
		},
	}, nil
}

// signCall signs a call with time and nonce, anew for every try.
func (g *Scripted) signCall(r *connector.Request, s connector.Stamp) error {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	at := strconv.FormatInt(s.Time.Unix(), 10)
	r.Header.Set("X-Time", at)
	r.Header.Set("X-Nonce", s.Nonce)
	r.Header.Set(signatureHeader, signCall(g.settings.Key, *r))
	return nil
}

// Receive reads a message: a JSON body, signed in the header X-Signature. A message for another merchant is genuine and
// misplaced; types and states that it does not know move nothing.
func (g *Scripted) Receive(in connector.Inbound) (connector.Message, error) {
	if in.Browser {
		return connector.Message{Ignored: "a returning browser"}, nil
	}
	if len(in.Body) > connector.MaxInbound {
		return connector.Message{}, &connector.MessageError{Field: "body", Reason: "too large"}
	}
	if err := verify(g.settings.Key, in); err != nil {
		return connector.Message{}, err
	}
	var m wireMessage
	if err := decode(in.Body, &m); err != nil {
		return connector.Message{}, err
	}
	var message connector.Message
	for _, r := range m.Results {
		result, known := r.result()
		if !known {
			continue
		}
		if m.Merchant != g.settings.Merchant {
			result.Misplaced = "another merchant"
		}
		result.Test = result.Test || g.settings.Test
		message.Results = append(message.Results, result)
	}
	if len(message.Results) == 0 {
		message.Ignored = "no result of a known type"
	}
	message.Reply = func(o connector.Outcome) connector.Reply {
		if o.Err != nil {
			return connector.Reply{Status: http.StatusServiceUnavailable}
		}
		return connector.Reply{Status: http.StatusOK, Body: []byte("kept")}
	}
	return message, nil
}

// Reference gives twelve characters of 36, so that distinct numbers stay distinct up to 2⁶⁰.
func (g *Scripted) Reference(n uint64) string {
	text := strconv.FormatUint(n, 36)
	const zeros = "000000000000"
	if len(text) < len(zeros) {
		text = zeros[len(text):] + text
	}
	return text
}

// MerchantAccount is the merchant of the settings.
func (g *Scripted) MerchantAccount() string { return g.settings.Merchant }

// Test reports whether the settings say that all money is test money.
func (g *Scripted) Test() bool { return g.settings.Test }

// wirePay is the body of a call that begins a payment.
type wirePay struct {
	Merchant  string        `json:"merchant"`
	Reference string        `json:"reference"`
	Amount    billing.Money `json:"amount"`
}
