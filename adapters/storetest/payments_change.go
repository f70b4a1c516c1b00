package storetest

import (
	"context"
	"errors"

	"github.com/oplata-go/oplata/payment"
)

// changeChecks say that a change is written whole or not at all, and which refusal goes before which.
func changeChecks() []Check[payment.Store] {
	refusal := func(name string, want error, spoil ...func(*payment.Change)) Check[payment.Store] {
		return that(name, func(ctx context.Context, s payment.Store) error {
			c, err := crowded(ctx, s)
			if err != nil {
				return err
			}
			for _, spoil := range spoil {
				spoil(&c)
			}
			return errors.Join(refusesWhole(ctx, s, c, want), holdsTasks(ctx, s, "due", "kept", "taken"))
		})
	}
	return []Check[payment.Store]{
		that("A change writes all that it carries", func(ctx context.Context, s payment.Store) error {
			c, err := crowded(ctx, s)
			if err != nil {
				return err
			}
			return errors.Join(
				s.Apply(ctx, c),
				loads(ctx, s, c.Record),
				tells(ctx, s, "p-1", event("p-1", 1), event("p-1", 2), event("p-1", 3), event("p-1", 4)),
				owns(ctx, s, c.Claims[0]), owns(ctx, s, c.Claims[1]),
				holdsTasks(ctx, s, "due", "new"),
			)
		}),
		refusal("A conflict writes nothing", payment.ErrConflict, stale),
		refusal("A conflict with a later version writes nothing", payment.ErrConflict, early),
		refusal("A conflict of an insert writes nothing", payment.ErrConflict, again),
		refusal("A conflict without a record writes nothing", payment.ErrConflict, elsewhere),
		refusal("A taken claim writes nothing", payment.ErrClaimed, claimsTaken),
		refusal("A lost lease writes nothing", payment.ErrLeaseLost, losesLease),
		refusal("A finished task writes nothing", payment.ErrLeaseLost, namesNoTask),
		refusal("A lost lease goes before a conflict", payment.ErrLeaseLost, losesLease, stale),
		refusal("A finished task goes before a conflict", payment.ErrLeaseLost, namesNoTask, again),
		refusal("A lost lease goes before a taken claim", payment.ErrLeaseLost, losesLease, claimsTaken),
		refusal("A conflict goes before a taken claim", payment.ErrConflict, stale, claimsTaken),
		refusal("A lost lease goes before everything else", payment.ErrLeaseLost, losesLease, early, claimsTaken),
	}
}

// crowded fills a store and gives a change of it that carries one of each: it inserts a task and replaces another,
// drops a third and finishes a leased one.
func crowded(ctx context.Context, s payment.Store) (payment.Change, error) {
	holder, kept, due := change("p-2", 0), task("kept", "p-1"), task("due", "p-1")
	holder.Claims = []payment.Claim{claim(holder, "taken")}
	kept.Due, due.Due = moment(1000), moment(1000)
	if err := errors.Join(s.Apply(ctx, holder), put(ctx, s, task("taken", "p-1"), kept, due)); err != nil {
		return payment.Change{}, err
	}
	tasks, err := leased(ctx, s, lease(0), "taken")
	if err != nil {
		return payment.Change{}, err
	}
	c, done := change("p-1", 3), ref(tasks[0])
	due.Body = []byte(`{"do":"more"}`)
	c.Claims = []payment.Claim{claim(c, "free"), claim(c, "free too")}
	c.Put = []payment.Task{task("new", "p-1"), due}
	c.Drop = []string{"kept", "never there"}
	c.Done = &done
	return c, nil
}

// What spoils a change.

func stale(c *payment.Change) { rebase(c, 2) }

func early(c *payment.Change) { rebase(c, 4) }

func again(c *payment.Change) { rebase(c, 0) }

func elsewhere(c *payment.Change) { c.Record.ID = "p-9"; rebase(c, 3) }

func claimsTaken(c *payment.Change) { c.Claims = append(c.Claims, claim(*c, "taken")) }

func losesLease(c *payment.Change) { c.Done.Token-- }

func namesNoTask(c *payment.Change) { c.Done.ID = "never there" }

// rebase lets a change begin at another version.
func rebase(c *payment.Change, base int64) {
	fresh := change(c.Record.ID, base)
	c.Base, c.Record, c.Events = base, fresh.Record, fresh.Events
	c.Events[0].Name = "refused" // an event that is written over another one shows
	for i := range c.Claims {
		c.Claims[i].Record = c.Record.ID
	}
}
