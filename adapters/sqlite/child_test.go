package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A child is this test binary run again in a role. It opens the file that it is told and writes lines about what it has
// done to its standard output, each only after it is done.
const (
	childRole = "OPLATA_SQLITE_CHILD"
	childFile = "OPLATA_SQLITE_FILE"
	childSeed = "OPLATA_SQLITE_SEED" // makes the IDs of this child's payments its own
)

var childRoles = map[string]func(db *DB, seed int) error{
	"hold":  func(*DB, int) error { return hang() },
	"write": writeForEver,
	"tx":    hangInTx,
	"few":   writeFew,
	"loose": writeLoosely,
}

func playChild(role string) int {
	db, err := Open(os.Getenv(childFile))
	if err == nil {
		seed, _ := strconv.Atoi(os.Getenv(childSeed))
		err = childRoles[role](db, seed)
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	return 0
}

// hang tells that it is reached and waits to be killed, or for the parent to end.
func hang() error {
	fmt.Println("here")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// writeForEver makes lives of payments from several goroutines and acknowledges every transition.
func writeForEver(db *DB, seed int) error {
	var next atomic.Int64
	return inParallel(8, func() error {
		for {
			for _, change := range life(int64(seed)<<32 + next.Add(1)) {
				if err := db.Payments().Apply(context.Background(), change); err != nil {
					return err
				}
				fmt.Printf("ack %s %d\n", change.Record.ID, change.Record.Version)
			}
		}
	})
}

const fewWrites = 40

// writeFew writes payments whose bodies can be recognised in a trace.
func writeFew(db *DB, _ int) error {
	var next atomic.Int64
	return inParallel(4, func() error {
		for n := next.Add(1); n <= fewWrites; n = next.Add(1) {
			change := life(n)[0]
			change.Record.Body = []byte(marker(n))
			if err := db.Payments().Apply(context.Background(), change); err != nil {
				return err
			}
			fmt.Printf("ack %s\n", marker(n))
		}
		return nil
	})
}

// writeLoosely is writeFew with commits that are not flushed, for the test to notice.
func writeLoosely(db *DB, seed int) error {
	return firstOf(
		db.writer.lend(context.Background(), func(c *conn) error { return c.script(`PRAGMA synchronous = OFF`) }),
		writeFew(db, seed),
	)
}

func marker(n int64) string { return fmt.Sprintf("<mark-%06d>", n) }

// hangInTx writes in a transaction of the host's and does not come to its end.
func hangInTx(db *DB, _ int) error {
	return db.Tx(context.Background(), func(tx *Tx) error {
		_, err := tx.ExecContext(context.Background(), `CREATE TABLE hosts (name TEXT)`)
		return firstOf(err, tx.Payments().Apply(context.Background(), life(1)[0]), hang())
	})
}

func inParallel(n int, do func() error) error {
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { errs[i] = do() })
	}
	all.Wait()
	return firstOf(errs...)
}

// child is a running child.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, role, file string, seed int, under ...string) *child {
	t.Helper()
	args := append(under, os.Args[0])
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childRole+"="+role, childFile+"="+file, childSeed+"="+strconv.Itoa(seed))
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // stays open as long as this process lives
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &child{cmd, bufio.NewScanner(out)}
}

// line waits for the next line; false means that the child has ended.
func (c *child) line() (string, bool) {
	ok := c.lines.Scan()
	return c.lines.Text(), ok
}

// waitFor waits for a line.
func (c *child) waitFor(t *testing.T, want string) {
	t.Helper()
	got, _ := c.line()
	require.Equal(t, want, got)
}

// kill kills it as kill -9 does, and gives what it had written until then.
func (c *child) kill(t *testing.T) (rest []string) {
	t.Helper()
	require.NoError(t, c.Process.Kill())
	for line, ok := c.line(); ok; line, ok = c.line() {
		rest = append(rest, line)
	}
	require.Error(t, c.Wait())
	return rest
}

// acknowledged reads the versions of payments out of a child's lines.
func acknowledged(t *testing.T, lines []string) map[string]int64 {
	t.Helper()
	acks := map[string]int64{}
	for _, line := range lines {
		var id string
		var version int64
		_, err := fmt.Sscanf(line, "ack %s %d", &id, &version)
		require.NoError(t, err, line)
		acks[id] = max(acks[id], version)
	}
	return acks
}

// intact looks whether a file holds whole changes only.
func intact(t *testing.T, db *DB) {
	t.Helper()
	var faults []string
	require.NoError(t, db.read(t.Context(), "check", func(c *conn) error {
		for _, text := range []string{
			`SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`,
			`SELECT 'foreign key in ' || "table" FROM pragma_foreign_key_check`,
			countsOf("oplata_payment_events", "p.version"),
			countsOf("oplata_payment_claims", "min(p.version, 3)"),
			countsOf("oplata_payment_tasks", "p.version + (p.version = 2)"),
		} {
			if err := c.each(t.Context(), text, nil, func(r *row) { faults = append(faults, r.text()) }); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	}))
	require.Empty(t, faults)
}

// countsOf finds payments that have not as many rows in a table as their version needs, and rows without a payment.
func countsOf(table, want string) string {
	return fmt.Sprintf(`SELECT '%[1]s of ' || coalesce(p.id, r.record) FROM oplata_payments p
		FULL JOIN (SELECT record, count(*) AS n FROM %[1]s GROUP BY record) r ON r.record = p.id
		WHERE r.n IS NOT %[2]s`, table, want)
}
