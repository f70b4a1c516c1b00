package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// pure is a benchmark of the repository, and what of it has a budget.
type pure struct {
	what, benchmark, unit, budget string
}

func pures() []pure {
	return []pure{
		{"both tables, a look-up each", "BenchmarkTable", "ns/op", "< 100 ns"},
		{"both tables, a look-up each", "BenchmarkTable", "allocs/op", "0"},
		{"ChronoPay's callback, verified and parsed, of form parsing and one MD5", "BenchmarkReceive", "×form+md5", "≤ 2"},
		{"settings, validated, of the bare validator", "BenchmarkValidateAgainstBare", "ratio", "≤ 1.2"},
	}
}

// measurePure runs benchmarks that stand beside the code they measure, because the tables and the bare validator cannot be
// reached from here. Their ratios are medians of interleaved rounds, too.
func measurePure(ctx context.Context, _ *bench) (table, error) {
	t := table{
		Name: "Without I/O (go test -bench, in the packages themselves)", Columns: []string{"what", "benchmark", "unit", "budget", "measured"},
	}
	var names []string
	for _, p := range pures() {
		names = append(names, p.benchmark)
	}
	const module = "github.com/oplata-go/oplata/"
	command := exec.CommandContext(ctx, "go", "test", "-run=^$", "-benchmem", "-bench=^("+strings.Join(names, "|")+")$", //nolint:gosec // constants
		module+"payment", module+"adapters/chronopay", module+"connector/settings")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return t, fmt.Errorf("go test: %w\n%s", err, out)
	}
	found := readBenchmarks(string(out))
	for _, p := range pures() {
		value, ok := found[p.benchmark+" "+p.unit]
		if !ok {
			return t, errors.New("go test: no " + p.unit + " of " + p.benchmark)
		}
		t.Rows = append(t.Rows, []any{p.what, p.benchmark, p.unit, p.budget, value})
	}
	return t, nil
}

// readBenchmarks reads what go test printed: a line for each benchmark with its name, a count, and pairs of a figure and a
// unit.
func readBenchmarks(text string) map[string]float64 {
	found := make(map[string]float64)
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(fields[0], "-")
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				found[name+" "+fields[i+1]] = v
			}
		}
	}
	return found
}
