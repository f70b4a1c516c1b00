package memory_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// A ledger in memory: the accounts are gone when the program ends.
func Example() {
	ctx := context.Background()
	db := new(memory.DB) // ready for use
	book := billing.NewBook(db.Ledger())

	err := book.Credit(ctx, billing.Posting{
		Key: "topup-7", Account: "42", Amount: billing.MustMoney("100.00", "RUB"),
		At: time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	balance, err := book.Balance(ctx, "42")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(balance)
	// Output: 100.00 RUB
}

// A clone is taken at no cost and goes its own way: here two changes of one version are tried from the same state.
func ExampleDB_Clone() {
	ctx := context.Background()
	db := new(memory.DB)
	first := payment.Change{Record: payment.Record{ID: "p-1", Version: 1, Status: payment.Processing}}
	if err := db.Payments().Apply(ctx, first); err != nil {
		fmt.Println(err)
		return
	}
	for _, status := range []payment.Status{payment.Completed, payment.Expired} {
		branch := db.Clone()
		change := payment.Change{Record: payment.Record{ID: "p-1", Version: 2, Status: status}, Base: 1}
		if err := branch.Payments().Apply(ctx, change); err != nil {
			fmt.Println(err)
			return
		}
		again := branch.Payments().Apply(ctx, change)
		p, err := db.Payments().Load(ctx, "p-1")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(status, errors.Is(again, payment.ErrConflict), p.Status)
	}
	// Output:
	// completed true processing
	// expired true processing
}
