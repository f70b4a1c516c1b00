package chronopay

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/oplata-go/oplata/connector"
)

// maxBody is the greatest callback that is read. Real ones have about 30 short fields.
const maxBody = 64 << 10

// notification holds what is read of a callback: the signed values, the sign and what tells where the money belongs. The
// payer's name, card, user name and password are not read at all, so their encoding cannot spoil a payment.
type notification struct {
	signed CallbackSign
	sign   string

	product, site string
	order, cs1    string
	token         string
	currency      string
	date, clock   string
}

// read takes the notification out of a request. Broken percent-encoding in a field that is not read does no harm; in one
// that is, the field is missing. A field that comes twice is refused: nobody can say which of the two was signed.
func (g *Gateway) read(in connector.Inbound) (notification, error) {
	form := in.Query
	switch {
	case in.Method == http.MethodPost && len(in.Body) > maxBody:
		return notification{}, &connector.MessageError{Field: "body", Reason: "longer than 64 KiB"}
	case in.Method == http.MethodPost:
		form, _ = url.ParseQuery(string(in.Body))
	case in.Method != http.MethodGet:
		return notification{}, &connector.MessageError{Field: "method", Reason: "neither GET nor POST"}
	}
	var twice string
	one := func(name string) string {
		values := form[name]
		if len(values) > 1 {
			twice = name
		}
		if len(values) == 0 {
			return ""
		}
		return values[0]
	}
	n := notification{
		signed: CallbackSign{
			CustomerID:      one("customer_id"),
			TransactionID:   one("transaction_id"),
			TransactionType: one("transaction_type"),
			Total:           one("total"),
		},
		sign:     one("sign"),
		product:  one("product_id"),
		site:     one("site_id"),
		order:    one("order_id"),
		cs1:      one("cs1"),
		token:    one(g.settings.TokenField),
		currency: strings.ToUpper(one("currency")),
		date:     one("date"),
		clock:    one("time"),
	}
	if twice != "" {
		return notification{}, &connector.SignatureError{Cause: connector.SignatureMalformed, Field: twice}
	}
	if n.order == "" {
		n.order = n.cs1
	}
	return n, nil
}

// isTest reports whether this is ChronoPay's test notification, which has neither date, time nor transaction.
func (n notification) isTest() bool {
	return n.date == "" && n.clock == "" && n.signed.TransactionID == ""
}
