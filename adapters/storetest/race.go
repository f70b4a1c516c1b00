package storetest

import (
	"errors"
	"fmt"
	"sync"
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
