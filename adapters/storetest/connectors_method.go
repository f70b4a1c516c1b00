package storetest

import (
	"context"
	"errors"

	"github.com/oplata-go/oplata/connector"
)

// methodChecks say how payment methods are written and guarded.
func methodChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		that("An inserted payment method is read back whole, and its settings", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"), hasMethod(ctx, s, method("m-1", 1, 1)),
				hasSettings(ctx, s, settings("m-1", 1, 1)),
			)
		}),
		that("A payment method that nobody inserted is not found", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				noMethod(ctx, s, "m-1"), putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"), noMethod(ctx, s, "m-2"),
			)
		}),
		that("A payment method is replaced whole by its next version", func(ctx context.Context, s connector.Store) error {
			m := method("m-1", 2, 1)
			m.Active = false
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1", "m-2"), s.PutMethod(ctx, m, nil),
				hasMethod(ctx, s, m), hasSettings(ctx, s, settings("m-1", 1, 1)), noSettings(ctx, s, "m-1", 2),
				hasMethod(ctx, s, method("m-2", 1, 1)),
			)
		}),
		that("A payment method and a new version of its settings are one write", func(ctx context.Context, s connector.Store) error {
			second := settings("m-1", 2, 1)
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"), s.PutMethod(ctx, method("m-1", 2, 2), &second),
				hasMethod(ctx, s, method("m-1", 2, 2)), hasSettings(ctx, s, settings("m-1", 1, 1)),
				hasSettings(ctx, s, second),
			)
		}),
		that("An insert over a payment method is refused", func(ctx context.Context, s connector.Store) error {
			again, absent := settings("m-1", 1, 1), method("m-1", 1, 1)
			again.Body, absent.Connector = []byte(`{}`), "c-9"
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"),
				refused(s.PutMethod(ctx, method("m-1", 1, 1), &again), connector.ErrExists),
				refused(s.PutMethod(ctx, absent, &again), connector.ErrExists), // which goes before the missing connector
				hasMethod(ctx, s, method("m-1", 1, 1)), hasSettings(ctx, s, settings("m-1", 1, 1)),
				hasKind(ctx, s, kind("c-1", 1, 1)),
			)
		}),
		that("A new version of a payment method that is not there is refused", func(ctx context.Context, s connector.Store) error {
			second := settings("m-1", 2, 1)
			return errors.Join(
				putKinds(ctx, s, "c-1"),
				refused(s.PutMethod(ctx, method("m-1", 2, 1), nil), connector.ErrNotFound),
				refused(s.PutMethod(ctx, method("m-1", 2, 2), &second), connector.ErrNotFound),
				noMethod(ctx, s, "m-1"), noSettings(ctx, s, "m-1", 2), hasKind(ctx, s, kind("c-1", 1, 0)),
			)
		}),
		that("A version of a payment method that does not follow the stored one is a conflict", func(ctx context.Context, s connector.Store) error {
			second := settings("m-1", 2, 1)
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"), s.PutMethod(ctx, method("m-1", 2, 1), nil),
				refused(s.PutMethod(ctx, method("m-1", 2, 2), &second), connector.ErrConflict),
				refused(s.PutMethod(ctx, method("m-1", 4, 1), nil), connector.ErrConflict),
				hasMethod(ctx, s, method("m-1", 2, 1)), noSettings(ctx, s, "m-1", 2),
			)
		}),
		that("Settings of a connector that is not there are refused, and their method", func(ctx context.Context, s connector.Store) error {
			first := settings("m-1", 1, 1)
			return errors.Join(
				refused(s.PutMethod(ctx, method("m-1", 1, 1), &first), connector.ErrNotFound), noMethod(ctx, s, "m-1"),
			)
		}),
		that("Settings that were checked against another version of the connector are a conflict, and their method", checksVersion),
		that("A payment method is written without settings whatever became of its connector", func(ctx context.Context, s connector.Store) error {
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"), s.PutConnector(ctx, kind("c-1", 2, 0), false),
				s.PutMethod(ctx, method("m-1", 2, 1), nil), hasMethod(ctx, s, method("m-1", 2, 1)),
			)
		}),
	}
}

// checksVersion adds settings that were checked against the version before the stored one and against one to come.
func checksVersion(ctx context.Context, s connector.Store) error {
	early, late, right := settings("m-2", 1, 1), settings("m-2", 1, 3), settings("m-2", 1, 2)
	second := settings("m-1", 2, 1)
	return errors.Join(
		putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"), s.PutConnector(ctx, kind("c-1", 2, 0), false),
		refused(s.PutMethod(ctx, method("m-2", 1, 1), &early), connector.ErrConflict),
		refused(s.PutMethod(ctx, method("m-2", 1, 1), &late), connector.ErrConflict),
		refused(s.PutMethod(ctx, method("m-1", 2, 2), &second), connector.ErrConflict),
		noMethod(ctx, s, "m-2"), hasMethod(ctx, s, method("m-1", 1, 1)), noSettings(ctx, s, "m-1", 2),
		hasKind(ctx, s, kind("c-1", 2, 1)),
		s.PutMethod(ctx, method("m-2", 1, 1), &right), hasMethod(ctx, s, method("m-2", 1, 1)),
		hasKind(ctx, s, kind("c-1", 2, 2)),
	)
}

// settingsChecks say how versions of settings are read and sealed anew.
func settingsChecks() []Check[connector.Store] {
	return []Check[connector.Store]{
		that("Every version of settings stays readable", func(ctx context.Context, s connector.Store) error {
			err := errors.Join(putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1", "m-2"))
			for n := 2; n <= 12; n++ {
				next := settings("m-1", n, 1)
				err = errors.Join(err, s.PutMethod(ctx, method("m-1", int64(n), n), &next))
			}
			for n := 1; n <= 12; n++ {
				err = errors.Join(err, hasSettings(ctx, s, settings("m-1", n, 1)))
			}
			return errors.Join(
				err, noSettings(ctx, s, "m-1", 13), noSettings(ctx, s, "m-1", 0), noSettings(ctx, s, "m-2", 2),
				noSettings(ctx, s, "m", 1),
			)
		}),
		that("A rewrite replaces revision and body and nothing else", func(ctx context.Context, s connector.Store) error {
			rewritten, want := settings("m-1", 1, 1), settings("m-1", 1, 1)
			rewritten.Revision, rewritten.Body, rewritten.ConnectorVersion = 2, []byte("sealed anew"), 9
			want.Revision, want.Body = 2, []byte("sealed anew")
			second := settings("m-1", 2, 1)
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1", "m-2"),
				s.PutMethod(ctx, method("m-1", 2, 2), &second),
				s.RewriteSettings(ctx, rewritten), hasSettings(ctx, s, want),
				hasSettings(ctx, s, second), hasSettings(ctx, s, settings("m-2", 1, 1)),
				hasMethod(ctx, s, method("m-1", 2, 2)), hasKind(ctx, s, kind("c-1", 1, 2)),
			)
		}),
		that("A rewrite whose revision does not follow the stored one is a conflict", func(ctx context.Context, s connector.Store) error {
			again, late := settings("m-1", 1, 1), settings("m-1", 1, 1)
			again.Body, late.Revision = []byte("sealed anew"), 3
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"),
				refused(s.RewriteSettings(ctx, again), connector.ErrConflict),
				refused(s.RewriteSettings(ctx, late), connector.ErrConflict),
				hasSettings(ctx, s, settings("m-1", 1, 1)),
			)
		}),
		that("A rewrite of settings that are not there is refused", func(ctx context.Context, s connector.Store) error {
			next, first := settings("m-1", 2, 1), settings("m-2", 1, 1)
			next.Revision, first.Revision = 2, 1
			return errors.Join(
				putKinds(ctx, s, "c-1"), putMethods(ctx, s, "m-1"),
				refused(s.RewriteSettings(ctx, next), connector.ErrNotFound),
				refused(s.RewriteSettings(ctx, first), connector.ErrNotFound),
				noSettings(ctx, s, "m-1", 2), noMethod(ctx, s, "m-2"),
			)
		}),
	}
}
