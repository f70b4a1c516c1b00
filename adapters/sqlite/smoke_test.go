package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/oplata-go/oplata/payment"
	"github.com/stretchr/testify/require"
)

func change(id string, base int64, n int) payment.Change {
	now := time.UnixMicro(1_700_000_000_000_000)
	return payment.Change{
		Record: payment.Record{Kind: "payment", ID: id, Version: base + 1, Reseller: "root", Account: "acc-42", Status: payment.Processing, CreatedAt: now, UpdatedAt: now, Body: make([]byte, 1500)},
		Base:   base,
		Events: []payment.Event{{Record: id, Seq: base + 1, ID: fmt.Sprintf("%s/%d", id, base+1), At: now, Name: "started", Body: make([]byte, 400), KeyID: "k1", MAC: make([]byte, 32)}},
		Claims: []payment.Claim{{Scope: "charge", Key: fmt.Sprintf("%s/%d", id, base+1), Record: id, Print: "x"}},
		Put: []payment.Task{
			{ID: fmt.Sprintf("%s/t", id), Queue: "timer", Record: id, Due: now.Add(time.Hour), Body: make([]byte, 100)},
			{ID: fmt.Sprintf("%s/e/%d", id, base+1), Queue: "outbox", Lane: id, Order: base + 1, Record: id, Due: now, Body: make([]byte, 200)},
		},
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
