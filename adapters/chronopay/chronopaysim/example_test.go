package chronopaysim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/connector/secret"
)

// A shop sends its payer to the page, the test decides that he pays, and the shop is called back.
func Example() {
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.FormValue("transaction_type"), r.FormValue("order_id"), r.FormValue("total"))
	}))
	defer shop.Close()
	sharedSec := secret.New("4G0i8590sl5Da37I")
	sim, err := chronopaysim.New(chronopaysim.Config{
		Products: []chronopaysim.Product{{ID: "001234-0001-0001", SharedSec: sharedSec, CallbackURL: shop.URL}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	page := httptest.NewServer(sim)
	defer page.Close()

	sign := chronopay.RequestSign{ProductID: "001234-0001-0001", ProductPrice: "500.00"}
	resp, err := http.PostForm(page.URL, url.Values{
		"product_id": {sign.ProductID}, "product_price": {sign.ProductPrice}, "order_id": {"100045"},
		"sign": {sign.Sign(chronopay.R1, sharedSec)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	if err := sim.Act("100045", chronopaysim.Action{Kind: chronopaysim.Pay}); err != nil {
		fmt.Println(err)
		return
	}
	if err := sim.Deliver(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sim.Orders()[0].State)
	// Output:
	// Purchase 100045 500.00
	// paid
}
