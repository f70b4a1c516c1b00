package sqlite

import (
	"testing"
	"context"
	"path/filepath"
	"time"
	"fmt"
	"sync"
	"sync/atomic"
	"github.com/stretchr/testify/require"
	"github.com/oplata-go/oplata/payment"
)

func change(id string, base int64, n int) payment.Change {
	now := time.UnixMicro(1_700_000_000_000_000)
	return payment.Change{
		Record: payment.Record{Kind: "payment", ID: id, Version: base+1, Reseller: "root", Account: "acc-42", Status: payment.Processing, CreatedAt: now, UpdatedAt: now, Body: make([]byte, 1500)},
		Base: base,
		Events: []payment.Event{{Record: id, Seq: base+1, ID: fmt.Sprintf("%s/%d", id, base+1), At: now, Name: "started", Body: make([]byte, 400), KeyID: "k1", MAC: make([]byte, 32)}},
		Claims: []payment.Claim{{Scope: "charge", Key: fmt.Sprintf("%s/%d", id, base+1), Record: id, Print: "x"}},
		Put: []payment.Task{{ID: fmt.Sprintf("%s/t", id), Queue: "timer", Record: id, Due: now.Add(time.Hour), Body: make([]byte,100)},
		   {ID: fmt.Sprintf("%s/e/%d", id, base+1), Queue: "outbox", Lane: id, Order: base+1, Record: id, Due: now, Body: make([]byte,200)}},
	}
}

func TestSmoke(t *testing.T) {
	db, err := Open(filepath.Join(t.TempDir(), "a.db"))
	require.NoError(t, err)
	defer db.Close()
	ctx := context.Background()
	require.NoError(t, db.Payments().Apply(ctx, change("p1", 0, 0)))
	require.ErrorIs(t, db.Payments().Apply(ctx, change("p1", 0, 0)), payment.ErrConflict)
	r, err := db.Payments().Load(ctx, "p1")
	require.NoError(t, err)
	require.Equal(t, int64(1), r.Version)
	_, err = Open(db.path)
	require.ErrorIs(t, err, ErrLocked)
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db, err := Open(filepath.Join(b.TempDir(), "a.db"))
			require.NoError(b, err)
			defer db.Close()
			ctx := context.Background()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for g := range n {
				wg.Go(func() {
					for i := 0; ; i++ {
						id := fmt.Sprintf("0190a0b0-0000-7000-8000-%04d%08d", g, i/4)
						base := int64(i%4)
						if left.Add(-1) < 0 { return }
						if base > 0 { if _, err := db.Payments().Load(ctx, id); err != nil { panic(err) } }
						if err := db.Payments().Apply(ctx, change(id, base, 0)); err != nil { panic(err) }
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
		})
	}
}
