package payment

import (
	"context"
	"time"
)

// Store keeps payments. No rule lives in it: it writes what it is given, whole or not at all, guarded by versions,
// unique claims and leases. It has no clock; every time is a parameter, in UTC and cut to microseconds. Byte slices are
// kept exactly as given. Every method may be called from many goroutines and processes, returns values that share no
// memory with the store, and honours a context that has ended before it wrote.
//
// An error that matches none of the named sentinels means, after a write, that it is unknown whether the write took
// place. The caller reads again; it never assumes.
type Store interface {
	// Load reads one record. ErrNotFound if there is none.
	Load(ctx context.Context, id string) (Record, error)

	// Owner reads a claim and the record that owns it, in one read. ErrNotFound if nobody holds the claim.
	Owner(ctx context.Context, scope, key string) (Record, Claim, error)

	// Apply writes a change, everything or nothing. The caller guarantees that c.Record.Version is c.Base plus the
	// number of events and that the events' numbers follow c.Base. After nil the change is durable and seen by every
	// later read. Nothing was written after
	//   - ErrConflict: the stored version is not c.Base (also when there is no record and Base is not 0, or there is
	//     one and Base is 0);
	//   - *ClaimedError: one of c.Claims is held already, also by the same record;
	//   - ErrLeaseLost: c.Done names a task that is gone or leased to somebody else.
	// Where several apply, ErrLeaseLost comes before ErrConflict, and both before ClaimedError.
	Apply(ctx context.Context, c Change) error

	// List reads records by descending ID.
	List(ctx context.Context, q Query) ([]Record, error)

	// Events reads a record's events with numbers greater than after, ascending, at most limit. None is no error.
	Events(ctx context.Context, record string, after int64, limit int) ([]Event, error)

	// Lease takes due tasks of a queue for the caller, the longest due first, and hides them until l.Until. For each
	// it raises Tries and Token and sets Due to l.Until, durably, and returns the task as it then stands. A task that
	// is not finished by then can be leased again. Two callers never get the same task with the same token. Dead tasks
	// are never leased. Of the tasks of one lane only the first in order can be leased, and nothing behind it, until
	// it is finished; a dead task holds up the lane's later tasks of its own record only.
	Lease(ctx context.Context, l Lease) ([]Task, error)

	// Finish ends leased tasks without touching a record. A task whose token has changed, or that is gone, is left
	// alone silently: somebody else has it.
	Finish(ctx context.Context, ends []TaskEnd) error

	// Tasks reads tasks of any state by ascending ID.
	Tasks(ctx context.Context, q TaskQuery) ([]Task, error)

	// NextDue reads the earliest Due of the queue's tasks that are not dead; the zero time if there is none. Lanes
	// need not be looked at.
	NextDue(ctx context.Context, queue string) (time.Time, error)
}

// RecordKind tells the aggregates of this package apart.
type RecordKind string

// The kinds of records.
const (
	PaymentRecord RecordKind = "payment"
	ReceiptRecord RecordKind = "receipt" // an unallocated receipt
)

// Record is an aggregate as a store keeps it. Everything but Body and Personal is there to be looked up.
type Record struct {
	Kind      RecordKind
	ID        string // unique over all kinds; IDs made later sort later
	Version   int64  // number of events so far, from 1
	Reseller  string
	Account   string // may be empty
	Status    Status
	Attention bool // an operator should look at it
	CreatedAt time.Time
	UpdatedAt time.Time
	Body      []byte // the whole aggregate as JSON text, personal data excepted
	Personal  []byte // nil when there is none or it was erased
}

// Event is one link of a record's history. Its bytes are hashed, so a store keeps them exactly.
type Event struct {
	Record string
	Seq    int64 // 1, 2, 3 … without gaps
	ID     string
	At     time.Time
	Name   string
	Body   []byte // JSON text
	KeyID  string // of the master key whose derived key made MAC
	MAC    []byte // over this event and the MAC before it
}

// Claim is a unique key over all records: a charge, a reference, an idempotency key. It is never released.
type Claim struct {
	Scope  string
	Key    string
	Record string // who holds it
	Print  string // fingerprint of what it was claimed for, to be compared on a repeat
}

// Task is something to do later: a timer, a question to a gateway, a posting, an event to publish. Written together
// with the change that makes it necessary.
type Task struct {
	ID     string // permanent, unique over all queues; what receives the task uses it to recognise repeats
	Queue  string
	Lane   string // tasks of one queue and lane leave in order; empty: in any order
	Order  int64  // place in the lane; among equals by ID
	Record string
	Due    time.Time // not before
	Tries  int       // leases so far
	Token  int64     // of the last lease; raised by one by each, and never goes down while the ID lives
	Dead   bool      // refused for good: waits for an operator
	Note   string    // why the last try failed; no secrets, no personal data
	Body   []byte
}

// Change is one atomic write: a record after the change, and all that follows from it.
type Change struct {
	Record Record
	Base   int64 // the version that was read; 0 inserts
	Events []Event
	Claims []Claim
	Put    []Task   // inserted as given; a task of the same ID is replaced, its Token raised by one so that old leases end
	Drop   []string // tasks deleted if they are there
	Done   *TaskRef // a leased task that this change finishes
}

// TaskRef names a task as it was leased.
type TaskRef struct {
	ID    string
	Token int64
}

// Lease asks for due tasks.
type Lease struct {
	Queue string
	Now   time.Time // tasks with Due at or before it
	Until time.Time // when the lease ends
	Limit int       // at most so many
}

// TaskEnd finishes a leased task: it is deleted, unless Retry or Dead is set.
type TaskEnd struct {
	TaskRef
	Retry time.Time // not zero: due again then
	Dead  bool      // kept, never leased again until revived by Put
	Note  string
}

// Query selects records. Zero fields select everything; Limit is from 1 to 1000.
type Query struct {
	Kind      RecordKind
	Reseller  string
	Account   string
	Status    Status
	Attention bool   // only those that need an operator
	Before    string // only IDs below it: the last ID of the previous page
	Limit     int
}

// TaskQuery selects tasks. Zero fields select everything; Limit is from 1 to 1000.
type TaskQuery struct {
	Queue  string
	Record string
	Dead   bool   // only dead ones
	After  string // only IDs above it
	Limit  int
}
