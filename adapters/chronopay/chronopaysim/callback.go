package chronopaysim

import (
	"net/url"
	"time"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/connector/secret"
)

// Callback is what ChronoPay tells a shop. Tests may fill one by hand; see [Callback.Form].
type Callback struct {
	TransactionType string // "Purchase", "decline", …
	CustomerID      string
	TransactionID   string
	SiteID          string
	ProductID       string
	OrderID         string
	CS1, CS2, CS3   string
	Total           string // two decimals
	Currency        string
	At              time.Time // sent as date and time of Moscow; zero sends both blank
	Email, Phone    string
	Language        string
}

// moscow is the zone of ChronoPay's dates.
var moscow = time.FixedZone("MSK", 3*60*60)

// Form returns the signed parameters of the callback. The payer's name and the masked card are of nobody.
func (c Callback) Form(sharedSec secret.Value) url.Values {
	date, clock := "", ""
	if !c.At.IsZero() {
		at := c.At.In(moscow)
		date, clock = at.Format("01/02/2006"), at.Format("15:04:05")
	}
	sign := chronopay.CallbackSign{
		CustomerID: c.CustomerID, TransactionID: c.TransactionID, TransactionType: c.TransactionType, Total: c.Total,
	}
	return url.Values{
		"transaction_type": {c.TransactionType},
		"customer_id":      {c.CustomerID},
		"transaction_id":   {c.TransactionID},
		"site_id":          {c.SiteID},
		"product_id":       {c.ProductID},
		"order_id":         {c.OrderID},
		"cs1":              {c.CS1},
		"cs2":              {c.CS2},
		"cs3":              {c.CS3},
		"total":            {c.Total},
		"currency":         {c.Currency},
		"date":             {date},
		"time":             {clock},
		"name":             {"SIMULATED PAYER"},
		"email":            {c.Email},
		"phone":            {c.Phone},
		"country":          {"RUS"},
		"language":         {c.Language},
		"payment_type":     {"Visa"},
		"creditcardnumber": {"411111******1111"},
		"sign":             {sign.Sign(sharedSec)},
	}
}
