package sqlite

import (
	"context"
	"errors"
	"sync/atomic"
)

// maxBatch bounds how many operations share a commit, and so how long the first of them waits for the last.
const maxBatch = 128

// writer is the one that writes to the file: a goroutine that takes operations from a queue, runs as many as are
// waiting in one transaction, and answers all of them after its commit. On an ordinary disk a commit costs far more than
// what is in it, and connections that compete for the lock starve each other.
type writer struct {
	dial    func() (*conn, error)
	conn    *conn // nil after one was given up: the next batch dials
	queue   chan *op
	next    *op // taken from the queue, but it has to be alone
	batch   []*op
	closing chan struct{}
	stopped chan struct{}

	commits, writes atomic.Int64
}

// op is an operation on its way through the queue.
type op struct {
	run   func(*conn) error
	ended func() error  // why nobody waits for it any more
	err   error         // to be read after done
	done  chan struct{} // closed when the outcome is known, or the connection is lent

	// An operation with a back borrows the connection, outside any transaction, until back is closed. It has no run.
	back chan struct{}
	conn *conn

	claimed atomic.Bool
}

// claim reports whether the op is now the claimant's: the writer claims it to run it, its caller to take it back.
func (o *op) claim() bool { return o.claimed.CompareAndSwap(false, true) }

func startWriter(c *conn, dial func() (*conn, error), queue int) *writer {
	w := &writer{
		dial: dial, conn: c, queue: make(chan *op, queue), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	go w.loop()
	return w
}

// stop ends the writer after what is queued was committed.
func (w *writer) stop() {
	close(w.closing)
	<-w.stopped
}

// write runs do in a transaction with others, and returns after its commit. When ctx ends before do was begun, do is not
// run at all; after that the outcome is waited for, because it is near and cannot be undone.
func (w *writer) write(ctx context.Context, do func(*conn) error) error {
	return w.submit(ctx, &op{run: do, ended: ctx.Err, done: make(chan struct{})})
}

// lend gives the connection to the caller's own goroutine while the writer waits.
func (w *writer) lend(ctx context.Context, use func(*conn) error) error {
	o := &op{back: make(chan struct{}), ended: ctx.Err, done: make(chan struct{})}
	if err := w.submit(ctx, o); err != nil {
		return explain("wait for the writer", err)
	}
	defer close(o.back)
	return use(o.conn)
}

// submit queues an operation, or waits for room in the queue, and waits for it to be done.
func (w *writer) submit(ctx context.Context, o *op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.queue <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return ErrClosed
	}
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		if o.claim() {
			return ctx.Err()
		}
	case <-w.stopped:
		if o.claim() {
			return ErrClosed
		}
	}
	<-o.done
	return o.err
}

func (w *writer) loop() {
	defer close(w.stopped)
	for first := w.first(); first != nil; first = w.first() {
		if first.back != nil {
			w.runAlone(first)
		} else {
			w.runBatch(first)
		}
		if w.conn != nil && w.conn.broken {
			w.conn.close()
			w.conn = nil
		}
	}
	if w.conn != nil {
		w.conn.close()
	}
}

// first waits for an operation; nil means that the writer is being closed and the queue is empty.
func (w *writer) first() *op {
	if o := w.next; o != nil {
		w.next = nil
		return o
	}
	select {
	case o := <-w.queue:
		return o
	case <-w.closing:
		return w.more()
	}
}

// more gives another operation if one is waiting.
func (w *writer) more() *op {
	select {
	case o := <-w.queue:
		return o
	default:
		return nil
	}
}

func (w *writer) runAlone(o *op) {
	if !o.claim() {
		return
	}
	o.err = w.connect()
	o.conn = w.conn
	close(o.done)
	if o.err == nil {
		<-o.back
	}
}

// runBatch runs operations until none is waiting, commits, and answers. When the commit fails nobody learns anything but
// that: even a refusal may have been due to a neighbour whose write is now uncertain.
func (w *writer) runBatch(first *op) {
	err := w.begin()
	clean := true
	for o := first; o != nil; o = w.more() {
		if o.back != nil {
			w.next = o
			break
		}
		if !o.claim() {
			continue
		}
		w.batch = append(w.batch, o)
		if err == nil && clean {
			clean = w.runPlain(o)
		}
		if err != nil || len(w.batch) == maxBatch {
			break
		}
	}
	if !clean {
		err = w.rerun()
	}
	if err == nil {
		err = w.conn.run(commit)
	}
	w.answer(err)
}

// begin starts a transaction, on a new connection if the one before was given up.
func (w *writer) begin() error {
	if err := w.connect(); err != nil {
		return err
	}
	return w.conn.run(beginWrite)
}

// runPlain runs an operation without a savepoint, for which SQLite would copy every page that the operation changes. It
// reports false when the operation failed and may have left something behind.
func (w *writer) runPlain(o *op) (clean bool) {
	if o.err = o.ended(); o.err != nil {
		return true
	}
	w.conn.dirty = false
	o.err = o.run(w.conn)
	return o.err == nil || !w.conn.dirty
}

// rerun runs the batch again from its beginning, now each operation in a savepoint, so that a failed one leaves nothing
// behind and does its neighbours no harm.
func (w *writer) rerun() error {
	_ = w.conn.run(rollback) // it fails when SQLite has rolled back by itself
	if err := w.conn.run(beginWrite); err != nil {
		return err
	}
	for _, o := range w.batch {
		if o.err = o.ended(); o.err != nil {
			continue
		}
		if o.err = w.conn.savepoint(o.run); errors.Is(o.err, errLost) {
			return o.err
		}
	}
	return nil
}

// answer tells everybody in the batch how it ended; err is the transaction's own failure.
func (w *writer) answer(err error) {
	switch {
	case err == nil:
		w.commits.Add(1)
		w.writes.Add(int64(len(w.batch)))
	case w.conn != nil:
		w.conn.broken = true
	}
	for _, o := range w.batch {
		if err != nil {
			o.err = err
		}
		close(o.done)
	}
	clear(w.batch)
	w.batch = w.batch[:0]
}

// connect sees to it that there is a connection.
func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	c, err := w.dial()
	if err != nil {
		return err
	}
	w.conn = c
	return nil
}
