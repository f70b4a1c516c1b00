package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	modernc "modernc.org/sqlite"

	"github.com/oplata-go/oplata/payment"
)

// hold keeps the writer busy until release is called, so that what is written meanwhile comes into one batch.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	held, free, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		over <- db.writer.lend(context.Background(), func(*conn) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	release = sync.OnceFunc(func() {
		close(free)
		require.NoError(t, <-over)
	})
	t.Cleanup(release)
	return release
}

// background runs do beside the test and waits until it stands in the queue as its n-th.
func background(db *DB, n int, do func() error) <-chan error {
	out := make(chan error, 1)
	go func() { out <- do() }()
	for len(db.writer.queue) < n {
		runtime.Gosched()
	}
	return out
}

func first(n int64) payment.Change { return life(n)[0] }

func apply(t *testing.T, db *DB, c payment.Change) func() error {
	t.Helper()
	return func() error { return db.Payments().Apply(t.Context(), c) }
}

func requireStored(t *testing.T, db *DB, n int64) {
	t.Helper()
	_, err := db.Payments().Load(t.Context(), first(n).Record.ID)
	require.NoError(t, err)
}

func requireAbsent(t *testing.T, db *DB, n int64) {
	t.Helper()
	c := first(n)
	_, err := db.Payments().Load(t.Context(), c.Record.ID)
	require.ErrorIs(t, err, payment.ErrNotFound)
	events, err := db.Payments().Events(t.Context(), c.Record.ID, 0, 10)
	require.NoError(t, err)
	require.Empty(t, events)
	tasks, err := db.Payments().Tasks(t.Context(), payment.TaskQuery{Record: c.Record.ID, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, tasks)
}

func TestWritesThatWaitShareACommit(t *testing.T) {
	db := openNew(t)
	before := db.Stats()
	release := hold(t, db)
	var outcomes []<-chan error
	for n := range 200 {
		outcomes = append(outcomes, background(db, n+1, apply(t, db, first(int64(n)))))
	}
	release()
	for _, o := range outcomes {
		require.NoError(t, <-o)
	}
	require.Equal(t, Stats{Commits: before.Commits + 2, Writes: before.Writes + 200}, db.Stats(), "128 and the rest")
}

func TestRefusedWriteDoesItsNeighboursNoHarm(t *testing.T) {
	db := openNew(t)
	require.NoError(t, db.Payments().Apply(t.Context(), first(1)))
	taken := first(2)
	taken.Claims = append(taken.Claims, first(1).Claims[0]) // refused after its record was written
	stale := first(1)
	follows := life(3)

	release := hold(t, db)
	before := db.Stats().Commits
	outcomes := []<-chan error{
		background(db, 1, apply(t, db, follows[0])),
		background(db, 2, apply(t, db, taken)),
		background(db, 3, apply(t, db, stale)),
		background(db, 4, apply(t, db, follows[1])), // builds on its neighbour in the batch
		background(db, 5, apply(t, db, first(4))),
	}
	release()
	require.NoError(t, <-outcomes[0])
	require.ErrorIs(t, <-outcomes[1], payment.ErrClaimed)
	require.ErrorIs(t, <-outcomes[2], payment.ErrConflict)
	require.NoError(t, <-outcomes[3])
	require.NoError(t, <-outcomes[4])
	require.Equal(t, before+1, db.Stats().Commits)
	requireAbsent(t, db, 2)
	requireStored(t, db, 4)
	r, err := db.Payments().Load(t.Context(), follows[0].Record.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, r.Version)
}

func TestQueuedWriteCanBeTakenBack(t *testing.T) {
	db := openNew(t)
	release := hold(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	out := background(db, 1, func() error { return db.Payments().Apply(ctx, first(1)) })
	neighbour := background(db, 2, apply(t, db, first(2)))
	cancel()
	require.ErrorIs(t, <-out, context.Canceled) // at once: the writer is still busy
	release()
	require.NoError(t, <-neighbour)
	requireAbsent(t, db, 1)
	requireStored(t, db, 2)
	require.ErrorIs(t, db.Payments().Apply(ctx, first(3)), context.Canceled)
	requireAbsent(t, db, 3)
}

// endedContext has ended without anybody being told yet.
type endedContext struct {
	context.Context
	ended atomic.Bool
}

func (c *endedContext) Err() error {
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

func TestWriterLooksAtContextsItself(t *testing.T) {
	twice := first(2) // refused after it has written: the batch is run again
	twice.Claims = append(twice.Claims, twice.Claims[0])
	for _, neighbour := range []payment.Change{first(3), twice} {
		db := openNew(t)
		release := hold(t, db)
		ctx := &endedContext{Context: context.Background()}
		out := background(db, 1, func() error { return db.Payments().Apply(ctx, first(1)) })
		other := background(db, 2, apply(t, db, neighbour))
		ctx.ended.Store(true)
		release()
		require.ErrorIs(t, <-out, context.Canceled)
		require.Equal(t, neighbour.Record.ID == twice.Record.ID, <-other != nil)
		requireAbsent(t, db, 1)
	}
}

func TestFullQueueHoldsCallersBack(t *testing.T) {
	db, err := New(Config{Path: filepath.Join(t.TempDir(), "pay.db"), Queue: 2})
	require.NoError(t, err)
	defer db.Close()
	release := hold(t, db)
	one := background(db, 1, apply(t, db, first(1)))
	two := background(db, 2, apply(t, db, first(2)))
	ctx, cancel := context.WithCancel(t.Context())
	three := background(db, 2, func() error { return db.Payments().Apply(ctx, first(3)) })
	cancel()
	require.ErrorIs(t, <-three, context.Canceled)
	four := background(db, 2, apply(t, db, first(4)))
	release()
	for _, out := range []<-chan error{one, two, four} {
		require.NoError(t, <-out)
	}
	requireAbsent(t, db, 3)
}

// swapped stands in for a prepared statement of the writer's.
type swapped struct {
	rawStmt
	exec func(real func() error) error
}

func (s swapped) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	err = s.exec(func() (err error) {
		result, err = s.rawStmt.ExecContext(ctx, args)
		return err
	})
	return result, err
}

// onStatement lets act take part when the writer's present connection runs a statement.
func onStatement(t *testing.T, db *DB, text string, act func(real func() error) error) {
	t.Helper()
	require.NoError(t, db.writer.lend(t.Context(), func(c *conn) error {
		s, err := c.prepare(text)
		c.stmts[text] = swapped{s, act}
		return err
	}))
}

var errDisk = errors.New("the disk is gone")

// After a failed commit nobody in the batch knows anything, and the writer goes on with a new connection.
func TestFailedCommit(t *testing.T) {
	for name, c := range map[string]struct {
		fail    func(real func() error) error
		written bool
	}{
		"before it acted":    {func(func() error) error { return errDisk }, false},
		"after it had acted": {func(real func() error) error { return firstOf(real(), errDisk) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			db := openNew(t)
			require.NoError(t, db.Payments().Apply(t.Context(), first(1)))
			onStatement(t, db, commit, c.fail)
			release := hold(t, db)
			outcomes := []<-chan error{
				background(db, 1, apply(t, db, first(2))),
				background(db, 2, apply(t, db, first(1))), // would be a conflict
			}
			release()
			for _, out := range outcomes {
				err := <-out
				require.ErrorIs(t, err, errDisk)
				require.ErrorContains(t, err, "sqlite: apply change: ")
				for _, named := range []error{payment.ErrConflict, payment.ErrClaimed, payment.ErrLeaseLost} {
					require.NotErrorIs(t, err, named)
				}
			}
			if c.written {
				requireStored(t, db, 2)
			} else {
				requireAbsent(t, db, 2)
			}
			require.NoError(t, db.Payments().Apply(t.Context(), first(3)))
			requireStored(t, db, 3)
			intact(t, db)
		})
	}
}

// A refusal that cannot be undone is no refusal any more: its transaction is given up, with all that was in it.
func TestFailedUndo(t *testing.T) {
	db := openNew(t)
	require.NoError(t, db.Payments().Apply(t.Context(), first(1)))
	onStatement(t, db, rollbackTo, func(func() error) error { return errDisk })
	taken := first(2)
	taken.Claims = first(1).Claims
	release := hold(t, db)
	outcomes := []<-chan error{background(db, 1, apply(t, db, first(3))), background(db, 2, apply(t, db, taken))}
	release()
	for _, out := range outcomes {
		err := <-out
		require.ErrorIs(t, err, errLost)
		var claimed *payment.ClaimedError
		require.NotErrorAs(t, err, &claimed)
	}
	requireAbsent(t, db, 2)
	requireAbsent(t, db, 3)
	require.NoError(t, db.Payments().Apply(t.Context(), first(3)))
}

func TestContextThatEndsDuringTheCommitIsTooLate(t *testing.T) {
	db := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	onStatement(t, db, commit, func(real func() error) error {
		cancel()
		return real()
	})
	require.NoError(t, db.Payments().Apply(ctx, first(1)))
	requireStored(t, db, 1)
}

// SQLite answers a full disk by rolling back everything, the neighbours too. All are told so by name, nothing is
// written, and it is got over.
func TestFullDisk(t *testing.T) {
	db := openNew(t)
	limit := func(pages string) {
		require.NoError(t, db.writer.lend(t.Context(), func(c *conn) error { return c.script("PRAGMA max_page_count = " + pages) }))
	}
	require.NoError(t, db.Payments().Apply(t.Context(), first(1)))
	limit("1") // no more than there are
	big := first(2)
	big.Record.Body = make([]byte, 1<<20)
	release := hold(t, db)
	outcomes := []<-chan error{background(db, 1, apply(t, db, first(3))), background(db, 2, apply(t, db, big))}
	release()
	for _, out := range outcomes {
		err := <-out
		require.ErrorIs(t, err, ErrFull)
		var engine *modernc.Error
		require.ErrorAs(t, err, &engine)
	}
	requireAbsent(t, db, 2)
	requireAbsent(t, db, 3)
	limit("1000000")
	require.NoError(t, db.Payments().Apply(t.Context(), big))
	require.NoError(t, db.Payments().Apply(t.Context(), first(3)))
	intact(t, db)
}

func TestCloseCommitsWhatIsQueued(t *testing.T) {
	db := openNew(t)
	release := hold(t, db)
	out := background(db, 1, apply(t, db, first(1)))
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	<-db.writer.closing
	release()
	require.NoError(t, <-out)
	require.NoError(t, <-closed)

	require.ErrorIs(t, db.Payments().Apply(t.Context(), first(2)), ErrClosed)
	_, err := db.Payments().Load(t.Context(), "any")
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, db.Tx(t.Context(), func(*Tx) error { return nil }), ErrClosed)
	require.NoError(t, db.Close())

	again := openAt(t, db.path)
	requireStored(t, again, 1)
	requireAbsent(t, again, 2)
}

// Closing while many write and read leaves nobody waiting and loses nothing that was acknowledged.
func TestCloseUnderLoad(t *testing.T) {
	db := openNew(t)
	var acknowledged sync.Map
	some := make(chan struct{})
	once := sync.OnceFunc(func() { close(some) })
	var begin atomic.Int64
	over := make(chan error)
	go func() {
		over <- inParallel(16, func() error {
			for {
				n := begin.Add(1)
				err := db.Payments().Apply(context.Background(), first(n))
				if err == nil {
					acknowledged.Store(n, true)
					_, err = db.Payments().Load(context.Background(), first(n).Record.ID)
				}
				if err != nil {
					return notClosed(err)
				}
				once()
			}
		})
	}()
	<-some
	require.NoError(t, db.Close())
	require.NoError(t, <-over)
	again := openAt(t, db.path)
	acknowledged.Range(func(n, _ any) bool {
		requireStored(t, again, n.(int64))
		return true
	})
	intact(t, again)
}

func notClosed(err error) error {
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}
