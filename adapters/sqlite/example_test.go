package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/oplata-go/oplata/adapters/sqlite"
	"github.com/oplata-go/oplata/billing"
)

// topUp is a posting that both examples make.
func topUp() billing.Posting {
	return billing.Posting{
		Key: "topup-7", Account: "42", Amount: billing.MustMoney("100.00", "RUB"), Comment: "top-up",
		At: time.Date(2026, time.March, 1, 9, 30, 0, 0, time.UTC),
	}
}

func Example() {
	err := inFolder(func(folder string) error {
		ctx, path := context.Background(), filepath.Join(folder, "pay.db")
		db, err := sqlite.Open(path)
		if err != nil {
			return err
		}
		if err := billing.NewBook(db.Ledger()).Credit(ctx, topUp()); err != nil {
			return err
		}
		_, err = sqlite.Open(path)
		fmt.Println("locked:", errors.Is(err, sqlite.ErrLocked))
		if err := db.Close(); err != nil {
			return err
		}

		if db, err = sqlite.Open(path); err != nil {
			return err
		}
		balance, err := billing.NewBook(db.Ledger()).Balance(ctx, "42")
		fmt.Println("balance:", balance)
		return errors.Join(err, db.Close())
	})
	fmt.Println(err)
	// Output:
	// locked: true
	// balance: 100.00 RUB
	// <nil>
}

// A host keeps what it does by itself and what it does with the stores in one transaction: both happen or neither.
func ExampleDB_Tx() {
	err := inFolder(func(folder string) error {
		ctx := context.Background()
		db, err := sqlite.Open(filepath.Join(folder, "pay.db"))
		if err != nil {
			return err
		}
		defer db.Close()
		err = db.Tx(ctx, func(tx *sqlite.Tx) error {
			if _, err := tx.ExecContext(ctx, `CREATE TABLE orders (number INTEGER PRIMARY KEY)`); err != nil {
				return err
			}
			return billing.NewBook(tx.Ledger()).Credit(ctx, topUp())
		})
		if err != nil {
			return err
		}

		for number := range 2 {
			err := db.Tx(ctx, func(tx *sqlite.Tx) error {
				if _, err := tx.ExecContext(ctx, `INSERT INTO orders (number) VALUES (?)`, number); err != nil {
					return err
				}
				price := topUp()
				price.Key, price.Amount = fmt.Sprint("order-", number), billing.MustMoney("70.00", "RUB")
				return billing.NewBook(tx.Ledger()).Debit(ctx, price)
			})
			fmt.Println("refused:", errors.Is(err, billing.ErrInsufficientFunds))
		}
		return db.Tx(ctx, func(tx *sqlite.Tx) error {
			var orders int
			err := tx.QueryRowContext(ctx, `SELECT count(*) FROM orders`).Scan(&orders)
			fmt.Println("orders:", orders)
			return err
		})
	})
	fmt.Println(err)
	// Output:
	// refused: false
	// refused: true
	// orders: 1
	// <nil>
}

// inFolder runs do with a folder of its own.
func inFolder(do func(folder string) error) error {
	folder, err := os.MkdirTemp("", "oplata")
	if err != nil {
		return err
	}
	return errors.Join(do(folder), os.RemoveAll(folder))
}
