package main

import (
	"context"
	"errors"
	"runtime/pprof"
	"time"

	"github.com/oplata-go/oplata/adapters/sqlite"
)

// contender is one way to live the same lives.
type contender func(ctx context.Context, b *bench, callers int, s script, lives int) (lap, error)

// The contenders in the order of the columns.
const (
	byService = iota // payment.Service on adapters/sqlite
	byGroup          // the same rows by hand: read-pool select and bare group commit
	byJob            // the same, with all else that has to be done: messages, JSON, HMACs
	bySingle         // the same rows by hand, a commit for each transition
	contenders
)

// labels tell the contenders apart in a CPU profile: go tool pprof -tagfocus contender=service.
var labels = [contenders]string{"service", "group", "job", "single"}

// measureTransitions compares durable transitions through the service with the same rows written by hand. A transition
// reads a payment, decides, and writes once.
func measureTransitions(ctx context.Context, b *bench) (table, error) {
	t := table{
		Name: "Durable transitions on SQLite (start, declined, start, paid: a read and a write each)",
		About: []string{
			"group: the same rows by hand, read-pool select and bare group commit. job: the same, with ChronoPay's messages, JSON",
			"and HMACs made, too. single: as group, a commit for each. Budget at 32 and 128 callers: 0.85 of group; at 32, 8 per flush.",
		},
		Columns: []string{
			"callers", "service/s", "group/s", "job/s", "single/s", "of group", "of job", "of single", "per flush", "group's",
			"CPU µs", "group's", "job's",
		},
	}
	var s script
	for _, callers := range b.callers {
		var laps [contenders][]lap
		lives, err := b.calibrate(ctx, callers, &s)
		if err != nil {
			return t, err
		}
		for round := range b.rounds {
			for i := range contenders {
				c := (i + round) % contenders // whoever goes first pays for it in turn
				var l lap
				pprof.Do(ctx, pprof.Labels("contender", labels[c]), func(ctx context.Context) {
					l, err = runners()[c](ctx, b, callers, s, share(c, callers, lives))
				})
				if err != nil {
					return t, err
				}
				laps[c] = append(laps[c], l)
			}
		}
		t.Rows = append(t.Rows, transitionRow(callers, laps))
	}
	return t, nil
}

func runners() [contenders]contender {
	return [contenders]contender{
		byService: serviceLap,
		byGroup:   handLap(true, false),
		byJob:     handLap(true, true),
		bySingle:  handLap(false, false),
	}
}

func transitionRow(callers int, laps [contenders][]lap) []any {
	speed := func(c int) float64 { return median(each(laps[c], lap.perSecond)) }
	return []any{
		callers, speed(byService), speed(byGroup), speed(byJob), speed(bySingle),
		ratio(laps[byService], laps[byGroup]), ratio(laps[byService], laps[byJob]), ratio(laps[byService], laps[bySingle]),
		median(each(laps[byService], lap.perCommit)), median(each(laps[byGroup], lap.perCommit)),
		median(each(laps[byService], lap.cpuEach)), median(each(laps[byGroup], lap.cpuEach)), median(each(laps[byJob], lap.cpuEach)),
	}
}

// share is how many lives a contender gets. One that commits each by itself would take too long for all.
func share(c, callers, lives int) int {
	if c == bySingle {
		return min(max(lives/4, callers), lives)
	}
	return lives
}

// calibrate says how many lives fill a round, and sees to it that the script has them.
func (b *bench) calibrate(ctx context.Context, callers int, s *script) (int, error) {
	trial := 16 + 2*callers
	if b.short {
		trial = 4
	}
	l, err := serviceLap(ctx, b, callers, *s, trial)
	if err != nil {
		return 0, err
	}
	round := b.time / time.Duration(b.rounds)
	lives := max(int(l.perSecond()*round.Seconds())/lifeTurns, trial)
	if lives > s.lives {
		*s, err = record(ctx, b.file("script.json"), lives)
	}
	return lives, err
}

// serviceLap lives the lives through the service, on a new file. The payments are made before the clock runs.
func serviceLap(ctx context.Context, b *bench, callers int, _ script, lives int) (_ lap, err error) {
	db, err := sqlite.Open(b.file("service.db"))
	if err != nil {
		return lap{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	h, err := newHost(ctx, onSQLite(db), nil)
	if err != nil {
		return lap{}, err
	}
	ids := make([]string, lives)
	err = db.Tx(ctx, func(tx *sqlite.Tx) error {
		service := h.In(tx.Payments())
		for n := range ids {
			p, err := create(ctx, service, n)
			if err != nil {
				return err
			}
			ids[n] = p.ID
		}
		return nil
	})
	if err != nil {
		return lap{}, err
	}
	before := db.Stats().Commits
	l, err := clocked(func() (int, error) {
		n, err := race(ctx, callers, len(ids), time.Time{}, func(ctx context.Context, n int) error {
			_, err := h.live(ctx, ids[n])
			return err
		})
		return n * lifeTurns, err
	})
	l.commits = db.Stats().Commits - before
	return l, err
}

// handLap writes the rows of the lives by hand, on a new file.
func handLap(group, whole bool) contender {
	return func(ctx context.Context, b *bench, callers int, s script, lives int) (_ lap, err error) {
		script, err := s.read(lives)
		if err != nil {
			return lap{}, err
		}
		path := b.file("hand.db")
		db, err := sqlite.Open(path) // makes the schema
		if err != nil {
			return lap{}, err
		}
		if err := db.Close(); err != nil {
			return lap{}, err
		}
		var does *job
		if whole {
			if does, err = newJob(); err != nil {
				return lap{}, err
			}
		}
		h, err := openHand(path, group, does)
		if err != nil {
			return lap{}, err
		}
		defer func() { err = errors.Join(err, h.close()) }()
		if err := h.bear(script); err != nil {
			return lap{}, err
		}
		l, err := clocked(func() (int, error) {
			n, err := race(ctx, callers, len(script), time.Time{}, func(_ context.Context, n int) error { return h.live(script[n]) })
			return n * lifeTurns, err
		})
		l.commits = h.commits
		return l, err
	}
}
