package connector_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
)

func TestSecretsAppearNowhere(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	var seen strings.Builder
	see := func(values ...any) {
		for _, v := range values {
			fmt.Fprintf(&seen, "%v\n%+v\n%#v\n", v, v, v)
			if raw, err := json.Marshal(v); err == nil {
				seen.Write(raw)
			}
		}
	}
	c := b.raw(connector.CreateParams{HashKey: secret.New("canary-hash-key"), Static: json.RawMessage(`{"password":"canary-static"}`)})
	see(c)
	m := b.method(north, c, `{"account":"1","password":"canary-first"}`)
	see(m)
	for _, settings := range []string{`{"account":"2","password":"canary-second"}`, `{"account":"13","password":"canary-third"}`, `{"account":"canary-value","password":1}`} {
		next, err := b.UpdateMethod(ctx, connector.UpdateMethodParams{By: north, ID: m.ID, Version: m.Version, Settings: json.RawMessage(settings)})
		see(next, err)
		if err == nil {
			m = next
		}
	}
	o, err := b.Open(ctx, m.ID, 0)
	require.NoError(t, err)
	o.Gateway = nil // the test's own one keeps its settings in plain text
	see(o)
	scripted := b.method(north, b.create(connector.CreateParams{}), `{"merchant":"m-1","key":"canary-key"}`)
	o, err = b.Open(ctx, scripted.ID, 0)
	require.NoError(t, err)
	see(o)
	one, err := b.Method(ctx, root, m.ID)
	see(one, err)
	all, err := b.Methods(ctx, connector.MethodQuery{By: root})
	see(all, err)
	full, err := b.Connector(ctx, root, c.ID)
	see(full, err)
	next, err := b.RotateHashKey(ctx, connector.RotateParams{By: root, ID: c.ID, Key: secret.New("canary-next"), Overlap: time.Hour})
	see(next, err)
	key, err := b.HashKey(ctx, root, c.ID)
	require.NoError(t, err)
	see(key, b.Service, b.Kinds())

	for where, text := range map[string]string{"values and errors": seen.String(), "the log": b.log.String(), "the store": b.store.dump()} {
		require.NotEmpty(t, text)
		require.NotContains(t, text, "canary", where)
	}
	require.Equal(t, "canary-next", key.Reveal())
}

func TestASealedSecretOpensOnlyInItsPlace(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{})
	first := b.method(north, c, `{"account":"1","password":"first"}`)
	second := b.method(south, c, `{"account":"2","password":"second"}`)
	b.store.settings[settingsKey{second.ID, 1}] = connector.SettingsRecord{
		Method: second.ID, Version: 1, ConnectorVersion: 1, Revision: 1, Body: b.store.settings[settingsKey{first.ID, 1}].Body,
	}
	_, err := b.Open(t.Context(), second.ID, 0)
	require.ErrorIs(t, err, secret.ErrOpen)
}

func TestTheHashKeyIsGeneratedOrGivenAndCanBeShared(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	first := b.raw(connector.CreateParams{})
	key, err := b.HashKey(ctx, root, first.ID)
	require.NoError(t, err)
	require.Regexp(t, "^[0-9a-f]{64}$", key.Reveal())

	second := b.raw(connector.CreateParams{HashKey: key})
	shared, err := b.HashKey(ctx, root, second.ID)
	require.NoError(t, err)
	require.True(t, key.Equal(shared))
}

func TestARotatedHashKeyIsAcceptedUntilItsOverlapEnds(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{HashKey: secret.New("one")})
	m := b.method(north, c, `{"account":"1","password":"p"}`)
	keys := func() string {
		var all []string
		for _, k := range b.opened(m.ID, 0).opened.HashKeys {
			all = append(all, k.Reveal())
		}
		return strings.Join(all, " ")
	}
	rotate := func(key string, overlap time.Duration) {
		_, err := b.RotateHashKey(t.Context(), connector.RotateParams{By: root, ID: c.ID, Key: secret.New(key), Overlap: overlap})
		require.NoError(t, err)
	}
	require.Equal(t, "one", keys())
	rotate("two", time.Hour)
	require.Equal(t, "two one", keys())
	rotate("three", 24*time.Hour)
	require.Equal(t, "three two", keys(), "two at most")
	b.now = b.now.Add(24*time.Hour - time.Microsecond)
	require.Equal(t, "three two", keys())
	b.now = b.now.Add(time.Microsecond)
	require.Equal(t, "three", keys(), "an opened gateway does not outlive the overlap")
	rotate("four", 0)
	require.Equal(t, "four", keys())
	require.Equal(t, 1, strings.Count(b.store.dump(), `"sealed"`), "without an overlap the former key is forgotten")

	raw := b.opened(m.ID, 0).opened
	require.Equal(t, c.ID, raw.Connector)
	require.Equal(t, "https://gateway.example", raw.URL)

	for _, wrong := range []connector.RotateParams{{Overlap: -1}, {Overlap: 31 * 24 * time.Hour}, {Key: secret.New("a\n")}} {
		wrong.By, wrong.ID = root, c.ID
		_, err := b.RotateHashKey(t.Context(), wrong)
		require.ErrorIs(t, err, connector.ErrInvalid)
	}
}

func TestRewrapMakesAFormerKeyNeedless(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	c := b.raw(connector.CreateParams{HashKey: secret.New("hash"), Static: json.RawMessage(`{"password":"static"}`)})
	m := b.method(north, c, `{"account":"1"}`)
	m, err := b.UpdateMethod(ctx, connector.UpdateMethodParams{
		By: north, ID: m.ID, Version: m.Version, Settings: json.RawMessage(`{"account":"1","password":"own"}`),
	})
	require.NoError(t, err)

	old, err := b.keys.Current(ctx)
	require.NoError(t, err)
	fresh, err := secret.GenerateKey("k2")
	require.NoError(t, err)
	both, err := secret.NewRing(fresh, old)
	require.NoError(t, err)
	alone, err := secret.NewRing(fresh)
	require.NoError(t, err)

	_, err = b.another(func(cfg *connector.Config) { cfg.Secrets = alone }).Open(ctx, m.ID, 0)
	require.ErrorIs(t, err, secret.ErrNoKey)

	rotating := b.another(func(cfg *connector.Config) { cfg.Secrets = both })
	failures := 0
	b.store.hook = func(call string) error {
		if call == "RewriteSettings" && failures == 0 {
			failures++
			return connector.ErrConflict // somebody else rewraps too
		}
		return nil
	}
	done, err := rotating.Rewrap(ctx)
	require.NoError(t, err)
	require.Equal(t, connector.Rewrapped{Records: 3, Changed: 3}, done)
	done, err = rotating.Rewrap(ctx)
	require.NoError(t, err)
	require.Equal(t, connector.Rewrapped{Records: 3}, done)
	require.NotContains(t, b.store.dump(), "v1.k1.")

	later := b.another(func(cfg *connector.Config) { cfg.Secrets = alone })
	for version, want := range map[int]string{1: "static", 2: "own"} {
		o, err := later.Open(ctx, m.ID, version)
		require.NoError(t, err)
		require.Equal(t, want, o.Gateway.(rawGateway).settings["password"])
	}
	key, err := later.HashKey(ctx, root, c.ID)
	require.NoError(t, err)
	require.Equal(t, "hash", key.Reveal())
}

// What was a plain field when it was written may be a secret for a newer program.
func TestAFieldThatBecomesASecretIsReadAndThenSealed(t *testing.T) {
	type before struct {
		Key string `json:"key"`
	}
	type after struct {
		Key secret.Value `json:"key"`
	}
	gateway := func(key string) (*connectortest.Scripted, error) {
		return connectortest.NewScripted(connectortest.Settings{Merchant: key, Key: secret.New(key)})
	}
	older := connector.KindOf("acme", func(s before) (*connectortest.Scripted, error) { return gateway(s.Key) })
	newer := connector.KindOf("acme", func(s after) (*connectortest.Scripted, error) { return gateway(s.Key.Reveal()) })

	b := newBench(t, func(c *connector.Config) { c.Kinds = []connector.Kind{older} })
	m := b.method(north, b.create(connector.CreateParams{Kind: "acme"}), `{"key":"plain"}`)
	require.Contains(t, b.store.dump(), "plain")

	upgraded := b.another(func(c *connector.Config) { c.Kinds = []connector.Kind{newer} })
	for range 2 {
		o, err := upgraded.Open(t.Context(), m.ID, 0)
		require.NoError(t, err)
		require.Equal(t, "acme:north:plain", o.Account)
		_, err = upgraded.Rewrap(t.Context())
		require.NoError(t, err)
		require.NotContains(t, b.store.dump(), "plain")
		upgraded = b.another(func(c *connector.Config) { c.Kinds = []connector.Kind{newer} })
	}
}

func TestNothingIsCreatedWithoutRandomness(t *testing.T) {
	b := newBench(t, func(c *connector.Config) { c.Random = strings.NewReader("short") })
	_, err := b.Create(t.Context(), connector.CreateParams{By: root, Name: "N", Kind: "scripted"})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Empty(t, b.store.connectors)
}

func TestEveryChangeIsLoggedWithItsActor(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	c := b.create(connector.CreateParams{ID: "c1"})
	m := b.method(north, c, scriptedValues)
	_, err := b.UpdateMethod(ctx, connector.UpdateMethodParams{By: north, ID: m.ID, Version: m.Version, Name: new("N")})
	require.NoError(t, err)
	_, err = b.Deactivate(ctx, north, m.ID)
	require.NoError(t, err)
	_, err = b.Activate(ctx, north, m.ID)
	require.NoError(t, err)
	_, err = b.RotateHashKey(ctx, connector.RotateParams{By: root, ID: c.ID})
	require.NoError(t, err)
	_, err = b.Update(ctx, connector.UpdateParams{By: root, ID: c.ID, Version: 2})
	require.NoError(t, err)
	gone := b.create(connector.CreateParams{})
	require.NoError(t, b.Delete(ctx, root, gone.ID, gone.Version))

	var lines []string
	for line := range strings.Lines(b.log.String()) {
		var entry struct{ Change, By string }
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		lines = append(lines, entry.By+": "+entry.Change)
	}
	require.Equal(t, []string{
		"anna: connector created", "nina: payment method created", "nina: payment method changed", "nina: payment method deactivated",
		"nina: payment method activated", "anna: connector hash key rotated", "anna: connector changed", "anna: connector created",
		"anna: connector deleted",
	}, lines)
}
