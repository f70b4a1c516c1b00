package connectortest

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/oplata-go/oplata/connector"
)

var abilityChecks = []named{
	{"references are distinct, stable and printable", func(h Harness, g connector.Gateway) error {
		r, ok := g.(connector.Referencer)
		if !ok {
			return &SkipError{Reason: "the gateway takes references of any shape"}
		}
		seen := map[string]uint64{}
		for n := range uint64(5000) {
			text := r.Reference(n)
			if text != r.Reference(n) {
				return fmt.Errorf("number %d has two references", n)
			}
			if other, taken := seen[text]; taken {
				return fmt.Errorf("numbers %d and %d have the same reference", other, n)
			}
			seen[text] = n
		}
		for _, n := range []uint64{0, 1, math.MaxInt32, math.MaxInt64} {
			if err := printable(r.Reference(n)); err != nil {
				return fmt.Errorf("the reference of %d: %w", n, err)
			}
		}
		return nil
	}},

	{"the merchant account is the same each time", func(h Harness, g connector.Gateway) error {
		m, ok := g.(connector.Merchant)
		if !ok {
			return &SkipError{Reason: "the gateway does not say where its money arrives"}
		}
		again, err := h.Open()
		if err != nil {
			return err
		}
		other, ok := again.(connector.Merchant)
		if !ok || other.MerchantAccount() != m.MerchantAccount() {
			return errors.New("the same gateway opened again says another account")
		}
		if err := printable(m.MerchantAccount()); err != nil {
			return fmt.Errorf("the account: %w", err)
		}
		return h.noSecret("the merchant account", m.MerchantAccount())
	}},

	{"one gateway serves many goroutines", func(h Harness, g connector.Gateway) error {
		const workers, rounds = 8, 25
		var wg sync.WaitGroup
		failed := make(chan error, workers)
		for w := range workers {
			wg.Go(func() {
				defer func() {
					if p := recover(); p != nil {
						failed <- fmt.Errorf("the gateway panicked: %v", p)
					}
				}()
				if err := h.work(g, w+1, rounds); err != nil {
					failed <- err
				}
			})
		}
		wg.Wait()
		close(failed)
		return <-failed
	}},
}

// work starts and receives one order of its own again and again, and expects the same each time.
func (h *Harness) work(g connector.Gateway, n, rounds int) error {
	o := h.order(g, n, h.Amounts[n%len(h.Amounts)])
	in, err := h.charged(o, n)
	if err != nil {
		return err
	}
	first, err := startPlain(g, o)
	if err != nil {
		return err
	}
	for range rounds {
		step, err := startPlain(g, o)
		if err != nil {
			return err
		}
		if !same(first, step) {
			return errors.New("Start gives another step while others use the gateway")
		}
		if _, err := h.one(g, clone(in), h.result(o, n, connector.Succeeded)); err != nil {
			return fmt.Errorf("while others use the gateway: %w", err)
		}
	}
	return nil
}

// printable expects a text that can stand in a form, a log and a statement.
func printable(text string) error {
	if text == "" || len(text) > 64 || !utf8.ValidString(text) {
		return errors.New("must be 1 to 64 bytes of UTF-8")
	}
	for _, r := range text {
		if r <= ' ' || r == 0x7f {
			return errors.New("must not hold spaces or control characters")
		}
	}
	return nil
}
