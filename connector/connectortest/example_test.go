package connectortest_test

import (
	"context"
	"fmt"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
)

// The world lets money be taken, its message is lost, and the gateway is asked.
func ExampleWorld() {
	settings := connectortest.Settings{Merchant: "m-1", Key: secret.New("signing-key")}
	world := connectortest.NewWorld(settings)
	gateway, err := connectortest.NewScripted(settings)
	if err != nil {
		fmt.Println(err)
		return
	}

	callback := world.Charged("1001", "charge-1", billing.MustMoney("100.00", "RUB"))
	message, err := gateway.Receive(callback)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(message.Results[0].State, message.Results[0].Amount)

	_, err = gateway.Receive(world.Sender().Forged(callback))
	fmt.Println(err)

	status, err := gateway.Status(connector.Query{Reference: "1001"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := world.Do(context.Background(), status.Request)
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := status.Read(answer)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(snapshot.State, snapshot.Charge, snapshot.Captured)
	// Output:
	// succeeded 100.00 RUB
	// connector: bad signature: altered field
	// succeeded charge-1 100.00 RUB
}

// An adapter's tests run the suite on their gateway; here it runs on a gateway that believes every browser.
func ExampleChecks() {
	h := harness(connectortest.BeginShow, receiving(func(g *connectortest.Scripted, in connector.Inbound) (connector.Message, error) {
		in.Browser = false
		return g.Receive(in)
	}))
	for _, check := range connectortest.Checks(h) {
		err := check.Run(context.Background())
		if _, skipped := connectortest.Skipped(err); err != nil && !skipped {
			fmt.Printf("%s: %v\n", check.Name, err)
		}
	}
	// Output: a returning browser settles nothing: the browser's word is read as succeeded
}
