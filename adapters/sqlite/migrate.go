package sqlite

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrations holds the schema as plain SQL, for hosts that run migrations themselves: files named 0001_….sql and so on,
// to be run in this order, each in a transaction of its own. Each notes its number in the table oplata_schema, so that
// [New] goes on from there. [New] runs what is missing; a host need not run anything.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil { // the name is a constant
		return migrationFiles
	}
	return sub
}

// migration is one step of the schema.
type migration struct {
	version int
	text    string
}

// migrations lists all steps, the oldest first.
func migrations() ([]migration, error) {
	files, err := fs.ReadDir(migrationFiles, "migrations") // sorted by name
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, file := range files {
		number, _, _ := strings.Cut(file.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: the next number is %d", file.Name(), i+1)
		}
		text, err := migrationFiles.ReadFile("migrations/" + file.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, migration{version, string(text)})
	}
	return all, nil
}

// migrate brings the schema up to the newest version, all steps or none: after an error the connection is to be closed,
// and what was begun on it is rolled back.
func migrate(c *conn) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	if err := c.run(beginWrite); err != nil {
		return err
	}
	if err := runMissing(c, all); err != nil {
		return err
	}
	return c.run(commit)
}

func runMissing(c *conn, all []migration) error {
	version, err := schemaVersion(c)
	if err != nil {
		return err
	}
	if version > len(all) {
		return &VersionError{Found: version, Known: len(all)}
	}
	for _, m := range all[version:] {
		if err := c.script(m.text); err != nil {
			return fmt.Errorf("migration %d: %w", m.version, err)
		}
	}
	return nil
}

func schemaVersion(c *conn) (version int, err error) {
	migrated, err := c.one(selectMigrated, nil, func(*row) {})
	if err != nil || !migrated {
		return 0, err
	}
	_, err = c.one(selectVersion, nil, func(from *row) { version = int(from.int()) })
	return version, err
}
