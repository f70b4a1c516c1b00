package sqlite

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/payment"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

// A program that is killed is this test binary, run again with these variables.
const (
	programFile  = "OPLATA_PROGRAM_FILE"  // the database
	programPast  = "OPLATA_PROGRAM_PAST"  // what earlier programs told of the truth
	programRound = "OPLATA_PROGRAM_ROUND" // makes its IDs and moves its own
)

// What a program says, a line each: what truly happens, before it does, and what its calls returned, after they did.
const (
	saysTrue         = "true "
	saysAcknowledged = "ack "
)

// Programs that take payments are killed at random moments. Whatever they acknowledged is in the file afterwards, and the
// money is where the truth says, which the killed program told through a pipe.
func TestKilledProgramsLoseNoMoney(t *testing.T) {
	if file, ok := os.LookupEnv(programFile); ok {
		fmt.Println("failed:", takePayments(t.Context(), file))
		return
	}
	const seed = 1
	dice := rand.New(rand.NewPCG(seed, 0))
	k := &killing{t: t, file: filepath.Join(t.TempDir(), "pay.db")}
	rounds := programRounds(t)
	for round := range rounds {
		k.killed(round, dice.IntN(60))
		k.audit(uint64(round), false)
	}
	k.audit(uint64(rounds), true)
	t.Logf("%d programs killed (seed %d): %d payments and receipts acknowledged, %d true things told", rounds, seed, k.acknowledged.Len(), len(k.past))
}

// programRounds is how many programs are killed; OPLATA_KILL_ROUNDS sets another number.
func programRounds(t *testing.T) int {
	t.Helper()
	text, ok := os.LookupEnv("OPLATA_KILL_ROUNDS")
	if !ok {
		return 50
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// takePayments is the program: it takes payments on several goroutines until it is killed.
func takePayments(ctx context.Context, file string) error {
	round, err := strconv.Atoi(os.Getenv(programRound))
	if err != nil {
		return err
	}
	past, err := readPast(os.Getenv(programPast))
	if err != nil {
		return err
	}
	db, err := Open(file)
	if err != nil {
		return err
	}
	h, err := paymenttest.New(ctx, paymenttest.Config{
		Stores: storesOf(db), Seed: uint64(round)<<32 + 1, Past: past, Journal: journal{},
		Start: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, 30*round),
		Adapt: func(c *payment.Config) { c.Workers = 4 },
	})
	if err != nil {
		return err
	}
	return inParallel(4, func() error {
		seed := rand.Uint64()
		l := paymenttest.NewLife(h, fmt.Sprintf("account-%d", seed%8))
		l.Acknowledged = func(id string, version int64, status payment.Status) {
			fmt.Printf("%s%s %d %s\n", saysAcknowledged, id, version, status)
		}
		return l.Run(ctx, paymenttest.Without(paymenttest.Draw(seed, 100_000), "restart"))
	})
}

// journal tells the truth through the pipe. A line is one write, which a kill does not cut.
type journal struct{}

func (journal) Write(line []byte) (int, error) {
	n, err := os.Stdout.Write(append([]byte(saysTrue), line...))
	return n - len(saysTrue), err
}

func readPast(file string) ([]paymenttest.Entry, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var past []paymenttest.Entry
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var e paymenttest.Entry
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return past, nil
		} else if err != nil {
			return nil, err
		}
		past = append(past, e)
	}
}

// killing is what the parent knows of the programs that it killed.
type killing struct {
	t            *testing.T
	file         string
	past         []paymenttest.Entry
	acknowledged paymenttest.Acknowledged
}

// killed runs a program, kills it after it acknowledged some changes, and takes down what it said.
func (k *killing) killed(round, after int) {
	k.t.Helper()
	journal, err := os.Create(k.file + ".past")
	require.NoError(k.t, err)
	write := json.NewEncoder(journal)
	for _, e := range k.past {
		require.NoError(k.t, write.Encode(e))
	}
	require.NoError(k.t, journal.Close())

	program := exec.CommandContext(k.t.Context(), os.Args[0], "-test.run=^TestKilledProgramsLoseNoMoney$")
	program.Env = append(os.Environ(),
		programFile+"="+k.file, programPast+"="+journal.Name(), programRound+"="+strconv.Itoa(round))
	program.Stderr = os.Stderr
	out, err := program.StdoutPipe()
	require.NoError(k.t, err)
	require.NoError(k.t, program.Start())
	said := bufio.NewScanner(out)
	for acknowledged := 0; acknowledged <= after && said.Scan(); {
		if k.hear(said.Text()) {
			acknowledged++
		}
	}
	require.NoError(k.t, program.Process.Kill())
	for said.Scan() { // what it had said by then
		k.hear(said.Text())
	}
	require.Error(k.t, program.Wait())
}

// hear takes down a line, and tells whether it acknowledged something.
func (k *killing) hear(line string) bool {
	k.t.Helper()
	if truth, ok := strings.CutPrefix(line, saysTrue); ok {
		var e paymenttest.Entry
		require.NoError(k.t, json.Unmarshal([]byte(truth), &e), line)
		k.past = append(k.past, e)
		return false
	}
	var (
		id      string
		version int64
		status  payment.Status
	)
	_, err := fmt.Sscanf(line, saysAcknowledged+"%s %d %s", &id, &version, &status)
	require.NoError(k.t, err, line)
	k.acknowledged.Add(id, version, status)
	return true
}

// audit opens the file and looks at everything. In the end all that is under way is told and delivered first.
func (k *killing) audit(round uint64, finish bool) {
	k.t.Helper()
	ctx := k.t.Context()
	db, err := Open(k.file)
	require.NoError(k.t, err)
	var faults []string
	require.NoError(k.t, db.read(ctx, "check", func(c *conn) error {
		return c.each(ctx, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`, nil,
			func(r *row) { faults = append(faults, r.text()) })
	}))
	require.Empty(k.t, faults)
	h, err := paymenttest.New(ctx, paymenttest.Config{
		Stores: storesOf(db), Seed: round<<32 + 2, Past: k.past, Start: time.Date(2036, 3, 1, 12, 0, 0, 0, time.UTC),
	})
	require.NoError(k.t, err)
	if finish {
		require.NoError(k.t, paymenttest.NewLife(h).Finish(ctx))
		require.NoError(k.t, h.Settled(ctx))
	}
	require.NoError(k.t, h.Audit(ctx))
	require.NoError(k.t, k.acknowledged.Missing(ctx, db.Payments()))
	require.NoError(k.t, db.Close())
}
