package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/adapters/storetest"
	"github.com/oplata-go/oplata/connector"
)

func TestConnectorsTellsBrokenStores(t *testing.T) {
	tellsBroken(t, storetest.Connectors(),
		slices.Concat(brokenConnectors(), brokenUses(), brokenMethods(), brokenSettings(), brokenConnectorLists(), brokenConnectorStores()),
		func(db *memory.DB, spoil func(*connectors)) connector.Store {
			c := newConnectors(db)
			spoil(c)
			return c
		})
}

func brokenConnectors() []broken[connectors] {
	const bodies = "The bodies of connectors, methods and settings are kept exactly"
	const shared = "The bodies that a store was given or gave may be altered"
	sharing := func(c *connectors) {
		kept := map[int64][]byte{}
		readingKind(func(c *connectors, r *connector.ConnectorRecord) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if kept[r.Version] == nil {
				kept[r.Version] = r.Body
			}
			r.Body = kept[r.Version]
		})(c)
	}
	keeping := func(c *connectors) {
		given := map[int64][]byte{}
		c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
			given[m.Version] = m.Body
			return c.right.PutMethod(ctx, m, s)
		}
		c.method = func(ctx context.Context, id string) (connector.MethodRecord, error) {
			m, err := c.right.Method(ctx, id)
			m.Body = bytes.Clone(given[m.Version])
			return m, err
		}
	}
	return []broken[connectors]{
		wrong("forgets the body", puttingKind(func(_ *connectors, r *connector.ConnectorRecord, _ *bool) { r.Body = []byte(`{}`) }),
			"An inserted connector is read back whole"),
		wrong("makes up connectors", func(c *connectors) {
			c.one = func(ctx context.Context, id string) (connector.ConnectorRecord, error) {
				r, err := c.right.Connector(ctx, id)
				if errors.Is(err, connector.ErrNotFound) {
					err = nil
				}
				return r, err
			}
		}, "A connector that nobody inserted is not found"),
		wrong("writes the count it is given", func(c *connectors) {
			counts := map[string]int{}
			c.put = func(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
				counts[r.ID] = r.Methods
				return c.right.PutConnector(ctx, r, unused)
			}
			readingKind(func(_ *connectors, r *connector.ConnectorRecord) { r.Methods = counts[r.ID] })(c)
		}, "A count of payment methods is never written"),
		wrong("never replaces the body", puttingKind(func(c *connectors, r *connector.ConnectorRecord, _ *bool) {
			if now := c.kind(r.ID); now.ID != "" {
				r.Body = now.Body
			}
		}), "A connector is replaced whole by its next version"),
		wrong("replaces what it should insert", puttingKind(func(c *connectors, r *connector.ConnectorRecord, _ *bool) {
			if now := c.kind(r.ID); r.Version == 1 && now.ID != "" {
				r.Version = now.Version + 1
			}
		}), "An insert over a connector is refused"),
		wrong("inserts what it should replace", puttingKind(func(c *connectors, r *connector.ConnectorRecord, _ *bool) {
			if c.kind(r.ID).ID == "" {
				r.Version = 1
			}
		}), "A new version of a connector that is not there is refused"),
		wrong("lost update: ignores the version", puttingKind(func(c *connectors, r *connector.ConnectorRecord, _ *bool) {
			if now := c.kind(r.ID); r.Version > 1 && now.ID != "" {
				r.Version = now.Version + 1
			}
		}), "A version of a connector that does not follow the stored one is a conflict"),
		wrong("never deletes", func(c *connectors) {
			c.remove = func(context.Context, string, int64) error { return nil }
		}, "A deleted connector is gone, and others stay"),
		wrong("deletes what is not there", func(c *connectors) {
			c.remove = func(ctx context.Context, id string, version int64) error {
				if err := c.right.DeleteConnector(ctx, id, version); !errors.Is(err, connector.ErrNotFound) {
					return err
				}
				return nil
			}
		}, "A connector that is not there cannot be deleted"),
		wrong("deletes any version", func(c *connectors) {
			c.remove = func(ctx context.Context, id string, _ int64) error {
				return c.right.DeleteConnector(ctx, id, c.kind(id).Version)
			}
		}, "A connector of another version is not deleted"),
		wrong("mends text", puttingKind(func(_ *connectors, r *connector.ConnectorRecord, _ *bool) { r.Body = bytes.ToValidUTF8(r.Body, nil) }), bodies),
		wrong("cuts the bodies of settings", addingMethod(func(_ *connectors, _ *connector.MethodRecord, s **connector.SettingsRecord) {
			if *s != nil {
				(*s).Body = (*s).Body[:min(len((*s).Body), 1<<16)]
			}
		}), bodies),
		wrong("gives out its own memory", sharing, shared),
		wrong("keeps the caller's memory", keeping, shared),
	}
}

func brokenUses() []broken[connectors] {
	const counts = "A connector counts its payment methods over all resellers"
	const inUse = "A connector that only an inactive method of another reseller uses is in use"
	// counted lets a connector be in use by the methods that a filter selects.
	counted := func(filter connector.MethodFilter) func(*connectors) {
		return func(c *connectors) {
			used := func(id string) bool {
				filter.Connector, filter.Limit = id, 1
				methods, _ := c.right.Methods(context.Background(), filter)
				return len(methods) > 0
			}
			c.put = func(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
				return c.right.PutConnector(ctx, r, unused && used(r.ID))
			}
		}
	}
	first := func(c *connectors) {
		c.put = func(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
			if unused && c.kind(r.ID).Methods > 0 {
				return connector.ErrInUse
			}
			return c.right.PutConnector(ctx, r, unused)
		}
		c.remove = func(ctx context.Context, id string, version int64) error {
			if c.kind(id).Methods > 0 {
				return connector.ErrInUse
			}
			return c.right.DeleteConnector(ctx, id, version)
		}
	}
	return []broken[connectors]{
		wrong("counts one reseller's methods", readingKind(func(c *connectors, r *connector.ConnectorRecord) {
			methods, _ := c.right.Methods(context.Background(), connector.MethodFilter{Connector: r.ID, Reseller: "reseller-1", Limit: 1000})
			r.Methods = len(methods)
		}), counts),
		wrong("counts every write of a method", func(c *connectors) {
			writes := map[string]int{}
			c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
				err := c.right.PutMethod(ctx, m, s)
				if err == nil {
					writes[m.Connector]++
				}
				return err
			}
			readingKind(func(_ *connectors, r *connector.ConnectorRecord) { r.Methods = writes[r.ID] })(c)
		}, counts),
		wrong("does not count in lists", func(c *connectors) {
			c.all = func(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
				all, err := c.right.Connectors(ctx, after, limit)
				for i := range all {
					all[i].Methods = 0
				}
				return all, err
			}
		}, counts),
		wrong("does not ask whether a connector is used", puttingKind(func(_ *connectors, _ *connector.ConnectorRecord, unused *bool) { *unused = false }),
			"A connector in use is written unless it has to be unused", inUse),
		wrong("locks every connector in use", puttingKind(func(_ *connectors, _ *connector.ConnectorRecord, unused *bool) { *unused = true }),
			"A connector in use is written unless it has to be unused"),
		wrong("asks active methods only", counted(connector.MethodFilter{ActiveOnly: true}), inUse),
		wrong("asks one reseller's methods only", counted(connector.MethodFilter{Reseller: "reseller-1"}), inUse),
		wrong("says so and deletes what is in use", func(c *connectors) {
			gone := map[string]bool{}
			c.remove = func(ctx context.Context, id string, version int64) error {
				err := c.right.DeleteConnector(ctx, id, version)
				gone[id] = errors.Is(err, connector.ErrInUse)
				return err
			}
			c.one = func(ctx context.Context, id string) (connector.ConnectorRecord, error) {
				if gone[id] {
					return connector.ConnectorRecord{}, connector.ErrNotFound
				}
				return c.right.Connector(ctx, id)
			}
		}, "A connector in use is not deleted"),
		wrong("tells the use before the conflict", first, "A conflict of versions goes before a connector in use"),
	}
}

func brokenMethods() []broken[connectors] {
	const conflict = "A version of a payment method that does not follow the stored one is a conflict"
	const checked = "Settings that were checked against another version of the connector are a conflict, and their method"
	const absent = "Settings of a connector that is not there are refused, and their method"
	// forcing writes what was refused with want, and then says what say makes of the refusal.
	forcing := func(want error, part func(m *connector.MethodRecord, s **connector.SettingsRecord), say func(error) error) func(*connectors) {
		return func(c *connectors) {
			c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
				err := c.right.PutMethod(ctx, m, s)
				if !errors.Is(err, want) {
					return err
				}
				part(&m, &s)
				_ = c.force(ctx, m, s)
				return say(err)
			}
		}
	}
	whole := func(*connector.MethodRecord, **connector.SettingsRecord) {}
	alone := func(_ *connector.MethodRecord, s **connector.SettingsRecord) { *s = nil }
	silently := func(error) error { return nil }
	loudly := func(err error) error { return err }
	return []broken[connectors]{
		wrong("forgets whether a method is active", addingMethod(func(_ *connectors, m *connector.MethodRecord, _ **connector.SettingsRecord) { m.Active = false }),
			"An inserted payment method is read back whole, and its settings"),
		wrong("makes up methods", func(c *connectors) {
			c.method = func(ctx context.Context, id string) (connector.MethodRecord, error) {
				m, err := c.right.Method(ctx, id)
				if errors.Is(err, connector.ErrNotFound) {
					err = nil
				}
				return m, err
			}
		}, "A payment method that nobody inserted is not found"),
		wrong("never switches a method off", addingMethod(func(_ *connectors, m *connector.MethodRecord, _ **connector.SettingsRecord) { m.Active = true }),
			"A payment method is replaced whole by its next version"),
		wrong("adds no later settings", addingMethod(func(_ *connectors, m *connector.MethodRecord, s **connector.SettingsRecord) {
			if m.Version > 1 {
				*s = nil
			}
		}), "A payment method and a new version of its settings are one write", "Every version of settings stays readable"),
		wrong("replaces what it should insert", forcing(connector.ErrExists, whole, silently), "An insert over a payment method is refused"),
		wrong("asks for the connector first", func(c *connectors) {
			c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
				if c.kind(m.Connector).ID == "" {
					return connector.ErrNotFound
				}
				return c.right.PutMethod(ctx, m, s)
			}
		}, "An insert over a payment method is refused"),
		wrong("inserts what it should replace", forcing(connector.ErrNotFound, whole, silently),
			"A new version of a payment method that is not there is refused"),
		wrong("lost update: ignores the version", forcing(connector.ErrConflict, whole, silently), conflict, checked),
		wrong("writes the settings although in conflict", forcing(connector.ErrConflict, whole, loudly), conflict, checked),
		wrong("writes the method although its settings are refused", forcing(connector.ErrConflict, alone, loudly), checked),
		wrong("writes the method although there is no connector", forcing(connector.ErrNotFound, alone, loudly), absent),
		wrong("does not ask what settings were checked against", addingMethod(func(c *connectors, m *connector.MethodRecord, s **connector.SettingsRecord) {
			if *s != nil {
				(*s).ConnectorVersion = c.kind(m.Connector).Version
			}
		}), checked),
		wrong("asks for the connector's version always", func(c *connectors) {
			c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
				if s == nil && c.kind(m.Connector).Version > 1 {
					return connector.ErrConflict
				}
				return c.right.PutMethod(ctx, m, s)
			}
		}, "A payment method is written without settings whatever became of its connector"),
	}
}

func brokenSettings() []broken[connectors] {
	rewriting := func(alter func(now connector.SettingsRecord, s *connector.SettingsRecord)) func(*connectors) {
		return func(c *connectors) {
			c.rewrite = func(ctx context.Context, s connector.SettingsRecord) error {
				if now, err := c.right.Settings(ctx, s.Method, s.Version); err == nil {
					alter(now, &s)
				}
				return c.right.RewriteSettings(ctx, s)
			}
		}
	}
	newest := func(c *connectors) {
		c.settings = func(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
			if m := c.known(method); m.Settings > 1 && version < m.Settings {
				return connector.SettingsRecord{}, connector.ErrNotFound
			}
			return c.right.Settings(ctx, method, version)
		}
	}
	return []broken[connectors]{
		wrong("keeps the newest settings only", newest, "Every version of settings stays readable"),
		wrong("replaces the connector's version with a rewrite", func(c *connectors) {
			checked := map[int]int64{}
			c.rewrite = func(ctx context.Context, s connector.SettingsRecord) error {
				checked[s.Version] = s.ConnectorVersion
				return c.right.RewriteSettings(ctx, s)
			}
			c.settings = func(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
				s, err := c.right.Settings(ctx, method, version)
				if v, ok := checked[version]; ok {
					s.ConnectorVersion = v
				}
				return s, err
			}
		}, "A rewrite replaces revision and body and nothing else"),
		wrong("rewrites the revision alone", rewriting(func(now connector.SettingsRecord, s *connector.SettingsRecord) { s.Body = now.Body }),
			"A rewrite replaces revision and body and nothing else"),
		wrong("rewrites any revision", rewriting(func(now connector.SettingsRecord, s *connector.SettingsRecord) { s.Revision = now.Revision + 1 }),
			"A rewrite whose revision does not follow the stored one is a conflict"),
		wrong("adds settings by a rewrite", func(c *connectors) {
			c.rewrite = func(ctx context.Context, s connector.SettingsRecord) error {
				err := c.right.RewriteSettings(ctx, s)
				if errors.Is(err, connector.ErrNotFound) {
					_ = c.force(ctx, connector.MethodRecord{ID: s.Method, Connector: "c-1", Settings: s.Version}, &s)
				}
				return err
			}
		}, "A rewrite of settings that are not there is refused"),
	}
}

func brokenConnectorLists() []broken[connectors] {
	const kinds = "Connectors are listed by ascending ID, after one and up to a limit"
	const pages = "Payment methods are listed by ascending ID, after one and up to a limit"
	const selected = "Payment methods are selected by every field of a filter and by all together"
	const bytewise = "The IDs of connectors and methods are compared and ordered byte by byte"
	listing := func(ask func(after string, limit int) (string, int), then func([]connector.ConnectorRecord)) func(*connectors) {
		return func(c *connectors) {
			c.all = func(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
				after, limit = ask(after, limit)
				all, err := c.right.Connectors(ctx, after, limit)
				then(all)
				return all, err
			}
		}
	}
	asIs := func(after string, limit int) (string, int) { return after, limit }
	shorter := func(after string) string { return after[:max(0, len(after)-1)] }
	return []broken[connectors]{
		wrong("repeats the connector after", listing(func(after string, limit int) (string, int) { return shorter(after), limit }, func([]connector.ConnectorRecord) {}), kinds),
		wrong("lists connectors without a limit", listing(func(after string, _ int) (string, int) { return after, 1000 }, func([]connector.ConnectorRecord) {}), kinds),
		wrong("lists connectors descending", listing(asIs, slices.Reverse), kinds),
		wrong("repeats the method after", filtering(func(f *connector.MethodFilter) { f.After = shorter(f.After) }), pages),
		wrong("lists methods without a limit", filtering(func(f *connector.MethodFilter) { f.Limit = 1000 }), pages),
		wrong("selects without the reseller", filtering(func(f *connector.MethodFilter) { f.Reseller = "" }), selected),
		wrong("selects without the connector", filtering(func(f *connector.MethodFilter) { f.Connector = "" }), selected),
		wrong("selects without activity", filtering(func(f *connector.MethodFilter) { f.ActiveOnly = false }), selected),
		wrong("cuts before it selects", func(c *connectors) {
			c.methods = func(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
				some, err := c.right.Methods(ctx, connector.MethodFilter{After: f.After, Limit: f.Limit})
				return slices.DeleteFunc(some, func(m connector.MethodRecord) bool {
					return f.Connector != "" && m.Connector != f.Connector || f.Reseller != "" && m.Reseller != f.Reseller || f.ActiveOnly && !m.Active
				}), err
			}
		}, selected),
		wrong("collates the IDs of methods", func(c *connectors) {
			c.methods = func(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
				all, err := c.right.Methods(ctx, f)
				slices.SortFunc(all, func(a, b connector.MethodRecord) int {
					return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID))
				})
				return all, err
			}
		}, bytewise),
		wrong("collates the IDs of connectors", listing(asIs, func(all []connector.ConnectorRecord) {
			slices.SortFunc(all, func(a, b connector.ConnectorRecord) int {
				return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID))
			})
		}), bytewise),
	}
}

func brokenConnectorStores() []broken[connectors] {
	on := context.WithoutCancel
	const writes = "A write of connectors with a cancelled context writes nothing"
	const reads = "Every read of connectors tells that its context was cancelled"
	// slowly looks first and writes later, and takes for granted then what it has seen.
	slowly := func(c *connectors) {
		c.put = func(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
			now := c.kind(r.ID)
			switch {
			case now.ID != "" && r.Version == 1:
				return connector.ErrExists
			case now.Version != r.Version-1:
				return connector.ErrConflict
			case unused && now.Methods > 0:
				return connector.ErrInUse
			}
			c.between.wait()
			c.mu.Lock()
			defer c.mu.Unlock()
			r.Version = c.kind(r.ID).Version + 1
			return c.right.PutConnector(ctx, r, false)
		}
		c.remove = func(ctx context.Context, id string, _ int64) error {
			now := c.kind(id)
			switch {
			case now.ID == "":
				return connector.ErrNotFound
			case now.Methods > 0:
				return connector.ErrInUse
			}
			c.between.wait()
			_ = c.right.DeleteConnector(ctx, id, now.Version)
			return nil
		}
		c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
			now := c.known(m.ID)
			switch {
			case now.ID != "" && m.Version == 1:
				return connector.ErrExists
			case now.Version != m.Version-1:
				return connector.ErrConflict
			case c.kind(m.Connector).Version != s.ConnectorVersion:
				return connector.ErrConflict
			}
			c.between.wait()
			c.mu.Lock()
			defer c.mu.Unlock()
			_ = c.force(ctx, m, s)
			return nil
		}
	}
	halves := func(c *connectors) {
		c.settings = func(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
			if version > 1 && version == c.known(method).Settings {
				return connector.SettingsRecord{}, connector.ErrNotFound
			}
			return c.right.Settings(ctx, method, version)
		}
	}
	forgetful := func(c *connectors) {
		quick := c.db.Clone().Connectors()
		c.one, c.all, c.put, c.remove = quick.Connector, quick.Connectors, quick.PutConnector, quick.DeleteConnector
		c.method, c.methods, c.add, c.settings, c.rewrite = quick.Method, quick.Methods, quick.PutMethod, quick.Settings, quick.RewriteSettings
	}
	return []broken[connectors]{
		wrong("puts for nobody", func(c *connectors) {
			c.put = func(ctx context.Context, r connector.ConnectorRecord, unused bool) error {
				return errors.Join(c.right.PutConnector(on(ctx), r, unused), ctx.Err())
			}
		}, writes),
		wrong("deletes for nobody", func(c *connectors) {
			c.remove = func(ctx context.Context, id string, version int64) error {
				return errors.Join(c.right.DeleteConnector(on(ctx), id, version), ctx.Err())
			}
		}, writes),
		wrong("adds for nobody", func(c *connectors) {
			c.add = func(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
				return errors.Join(c.right.PutMethod(on(ctx), m, s), ctx.Err())
			}
		}, writes),
		wrong("rewrites for nobody", func(c *connectors) {
			c.rewrite = func(ctx context.Context, s connector.SettingsRecord) error {
				return errors.Join(c.right.RewriteSettings(on(ctx), s), ctx.Err())
			}
		}, writes),
		wrong("reads a connector for nobody", func(c *connectors) {
			c.one = func(ctx context.Context, id string) (connector.ConnectorRecord, error) {
				return c.right.Connector(on(ctx), id)
			}
		}, reads),
		wrong("lists connectors for nobody", func(c *connectors) {
			c.all = func(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
				return c.right.Connectors(on(ctx), after, limit)
			}
		}, reads),
		wrong("reads a method for nobody", func(c *connectors) {
			c.method = func(ctx context.Context, id string) (connector.MethodRecord, error) {
				return c.right.Method(on(ctx), id)
			}
		}, reads),
		wrong("lists methods for nobody", func(c *connectors) {
			c.methods = func(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
				return c.right.Methods(on(ctx), f)
			}
		}, reads),
		wrong("reads settings for nobody", func(c *connectors) {
			c.settings = func(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
				return c.right.Settings(on(ctx), method, version)
			}
		}, reads),
		wrong("looks first and writes later", slowly,
			"Of many versions of one connector exactly one is written",
			"Of many versions of one payment method exactly one is written, with its settings",
			"A connector is never deleted under a new payment method",
			"A connector that has to be unused never changes under a new payment method"),
		wrong("shows a method before its settings", halves, "A reader never sees a payment method without its settings"),
		wrong("keeps everything in memory", forgetful, "Connectors, methods and settings are there after reopening, and guarded"),
	}
}
