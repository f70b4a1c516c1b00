package connectortest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// The wire format of the scripted gateway, both directions.

const signatureHeader = "X-Signature"

// sign is HMAC-SHA256 in hex over the parts, each followed by a line feed.
func sign(key secret.Value, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	for _, part := range parts {
		mac.Write([]byte(part))
		mac.Write([]byte("\n"))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func signCall(key secret.Value, r connector.Request) string {
	return sign(key, r.Method, r.URL, r.Header.Get("X-Time"), r.Header.Get("X-Nonce"), string(r.Body))
}

// verify checks the signature of a message over the bytes of its body.
func verify(key secret.Value, in connector.Inbound) error {
	given := in.Header.Get(signatureHeader)
	if given == "" {
		return &connector.SignatureError{Cause: connector.SignatureMissing, Field: signatureHeader}
	}
	raw, err := hex.DecodeString(given)
	if err != nil || len(raw) != sha256.Size {
		return &connector.SignatureError{Cause: connector.SignatureMalformed, Field: signatureHeader}
	}
	want, _ := hex.DecodeString(sign(key, string(in.Body))) // our own hex
	if !hmac.Equal(raw, want) {
		return &connector.SignatureError{Cause: connector.SignatureAltered}
	}
	return nil
}

// wireMessage is a message of the gateway's server.
type wireMessage struct {
	Merchant string       `json:"merchant"`
	Results  []wireResult `json:"results"`
}

type wireResult struct {
	Type      string        `json:"type"`
	Reference string        `json:"reference"`
	Charge    string        `json:"charge,omitempty"`
	Operation string        `json:"operation,omitempty"`
	State     string        `json:"state"`
	Amount    billing.Money `json:"amount,omitzero"`
	Fee       billing.Money `json:"fee,omitzero"`
	Test      bool          `json:"test,omitempty"`
	Code      string        `json:"code,omitempty"`
	Text      string        `json:"text,omitempty"`
	At        time.Time     `json:"at,omitzero"`
}

func wireOf(r connector.Result) wireResult {
	kind := r.Kind
	if kind == "" {
		kind = connector.OfCharge
	}
	return wireResult{
		Type: string(kind), Reference: r.Reference, Charge: r.Charge, Operation: r.Operation, State: string(r.State),
		Amount: r.Amount, Fee: r.Fee, Test: r.Test, Code: r.Code, Text: r.Text, At: r.At,
	}
}

// result gives the meaning of r, or false when its type or state is not known.
func (r wireResult) result() (connector.Result, bool) {
	result := connector.Result{
		Kind: connector.ResultKind(r.Type), Reference: r.Reference, Charge: r.Charge, Operation: r.Operation,
		State: connector.State(r.State), Amount: r.Amount, Fee: r.Fee, Test: r.Test, Code: r.Code, Text: r.Text, At: r.At,
	}
	return result, known(result.Kind, result.State)
}

func known(kind connector.ResultKind, state connector.State) bool {
	switch kind {
	case connector.OfCharge:
		switch state {
		case connector.Pending, connector.Authorized, connector.Succeeded, connector.Failed, connector.Voided:
			return true
		default:
			return false
		}
	case connector.OfRefund:
		return state == connector.Pending || state == connector.Succeeded || state == connector.Failed
	case connector.OfDispute:
		return state == connector.Opened || state == connector.Won || state == connector.Lost
	default:
		return false
	}
}

// wireStep answers a call that begins a payment.
type wireStep struct {
	Step    string      `json:"step"` // "show", "wait" or "result"
	URL     string      `json:"url,omitempty"`
	Seconds int64       `json:"seconds,omitempty"`
	Result  *wireResult `json:"result,omitempty"`
}

func (w wireStep) step(reference string) (connector.Step, error) {
	switch {
	case w.Step == "show" && w.URL != "":
		return connector.Show{URL: w.URL}, nil
	case w.Step == "wait":
		return connector.Wait{After: time.Duration(w.Seconds) * time.Second}, nil
	case w.Step == "result" && w.Result != nil:
		r, ok := w.Result.result()
		if !ok || r.Reference != reference {
			return nil, &connector.MessageError{Field: "result", Reason: "not about this order"}
		}
		return r, nil
	default:
		return nil, &connector.MessageError{Field: "step", Reason: "not known"}
	}
}

// wireSnapshot answers a question for the status.
type wireSnapshot struct {
	Reference string        `json:"reference"`
	Found     bool          `json:"found"`
	State     string        `json:"state,omitempty"`
	Charge    string        `json:"charge,omitempty"`
	Held      billing.Money `json:"held,omitzero"`
	Captured  billing.Money `json:"captured,omitzero"`
	Refunded  billing.Money `json:"refunded,omitzero"`
	Fee       billing.Money `json:"fee,omitzero"`
	Test      bool          `json:"test,omitempty"`
	Code      string        `json:"code,omitempty"`
	Text      string        `json:"text,omitempty"`
}

func wireSnapshotOf(reference string, s connector.Snapshot) wireSnapshot {
	return wireSnapshot{
		Reference: reference, Found: s.Found, State: string(s.State), Charge: s.Charge, Held: s.Held,
		Captured: s.Captured, Refunded: s.Refunded, Fee: s.Fee, Test: s.Test, Code: s.Code, Text: s.Text,
	}
}

func (w wireSnapshot) snapshot(reference string) (connector.Snapshot, error) {
	switch {
	case w.Reference != reference:
		return connector.Snapshot{}, &connector.MessageError{Field: "reference", Reason: "not the one that was asked for"}
	case w.Found && !known(connector.OfCharge, connector.State(w.State)):
		return connector.Snapshot{}, &connector.MessageError{Field: "state", Reason: "not known"}
	case w.Charge == "" && (w.Held.Sign() != 0 || w.Captured.Sign() != 0):
		return connector.Snapshot{}, &connector.MessageError{Field: "charge", Reason: "missing"}
	}
	return connector.Snapshot{
		Found: w.Found, State: connector.State(w.State), Charge: w.Charge, Held: w.Held, Captured: w.Captured,
		Refunded: w.Refunded, Fee: w.Fee, Test: w.Test, Code: w.Code, Text: w.Text,
	}, nil
}

// readAnswer decodes an answer that says 200. Any other leaves the outcome open.
func readAnswer(name string, a connector.Answer, into any) error {
	if a.Status != http.StatusOK {
		return &connector.GatewayError{Connector: ScriptedKind, Request: name, Code: strconv.Itoa(a.Status), Err: errors.New("not answered")}
	}
	return decode(a.Body, into)
}

// decode reads strict JSON: one value, no unknown members, valid UTF-8. The decoder's own texts may show the content.
func decode(body []byte, into any) error {
	if !utf8.Valid(body) {
		return &connector.MessageError{Field: "body", Reason: "not valid UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil || d.More() {
		return &connector.MessageError{Field: "body", Reason: "not the JSON that was agreed on"}
	}
	return nil
}
