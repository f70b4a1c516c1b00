// Command bench measures what Oplata costs on the machine it runs on: durable transitions, whole lifecycles, timer claims,
// and the parts that do no I/O.
//
//	go run ./examples/bench
//
// What counts are ratios: each contender does the same work in the same run, in rounds that take turns, and the median
// over the rounds is printed. Absolute figures stand beside the time that the disk needs for one flush; they say something
// about this machine and promise nothing. docs/benchmarks.md tells what each table means.
//
// The disk that is measured is the one of -dir, where a folder is made and removed again. On a disk that lives in memory a
// flush costs nothing, and with it the tables about commits say nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	callers numbers       // how many goroutines call at the same time, a row each
	stored  numbers       // how many processing payments are stored for the timer claims
	time    time.Duration // how long one contender is measured for one row, over all rounds
	rounds  int
	only    names
	json    bool
	dir     string
	profile string
	short   bool
}

// bench is one run of the program.
type bench struct {
	options
	dir   string // of this run
	files int    // made in it so far
}

// part is one thing that is measured.
type part struct {
	name    string
	measure func(context.Context, *bench) (table, error)
}

func parts() []part {
	return []part{
		{"transitions", measureTransitions},
		{"lifecycles", measureLifecycles},
		{"timers", measureTimers},
		{"pure", measurePure},
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp(o.dir, "oplata-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.profile != "" {
		stop, err := profile(o.profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	b := &bench{options: o, dir: dir}
	r, err := newReport(b)
	if err != nil {
		return err
	}
	return r.measure(ctx, b, out)
}

// profile writes where the program's time goes, for go tool pprof.
func profile(path string) (stop func(), err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("bench: profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, fmt.Errorf("bench: profile: %w", err)
	}
	return func() {
		pprof.StopCPUProfile()
		file.Close()
	}, nil
}

// parse reads the flags.
func parse(args []string, out io.Writer) (options, error) {
	o := options{callers: numbers{1, 8, 32, 128}, stored: numbers{10_000, 1_000_000}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(out)
	f.Var(&o.callers, "callers", "`numbers` of goroutines that call at the same time")
	f.Var(&o.stored, "stored", "`numbers` of stored processing payments among which timers are claimed")
	f.DurationVar(&o.time, "time", 3*time.Second, "how long each contender is measured for each row, over all rounds")
	f.IntVar(&o.rounds, "rounds", 9, "how many rounds the contenders take turns in")
	f.Var(&o.only, "only", "`parts` to measure: transitions, lifecycles, timers, pure")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.StringVar(&o.dir, "dir", os.TempDir(), "`folder` on the disk to measure; a million payments need 3 GB")
	f.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile to this `file`")
	f.BoolVar(&o.short, "short", false, "only see whether everything works: the figures mean nothing")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	if o.short {
		o.callers, o.stored, o.time, o.rounds = numbers{1, 4}, numbers{300, 600}, 50*time.Millisecond, 1
		if o.only == nil {
			o.only = names{"transitions", "lifecycles", "timers"}
		}
	}
	if f.NArg() > 0 || o.rounds < 1 || o.time <= 0 {
		return options{}, errors.New("bench: -rounds and -time must be positive, and nothing may stand after the flags")
	}
	return o, nil
}

// wants reports whether a part was asked for.
func (o options) wants(name string) bool { return o.only == nil || slices.Contains(o.only, name) }

// numbers is a flag of positive numbers with commas between them.
type numbers []int

// String gives the numbers as they are typed.
func (n *numbers) String() string {
	texts := make([]string, len(*n))
	for i, v := range *n {
		texts[i] = strconv.Itoa(v)
	}
	return strings.Join(texts, ",")
}

// Set reads the numbers.
func (n *numbers) Set(text string) error {
	*n = nil
	for field := range strings.SplitSeq(text, ",") {
		v, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || v < 1 {
			return fmt.Errorf("%q is not a positive number", field)
		}
		*n = append(*n, v)
	}
	return nil
}

// names is a flag of names of parts with commas between them.
type names []string

// String gives the names as they are typed.
func (n *names) String() string { return strings.Join(*n, ",") }

// Set reads the names.
func (n *names) Set(text string) error {
	*n = strings.Split(text, ",")
	for _, name := range *n {
		if !slices.ContainsFunc(parts(), func(p part) bool { return p.name == name }) {
			return fmt.Errorf("there is no part %q", name)
		}
	}
	return nil
}
