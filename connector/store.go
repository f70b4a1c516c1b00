package connector

import (
	"context"
	"errors"
)

// ErrExists means that the ID of a new connector or payment method is taken. Nothing was written.
var ErrExists = errors.New("connector: id is taken")

// Store keeps connectors, payment methods and the versions of their settings. No rule lives in it: it knows IDs,
// versions and who uses whom, and keeps the bodies as it got them.
//
// What holds for every method:
//
//   - Safe for concurrent use, also by several processes when the database is shared.
//   - A write is atomic and durable when it returns nil, and it is seen by every later read.
//   - ErrNotFound, ErrExists, ErrConflict and ErrInUse (alone or wrapped) mean that nothing was written. Any other
//     error of a write leaves open whether it was written.
//   - Records are values: the store keeps no memory of the caller's and gives out none of its own. A Body comes back
//     byte for byte.
//   - A cancelled context is an error. A write that was cancelled before it began writes nothing.
//   - The caller guarantees valid UTF-8 in every text, IDs of 1 to 64 bytes, and bodies of at most 1 MiB.
//   - IDs are compared and sorted byte by byte.
type Store interface {
	// Connector returns the connector, or ErrNotFound. Methods counts its payment methods over all resellers.
	Connector(ctx context.Context, id string) (ConnectorRecord, error)

	// Connectors returns the connectors whose ID is greater than after, by ID ascending, at most limit of them, each with
	// its count of payment methods. The caller guarantees 1 <= limit <= 1000. Nothing left is an empty slice.
	Connectors(ctx context.Context, after string, limit int) ([]ConnectorRecord, error)

	// PutConnector writes c whole, guarded by its version. c.Version 1 inserts: ErrExists when the ID is taken. A
	// greater one replaces the stored record, whose version must be c.Version-1: ErrNotFound when there is none,
	// ErrConflict when it has another version. c.Methods is ignored.
	//
	// With unused the write happens only while no payment method belongs to the connector, else ErrInUse; this is
	// decided in the same write, so that a payment method that is being added at this moment either is seen here or
	// sees the new version there. ErrConflict goes before ErrInUse. With Version 1 unused means nothing.
	PutConnector(ctx context.Context, c ConnectorRecord, unused bool) error

	// DeleteConnector removes the connector that has this version: ErrNotFound when there is none, ErrConflict when it
	// has another version, ErrInUse when a payment method belongs to it, decided in the same write.
	DeleteConnector(ctx context.Context, id string, version int64) error

	// Method returns the payment method, or ErrNotFound.
	Method(ctx context.Context, id string) (MethodRecord, error)

	// Methods returns the payment methods that fit the filter, by ID ascending, at most f.Limit of them. The caller
	// guarantees 1 <= f.Limit <= 1000. Nothing found is an empty slice.
	Methods(ctx context.Context, f MethodFilter) ([]MethodRecord, error)

	// PutMethod writes m whole and, unless s is nil, adds a version of its settings: both or nothing. m.Version 1
	// inserts: ErrExists when the ID is taken. A greater one replaces the stored record, whose version must be
	// m.Version-1: ErrNotFound when there is none, ErrConflict when it has another version.
	//
	// With s the connector m.Connector must have the version s.ConnectorVersion at the moment of the write: ErrNotFound
	// when there is no such connector, ErrConflict when it has another version. ErrExists goes before these two. The
	// caller guarantees that an insert has s; that s.Method is m.ID, s.Version is m.Settings and is greater by one than
	// before (1 for an insert), s.Revision is 1; that without s m.Settings is unchanged; that ID, Reseller and
	// Connector of a method never change.
	PutMethod(ctx context.Context, m MethodRecord, s *SettingsRecord) error

	// Settings returns one version of a payment method's settings, or ErrNotFound.
	Settings(ctx context.Context, method string, version int) (SettingsRecord, error)

	// RewriteSettings replaces Revision and Body of an existing version and nothing else. The stored revision must be
	// s.Revision-1: ErrConflict otherwise, ErrNotFound when there is no such version. Its only use is to seal the same
	// settings with a newer key.
	RewriteSettings(ctx context.Context, s SettingsRecord) error
}

// ConnectorRecord is a connector as a [Store] keeps it.
type ConnectorRecord struct { //nolint:revive // beside MethodRecord and SettingsRecord "Record" alone would say nothing
	ID      string
	Version int64  // 1, 2, 3, …: one more with every write
	Body    []byte // JSON; secrets in it are sealed
	Methods int    // counted by the store when it reads; never written
}

// MethodRecord is a payment method as a [Store] keeps it. Payment methods are never deleted.
type MethodRecord struct {
	ID        string
	Reseller  string
	Connector string
	Active    bool
	Version   int64  // 1, 2, 3, …: one more with every write
	Settings  int    // the current version of the settings; all from 1 to it exist
	Body      []byte // JSON; no secrets
}

// SettingsRecord is one version of a payment method's settings. Versions are added and never removed: messages about old
// payments are verified with the settings of their time.
type SettingsRecord struct {
	Method           string
	Version          int   // 1, 2, 3, … per method
	ConnectorVersion int64 // of the connector that the settings were checked against
	Revision         int64 // 1 when added; one more each time the same settings are sealed anew
	Body             []byte
}

// MethodFilter selects payment methods. An empty field selects all.
type MethodFilter struct {
	Reseller   string
	Connector  string
	ActiveOnly bool
	After      string // only IDs greater than this
	Limit      int
}
