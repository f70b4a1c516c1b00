package connector_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/settings"
)

func TestAMethodIsRefusedWithEveryWrongParameterAndSetting(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{})
	_, err := b.CreateMethod(t.Context(), connector.CreateMethodParams{
		By: north, Connector: c.ID, AccountTypes: []string{"a", "a"}, Icon: "a\nb", Description: "\x00",
		Settings: json.RawMessage(`{"account":"canary-value","mode":"canary-mode"}`),
	})
	for _, field := range []string{"invalid name", "invalid account_types", "invalid icon", "invalid description", "/account", "/mode", "/password"} {
		require.ErrorContains(t, err, field)
	}
	var faults *settings.Error
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults.Faults, 3)
	require.ErrorIs(t, err, connector.ErrInvalid)
	require.NotContains(t, err.Error(), "canary")
	require.Empty(t, b.store.methods)

	for _, wrong := range []string{`{`, `[]`, `{"account":"1","account":"2","password":"p"}`, "{\"account\":\"\xff\"}"} {
		_, err := b.CreateMethod(t.Context(), connector.CreateMethodParams{By: north, Connector: c.ID, Name: "N", Settings: json.RawMessage(wrong)})
		require.ErrorAs(t, err, &faults, wrong)
	}
	_, err = b.CreateMethod(t.Context(), connector.CreateMethodParams{By: north, Connector: "other", Name: "N"})
	require.ErrorIs(t, err, connector.ErrNotFound)
}

func TestTheMethodsValuesWinOverStaticSettingsAndDefaultsFillTheRest(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"account":"1","password":"static"}`)})
	for values, want := range map[string]map[string]string{
		`{}`:                               {"account": "1", "password": "static", "mode": "test"},
		`{"account":"2","mode":"live"}`:    {"account": "2", "password": "static", "mode": "live"},
		`{"account":"2","password":"own"}`: {"account": "2", "password": "own", "mode": "test"},
	} {
		require.Equal(t, want, b.opened(b.method(north, c, values).ID, 0).settings)
	}
}

func TestAGatewayThatCannotBeAskedNeedsAPeriod(t *testing.T) {
	b := newBench(t)
	mute := b.create(connector.CreateParams{Kind: connectortest.MuteKind})
	p := connector.CreateMethodParams{By: north, Connector: mute.ID, Name: "N", Settings: json.RawMessage(scriptedValues)}
	_, err := b.CreateMethod(t.Context(), p)
	require.ErrorIs(t, err, connector.ErrInvalid)
	require.ErrorContains(t, err, "no processing period")

	mute, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: mute.ID, Version: mute.Version, Period: new(time.Minute)})
	require.NoError(t, err)
	m, err := b.CreateMethod(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, time.Minute, m.Period)
	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: mute.ID, Version: mute.Version, Period: new(time.Duration(0))})
	require.ErrorIs(t, err, connector.ErrInUse)

	asks := b.create(connector.CreateParams{Period: time.Minute})
	b.method(north, asks, scriptedValues)
	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: asks.ID, Version: asks.Version, Period: new(time.Duration(0))})
	require.NoError(t, err, "every gateway of this kind can be asked")
}

func TestEverythingBelongsToAReseller(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	c := b.create(connector.CreateParams{})
	m := b.method(north, c, scriptedValues)
	require.Equal(t, "north", m.Reseller)

	for _, by := range []connector.Actor{south, {}} {
		_, err := b.Method(ctx, by, m.ID)
		require.ErrorIs(t, err, connector.ErrNotFound)
		_, err = b.UpdateMethod(ctx, connector.UpdateMethodParams{By: by, ID: m.ID, Version: m.Version, Name: new("Mine")})
		require.ErrorIs(t, err, connector.ErrNotFound)
		_, err = b.Deactivate(ctx, by, m.ID)
		require.ErrorIs(t, err, connector.ErrNotFound)
		_, err = b.Methods(ctx, connector.MethodQuery{By: by, Reseller: "north"})
		require.ErrorIs(t, err, connector.ErrForbidden)
		_, err = b.CreateMethod(ctx, connector.CreateMethodParams{By: by, Reseller: "north", Connector: c.ID, Name: "N"})
		require.ErrorIs(t, err, connector.ErrForbidden)
	}
	list, err := b.Methods(ctx, connector.MethodQuery{By: south})
	require.NoError(t, err)
	require.Empty(t, list)

	of, err := b.CreateMethod(ctx, connector.CreateMethodParams{
		By: root, Reseller: "south", Connector: c.ID, Name: "N", Settings: json.RawMessage(scriptedValues),
	})
	require.NoError(t, err)
	_, err = b.Method(ctx, south, of.ID)
	require.NoError(t, err)
	list, err = b.Methods(ctx, connector.MethodQuery{By: root})
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestAMethodIsReadAsItWasWritten(t *testing.T) {
	b := newBench(t)
	c := b.create(connector.CreateParams{Period: 5 * time.Minute})
	m, err := b.CreateMethod(t.Context(), connector.CreateMethodParams{
		By: north, Connector: c.ID, Name: "Карта <1>", AccountTypes: []string{"person"}, Icon: "card.svg", Description: "<b>fast</b>\n",
		Settings: json.RawMessage(`{ "begin": "wait", "merchant": "m-1", "key": "canary" }`),
	})
	require.NoError(t, err)
	require.Equal(t, connector.Method{
		ID: m.ID, Reseller: "north", Connector: c.ID, Name: "Карта <1>", Active: true, AccountTypes: []string{"person"},
		Icon: "card.svg", Description: "<b>fast</b>\n", Settings: json.RawMessage(`{"begin":"wait","merchant":"m-1"}`),
		Secrets: []string{"/key"}, SettingsVersion: 1, Version: 1, Period: 5 * time.Minute,
		CreatedAt: b.now, UpdatedAt: b.now, UpdatedBy: "nina",
	}, m)
	read, err := b.Method(t.Context(), north, m.ID)
	require.NoError(t, err)
	require.Equal(t, m, read)
}

func TestNewSettingsBecomeAVersionAndOldOnesStay(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{})
	m := b.method(north, c, `{"account":"1","password":"first"}`)
	change := func(values string) connector.Method {
		t.Helper()
		next, err := b.UpdateMethod(t.Context(), connector.UpdateMethodParams{
			By: north, ID: m.ID, Version: m.Version, Settings: json.RawMessage(values),
		})
		require.NoError(t, err)
		return next
	}
	m = change(`{"account":"2"}`)                     // the secret that is absent is kept
	m = change(`{"account":"2","password":"second"}`) // and replaced when it is there
	require.Equal(t, 3, m.SettingsVersion)

	_, err := b.UpdateMethod(t.Context(), connector.UpdateMethodParams{
		By: north, ID: m.ID, Version: m.Version, Settings: json.RawMessage(`{"account":"2","password":null}`),
	})
	require.ErrorContains(t, err, "/password", "null clears it, and it is required")

	versions, err := b.Versions(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, []int{3, 2, 1}, versions)
	for version, want := range map[int]string{1: "1 first", 2: "2 first", 3: "2 second", 0: "2 second"} {
		got := b.opened(m.ID, version).settings
		require.Equal(t, want, got["account"]+" "+got["password"])
	}
	m, err = b.UpdateMethod(t.Context(), connector.UpdateMethodParams{By: north, ID: m.ID, Version: m.Version, Name: new("New")})
	require.NoError(t, err)
	require.Equal(t, 3, m.SettingsVersion, "a name is no setting")
}

func TestAMethodIsChangedOnlyFromItsPresentVersion(t *testing.T) {
	b := newBench(t)
	m := b.method(north, b.create(connector.CreateParams{}), scriptedValues)
	next, err := b.UpdateMethod(t.Context(), connector.UpdateMethodParams{
		By: north, ID: m.ID, Version: m.Version, Name: new("New"), AccountTypes: &[]string{"person"}, Icon: new("i"), Description: new("d"),
	})
	require.NoError(t, err)
	require.Equal(t, []any{"New", []string{"person"}, "i", "d", m.Version + 1},
		[]any{next.Name, next.AccountTypes, next.Icon, next.Description, next.Version})

	_, err = b.UpdateMethod(t.Context(), connector.UpdateMethodParams{By: north, ID: m.ID, Version: m.Version, Name: new("Old")})
	require.ErrorIs(t, err, connector.ErrConflict)
	_, err = b.UpdateMethod(t.Context(), connector.UpdateMethodParams{By: north, ID: m.ID, Version: next.Version, Name: new("")})
	require.ErrorIs(t, err, connector.ErrInvalid)
}

func TestOfTwoUpdatesAtOnceOneWins(t *testing.T) {
	b := newBench(t)
	m := b.method(north, b.create(connector.CreateParams{}), scriptedValues)
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = b.UpdateMethod(t.Context(), connector.UpdateMethodParams{
				By: north, ID: m.ID, Version: m.Version, Settings: json.RawMessage(fmt.Sprintf(`{"merchant":"m-%d"}`, i)),
			})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, connector.ErrConflict)
	}
	require.Equal(t, 1, won)
	versions, err := b.Versions(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, versions)
}

func TestADeletedConnectorNeverHasMethods(t *testing.T) {
	b := newBench(t)
	for range 50 {
		c := b.create(connector.CreateParams{})
		var deleted, created error
		var wg sync.WaitGroup
		wg.Go(func() { deleted = b.Delete(t.Context(), root, c.ID, c.Version) })
		wg.Go(func() {
			_, created = b.CreateMethod(t.Context(), connector.CreateMethodParams{
				By: north, Connector: c.ID, Name: "N", Settings: json.RawMessage(scriptedValues),
			})
		})
		wg.Wait()
		if created == nil {
			require.ErrorIs(t, deleted, connector.ErrInUse)
		} else {
			require.ErrorIs(t, created, connector.ErrNotFound)
			require.NoError(t, deleted)
		}
	}
}

func TestAPayerIsOfferedTheActiveMethodsOfTheReseller(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	c := b.create(connector.CreateParams{})
	add := func(id string, by connector.Actor, types ...string) {
		_, err := b.CreateMethod(ctx, connector.CreateMethodParams{
			By: by, ID: id, Connector: c.ID, Name: id, AccountTypes: types, Settings: json.RawMessage(scriptedValues),
		})
		require.NoError(t, err)
	}
	add("a-all", north)
	add("b-person", north, "person")
	add("c-company", north, "company", "budget")
	add("d-off", north)
	add("e-south", south)
	m, err := b.Deactivate(ctx, north, "d-off")
	require.NoError(t, err)
	require.False(t, m.Active)

	offered := func(accountType string) string {
		list, err := b.Offered(ctx, "north", accountType)
		require.NoError(t, err)
		return names(list)
	}
	require.Equal(t, "a-all b-person", offered("person"))
	require.Equal(t, "a-all c-company", offered("budget"))
	require.Equal(t, "a-all", offered(""))

	m, err = b.Activate(ctx, north, "d-off")
	require.NoError(t, err)
	again, err := b.Activate(ctx, north, "d-off")
	require.NoError(t, err)
	require.Equal(t, m.Version, again.Version, "nothing to change")
	require.Equal(t, "a-all d-off", offered(""))

	_, err = b.Offered(ctx, "", "person")
	require.ErrorIs(t, err, connector.ErrInvalid)
}

func names(list []connector.Method) string {
	var all []string
	for _, m := range list {
		all = append(all, m.Name)
	}
	return strings.Join(all, " ")
}

func TestMethodsAreListedInPages(t *testing.T) {
	b := newBench(t)
	c := b.create(connector.CreateParams{})
	for i := range 230 {
		p := connector.CreateMethodParams{
			By: north, ID: fmt.Sprintf("m%03d", i), Connector: c.ID, Name: "N", Inactive: i%2 == 0, Settings: json.RawMessage(scriptedValues),
		}
		if i%10 == 1 {
			p.AccountTypes = []string{"company"}
		}
		_, err := b.CreateMethod(t.Context(), p)
		require.NoError(t, err)
	}
	count := func(q connector.MethodQuery) (n int) {
		t.Helper()
		q.By = north
		for {
			page, err := b.Methods(t.Context(), q)
			require.NoError(t, err)
			n += len(page)
			if len(page) < q.Limit {
				return n
			}
			q.After = page[len(page)-1].ID
		}
	}
	require.Equal(t, 230, count(connector.MethodQuery{Page: connector.Page{Limit: 7}}))
	require.Equal(t, 230, count(connector.MethodQuery{Page: connector.Page{Limit: 150}, Connector: c.ID}))
	require.Equal(t, 115, count(connector.MethodQuery{Page: connector.Page{Limit: 10}, ActiveOnly: true}))
	require.Equal(t, 92, count(connector.MethodQuery{Page: connector.Page{Limit: 10}, AccountType: "person"}))
	require.Zero(t, count(connector.MethodQuery{Page: connector.Page{Limit: 10}, Connector: "other"}))
}

func TestWhatTheStoreSaysReachesTheCaller(t *testing.T) {
	b := newBench(t)
	c := b.create(connector.CreateParams{})
	m := b.method(north, c, scriptedValues)
	away := errors.New("the database is away")
	b.store.hook = func(string) error { return away }
	ctx := t.Context()
	for name, command := range map[string]func() error{
		"Create": func() error {
			_, err := b.Create(ctx, connector.CreateParams{By: root, Name: "N", Kind: "scripted"})
			return err
		},
		"Update": func() error {
			_, err := b.Update(ctx, connector.UpdateParams{By: root, ID: c.ID, Version: 1})
			return err
		},
		"Delete":     func() error { return b.Delete(ctx, root, c.ID, 1) },
		"Connector":  func() error { _, err := b.Connector(ctx, root, c.ID); return err },
		"Connectors": func() error { _, err := b.Connectors(ctx, root, connector.Page{}); return err },
		"HashKey":    func() error { _, err := b.HashKey(ctx, root, c.ID); return err },
		"Rotate":     func() error { _, err := b.RotateHashKey(ctx, connector.RotateParams{By: root, ID: c.ID}); return err },
		"CreateMethod": func() error {
			_, err := b.CreateMethod(ctx, connector.CreateMethodParams{By: north, Connector: c.ID, Name: "N"})
			return err
		},
		"UpdateMethod": func() error {
			_, err := b.UpdateMethod(ctx, connector.UpdateMethodParams{By: north, ID: m.ID, Version: 1})
			return err
		},
		"Activate": func() error { _, err := b.Activate(ctx, north, m.ID); return err },
		"Method":   func() error { _, err := b.Method(ctx, north, m.ID); return err },
		"Methods":  func() error { _, err := b.Methods(ctx, connector.MethodQuery{By: north}); return err },
		"Offered":  func() error { _, err := b.Offered(ctx, "north", ""); return err },
		"Versions": func() error { _, err := b.Versions(ctx, m.ID); return err },
		"Open":     func() error { _, err := b.Open(ctx, m.ID, 0); return err },
		"Rewrap":   func() error { _, err := b.Rewrap(ctx); return err },
	} {
		require.ErrorIs(t, command(), away, name)
	}
}

func TestAnIDThatNoneCanHaveIsNotLookedUp(t *testing.T) {
	b := newBench(t)
	b.store.hook = func(call string) error { return errors.New("asked the store: " + call) }
	for _, id := range []string{"", "a/b", "\xff", strings.Repeat("a", 65)} {
		_, err := b.Open(t.Context(), id, 0)
		require.ErrorIs(t, err, connector.ErrNotFound)
		_, err = b.Method(t.Context(), north, id)
		require.ErrorIs(t, err, connector.ErrNotFound)
		_, err = b.Connector(t.Context(), root, id)
		require.ErrorIs(t, err, connector.ErrNotFound)
		require.ErrorIs(t, b.Delete(t.Context(), root, id, 1), connector.ErrNotFound)
	}
}
