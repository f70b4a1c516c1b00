package chronopay_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// FuzzReceive: no body makes it panic, and nothing becomes a result without the right MD5.
func FuzzReceive(f *testing.F) {
	g := open(f)
	form := genuine(f, g, order())
	f.Add(form.Encode(), true)
	f.Add(without(form, "sign").Encode(), true)
	f.Add(with(form, "transaction_type", "Refund").Encode(), false)
	f.Add(with(form, "currency", "").Encode(), false)
	f.Add("transaction_type=onetime&product_id="+product, true)
	f.Add("%zz&&==;\xff", true)
	f.Fuzz(func(t *testing.T, body string, post bool) {
		said, _ := url.ParseQuery(body)
		in := connector.Inbound{Method: http.MethodGet, Query: said, Addr: chronoPay}
		if post {
			in = connector.Inbound{Method: http.MethodPost, Body: []byte(body), Addr: chronoPay}
		}
		m, err := g.Receive(in)
		switch {
		case err != nil && !errors.Is(err, connector.ErrBadSignature) && !errors.Is(err, connector.ErrBadMessage):
			t.Fatalf("untyped error: %v", err)
		case err != nil && len(m.Results) > 0:
			t.Fatal("an error with results")
		case len(m.Results) == 0:
			return
		}
		want := md5hex(sec + said.Get("customer_id") + said.Get("transaction_id") + said.Get("transaction_type") + said.Get("total"))
		if !strings.EqualFold(said.Get("sign"), want) {
			t.Fatal("a result without the right sign")
		}
		if r := m.Results[0]; r.Amount.Sign() < 0 || r.Charge == "" {
			t.Fatalf("not a result: %+v", r)
		}
	})
}

// FuzzRoundTrip: whatever is asked, the callback of exactly that is read as exactly that.
func FuzzRoundTrip(f *testing.F) {
	g := open(f)
	f.Add(uint64(100045), int64(50000))
	f.Add(uint64(1)<<63-1, int64(1))
	f.Add(uint64(0), int64(999_999_999_999_99))
	f.Fuzz(func(t *testing.T, n uint64, minor int64) {
		if minor <= 0 || minor > 1e15 {
			return
		}
		o := order()
		o.Reference = g.Reference(n)
		amount, err := billing.FromMinor(minor, "RUB")
		if err != nil {
			t.Fatal(err)
		}
		o.Amount = amount
		transaction := func(c *chronopaysim.Callback) { c.TransactionID = fmt.Sprint(n) }
		r := one(t, g, genuine(t, g, o, transaction))
		if r.Reference != o.Reference || r.Amount != o.Amount || r.State != connector.Succeeded || r.Misplaced != "" {
			t.Fatalf("asked %+v, got %+v", o, r)
		}
	})
}
