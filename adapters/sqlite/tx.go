package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// Tx is a transaction of the host's, in which its own tables and the stores are written together: everything or
// nothing. It holds the one writer, so all other writes wait until it is over: do in it what is quick, and call nobody.
//
// Its views work as those of the DB do, but on what the transaction has written so far; an operation that is refused
// leaves nothing behind and the transaction goes on. A Tx and its views must be used by one goroutine at a time, and
// not after the function it was given to has returned ([ErrTxDone]).
type Tx struct {
	conn *conn
	host *sql.DB // the same connection for the host's statements
	err  error   // why nothing more can be done
}

// Tx runs do in a transaction of its own and commits it. When do returns an error, panics or ends its goroutine,
// everything is rolled back; the error is returned as it is. After nil all is durable. After any other error of Tx
// itself it is unknown whether something was written.
//
// Inside do the DB itself must be neither written to nor closed: that would wait for do, and do for it.
func (db *DB) Tx(ctx context.Context, do func(*Tx) error) error {
	return db.writer.lend(ctx, func(c *conn) error { return transact(c, do) })
}

// transact has to leave the connection outside any transaction, or marked as broken.
func transact(c *conn, do func(*Tx) error) error {
	if err := c.run(beginWrite); err != nil {
		c.broken = true
		return explain("begin", err)
	}
	tx := &Tx{conn: c, host: sql.OpenDB(lender{c.connector, c.raw})}
	committed := false
	defer func() {
		tx.end(ErrTxDone)
		if !committed && c.run(rollback) != nil {
			c.broken = true
		}
	}()
	if err := do(tx); err != nil {
		return err
	}
	if tx.err != nil {
		return explain("commit", tx.err)
	}
	if tx.host.Stats().InUse > 0 {
		c.broken = true // they would go on reading a state that is past, and keep the WAL from being written back
		return errors.New("sqlite: commit: the rows of a query were not closed")
	}
	if err := c.run(commit); err != nil {
		return explain("commit", err)
	}
	committed = true
	return nil
}

// end lets nothing more be done.
func (tx *Tx) end(why error) {
	tx.err = why
	tx.host.Close()
}

// Payments returns the view for the payment package.
func (tx *Tx) Payments() Payments { return Payments{tx} }

// Connectors returns the view for the connector package.
func (tx *Tx) Connectors() Connectors { return Connectors{tx} }

// Ledger returns the view for the billing package.
func (tx *Tx) Ledger() Ledger { return Ledger{tx} }

// ExecContext runs a statement of the host's on its own tables. Transactions are not its business: no BEGIN, COMMIT or
// ROLLBACK. Tables whose names begin with oplata_ must not be written to. Ctx is looked at before the statement runs:
// to interrupt one that writes would be to roll back everything.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := tx.ready(ctx); err != nil {
		return nil, explain("exec", err)
	}
	result, err := tx.host.ExecContext(context.WithoutCancel(ctx), query, args...)
	return result, explain("exec", tx.alive(err))
}

// QueryContext runs a query of the host's. Its rows must be closed before do returns.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.ready(ctx); err != nil {
		return nil, explain("query", err)
	}
	rows, err := tx.host.QueryContext(context.WithoutCancel(ctx), query, args...)
	return rows, explain("query", tx.alive(err))
}

// QueryRowContext runs a query of the host's for a single row. Its errors come from Scan.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() == nil {
		ctx = context.WithoutCancel(ctx)
	}
	return tx.host.QueryRowContext(ctx, query, args...)
}

// read implements place.
func (tx *Tx) read(ctx context.Context, what string, do func(*conn) error) error {
	if err := tx.ready(ctx); err != nil {
		return explain(what, err)
	}
	return explain(what, do(tx.conn))
}

// write implements place.
func (tx *Tx) write(ctx context.Context, what string, do func(*conn) error) error {
	if err := tx.ready(ctx); err != nil {
		return explain(what, err)
	}
	err := tx.conn.savepoint(do)
	if errors.Is(err, errLost) {
		tx.end(err)
	}
	return explain(what, err)
}

func (tx *Tx) ready(ctx context.Context) error {
	if tx.err != nil {
		return tx.err
	}
	return ctx.Err()
}

// alive looks after an error whether there still is a transaction: SQLite rolls it back by itself when the disk is
// full, for one, and what follows would be written outside any.
func (tx *Tx) alive(err error) error {
	if err == nil || tx.conn.run(probe) != nil {
		return err // within a transaction another one cannot begin
	}
	tx.end(fmt.Errorf("%w: %w", errLost, err))
	return tx.err
}

// lender lends the one connection to database/sql, which must not close it.
type lender struct {
	driver.Connector
	raw rawConn
}

// Connect lends the connection again if rows are still open: one goroutine uses both.
func (l lender) Connect(context.Context) (driver.Conn, error) { return lentConn{l.raw}, nil }

type lentConn struct{ rawConn }

// Close leaves the connection to its owner.
func (lentConn) Close() error { return nil }
