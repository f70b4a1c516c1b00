package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oplata-go/oplata/connector"
)

// Connectors returns the checks for a connector.Store.
func Connectors() []Check[connector.Store] {
	return slices.Concat(
		connectorChecks(), useChecks(), methodChecks(), settingsChecks(), connectorListChecks(),
		connectorContextChecks(), connectorRaceChecks(), connectorReopenChecks(),
	)
}

// kind gives a connector of the suite as it stands in a version, as a read gives it back while it has so many methods.
func kind(id string, version int64, methods int) connector.ConnectorRecord {
	return connector.ConnectorRecord{
		ID: id, Version: version, Methods: methods, Body: fmt.Appendf(nil, `{"version":%d, "b":1, "a":1.0}`, version),
	}
}

// method gives a payment method of connector c-1 in a version, with the settings that had been added by then.
func method(id string, version int64, settings int) connector.MethodRecord {
	return connector.MethodRecord{
		ID: id, Reseller: "reseller-1", Connector: "c-1", Active: true, Version: version, Settings: settings,
		Body: fmt.Appendf(nil, `{"method":%q, "version":%d}`, id, version),
	}
}

// settings gives a version of a payment method's settings that was checked against a version of the connector.
func settings(method string, version int, checked int64) connector.SettingsRecord {
	return connector.SettingsRecord{
		Method: method, Version: version, ConnectorVersion: checked, Revision: 1,
		Body: fmt.Appendf(nil, `{"settings":%d}`, version),
	}
}

// putKinds inserts connectors.
func putKinds(ctx context.Context, s connector.Store, ids ...string) error {
	for _, id := range ids {
		if err := s.PutConnector(ctx, kind(id, 1, 0), false); err != nil {
			return fmt.Errorf("insert connector %s: %w", id, err)
		}
	}
	return nil
}

// putMethods inserts payment methods of connector c-1, which is in version 1.
func putMethods(ctx context.Context, s connector.Store, ids ...string) error {
	for _, id := range ids {
		first := settings(id, 1, 1)
		if err := s.PutMethod(ctx, method(id, 1, 1), &first); err != nil {
			return fmt.Errorf("insert payment method %s: %w", id, err)
		}
	}
	return nil
}

// hasKind says how a connector differs from what it should be.
func hasKind(ctx context.Context, s connector.Store, want connector.ConnectorRecord) error {
	got, err := s.Connector(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("connector %s: %w", want.ID, err)
	}
	return about("connector "+want.ID, same(got, want))
}

// noKind says that there is a connector.
func noKind(ctx context.Context, s connector.Store, id string) error {
	_, err := s.Connector(ctx, id)
	return about("connector "+id, refused(err, connector.ErrNotFound))
}

// hasMethod says how a payment method differs from what it should be.
func hasMethod(ctx context.Context, s connector.Store, want connector.MethodRecord) error {
	got, err := s.Method(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("payment method %s: %w", want.ID, err)
	}
	return about("payment method "+want.ID, same(got, want))
}

// noMethod says that there is a payment method, or settings of it.
func noMethod(ctx context.Context, s connector.Store, id string) error {
	_, err := s.Method(ctx, id)
	return errors.Join(about("payment method "+id, refused(err, connector.ErrNotFound)), noSettings(ctx, s, id, 1))
}

// hasSettings says how a version of settings differs from what it should be.
func hasSettings(ctx context.Context, s connector.Store, want connector.SettingsRecord) error {
	got, err := s.Settings(ctx, want.Method, want.Version)
	if err != nil {
		return fmt.Errorf("settings %d of %s: %w", want.Version, want.Method, err)
	}
	return about(fmt.Sprintf("settings %d of %s", want.Version, want.Method), same(got, want))
}

// noSettings says that there is a version of settings.
func noSettings(ctx context.Context, s connector.Store, method string, version int) error {
	_, err := s.Settings(ctx, method, version)
	return about(fmt.Sprintf("settings %d of %s", version, method), refused(err, connector.ErrNotFound))
}

// connectorChecks say how connectors are inserted, replaced and removed.
func connectorChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		that("An inserted connector is read back whole", func(ctx context.Context, s connector.Store) error {
			return errors.Join(putKinds(ctx, s, "c-1"), hasKind(ctx, s, kind("c-1", 1, 0)))
		}),
		that("A connector that nobody inserted is not found", func(ctx context.Context, s connector.Store) error {
			return errors.Join(noKind(ctx, s, "c-1"), putKinds(ctx, s, "c-1"), noKind(ctx, s, "c-2"))
		}),
		that("A count of payment methods is never written", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				s.PutConnector(ctx, kind("c-1", 1, 7), false), hasKind(ctx, s, kind("c-1", 1, 0)),
				putMethods(ctx, s, "m-1"), s.PutConnector(ctx, kind("c-1", 2, 9), false),
				hasKind(ctx, s, kind("c-1", 2, 1)),
			)
		}),
		that("A connector is replaced whole by its next version", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1", "c-2"), s.PutConnector(ctx, kind("c-1", 2, 0), false),
				hasKind(ctx, s, kind("c-1", 2, 0)), hasKind(ctx, s, kind("c-2", 1, 0)),
			)
		}),
		that("An insert over a connector is refused", func(ctx context.Context, s connector.Store) error {
			other := kind("c-1", 1, 0)
			other.Body = []byte(`{}`)
			return errors.Join(
				putKinds(ctx, s, "c-1"), refused(s.PutConnector(ctx, other, false), connector.ErrExists),
				refused(s.PutConnector(ctx, other, true), connector.ErrExists), hasKind(ctx, s, kind("c-1", 1, 0)),
			)
		}),
		that("A new version of a connector that is not there is refused", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				refused(s.PutConnector(ctx, kind("c-1", 2, 0), false), connector.ErrNotFound),
				refused(s.PutConnector(ctx, kind("c-1", 2, 0), true), connector.ErrNotFound), noKind(ctx, s, "c-1"),
			)
		}),
		that("A version of a connector that does not follow the stored one is a conflict", func(ctx context.Context, s connector.Store) error {
			other := kind("c-1", 2, 0)
			other.Body = []byte(`{}`)
			return errors.Join(
				putKinds(ctx, s, "c-1"), s.PutConnector(ctx, kind("c-1", 2, 0), false),
				refused(s.PutConnector(ctx, other, false), connector.ErrConflict),
				refused(s.PutConnector(ctx, kind("c-1", 4, 0), false), connector.ErrConflict),
				hasKind(ctx, s, kind("c-1", 2, 0)),
			)
		}),
		that("A deleted connector is gone, and others stay", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1", "c-2"), s.DeleteConnector(ctx, "c-1", 1), noKind(ctx, s, "c-1"),
				hasKind(ctx, s, kind("c-2", 1, 0)),
				putKinds(ctx, s, "c-1"), hasKind(ctx, s, kind("c-1", 1, 0)), // the ID is free again
			)
		}),
		that("A connector that is not there cannot be deleted", func(ctx context.Context, s connector.Store) error {
			return refused(s.DeleteConnector(ctx, "c-1", 1), connector.ErrNotFound)
		}),
		that("A connector of another version is not deleted", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1"), s.PutConnector(ctx, kind("c-1", 2, 0), false),
				refused(s.DeleteConnector(ctx, "c-1", 1), connector.ErrConflict),
				refused(s.DeleteConnector(ctx, "c-1", 3), connector.ErrConflict),
				hasKind(ctx, s, kind("c-1", 2, 0)),
			)
		}),
		that("The bodies of connectors, methods and settings are kept exactly", keepsBodies),
		that("The bodies that a store was given or gave may be altered", sharesNoBodies),
	}
}

func keepsBodies(ctx context.Context, s connector.Store) error {
	for i, body := range [][]byte{
		[]byte(` {"b":1,"a":1.0,"b":"\u00e9é\u0000"} `), every256(), append(make([]byte, 1<<20-1), '}'),
	} {
		c, m, first := kind(fmt.Sprint("c-", i), 1, 0), method(fmt.Sprint("m-", i), 1, 1), settings(fmt.Sprint("m-", i), 1, 1)
		c.Body, m.Body, first.Body, m.Connector = body, body, body, c.ID
		counted := c
		counted.Methods = 1
		rewritten := first
		rewritten.Revision = 2
		err := errors.Join(
			s.PutConnector(ctx, c, false), s.PutMethod(ctx, m, &first), hasKind(ctx, s, counted),
			hasMethod(ctx, s, m), hasSettings(ctx, s, first),
			s.RewriteSettings(ctx, rewritten), hasSettings(ctx, s, rewritten),
		)
		if err != nil {
			return fmt.Errorf("with %s: %w", brief(body), err)
		}
	}
	return nil
}

func sharesNoBodies(ctx context.Context, s connector.Store) error {
	c, m, first := kind("c-1", 1, 0), method("m-1", 1, 1), settings("m-1", 1, 1)
	if err := errors.Join(s.PutConnector(ctx, c, false), s.PutMethod(ctx, m, &first)); err != nil {
		return err
	}
	scribble(c.Body, m.Body, first.Body)
	for range 2 {
		c, err := s.Connector(ctx, "c-1")
		m, err2 := s.Method(ctx, "m-1")
		first, err3 := s.Settings(ctx, "m-1", 1)
		cs, err4 := s.Connectors(ctx, "", 10)
		ms, err5 := s.Methods(ctx, connector.MethodFilter{Limit: 10})
		if err := errors.Join(err, err2, err3, err4, err5); err != nil {
			return err
		}
		err = errors.Join(
			same(c, kind("c-1", 1, 1)), same(m, method("m-1", 1, 1)), same(first, settings("m-1", 1, 1)),
			sameAll(cs, []connector.ConnectorRecord{kind("c-1", 1, 1)}),
			sameAll(ms, []connector.MethodRecord{method("m-1", 1, 1)}),
		)
		if err != nil {
			return err
		}
		scribble(c.Body, m.Body, first.Body, cs[0].Body, ms[0].Body)
	}
	rewritten := settings("m-1", 1, 1)
	rewritten.Revision = 2
	want := rewritten
	rewritten.Body = slices.Clone(want.Body)
	err := s.RewriteSettings(ctx, rewritten)
	scribble(rewritten.Body)
	return errors.Join(err, hasSettings(ctx, s, want))
}

// useChecks say that a connector in use is guarded by the store.
func useChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		that("A connector counts its payment methods over all resellers", func(ctx context.Context, s connector.Store) error {
			other, first := method("m-2", 1, 1), settings("m-2", 1, 1)
			other.Reseller, other.Active = "reseller-2", false
			elsewhere, its := method("m-3", 1, 1), settings("m-3", 1, 1)
			elsewhere.Connector = "c-2"
			err := errors.Join(
				putKinds(ctx, s, "c-1", "c-2", "c-3"), putMethods(ctx, s, "m-1"), s.PutMethod(ctx, other, &first),
				s.PutMethod(ctx, elsewhere, &its),
				s.PutMethod(ctx, method("m-1", 2, 1), nil), // a change is not counted again
				hasKind(ctx, s, kind("c-1", 1, 2)), hasKind(ctx, s, kind("c-2", 1, 1)),
				hasKind(ctx, s, kind("c-3", 1, 0)),
			)
			if err != nil {
				return err
			}
			all, err := s.Connectors(ctx, "", 10)
			return errors.Join(
				err,
				sameAll(all, []connector.ConnectorRecord{kind("c-1", 1, 2), kind("c-2", 1, 1), kind("c-3", 1, 0)}),
			)
		}),
		that("A connector in use is written unless it has to be unused", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1", "c-2"), putMethods(ctx, s, "m-1"),
				s.PutConnector(ctx, kind("c-1", 2, 0), false), hasKind(ctx, s, kind("c-1", 2, 1)),
				refused(s.PutConnector(ctx, kind("c-1", 3, 0), true), connector.ErrInUse),
				hasKind(ctx, s, kind("c-1", 2, 1)),
				s.PutConnector(ctx, kind("c-2", 2, 0), true), hasKind(ctx, s, kind("c-2", 2, 0)),
				s.PutConnector(ctx, kind("c-3", 1, 0), true), hasKind(ctx, s, kind("c-3", 1, 0)),
			)
		}),
		that("A connector that only an inactive method of another reseller uses is in use", func(ctx context.Context, s connector.Store) error {
			m, first := method("m-1", 1, 1), settings("m-1", 1, 1)
			m.Reseller, m.Active = "reseller-2", false
			return errors.Join(
				putKinds(ctx, s, "c-1"), s.PutMethod(ctx, m, &first),
				refused(s.PutConnector(ctx, kind("c-1", 2, 0), true), connector.ErrInUse),
				refused(s.DeleteConnector(ctx, "c-1", 1), connector.ErrInUse), hasKind(ctx, s, kind("c-1", 1, 1)),
			)
		}),
		that("A connector in use is not deleted", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"),
				refused(s.DeleteConnector(ctx, "c-1", 1), connector.ErrInUse), hasKind(ctx, s, kind("c-1", 1, 1)),
				hasMethod(ctx, s, method("m-1", 1, 1)),
			)
		}),
		that("A conflict of versions goes before a connector in use", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"),
				refused(s.PutConnector(ctx, kind("c-1", 3, 0), true), connector.ErrConflict),
				refused(s.DeleteConnector(ctx, "c-1", 2), connector.ErrConflict), hasKind(ctx, s, kind("c-1", 1, 1)),
			)
		}),
	}
}
