package sqlite

import (
	"errors"
	"fmt"

	modernc "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// Sentinels of this package, for errors.Is. What the engine says stands behind them: errors.As finds the driver's
// *sqlite.Error with its result code.
var (
	// ErrLocked means that the file is open already, in this process or another one.
	ErrLocked = errors.New("database is open elsewhere")
	// ErrClosed means that the DB was closed. A write that gets it was not made.
	ErrClosed = errors.New("database is closed")
	// ErrTxDone means that a Tx or one of its views was used after its function had returned.
	ErrTxDone = errors.New("transaction is over")
	// ErrFull means that the disk, or the size that the file may have, is used up.
	ErrFull = errors.New("disk is full")
	// ErrReadOnly means that the file or its folder cannot be written to.
	ErrReadOnly = errors.New("database cannot be written to")
	// ErrCorrupt means that the file is damaged or no database. Stop, keep a copy, restore.
	ErrCorrupt = errors.New("database is damaged")
)

// VersionError means that the file's schema was made by a newer version of this package than the program has.
type VersionError struct {
	Found int // the file's schema version
	Known int // the newest one that this package knows
}

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("schema has version %d, this program knows up to %d", e.Found, e.Known)
}

// EngineError means that the SQLite which is linked into the program has a bug that damages databases.
type EngineError struct{ Version, Needed string }

// Error names both versions.
func (e *EngineError) Error() string {
	return fmt.Sprintf("SQLite %s is linked, at least %s is needed", e.Version, e.Needed)
}

// refusal is an error of a store's contract. It is returned as it is; all others are told with what was being done.
type refusal struct{ error }

// explain makes the error that a caller gets out of the one that came up.
func explain(what string, err error) error {
	var refused refusal
	var engine *modernc.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && !errors.Is(err, errLost):
		return refused.error
	case errors.As(err, &engine) && kindOf(engine.Code()) != nil:
		return fmt.Errorf("sqlite: %s: %w: %w", what, kindOf(engine.Code()), err)
	}
	return fmt.Errorf("sqlite: %s: %w", what, err)
}

// kindOf gives the sentinel of a result code. The low byte is the code, the rest says more of it.
func kindOf(code int) error {
	switch code & 0xff {
	case codes.SQLITE_FULL:
		return ErrFull
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_CANTOPEN:
		return ErrReadOnly
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return ErrCorrupt
	}
	return nil
}
