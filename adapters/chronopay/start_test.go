package chronopay_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

func TestStartSendsTheParametersOfThePage(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.PaymentTypeGroup = "1" })
	o := order()
	o.Description = "Лицевой счёт 42"
	o.Language = "en-GB"
	o.Payer = connector.Payer{Name: "Payer", Email: "payer@example.org", Phone: "+70000000000", IP: "192.0.2.1"}
	step, err := g.Start(o)
	require.NoError(t, err)
	show := step.(connector.Show)
	require.Equal(t, "https://payments.chronopay.com/", show.URL)
	require.Equal(t, "POST", show.Method)
	token := sent(t, g, o)["cs2"]
	require.True(t, strings.HasPrefix(token, "500.00-RUB-"), token)
	require.Equal(t, []connector.Field{
		{Name: "product_id", Value: product},
		{Name: "product_price", Value: "500.00"},
		{Name: "product_price_currency", Value: "RUB"},
		{Name: "product_name", Value: "Лицевой счёт 42"},
		{Name: "order_id", Value: "100045"},
		{Name: "cs1", Value: "100045"},
		{Name: "cs2", Value: token},
		{Name: "cb_url", Value: "https://isp.example/callback"},
		{Name: "cb_type", Value: "P"},
		{Name: "success_url", Value: "https://isp.example/back"},
		{Name: "decline_url", Value: "https://isp.example/back"},
		{Name: "language", Value: "en"},
		{Name: "email", Value: "payer@example.org"},
		{Name: "phone", Value: "+70000000000"},
		{Name: "payment_type_group_id", Value: "1"},
		{Name: "sign", Value: "138a4c417a3e563471c1c49a5171ed0c"}, // the vector of R1
	}, show.Fields)

	again, err := g.Start(o)
	require.NoError(t, err)
	require.Equal(t, step, again, "Start is pure")
}

func TestStartSignsTheTextsItSends(t *testing.T) {
	for rule, extra := range map[chronopay.Rule]string{
		chronopay.R1: "",
		chronopay.R2: "-100045",
		chronopay.R3: "-100045-30",
		chronopay.R4: "-100045-2026-03-30T09:30:00+0000",
	} {
		g := open(t, func(s *chronopay.Settings) {
			s.SignRule = rule
			if rule == chronopay.R3 || rule == chronopay.R4 {
				s.TimeLimit = 30
			}
		})
		o := order()
		o.StartedAt = o.StartedAt.In(time.FixedZone("", 5*60*60)) // the zone of the host must not show
		form := sent(t, g, o)
		require.Equal(t, md5hex(product+"-500.00"+extra+"-"+sec), form["sign"], rule)
		_, limited := form["orderTimelimit"]
		require.Equal(t, rule == chronopay.R3, limited)
		_, expires := form["orderExpiretime"]
		require.Equal(t, rule == chronopay.R4, expires)
	}
}

// The plus of a time zone must survive the query, and the sign covers the text before encoding.
func TestStartLinkEncodesButSignsPlainText(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) {
		s.PageMethod, s.SignRule, s.TimeLimit = "GET", chronopay.R4, 30
		s.PageURL = "https://payments.chronopay.com/index.php?from=isp"
	})
	step, err := g.Start(order())
	require.NoError(t, err)
	show := step.(connector.Show)
	require.Equal(t, "GET", show.Method)
	require.Empty(t, show.Fields)
	require.Contains(t, show.URL, "index.php?from=isp&product_id=")
	require.Contains(t, show.URL, "orderExpiretime=2026-03-30T09%3A30%3A00%2B0000")
	link, err := url.Parse(show.URL)
	require.NoError(t, err)
	require.Equal(t, md5hex(product+"-500.00-100045-2026-03-30T09:30:00+0000-"+sec), link.Query().Get("sign"))
}

func TestStartTakesTheProductOfTheCurrency(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) {
		s.Products = []chronopay.Product{{Currency: "USD", ProductID: "001234-0001-0002"}}
	})
	o := order()
	o.Amount = billing.MustMoney("7.50", "USD")
	form := sent(t, g, o)
	require.Equal(t, "001234-0001-0002", form["product_id"])
	require.Equal(t, "7.50", form["product_price"])
	require.Equal(t, "USD", form["product_price_currency"])
	require.Equal(t, md5hex("001234-0001-0002-7.50-"+sec), form["sign"])
}

func TestStartLeavesOutWhatIsNotWanted(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.OmitCallbackURL, s.TokenField = true, "cs3" })
	o := order()
	o.ReturnURL, o.Language = "", "kk"
	form := sent(t, g, o)
	for _, name := range []string{"cb_url", "cb_type", "success_url", "decline_url", "language", "cs2", "email", "payment_type_group_id"} {
		require.NotContains(t, form, name)
	}
	require.NotEmpty(t, form["cs3"])

	g = open(t, func(s *chronopay.Settings) { s.Language, s.CallbackType = "ru", "G" })
	form = sent(t, g, connector.Order{Reference: "1", Amount: order().Amount, Language: "kk", CallbackURL: "https://isp.example/cb"})
	require.Equal(t, "ru", form["language"])
	require.Equal(t, "G", form["cb_type"])
}

func TestStartRefuses(t *testing.T) {
	timed := func(s *chronopay.Settings) { s.SignRule, s.TimeLimit = chronopay.R4, 30 }
	for name, c := range map[string]struct {
		field    string
		settings func(*chronopay.Settings)
		order    func(*connector.Order)
	}{
		"a currency without a product":      {"amount", nil, func(o *connector.Order) { o.Amount = billing.MustMoney("5.00", "EUR") }},
		"no amount":                         {"amount", nil, func(o *connector.Order) { o.Amount = billing.Money{} }},
		"nothing to pay":                    {"amount", nil, func(o *connector.Order) { o.Amount = billing.MustMoney("0.00", "RUB") }},
		"a negative amount":                 {"amount", nil, func(o *connector.Order) { o.Amount = billing.MustMoney("-5.00", "RUB") }},
		"no reference":                      {"reference", nil, func(o *connector.Order) { o.Reference = "" }},
		"pitfall 5: a hyphen joins in sign": {"reference", nil, func(o *connector.Order) { o.Reference = "LK-77" }},
		"a reference that is too long":      {"reference", nil, func(o *connector.Order) { o.Reference = strings.Repeat("1", 33) }},
		"a reserve without a beginning":     {"started_at", timed, func(o *connector.Order) { o.StartedAt = time.Time{} }},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t)
			if c.settings != nil {
				g = open(t, c.settings)
			}
			o := order()
			c.order(&o)
			step, err := g.Start(o)
			require.Nil(t, step)
			var wrong *connector.ParamError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, c.field, wrong.Field)
		})
	}
}

func TestReferenceFitsTheSign(t *testing.T) {
	g := open(t)
	require.Equal(t, "7", g.Reference(7))
	o := order()
	o.Reference = g.Reference(1<<63 - 1)
	require.Equal(t, o.Reference, sent(t, g, o)["order_id"])
}

func TestMerchantAccountIsTheClient(t *testing.T) {
	require.Equal(t, "001234", open(t).MerchantAccount())
}
