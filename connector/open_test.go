package connector_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
)

func TestOpenGivesTheGatewayAndItsMerchantAccount(t *testing.T) {
	b := newBench(t)
	c := b.create(connector.CreateParams{Period: 5 * time.Minute})
	first := b.method(north, c, scriptedValues)
	second := b.method(north, c, scriptedValues)
	foreign := b.method(south, c, scriptedValues)

	o, err := b.Open(t.Context(), first.ID, 0)
	require.NoError(t, err)
	require.Equal(t, 1, o.Version)
	require.Equal(t, first.ID, o.Method.ID)
	require.Equal(t, 5*time.Minute, o.Connector.Period)
	require.Equal(t, "scripted:north:m-1", o.Account)
	require.IsType(t, &connectortest.Scripted{}, o.Gateway)

	shared, err := b.Open(t.Context(), second.ID, 0)
	require.NoError(t, err)
	require.Equal(t, o.Account, shared.Account, "charges of both are unique together")
	other, err := b.Open(t.Context(), foreign.ID, 0)
	require.NoError(t, err)
	require.Equal(t, "scripted:south:m-1", other.Account, "another reseller's settings reach nobody else's payments")

	alone, err := b.Open(t.Context(), b.method(north, b.raw(connector.CreateParams{}), `{"account":"1","password":"p"}`).ID, 0)
	require.NoError(t, err)
	require.Equal(t, "method:"+alone.Method.ID, alone.Account)

	for _, version := range []int{2, -1} {
		_, err = b.Open(t.Context(), first.ID, version)
		require.ErrorIs(t, err, connector.ErrNotFound)
	}
}

func TestAnInactiveMethodStillOpens(t *testing.T) {
	b := newBench(t)
	m := b.method(north, b.create(connector.CreateParams{}), scriptedValues)
	_, err := b.Open(t.Context(), m.ID, 0)
	require.NoError(t, err)
	_, err = b.Deactivate(t.Context(), north, m.ID)
	require.NoError(t, err)
	o, err := b.Open(t.Context(), m.ID, 0)
	require.NoError(t, err)
	require.False(t, o.Method.Active, "an own change is seen at once")
}

func TestGatewaysAndRowsAreReadOnce(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{})
	m := b.method(north, c, `{"account":"1","password":"p"}`)
	calls := 0
	b.store.hook = func(string) error { calls++; return nil }
	for range 10 {
		b.opened(m.ID, 0)
	}
	require.Equal(t, 3, calls, "method, connector and settings")
	b.now = b.now.Add(time.Second)
	b.opened(m.ID, 0)
	require.Equal(t, 5, calls, "method and connector again")
}

func TestTheChangeOfAnotherProcessIsSeenAfterCacheFor(t *testing.T) {
	b := newBench(t)
	other := b.another()
	m := b.method(north, b.raw(connector.CreateParams{}), `{"account":"1","password":"p"}`)
	require.Equal(t, "1", b.opened(m.ID, 0).settings["account"])
	_, err := other.UpdateMethod(t.Context(), connector.UpdateMethodParams{
		By: north, ID: m.ID, Version: m.Version, Settings: json.RawMessage(`{"account":"2"}`),
	})
	require.NoError(t, err)

	require.Equal(t, "1", b.opened(m.ID, 0).settings["account"])
	require.Equal(t, "2", b.opened(m.ID, 2).settings["account"], "a pinned version is found at once")
	b.now = b.now.Add(time.Second)
	require.Equal(t, "2", b.opened(m.ID, 0).settings["account"])

	b.now = b.now.Add(-time.Hour)
	_, err = other.UpdateMethod(t.Context(), connector.UpdateMethodParams{
		By: north, ID: m.ID, Version: 2, Settings: json.RawMessage(`{"account":"3"}`),
	})
	require.NoError(t, err)
	require.Equal(t, "3", b.opened(m.ID, 0).settings["account"], "a clock that was set back trusts nothing")

	never := b.another(func(c *connector.Config) { c.CacheFor = -1 })
	_, err = never.Open(t.Context(), m.ID, 0)
	require.NoError(t, err)
	_, err = other.Deactivate(t.Context(), north, m.ID)
	require.NoError(t, err)
	o, err := never.Open(t.Context(), m.ID, 0)
	require.NoError(t, err)
	require.False(t, o.Method.Active)
}

func TestARowThatWasReadBeforeAChangeIsNotKeptAfterIt(t *testing.T) {
	b := newBench(t)
	m := b.method(north, b.create(connector.CreateParams{}), scriptedValues)
	changed := false
	b.store.hook = func(call string) error {
		if call != "Connector" || changed {
			return nil
		}
		changed = true // between the reading of the method and the keeping of it
		_, err := b.Deactivate(t.Context(), north, m.ID)
		return err
	}
	o, err := b.Open(t.Context(), m.ID, 0)
	require.NoError(t, err)
	require.True(t, o.Method.Active)
	o, err = b.Open(t.Context(), m.ID, 0)
	require.NoError(t, err)
	require.False(t, o.Method.Active)
}

func TestFewGatewaysAreKeptAndAllOpen(t *testing.T) {
	b := newBench(t, func(c *connector.Config) { c.OpenGateways = 2 })
	c := b.raw(connector.CreateParams{})
	var ids []string
	for i := range 5 {
		ids = append(ids, b.method(north, c, fmt.Sprintf(`{"account":"%d","password":"p"}`, i)).ID)
	}
	for range 2 {
		for i, id := range ids {
			require.Equal(t, fmt.Sprint(i), b.opened(id, 0).settings["account"])
		}
	}
	calls := 0
	b.store.hook = func(string) error { calls++; return nil }
	b.opened(ids[4], 0)
	b.opened(ids[3], 0)
	require.Zero(t, calls, "the last used are kept")
	b.opened(ids[0], 0)
	b.opened(ids[3], 0)
	require.Equal(t, 3, calls, "the one that was used longest ago has gone, though it came last")
}

func TestManyGoroutinesOpenWhileSettingsChange(t *testing.T) {
	b := newBench(t)
	m := b.method(north, b.raw(connector.CreateParams{}), `{"account":"1","password":"p"}`)
	id := m.ID
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				o, err := b.Open(t.Context(), id, 0)
				if err != nil || o.Gateway.(rawGateway).settings["account"] != fmt.Sprint(o.Version) {
					t.Errorf("version %d opened %v: %v", o.Version, o.Gateway, err)
				}
			}
		})
	}
	for i := 2; i <= 12; i++ {
		next, err := b.UpdateMethod(t.Context(), connector.UpdateMethodParams{
			By: north, ID: m.ID, Version: m.Version, Settings: json.RawMessage(fmt.Sprintf(`{"account":"%d"}`, i)),
		})
		require.NoError(t, err)
		m = next
	}
	wg.Wait()
}

func TestNewStaticSettingsReachEveryMethodAsANewVersion(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"password":"old"}`)})
	first, second := b.method(north, c, `{"account":"1"}`), b.method(south, c, `{"account":"2","password":"own"}`)
	c, err := b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Static: json.RawMessage(`{"password":"new","mode":"live"}`)})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"account": "1", "password": "new", "mode": "live"}, b.opened(first.ID, 0).settings)
	require.Equal(t, map[string]string{"account": "1", "password": "old", "mode": "test"}, b.opened(first.ID, 1).settings, "what old messages were signed with")
	require.Equal(t, map[string]string{"account": "2", "password": "own", "mode": "live"}, b.opened(second.ID, 0).settings)

	c, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Static: json.RawMessage(`{"mode":"test"}`)})
	require.NoError(t, err)
	require.Equal(t, "new", b.opened(first.ID, 0).settings["password"], "a secret that is absent is kept")
	require.Equal(t, 3, b.current(first.ID))

	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Name: new("New")})
	require.NoError(t, err)
	require.Equal(t, 3, b.current(first.ID), "a name is no setting")
}

// current is the current version of a method's settings.
func (b *bench) current(method string) int {
	versions, err := b.Versions(b.t.Context(), method)
	require.NoError(b.t, err)
	return versions[0]
}

func TestStaticSettingsThatDoNotFitAMethodAreRefused(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"account":"1","password":"p"}`)})
	m := b.method(north, c, `{}`)
	for _, static := range []string{`{}`, `{"account":"13"}`} { // required, and refused by the kind
		_, err := b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Static: json.RawMessage(static)})
		require.ErrorIs(t, err, connector.ErrInvalid)
		require.ErrorContains(t, err, m.ID)
	}
	seen, err := b.Connector(t.Context(), root, c.ID)
	require.NoError(t, err)
	require.Equal(t, c.Version, seen.Version, "nothing was written")
}

func TestAnInterruptedChangeOfStaticSettingsIsCarriedOn(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"password":"old"}`)})
	first, second := b.method(north, c, `{"account":"1"}`), b.method(north, c, `{"account":"2"}`)
	away := errors.New("the database is away")
	b.store.hook = func(call string) error {
		if call == "PutMethod" {
			return away
		}
		return nil
	}
	_, err := b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Static: json.RawMessage(`{"password":"new"}`)})
	require.ErrorIs(t, err, away)
	require.ErrorContains(t, err, "still use the former static settings")
	b.store.hook = nil
	require.Equal(t, "old", b.opened(first.ID, 0).settings["password"])

	c, err = b.Connector(t.Context(), root, c.ID)
	require.NoError(t, err)
	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version})
	require.NoError(t, err)
	for _, m := range []connector.Method{first, second} {
		require.Equal(t, "new", b.opened(m.ID, 0).settings["password"])
		require.Equal(t, 2, b.current(m.ID))
	}
}

func TestAKindThatTheProgramDoesNotKnowCanBeReadAndNotUsed(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"password":"canary"}`)})
	m := b.method(north, c, `{"account":"1"}`)
	without := b.another(func(cfg *connector.Config) { cfg.Kinds = nil })

	seen, err := without.Connector(t.Context(), root, c.ID)
	require.NoError(t, err)
	require.Equal(t, "raw", seen.Kind)
	require.Nil(t, seen.Static)
	method, err := without.Method(t.Context(), north, m.ID)
	require.NoError(t, err)
	require.Nil(t, method.Settings)
	_, err = without.Deactivate(t.Context(), north, m.ID)
	require.NoError(t, err)

	_, err = without.Open(t.Context(), m.ID, 0)
	require.ErrorIs(t, err, connector.ErrUnknownKind)
	_, err = without.CreateMethod(t.Context(), connector.CreateMethodParams{By: north, Connector: c.ID, Name: "N"})
	require.ErrorIs(t, err, connector.ErrUnknownKind)
	_, err = without.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version})
	require.ErrorIs(t, err, connector.ErrUnknownKind)
	_, err = without.Rewrap(t.Context())
	require.ErrorIs(t, err, connector.ErrUnknownKind)
}

// An acme gateway has a struct of its own, and settings that a schema cannot check.
type acmeSettings struct {
	Low  int          `json:"low"`
	High int          `json:"high"`
	Key  secret.Value `json:"key,omitzero"`
}

func TestTheKindsOwnErrorIsReportedWithoutSecrets(t *testing.T) {
	plain := connector.KindOf("acme", func(s acmeSettings) (*connectortest.Scripted, error) {
		if s.Low > s.High {
			return nil, fmt.Errorf("acme: low is above high; signed with %s", s.Key.Reveal())
		}
		return connectortest.NewScripted(connectortest.Settings{Merchant: "m", Key: s.Key})
	})
	b := newBench(t, func(c *connector.Config) { c.Kinds = append(c.Kinds, plain) })
	c := b.create(connector.CreateParams{Kind: "acme"})
	for values, want := range map[string]string{
		`{"low":2,"high":1}`:                       "acme: low is above high",
		`{"low":2,"high":1,"key":"canary"}`:        "its reason holds a secret and is not shown",
		`{"low":99999999999999999999999,"high":1}`: "settings.low: does not fit",
		`{"low":1,"high":2}`:                       "invalid key: required",
	} {
		_, err := b.CreateMethod(t.Context(), connector.CreateMethodParams{By: north, Connector: c.ID, Name: "N", Settings: json.RawMessage(values)})
		require.ErrorIs(t, err, connector.ErrInvalid)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "canary")
		require.NotContains(t, err.Error(), "999")
	}
}
