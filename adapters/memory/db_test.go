package memory_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment"
)

func noon(n int) time.Time {
	return time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
}

// pending gives a DB with n tasks that are due at noon and later, a second apart. With a lane they all stand in one.
func pending(tb testing.TB, n int, lane string) *memory.DB {
	tb.Helper()
	db := new(memory.DB)
	c := payment.Change{Record: payment.Record{ID: "p", Version: 1}, Events: []payment.Event{{Record: "p", Seq: 1}}}
	for i := range n {
		c.Put = append(c.Put, payment.Task{
			ID: strconv.Itoa(i), Queue: "timers", Lane: lane, Order: int64(i), Record: "p", Due: noon(i),
		})
	}
	require.NoError(tb, db.Payments().Apply(tb.Context(), c))
	return db
}

// leaseAndRetry takes one task and puts it back to its place.
func leaseAndRetry(ctx context.Context, s payment.Store) error {
	tasks, err := s.Lease(ctx, payment.Lease{Queue: "timers", Now: noon(0), Until: noon(60), Limit: 1})
	if err != nil || len(tasks) != 1 || tasks[0].ID != "0" {
		return fmt.Errorf("leased %v: %w", tasks, err)
	}
	return s.Finish(ctx, []payment.TaskEnd{{TaskRef: payment.TaskRef{ID: "0", Token: tasks[0].Token}, Retry: noon(0)}})
}

// What a lease allocates tells what it visits: every node that it changes or comes by is copied or read, and nothing else
// allocates. It grows with the logarithm of what is pending.
func TestALeaseCostsTheSameWhateverIsPending(t *testing.T) {
	for _, lane := range []string{"", "ledger"} {
		cost := func(n int) float64 {
			s := pending(t, n, lane).Payments()
			return testing.AllocsPerRun(10, func() { require.NoError(t, leaseAndRetry(context.Background(), s)) })
		}
		few, many := cost(100), cost(20_000)
		require.Less(t, many, 3*few, "lane %q: %v allocations at 100 pending, %v at 20000", lane, few, many)
	}
}

func TestACloneGoesItsOwnWay(t *testing.T) {
	ctx := t.Context()
	db := pending(t, 2, "")
	clone := db.Clone()
	change := func(body string) payment.Change {
		return payment.Change{
			Record: payment.Record{ID: "p", Version: 2, Body: []byte(body)}, Base: 1, Events: []payment.Event{{Record: "p", Seq: 2}},
		}
	}
	require.NoError(t, db.Payments().Apply(ctx, change("original")))
	require.NoError(t, clone.Payments().Apply(ctx, change("clone")))
	require.NoError(t, leaseAndRetry(ctx, clone.Payments()))

	for body, db := range map[string]*memory.DB{"original": db, "clone": clone} {
		r, err := db.Payments().Load(ctx, "p")
		require.NoError(t, err)
		require.Equal(t, body, string(r.Body))
	}
	tasks, err := db.Payments().Tasks(ctx, payment.TaskQuery{Limit: 1})
	require.NoError(t, err)
	require.Zero(t, tasks[0].Tries)
}

func TestACloneCostsTheSameWhateverIsStored(t *testing.T) {
	db := pending(t, 10_000, "ledger")
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() { db.Clone() }), 1.0)
	require.NotNil(t, new(memory.DB).Clone(), "of an empty DB too")
}

// Callers cut times to microseconds in UTC. Where one forgets, memory shows what a database would have kept.
func TestTimesComeBackAsADatabaseKeepsThem(t *testing.T) {
	s := new(memory.DB).Payments()
	given := time.Date(2026, time.March, 1, 15, 0, 0, 123_456_789, time.FixedZone("UTC+3", 3*60*60))
	require.NoError(t, s.Apply(t.Context(), payment.Change{Record: payment.Record{ID: "p", Version: 1, CreatedAt: given}}))
	r, err := s.Load(t.Context(), "p")
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC), r.CreatedAt)
}

func TestErrorsNameTheStore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := new(memory.DB).Payments().Load(ctx, "p")
	require.EqualError(t, err, "memory: context canceled")
	require.ErrorIs(t, err, context.Canceled)
}

func BenchmarkLease(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		for _, lane := range []string{"", "ledger"} {
			b.Run(fmt.Sprintf("pending=%d/lane=%s", n, lane), func(b *testing.B) {
				s := pending(b, n, lane).Payments()
				b.ReportAllocs()
				for b.Loop() {
					if err := leaseAndRetry(b.Context(), s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkApply(b *testing.B) {
	s := new(memory.DB).Payments()
	b.ReportAllocs()
	version := int64(0)
	for b.Loop() {
		version++
		err := s.Apply(b.Context(), payment.Change{
			Record: payment.Record{ID: "p", Version: version}, Base: version - 1,
			Events: []payment.Event{{Record: "p", Seq: version}},
			Put:    []payment.Task{{ID: "t", Queue: "timers", Record: "p", Due: noon(int(version))}},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
