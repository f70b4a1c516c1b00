package billingtest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/oplata-go/oplata/billing"
)

// callers is how many goroutines post at once.
const callers = 32

func concurrency() []Check {
	return []Check{
		check("concurrent credits with one key credit once", func(b *bench) error {
			p := b.posting("one", "a", 5_00)
			return errors.Join(
				b.open("a", 1_00),
				together(func(int) error { return b.credit(p) }),
				b.holds("a", 6_00),
			)
		}),
		check("concurrent credits with different keys all arrive", func(b *bench) error {
			return errors.Join(
				b.open("a", 1_00),
				together(func(i int) error { return b.credit(b.posting(fmt.Sprint("plus ", i), "a", 1)) }),
				b.holds("a", 1_00+callers),
			)
		}),
		check("concurrent first credits of an account all arrive", func(b *bench) error {
			return errors.Join(
				b.prepare("a"),
				together(func(i int) error { return b.credit(b.posting(fmt.Sprint("plus ", i), "a", 1)) }),
				b.holds("a", callers),
			)
		}),
		check("concurrent debits never take more than there is", func(b *bench) error {
			const affordable = callers / 2
			var taken counter
			err := errors.Join(
				b.open("a", affordable),
				together(func(i int) error {
					err := b.persist(b.s.Ledger.Debit, b.posting(fmt.Sprint("minus ", i), "a", 1))
					return taken.unless(err, billing.ErrInsufficientFunds)
				}),
				b.holds("a", 0),
			)
			if taken.n != affordable {
				err = errors.Join(err, fmt.Errorf("%d debits were taken, not %d", taken.n, affordable))
			}
			return err
		}),
		check("concurrent postings of one key to two accounts reach one of them", func(b *bench) error {
			accounts := [2]string{"a", "b"}
			var taken [2]counter
			err := errors.Join(
				b.open("a", 1_00), b.open("b", 1_00),
				together(func(i int) error {
					err := b.persist(b.s.Ledger.Credit, b.posting("one", accounts[i%2], 5_00))
					return taken[i%2].unless(err, billing.ErrKeyReused)
				}),
			)
			winner := 0
			if taken[1].n > 0 {
				winner = 1
			}
			if taken[1-winner].n > 0 {
				err = errors.Join(err, errors.New("both accounts took the key"))
			}
			return errors.Join(err, b.holds(accounts[winner], 6_00), b.holds(accounts[1-winner], 1_00))
		}),
	}
}

// counter counts successes of concurrent calls.
type counter struct {
	mu sync.Mutex
	n  int
}

// unless counts a nil error, swallows the expected refusal and returns any other error.
func (c *counter) unless(err, refusal error) error {
	if errors.Is(err, refusal) {
		return nil
	}
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.n++
	}
	return err
}

// together calls do from all callers at once and joins their errors.
func together(do func(i int) error) error {
	start := make(chan struct{})
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return errors.Join(errs...)
}
