package payment_test

import (
	"context"
	"fmt"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// The gateway took less than was asked. Nothing is settled and nothing is lost: an operator decides.
func ExampleService_Resolve() {
	ctx, shop := context.Background(), newShop()
	p := must(shop.payments.Create(ctx, payment.CreateParams{
		Account: "42", Total: billing.MustMoney("100.00", "RUB"), Purpose: payment.TopUp,
	}))
	a := must(shop.payments.Start(ctx, payment.StartParams{Payment: p.ID, Method: shop.card}))
	must(shop.payments.Receive(ctx, shop.card, shop.gateway.Charged(a.Reference, "charge-1", billing.MustMoney("90.00", "RUB"))))

	list := must(shop.payments.Attention(ctx, payment.AttentionParams{}))
	for _, waiting := range list.Payments {
		fmt.Println(waiting.Status, waiting.UnderReview(), waiting.Concerns[0].Charge)
	}
	p = must(shop.payments.Resolve(ctx, payment.ResolveParams{
		CommandParams: payment.CommandParams{Payment: p.ID, By: "operator-7", Reason: "the payer agreed to the smaller top-up"},
		Charge:        "charge-1", How: payment.ResolveSettle, Worth: billing.MustMoney("90.00", "RUB"),
	}))
	fmt.Println(p.Status, shop.payments.Deliver(ctx))
	fmt.Println(shop.book.Balance(ctx, "42"))
	// Output:
	// waiting_for_payment true charge-1
	// completed <nil>
	// 90.00 RUB <nil>
}
