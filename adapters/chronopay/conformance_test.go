package chronopay_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
)

// TestConformance runs the suite that every gateway has to pass. What ChronoPay has not is left out by name.
func TestConformance(t *testing.T) {
	for _, check := range connectortest.Checks(harness(t)) {
		t.Run(check.Name, func(t *testing.T) {
			err := check.Run(t.Context())
			if reason, skipped := connectortest.Skipped(err); skipped {
				t.Log("left out:", reason)
				return
			}
			require.NoError(t, err)
		})
	}
}

func harness(t *testing.T) connectortest.Harness {
	t.Helper()
	g := open(t)
	signed := func(o connector.Order, change func(*chronopaysim.Callback)) connector.Inbound {
		return posted(genuine(t, g, o, change))
	}
	types := map[connector.ResultKind]map[connector.State]string{
		connector.OfCharge:  {connector.Succeeded: "Purchase", connector.Failed: "decline"},
		connector.OfRefund:  {connector.Succeeded: "Refund"},
		connector.OfDispute: {connector.Opened: "chargeback"},
	}
	h := connectortest.Harness{
		Open: func() (connector.Gateway, error) { return chronopay.New(usual()) },
		Message: func(o connector.Order, r connector.Result) (connector.Inbound, error) {
			name := types[r.Kind][r.State]
			if name == "" {
				return connector.Inbound{}, connectortest.ErrCannot
			}
			return signed(o, func(c *chronopaysim.Callback) {
				c.TransactionType, c.TransactionID, c.Total = name, r.Charge, r.Amount.Value()
			}), nil
		},
		Signature: connectortest.FormPart("sign"),
		OtherKey: func(in connector.Inbound) connector.Inbound {
			form, err := url.ParseQuery(string(in.Body))
			require.NoError(t, err)
			sign := chronopay.CallbackSign{
				CustomerID: form.Get("customer_id"), TransactionID: form.Get("transaction_id"),
				TransactionType: form.Get("transaction_type"), Total: form.Get("total"),
			}
			form.Set("sign", sign.Sign(secret.New("another secret")))
			in.Body = []byte(form.Encode())
			return in
		},
		Unknown: func(o connector.Order) (connector.Inbound, error) {
			return signed(o, func(c *chronopaysim.Callback) { c.TransactionType = "Authorize" }), nil
		},
		Asked: func(s connector.Step) (string, billing.Money, error) {
			form := map[string]string{}
			show, ok := s.(connector.Show)
			if !ok || show.Method != http.MethodPost {
				return "", billing.Money{}, errors.New("not a form")
			}
			for _, f := range show.Fields {
				form[f.Name] = f.Value
			}
			asked, err := billing.ParseMoney(form["product_price"], form["product_price_currency"])
			return form["order_id"], asked, err
		},
		Secrets: []string{sec},
		Charge:  func(n int) string { return fmt.Sprint(23456789 + n) },
	}
	for _, name := range []string{"customer_id", "transaction_id", "transaction_type", "total"} {
		h.Signed = append(h.Signed, connectortest.FormPart(name))
	}
	return h
}
