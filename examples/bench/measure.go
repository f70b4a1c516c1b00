package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// file names a new file of this run.
func (b *bench) file(name string) string {
	b.files++
	return filepath.Join(b.dir, fmt.Sprintf("%d-%s", b.files, name))
}

// run is what one contender did in one round.
type lap struct {
	count   int // what was counted: transitions, lifecycles
	time    time.Duration
	cpu     time.Duration // of the whole process
	commits int64
}

func (l lap) perSecond() float64 { return float64(l.count) / l.time.Seconds() }
func (l lap) perCommit() float64 { return float64(l.count) / float64(max(l.commits, 1)) }
func (l lap) cpuEach() float64   { return micros(l.cpu) / float64(max(l.count, 1)) }

// clocked times do. Garbage that others left is collected before.
func clocked(do func() (count int, err error)) (lap, error) {
	runtime.GC()
	cpu, begin := cpuTime(), time.Now()
	count, err := do()
	return lap{count: count, time: time.Since(begin), cpu: cpuTime() - cpu}, err
}

// race lets callers take the numbers below most off a common heap until all are taken, the time is over or a call fails.
// It gives how many were taken.
func race(ctx context.Context, callers, most int, until time.Time, call func(ctx context.Context, n int) error) (int, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var next, done atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for ctx.Err() == nil && (until.IsZero() || time.Now().Before(until)) {
				n := int(next.Add(1)) - 1
				if n >= most {
					return
				}
				if err := call(ctx, n); err != nil {
					fail(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return int(done.Load()), context.Cause(ctx)
}

// each takes one figure of every lap.
func each(laps []lap, figure func(lap) float64) []float64 {
	out := make([]float64, len(laps))
	for i, l := range laps {
		out[i] = figure(l)
	}
	return out
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// ratio is the median of the rounds' ratios of speed.
func ratio(ours, theirs []lap) float64 {
	out := make([]float64, len(ours))
	for i := range ours {
		out[i] = ours[i].perSecond() / theirs[i].perSecond()
	}
	return median(out)
}

// percentile gives the time that so many of a hundred do not exceed, in milliseconds.
func percentile(of []time.Duration, hundredths int) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return float64(sorted[min(len(sorted)*hundredths/100, len(sorted)-1)].Microseconds()) / 1000
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// flushTime is how long the disk takes to make one page durable that is written over an old one, as in a WAL that is in
// use: the median of two hundred.
func flushTime(path string) (_ time.Duration, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, fmt.Errorf("bench: flush: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	const flushes, page = 200, 4096
	if _, err := file.Write(make([]byte, flushes*page)); err != nil {
		return 0, fmt.Errorf("bench: flush: %w", err)
	}
	if err := file.Sync(); err != nil {
		return 0, fmt.Errorf("bench: flush: %w", err)
	}
	times := make([]time.Duration, 0, flushes)
	for i := range int64(flushes) {
		begin := time.Now()
		if _, err := file.WriteAt([]byte("flushed"), i*page); err != nil {
			return 0, fmt.Errorf("bench: flush: %w", err)
		}
		if err := flush(file); err != nil {
			return 0, fmt.Errorf("bench: flush: %w", err)
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	return times[flushes/2], nil
}
