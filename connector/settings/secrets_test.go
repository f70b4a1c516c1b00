package settings_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/settings"
)

// everywhere has a secret behind each keyword that leads to a subschema.
const everywhere = `{
	"$defs":{"key":{"type":"string","writeOnly":true},"node":{"properties":{"k":{"$ref":"#/$defs/key"},"next":{"$ref":"#/$defs/node"}}}},
	"properties":{
		"plain":{"type":"string"},
		"top":{"type":"string","writeOnly":true},
		"nested":{"properties":{"ref":{"$ref":"#/$defs/key"}}},
		"list":{"items":{"$ref":"#/$defs/key"}},
		"tuple":{"prefixItems":[{"type":"string"},{"$ref":"#/$defs/key"}],"items":{"properties":{"k":{"$ref":"#/$defs/key"}}}},
		"tree":{"$ref":"#/$defs/node"},
		"box":{"writeOnly":true,"type":"object"},
		"contains":{"contains":{"properties":{"k":{"$ref":"#/$defs/key"}}}}
	},
	"patternProperties":{"^p-":{"writeOnly":true}},
	"additionalProperties":{"properties":{"k":{"$ref":"#/$defs/key"}}},
	"allOf":[{"properties":{"all":{"$ref":"#/$defs/key"}}}],
	"anyOf":[{"properties":{"any":{"$ref":"#/$defs/key"}}},true],
	"oneOf":[{"properties":{"one":{"$ref":"#/$defs/key"}},"required":["one"]},{"not":{"required":["one"]}}],
	"if":{"properties":{"if":{"$ref":"#/$defs/key"}},"required":["if"]},
	"then":{"properties":{"then":{"$ref":"#/$defs/key"}}},
	"else":{"properties":{"else":{"$ref":"#/$defs/key"}}},
	"dependentSchemas":{"plain":{"properties":{"dep":{"$ref":"#/$defs/key"}}}},
	"not":{"properties":{"not":{"type":"string","writeOnly":true}},"required":["not"]}
}`

const everySecret = `{
  "plain" : "open",	"top":"S\u0031", "nested": {"ref":"S2", "n": 1.50e0},
  "list":["S3","S4"], "tuple":["open","S5",{"k":"S6"}], "tree":{"k":"S7","next":{"next":{"k":"S8"}}},
  "box":{"any":{"text":["S9"]},"nothing":null}, "contains":[1,{"k":"S10"}], "p-x":"S11", "other":{"k":"S12","x":"open"},
  "all":"S13","any":"S14","one":"S15","then":"S16","else":"S17","dep":"S18","if":"S19","not":"open","Top":"open"
}`

func TestMapSecretsFindsEverySecret(t *testing.T) {
	s := compile(t, everywhere)
	var seen []string
	out, err := s.MapSecrets([]byte(everySecret), func(pointer, text string) (string, error) {
		seen = append(seen, pointer+"="+text)
		return `<"` + text + "\u2028>", nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{
		"/top=S1", "/nested/ref=S2", "/list/0=S3", "/list/1=S4", "/tuple/1=S5", "/tuple/2/k=S6", "/tree/k=S7", "/tree/next/next/k=S8",
		"/box/any/text/0=S9", "/contains/1/k=S10", "/p-x=S11", "/other/k=S12", "/all=S13", "/any=S14", "/one=S15", "/then=S16",
		"/else=S17", "/dep=S18", "/if=S19",
	}, seen)

	// Everything but the secrets keeps its bytes: white space, order, numbers.
	want := strings.ReplaceAll(everySecret, `S\u0031`, "S1")
	for i := 19; i > 0; i-- {
		want = strings.Replace(want, fmt.Sprintf(`"S%d"`, i), fmt.Sprintf(`"<\"S%d\u2028>"`, i), 1)
	}
	require.Equal(t, want, string(out))

	back, err := s.MapSecrets(out, func(_, text string) (string, error) {
		return strings.TrimSuffix(strings.TrimPrefix(text, `<"`), "\u2028>"), nil
	})
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(everySecret, `S\u0031`, "S1"), string(back))
}

func TestMapSecretsLeavesTheRestAlone(t *testing.T) {
	others := compile(t, `{"properties":{"a":true},"patternProperties":{"^b":true},"additionalProperties":{"writeOnly":true}}`)
	masked, set, err := others.Mask([]byte(`{"a":"x","b":"x","c":"S"}`))
	require.NoError(t, err)
	require.Equal(t, `{"a":"x","b":"x"}`, string(masked))
	require.Equal(t, []string{"/c"}, set)

	s := compile(t, everywhere)
	same, err := s.MapSecrets([]byte(everySecret), func(_, text string) (string, error) { return text, nil })
	require.NoError(t, err)
	require.Equal(t, everySecret, string(same), "a secret that does not change keeps its spelling")

	errBroken := errors.New("broken")
	_, err = s.MapSecrets([]byte(everySecret), func(string, string) (string, error) { return "", errBroken })
	require.ErrorIs(t, err, errBroken)
	require.EqualError(t, err, "settings: secret /top: broken")

	for doc, want := range map[string]string{
		`{"top":1}`: "/top secret", `{"list":[true]}`: "/list/0 secret", `{"box":{"a":[{"b":0}]}}`: "/box/a/0/b secret",
		`{"top":`: "/top syntax", `{"top":["x"],"top":1}`: "/top duplicate",
	} {
		_, err := s.MapSecrets([]byte(doc), func(_, text string) (string, error) { return text, nil })
		require.Equal(t, want, faults(t, err), doc)
	}
	out, err := s.MapSecrets([]byte(`{"top":null,"box":[],"plain":1}`), nil)
	require.NoError(t, err)
	require.Equal(t, `{"top":null,"box":[],"plain":1}`, string(out))
}

// TestSealedDocumentsCanBeRead grows a document as far as sealing can, and reads it again.
func TestSealedDocumentsCanBeRead(t *testing.T) {
	s := compile(t, `{"items":{"type":"string","writeOnly":true,"pattern":"^.$"}}`)
	double := func(_, text string) (string, error) { return strings.Repeat(text, 64), nil }
	doc := "[" + strings.Repeat(`"a",`, 8000) + `"a"]`
	require.NoError(t, s.Validate([]byte(doc)))
	sealed, err := s.MapSecrets([]byte(doc), double)
	require.NoError(t, err)
	require.Greater(t, len(sealed), 500_000)
	opened, err := s.MapSecrets(sealed, func(_, text string) (string, error) { return text[:1], nil })
	require.NoError(t, err)
	require.Equal(t, doc, string(opened))

	_, err = s.MapSecrets(sealed, double)
	require.Equal(t, "size", faults(t, err), "what could not be read again is not written")
}

func TestMaskTakesSecretsOut(t *testing.T) {
	s := compile(t, everywhere)
	masked, set, err := s.Mask([]byte(everySecret))
	require.NoError(t, err)
	require.JSONEq(t, `{"plain":"open","nested":{"n":1.50e0},"tree":{"next":{"next":{}}},
		"contains":[1,{}],"other":{"x":"open"},"not":"open","Top":"open"}`, string(masked))
	require.Contains(t, string(masked), `1.50e0`)
	require.Equal(t, []string{
		"/top", "/nested/ref", "/list", "/tuple", "/tree/k", "/tree/next/next/k", "/box", "/contains/1/k", "/p-x", "/other/k",
		"/all", "/any", "/one", "/then", "/else", "/dep", "/if",
	}, set)

	masked, set, err = s.Mask([]byte(`{"top":"","nested":{"ref":null}, "plain":"x"}`))
	require.NoError(t, err)
	require.Equal(t, `{"nested":{},"plain":"x"}`, string(masked))
	require.Empty(t, set, "an empty secret is not set")

	masked, set, err = s.Mask([]byte(`{ "plain" : "x" }`))
	require.NoError(t, err)
	require.Equal(t, `{ "plain" : "x" }`, string(masked))
	require.Empty(t, set)

	masked, set, err = compile(t, `{"type":"string","writeOnly":true}`).Mask([]byte(`"x"`))
	require.NoError(t, err)
	require.Equal(t, `null`, string(masked))
	require.Equal(t, []string{""}, set)
}

// TestKeepCarriesSecretsOver is what a form does: it sends no password that was not touched.
func TestKeepCarriesSecretsOver(t *testing.T) {
	account := `{"properties":{"name":{"type":"string"},"password":{"type":"string","writeOnly":true}}}`
	forms := compile(t, `{"properties":{"id":{"type":"string"},"key":{"type":"string","writeOnly":true},"keys":{"items":{"writeOnly":true}},
		"proxy":`+account+`,"accounts":{"items":`+account+`}}}`)
	variants := compile(t, `{"oneOf":[
		{"properties":{"kind":{"const":"basic"},"password":{"type":"string","writeOnly":true}},"required":["kind"]},
		{"properties":{"kind":{"const":"digest"},"password":{"type":"string","writeOnly":true}},"required":["kind"]},
		{"properties":{"kind":{"const":"token"},"token":{"type":"string","writeOnly":true}},"required":["kind"]}]}`)
	conditional := compile(t, `{"properties":{"live":{"type":"boolean"}},"if":{"properties":{"live":{"const":true}}},
		"then":{"properties":{"key":{"writeOnly":true}}}}`)
	for _, tc := range []struct {
		name                string
		s                   *settings.Schema
		stored, given, want string
	}{
		{"absent", forms, `{"id":"a","key":"S"}`, `{"id":"b"}`, `{"id":"b","key":"S"}`},
		{"absent from an empty document", forms, `{"key":"S"}`, `{ }`, `{"key":"S"}`},
		{"given", forms, `{"key":"S"}`, `{"key":"T"}`, `{"key":"T"}`},
		{"empty is given", forms, `{"key":"S"}`, `{"key":""}`, `{"key":""}`},
		{"null clears", forms, `{"key":"S","id":"a"}`, `{"key":null,"id":"a"}`, `{"id":"a"}`},
		{"null where none was", forms, `{}`, `{"key":null}`, `{}`},
		{"other members are not kept", forms, `{"id":"a","key":"S"}`, `{}`, `{"key":"S"}`},
		{"nothing to keep, bytes stay", forms, `{"id":"a"}`, `{ "id" : "b" }`, `{ "id" : "b" }`},
		{"nested", forms, `{"proxy":{"name":"n","password":"S"}}`, `{"proxy":{"name":"m"}}`, `{"proxy":{"name":"m","password":"S"}}`},
		{"nested, object gone", forms, `{"proxy":{"password":"S"}}`, `{}`, `{}`},
		{"list of secrets", forms, `{"keys":["S","T"]}`, `{}`, `{"keys":["S","T"]}`},
		{
			"objects in a list, edited", forms, `{"accounts":[{"name":"a","password":"A"},{"name":"b","password":"B"}]}`,
			`{"accounts":[{"name":"a"},{"name":"c"}]}`, `{"accounts":[{"name":"a","password":"A"},{"name":"c","password":"B"}]}`,
		},
		{
			"objects in a list, first removed", forms, `{"accounts":[{"name":"a","password":"A"},{"name":"b","password":"B"}]}`,
			`{"accounts":[{"name":"b"}]}`, `{"accounts":[{"name":"b","password":"B"}]}`,
		},
		{
			"objects in a list, one removed, one new", forms, `{"accounts":[{"name":"a","password":"A"},{"name":"b","password":"B"}]}`,
			`{"accounts":[{"name":"b"},{"name":"c"}]}`, `{"accounts":[{"name":"b","password":"B"},{"name":"c"}]}`,
		},
		{
			"objects in a list, turned round", forms, `{"accounts":[{"name":"a","password":"A"},{"name":"b","password":"B"}]}`,
			`{"accounts":[{"name":"b"},{"name":"a"}]}`, `{"accounts":[{"name":"b","password":"B"},{"name":"a","password":"A"}]}`,
		},
		{
			"objects in a list, one added", forms, `{"accounts":[{"name":"a","password":"A"}]}`,
			`{"accounts":[{"name":"x"},{"name":"a"}]}`, `{"accounts":[{"name":"x"},{"name":"a","password":"A"}]}`,
		},
		{
			"objects in a list, another one alone", forms, `{"accounts":[{"name":"a","password":"A"},{"name":"b","password":"B"}]}`,
			`{"accounts":[{"name":"c"}]}`, `{"accounts":[{"name":"c"}]}`,
		},
		{"same variant", variants, `{"kind":"basic","password":"S"}`, `{"kind":"basic"}`, `{"kind":"basic","password":"S"}`},
		{"variant with the same field", variants, `{"kind":"basic","password":"S"}`, `{"kind":"digest"}`, `{"kind":"digest","password":"S"}`},
		{"variant without the field", variants, `{"kind":"basic","password":"S"}`, `{"kind":"token","token":"T"}`, `{"kind":"token","token":"T"}`},
		{"condition holds", conditional, `{"live":true,"key":"S"}`, `{"live":true}`, `{"live":true,"key":"S"}`},
		{"condition fails", conditional, `{"live":true,"key":"S"}`, `{"live":false}`, `{"live":false}`},
		{"another shape", forms, `[]`, `{"id":"a"}`, `{"id":"a"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := tc.s.Keep([]byte(tc.stored), []byte(tc.given))
			require.NoError(t, err)
			require.Equal(t, tc.want, string(out))
		})
	}
	_, err := forms.Keep([]byte(`{`), []byte(`{}`))
	require.Error(t, err)
	_, err = forms.Keep([]byte(`{}`), []byte(`{`))
	require.Error(t, err)
}

// TestMaskThenKeepChangesNothing is a form that is opened and sent back.
func TestMaskThenKeepChangesNothing(t *testing.T) {
	s := compile(t, `{"properties":{"a":{"type":"string"},"key":{"writeOnly":true},"in":{"properties":{"key":{"writeOnly":true},"b":true}},
		"list":{"items":{"properties":{"n":true,"key":{"writeOnly":true}}}}}}`)
	doc := `{"a":"x","key":"S","in":{"b":1,"key":"T"},"list":[{"n":1,"key":"U"},{"n":1,"key":"V"},{"n":2}]}`
	masked, _, err := s.Mask([]byte(doc))
	require.NoError(t, err)
	require.NotContains(t, string(masked), "key")
	out, err := s.Keep([]byte(doc), masked)
	require.NoError(t, err)
	require.JSONEq(t, doc, string(out))
}
