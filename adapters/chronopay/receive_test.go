package chronopay_test

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

func TestReceiveReadsAPurchase(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	require.Equal(t, "e77274f9fd41d15789d4b7e911886e29", form.Get("sign"), "the vector of C1")
	want := connector.Result{
		Kind:      connector.OfCharge,
		Reference: "100045",
		Charge:    "001234-00000005623456789",
		State:     connector.Succeeded,
		Amount:    billing.MustMoney("500.00", "RUB"),
		Code:      "Purchase",
		At:        time.Date(2026, 3, 30, 9, 30, 10, 0, time.UTC),
	}
	require.Equal(t, want, one(t, g, form))
	require.Equal(t, want, one(t, g, form), "a repeat is read alike")

	byGet := connector.Inbound{Method: http.MethodGet, Query: form, Addr: chronoPay}
	m, err := g.Receive(byGet)
	require.NoError(t, err)
	require.Equal(t, []connector.Result{want}, m.Results)
}

func TestReceiveKnowsEveryTransactionType(t *testing.T) {
	g := open(t)
	type meaning struct {
		kind  connector.ResultKind
		state connector.State
	}
	charged := meaning{connector.OfCharge, connector.Succeeded}
	for name, want := range map[string]meaning{
		"Purchase":   charged,
		"Rebill":     charged,
		"onetime":    charged,
		"initial":    charged,
		"rebill":     charged,
		"decline":    {connector.OfCharge, connector.Failed},
		"Refund":     {connector.OfRefund, connector.Succeeded},
		"refund":     {connector.OfRefund, connector.Succeeded},
		"chargeback": {connector.OfDispute, connector.Opened},
		"cancel":     {},
		"expire":     {},
		"Authorize":  {},
		"purchase":   {}, // case matters
		"PURCHASE":   {},
		"":           {},
	} {
		m, err := g.Receive(posted(genuine(t, g, order(), func(c *chronopaysim.Callback) { c.TransactionType = name })))
		require.NoError(t, err, name)
		got := meaning{}
		if len(m.Results) > 0 {
			got = meaning{m.Results[0].Kind, m.Results[0].State}
			require.Equal(t, name, m.Results[0].Code)
		}
		require.Equal(t, want, got, name)
		require.Equal(t, want.kind == "", m.Ignored != "", name)
		require.Equal(t, http.StatusOK, m.Reply(connector.Outcome{}).Status, name)
	}
}

// A type that moves nothing still has to be ChronoPay's.
func TestReceiveVerifiesWhatItIgnores(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	for _, name := range []string{"cancel", "Authorize"} {
		require.NotEmpty(t, refused(t, g, posted(with(form, "transaction_type", name))).Cause)
	}
}

func TestReceiveNamesTheCause(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	otherKey := form.Get("sign")[1:] + "0"
	stranger := posted(form)
	stranger.Addr = netip.MustParseAddr("192.0.2.7")
	for name, c := range map[string]struct {
		in   connector.Inbound
		want connector.SignatureError
	}{
		"no sign":           {posted(without(form, "sign")), connector.SignatureError{Cause: connector.SignatureMissing, Field: "sign"}},
		"nothing":           {posted(nil), connector.SignatureError{Cause: connector.SignatureMissing, Field: "sign"}},
		"half a sign":       {posted(with(form, "sign", "e77274f9")), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "sign"}},
		"a sign of letters": {posted(with(form, "sign", strings.Repeat("z", 32))), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "sign"}},
		"customer_id":       {posted(with(form, "customer_id", "56")), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "customer_id"}},
		"transaction_id":    {posted(with(form, "transaction_id", "23456789x")), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "transaction_id"}},
		"no transaction_id": {posted(with(form, "transaction_id", "")), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "transaction_id"}},
		"total":             {posted(with(form, "total", "5e2")), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "total"}},
		"invalid UTF-8":     {posted(with(form, "total", "500.00\xff")), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "total"}},
		"field sent twice":  {posted(url.Values{"total": {"1.00", "500.00"}, "sign": form["sign"]}), connector.SignatureError{Cause: connector.SignatureMalformed, Field: "total"}},
		"other key":         {posted(with(form, "sign", otherKey)), connector.SignatureError{Cause: connector.SignatureWrongKey, Field: "sign"}},
		"total was altered": {posted(with(form, "total", "900.00")), connector.SignatureError{Cause: connector.SignatureAltered, Field: "total"}},
		"order and total":   {posted(with(with(form, "total", "900.00"), "order_id", "7")), connector.SignatureError{Cause: connector.SignatureAltered}},
		"unknown sender":    {stranger, connector.SignatureError{Cause: connector.SignatureAddress}},
		"sender not told":   {connector.Inbound{Method: http.MethodGet, Query: form}, connector.SignatureError{Cause: connector.SignatureAddress}},
		"forged by a stranger": {
			connector.Inbound{Method: http.MethodPost, Body: []byte(with(form, "sign", otherKey).Encode()), Addr: stranger.Addr},
			connector.SignatureError{Cause: connector.SignatureWrongKey, Field: "sign"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, *refused(t, g, c.in))
		})
	}
}

// Every signed value and the sign itself: one changed byte is refused.
func TestReceiveRefusesEveryFlippedByte(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	for _, name := range []string{"customer_id", "transaction_id", "transaction_type", "total", "sign"} {
		value := form.Get(name)
		for i := range value {
			flipped := []byte(value)
			flipped[i] ^= 1
			refused(t, g, posted(with(form, name, string(flipped))))
		}
	}
}

func TestReceiveTakesAnUpperCaseSign(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	require.Equal(t, connector.Succeeded, one(t, g, with(form, "sign", strings.ToUpper(form.Get("sign")))).State)
}

func TestReceiveReadsOnlyBoundedRequests(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	for name, in := range map[string]connector.Inbound{
		"body":   posted(with(form, "name", strings.Repeat("x", 70_000))),
		"method": {Method: http.MethodPut, Body: []byte(form.Encode()), Addr: chronoPay},
	} {
		_, err := g.Receive(in)
		var bad *connector.MessageError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, name, bad.Field)
	}
}

// Callbacks may be encoded in something else than UTF-8, or badly: the payer's name must not cost the payment.
func TestReceiveDoesNotReadThePayer(t *testing.T) {
	g := open(t)
	body := genuine(t, g, order()).Encode()
	for _, junk := range []string{"&name=%CF%EB%E0%F2", "&name=100%", "&street=a;b", "&password=x&password=y", "&\xff\xfe=\x00"} {
		in := connector.Inbound{
			Method: http.MethodPost, Body: []byte(body + junk), Addr: chronoPay,
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=windows-1251"}},
		}
		m, err := g.Receive(in)
		require.NoError(t, err, junk)
		require.Len(t, m.Results, 1, junk)
	}
}

func TestReceiveFallsBackToCS1(t *testing.T) {
	g := open(t)
	r := one(t, g, without(genuine(t, g, order()), "order_id"))
	require.Equal(t, "100045", r.Reference)
	require.Empty(t, r.Misplaced)
}

func TestReceiveReadsTheCurrency(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) {
		s.Products = []chronopay.Product{{Currency: "USD", ProductID: "001234-0001-0002"}}
	})
	form := genuine(t, g, order())
	for said, want := range map[string]string{"rub": "RUB", "RUR": "RUB", "": "RUB", "USD": "USD", "KZT": "KZT"} {
		r := one(t, g, with(form, "currency", said))
		require.Equal(t, billing.MustMoney("500.00", want), r.Amount, said)
		require.Empty(t, r.Misplaced, said)
	}
	require.Equal(t, billing.Currency("USD"), one(t, g, with(with(form, "currency", ""), "product_id", "001234-0001-0002")).Amount.Currency())

	r := one(t, g, with(form, "currency", "shells"))
	require.Equal(t, billing.MustMoney("500.00", "RUB"), r.Amount)
	require.Equal(t, "names an unknown currency", r.Misplaced)
}

func TestReceiveReadsTheTime(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.UTCOffset = "-05:30" })
	form := genuine(t, g, order())
	require.Equal(t, time.Date(2026, 3, 30, 18, 0, 10, 0, time.UTC), one(t, g, form).At)
	require.Zero(t, one(t, g, with(form, "date", "2026-03-30")).At, "another format is no time, and no error")
}

func TestReceiveIgnoresAnAmountOfZero(t *testing.T) {
	g := open(t)
	free := func(c *chronopaysim.Callback) { c.TransactionType, c.Total = "initial", "0.00" }
	m, err := g.Receive(posted(genuine(t, g, order(), free)))
	require.NoError(t, err)
	require.Empty(t, m.Results)
	require.Equal(t, "an amount of zero", m.Ignored)
}

// The fixture is that of a public integration: ChronoPay's test notification is unsigned and has no transaction.
func TestReceiveIgnoresTheTestNotification(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.ProductID = "003176-0001-0001" })
	form, err := url.ParseQuery("transaction_type=onetime&customer_id=003176-000000005&site_id=003176-0001" +
		"&product_id=003176-0001-0001&date=&time=&transaction_id=&cs1=first&cs2=second&cs3=third" +
		"&total=500.00&currency=CAD&country=CAN&state=XX&language=EN")
	require.NoError(t, err)
	m, err := g.Receive(posted(form))
	require.NoError(t, err)
	require.Empty(t, m.Results)
	require.Equal(t, "test notification", m.Ignored)
	require.Equal(t, http.StatusOK, m.Reply(connector.Outcome{}).Status)

	for name, value := range map[string]string{"transaction_id": "1", "date": "03/30/2006", "time": "12:30:10", "product_id": product} {
		refused(t, g, posted(with(form, name, value)))
	}
	require.Equal(t, connector.SignatureMalformed, refused(t, g, posted(with(form, "sign", md5hex("")))).Cause, "a signed one is no test")
}

func TestReceiveAnswersAfterTheCommit(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.Answer = "200 ОК" })
	m, err := g.Receive(posted(genuine(t, g, order())))
	require.NoError(t, err)
	done := m.Reply(connector.Outcome{})
	require.Equal(t, http.StatusOK, done.Status)
	require.Equal(t, "200 ОК", string(done.Body))
	failed := m.Reply(connector.Outcome{Err: errors.New("disk")})
	require.Equal(t, http.StatusInternalServerError, failed.Status)
	require.Empty(t, failed.Body)
}

func TestReceiveChecksTheSender(t *testing.T) {
	for _, c := range []struct {
		list  []string
		addr  string
		taken bool
	}{
		{nil, "93.174.51.230", true},
		{nil, "::ffff:93.174.51.230", true},
		{nil, "93.174.51.231", false},
		{[]string{}, "93.174.51.231", false},
		{[]string{"185.30.16.166", "127.0.0.0/8"}, "127.0.0.1", true},
		{[]string{"185.30.16.166", "127.0.0.0/8"}, "93.174.51.230", false},
		{[]string{"2001:db8::/32"}, "2001:db8::1", true},
		{[]string{"::ffff:192.0.2.1"}, "192.0.2.1", true},
		{[]string{"0.0.0.0/0"}, "2001:db8::1", true},
		{[]string{"0.0.0.0/0"}, "", true},
	} {
		g := open(t, func(s *chronopay.Settings) { s.SourceAddresses = c.list })
		in := posted(genuine(t, g, order()))
		in.Addr = netip.Addr{}
		if c.addr != "" {
			in.Addr = netip.MustParseAddr(c.addr)
		}
		_, err := g.Receive(in)
		require.Equal(t, c.taken, err == nil, "%v %s", c.list, c.addr)
	}
}
