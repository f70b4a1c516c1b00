package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/oplata-go/oplata/payment"
)

// plainTasks does what the store promises about tasks in the plainest way: it parks nothing and looks at everything.
type plainTasks map[string]payment.Task

func (all plainTasks) put(t payment.Task) {
	if old, ok := all[t.ID]; ok {
		t.Token = old.Token + 1
	}
	all[t.ID] = t
}

// first reports whether a task may leave its lane now.
func (all plainTasks) first(t payment.Task) bool {
	if t.Lane == "" {
		return true
	}
	heldUp := func(t payment.Task) bool {
		for _, u := range all {
			if u.Dead && u.Lane == t.Lane && u.Record == t.Record && earlier(u, t) {
				return true
			}
		}
		return false
	}
	for _, u := range all {
		if !u.Dead && u.Lane == t.Lane && earlier(u, t) && !heldUp(u) {
			return false
		}
	}
	return !heldUp(t)
}

func earlier(a, b payment.Task) bool {
	return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID)) < 0
}

// ready lists what can be leased, ever if the time were right, by due time.
func (all plainTasks) ready() (ready []payment.Task) {
	for _, t := range all {
		if !t.Dead && all.first(t) {
			ready = append(ready, t)
		}
	}
	slices.SortFunc(ready, func(a, b payment.Task) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	return ready
}

func (all plainTasks) lease(l payment.Lease) (leased []payment.Task) {
	for _, t := range all.ready() {
		if len(leased) == l.Limit || t.Due.After(l.Now) {
			break
		}
		t.Tries++
		t.Token++
		t.Due = l.Until
		leased = append(leased, t)
	}
	for _, t := range leased {
		all[t.ID] = t
	}
	return leased
}

func (all plainTasks) finish(end payment.TaskEnd) {
	t, ok := all[end.ID]
	switch {
	case !ok || t.Token != end.Token:
	case !end.Dead && end.Retry.IsZero():
		delete(all, end.ID)
	default:
		t.Dead, t.Note = end.Dead, end.Note
		if !end.Retry.IsZero() {
			t.Due = end.Retry
		}
		all[end.ID] = t
	}
}

// Parking tasks that are not their lane's first is invisible, whatever is done in whatever order.
func TestParkingIsInvisible(t *testing.T) {
	db := openNew(t)
	ctx := context.Background()
	run := 0
	second := func(n int) time.Time { return time.Unix(1_700_000_000+int64(n), 0).UTC() }
	rapid.Check(t, func(t *rapid.T) {
		run++
		queue, version := fmt.Sprintf("queue-%d", run), int64(0)
		model := plainTasks{}
		id := func(t *rapid.T) string {
			return fmt.Sprintf("%s/%c", queue, rapid.IntRange('a', 'g').Draw(t, "id"))
		}
		change := func(t *rapid.T, c payment.Change) {
			c.Record, c.Base = payment.Record{ID: queue, Version: version + 1}, version
			require.NoError(t, db.Payments().Apply(ctx, c))
			version++
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				task := payment.Task{
					ID: id(t), Queue: queue, Lane: rapid.SampledFrom([]string{"", "x", "x", "y"}).Draw(t, "lane"),
					Order:  int64(rapid.IntRange(1, 5).Draw(t, "order")),
					Record: rapid.SampledFrom([]string{"r1", "r2"}).Draw(t, "record"),
					Due:    second(rapid.IntRange(0, 9).Draw(t, "due")), Dead: rapid.IntRange(0, 9).Draw(t, "dead") == 0,
				}
				change(t, payment.Change{Put: []payment.Task{task}})
				model.put(task)
			},
			"drop": func(t *rapid.T) {
				gone := id(t)
				change(t, payment.Change{Drop: []string{gone}})
				delete(model, gone)
			},
			"lease": func(t *rapid.T) {
				now := rapid.IntRange(0, 9).Draw(t, "now")
				l := payment.Lease{
					Queue: queue, Now: second(now), Until: second(now + rapid.IntRange(0, 3).Draw(t, "for")),
					Limit: rapid.IntRange(1, 4).Draw(t, "limit"),
				}
				leased, err := db.Payments().Lease(ctx, l)
				require.NoError(t, err)
				require.Equal(t, model.lease(l), leased)
			},
			"finish": func(t *rapid.T) {
				task := model[id(t)]
				end := payment.TaskEnd{
					TaskRef: payment.TaskRef{ID: task.ID, Token: task.Token - int64(rapid.IntRange(0, 5).Draw(t, "stale")/5)},
					Dead:    rapid.IntRange(0, 2).Draw(t, "dead") == 0, Note: "note",
				}
				if rapid.Bool().Draw(t, "retry") {
					end.Retry = second(rapid.IntRange(0, 9).Draw(t, "due"))
				}
				require.NoError(t, db.Payments().Finish(ctx, []payment.TaskEnd{end}))
				model.finish(end)
			},
			"": func(t *rapid.T) {
				// A task that waits for another may or may not be looked at.
				next, err := db.Payments().NextDue(ctx, queue)
				require.NoError(t, err)
				if ready := model.ready(); len(ready) > 0 {
					require.False(t, next.IsZero())
					require.False(t, next.After(ready[0].Due))
				}
				tasks, err := db.Payments().Tasks(ctx, payment.TaskQuery{Queue: queue, Limit: 100})
				require.NoError(t, err)
				require.Len(t, tasks, len(model))
				for _, task := range tasks {
					require.Equal(t, model[task.ID], task)
				}
			},
		})
	})
}

// A task that is put dead holds up those of its record at once, so that another's may leave, parked as it may be.
func TestTaskPutDeadLetsOthersPass(t *testing.T) {
	db := openNew(t)
	ctx, record := t.Context(), payment.Record{ID: "p-1"}
	put := func(task payment.Task) {
		record.Version++
		c := payment.Change{Record: record, Base: record.Version - 1, Put: []payment.Task{task}}
		require.NoError(t, db.Payments().Apply(ctx, c))
	}
	lease := func() (ids []string) {
		leased, err := db.Payments().Lease(ctx, payment.Lease{Queue: "q", Now: noon, Until: noon, Limit: 10})
		require.NoError(t, err)
		for _, task := range leased {
			ids = append(ids, task.ID)
		}
		return ids
	}
	put(payment.Task{ID: "t-2", Queue: "q", Lane: "l", Order: 2, Record: "r-1", Due: noon})
	put(payment.Task{ID: "t-3", Queue: "q", Lane: "l", Order: 3, Record: "r-2", Due: noon})
	require.Equal(t, []string{"t-2"}, lease()) // parks t-3
	put(payment.Task{ID: "t-1", Queue: "q", Lane: "l", Order: 1, Record: "r-1", Due: noon, Dead: true})
	require.Equal(t, []string{"t-3"}, lease()) // parks t-2
	record.Version++
	require.NoError(t, db.Payments().Apply(ctx, payment.Change{Record: record, Base: record.Version - 1, Drop: []string{"t-1"}}))
	require.Equal(t, []string{"t-2"}, lease())
}
