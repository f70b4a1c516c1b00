package sqlite

import (
	"context"
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

// VersionError means that a program older than the file tries to open it: the file's schema was made by a newer version
// of this package.
type VersionError struct {
	Path  string
	Found int // the file's schema version
	Known int // the newest one that this package knows
}

// Error names the file and both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("sqlite: open %s: its schema has version %d, this program knows up to %d", e.Path, e.Found, e.Known)
}

// EngineError means that the SQLite that was linked is one with known corruption bugs.
type EngineError struct{ Version, Needed string }

// Error names both versions.
func (e *EngineError) Error() string {
	return fmt.Sprintf("sqlite: engine: SQLite %s is linked, at least %s is needed", e.Version, e.Needed)
}

// explain says what was being done when an error of the engine, of a context or of this package came up. Errors of the
// stores' contracts are left as they are.
func explain(what string, err error) error {
	var engine *modernc.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &engine):
		if kind := kindOf(engine.Code()); kind != nil {
			return fmt.Errorf("sqlite: %s: %w: %w", what, kind, err)
		}
	case errors.Is(err, ErrLocked), errors.Is(err, ErrClosed), errors.Is(err, ErrTxDone), errors.Is(err, errLost),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	default:
		return err
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
