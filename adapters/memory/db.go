package memory

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// DB holds everything that was written through its views. The zero value is an empty DB, ready for use. It may be used
// from many goroutines at once and must not be copied; see [DB.Clone].
type DB struct {
	writing sync.Mutex              // one writer at a time
	current atomic.Pointer[content] // nil: nothing yet
}

// content is all that a DB holds at one moment. Copying it copies nothing but roots of trees, and what is in a tree is
// never changed, so that a copy can be written to while others read the original.
type content struct {
	payments   paymentData
	ledger     ledgerData
	connectors connectorData
}

// Clone returns a DB of its own with the present content. It takes one pointer's copying however much is stored: the two
// share what neither changes afterwards. A model check keeps the states that it comes through in this way.
func (db *DB) Clone() *DB {
	clone := new(DB)
	clone.current.Store(db.current.Load())
	return clone
}

// read gives the present content, which stays as it is.
func (db *DB) read(ctx context.Context) (content, error) {
	if err := ctx.Err(); err != nil {
		return content{}, fmt.Errorf("memory: %w", err)
	}
	if now := db.current.Load(); now != nil {
		return *now, nil
	}
	return content{}, nil
}

// write lets change work on a copy of the content, which becomes the present one unless change fails.
func (db *DB) write(ctx context.Context, change func(*content) error) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	next, err := db.read(ctx)
	if err != nil {
		return err
	}
	if err := change(&next); err != nil {
		return err
	}
	db.current.Store(&next)
	return nil
}

// text is a key that sorts by its bytes.
type text string

func (a text) compare(b text) int { return strings.Compare(string(a), string(b)) }

// place is a key of things that are numbered within an owner: events of a record, entries of an account.
type place struct {
	owner string
	seq   int64
}

func (a place) compare(b place) int {
	return cmp.Or(strings.Compare(a.owner, b.owner), cmp.Compare(a.seq, b.seq))
}

// micro gives t as every store gives it back: in UTC and cut to microseconds.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
