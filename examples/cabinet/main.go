// Command cabinet is a subscriber's cabinet in the browser: account, balance, statement, top-up through ChronoPay's hosted
// page, and an operator's desk, on one SQLite file. ChronoPay is played by a simulator in the same program, on a port of
// its own, which checks our signature and signs its callbacks; no real money moves.
//
//	go run ./examples/cabinet
//
// The first start makes a demo account and two files: the database, and the master keys that its secrets are sealed with.
// Both are needed to start again. Ctrl-C stops the program; whatever was on its way goes on at the next start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the flags, and what only tests set.
type options struct {
	site      address
	simulator address
	db        string
	keys      string
	period    time.Duration

	now    func() time.Time
	zone   *time.Location
	logger *slog.Logger
}

// run starts the cabinet and serves it until ctx ends or the program is told to stop.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the program at once

	c, err := open(ctx, o)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, greeting, c.siteURL, c.simulatorURL, o.db, o.keys); err != nil {
		return errors.Join(err, c.close())
	}
	err = c.serve(ctx)
	_, _ = fmt.Fprintln(out, "The cabinet has stopped.")
	return err
}

const greeting = `
  The cabinet is open:          %s
  ChronoPay's simulator:        %s
  database and master keys:     %s, %s
  Ctrl-C stops it.

`

// parse reads the flags.
func parse(args []string, out io.Writer) (options, error) {
	o := options{
		site:      address{host: "127.0.0.1", port: 8080},
		simulator: address{host: "127.0.0.1", port: 8081},
		now:       time.Now,
		zone:      time.Local,
		logger:    slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	f := flag.NewFlagSet("cabinet", flag.ContinueOnError)
	f.SetOutput(out)
	f.Var(&o.site, "addr", "`address` of the cabinet: loopback, or 0.0.0.0 to let others in; unless it is given, the next free port is taken")
	f.Var(&o.simulator, "simulator", "`address` of ChronoPay's simulator, in the same way")
	f.StringVar(&o.db, "db", "cabinet.db", "database `file`; made on the first start")
	f.StringVar(&o.keys, "keys", "cabinet.keys", "`file` of the master keys; made together with the database")
	f.DurationVar(&o.period, "period", time.Minute, "how long a payment waits for ChronoPay, whole `minutes`; an answer after that is late, and counts")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	if f.NArg() > 0 {
		return options{}, fmt.Errorf("cabinet: unexpected argument %q", f.Arg(0))
	}
	return o, nil
}
