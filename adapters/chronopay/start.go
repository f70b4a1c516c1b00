package chronopay

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/oplata-go/oplata/connector"
)

// pageDigits is the number of decimals that the page's amounts are known to have.
const pageDigits = 2

// expireLayout is PHP's Y-m-d\TH:i:sO.
const expireLayout = "2006-01-02T15:04:05-0700"

// referenceShape is what may be asked as order_id. Hyphens are refused because the sign joins its values with them: an
// order "7-30" under R2 would carry the same sign as an order "7" with 30 minutes under R3.
var referenceShape = regexp.MustCompile(`^[0-9A-Za-z]{1,32}$`)

// Start returns what takes the payer to the hosted page: a form that the browser posts, or a link. Its fields are those of
// ChronoPay's page, and the sign covers exactly the texts in them. Of the payer, e-mail and phone are passed on when
// they are known. It refuses, with a [*connector.ParamError], a currency without a product and a reference that is not
// 1 to 32 Latin letters and digits.
func (g *Gateway) Start(o connector.Order) (connector.Step, error) {
	product, ok := g.products[o.Amount.Currency()]
	switch {
	case !ok:
		return nil, wrong("amount", "no product for this currency")
	case o.Amount.Sign() <= 0:
		return nil, wrong("amount", "not positive")
	case !referenceShape.MatchString(o.Reference):
		return nil, wrong("reference", "not 1 to 32 Latin letters and digits")
	case g.settings.SignRule == R4 && o.StartedAt.IsZero():
		return nil, wrong("started_at", "required by sign rule R4")
	}
	sign := g.requestSign(product, o)
	form := fields{}
	form.add("product_id", sign.ProductID)
	form.add("product_price", sign.ProductPrice)
	form.add("product_price_currency", string(o.Amount.Currency()))
	form.add("product_name", o.Description)
	form.add("order_id", o.Reference)
	form.add("cs1", o.Reference)
	form.add(g.settings.TokenField, g.tokens.token(o.Reference, o.Amount))
	if o.CallbackURL != "" && !g.settings.OmitCallbackURL {
		form.add("cb_url", o.CallbackURL)
		form.add("cb_type", g.settings.CallbackType)
	}
	form.add("success_url", o.ReturnURL)
	form.add("decline_url", o.ReturnURL)
	form.add("language", g.language(o.Language))
	form.add("email", o.Payer.Email)
	form.add("phone", o.Payer.Phone)
	form.add("payment_type_group_id", g.settings.PaymentTypeGroup)
	form.add("orderTimelimit", sign.TimeLimit)
	form.add("orderExpiretime", sign.ExpireTime)
	form.add("sign", sign.Sign(g.settings.SignRule, g.settings.SharedSec))
	return g.show(form), nil
}

func (g *Gateway) requestSign(product string, o connector.Order) RequestSign {
	s := RequestSign{ProductID: product, ProductPrice: o.Amount.Value(), OrderID: o.Reference}
	switch g.settings.SignRule {
	case R1, R2:
	case R3:
		s.TimeLimit = strconv.Itoa(g.settings.TimeLimit)
	case R4:
		ends := o.StartedAt.Add(time.Duration(g.settings.TimeLimit) * time.Minute)
		s.ExpireTime = ends.UTC().Format(expireLayout)
	}
	return s
}

// language returns the page's name of a BCP 47 language, or the method's language.
func (g *Gateway) language(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if primary == "ru" || primary == "en" {
		return primary
	}
	return g.settings.Language
}

func (g *Gateway) show(form fields) connector.Show {
	if g.settings.PageMethod == "POST" {
		return connector.Show{URL: g.settings.PageURL, Method: "POST", Fields: form}
	}
	link := *g.page
	if link.RawQuery != "" {
		link.RawQuery += "&"
	}
	link.RawQuery += form.encode()
	return connector.Show{URL: link.String(), Method: "GET"}
}

// fields is a form in the order in which it is sent.
type fields []connector.Field

// add appends a field that has a value.
func (f *fields) add(name, value string) {
	if value != "" {
		*f = append(*f, connector.Field{Name: name, Value: value})
	}
}

// encode returns the fields as a query, in their order.
func (f fields) encode() string {
	pairs := make([]string, len(f))
	for i, field := range f {
		pairs[i] = url.QueryEscape(field.Name) + "=" + url.QueryEscape(field.Value)
	}
	return strings.Join(pairs, "&")
}
