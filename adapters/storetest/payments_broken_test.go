package storetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/adapters/storetest"
	"github.com/oplata-go/oplata/payment"
)

func TestPaymentsTellsBrokenStores(t *testing.T) {
	stores := slices.Concat(
		brokenRecords(), brokenBytes(), brokenChanges(), brokenClaims(), brokenLists(), brokenLeases(), brokenLanes(),
		brokenTasks(), brokenFinishes(), brokenContexts(), brokenRaces(), forgetful(),
	)
	tellsBroken(t, storetest.Payments(), stores, func(db *memory.DB, spoil func(*payments)) payment.Store {
		p := newPayments(db)
		spoil(p)
		return p
	})
}

func brokenRecords() []broken[payments] {
	return []broken[payments]{
		wrong("forgets the attention mark", changing(func(_ *payments, c *payment.Change) { c.Record.Attention = false }), "An inserted record is read back whole"),
		wrong("makes up what it does not find", func(p *payments) {
			p.load = func(ctx context.Context, id string) (payment.Record, error) {
				r, err := p.right.Load(ctx, id)
				if errors.Is(err, payment.ErrNotFound) {
					err = nil
				}
				return r, err
			}
		}, "A record that nobody inserted is not found"),
		wrong("never updates the reseller", changing(func(p *payments, c *payment.Change) {
			if r, err := p.right.Load(context.Background(), c.Record.ID); err == nil {
				c.Record.Reseller = r.Reseller
			}
		}), "A change replaces the record whole"),
		wrong("updates without a where clause", func(p *payments) {
			p.apply = func(ctx context.Context, c payment.Change) error {
				err := p.right.Apply(ctx, c)
				if err != nil || c.Base == 0 {
					return err
				}
				all, err := p.right.List(ctx, payment.Query{Limit: 1000})
				for _, r := range all {
					r.Account, r.UpdatedAt = c.Record.Account, c.Record.UpdatedAt
					err = errors.Join(err, p.right.Apply(ctx, payment.Change{Record: r, Base: r.Version}))
				}
				return err
			}
		}, "A change leaves other records alone"),
		wrong("lost update: ignores the version of a change", changing(func(p *payments, c *payment.Change) {
			if v := p.version(context.Background(), c.Record.ID); c.Base > 0 && v > 0 {
				c.Base = v
			}
		}), "A change of an older version is a conflict"),
		wrong("accepts later versions", changing(func(p *payments, c *payment.Change) {
			if v := p.version(context.Background(), c.Record.ID); c.Base > v && v > 0 {
				c.Base = v
			}
		}), "A change of a version still to come is a conflict"),
		wrong("inserts what it should replace", changing(func(p *payments, c *payment.Change) {
			if p.version(context.Background(), c.Record.ID) == 0 {
				c.Base = 0
			}
		}), "A change of a record that is not there is a conflict"),
		wrong("replaces what it should insert", changing(func(p *payments, c *payment.Change) {
			if c.Base == 0 {
				c.Base = p.version(context.Background(), c.Record.ID)
			}
		}), "An insert over a record is a conflict"),
		wrong("keeps a table for each kind", changing(func(p *payments, c *payment.Change) {
			if r, err := p.right.Load(context.Background(), c.Record.ID); err == nil && r.Kind != c.Record.Kind {
				c.Base = r.Version
			}
		}), "An ID belongs to one record of all kinds"),
		wrong("raises the version by itself", changing(func(_ *payments, c *payment.Change) { c.Record.Version = c.Base + 1 }),
			"A change without events keeps the version and erases personal data"),
		wrong("keeps personal data for ever", changing(func(p *payments, c *payment.Change) {
			if r, err := p.right.Load(context.Background(), c.Record.ID); err == nil && c.Record.Personal == nil {
				c.Record.Personal = r.Personal
			}
		}), "A change without events keeps the version and erases personal data"),
		wrong("writes one event only", changing(func(_ *payments, c *payment.Change) { c.Events = c.Events[:min(1, len(c.Events))] }),
			"A change may carry many events, claims and tasks"),
	}
}

func brokenBytes() []broken[payments] {
	return []broken[payments]{
		wrong("mends text", changing(func(_ *payments, c *payment.Change) {
			if c.Record.Body != nil {
				c.Record.Body = bytes.ToValidUTF8(c.Record.Body, []byte("?"))
			}
		}), "Bytes are kept exactly, whatever they are"),
		wrong("ends bytes at NUL", changing(func(_ *payments, c *payment.Change) {
			for i, e := range c.Events {
				c.Events[i].MAC, _, _ = bytes.Cut(e.MAC, []byte{0})
			}
		}), "Bytes are kept exactly, whatever they are"),
		wrong("keeps JSON as a value", changing(func(_ *payments, c *payment.Change) {
			for i, e := range c.Events {
				var value any
				if json.Unmarshal(e.Body, &value) == nil {
					c.Events[i].Body, _ = json.Marshal(value)
				}
			}
		}), "JSON text keeps its order, spaces, escapes and numbers"),
		wrong("compacts JSON", changing(func(_ *payments, c *payment.Change) {
			var compact bytes.Buffer
			if json.Compact(&compact, c.Record.Body) == nil {
				c.Record.Body = compact.Bytes()
			}
		}), "JSON text keeps its order, spaces, escapes and numbers"),
		wrong("reads empty bytes as none", reading(func(r *payment.Record) {
			if len(r.Personal) == 0 {
				r.Personal = nil
			}
		}), "No bytes stay nil, and empty bytes stay empty"),
		wrong("reads no bytes as empty", putting(func(t *payment.Task) {
			if t.Body == nil {
				t.Body = []byte{}
			}
		}), "No bytes stay nil, and empty bytes stay empty"),
		wrong("cuts long bodies", changing(func(_ *payments, c *payment.Change) { c.Record.Body = c.Record.Body[:min(len(c.Record.Body), 1<<20)] }),
			"A body of four mebibytes is kept"),
		wrong("keeps milliseconds", changing(func(_ *payments, c *payment.Change) {
			c.Record.CreatedAt = c.Record.CreatedAt.Truncate(time.Millisecond)
		}),
			"Times are kept to the microsecond, in UTC"),
		wrong("reads local times", reading(func(r *payment.Record) { r.UpdatedAt = r.UpdatedAt.In(time.FixedZone("UTC", 0)) }),
			"Times are kept to the microsecond, in UTC"),
		wrong("divides towards zero", putting(func(t *payment.Task) {
			if t.Due.Unix() < 0 {
				t.Due = t.Due.Add(time.Microsecond)
			}
		}), "Times are kept to the microsecond, in UTC"),
		wrong("trims texts", changing(func(_ *payments, c *payment.Change) { c.Record.Account = strings.TrimSpace(c.Record.Account) }),
			"Texts are kept letter by letter"),
		wrong("takes a text for a pattern", selecting(func(q *payment.Query) { q.Account = strings.ReplaceAll(q.Account, "%", "") }),
			"Texts are kept letter by letter"),
		wrong("counts in floats", putting(func(t *payment.Task) { t.Order = int64(float64(t.Order/2)) * 2 }), "Numbers are kept to the last digit"),
		wrong("keeps the caller's memory", func(p *payments) {
			bodies := map[string][]byte{}
			p.apply = func(ctx context.Context, c payment.Change) error {
				p.mu.Lock()
				defer p.mu.Unlock()
				bodies[c.Record.ID] = c.Record.Body
				return p.right.Apply(ctx, c)
			}
			p.load = func(ctx context.Context, id string) (payment.Record, error) {
				p.mu.Lock()
				defer p.mu.Unlock()
				r, err := p.right.Load(ctx, id)
				r.Body = bytes.Clone(bodies[id])
				return r, err
			}
		}, "What a change was made of may be altered afterwards"),
		wrong("gives out its own memory", func(p *payments) {
			kept := map[string][]byte{}
			p.events = func(ctx context.Context, id string, after int64, limit int) ([]payment.Event, error) {
				p.mu.Lock()
				defer p.mu.Unlock()
				events, err := p.right.Events(ctx, id, after, limit)
				for i, e := range events {
					if kept[e.ID] == nil {
						kept[e.ID] = e.MAC
					}
					events[i].MAC = kept[e.ID]
				}
				return events, err
			}
		}, "What was read may be altered afterwards"),
	}
}

func brokenChanges() []broken[payments] {
	putsOnly := func(c, only *payment.Change) { only.Put = c.Put }
	claimsOnly := func(c, only *payment.Change) {
		only.Claims = slices.DeleteFunc(slices.Clone(c.Claims), func(c payment.Claim) bool { return c.Key == "taken" })
	}
	eventsOnly := func(c, only *payment.Change) { only.Events = c.Events }
	dropsOnly := func(c, only *payment.Change) { only.Drop = c.Drop }
	recordOnly := func(c, only *payment.Change) { only.Record.Status = c.Record.Status + "!" }
	doneOnly := func(c, only *payment.Change) { only.Done = c.Done }
	claimsFirst := refusing(payment.ErrConflict, func(ctx context.Context, p *payments, c payment.Change, refusal error) error {
		for _, claim := range c.Claims {
			if _, held, err := p.right.Owner(ctx, claim.Scope, claim.Key); err == nil {
				return &payment.ClaimedError{Claim: held}
			}
		}
		return refusal
	})
	leaseLast := refusing(payment.ErrLeaseLost, func(ctx context.Context, p *payments, c payment.Change, refusal error) error {
		c.Done = nil
		if p.version(ctx, c.Record.ID) != c.Base {
			return payment.ErrConflict
		}
		for _, claim := range c.Claims {
			if _, held, err := p.right.Owner(ctx, claim.Scope, claim.Key); err == nil {
				return &payment.ClaimedError{Claim: held}
			}
		}
		return refusal
	})
	return []broken[payments]{
		wrong("drops claims", changing(func(_ *payments, c *payment.Change) { c.Claims = nil }), "A change writes all that it carries"),
		wrong("puts tasks although in conflict", leaking(payment.ErrConflict, putsOnly), "A conflict writes nothing"),
		wrong("drops tasks although in conflict", leaking(payment.ErrConflict, dropsOnly), "A conflict writes nothing"),
		wrong("finishes a task although in conflict", leaking(payment.ErrConflict, doneOnly), "A conflict writes nothing"),
		wrong("claims although in conflict", leaking(payment.ErrConflict, claimsOnly), "A conflict with a later version writes nothing"),
		wrong("writes events although in conflict", leaking(payment.ErrConflict, eventsOnly), "A conflict of an insert writes nothing"),
		wrong("inserts although in conflict", leaking(payment.ErrConflict, recordOnly), "A conflict without a record writes nothing"),
		wrong("writes the record although a claim is taken", leaking(payment.ErrClaimed, recordOnly), "A taken claim writes nothing"),
		wrong("takes free claims although another is taken", leaking(payment.ErrClaimed, claimsOnly), "A taken claim writes nothing"),
		wrong("finishes a task although a claim is taken", leaking(payment.ErrClaimed, doneOnly), "A taken claim writes nothing"),
		wrong("puts tasks although the lease is lost", leaking(payment.ErrLeaseLost, putsOnly), "A lost lease writes nothing"),
		wrong("writes events although the task is gone", leaking(payment.ErrLeaseLost, eventsOnly), "A finished task writes nothing"),
		wrong("tells a conflict before a lost lease", leaseLast, "A lost lease goes before a conflict"),
		wrong("tells a conflict before a finished task", leaseLast, "A finished task goes before a conflict"),
		wrong("tells a taken claim before a lost lease", leaseLast, "A lost lease goes before a taken claim"),
		wrong("tells anything before a lost lease", leaseLast, "A lost lease goes before everything else"),
		wrong("tells a taken claim before a conflict", claimsFirst, "A conflict goes before a taken claim"),
	}
}

func brokenClaims() []broken[payments] {
	// scoped renames the scope or key of claims on their way in and looks them up under the new names.
	renamed := func(rename func(scope, key, record string) (string, string)) func(*payments) {
		return func(p *payments) {
			names := map[[2]string]payment.Claim{}
			p.apply = func(ctx context.Context, c payment.Change) error {
				p.mu.Lock()
				defer p.mu.Unlock()
				given := slices.Clone(c.Claims)
				c.Claims = slices.Clone(c.Claims)
				for i, claim := range c.Claims {
					c.Claims[i].Scope, c.Claims[i].Key = rename(claim.Scope, claim.Key, claim.Record)
				}
				err := p.right.Apply(ctx, c)
				if err == nil {
					for i, claim := range c.Claims {
						names[[2]string{claim.Scope, claim.Key}] = given[i]
					}
				}
				return err
			}
			p.owner = func(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
				p.mu.Lock()
				defer p.mu.Unlock()
				for stored, given := range names {
					if given.Scope == scope && given.Key == key {
						r, _, err := p.right.Owner(ctx, stored[0], stored[1])
						return r, given, err
					}
				}
				return payment.Record{}, payment.Claim{}, payment.ErrNotFound
			}
		}
	}
	perRecord := renamed(func(scope, key, record string) (string, string) { return scope + "\x00" + record, key })
	without := func(skip func(p *payments, c payment.Change, held payment.Claim) bool) func(*payments) {
		return changing(func(p *payments, c *payment.Change) {
			whole := *c
			c.Claims = slices.DeleteFunc(c.Claims, func(claim payment.Claim) bool {
				_, held, err := p.right.Owner(context.Background(), claim.Scope, claim.Key)
				return err == nil && skip(p, whole, held)
			})
		})
	}
	return []broken[payments]{
		wrong("finds every claim", func(p *payments) {
			p.owner = func(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
				r, c, err := p.right.Owner(ctx, scope, key)
				if errors.Is(err, payment.ErrNotFound) {
					err = nil
				}
				return r, c, err
			}
		}, "A claim that nobody holds is not found"),
		wrong("reads the owner as it was when it claimed", func(p *payments) {
			p.owner = func(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
				r, c, err := p.right.Owner(ctx, scope, key)
				r.Version = 1
				return r, c, err
			}
		}, "The owner of a claim is read as it now stands"),
		wrong("claims per record", perRecord, "A claim that another record holds is refused"),
		wrong("lets a record claim again", without(func(_ *payments, c payment.Change, held payment.Claim) bool { return held.Record == c.Record.ID }),
			"A claim that the same record holds is refused"),
		wrong("looks at the first claim only", without(func(_ *payments, c payment.Change, held payment.Claim) bool { return c.Claims[0].Key != held.Key }),
			"A taken claim is told wherever it stands among free ones"),
		wrong("tells the claim that was wanted", refusing(payment.ErrClaimed, func(_ context.Context, _ *payments, c payment.Change, _ error) error {
			return &payment.ClaimedError{Claim: c.Claims[0]}
		}), "The error of a taken claim carries the claim as it is stored"),
		wrong("tells a taken claim without the claim", refusing(payment.ErrClaimed, func(context.Context, *payments, payment.Change, error) error {
			return payment.ErrClaimed
		}), "The error of a taken claim carries the claim as it is stored"),
		wrong("releases claims with the next change", without(func(p *payments, _ payment.Change, held payment.Claim) bool {
			return p.version(context.Background(), held.Record) > 1
		}), "A claim stays when its record changes"),
		wrong("claims over all scopes", renamed(func(_, key, _ string) (string, string) { return "", key }), "The same key in another scope is another claim"),
		wrong("runs scope and key together", renamed(func(scope, key, _ string) (string, string) { return "", scope + "/" + key }), "Scope and key do not run together"),
		wrong("folds the case of keys", renamed(func(scope, key, _ string) (string, string) { return scope, strings.ToLower(key) }), "Keys that look alike are different claims"),
		wrong("trims keys", renamed(func(scope, key, _ string) (string, string) { return scope, strings.TrimSpace(key) }), "Keys that look alike are different claims"),
	}
}

func brokenLists() []broken[payments] {
	listing := func(alter func([]payment.Record) []payment.Record) func(*payments) {
		return func(p *payments) {
			p.list = func(ctx context.Context, q payment.Query) ([]payment.Record, error) {
				all, err := p.right.List(ctx, q)
				return alter(all), err
			}
		}
	}
	telling := func(alter func(after int64, limit int) (int64, int), then func([]payment.Event) []payment.Event) func(*payments) {
		return func(p *payments) {
			p.events = func(ctx context.Context, id string, after int64, limit int) ([]payment.Event, error) {
				after, limit = alter(after, limit)
				events, err := p.right.Events(ctx, id, after, limit)
				return then(events), err
			}
		}
	}
	asIs := func(after int64, limit int) (int64, int) { return after, limit }
	all := func(events []payment.Event) []payment.Event { return events }
	const eventsPage = "Events are read by ascending number, after one and up to a limit"
	const selected = "Records are selected by every field of a query and by all together"
	return []broken[payments]{
		wrong("lists a record that is none", listing(func(all []payment.Record) []payment.Record { return append(all, payment.Record{}) }), "An empty store lists nothing"),
		wrong("lists ascending", listing(func(all []payment.Record) []payment.Record { slices.Reverse(all); return all }),
			"Records are listed by descending ID, however they were written"),
		wrong("lists by time", listing(func(all []payment.Record) []payment.Record {
			slices.SortStableFunc(all, func(a, b payment.Record) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
			return all
		}), "Records are listed by descending ID, however they were written"),
		wrong("collates IDs", listing(func(all []payment.Record) []payment.Record {
			slices.SortFunc(all, func(a, b payment.Record) int { return strings.Compare(strings.ToLower(b.ID), strings.ToLower(a.ID)) })
			return all
		}), "IDs are ordered byte by byte"),
		wrong("lists without a limit", selecting(func(q *payment.Query) { q.Limit = 1000 }), "A page of records holds no more than its limit"),
		wrong("repeats the last one of a page", selecting(func(q *payment.Query) {
			if q.Before != "" {
				q.Before += "\x00"
			}
		}), "A page of records begins below the ID before, whether that is there or not"),
		wrong("selects without the kind", selecting(func(q *payment.Query) { q.Kind = "" }), selected),
		wrong("selects without the reseller", selecting(func(q *payment.Query) { q.Reseller = "" }), selected),
		wrong("selects without the account", selecting(func(q *payment.Query) { q.Account = "" }), selected),
		wrong("selects without the status", selecting(func(q *payment.Query) { q.Status = "" }), selected),
		wrong("selects without attention", selecting(func(q *payment.Query) { q.Attention = false }), selected),
		wrong("cuts before it selects", func(p *payments) {
			p.list = func(ctx context.Context, q payment.Query) ([]payment.Record, error) {
				some, err := p.right.List(ctx, payment.Query{Before: q.Before, Limit: q.Limit})
				return slices.DeleteFunc(some, func(r payment.Record) bool { return q.Account != "" && r.Account != q.Account }), err
			}
		}, selected),
		wrong("pages by number", func(p *payments) {
			pages := map[string]int{}
			p.list = func(ctx context.Context, q payment.Query) ([]payment.Record, error) {
				all, err := p.right.List(ctx, payment.Query{Limit: 1000})
				from := min(pages[q.Before], len(all))
				page := all[from:min(from+q.Limit, len(all))]
				if len(page) > 0 {
					pages[page[len(page)-1].ID] = from + len(page)
				}
				return page, err
			}
		}, "The pages of a list neither repeat nor skip a record while others are inserted"),
		wrong("lists the versions that were inserted", listing(func(all []payment.Record) []payment.Record {
			for i := range all {
				all[i].Version = 1
			}
			return all
		}), "A record is listed whole and as it now stands"),
		wrong("lists without the body", listing(func(all []payment.Record) []payment.Record {
			for i := range all {
				all[i].Body = nil
			}
			return all
		}), "A record is listed whole and as it now stands"),
		wrong("repeats the event after", telling(func(after int64, limit int) (int64, int) { return after - 1, limit }, all), eventsPage),
		wrong("reads events without a limit", telling(func(after int64, _ int) (int64, int) { return after, 1000 }, all), eventsPage),
		wrong("orders event numbers as texts", telling(asIs, func(events []payment.Event) []payment.Event {
			slices.SortFunc(events, func(a, b payment.Event) int { return strings.Compare(fmt.Sprint(a.Seq), fmt.Sprint(b.Seq)) })
			return events
		}), eventsPage),
		wrong("reads events by a prefix", func(p *payments) {
			p.events = func(ctx context.Context, id string, after int64, limit int) ([]payment.Event, error) {
				events, err := p.right.Events(ctx, id, after, limit)
				records, _ := p.right.List(ctx, payment.Query{Limit: 1000})
				for _, r := range records {
					if r.ID != id && strings.HasPrefix(r.ID, id) {
						more, _ := p.right.Events(ctx, r.ID, after, limit)
						events = append(events, more...)
					}
				}
				return events, err
			}
		}, "Events are those of one record"),
	}
}
