package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// hand keeps payments by hand, in the tables of adapters/sqlite and through the same driver, with the same settings,
// readers and bound of a batch: a select, an update that is guarded by the version, plain inserts. What a store has to
// promise beyond that is left out: nothing is cancelled, a failed write spoils its whole batch, lanes and leases are not
// looked at. It is what the service is measured against.
type hand struct {
	readers chan *conn
	writer  *conn
	commits int64

	single  sync.Mutex  // of the writer, where each write is committed by itself
	queue   chan *order // of the group commit; nil: each write is committed by itself
	stopped chan struct{}

	job *job // nil: nothing is done but to read and write rows that are made already
}

// order is a write that waits for its commit.
type order struct {
	change payment.Change
	done   chan error
}

// The most that a batch may hold, and how many read at the same time: what adapters/sqlite has.
const (
	maxBatch = 128
	readers  = 4
)

// openHand opens a file with the schema in it.
func openHand(path string, group bool, does *job) (*hand, error) {
	h := &hand{readers: make(chan *conn, readers), job: does}
	var err error
	h.writer, err = dial(path, `PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON`)
	if err != nil {
		return nil, err
	}
	for range readers {
		c, err := dial(path, `PRAGMA busy_timeout = 10000; PRAGMA query_only = ON`)
		if err != nil {
			return nil, errors.Join(err, h.close())
		}
		h.readers <- c
	}
	if group {
		h.queue, h.stopped = make(chan *order, 1024), make(chan struct{})
		go h.commitGroups()
	}
	return h, nil
}

func (h *hand) close() error {
	if h.queue != nil {
		close(h.queue)
		<-h.stopped
	}
	var err error
	for range len(h.readers) {
		err = errors.Join(err, (<-h.readers).close())
	}
	return errors.Join(err, h.writer.close())
}

// bear writes the beginnings of lives in one transaction.
func (h *hand) bear(lives []life) error {
	if err := h.writer.run(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	for _, l := range lives {
		if err := h.put(l.Birth); err != nil {
			return err
		}
	}
	return h.writer.run(`COMMIT`)
}

// live goes through a life after its birth.
func (h *hand) live(l life) error {
	for _, t := range l.Turns {
		if h.job != nil {
			if err := h.job.speak(t); err != nil {
				return err
			}
		}
		was, err := h.read(t.Reads)
		if err != nil {
			return err
		}
		c := t.Change
		if h.job != nil {
			if c, err = h.job.decide(t, was); err != nil {
				return err
			}
		}
		if err := h.write(c); err != nil {
			return err
		}
	}
	return nil
}

const columns = `p.kind, p.id, p.version, p.reseller, p.account, p.status, p.attention, p.created_at, p.updated_at, p.body, p.personal`

// read does the reads of a transition and gives the record that the last one found.
func (h *hand) read(reads []read) (payment.Record, error) {
	c := <-h.readers
	defer func() { h.readers <- c }()
	var r payment.Record
	for _, want := range reads {
		text, args := `SELECT `+columns+` FROM oplata_payments p WHERE p.id = ?`, []driver.Value{want.ID}
		if want.ID == "" {
			text = `SELECT ` + columns + `, c.scope, c.key, c.record, c.print
				FROM oplata_payment_claims c JOIN oplata_payments p ON p.id = c.record WHERE c.scope = ? AND c.key = ?`
			args = []driver.Value{want.Scope, want.Key}
		}
		row, err := c.row(text, args...)
		if err != nil {
			return r, err
		}
		r.ID, _ = row[1].(string)
		r.Version, _ = row[2].(int64)
		r.Body, _ = row[9].([]byte)
		r.Personal, _ = row[10].([]byte)
	}
	return r, nil
}

// write returns when the change is durable.
func (h *hand) write(c payment.Change) error {
	if h.queue != nil {
		o := &order{c, make(chan error, 1)}
		h.queue <- o
		return <-o.done
	}
	h.single.Lock()
	defer h.single.Unlock()
	h.commits++
	return errors.Join(h.writer.run(`BEGIN IMMEDIATE`), h.put(c), h.writer.run(`COMMIT`))
}

// commitGroups writes what is waiting, and answers after the commit.
func (h *hand) commitGroups() {
	defer close(h.stopped)
	var batch []*order
	for first := range h.queue {
		err := h.writer.run(`BEGIN IMMEDIATE`)
		batch = append(batch[:0], first)
		err = errors.Join(err, h.put(first.change))
		for len(batch) < maxBatch && len(h.queue) > 0 {
			o := <-h.queue
			batch = append(batch, o)
			err = errors.Join(err, h.put(o.change))
		}
		h.commits++
		err = errors.Join(err, h.writer.run(`COMMIT`))
		for _, o := range batch {
			o.done <- err
		}
	}
}

var errStale = errors.New("bench: a record was not at its version")

// put writes the rows of a change.
func (h *hand) put(c payment.Change) error {
	w, r := h.writer, c.Record
	var err error
	if c.Base == 0 {
		err = w.run(`INSERT INTO oplata_payments
			(kind, id, version, reseller, account, status, attention, created_at, updated_at, body, personal)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(r.Kind), r.ID, r.Version, r.Reseller, r.Account, string(r.Status), flag01(r.Attention), stamp(r.CreatedAt),
			stamp(r.UpdatedAt), r.Body, r.Personal)
	} else {
		err = w.guarded(`UPDATE oplata_payments
			SET version = ?, status = ?, attention = ?, updated_at = ?, body = ?, personal = ? WHERE id = ? AND version = ?`,
			r.Version, string(r.Status), flag01(r.Attention), stamp(r.UpdatedAt), r.Body, r.Personal, r.ID, c.Base)
	}
	if err != nil {
		return err
	}
	for _, e := range c.Events {
		err = errors.Join(err, w.run(`INSERT INTO oplata_payment_events (record, seq, id, at, name, body, key_id, mac)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, e.Record, e.Seq, e.ID, stamp(e.At), e.Name, e.Body, e.KeyID, e.MAC))
	}
	for _, claim := range c.Claims {
		err = errors.Join(err, w.run(`INSERT INTO oplata_payment_claims (scope, key, record, print) VALUES (?, ?, ?, ?)`,
			claim.Scope, claim.Key, claim.Record, claim.Print))
	}
	for _, t := range c.Put {
		err = errors.Join(err, w.run(`INSERT INTO oplata_payment_tasks
			(id, queue, lane, place, record, due, tries, token, dead, parked, note, body)
			VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, '', ?)`, t.ID, t.Queue, t.Lane, t.Order, t.Record, stamp(t.Due), t.Body))
	}
	for _, id := range c.Drop {
		err = errors.Join(err, w.run(`DELETE FROM oplata_payment_tasks WHERE id = ?`, id))
	}
	return err
}

func stamp(t time.Time) int64 { return t.UnixMicro() }

func flag01(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// conn is a connection of the driver with its prepared statements. Like the adapter's it goes without database/sql, which
// would lock, copy and watch contexts for every statement. One goroutine at a time uses it.
type conn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
	args  []driver.NamedValue
}

// dial opens a connection to a file, which is made if it is not there.
func dial(path, setup string) (*conn, error) {
	pool, err := sql.Open("sqlite", "") // the name that adapters/sqlite brings; nothing is opened yet
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	raw, err := pool.Driver().Open(path)
	if err != nil {
		return nil, fmt.Errorf("bench: open %s: %w", path, err)
	}
	c := &conn{raw: raw, stmts: make(map[string]driver.Stmt)}
	return c, c.script(setup)
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.raw.Close()
}

// script runs statements that are used once.
func (c *conn) script(text string) error {
	raw, ok := c.raw.(driver.ExecerContext)
	if !ok {
		return errDriver
	}
	_, err := raw.ExecContext(context.Background(), text, nil)
	return err
}

var errDriver = errors.New("bench: the driver lacks a method")

func (c *conn) prepare(text string) (driver.Stmt, error) {
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	s, err := c.raw.Prepare(text)
	if err != nil {
		return nil, fmt.Errorf("bench: %w: %s", err, text)
	}
	c.stmts[text] = s
	return s, nil
}

func (c *conn) bind(args []driver.Value) []driver.NamedValue {
	c.args = c.args[:0]
	for i, arg := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	return c.args
}

func (c *conn) exec(text string, args ...driver.Value) (driver.Result, error) {
	s, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	raw, ok := s.(driver.StmtExecContext)
	if !ok {
		return nil, errDriver
	}
	return raw.ExecContext(context.Background(), c.bind(args))
}

func (c *conn) run(text string, args ...driver.Value) error {
	_, err := c.exec(text, args...)
	return err
}

// guarded runs a statement that has to change one row.
func (c *conn) guarded(text string, args ...driver.Value) error {
	result, err := c.exec(text, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errStale, err)
	}
	return nil
}

// row reads the one row of a query.
func (c *conn) row(text string, args ...driver.Value) (_ []driver.Value, err error) {
	s, err := c.prepare(text)
	if err != nil {
		return nil, err
	}
	raw, ok := s.(driver.StmtQueryContext)
	if !ok {
		return nil, errDriver
	}
	rows, err := raw.QueryContext(context.Background(), c.bind(args))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	to := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(to); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errStale
		}
		return nil, err
	}
	return to, nil
}
