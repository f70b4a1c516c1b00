package payment

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestNoPairHasTwoRows(t *testing.T) {
	seen := make(map[cell]int)
	for i, r := range table {
		for _, from := range r.From {
			first, twice := seen[cell{from, r.On}]
			require.False(t, twice, "rows %d and %d: %s in %s", first, i, r.On, from)
			seen[cell{from, r.On}] = i
		}
	}
	attempts := make(map[attemptCell]int)
	for i, r := range attemptTable {
		for _, from := range r.From {
			first, twice := attempts[attemptCell{from, r.On}]
			require.False(t, twice, "rows %d and %d: %s in %s", first, i, r.On, from)
			attempts[attemptCell{from, r.On}] = i
		}
	}
}

func TestOnlyCommandsCanBeRefused(t *testing.T) {
	for _, from := range Statuses() {
		for _, on := range slices.Concat(Messages(), Timers()) {
			if on == EventReceiptAccepted {
				continue // it makes a payment
			}
			_, ok := rowFor(from, on)
			require.True(t, ok, "%s in %s", on, from)
		}
	}
	for _, from := range AttemptStates() {
		for _, n := range allNews() {
			if n == newsCaptureBegun || n == newsVoidBegun {
				continue // commands
			}
			require.NotNil(t, attemptIndex[attemptCell{from, n}], "%s in %s", n, from)
		}
	}
}

func TestEveryRowIsAboutDeclaredWords(t *testing.T) {
	events := slices.Concat(Commands(), Messages(), Timers())
	statuses := append(Statuses(), newborn)
	for _, r := range table {
		require.Contains(t, events, r.On)
		require.Contains(t, append(slices.Clone(statuses), same, previous), r.To)
		for _, from := range r.From {
			require.Contains(t, statuses, from)
		}
	}
	for _, r := range attemptTable {
		require.Contains(t, allNews(), r.On)
		if r.Raise != "" {
			require.Contains(t, events, r.Raise)
		}
	}
}

func TestCompletedIsNeverLeft(t *testing.T) {
	for _, r := range table {
		if slices.Contains(r.From, Completed) {
			require.Equal(t, same, r.To, "%s", r.On)
			require.NotEqual(t, doSettle, r.Money, "%s", r.On)
		}
	}
}

func TestGoldenTables(t *testing.T) {
	golden(t, "testdata/payment-table.golden", paymentMatrix())
	golden(t, "testdata/attempt-table.golden", attemptMatrix())
}

// paymentMatrix is every status and every event.
func paymentMatrix() string {
	var b strings.Builder
	for _, from := range append([]Status{newborn}, Statuses()...) {
		fmt.Fprintf(&b, "%s\n", from)
		for _, on := range slices.Concat(Commands(), Messages(), Timers()) {
			row, ok := rowFor(from, on)
			if !ok {
				fmt.Fprintf(&b, "  %-22s refused\n", on)
				continue
			}
			line := fmt.Sprintf("  %-22s %-20s %-10s %-10s %s", on, row.To, row.Money, row.Then, row.Mark)
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}

func attemptMatrix() string {
	var b strings.Builder
	for _, from := range AttemptStates() {
		fmt.Fprintf(&b, "%s\n", from)
		for _, n := range allNews() {
			row := attemptIndex[attemptCell{from, n}]
			if row == nil {
				fmt.Fprintf(&b, "  %-16s refused\n", n)
				continue
			}
			line := fmt.Sprintf("  %-16s %-12s %-18s %s", n, row.To, row.Raise, row.Mark)
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}

// TestDiagram holds the README's diagram against the table.
func TestDiagram(t *testing.T) {
	const begin, end = "<!-- diagram of the payment table -->\n", "<!-- end of diagram -->"
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	inside, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile("../README.md", []byte(before+begin+diagram()+end+after), 0o644))
		return
	}
	require.Equal(t, diagram(), inside)
}

// diagram draws the moves of the payment table.
func diagram() string {
	type edge struct{ from, to Status }
	var order []edge
	events := make(map[edge][]string)
	for _, r := range table {
		for _, from := range r.From {
			for _, to := range targets(r.To) {
				e := edge{from, to}
				if to == from || to == same {
					continue
				}
				if events[e] == nil {
					order = append(order, e)
				}
				if !slices.Contains(events[e], string(r.On)) {
					events[e] = append(events[e], string(r.On))
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	for _, e := range order {
		from := string(e.from)
		if e.from == newborn {
			from = "[*]"
		}
		fmt.Fprintf(&b, "    %s --> %s: %s\n", from, e.to, strings.Join(events[e], "<br/>"))
	}
	b.WriteString("```\n")
	return b.String()
}

func targets(to Status) []Status {
	if to == previous {
		return []Status{WaitingForPayment, Expired}
	}
	return []Status{to}
}

func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if row, ok := rowFor(Processing, EventSuccess); !ok || row.To != Completed {
			b.Fatal("wrong row")
		}
		if row := attemptIndex[attemptCell{AttemptLive, newsCharged}]; row == nil || row.Raise != EventSuccess {
			b.Fatal("wrong row")
		}
	}
}

func TestTableAllocatesNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { rowFor(Completed, EventLateSuccess) }))
}
