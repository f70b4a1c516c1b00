package connector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

// AcmeSettings is the settings form of a payment method.
type AcmeSettings struct {
	MerchantID string       `json:"merchant_id" jsonschema:"title=Merchant ID,pattern=^m-[0-9]+$"`
	APIKey     secret.Value `json:"api_key" jsonschema:"title=API key"`
	Mode       string       `json:"mode,omitempty" jsonschema:"title=Mode,enum=test,enum=live,default=test"`
}

// acme sends the payer to a page. It cannot be asked for the status, so its connector needs a period.
type acme struct{ settings AcmeSettings }

func newAcme(s AcmeSettings) (*acme, error) { return &acme{s}, nil }

func (g *acme) Start(o connector.Order) (connector.Step, error) {
	q := url.Values{"merchant": {g.settings.MerchantID}, "order": {o.Reference}, "amount": {o.Amount.Value()}, "mode": {g.settings.Mode}}
	return connector.Show{URL: "https://acme.example/pay?" + q.Encode()}, nil
}

func (g *acme) Receive(connector.Inbound) (connector.Message, error) {
	return connector.Message{}, &connector.SignatureError{Cause: connector.SignatureMissing}
}

// A connector is registered once; each reseller makes payment methods of it.
func Example() {
	ctx := context.Background()
	key, err := secret.GenerateKey("k1")
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := secret.NewRing(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	connectors, err := connector.New(connector.Config{
		Store:   new(memory.DB).Connectors(),
		Kinds:   []connector.Kind{connector.KindOf("acme", newAcme)},
		Secrets: keys,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	root := connector.Actor{Reseller: "root", Name: "anna"}
	registered, err := connectors.Create(ctx, connector.CreateParams{By: root, Name: "Acme", Kind: "acme", Period: 15 * time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	method := connector.CreateMethodParams{By: root, Connector: registered.ID, Name: "Bank card"}

	method.Settings = json.RawMessage(`{"merchant_id":"acme","mode":"fast"}`)
	_, err = connectors.CreateMethod(ctx, method)
	if wrong, ok := errors.AsType[*settings.Error](err); ok {
		for _, line := range wrong.Localized("en") {
			fmt.Println(line)
		}
	}

	method.Settings = json.RawMessage(`{"merchant_id":"m-1","api_key":"sk_1"}`)
	card, err := connectors.CreateMethod(ctx, method)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(card.Settings), "set:", card.Secrets)

	opened, err := connectors.Open(ctx, card.ID, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := opened.Gateway.Start(connector.Order{Reference: "1001", Amount: billing.MustMoney("100.00", "RUB")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(step.(connector.Show).URL)
	// Output:
	// API key (/api_key): this field is required
	// Merchant ID (/merchant_id): does not match the pattern ^m-[0-9]+$
	// Mode (/mode): must be one of: test, live
	// {"merchant_id":"m-1"} set: [/api_key]
	// https://acme.example/pay?amount=100.00&merchant=m-1&mode=test&order=1001
}

// Only an error that proves that nothing was sent is a licence to repeat a call that moves money.
func ExampleSafeToRetry() {
	refusedToDial := &connector.GatewayError{Connector: "acme", Request: "pay", Sent: connector.NotSent, Err: errors.New("dial: connection refused")}
	answerLost := &connector.GatewayError{Connector: "acme", Request: "pay", Err: errors.New("connection reset")}
	fmt.Println(connector.SafeToRetry(refusedToDial), refusedToDial)
	fmt.Println(connector.SafeToRetry(fmt.Errorf("pay: %w", answerLost)), answerLost)
	// Output:
	// true connector: acme: pay: not sent: dial: connection refused
	// false connector: acme: pay: outcome unknown: connection reset
}
