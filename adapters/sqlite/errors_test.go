package sqlite

import (
	"testing"

	"github.com/stretchr/testify/require"
	modernc "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/oplata-go/oplata/billing"
)

func TestErrorsOfTheEngineHaveNames(t *testing.T) {
	for code, want := range map[int]error{
		codes.SQLITE_FULL: ErrFull, codes.SQLITE_READONLY: ErrReadOnly, codes.SQLITE_READONLY_DBMOVED: ErrReadOnly,
		codes.SQLITE_CANTOPEN: ErrReadOnly, codes.SQLITE_CORRUPT: ErrCorrupt, codes.SQLITE_CORRUPT_INDEX: ErrCorrupt,
		codes.SQLITE_NOTADB: ErrCorrupt, codes.SQLITE_IOERR_FSYNC: nil, codes.SQLITE_BUSY: nil,
		codes.SQLITE_CONSTRAINT_UNIQUE: nil,
	} {
		require.Equal(t, want, kindOf(code), code)
	}

	db := openNew(t)
	require.NoError(t, db.writer.lend(t.Context(), func(c *conn) error { return c.script(`PRAGMA query_only = ON`) }))
	err := db.Payments().Apply(t.Context(), first(1))
	require.ErrorIs(t, err, ErrReadOnly)
	require.ErrorContains(t, err, "sqlite: apply change: database cannot be written to: ")
	var engine *modernc.Error
	require.ErrorAs(t, err, &engine)
}

// What no version of this package has written is not given out as money.
func TestUnknownMoneyInTheFileIsDamage(t *testing.T) {
	db := openNew(t)
	want := frozenContent()
	require.NoError(t, want.fill(t.Context(), db))
	require.NoError(t, db.writer.lend(t.Context(), func(c *conn) error {
		return c.script(`UPDATE oplata_accounts SET currency = 'XXX'; UPDATE oplata_entries SET currency = ''`)
	}))
	_, err := db.Ledger().Account(t.Context(), "42")
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorContains(t, err, `sqlite: load account: database is damaged: account "42": `)
	_, err = db.Ledger().EntryByKey(t.Context(), want.entry.Key)
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = db.Ledger().Entries(t.Context(), billing.EntryQuery{Account: "42", Limit: 1})
	require.ErrorIs(t, err, ErrCorrupt)
}
