package main

import (
	"net/http"
	"net/netip"

	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// callback is what ChronoPay posts once the payer has paid what the page asked for.
func callback(page connector.Show) connector.Inbound {
	sent := make(map[string]string)
	for _, f := range page.Fields {
		sent[f.Name] = f.Value
	}
	form := chronopaysim.Callback{
		TransactionType: "Purchase", CustomerID: "001234-000000056", TransactionID: "23456789",
		ProductID: sent["product_id"], OrderID: sent["order_id"], CS1: sent["cs1"], CS2: sent["cs2"],
		Total: sent["product_price"], Currency: "RUB",
	}.Form(secret.New("4G0i8590sl5Da37I"))
	return connector.Inbound{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		Body: []byte(form.Encode()), Addr: netip.MustParseAddr("93.174.51.230"),
	}
}
