package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/oplata-go/oplata/payment"
)

// byteChecks say that a store gives back exactly what it was given, and a copy of it.
func byteChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("Bytes are kept exactly, whatever they are", func(ctx context.Context, s payment.Store) error {
			return eachBytes(ctx, s, []byte("\x00\x01\xff\xfe \xc3\x28 \xed\xa0\x80 \r\n\t\\ ' \" % \x00"), every256())
		}),
		that("JSON text keeps its order, spaces, escapes and numbers", func(ctx context.Context, s payment.Store) error {
			return eachBytes(ctx, s,
				[]byte(`{"b":1,"a":2,"b":3}`), []byte(` { "a" : 1.0 } `), []byte("{\"a\":\n1e2}\n"),
				[]byte(`{"a":"\u0000<\/>\u00e9é"}`), []byte(`{"n":12345678901234567890.10}`), []byte(`null`))
		}),
		that("No bytes stay nil, and empty bytes stay empty", func(ctx context.Context, s payment.Store) error {
			return eachBytes(ctx, s, nil, []byte{})
		}),
		that("A body of four mebibytes is kept", func(ctx context.Context, s payment.Store) error {
			return eachBytes(ctx, s, bytes.Repeat([]byte(`{"long":true}, `), 4<<20/15))
		}),
		that("Times are kept to the microsecond, in UTC", keepsTimes),
		that("Texts are kept letter by letter", keepsTexts),
		that("Numbers are kept to the last digit", keepsNumbers),
		that("What a change was made of may be altered afterwards", func(ctx context.Context, s payment.Store) error {
			c, want := full("p-1"), full("p-1")
			if err := s.Apply(ctx, c); err != nil {
				return err
			}
			scribble(c.Record.Body, c.Record.Personal, c.Events[0].Body, c.Events[0].MAC, c.Put[0].Body)
			return gives(ctx, s, want)
		}),
		that("What was read may be altered afterwards", alterRead),
	}
}

func every256() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// full gives an insert with everything in it that has bytes.
func full(id string) payment.Change {
	c := change(id, 0)
	c.Claims = []payment.Claim{claim(c, "key of "+id)}
	c.Put = []payment.Task{task("task of "+id, id)}
	return c
}

// gives says how what a store gives differs from the full change that was written.
func gives(ctx context.Context, s payment.Store, c payment.Change) error {
	owner, _, err := s.Owner(ctx, c.Claims[0].Scope, c.Claims[0].Key)
	if err != nil {
		return fmt.Errorf("owner of %q: %w", c.Claims[0].Key, err)
	}
	listed, err := s.List(ctx, payment.Query{Limit: 1000})
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	err = fmt.Errorf("record %s is not listed", c.Record.ID)
	for _, r := range listed {
		if r.ID == c.Record.ID {
			err = about("listed record "+r.ID, same(r, c.Record))
		}
	}
	return errors.Join(
		err,
		loads(ctx, s, c.Record),
		about("owner of "+c.Claims[0].Key, same(owner, c.Record)),
		owns(ctx, s, c.Claims[0]),
		tells(ctx, s, c.Record.ID, c.Events...),
		keeps(ctx, s, c.Put[0]),
	)
}

// eachBytes writes every sample wherever a store keeps bytes.
func eachBytes(ctx context.Context, s payment.Store, samples ...[]byte) error {
	for _, id := range numbered("p", len(samples)) {
		sample := samples[0]
		samples = samples[1:]
		c := full(id)
		c.Record.Body, c.Record.Personal, c.Events[0].Body, c.Events[0].MAC, c.Put[0].Body = sample, sample, sample, sample, sample
		if err := errors.Join(s.Apply(ctx, c), gives(ctx, s, c)); err != nil {
			return fmt.Errorf("with %s: %w", brief(sample), err)
		}
		tasks, err := s.Lease(ctx, lease(0))
		if err != nil || len(tasks) != 1 {
			return fmt.Errorf("lease: got %d tasks and error %w, want one", len(tasks), orNone(err))
		}
		if err := sameField(tasks[0].Body, sample); err != nil {
			return fmt.Errorf("body of a leased task: %w", err)
		}
	}
	return nil
}

func keepsTimes(ctx context.Context, s payment.Store) error {
	moments := []time.Time{
		moment(0),
		time.Date(2026, time.December, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(2000, time.February, 29, 0, 0, 0, 1000, time.UTC),
		time.Date(1969, time.December, 31, 23, 59, 59, 999999000, time.UTC), // a negative count of microseconds
		time.Date(9999, time.December, 31, 23, 59, 59, 999999000, time.UTC),
		{}, // the zero time stays the zero time
	}
	for i, id := range numbered("p", len(moments)) {
		c := full(id)
		c.Record.CreatedAt, c.Record.UpdatedAt, c.Events[0].At, c.Put[0].Due = moments[i], moments[i], moments[i], moments[i]
		if err := errors.Join(s.Apply(ctx, c), gives(ctx, s, c)); err != nil {
			return err
		}
	}
	next, err := s.NextDue(ctx, "none of the suite's")
	return errors.Join(err, about("no due time", sameField(next, time.Time{})))
}

func keepsTexts(ctx context.Context, s payment.Store) error {
	texts := []string{
		`quotes ' " and \ and ; -- /* */ $1 ? :a %s %`, " spaces  at both ends ", "two\nlines\ttab",
		"Пополнение баланса через ЛК", "қазақша", "日本語", "e\u0301 and \u00e9",
		"🧾\u200d\U0010ffff", "NULL", "0",
	}
	for i, id := range numbered("p", len(texts)) {
		text := texts[i]
		c := full(id)
		c.Record.Reseller, c.Record.Account = text, text
		c.Events[0].ID, c.Events[0].Name, c.Events[0].KeyID = text, text, text
		c.Claims[0].Scope, c.Claims[0].Key, c.Claims[0].Print = text, text, text
		c.Put[0].ID, c.Put[0].Queue, c.Put[0].Lane, c.Put[0].Note = text, text, text, text
		if err := errors.Join(s.Apply(ctx, c), gives(ctx, s, c)); err != nil {
			return fmt.Errorf("with %q: %w", text, err)
		}
		records, err := s.List(ctx, payment.Query{Reseller: text, Account: text, Limit: 10})
		if err := errors.Join(err, sameIDs(records, recordID, id)); err != nil {
			return fmt.Errorf("list by %q: %w", text, err)
		}
		if err := leases(ctx, s, payment.Lease{Queue: text, Now: moment(0), Until: moment(1), Limit: 1}, text); err != nil {
			return err
		}
	}
	return nil
}

func keepsNumbers(ctx context.Context, s payment.Store) error {
	orders := []int64{0, -1, 1, 1<<53 + 1, math.MaxInt64, math.MinInt64}
	for i, id := range numbered("p", len(orders)) {
		c := full(id)
		c.Put[0].Lane, c.Put[0].Order, c.Put[0].Tries = id, orders[i], 1<<31-1
		if err := errors.Join(s.Apply(ctx, c), gives(ctx, s, c)); err != nil {
			return err
		}
	}
	return nil
}

func scribble(slices ...[]byte) {
	for _, b := range slices {
		for i := range b {
			b[i] = '#'
		}
	}
}

// alterRead alters everything that was read and reads it again.
func alterRead(ctx context.Context, s payment.Store) error {
	c := full("p-1")
	if err := s.Apply(ctx, c); err != nil {
		return err
	}
	for range 2 {
		loaded, err := s.Load(ctx, "p-1")
		owner, _, err2 := s.Owner(ctx, c.Claims[0].Scope, c.Claims[0].Key)
		listed, err3 := s.List(ctx, payment.Query{Limit: 10})
		events, err4 := s.Events(ctx, "p-1", 0, 10)
		tasks, err5 := s.Tasks(ctx, payment.TaskQuery{Limit: 10})
		if err := errors.Join(err, err2, err3, err4, err5, gives(ctx, s, c)); err != nil {
			return err
		}
		scribble(loaded.Body, loaded.Personal, owner.Body, owner.Personal)
		for _, r := range listed {
			scribble(r.Body, r.Personal)
		}
		for _, e := range events {
			scribble(e.Body, e.MAC)
		}
		for _, t := range tasks {
			scribble(t.Body)
		}
	}
	first, err := leased(ctx, s, lease(0), c.Put[0].ID)
	if err != nil {
		return err
	}
	scribble(first[0].Body)
	again, err := leased(ctx, s, lease(60), c.Put[0].ID)
	if err != nil {
		return err
	}
	return about("body of a leased task", sameField(again[0].Body, c.Put[0].Body))
}
