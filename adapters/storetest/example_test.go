package storetest_test

import (
	"context"
	"fmt"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/adapters/storetest"
	"github.com/oplata-go/oplata/billing"
)

// lazy is a ledger store that opens no accounts, and says it did.
type lazy struct{ billing.Store }

func (lazy) Open(context.Context, billing.Account) error { return nil }

// A check opens a store, tries it and says what is wrong.
func Example() {
	open := func(context.Context) (storetest.Opened[billing.Store], error) {
		return storetest.Opened[billing.Store]{Store: lazy{new(memory.DB).Ledger()}}, nil
	}
	for _, check := range storetest.Ledger()[:2] {
		if err := check.Run(context.Background(), open); err != nil {
			fmt.Printf("%s\n\t%v\n", check.Name, err)
		}
	}
	// Output:
	// An opened account is read back whole
	// 	account a-1: billing: not found
}
