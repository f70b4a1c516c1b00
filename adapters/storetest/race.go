package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// racers is how many goroutines a race has.
const racers = 32

// race lets all racers begin at once and gives what each of them came to.
func race(run func(racer int) error) []error {
	outcomes := make([]error, racers)
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i := range outcomes {
		running.Go(func() {
			<-begin
			outcomes[i] = run(i)
		})
	}
	close(begin)
	running.Wait()
	return outcomes
}

// winner gives the one racer that came to no error. All others must have come to the error that losers get.
func winner(outcomes []error, lost error) (int, error) {
	first, wins := -1, 0
	var faults []error
	for i, err := range outcomes {
		switch {
		case err == nil:
			first, wins = i, wins+1
		case !errors.Is(err, lost):
			faults = append(faults, fmt.Errorf("racer %d: got error %w, want none or %w", i, err, lost))
		}
	}
	if wins != 1 {
		faults = append(faults, fmt.Errorf("%d of %d racers won, want one", wins, len(outcomes)))
	}
	return first, errors.Join(faults...)
}

// watch lets one racer write the versions from 2 to last, in order, while all others read and are told which version was
// acknowledged before they began. Version 1 is there. The writer begins when everybody has read once, and everybody
// reads once more at the end.
func watch(last int64, write, read func(version int64) error) error {
	var written atomic.Int64
	var ready sync.WaitGroup
	written.Store(1)
	ready.Add(racers - 1)
	writer := func() error {
		ready.Wait()
		for version := int64(2); version <= last; version++ {
			if err := write(version); err != nil {
				written.Store(-1) // the readers need not wait for more
				return err
			}
			written.Store(version)
		}
		return nil
	}
	reader := func() error {
		err := read(1)
		ready.Done()
		for version := int64(1); err == nil && version > 0 && version < last; {
			version = written.Load()
			err = read(version)
		}
		return err
	}
	return errors.Join(race(func(racer int) error {
		if racer == 0 {
			return writer()
		}
		return reader()
	})...)
}
