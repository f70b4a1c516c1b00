package connector_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

var (
	root  = connector.Actor{Reseller: "root", Name: "anna"}
	north = connector.Actor{Reseller: "north", Name: "nina"}
	south = connector.Actor{Reseller: "south", Name: "sam"}
)

// A bench is a Service on a store of its own, with a clock that the test moves.
type bench struct {
	*connector.Service
	t     *testing.T
	store *fakeStore
	now   time.Time
	log   bytes.Buffer
	keys  *secret.Ring
}

// rawSchema is what an operator pastes for the raw kind: one secret, one required text, one with a default.
const rawSchema = `{"type":"object","properties":{
	"account":{"type":"string","pattern":"^[0-9]+$"},
	"password":{"type":"string","writeOnly":true},
	"mode":{"type":"string","enum":["test","live"],"default":"test"}},
	"required":["account","password"],"additionalProperties":false}`

func newBench(t *testing.T, change ...func(*connector.Config)) *bench {
	t.Helper()
	key, err := secret.GenerateKey("k1")
	require.NoError(t, err)
	b := &bench{t: t, store: newStore(), now: time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)}
	b.keys, err = secret.NewRing(key)
	require.NoError(t, err)
	b.Service = b.another(change...)
	return b
}

// another makes a second Service on the same store, as another process would.
func (b *bench) another(change ...func(*connector.Config)) *connector.Service {
	b.t.Helper()
	cfg := connector.Config{
		Store:   b.store,
		Secrets: b.keys,
		Kinds:   []connector.Kind{connectortest.Kind(), connectortest.KindMute(), connector.RawKind("raw", openRaw)},
		Now:     func() time.Time { return b.now },
		Logger:  slog.New(slog.NewJSONHandler(&b.log, nil)),
	}
	for _, c := range change {
		c(&cfg)
	}
	s, err := connector.New(cfg)
	require.NoError(b.t, err)
	return s
}

// rawGateway shows what a raw kind was opened with.
type rawGateway struct {
	connector.Gateway
	opened   connector.RawSettings
	settings map[string]string
}

func openRaw(raw connector.RawSettings) (connector.Gateway, error) {
	g := rawGateway{opened: raw}
	if err := json.Unmarshal([]byte(raw.Settings.Reveal()), &g.settings); err != nil {
		return nil, err
	}
	if g.settings["account"] == "13" {
		return nil, errors.New("raw: the account is closed; its password was " + g.settings["password"])
	}
	return g, nil
}

func (b *bench) create(p connector.CreateParams) connector.Connector {
	b.t.Helper()
	if p.By == (connector.Actor{}) {
		p.By = root
	}
	if p.Kind == "" {
		p.Kind = connectortest.ScriptedKind
	}
	if p.Name == "" {
		p.Name = "Scripted"
	}
	c, err := b.Create(b.t.Context(), p)
	require.NoError(b.t, err)
	return c
}

func (b *bench) raw(p connector.CreateParams) connector.Connector {
	b.t.Helper()
	p.Kind, p.URL, p.Period = "raw", "https://gateway.example", 15*time.Minute
	if p.Schema == nil {
		p.Schema = json.RawMessage(rawSchema)
	}
	return b.create(p)
}

func (b *bench) method(by connector.Actor, c connector.Connector, values string) connector.Method {
	b.t.Helper()
	m, err := b.CreateMethod(b.t.Context(), connector.CreateMethodParams{
		By: by, Connector: c.ID, Name: "Bank card", Settings: json.RawMessage(values),
	})
	require.NoError(b.t, err)
	return m
}

// opened is what the raw gateway of a method's version got.
func (b *bench) opened(method string, version int) rawGateway {
	b.t.Helper()
	o, err := b.Open(b.t.Context(), method, version)
	require.NoError(b.t, err)
	return o.Gateway.(rawGateway)
}

const scriptedValues = `{"merchant":"m-1","key":"canary-signing-key"}`

func TestNewReportsEverythingThatIsMissing(t *testing.T) {
	_, err := connector.New(connector.Config{Kinds: []connector.Kind{
		{},
		connectortest.Kind(), connectortest.Kind(), connector.RawKind("raw", nil),
		connector.KindOf("bad", func(int) (*connectortest.Scripted, error) { return nil, nil }),
	}})
	for _, want := range []string{
		"Config.Store", "Config.Secrets", "Config.Kinds[0]", "kind scripted is given twice", `kind "raw": no function`, `kind "bad"`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestOnlyTheRootResellerManagesConnectors(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"password":"p"}`)})
	ctx := t.Context()
	for _, by := range []connector.Actor{north, {}} {
		_, err := b.Create(ctx, connector.CreateParams{By: by, Name: "Mine", Kind: "raw", Schema: json.RawMessage(rawSchema)})
		require.ErrorIs(t, err, connector.ErrForbidden)
		_, err = b.Update(ctx, connector.UpdateParams{By: by, ID: c.ID, Version: c.Version})
		require.ErrorIs(t, err, connector.ErrForbidden)
		require.ErrorIs(t, b.Delete(ctx, by, c.ID, c.Version), connector.ErrForbidden)
		_, err = b.HashKey(ctx, by, c.ID)
		require.ErrorIs(t, err, connector.ErrForbidden)
		_, err = b.RotateHashKey(ctx, connector.RotateParams{By: by, ID: c.ID})
		require.ErrorIs(t, err, connector.ErrForbidden)
	}
	_, err := b.Connector(ctx, connector.Actor{}, c.ID)
	require.ErrorIs(t, err, connector.ErrForbidden)
	_, err = b.Connectors(ctx, connector.Actor{}, connector.Page{})
	require.ErrorIs(t, err, connector.ErrForbidden)

	// Others see what they need to choose it, and nothing more.
	list, err := b.Connectors(ctx, north, connector.Page{})
	require.NoError(t, err)
	require.Equal(t, []connector.Connector{{
		ID: c.ID, Name: c.Name, Kind: "raw", Schema: c.Schema, Period: 15 * time.Minute, Version: 1,
	}}, list)
}

func TestAConnectorIsRefusedWithEveryWrongParameter(t *testing.T) {
	b := newBench(t)
	_, err := b.Create(t.Context(), connector.CreateParams{
		By: root, ID: "a b", Kind: "raw", URL: "http://gateway.example", Period: 90 * time.Second,
		Schema: json.RawMessage(rawSchema), HashKey: secret.New("a\nb"),
	})
	for _, field := range []string{"id", "name", "url", "period", "hash_key"} {
		require.ErrorContains(t, err, "invalid "+field)
	}
	require.ErrorIs(t, err, connector.ErrInvalid)
	require.Empty(t, b.store.connectors)

	_, err = b.Create(t.Context(), connector.CreateParams{By: root, Name: "N", Kind: "visa"})
	require.ErrorIs(t, err, connector.ErrUnknownKind)
}

func TestAddressesOfConnectors(t *testing.T) {
	b := newBench(t)
	plain := b.another(func(c *connector.Config) { c.InsecureHTTP = true })
	for text, want := range map[string]struct{ https, http bool }{
		"":                                     {true, true},
		"https://gateway.example":              {true, true},
		"https://gateway.example:8443/":        {true, true},
		"http://127.0.0.1:8080":                {false, true},
		"gateway.example":                      {false, false},
		"/callback":                            {false, false},
		"https://":                             {false, false},
		"https://:443":                         {false, false},
		"https://user:pw@gateway.example":      {false, false},
		"https://gateway.example/#a":           {false, false},
		"ftp://gateway.example":                {false, false},
		"https://gateway.example/\x7f":         {false, false},
		"https://" + strings.Repeat("a", 2100): {false, false},
	} {
		p := connector.CreateParams{By: root, Name: "N", Kind: "raw", URL: text, Schema: json.RawMessage(rawSchema)}
		_, err := b.Create(t.Context(), p)
		require.Equal(t, want.https, err == nil, text)
		_, err = plain.Create(t.Context(), p)
		require.Equal(t, want.http, err == nil, text)
	}
}

func TestTheSchemaIsTheKindsOrThePastedOne(t *testing.T) {
	b := newBench(t)
	require.JSONEq(t, string(connectortest.Kind().Schema()), string(b.create(connector.CreateParams{}).Schema))
	require.JSONEq(t, rawSchema, string(b.raw(connector.CreateParams{}).Schema))

	for _, wrong := range []connector.CreateParams{
		{Kind: connectortest.ScriptedKind, Schema: json.RawMessage(rawSchema)},
		{Kind: "raw"},
		{Kind: "raw", Schema: json.RawMessage(`{"type":"objekt"}`)},
		{Kind: "raw", Schema: json.RawMessage(`{"$ref":"file:///etc/passwd"}`)},
	} {
		wrong.By, wrong.Name = root, "N"
		_, err := b.Create(t.Context(), wrong)
		require.ErrorIs(t, err, connector.ErrInvalid)
		require.ErrorContains(t, err, "schema")
	}
	var named []string
	for _, k := range b.Kinds() {
		named = append(named, k.Name())
	}
	require.Equal(t, []string{"raw", "scripted", "scripted-mute"}, named)
}

// pairs is a dialect of the test's own: an array of names.
type pairs struct{}

func (pairs) Name() string { return "pairs" }

func (pairs) Schema(raw []byte) ([]byte, bool, error) {
	var names []string
	if raw[0] != '[' {
		return nil, false, nil
	}
	if json.Unmarshal(raw, &names) != nil {
		return nil, true, errors.New("pairs: not names")
	}
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = map[string]any{"type": "string"}
	}
	schema, err := json.Marshal(map[string]any{"type": "object", "properties": properties})
	return schema, true, err
}

func TestASchemaMayBePastedInADialect(t *testing.T) {
	b := newBench(t, func(c *connector.Config) { c.Dialects = []settings.Dialect{pairs{}} })
	c := b.raw(connector.CreateParams{Schema: json.RawMessage(`["account"]`)})
	require.JSONEq(t, `{"type":"object","properties":{"account":{"type":"string"}}}`, string(c.Schema))
	b.raw(connector.CreateParams{})

	_, err := b.Create(t.Context(), connector.CreateParams{By: root, Name: "N", Kind: "raw", Schema: json.RawMessage(`[1]`)})
	require.ErrorContains(t, err, "pairs: not names")
	require.ErrorIs(t, err, connector.ErrInvalid)
}

func TestStaticSettingsAreAPart(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"password":"canary"}`)})
	require.JSONEq(t, `{}`, string(c.Static))
	require.Equal(t, []string{"/password"}, c.Secrets)

	for _, wrong := range []string{`{"account":"x"}`, `{"other":1}`, `[]`, `{`} {
		_, err := b.Create(t.Context(), connector.CreateParams{
			By: root, Name: "N", Kind: "raw", Schema: json.RawMessage(rawSchema), Static: json.RawMessage(wrong),
		})
		var faults *settings.Error
		require.ErrorAs(t, err, &faults, wrong)
		require.ErrorContains(t, err, "static")
	}
}

func TestAConnectorIsChangedOnlyFromItsPresentVersion(t *testing.T) {
	b := newBench(t)
	c := b.create(connector.CreateParams{})
	b.now = b.now.Add(time.Hour)
	next, err := b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Name: new("New")})
	require.NoError(t, err)
	require.Equal(t, "New", next.Name)
	require.Equal(t, c.Version+1, next.Version)
	require.Equal(t, b.now, next.UpdatedAt)
	require.Equal(t, "anna", next.UpdatedBy)

	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Name: new("Old")})
	require.ErrorIs(t, err, connector.ErrConflict)
	require.ErrorIs(t, b.Delete(t.Context(), root, c.ID, c.Version), connector.ErrConflict)
	require.NoError(t, b.Delete(t.Context(), root, c.ID, next.Version))
	_, err = b.Connector(t.Context(), root, c.ID)
	require.ErrorIs(t, err, connector.ErrNotFound)
}

func TestWhatIsInUseKeepsItsSchemaAndIsNotDeleted(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{})
	longer := json.RawMessage(strings.Replace(rawSchema, `"^[0-9]+$"`, `"^[0-9]{3}$"`, 1))
	c, err := b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Schema: longer})
	require.NoError(t, err, "not in use yet")

	b.method(north, c, `{"account":"123","password":"p"}`)
	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Schema: json.RawMessage(rawSchema)})
	require.ErrorIs(t, err, connector.ErrInUse)
	require.ErrorIs(t, b.Delete(t.Context(), root, c.ID, c.Version), connector.ErrInUse)

	seen, err := b.Connector(t.Context(), root, c.ID)
	require.NoError(t, err)
	require.Equal(t, 1, seen.Methods)
	_, err = b.Update(t.Context(), connector.UpdateParams{
		By: root, ID: c.ID, Version: c.Version, Schema: seen.Schema, URL: new("https://new.example"),
	})
	require.NoError(t, err, "a form that sends back the same schema changes nothing")
}

func TestASchemaThatChangesDoesNotUncoverStaticSecrets(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{Static: json.RawMessage(`{"account":"7","password":"canary"}`)})
	open := json.RawMessage(strings.Replace(rawSchema, `"writeOnly":true`, `"title":"Password"`, 1))
	c, err := b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Schema: open})
	require.NoError(t, err)
	require.JSONEq(t, `{"account":"7"}`, string(c.Static))

	c, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Schema: json.RawMessage(rawSchema)})
	require.NoError(t, err)
	require.Empty(t, c.Secrets, "what was dropped does not come back")
}

func TestAMethodThatIsAddedWhileTheSchemaChangesMeetsTheNewOne(t *testing.T) {
	b := newBench(t)
	c := b.raw(connector.CreateParams{})
	other := b.another()
	done := false
	b.store.hook = func(call string) error {
		if call != "PutMethod" || done {
			return nil
		}
		done = true
		longer := json.RawMessage(strings.Replace(rawSchema, `"^[0-9]+$"`, `"^[0-9]{3}$"`, 1))
		_, err := other.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Schema: longer})
		return err
	}
	_, err := b.CreateMethod(t.Context(), connector.CreateMethodParams{
		By: north, Connector: c.ID, Name: "Card", Settings: json.RawMessage(`{"account":"1","password":"p"}`),
	})
	require.True(t, done)
	require.ErrorContains(t, err, "/account")
	require.Empty(t, b.store.methods)
}

func TestUpdatesOfConnectorsReportFaultsAndKeepWhatIs(t *testing.T) {
	b := newBench(t)
	c := b.create(connector.CreateParams{Period: 5 * time.Minute})
	_, err := b.Update(t.Context(), connector.UpdateParams{
		By: root, ID: c.ID, Version: c.Version, Name: new(""), URL: new("x"), Period: new(-time.Minute),
	})
	for _, field := range []string{"name", "url", "period"} {
		require.ErrorContains(t, err, "invalid "+field)
	}
	seen, err := b.Connector(t.Context(), root, c.ID)
	require.NoError(t, err)
	require.Equal(t, c, seen)
	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: c.ID, Version: c.Version, Period: new(30*24*time.Hour + time.Minute)})
	require.ErrorContains(t, err, "invalid period")
	_, err = b.Update(t.Context(), connector.UpdateParams{By: root, ID: "other", Version: 1})
	require.ErrorIs(t, err, connector.ErrNotFound)
}

func TestIDsAreGeneratedInOrderOrChosen(t *testing.T) {
	b := newBench(t)
	var last string
	for range 3 {
		b.now = b.now.Add(time.Millisecond)
		c := b.create(connector.CreateParams{})
		require.Greater(t, c.ID, last)
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, c.ID)
		last = c.ID
	}
	c := b.create(connector.CreateParams{ID: "acme"})
	_, err := b.Create(t.Context(), connector.CreateParams{By: root, ID: "acme", Name: "N", Kind: "scripted"})
	require.ErrorIs(t, err, connector.ErrExists)
	m, err := b.CreateMethod(t.Context(), connector.CreateMethodParams{By: root, ID: "card", Connector: c.ID, Name: "N", Settings: json.RawMessage(scriptedValues)})
	require.NoError(t, err)
	_, err = b.CreateMethod(t.Context(), connector.CreateMethodParams{By: root, ID: m.ID, Connector: c.ID, Name: "N", Settings: json.RawMessage(scriptedValues)})
	require.ErrorIs(t, err, connector.ErrExists)
}

func TestConnectorsAreListedInPages(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"c", "a", "b"} {
		b.create(connector.CreateParams{ID: id})
	}
	page, err := b.Connectors(t.Context(), root, connector.Page{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, "a b", page[0].ID+" "+page[1].ID)
	page, err = b.Connectors(t.Context(), root, connector.Page{Limit: 2, After: "b"})
	require.NoError(t, err)
	require.Len(t, page, 1)
	for _, wrong := range []connector.Page{{Limit: -1}, {Limit: 1001}, {After: "\xff"}} {
		_, err = b.Connectors(t.Context(), root, wrong)
		require.ErrorIs(t, err, connector.ErrInvalid)
	}
}
