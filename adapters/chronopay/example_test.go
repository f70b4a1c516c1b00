package chronopay_test

import (
	"fmt"
	"net/http"
	"net/netip"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// An order goes to ChronoPay's page as a form, and the callback comes back as a result. The SDK makes both calls; here
// they are made by hand.
func Example() {
	sharedSec := secret.New("4G0i8590sl5Da37I")
	gateway, err := chronopay.New(chronopay.Settings{ProductID: "001234-0001-0001", SharedSec: sharedSec})
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := gateway.Start(connector.Order{Reference: "100045", Amount: billing.MustMoney("500.00", "RUB")})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := step.(connector.Show)
	fmt.Println(show.Method, show.URL)
	form := map[string]string{}
	for _, f := range show.Fields {
		form[f.Name] = f.Value
	}
	fmt.Println(form["order_id"], form["product_price"], form["sign"])

	callback := chronopaysim.Callback{
		TransactionType: "Purchase", CustomerID: "001234-000000056", TransactionID: "23456789",
		ProductID: form["product_id"], OrderID: form["order_id"], CS2: form["cs2"],
		Total: "500.00", Currency: "RUB",
	}
	message, err := gateway.Receive(connector.Inbound{
		Method: http.MethodPost,
		Body:   []byte(callback.Form(sharedSec).Encode()),
		Addr:   netip.MustParseAddr("93.174.51.230"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := message.Results[0]
	fmt.Println(r.Reference, r.State, r.Amount)
	fmt.Println(message.Reply(connector.Outcome{}).Status)
	// Output:
	// POST https://payments.chronopay.com/
	// 100045 500.00 138a4c417a3e563471c1c49a5171ed0c
	// 100045 succeeded 500.00 RUB
	// 200
}
