// Package sqlite keeps payments, connectors and a ledger in one file on a local disk: the embedded default, for a program
// that runs as one process. Its views implement [payment.Store], [connector.Store] and [billing.Store]. It is written
// on modernc.org/sqlite, which needs no C compiler.
//
//	db, err := sqlite.Open("pay.db")
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	book := billing.NewBook(db.Ledger())
//	payments, err := payment.New(payment.Config{Store: db.Payments(), Ledger: book, …})
//
// # How it writes
//
// One goroutine writes. Operations wait for it in a bounded queue, and it runs all that are waiting, 128 at most, in one
// transaction. A caller is answered after the commit has returned, and with it the flush of the disk: what was
// acknowledged outlives a power cut (journal_mode=WAL, synchronous=FULL; checked at open). An operation that is refused
// leaves nothing behind and does its neighbours no harm. When the commit itself fails, or a full disk ends the transaction,
// all of the batch get an error that matches no sentinel of the stores: the outcome is unknown, read again. The writer
// then goes on with a new connection.
//
// A context that ends while an operation waits takes it back: nothing is written. Once it is being written its outcome
// is waited for.
//
// Reads go on beside the writer, on connections of their own, and see every write that was acknowledged before they began.
//
// # The host's own tables
//
// [DB.Tx] runs a function alone on the writer, with the stores and the host's own statements in one transaction. All names
// in the schema begin with oplata_. The schema is brought up to date by [Open]; [Migrations] gives it as plain SQL.
//
// # What it does not do
//
// It is not for a network file system, nor for several processes: the file is locked beside it, in a file of its own, and
// a second [Open] gets [ErrLocked]. That lock does not stop other programs: the sqlite3 command must not be used on
// the file while it is open, and never one that is older than SQLite 3.51.3. It is locked on Linux, macOS, the BSDs and
// Windows; elsewhere it is not opened at all. A file under two hard links is two files to the lock.
//
// The time is always the caller's. Nothing is ever deleted but tasks that are done and connectors that nobody uses.
package sqlite
