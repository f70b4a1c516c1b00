package sqlite

import (
	"fmt"
	"strconv"
	"strings"
)

// oldestEngine is the first SQLite without the bug that corrupts a database when its WAL is reset.
// https://www.sqlite.org/wal.html#the_wal_reset_bug
const oldestEngine = "3.51.3"

func checkEngine(c *conn) error {
	var version string
	if _, err := c.one(selectEngine, nil, func(from *row) { version = from.text() }); err != nil {
		return err
	}
	if olderThan(version, oldestEngine) {
		return &EngineError{Version: version, Needed: oldestEngine}
	}
	return nil
}

// olderThan compares versions of the form 3.51.3 by their numbers.
func olderThan(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range bs {
		if i >= len(as) {
			return true
		}
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return false
}

// checkSettings makes sure that a commit will be on the disk when it returns. SQLite leaves a setting as it is, without
// an error, where it cannot change it: there is no WAL on a network file system, for one.
func checkSettings(c *conn) error {
	var mode string
	var synchronous, foreignKeys int64
	_, err := c.one(selectDurability, nil, func(from *row) {
		mode, synchronous, foreignKeys = from.text(), from.int(), from.int()
	})
	if err != nil {
		return err
	}
	const full = 2
	if mode != "wal" || synchronous != full || foreignKeys != 1 {
		return fmt.Errorf("settings did not take effect: journal_mode %s, synchronous %d, foreign_keys %d",
			mode, synchronous, foreignKeys)
	}
	return nil
}
