package billing

import (
	"context"
	"time"
)

// Account is one account of a Book as it stands after its newest entry.
type Account struct {
	// ID is the account's permanent name in the host's terms, such as a contract or subscriber number; 1 to 100 bytes
	// of UTF-8 without control characters.
	ID string
	// Reseller is the id of the reseller whom the account belongs to, up to 100 bytes; empty for the root reseller.
	Reseller string
	// Name is how people call the account, up to 200 bytes; it may be empty.
	Name string
	// Currency is the one currency of the account. It never changes.
	Currency Currency
	// Balance is the sum of all entries, in Currency.
	Balance Money
	// Entries is the number of entries, and so the version of the account.
	Entries int64
	// OpenedAt is when the account was opened, by Open or by its first credit; the zero time when Open was not told.
	OpenedAt time.Time
	// LastAt is the time of the newest entry; the zero time when there is none.
	LastAt time.Time
}

// Entry is one movement on an account of a Book. Entries are never changed or removed; a mistake is mended by another
// entry.
type Entry struct {
	Account string
	// Seq numbers the entries of an account 1, 2, 3… without gaps.
	Seq int64
	// Key is the posting's key, unique over all accounts.
	Key string
	// Amount is what was moved, above zero for a credit and below zero for a debit.
	Amount Money
	// Balance is the account's balance after the entry.
	Balance Money
	Comment string
	// Forced tells that the posting was a debit that was allowed to go below zero.
	Forced bool
	// At is the posting's time, in UTC and whole microseconds; never before that of the entry before.
	At time.Time
}

// EntryQuery selects entries of one account.
type EntryQuery struct {
	Account  string
	From     time.Time // first time; zero: from the beginning
	To       time.Time // first time no longer selected; zero: to the end
	AfterSeq int64     // only entries with a greater Seq
	Limit    int       // at most so many; always above zero
}

// Store keeps the accounts and entries of a Book. No rule of the ledger lives in it. Its methods may be called from
// many goroutines, and from several processes when the storage is shared.
//
// The caller guarantees that ids, keys and texts are valid UTF-8 without NUL and within the limits of Posting and
// Account, that amounts are in the account's currency, and that times are in UTC and whole microseconds (or the zero
// time); the store gives all of it back exactly so. Ids and keys are compared byte for byte.
//
// An error that is not named below leaves open whether a write was done. A context that is cancelled before the call
// means an error, and nothing written.
type Store interface {
	// Account returns the account, or ErrNotFound.
	Account(ctx context.Context, id string) (Account, error)

	// Open inserts an account without entries. When there is one with this id, it is ErrExists and stays as it was.
	// After nil the account is durable.
	Open(ctx context.Context, a Account) error

	// Append inserts entry e and takes Balance, Entries and LastAt of its account from a, which is the account as it
	// stands after e: both or nothing. The caller guarantees a.ID = e.Account, a.Entries = e.Seq, a.Balance = e.Balance
	// and a.LastAt = e.At.
	//
	// The stored account must be in a.Currency and have e.Seq−1 entries; when there is no account and e.Seq is 1, a is
	// inserted. Otherwise it is ErrConflict. When any account has an entry with this key, it is ErrKeyTaken. When both
	// are so, it may be either. Both mean that nothing was written. After nil entry and account are durable.
	Append(ctx context.Context, a Account, e Entry) error

	// EntryByKey returns the entry with this key, of whatever account, or ErrNotFound. It sees every entry whose key
	// has made Append return ErrKeyTaken.
	EntryByKey(ctx context.Context, key string) (Entry, error)

	// Entries returns the selected entries of an account by ascending Seq: no error and none when the account is
	// unknown.
	Entries(ctx context.Context, q EntryQuery) ([]Entry, error)
}
