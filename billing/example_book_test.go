package billing_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oplata-go/oplata/billing"
)

// A top-up is credited once, however often it is delivered; a purchase needs the money; the statement tells the story.
func ExampleBook() {
	ctx := context.Background()
	book := billing.NewBook(newStore()) // a store of an adapter, or your own

	march := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	topUp := billing.Posting{
		Key:     "payment-17",
		Account: "42",
		Amount:  billing.MustMoney("100.00", "RUB"),
		Comment: "Пополнение баланса через ЛК",
		At:      march.Add(10 * time.Hour),
	}
	fmt.Println(book.Credit(ctx, topUp), book.Credit(ctx, topUp))

	purchase := billing.Posting{
		Key:     "attempt-18",
		Account: "42",
		Amount:  billing.MustMoney("150.00", "RUB"),
		Comment: "Интернет, март",
		At:      march.Add(11 * time.Hour),
	}
	fmt.Println(errors.Is(book.Debit(ctx, purchase), billing.ErrInsufficientFunds))

	purchase.Amount = billing.MustMoney("60.50", "RUB") // a refusal leaves the key free
	fmt.Println(book.Debit(ctx, purchase))

	statement, err := book.Statement(ctx, billing.StatementParams{
		Account: "42", From: march, To: march.AddDate(0, 1, 0),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("opening", statement.Opening)
	for _, e := range statement.Entries {
		fmt.Println(e.At.Format(time.DateTime), e.Amount, e.Balance, e.Comment)
	}
	fmt.Println("closing", statement.Closing)
	// Output:
	// <nil> <nil>
	// true
	// <nil>
	// opening 0.00 RUB
	// 2026-03-01 10:00:00 100.00 RUB 100.00 RUB Пополнение баланса через ЛК
	// 2026-03-01 11:00:00 -60.50 RUB 39.50 RUB Интернет, март
	// closing 39.50 RUB
}
