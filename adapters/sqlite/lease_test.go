package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	modernc "modernc.org/sqlite"

	"github.com/oplata-go/oplata/payment"
)

// noon is when the tasks of these tests begin to be due.
var noon = time.Unix(1_700_000_000, 0).UTC()

// bulkTasks puts n tasks into a queue, each due a second after the one before.
func bulkTasks(tb testing.TB, db *DB, queue string, n int, begin time.Time, lane string) {
	tb.Helper()
	require.NoError(tb, db.writer.lend(tb.Context(), func(c *conn) error {
		return firstOf(c.run(beginWrite), c.run(`
			WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers LIMIT ?2)
			INSERT INTO oplata_payment_tasks (id, queue, lane, place, record, due, tries, token, dead, parked, note, body)
			SELECT printf('%s/%s/%08d', ?1, ?4, n), ?1, ?4, n, printf('record-%08d', n), ?3 + n * 1000000, 0, 0, 0, 0, '',
				zeroblob(60) FROM numbers`, queue, n, begin, lane), c.run(commit))
	}))
}

// visited counts the rows that the writer's leases come across.
func visited(tb testing.TB, db *DB) *int {
	tb.Helper()
	n := new(int)
	require.NoError(tb, db.writer.lend(tb.Context(), func(c *conn) error {
		s, err := c.prepare(selectDue)
		c.stmts[selectDue] = countedQuery{s, n}
		return err
	}))
	return n
}

type countedQuery struct {
	rawStmt
	n *int
}

func (q countedQuery) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := q.rawStmt.QueryContext(ctx, args)
	return countedRows{rows, q.n}, err
}

type countedRows struct {
	driver.Rows
	n *int
}

func (r countedRows) Next(to []driver.Value) error {
	err := r.Rows.Next(to)
	if err == nil {
		*r.n++
	}
	return err
}

// pages counts the pages that the writer looks at while do runs.
func pages(tb testing.TB, db *DB, do func()) (touched int) {
	tb.Helper()
	count := func() (n int) {
		require.NoError(tb, db.writer.lend(tb.Context(), func(c *conn) error {
			for _, op := range []modernc.DBStatusOp{modernc.DBStatusCacheHit, modernc.DBStatusCacheMiss} {
				now, _, err := c.raw.(modernc.DBStatus).Status(op, false)
				if err != nil {
					return err
				}
				n += now
			}
			return nil
		}))
		return n
	}
	before := count()
	do()
	return count() - before
}

// bigQueue is how many tasks wait in the greater of two queues; OPLATA_LONG makes it a million.
func bigQueue() int {
	if os.Getenv("OPLATA_LONG") != "" {
		return 1_000_000
	}
	return 50_000
}

// A lease visits what is due and nothing else, and costs the same however much is not.
func TestLeaseCostsWhatIsDue(t *testing.T) {
	const due = 200
	var touched []int
	for _, waiting := range []int{5_000, bigQueue()} {
		db := openNew(t)
		bulkTasks(t, db, "timers", due, noon.Add(-time.Hour), "")
		bulkTasks(t, db, "timers", waiting, noon.Add(time.Second), "later")
		rows := visited(t, db)
		touched = append(touched, pages(t, db, func() {
			for range 2 {
				leased, err := db.Payments().Lease(t.Context(), payment.Lease{
					Queue: "timers", Now: noon, Until: noon.Add(time.Minute), Limit: due / 2,
				})
				require.NoError(t, err)
				require.Len(t, leased, due/2)
			}
		}))
		require.LessOrEqual(t, *rows, due*11/10)
	}
	t.Logf("pages touched for %d due tasks among 5 thousand and %d: %v", due, bigQueue(), touched)
	require.Less(t, touched[1], 2*touched[0], "a bigger tree has a level or two more")
}

// What stands behind another one in its lane is come across once, not with every lease.
func TestHeldUpLaneIsVisitedOnce(t *testing.T) {
	db := openNew(t)
	const behind = 5000
	bulkTasks(t, db, "events", behind, noon.Add(-2*time.Hour), "down")
	rows := visited(t, db)
	lease := func(from time.Time) []payment.Task {
		leased, err := db.Payments().Lease(t.Context(), payment.Lease{Queue: "events", Now: from, Until: from.Add(time.Minute), Limit: 100})
		require.NoError(t, err)
		return leased
	}
	head := lease(noon)
	require.Len(t, head, 1)
	require.Equal(t, behind, *rows)
	*rows = 0
	require.Empty(t, lease(noon))
	require.Zero(t, *rows)

	require.NoError(t, db.Payments().Finish(t.Context(), []payment.TaskEnd{{TaskRef: payment.TaskRef{ID: head[0].ID, Token: head[0].Token}}}))
	next := lease(noon)
	require.Len(t, next, 1)
	require.EqualValues(t, 1, next[0].Order)
	require.Equal(t, 1, *rows)
}

// BenchmarkLease leases a hundred due timers among many that wait.
func BenchmarkLease(b *testing.B) {
	for _, waiting := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			db := openNew(b)
			bulkTasks(b, db, "timers", waiting, noon.Add(24*time.Hour), "later")
			bulkTasks(b, db, "timers", 100, noon, "")
			now, touched := noon.Add(time.Hour), 0
			b.ResetTimer()
			for range b.N {
				touched = pages(b, db, func() {
					leased, err := db.Payments().Lease(b.Context(), payment.Lease{
						Queue: "timers", Now: now, Until: now.Add(time.Second), Limit: 100,
					})
					require.NoError(b, err)
					require.Len(b, leased, 100)
				})
				now = now.Add(time.Second)
			}
			b.ReportMetric(float64(touched), "pages/lease")
		})
	}
}
