package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// report is all that a run found out.
type report struct {
	At     time.Time `json:"at"`
	System string    `json:"system"`
	Go     string    `json:"go"`
	CPUs   int       `json:"cpus"`
	Flush  float64   `json:"flush_us"` // of one page: median, before anything else was measured
	Rounds int       `json:"rounds"`
	Tables []table   `json:"tables"`
}

// table is what one part found out. A row has a cell for every column: a text or a float64.
type table struct {
	Name    string   `json:"name"`
	About   []string `json:"about"`
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

func newReport(b *bench) (report, error) {
	flush, err := flushTime(b.file("flush"))
	return report{
		At: time.Now().UTC().Truncate(time.Second), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		CPUs: runtime.GOMAXPROCS(0), Flush: micros(flush), Rounds: b.rounds,
	}, err
}

// measure goes through the parts and prints each as soon as it is known, or all as JSON in the end.
func (r report) measure(ctx context.Context, b *bench, out io.Writer) error {
	if b.json {
		progress := os.Stderr
		if err := r.each(ctx, b, func(t table) error {
			r.Tables = append(r.Tables, t)
			_, err := fmt.Fprintln(progress, "measured:", t.Name)
			return err
		}); err != nil {
			return err
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	_, err := fmt.Fprintf(out, "%s, %s, %s, %d CPUs, %d rounds; one flush of the disk takes %.0f µs\n",
		r.At.Format(time.DateOnly), r.System, r.Go, r.CPUs, r.Rounds, r.Flush)
	if err != nil {
		return err
	}
	return r.each(ctx, b, func(t table) error { return t.print(out) })
}

func (r report) each(ctx context.Context, b *bench, found func(table) error) error {
	for _, p := range parts() {
		if !b.wants(p.name) {
			continue
		}
		t, err := p.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("bench: %s: %w", p.name, err)
		}
		if err := found(t); err != nil {
			return err
		}
	}
	return nil
}

func (t table) print(out io.Writer) error {
	fmt.Fprintf(out, "\n%s\n", t.Name)
	for _, line := range t.About {
		fmt.Fprintf(out, "  %s\n", line)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, strings.Join(t.Columns, "\t")+"\t")
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = text(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	return w.Flush()
}

// text shows three digits of a figure that has more, and all digits left of the point.
func text(cell any) string {
	v, ok := cell.(float64)
	if !ok {
		return fmt.Sprint(cell)
	}
	digits := 2
	if v != 0 {
		digits = min(max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0), 2)
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}
