package connectortest

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// Sender makes the messages that the scripted gateway's server sends. It keeps no state: making a message lets nothing
// happen.
type Sender struct {
	Merchant string
	Key      secret.Value
}

// Message makes one message with these results.
func (s Sender) Message(results ...connector.Result) connector.Inbound {
	m := wireMessage{Merchant: s.Merchant, Results: []wireResult{}}
	for _, r := range results {
		m.Results = append(m.Results, wireOf(r))
	}
	body, err := json.Marshal(m)
	if err != nil {
		body = []byte("{}") // only a time far outside the calendar cannot be written
	}
	return s.Signed(body)
}

// Charged tells that money was taken.
func (s Sender) Charged(reference, charge string, amount billing.Money) connector.Inbound {
	return s.Message(connector.Result{Reference: reference, Charge: charge, State: connector.Succeeded, Amount: amount})
}

// Authorized tells that money is held.
func (s Sender) Authorized(reference, charge string, amount billing.Money) connector.Inbound {
	return s.Message(connector.Result{Reference: reference, Charge: charge, State: connector.Authorized, Amount: amount})
}

// Voided tells that a hold was released.
func (s Sender) Voided(reference, charge string, amount billing.Money) connector.Inbound {
	return s.Message(connector.Result{Reference: reference, Charge: charge, State: connector.Voided, Amount: amount})
}

// Failed tells that the payment was refused.
func (s Sender) Failed(reference, text string) connector.Inbound {
	return s.Message(connector.Result{Reference: reference, State: connector.Failed, Text: text})
}

// Refunded tells that money went back.
func (s Sender) Refunded(reference, charge, operation string, amount billing.Money) connector.Inbound {
	return s.Message(connector.Result{
		Kind: connector.OfRefund, Reference: reference, Charge: charge, Operation: operation, State: connector.Succeeded, Amount: amount,
	})
}

// Signed makes a genuine message of any body, well-formed or not.
func (s Sender) Signed(body []byte) connector.Inbound {
	return connector.Inbound{
		Method: http.MethodPost,
		Header: http.Header{"Content-Type": {"application/json"}, signatureHeader: {sign(s.Key, string(body))}},
		Body:   body,
	}
}

// OtherKey signs a message with a key that is not the merchant's.
func (s Sender) OtherKey(in connector.Inbound) connector.Inbound {
	return Sender{Merchant: s.Merchant, Key: secret.New("not " + s.Key.Reveal())}.Signed(in.Body)
}

// Forged alters the body of a message and leaves its signature.
func (s Sender) Forged(in connector.Inbound) connector.Inbound {
	in.Header, in.Body = in.Header.Clone(), slices.Clone(in.Body)
	if len(in.Body) > 0 {
		in.Body[len(in.Body)/2] ^= 1
	}
	return in
}
