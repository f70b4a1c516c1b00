package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/connector"
)

// connectorListChecks say how connectors and payment methods are read page by page.
func connectorListChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		that("Connectors are listed by ascending ID, after one and up to a limit", func(ctx context.Context, s connector.Store) error {
			page := func(after string, limit int, want ...string) error {
				got, err := s.Connectors(ctx, after, limit)
				return about(fmt.Sprintf("at most %d connectors after %q", limit, after), errors.Join(err, sameIDs(got, kindID, want...)))
			}
			return errors.Join(
				page("", 10), putKinds(ctx, s, "c-3", "c-1", "c-5"),
				page("", 1, "c-1"), page("", 3, "c-1", "c-3", "c-5"), page("", 1000, "c-1", "c-3", "c-5"),
				page("c-1", 1, "c-3"), page("c-2", 10, "c-3", "c-5"), page("c-5", 10),
			)
		}),
		that("Payment methods are listed by ascending ID, after one and up to a limit", func(ctx context.Context, s connector.Store) error {
			page := func(after string, limit int, want ...string) error {
				return finds(ctx, s, connector.MethodFilter{After: after, Limit: limit}, want...)
			}
			return errors.Join(
				page("", 10), putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-3", "m-1", "m-5"),
				page("", 1, "m-1"), page("", 3, "m-1", "m-3", "m-5"), page("", 1000, "m-1", "m-3", "m-5"),
				page("m-1", 1, "m-3"), page("m-2", 10, "m-3", "m-5"), page("m-5", 10),
			)
		}),
		that("Payment methods are selected by every field of a filter and by all together", selectsMethods),
		that("The IDs of connectors and methods are compared and ordered byte by byte", func(ctx context.Context, s connector.Store) error {
			ids := []string{"10", "9", "A", "B", "_", "a", "a-b", "a.b", "aB", "ab", "b", "é", "я"}
			err := errors.Join(
				putKinds(ctx, s, "c-1", "b", "я", "A", "a.b", "aB", "10", "ab", "_", "9", "é", "a-b", "a", "B"),
				s.DeleteConnector(ctx, "a", 1), putKinds(ctx, s, "a"),
				putMethods(ctx, s, "b", "я", "A", "a.b", "aB", "10", "ab", "_", "9", "é", "a-b", "a", "B"),
				finds(ctx, s, connector.MethodFilter{Limit: 100}, ids...))
			if err != nil {
				return err
			}
			all, err := s.Connectors(ctx, "", 100)
			return errors.Join(
				err,
				sameIDs(all, kindID, "10", "9", "A", "B", "_", "a", "a-b", "a.b", "aB", "ab", "b", "c-1", "é", "я"),
			)
		}),
	}
}

func kindID(c connector.ConnectorRecord) string { return c.ID }

func methodID(m connector.MethodRecord) string { return m.ID }

// finds says which payment methods a filter selects, if they are not these.
func finds(ctx context.Context, s connector.Store, f connector.MethodFilter, want ...string) error {
	got, err := s.Methods(ctx, f)
	return about(fmt.Sprintf("payment methods of %+v", f), errors.Join(err, sameIDs(got, methodID, want...)))
}

func selectsMethods(ctx context.Context, s connector.Store) error {
	if err := putKinds(ctx, s, "c-1", "c-2"); err != nil {
		return err
	}
	for i, id := range numbered("m", 8) {
		m, first := method(id, 1, 1), settings(id, 1, 1)
		m.Reseller, m.Connector = fmt.Sprint("reseller-", i&1+1), fmt.Sprint("c-", i>>1&1+1)
		m.Active = i&4 > 0
		if err := s.PutMethod(ctx, m, &first); err != nil {
			return err
		}
	}
	some := func(f connector.MethodFilter, want ...string) error {
		f.Limit = 1000
		return finds(ctx, s, f, want...)
	}
	return errors.Join(
		some(connector.MethodFilter{}, numbered("m", 8)...),
		some(connector.MethodFilter{Reseller: "reseller-1"}, "m-001", "m-003", "m-005", "m-007"),
		some(connector.MethodFilter{Reseller: "reseller-3"}),
		some(connector.MethodFilter{Connector: "c-2"}, "m-003", "m-004", "m-007", "m-008"),
		some(connector.MethodFilter{Connector: "c-3"}),
		some(connector.MethodFilter{ActiveOnly: true}, "m-005", "m-006", "m-007", "m-008"),
		some(connector.MethodFilter{Reseller: "reseller-2", Connector: "c-2", ActiveOnly: true}, "m-008"),
		some(connector.MethodFilter{Reseller: "reseller-2", After: "m-004"}, "m-006", "m-008"),
		finds(ctx, s, connector.MethodFilter{Connector: "c-2", Limit: 2}, "m-003", "m-004"),
		finds(ctx, s, connector.MethodFilter{Connector: "c-2", After: "m-003", Limit: 2}, "m-004", "m-007"),
	)
}

// connectorContextChecks say that a caller who is gone is not served.
func connectorContextChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		that("A write of connectors with a cancelled context writes nothing", func(ctx context.Context, s connector.Store) error {
			if err := errors.Join(putKinds(ctx, s, "c-1", "c-2"), putMethods(ctx, s, "m-1")); err != nil {
				return err
			}
			first, second, rewritten := settings("m-2", 1, 1), settings("m-1", 2, 1), settings("m-1", 1, 1)
			rewritten.Revision = 2
			return ended(ctx, func(over context.Context, want error) error {
				return errors.Join(
					about("insert connector", refused(s.PutConnector(over, kind("c-3", 1, 0), false), want)),
					about("put connector", refused(s.PutConnector(over, kind("c-1", 2, 0), false), want)),
					about("delete connector", refused(s.DeleteConnector(over, "c-2", 1), want)),
					about("insert method", refused(s.PutMethod(over, method("m-2", 1, 1), &first), want)),
					about("put method", refused(s.PutMethod(over, method("m-1", 2, 2), &second), want)),
					about("rewrite settings", refused(s.RewriteSettings(over, rewritten), want)),
					hasKind(ctx, s, kind("c-1", 1, 1)), hasKind(ctx, s, kind("c-2", 1, 0)), noKind(ctx, s, "c-3"),
					hasMethod(ctx, s, method("m-1", 1, 1)), noMethod(ctx, s, "m-2"),
					hasSettings(ctx, s, settings("m-1", 1, 1)), noSettings(ctx, s, "m-1", 2),
				)
			})
		}),
		that("Every read of connectors tells that its context was cancelled", func(ctx context.Context, s connector.Store) error {
			if err := errors.Join(putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1")); err != nil {
				return err
			}
			return ended(ctx, func(over context.Context, want error) error {
				_, one := s.Connector(over, "c-1")
				_, all := s.Connectors(over, "", 10)
				_, method := s.Method(over, "m-1")
				_, methods := s.Methods(over, connector.MethodFilter{Limit: 10})
				_, settings := s.Settings(over, "m-1", 1)
				return errors.Join(
					about("connector", refused(one, want)), about("connectors", refused(all, want)),
					about("method", refused(method, want)),
					about("methods", refused(methods, want)), about("settings", refused(settings, want)),
				)
			})
		}),
	}
}

// connectorRaceChecks say that what many do at once comes out as if they had done it one after another.
func connectorRaceChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		that("Of many versions of one connector exactly one is written", func(ctx context.Context, s connector.Store) error {
			return errors.Join(oneKind(ctx, s, 1, connector.ErrExists), oneKind(ctx, s, 2, connector.ErrConflict))
		}),
		that("Of many versions of one payment method exactly one is written, with its settings", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1"), oneMethod(ctx, s, 1, connector.ErrExists),
				oneMethod(ctx, s, 2, connector.ErrConflict),
				hasKind(ctx, s, kind("c-1", 1, 1)),
			)
		}),
		that("A connector is never deleted under a new payment method", deletesOrAdds),
		that("A connector that has to be unused never changes under a new payment method", locksOrAdds),
		that("A reader never sees a payment method without its settings", func(ctx context.Context, s connector.Store) error {
			if err := errors.Join(putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1")); err != nil {
				return err
			}
			return watch(60, func(version int64) error {
				next := settings("m-1", int(version), 1)
				return s.PutMethod(ctx, method("m-1", version, int(version)), &next)
			}, func(acknowledged int64) error {
				m, err := s.Method(ctx, "m-1")
				if err != nil || m.Version < acknowledged {
					return fmt.Errorf("read version %d and error %w after %d was acknowledged", m.Version, orNone(err), acknowledged)
				}
				return errors.Join(
					same(m, method("m-1", m.Version, m.Settings)),
					hasSettings(ctx, s, settings("m-1", m.Settings, 1)),
				)
			})
		}),
	}
}

// oneKind lets racers write one version of a connector.
func oneKind(ctx context.Context, s connector.Store, version int64, lost error) error {
	of := func(i int) connector.ConnectorRecord {
		c := kind("c-1", version, 0)
		c.Body = fmt.Append(nil, "racer ", i)
		return c
	}
	won, err := winner(race(func(i int) error { return s.PutConnector(ctx, of(i), i%2 == 0) }), lost)
	if err != nil {
		return err
	}
	return hasKind(ctx, s, of(won))
}

// oneMethod lets racers write one version of a payment method and of its settings.
func oneMethod(ctx context.Context, s connector.Store, version int, lost error) error {
	of := func(i int) (connector.MethodRecord, connector.SettingsRecord) {
		m, added := method("m-1", int64(version), version), settings("m-1", version, 1)
		m.Body, added.Body = fmt.Append(nil, "racer ", i), fmt.Append(nil, "racer ", i)
		return m, added
	}
	won, err := winner(race(func(i int) error {
		m, added := of(i)
		return s.PutMethod(ctx, m, &added)
	}), lost)
	if err != nil {
		return err
	}
	m, added := of(won)
	return errors.Join(hasMethod(ctx, s, m), hasSettings(ctx, s, added))
}

// deletesOrAdds lets half of the racers delete connectors that the other half add payment methods to.
func deletesOrAdds(ctx context.Context, s connector.Store) error {
	for _, id := range numbered("c", 10) {
		if err := putKinds(ctx, s, id); err != nil {
			return err
		}
		outcomes := race(func(i int) error {
			if i%2 == 0 {
				return about("delete", s.DeleteConnector(ctx, id, 1))
			}
			m, first := method(fmt.Sprint(id, "/", i), 1, 1), settings(fmt.Sprint(id, "/", i), 1, 1)
			m.Connector = id
			return about("add", s.PutMethod(ctx, m, &first))
		})
		deleted, added, err := sides(outcomes, connector.ErrNotFound, connector.ErrInUse)
		if err != nil {
			return err
		}
		if deleted+added == 0 || deleted > 1 || deleted == 1 && added > 0 {
			return fmt.Errorf("a connector was deleted %d times while %d payment methods were added to it", deleted, added)
		}
		if deleted == 0 {
			err = hasKind(ctx, s, kind(id, 1, added))
		} else {
			err = noKind(ctx, s, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// locksOrAdds lets half of the racers write connectors that must be unused while the other half add payment methods that
// were checked against the version before.
func locksOrAdds(ctx context.Context, s connector.Store) error {
	for _, id := range numbered("c", 10) {
		if err := putKinds(ctx, s, id); err != nil {
			return err
		}
		outcomes := race(func(i int) error {
			if i%2 == 0 {
				return about("write", s.PutConnector(ctx, kind(id, 2, 0), true))
			}
			m, first := method(fmt.Sprint(id, "/", i), 1, 1), settings(fmt.Sprint(id, "/", i), 1, 1)
			m.Connector = id
			return about("add", s.PutMethod(ctx, m, &first))
		})
		written, added, err := sides(outcomes, connector.ErrConflict, connector.ErrInUse)
		if err != nil {
			return err
		}
		if written+added == 0 || written > 1 || written == 1 && added > 0 {
			return fmt.Errorf("a connector was written %d times while %d payment methods were added to it", written, added)
		}
		if err := hasKind(ctx, s, kind(id, int64(1+written), added)); err != nil {
			return err
		}
	}
	return nil
}

// sides counts how often racers of even and of odd numbers had success. The others must have come to one of the errors
// of losers.
func sides(outcomes []error, lost ...error) (even, odd int, err error) {
	for i, outcome := range outcomes {
		switch {
		case outcome == nil && i%2 == 0:
			even++
		case outcome == nil:
			odd++
		case !errors.Is(outcome, lost[0]) && !errors.Is(outcome, lost[1]):
			err = errors.Join(err, fmt.Errorf("racer %d: got error %w", i, outcome))
		}
	}
	return even, odd, err
}

// connectorReopenChecks say what a durable store holds after its process ended.
func connectorReopenChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		thatReopened("Connectors, methods and settings are there after reopening, and guarded",
			func(ctx context.Context, s connector.Store) error {
				second, rewritten := settings("m-1", 2, 1), settings("m-1", 1, 1)
				rewritten.Revision = 2
				return errors.Join(
					putKinds(ctx, s, "c-1", "c-2", "c-3"), putMethods(ctx, s, "m-1"),
					s.PutMethod(ctx, method("m-1", 2, 2), &second),
					s.RewriteSettings(ctx, rewritten), s.PutConnector(ctx, kind("c-2", 2, 0), false),
					s.DeleteConnector(ctx, "c-3", 1),
				)
			},
			func(ctx context.Context, s connector.Store) error {
				rewritten := settings("m-1", 1, 1)
				rewritten.Revision = 2
				return errors.Join(
					hasKind(ctx, s, kind("c-1", 1, 1)), hasKind(ctx, s, kind("c-2", 2, 0)), noKind(ctx, s, "c-3"),
					hasMethod(ctx, s, method("m-1", 2, 2)), hasSettings(ctx, s, rewritten),
					hasSettings(ctx, s, settings("m-1", 2, 1)),
					refused(s.DeleteConnector(ctx, "c-1", 1), connector.ErrInUse),
					refused(s.PutConnector(ctx, kind("c-2", 2, 0), false), connector.ErrConflict),
					refused(s.PutMethod(ctx, method("m-1", 2, 2), nil), connector.ErrConflict),
				)
			}),
	}
}
