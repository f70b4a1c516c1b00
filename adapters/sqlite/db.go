package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Config tells New what to open.
type Config struct {
	// Path is the database file. It is created if it is not there, readable for its owner only; its folder must exist.
	// Beside it stand a lock file (Path + ".lock") and, while it is open, SQLite's own "-wal" and "-shm" files. It must
	// be on a local disk. Required.
	Path string
	// Readers is how many reads go on at the same time. Default 4.
	Readers int
	// Queue is how many writes may wait for the writer; further ones wait for room. Default 1024.
	Queue int
}

// DB is an open database file. It may be used from many goroutines. Close it in the end.
type DB struct {
	path    string // absolute, without symbolic links
	lock    *fileLock
	writer  *writer
	readers chan *conn // those that nobody is using
	dialed  int        // how many readers there are
	closing chan struct{}
	close   func() error
}

// Open opens a file with the defaults of [Config].
func Open(path string) (*DB, error) { return New(Config{Path: path}) }

// New opens a database file, brings its schema up to date and starts the goroutine that writes, which ends with Close.
// Errors: [ErrLocked] if the file is open already, [*VersionError] if a newer program has made it, [*EngineError],
// [ErrCorrupt], [ErrReadOnly].
func New(config Config) (*DB, error) {
	if config.Path == "" || config.Path == ":memory:" {
		return nil, fmt.Errorf("sqlite: open: Path must name a file, not %q", config.Path)
	}
	if config.Readers < 0 || config.Queue < 0 {
		return nil, fmt.Errorf("sqlite: open %s: Readers and Queue must not be negative", config.Path)
	}
	if config.Readers == 0 {
		config.Readers = 4
	}
	if config.Queue == 0 {
		config.Queue = 1024
	}
	db, err := open(config)
	if err != nil {
		return nil, explain("open "+config.Path, err)
	}
	return db, nil
}

func open(config Config) (*DB, error) {
	path, err := resolve(config.Path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, lock: lock, readers: make(chan *conn, config.Readers), closing: make(chan struct{})}
	db.close = sync.OnceValue(db.shut)
	if err := db.start(config); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// resolve gives the one name of a file that may have several, so that it is locked under this one. The file itself may
// not be there yet.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(folder, filepath.Base(path)), err
}

func (db *DB) start(config Config) error {
	// SQLite would create the file readable for everybody. Its other files get the rights of this one. This comes before
	// the first connection: closing a file takes away the locks that SQLite holds on it.
	file, err := os.OpenFile(db.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	c, err := db.dialWriter()
	if err != nil {
		return err
	}
	db.writer = startWriter(c, db.dialWriter, config.Queue)
	for range config.Readers {
		c, err := dial(db.path, readerSetup)
		if err != nil {
			return err
		}
		db.readers <- c
		db.dialed++
	}
	return nil
}

// dialWriter leaves nothing to chance: neither what the file is, nor whether the settings that make a commit durable
// have taken effect.
func (db *DB) dialWriter() (*conn, error) {
	c, err := dial(db.path, writerSetup)
	if err != nil {
		return nil, err
	}
	for _, check := range []func(*conn) error{checkEngine, migrate, checkSettings} {
		if err := check(c); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// Close waits for the reads that are going on and the writes that are queued, and closes the file. What comes later gets
// [ErrClosed]. Closing again does no harm.
func (db *DB) Close() error { return db.close() }

func (db *DB) shut() error {
	close(db.closing)
	for range db.dialed {
		c := <-db.readers
		c.close()
	}
	// The last connection to be closed writes what is in the WAL into the file.
	if db.writer != nil {
		db.writer.stop()
	}
	return db.lock.release()
}

// Payments returns the view for the payment package. Views are small values; any number of them may be in use.
func (db *DB) Payments() Payments { return Payments{db} }

// Connectors returns the view for the connector package.
func (db *DB) Connectors() Connectors { return Connectors{db} }

// Ledger returns the view for the billing package.
func (db *DB) Ledger() Ledger { return Ledger{db} }

// place is where a view works: a DB, whose reads go on beside each other and whose writes are queued, or a Tx.
type place interface {
	read(ctx context.Context, what string, do func(*conn) error) error
	write(ctx context.Context, what string, do func(*conn) error) error
}

// read lends a connection that cannot write. It sees every write that was acknowledged before.
func (db *DB) read(ctx context.Context, what string, do func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return explain(what, err)
	}
	select {
	case c := <-db.readers:
		defer func() { db.readers <- c }()
		return explain(what, do(c))
	case <-ctx.Done():
		return explain(what, ctx.Err())
	case <-db.closing:
		return explain(what, ErrClosed)
	}
}

// Stats counts what was written through the views since the file was opened, transactions of the host's ([DB.Tx]) aside.
type Stats struct {
	Commits int64 // group commits; each that changed anything flushed the disk once
	Writes  int64 // operations in them, refused ones included
}

// Stats reads the counters.
func (db *DB) Stats() Stats {
	return Stats{Commits: db.writer.commits.Load(), Writes: db.writer.writes.Load()}
}

func (db *DB) write(ctx context.Context, what string, do func(*conn) error) error {
	return explain(what, db.writer.write(ctx, do))
}
