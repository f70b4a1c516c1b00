package chronopaysim

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/billing"
)

// form holds the free texts of a request that callbacks echo.
type form struct {
	orderID       string
	cs1, cs2, cs3 string
	email, phone  string
}

// refusal is why the page does not accept a form. Its text is English; the page also shows it by key in the payer's
// language.
type refusal string

// The refusals.
const (
	errUnknownProduct refusal = "unknown product_id"
	errBadPrice       refusal = "product_price is not a positive amount"
	errBadCurrency    refusal = "product_price_currency is unknown"
	errNoOrderID      refusal = "order_id is required, because uniqueness control is on"
	errTakenOrderID   refusal = "order_id was used before, and uniqueness control is on"
	errTwoLimits      refusal = "orderTimelimit and orderExpiretime exclude each other"
	errBadLimit       refusal = "orderTimelimit or orderExpiretime cannot be read"
	errBadAddress     refusal = "cb_url, success_url or decline_url is not an http address"
	errNoSign         refusal = "sign is missing"
	errWrongSign      refusal = "sign is wrong"
	errBadForm        refusal = "the form cannot be read"
)

func (r refusal) Error() string { return "chronopaysim: form refused: " + string(r) }

const expireLayout = "2006-01-02T15:04:05-0700"

var priceShape = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,2})?$`)

// readForm checks a request as ChronoPay would and makes an order of it, without number and customer.
func (s *Simulator) readForm(v url.Values) (*order, error) {
	p, ok := s.products[v.Get("product_id")]
	if !ok {
		return nil, errUnknownProduct
	}
	if err := checkSign(p, v); err != nil {
		return nil, err
	}
	price, err := priceOf(p, v)
	if err != nil {
		return nil, err
	}
	until, err := payUntil(v, s.cfg.Now())
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"cb_url", "success_url", "decline_url"} {
		if !isWeb(v.Get(name)) {
			return nil, errBadAddress
		}
	}
	return &order{
		Order: Order{
			ProductID:   p.ID,
			OrderID:     first(v.Get("order_id"), v.Get("cs1")),
			Price:       price.Value(),
			Currency:    string(price.Currency()),
			Description: v.Get("product_name"),
			Language:    languageOf(v.Get("language")),
			PayUntil:    until,
			CallbackURL: first(v.Get("cb_url"), p.CallbackURL),
			SuccessURL:  v.Get("success_url"),
			DeclineURL:  v.Get("decline_url"),
			State:       Waiting,
		},
		uniqueForm: v.Encode(),
		method:     methodOf(v.Get("cb_type")),
		form: form{
			orderID: v.Get("order_id"),
			cs1:     v.Get("cs1"), cs2: v.Get("cs2"), cs3: v.Get("cs3"),
			email: v.Get("email"), phone: v.Get("phone"),
		},
	}, nil
}

// checkSign verifies the sign under the product's rule: R1, or with uniqueness control R2, which becomes R3 or R4 by a
// time limit in the form.
func checkSign(p Product, v url.Values) error {
	signed := chronopay.RequestSign{
		ProductID:    v.Get("product_id"),
		ProductPrice: v.Get("product_price"),
		OrderID:      v.Get("order_id"),
		TimeLimit:    v.Get("orderTimelimit"),
		ExpireTime:   v.Get("orderExpiretime"),
	}
	rule := chronopay.R1
	switch {
	case v.Get("sign") == "":
		return errNoSign
	case signed.TimeLimit != "" && signed.ExpireTime != "":
		return errTwoLimits
	case !p.UniqueOrders:
	case signed.OrderID == "":
		return errNoOrderID
	case signed.TimeLimit != "":
		rule = chronopay.R3
	case signed.ExpireTime != "":
		rule = chronopay.R4
	default:
		rule = chronopay.R2
	}
	if subtle.ConstantTimeCompare([]byte(v.Get("sign")), []byte(signed.Sign(rule, p.SharedSec))) != 1 {
		return fmt.Errorf("%w (rule %s)", errWrongSign, rule)
	}
	return nil
}

func priceOf(p Product, v url.Values) (billing.Money, error) {
	currency := strings.ToUpper(first(v.Get("product_price_currency"), p.Currency))
	if _, err := billing.ParseCurrency(currency); err != nil {
		return billing.Money{}, errBadCurrency
	}
	text := v.Get("product_price")
	price, err := billing.ParseMoneyUnpadded(text, currency)
	if err != nil || price.Sign() <= 0 || !priceShape.MatchString(text) {
		return billing.Money{}, errBadPrice
	}
	return price, nil
}

// payUntil returns when the payer's time ends, zero when it does not.
func payUntil(v url.Values, now time.Time) (time.Time, error) {
	limit, expire := v.Get("orderTimelimit"), v.Get("orderExpiretime")
	if limit != "" {
		minutes, err := strconv.ParseUint(limit, 10, 16)
		if err != nil || minutes == 0 {
			return time.Time{}, errBadLimit
		}
		return now.Add(time.Duration(minutes) * time.Minute), nil
	}
	if expire == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(expireLayout, expire)
	if err != nil {
		return time.Time{}, errBadLimit
	}
	return until, nil
}

// isWeb reports whether the text is empty or an address that a browser or server may be sent to.
func isWeb(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// accept gives an order its number, or returns the order that the same form made before (a reloaded page).
func (s *Simulator) accept(o *order) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.find(func(k *order) bool { return k.ProductID == o.ProductID && k.OrderID == o.OrderID })
	switch {
	case known == nil:
	case known.uniqueForm == o.uniqueForm:
		return known.Number, nil
	case s.products[o.ProductID].UniqueOrders:
		return 0, errTakenOrderID
	}
	s.lastOrder++
	o.Number = s.lastOrder
	o.ReceivedAt = s.cfg.Now()
	o.customer = fmt.Sprintf("%s-%09d", o.ProductID[:6], s.lastOrder%1_000_000_000)
	s.keep(o)
	return o.Number, nil
}

// parseForm reads a bounded form from the body or the query.
func parseForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	const most = 64 << 10
	r.Body = http.MaxBytesReader(w, r.Body, most)
	if err := r.ParseForm(); err != nil {
		return nil, errBadForm
	}
	if r.Method == http.MethodPost {
		return r.PostForm, nil
	}
	return r.Form, nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// languageOf knows Russian and English; Russian is the simulator's own.
func languageOf(name string) string {
	if strings.EqualFold(name, "en") {
		return "en"
	}
	return "ru"
}
