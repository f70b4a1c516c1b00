package chronopay_test

import (
	"crypto/md5"
	"encoding/hex"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

const (
	sec     = "4G0i8590sl5Da37I" // of the public vectors
	product = "001234-0001-0001"
)

var chronoPay = netip.MustParseAddr("93.174.51.230")

func usual() chronopay.Settings {
	return chronopay.Settings{ProductID: product, SharedSec: secret.New(sec)}
}

func open(t testing.TB, change ...func(*chronopay.Settings)) *chronopay.Gateway {
	t.Helper()
	s := usual()
	for _, c := range change {
		c(&s)
	}
	g, err := chronopay.New(s)
	require.NoError(t, err)
	return g
}

func order() connector.Order {
	return connector.Order{
		Reference:   "100045",
		Amount:      billing.MustMoney("500.00", "RUB"),
		ReturnURL:   "https://isp.example/back",
		CallbackURL: "https://isp.example/callback",
		StartedAt:   time.Date(2026, 3, 30, 9, 0, 0, 0, time.UTC),
	}
}

// sent returns the fields that the payer's browser submits.
func sent(t testing.TB, g *chronopay.Gateway, o connector.Order) map[string]string {
	t.Helper()
	step, err := g.Start(o)
	require.NoError(t, err)
	show, ok := step.(connector.Show)
	require.True(t, ok)
	form := map[string]string{}
	for _, f := range show.Fields {
		require.NotContains(t, form, f.Name, "a field is sent twice")
		form[f.Name] = f.Value
	}
	return form
}

// genuine is the callback that ChronoPay sends after the order was paid, with its true sign.
func genuine(t testing.TB, g *chronopay.Gateway, o connector.Order, change ...func(*chronopaysim.Callback)) url.Values {
	t.Helper()
	form := sent(t, g, o)
	c := chronopaysim.Callback{
		TransactionType: "Purchase",
		CustomerID:      "001234-000000056",
		TransactionID:   "23456789",
		SiteID:          "001234-0001",
		ProductID:       form["product_id"],
		OrderID:         form["order_id"],
		CS1:             form["cs1"],
		CS2:             form["cs2"],
		CS3:             form["cs3"],
		Total:           form["product_price"],
		Currency:        form["product_price_currency"],
		At:              time.Date(2026, 3, 30, 9, 30, 10, 0, time.UTC),
	}
	for _, ch := range change {
		ch(&c)
	}
	return c.Form(secret.New(sec))
}

// with returns the form with one field rewritten, as the payer can do it: without a new sign.
func with(form url.Values, name, value string) url.Values {
	out := maps.Clone(form)
	out[name] = []string{value}
	return out
}

func without(form url.Values, name string) url.Values {
	out := maps.Clone(form)
	delete(out, name)
	return out
}

func posted(form url.Values) connector.Inbound {
	return connector.Inbound{Method: http.MethodPost, Body: []byte(form.Encode()), Addr: chronoPay}
}

// one reads a callback that must have exactly one result.
func one(t testing.TB, g *chronopay.Gateway, form url.Values) connector.Result {
	t.Helper()
	m, err := g.Receive(posted(form))
	require.NoError(t, err)
	require.Len(t, m.Results, 1, m.Ignored)
	return m.Results[0]
}

// refused returns why a message is not taken for ChronoPay's.
func refused(t testing.TB, g *chronopay.Gateway, in connector.Inbound) *connector.SignatureError {
	t.Helper()
	m, err := g.Receive(in)
	require.Empty(t, m.Results)
	var cause *connector.SignatureError
	require.ErrorAs(t, err, &cause)
	return cause
}

func md5hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
