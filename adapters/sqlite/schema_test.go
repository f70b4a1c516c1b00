package sqlite

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

var freeze = flag.Bool("freeze", false, "write the dump of the newest schema version, which must not be there yet")

// content is what every frozen dump holds, as the stores' types say it.
type content struct {
	change    payment.Change
	account   billing.Account
	entry     billing.Entry
	connector connector.ConnectorRecord
	method    connector.MethodRecord
	settings  connector.SettingsRecord
}

func frozenContent() content {
	at := time.Date(2026, time.March, 1, 9, 30, 0, 123456000, time.UTC)
	task := payment.Task{
		ID: "p-1/posting", Queue: "ledger", Lane: "p-1", Order: 2, Record: "p-1", Due: at.Add(time.Minute), Tries: 3,
		Token: 4, Note: "ledger: not reached", Body: []byte(`{"amount":"100.00"}`),
	}
	dead := task
	dead.ID, dead.Order, dead.Dead, dead.Body = "p-1/event", 1, true, nil
	return content{
		change: payment.Change{
			Record: payment.Record{
				Kind: payment.PaymentRecord, ID: "p-1", Version: 2, Reseller: "root", Account: "42",
				Status: payment.Completed, Attention: true, CreatedAt: at, UpdatedAt: at.Add(time.Second),
				Body: []byte(`{"purpose":"Пополнение"}`), Personal: []byte{},
			},
			Events: []payment.Event{
				{Record: "p-1", Seq: 1, ID: "p-1/1", At: at, Name: "created", Body: []byte(`{}`), KeyID: "k1", MAC: []byte{0, 255}},
				{Record: "p-1", Seq: 2, ID: "p-1/2", At: at, Name: "success", Body: []byte(`{"a":1}`), KeyID: "k1", MAC: []byte{1}},
			},
			Claims: []payment.Claim{{Scope: "charge", Key: "acme:1", Record: "p-1", Print: "100.00 RUB"}},
			Put:    []payment.Task{dead, task},
		},
		account: billing.Account{
			ID: "42", Reseller: "root", Name: "Абонент", Currency: "RUB", Balance: billing.MustMoney("100.00", "RUB"),
			Entries: 1, OpenedAt: at, LastAt: at,
		},
		entry: billing.Entry{
			Account: "42", Seq: 1, Key: "p-1/posting", Amount: billing.MustMoney("100.00", "RUB"),
			Balance: billing.MustMoney("100.00", "RUB"), Comment: "Пополнение баланса через ЛК", At: at,
		},
		connector: connector.ConnectorRecord{ID: "c-1", Version: 1, Body: []byte(`{"name":"Acme"}`), Methods: 1},
		method: connector.MethodRecord{
			ID: "m-1", Reseller: "root", Connector: "c-1", Active: true, Version: 1, Settings: 1, Body: []byte(`{}`),
		},
		settings: connector.SettingsRecord{
			Method: "m-1", Version: 1, ConnectorVersion: 1, Revision: 1, Body: []byte(`{"key":"v1.k.s.c"}`),
		},
	}
}

func (want content) fill(ctx context.Context, db *DB) error {
	return firstOf(
		db.Payments().Apply(ctx, want.change),
		db.Ledger().Append(ctx, want.account, want.entry),
		db.Connectors().PutConnector(ctx, want.connector, false),
		db.Connectors().PutMethod(ctx, want.method, &want.settings),
	)
}

func (want content) check(t *testing.T, db *DB) {
	t.Helper()
	ctx := t.Context()
	record, claim, err := db.Payments().Owner(ctx, "charge", "acme:1")
	require.NoError(t, err)
	require.Equal(t, want.change.Record, record)
	require.Equal(t, want.change.Claims[0], claim)
	events, err := db.Payments().Events(ctx, "p-1", 0, 10)
	require.NoError(t, err)
	require.Equal(t, want.change.Events, events)
	tasks, err := db.Payments().Tasks(ctx, payment.TaskQuery{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, want.change.Put, tasks)
	account, err := db.Ledger().Account(ctx, "42")
	require.NoError(t, err)
	require.Equal(t, want.account, account)
	entry, err := db.Ledger().EntryByKey(ctx, "p-1/posting")
	require.NoError(t, err)
	require.Equal(t, want.entry, entry)
	conn, err := db.Connectors().Connector(ctx, "c-1")
	require.NoError(t, err)
	require.Equal(t, want.connector, conn)
	method, err := db.Connectors().Method(ctx, "m-1")
	require.NoError(t, err)
	require.Equal(t, want.method, method)
	settings, err := db.Connectors().Settings(ctx, "m-1", 1)
	require.NoError(t, err)
	require.Equal(t, want.settings, settings)
}

// The dump of a schema version is written once, with -freeze, when the version is released. It is what a program of
// that version left behind, and every later program must open it and read it right.
func TestFrozenSchemas(t *testing.T) {
	all, err := migrations()
	require.NoError(t, err)
	fresh := schemaOf(t, openNew(t))
	for _, m := range all {
		path := filepath.Join("testdata", fmt.Sprintf("schema_%d.sql", m.version))
		if *freeze && m.version == len(all) {
			writeDump(t, path)
		}
		dump, err := os.ReadFile(path)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "old.db")
		runSQL(t, file, string(dump))
		db := openAt(t, file)
		frozenContent().check(t, db)
		require.Equal(t, fresh, schemaOf(t, db), "migrated from version %d", m.version)
	}
}

// schemaOf gives the text of all tables and indexes.
func schemaOf(t *testing.T, db *DB) (texts []string) {
	t.Helper()
	require.NoError(t, db.read(t.Context(), "schema", func(c *conn) error {
		return c.each(t.Context(), `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid`, nil, func(r *row) {
			texts = append(texts, r.text())
		})
	}))
	return texts
}

func writeDump(t *testing.T, path string) {
	t.Helper()
	db := openNew(t)
	require.NoError(t, frozenContent().fill(t.Context(), db))
	var dump strings.Builder
	for _, text := range schemaOf(t, db) {
		dump.WriteString(text + ";\n")
	}
	require.NoError(t, db.read(t.Context(), "dump", func(c *conn) error {
		var tables []string
		err := c.each(t.Context(), `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid`, nil, func(r *row) {
			tables = append(tables, r.text())
		})
		for _, table := range tables {
			var columns []string
			err = firstOf(err, c.each(t.Context(), `SELECT name FROM pragma_table_info(?)`, []any{table}, func(r *row) {
				columns = append(columns, r.text())
			}))
			values := "quote(" + strings.Join(columns, ") || ', ' || quote(") + ")"
			err = firstOf(err, c.each(t.Context(), "SELECT "+values+" FROM "+table, nil, func(r *row) {
				fmt.Fprintf(&dump, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), r.text())
			}))
		}
		return err
	}))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	require.NoError(t, err)
	_, err = file.WriteString(dump.String())
	require.NoError(t, firstOf(err, file.Close()))
}

// runSQL runs a text on a file as any other program would.
func runSQL(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), text)
	require.NoError(t, firstOf(err, db.Close()))
}

func TestMigrationsOfTheHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pay.db")
	files, err := fs.Glob(Migrations(), "*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		text, err := fs.ReadFile(Migrations(), name)
		require.NoError(t, err)
		runSQL(t, path, string(text))
	}
	require.Equal(t, schemaOf(t, openNew(t)), schemaOf(t, openAt(t, path)))
}

func TestNewerSchemaIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pay.db")
	require.NoError(t, openAt(t, path).Close())
	all, err := migrations()
	require.NoError(t, err)
	runSQL(t, path, `INSERT INTO oplata_schema (version) VALUES (900)`)
	_, err = Open(path)
	var newer *VersionError
	require.ErrorAs(t, err, &newer)
	require.Equal(t, VersionError{Found: 900, Known: len(all)}, *newer)
	require.ErrorContains(t, err, "sqlite: open "+path+": schema has version 900")
	runSQL(t, path, `DELETE FROM oplata_schema WHERE version = 900`)
	openAt(t, path)
}

// A migration that fails leaves nothing behind.
func TestMigrationIsAllOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pay.db")
	runSQL(t, path, `CREATE TABLE oplata_settings (somebody_elses TEXT)`)
	_, err := Open(path)
	require.ErrorContains(t, err, "migration 1")
	runSQL(t, path, `DROP TABLE oplata_settings; CREATE TABLE hosts (name TEXT)`)
	db := openAt(t, path)
	require.Contains(t, schemaOf(t, db), "CREATE TABLE hosts (name TEXT)")
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	damaged := filepath.Join(folder, "damaged.db")
	require.NoError(t, os.WriteFile(damaged, []byte(strings.Repeat("no database ", 1000)), 0o600))
	for _, c := range []struct {
		config Config
		kind   error
		says   string
	}{
		{Config{}, nil, "Path"},
		{Config{Path: ":memory:"}, nil, "Path"},
		{Config{Path: filepath.Join(folder, "a.db"), Readers: -1}, nil, "negative"},
		{Config{Path: filepath.Join(folder, "a.db"), Queue: -1}, nil, "negative"},
		{Config{Path: filepath.Join(folder, "none", "a.db")}, fs.ErrNotExist, "none"},
		{Config{Path: folder}, nil, folder},
		{Config{Path: damaged}, ErrCorrupt, damaged},
	} {
		db, err := New(c.config)
		require.Nil(t, db)
		require.ErrorContains(t, err, "sqlite: open")
		require.ErrorContains(t, err, c.says)
		if c.kind != nil {
			require.ErrorIs(t, err, c.kind)
		}
	}
}
