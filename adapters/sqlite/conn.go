package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	modernc "modernc.org/sqlite"
)

// conn is one connection to the file with its prepared statements. One goroutine at a time uses it.
//
// It speaks to the driver without database/sql, which would lock, copy and watch contexts for every statement. A
// statement that writes is never interrupted: SQLite would roll back the transaction with the writes of others in it.
type conn struct {
	raw       rawConn
	connector driver.Connector // that opened it
	stmts     map[string]rawStmt
	args      []driver.NamedValue // of the statement that is being run, kept to be used again

	dirty  bool // a statement has changed rows or has failed since this was cleared
	broken bool // a transaction ended in an unknown way: not to be used again
}

// rawConn is what the driver's connections can do.
type rawConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// rawStmt is what the driver's statements can do.
type rawStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// What a connection is set to before its first use. The host's own statements on the writer's connection run under the
// same settings.
const (
	writerSetup = `PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
		PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON` // fullfsync is for macOS
	readerSetup = `PRAGMA busy_timeout = 10000; PRAGMA query_only = ON`
)

// dial opens a connection to the file, which exists.
func dial(path, setup string) (*conn, error) {
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	connector, err := modernc.NewConnector(file.String() + "?mode=rw")
	if err != nil {
		return nil, err
	}
	opened, err := connector.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	raw, ok := opened.(rawConn)
	if !ok {
		opened.Close()
		return nil, errors.New("the driver's connection lacks a method")
	}
	c := &conn{raw: raw, connector: connector, stmts: make(map[string]rawStmt)}
	if err := c.script(setup); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// close ends the connection. A transaction that is open is rolled back.
func (c *conn) close() {
	for _, s := range c.stmts {
		s.Close()
	}
	c.raw.Close()
}

// script runs statements that are used once.
func (c *conn) script(text string) error {
	_, err := c.raw.ExecContext(context.Background(), text, nil)
	return err
}

// exec runs a statement and tells how many rows it changed.
func (c *conn) exec(text string, args ...any) (changed int64, err error) {
	defer func() { c.dirty = c.dirty || changed > 0 || err != nil }()
	s, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// run runs a statement of which nothing else is wanted.
func (c *conn) run(text string, args ...any) error {
	_, err := c.exec(text, args...)
	return err
}

// each runs a query and calls scan for each row.
func (c *conn) each(ctx context.Context, text string, args []any, scan func(*row)) error {
	return c.while(ctx, text, args, func(r *row) bool {
		scan(r)
		return true
	})
}

// one runs a query for a single row and reports whether there was one.
func (c *conn) one(text string, args []any, scan func(*row)) (found bool, err error) {
	err = c.while(context.Background(), text, args, func(r *row) bool {
		scan(r)
		found = true
		return false
	})
	return found, err
}

// while runs a query and calls scan for each row until it returns false. Scan must not run statements.
func (c *conn) while(ctx context.Context, text string, args []any, scan func(*row) bool) (err error) {
	defer func() { c.dirty = c.dirty || err != nil }()
	s, err := c.prepare(text)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, c.bind(args))
	if err != nil {
		return err
	}
	r := row{values: make([]driver.Value, len(rows.Columns()))}
	for {
		r.next = 0
		if err = ctx.Err(); err != nil {
			break
		}
		if err = rows.Next(r.values); err != nil || !scan(&r) {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

func (c *conn) prepare(text string) (rawStmt, error) {
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	prepared, err := c.raw.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	s, ok := prepared.(rawStmt)
	if !ok {
		prepared.Close()
		return nil, errors.New("the driver's statement lacks a method")
	}
	c.stmts[text] = s
	return s, nil
}

// bind makes the driver's arguments. Nil bytes are NULL and empty ones are not, so that each is given back as it was.
func (c *conn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, arg := range args {
		switch a := arg.(type) {
		case time.Time:
			arg = a.UnixMicro()
		case bool:
			arg = int64(0)
			if a {
				arg = int64(1)
			}
		case int:
			arg = int64(a)
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	return c.args
}

// row is a row of a result, whose columns are read from left to right.
type row struct {
	values []driver.Value
	next   int
}

func (r *row) value() driver.Value {
	r.next++
	return r.values[r.next-1]
}

func (r *row) text() string {
	s, _ := r.value().(string)
	return s
}

func (r *row) int() int64 {
	n, _ := r.value().(int64)
	return n
}

func (r *row) bool() bool { return r.int() != 0 }

func (r *row) time() time.Time { return time.UnixMicro(r.int()).UTC() }

// bytes gives a blob. The driver gives nil bytes for an empty one and nil itself for NULL.
func (r *row) bytes() []byte {
	b, ok := r.value().([]byte)
	if ok && b == nil {
		return []byte{}
	}
	return b
}

// micro gives t as it comes back from the file: in UTC and cut to microseconds.
func micro(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

// errLost means that SQLite has rolled back the whole transaction because of an error.
var errLost = errors.New("the transaction is lost")

// savepoint runs do so that nothing remains of it when it fails. An error that matches errLost means that nothing
// remains of the whole transaction.
func (c *conn) savepoint(do func(*conn) error) error {
	if err := c.run(savepoint); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	err := do(c)
	if err != nil && c.run(rollbackTo) != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	if failed := c.run(release); failed != nil {
		return fmt.Errorf("%w: %w", errLost, failed)
	}
	return err
}
