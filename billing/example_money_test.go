package billing_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/billing"
)

func ExampleParseMoney() {
	price, err := billing.ParseMoney("199.90", "RUB")
	fmt.Println(price, price.Minor(), err)

	_, err = billing.ParseMoney("199.9", "RUB")
	fmt.Println(err)

	_, err = billing.ParseMoney("199.90", "rub")
	fmt.Println(errors.Is(err, billing.ErrUnknownCurrency))
	// Output:
	// 199.90 RUB 19990 <nil>
	// billing: value "199.9": malformed amount: exactly 2 decimal places are required
	// true
}

// What was asked for and what the gateway says was paid are compared as numbers, not as texts.
func ExampleParseMoneyUnpadded() {
	asked := billing.MustMoney("500.00", "RUB")
	paid, err := billing.ParseMoneyUnpadded("500", "RUB")
	fmt.Println(paid == asked, err)
	// Output: true <nil>
}

func ExampleMoney_MarshalJSON() {
	type order struct {
		Total billing.Money `json:"total"`
		Fee   billing.Money `json:"fee,omitzero"`
	}
	text, err := json.Marshal(order{Total: billing.MustMoney("123.45", "RUB")})
	fmt.Println(string(text), err)
	// Output: {"total":{"value":"123.45","currency":"RUB"}} <nil>
}

// The VAT of 20 % that a price of 1000.00 includes.
func ExampleMoney_MulRatio() {
	price := billing.MustMoney("1000.00", "RUB")
	vat, err := price.MulRatio(20, 120, billing.HalfUp)
	fmt.Println(vat, err)
	// Output: 166.67 RUB <nil>
}

// A payment is divided between services by their prices, and no kopeck is lost.
func ExampleMoney_Allocate() {
	paid := billing.MustMoney("100.00", "RUB")
	parts, err := paid.Allocate(1, 1, 1)
	fmt.Println(parts, err)
	// Output: [33.34 RUB 33.33 RUB 33.33 RUB] <nil>
}
