package paymenttest_test

import (
	"context"
	"fmt"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

// A life of five hundred moves on the memory store: put your own stores in its place.
func Example() {
	ctx, db := context.Background(), new(memory.DB)
	host, err := paymenttest.New(ctx, paymenttest.Config{Seed: 7, Stores: paymenttest.Stores{
		Payments: db.Payments(), Accounts: db.Ledger(), Connectors: db.Connectors(),
	}})
	fmt.Println("host:", err)
	life := paymenttest.NewLife(host, "a", "b")
	fmt.Println("lived:", life.Run(ctx, paymenttest.Draw(7, 500)))
	fmt.Println("delivered:", life.Finish(ctx))
	fmt.Println("audit:", host.Audit(ctx))
	// Output:
	// host: <nil>
	// lived: <nil>
	// delivered: <nil>
	// audit: <nil>
}
