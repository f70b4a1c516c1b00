package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/oplata-go/oplata/adapters/sqlite"
	"github.com/oplata-go/oplata/billing"
)

func Example() {
	folder, err := os.MkdirTemp("", "oplata")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "pay.db")

	db, err := sqlite.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	book := billing.NewBook(db.Ledger())
	err = book.Credit(context.Background(), billing.Posting{
		Key: "topup-7", Account: "42", Amount: billing.MustMoney("100.00", "RUB"), Comment: "top-up", At: time.Now(),
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = sqlite.Open(path)
	fmt.Println(errors.Is(err, sqlite.ErrLocked))

	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
	if db, err = sqlite.Open(path); err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(billing.NewBook(db.Ledger()).Balance(context.Background(), "42"))
	// Output:
	// true
	// 100.00 RUB <nil>
}

// A host keeps what it does by itself and what it does with the stores in one transaction: both happen or neither.
func ExampleDB_Tx() {
	folder, err := os.MkdirTemp("", "oplata")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	db, err := sqlite.Open(filepath.Join(folder, "pay.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()

	order := func(tx *sqlite.Tx, number int, paid string) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO orders (number) VALUES (?)`, number)
		if err != nil {
			return err
		}
		return billing.NewBook(tx.Ledger()).Debit(ctx, billing.Posting{
			Key: fmt.Sprint("order-", number), Account: "42", Amount: billing.MustMoney(paid, "RUB"), At: time.Now(),
		})
	}
	err = db.Tx(ctx, func(tx *sqlite.Tx) error {
		_, err := tx.ExecContext(ctx, `CREATE TABLE orders (number INTEGER PRIMARY KEY)`)
		if err != nil {
			return err
		}
		return billing.NewBook(tx.Ledger()).Credit(ctx, billing.Posting{
			Key: "topup-7", Account: "42", Amount: billing.MustMoney("100.00", "RUB"), At: time.Now(),
		})
	})
	fmt.Println(err)

	fmt.Println(db.Tx(ctx, func(tx *sqlite.Tx) error { return order(tx, 1, "70.00") }))
	err = db.Tx(ctx, func(tx *sqlite.Tx) error { return order(tx, 2, "70.00") })
	fmt.Println(errors.Is(err, billing.ErrInsufficientFunds))

	err = db.Tx(ctx, func(tx *sqlite.Tx) error {
		var orders int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM orders`).Scan(&orders)
		fmt.Println("orders:", orders)
		return err
	})
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
	// true
	// orders: 1
	// <nil>
}
