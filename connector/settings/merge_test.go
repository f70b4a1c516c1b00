package settings_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/settings"
)

func TestMergeLaysValuesOverStatic(t *testing.T) {
	for _, tc := range []struct{ name, static, values, want string }{
		{"both empty", ``, ``, `{}`},
		{"static alone", `{ "a":1 }`, `{}`, `{ "a":1 }`},
		{"values alone", ``, `{"a":1.0}`, `{"a":1.0}`},
		{"value wins", `{"a":1,"b":2}`, `{"a":3.10}`, `{"a":3.10,"b":2}`},
		{"null wins too", `{"a":1}`, `{"a":null}`, `{"a":null}`},
		{"objects are joined", `{"a":{"x":1,"y":{"p":1}},"z":0}`, `{"a":{"y":{"q":2}}}`, `{"a":{"x":1,"y":{"p":1,"q":2}},"z":0}`},
		{"lists are not", `{"a":[1,2]}`, `{"a":[3]}`, `{"a":[3]}`},
		{"another shape wins", `{"a":{"x":1}}`, `{"a":"s"}`, `{"a":"s"}`},
		{"names written in two ways", `{"\u0061":1}`, `{"a":2}`, `{"\u0061":2}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := settings.Merge([]byte(tc.static), []byte(tc.values))
			require.NoError(t, err)
			require.Equal(t, tc.want, string(out))
		})
	}
	for _, bad := range []string{`[]`, `null`, `{`, ` `, `{"a":1,"a":2}`, `{"a":` + strings.Repeat("1", 41) + `}`} {
		_, err := settings.Merge([]byte(bad), nil)
		require.NotEmpty(t, faults(t, err), bad)
		_, err = settings.Merge(nil, []byte(bad))
		require.NotEmpty(t, faults(t, err), bad)
	}
}

func TestDefaultsFillWhatIsAbsent(t *testing.T) {
	s := compile(t, `{
		"$defs":{"mode":{"default":"test"}},
		"properties":{
			"mode":{"$ref":"#/$defs/mode"},
			"fee":{"default":1.50},
			"html":{"default":"<a>"},
			"proxy":{"properties":{"port":{"default":3128}}},
			"limits":{"default":{"day":1},"properties":{"day":{"default":9},"month":{"default":30}}},
			"list":{"items":{"properties":{"n":{"default":0}}}},
			"kind":{"type":"string"},
			"maybe":{"anyOf":[{"type":"object","properties":{"x":{"default":1}}},{"type":"null"}]}
		},
		"oneOf":[
			{"properties":{"kind":{"const":"a"},"only_a":{"default":1}}},
			{"properties":{"kind":{"const":"b"},"only_b":{"default":2}}}],
		"if":{"properties":{"mode":{"const":"live"}},"required":["mode"]},"then":{"properties":{"strict":{"default":true}}},
		"dependentSchemas":{"fee":{"properties":{"currency":{"default":"RUB"}}}}
	}`)
	for _, tc := range []struct{ name, doc, want string }{
		{"nothing given", `{}`, `{"fee":1.50,"html":"<a>","limits":{"day":1,"month":30},"mode":"test"}`},
		{"given values stay", `{"mode":null,"fee":2,"html":"","limits":{},"currency":"USD"}`, `{"mode":null,"fee":2,"html":"","limits":{"day":9,"month":30},"currency":"USD"}`},
		{"nested", `{"mode":"x","fee":2,"html":"","limits":1,"currency":"","proxy":{},"list":[{},{"n":1},3]}`, `{"mode":"x","fee":2,"html":"","limits":1,"currency":"","proxy":{"port":3128},"list":[{"n":0},{"n":1},3]}`},
		{"variant", `{"kind":"b","mode":"x","fee":2,"html":"","limits":1,"currency":""}`, `{"kind":"b","mode":"x","fee":2,"html":"","limits":1,"currency":"","only_b":2}`},
		{"condition", `{"mode":"live","fee":2,"html":"","limits":1,"currency":""}`, `{"mode":"live","fee":2,"html":"","limits":1,"currency":"","strict":true}`},
		{"dependency", `{"mode":"x","fee":2,"html":"","limits":1}`, `{"mode":"x","fee":2,"html":"","limits":1,"currency":"RUB"}`},
		{"nullable", `{"mode":"x","fee":2,"html":"","limits":1,"currency":"","maybe":{}}`, `{"mode":"x","fee":2,"html":"","limits":1,"currency":"","maybe":{"x":1}}`},
		{"nothing to fill, bytes stay", `{ "mode":"x", "fee":2, "html":"", "limits":1, "currency":"" }`, `{ "mode":"x", "fee":2, "html":"", "limits":1, "currency":"" }`},
		{"no object", `[1]`, `[1]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := s.WithDefaults([]byte(tc.doc))
			require.NoError(t, err)
			require.Equal(t, tc.want, string(out))
		})
	}
	_, err := s.WithDefaults([]byte(`{`))
	require.Error(t, err)
}

func TestDefaultsThatNeverEnd(t *testing.T) {
	_, err := compile(t, `{"properties":{"a":{"$ref":"#","default":{}}}}`).WithDefaults([]byte(`{}`))
	require.Equal(t, "depth", faults(t, err))
	_, err = compile(t, doubled(20, `{"properties":{"a":{"default":{},"allOf":[NEXT]},"b":{"default":{},"allOf":[NEXT]}}}`)).WithDefaults([]byte(`{}`))
	require.Equal(t, "size", faults(t, err))
}
