package sqlite

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/payment"
)

// killRounds is how often a child is killed; OPLATA_KILL_ROUNDS sets another number.
func killRounds(t *testing.T) int {
	t.Helper()
	text, ok := os.LookupEnv("OPLATA_KILL_ROUNDS")
	if !ok {
		return 30
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// What was acknowledged is there after kill -9, and nothing is there by half.
func TestKilledWriterLosesNothing(t *testing.T) {
	const perFile = 50 // so that looking through a file does not come to take long
	rounds, payments := killRounds(t), 0
	for begun := 0; begun < rounds; begun += perFile {
		payments += len(killAgainAndAgain(t, min(perFile, rounds-begun)))
	}
	require.Positive(t, payments)
	t.Logf("%d payments acknowledged over %d kills", payments, rounds)
}

// killAgainAndAgain kills children that write to one file, and gives what they acknowledged.
func killAgainAndAgain(t *testing.T, rounds int) map[string]int64 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pay.db")
	all := map[string]int64{}
	for round := range rounds {
		c := startChild(t, "write", file, round)
		var lines []string
		for range 1 + rand.IntN(100) {
			line, ok := c.line()
			require.True(t, ok)
			lines = append(lines, line)
		}
		acks := acknowledged(t, append(lines, c.kill(t)...))
		maps.Copy(all, acks)
		db, err := Open(file)
		require.NoError(t, err)
		requireVersions(t, db, acks)
		if round == rounds-1 {
			requireVersions(t, db, all)
		}
		intact(t, db)
		require.NoError(t, db.Close())
	}
	return all
}

func requireVersions(t *testing.T, db *DB, atLeast map[string]int64) {
	t.Helper()
	for id, version := range atLeast {
		r, err := db.Payments().Load(t.Context(), id)
		require.NoError(t, err, id)
		require.GreaterOrEqual(t, r.Version, version, id)
	}
}

func TestKilledInTheMiddleOfTx(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pay.db")
	c := startChild(t, "tx", file, 0)
	c.waitFor(t, "here")
	require.Empty(t, c.kill(t))
	db := openAt(t, file)
	_, err := db.Payments().Load(t.Context(), life(1)[0].Record.ID)
	require.ErrorIs(t, err, payment.ErrNotFound)
	require.NotContains(t, schemaOf(t, db), "CREATE TABLE hosts (name TEXT)")
	intact(t, db)
}

func TestFileIsOpenedOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pay.db")
	refused := func() {
		t.Helper()
		_, err := Open(file)
		require.ErrorIs(t, err, ErrLocked)
		require.EqualError(t, err, "sqlite: open "+file+": database is open elsewhere")
	}

	c := startChild(t, "hold", file, 0)
	c.waitFor(t, "here")
	refused() // by another process
	c.kill(t)

	db := openAt(t, file) // a dead process holds nothing
	refused()             // by this process
	link := filepath.Join(t.TempDir(), "link.db")
	require.NoError(t, os.Symlink(file, link))
	_, err := Open(link) // by another name
	require.ErrorIs(t, err, ErrLocked)
	other := startChild(t, "hold", file, 0)
	line, _ := other.line()
	require.Equal(t, "failed: sqlite: open "+file+": database is open elsewhere", line)
	require.Error(t, other.Wait())

	require.NoError(t, db.Close())
	openAt(t, link)
	refused()
}
