package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oplata-go/oplata/payment"
)

// listChecks say how records and events are read page by page.
func listChecks() []Check[payment.Store] {
	return []Check[payment.Store]{
		that("An empty store lists nothing", func(ctx context.Context, s payment.Store) error {
			return errors.Join(lists(ctx, s, payment.Query{Limit: 10}), tells(ctx, s, "p-1"), holdsTasks(ctx, s))
		}),
		that("Records are listed by descending ID, however they were written", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				inserted(ctx, s, "p-2", "p-4", "p-1", "p-3"), s.Apply(ctx, change("p-1", 1)),
				lists(ctx, s, payment.Query{Limit: 10}, "p-4", "p-3", "p-2", "p-1"),
			)
		}),
		that("IDs are ordered byte by byte", func(ctx context.Context, s payment.Store) error {
			ids := []string{"10", "9", "A", "B", "_", "a", "a-b", "a.b", "aB", "ab", "b", "é", "я"}
			descending := slices.Clone(ids)
			slices.Reverse(descending)
			var tasks []payment.Task
			for _, id := range descending {
				tasks = append(tasks, task(id, id))
			}
			return errors.Join(
				inserted(ctx, s, "b", "я", "A", "a.b", "aB", "10", "ab", "_", "9", "é", "a-b", "a", "B"),
				put(ctx, s, tasks...),
				lists(ctx, s, payment.Query{Limit: 100}, descending...),
				lists(ctx, s, payment.Query{Before: "a", Limit: 100}, "_", "B", "A", "9", "10"),
				holdsTasks(ctx, s, ids...),
			)
		}),
		that("A page of records holds no more than its limit", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				inserted(ctx, s, "p-1", "p-2", "p-3"),
				lists(ctx, s, payment.Query{Limit: 1}, "p-3"), lists(ctx, s, payment.Query{Limit: 2}, "p-3", "p-2"),
				lists(ctx, s, payment.Query{Limit: 3}, "p-3", "p-2", "p-1"),
				lists(ctx, s, payment.Query{Limit: 1000}, "p-3", "p-2", "p-1"),
			)
		}),
		that("A page of records begins below the ID before, whether that is there or not", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				inserted(ctx, s, "p-1", "p-3", "p-5"),
				lists(ctx, s, payment.Query{Before: "p-5", Limit: 10}, "p-3", "p-1"),
				lists(ctx, s, payment.Query{Before: "p-4", Limit: 1}, "p-3"),
				lists(ctx, s, payment.Query{Before: "p-1", Limit: 10}),
				lists(ctx, s, payment.Query{Before: "a", Limit: 10}),
			)
		}),
		that("Records are selected by every field of a query and by all together", selectsRecords),
		that("The pages of a list neither repeat nor skip a record while others are inserted", pages),
		that("A record is listed whole and as it now stands", func(ctx context.Context, s payment.Store) error {
			if err := errors.Join(inserted(ctx, s, "p-1", "p-2"), s.Apply(ctx, change("p-1", 1))); err != nil {
				return err
			}
			got, err := s.List(ctx, payment.Query{Limit: 10})
			return errors.Join(err, sameAll(got, []payment.Record{record("p-2", 1), record("p-1", 2)}))
		}),
		that("Events are read by ascending number, after one and up to a limit", readsEvents),
		that("Events are those of one record", func(ctx context.Context, s payment.Store) error {
			return errors.Join(
				inserted(ctx, s, "p-1", "p-11", "p-", "P-1", "p-2"), s.Apply(ctx, change("p-1", 1)),
				tells(ctx, s, "p-1", event("p-1", 1), event("p-1", 2)), tells(ctx, s, "p-11", event("p-11", 1)),
				tells(ctx, s, "p-12"),
			)
		}),
	}
}

// lists says which records a query selects, if they are not these.
func lists(ctx context.Context, s payment.Store, q payment.Query, want ...string) error {
	got, err := s.List(ctx, q)
	return about(fmt.Sprintf("list of %+v", q), errors.Join(err, sameIDs(got, recordID, want...)))
}

// filters are the fields of a query, and what each of them selects.
func filters() []filter {
	return []filter{
		{
			func(q *payment.Query) { q.Kind = payment.ReceiptRecord },
			func(r *payment.Record) { r.Kind = payment.ReceiptRecord },
		},
		{
			func(q *payment.Query) { q.Reseller = "reseller-2" },
			func(r *payment.Record) { r.Reseller = "reseller-2" },
		},
		{
			func(q *payment.Query) { q.Account = "43" },
			func(r *payment.Record) { r.Account = "43" },
		},
		{
			func(q *payment.Query) { q.Status = payment.Processing },
			func(r *payment.Record) { r.Status = payment.Processing },
		},
		{
			func(q *payment.Query) { q.Attention = true },
			func(r *payment.Record) { r.Attention = true },
		},
	}
}

type filter struct {
	ask func(*payment.Query)
	fit func(*payment.Record) // makes a record that ask selects
}

// selectsRecords makes a record for every set of filters that it fits, and then asks with every set of filters.
func selectsRecords(ctx context.Context, s payment.Store) error {
	filters := filters()
	sets := 1 << len(filters)
	ids := numbered("p", sets)
	for set, id := range ids {
		c := change(id, 0)
		for i, f := range filters {
			if set>>i&1 > 0 {
				f.fit(&c.Record)
			}
		}
		if err := s.Apply(ctx, c); err != nil {
			return err
		}
	}
	for asked := range sets {
		q := payment.Query{Limit: 1000}
		for i, f := range filters {
			if asked>>i&1 > 0 {
				f.ask(&q)
			}
		}
		var want []string
		for set := sets - 1; set >= 0; set-- {
			if set&asked == asked {
				want = append(want, ids[set])
			}
		}
		page := q
		page.Before, page.Limit = want[0], 1
		if err := errors.Join(lists(ctx, s, q, want...), lists(ctx, s, page, want[1:min(2, len(want))]...)); err != nil {
			return err
		}
	}
	return lists(ctx, s, payment.Query{Account: "44", Limit: 1000})
}

// pages inserts a record above and one below the place of reading after each of the first pages. Those that were there
// from the beginning must come once each.
func pages(ctx context.Context, s payment.Store) error {
	first := numbered("p", 20)
	if err := inserted(ctx, s, first...); err != nil {
		return err
	}
	seen := map[string]int{}
	q := payment.Query{Limit: 3}
	for n := range 20 {
		page, err := s.List(ctx, q)
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		for _, r := range page {
			seen[r.ID]++
			q.Before = r.ID
		}
		if n > 4 {
			continue
		}
		if err := inserted(ctx, s, fmt.Sprint("q-", n), fmt.Sprint("p-00", n, "-later")); err != nil {
			return err
		}
	}
	for id, times := range seen {
		if times > 1 {
			return fmt.Errorf("record %s was listed %d times", id, times)
		}
	}
	for _, id := range first {
		if seen[id] == 0 {
			return fmt.Errorf("record %s was not listed", id)
		}
	}
	return nil
}

func readsEvents(ctx context.Context, s payment.Store) error {
	const many = 12 // more than one digit
	var all []payment.Event
	for base := range int64(many) {
		if err := s.Apply(ctx, change("p-1", base)); err != nil {
			return err
		}
		all = append(all, event("p-1", base+1))
	}
	for after := range int64(many + 2) {
		for _, limit := range []int{1, 3, many, 1000} {
			begin := min(int(after), many)
			want := all[begin:min(begin+limit, many)]
			got, err := s.Events(ctx, "p-1", after, limit)
			if err := errors.Join(err, sameAll(got, want)); err != nil {
				return fmt.Errorf("events after %d, at most %d: %w", after, limit, err)
			}
		}
	}
	return nil
}
