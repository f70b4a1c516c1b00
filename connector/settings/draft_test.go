package settings_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/settings"
)

func compile(t testing.TB, schema string) *settings.Schema {
	t.Helper()
	s, err := settings.Compile([]byte(schema))
	require.NoError(t, err)
	return s
}

// faults gives "pointer code" of each fault, "" for a valid document.
func faults(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var list []settings.Fault
	var invalid *settings.Error
	var unusable *settings.SchemaError
	switch {
	case errors.As(err, &invalid):
		list = invalid.Faults
	case errors.As(err, &unusable):
		list = unusable.Faults
	default:
		require.NoError(t, err, "not a typed error")
	}
	require.NotEmpty(t, list)
	var out []string
	for _, f := range list {
		require.NotEqual(t, f.Code, f.Text("en"), "a code without a text")
		out = append(out, strings.TrimSpace(f.Pointer+" "+f.Code))
	}
	return strings.Join(out, ", ")
}

const (
	draft7 = `"$schema":"http://json-schema.org/draft-07/schema#",`

	wallet = `{"type":"object","oneOf":[
		{"properties":{"kind":{"const":"card"},"pan":{"type":"string","minLength":4}},"required":["kind","pan"]},
		{"properties":{"kind":{"const":"cash"},"desk":{"type":"integer"}},"required":["kind","desk"]}]}`
	conditional = `{"properties":{"mode":{"enum":["test","live"]},"key":{"type":"string"}},
		"if":{"properties":{"mode":{"const":"live"}},"required":["mode"]},
		"then":{"required":["key"],"properties":{"key":{"minLength":8}}},
		"else":{"properties":{"key":{"maxLength":3}}}}`
	extended = `{"allOf":[{"properties":{"a":true}},{"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":true}}}],
		"properties":{"c":true},"unevaluatedProperties":false}`
	tree = `{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"name":{"type":"string"},
		"children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["name"],"additionalProperties":false}}}`
)

// TestValidationFollowsTheDraft asks for what the drafts say about each keyword, through our own path.
func TestValidationFollowsTheDraft(t *testing.T) {
	for _, tc := range []struct{ name, schema, value, want string }{
		{"ref", tree, `{"name":"a","children":[{"name":"b"}]}`, ``},
		{"ref, all places", tree, `{"children":[{"name":1},{"name":"b","x":0}]}`, `/children/0/name type, /children/1/x additionalProperties, /name required`},
		{"ref with siblings", `{"$ref":"#/$defs/a","maxLength":3,"$defs":{"a":{"minLength":2}}}`, `"abcd"`, `maxLength`},
		{"ref without siblings in draft-07", `{` + draft7 + `"$ref":"#/definitions/a","maxLength":3,"definitions":{"a":{"minLength":2}}}`, `"abcd"`, ``},
		{"ref by anchor", `{"$ref":"#a","$defs":{"x":{"$anchor":"a","type":"string"}}}`, `1`, `type`},
		{"ref by id inside the document", `{"$ref":"https://x.example/a","$defs":{"x":{"$id":"https://x.example/a","type":"string"}}}`, `1`, `type`},
		{"ref to the metaschema", `{"properties":{"s":{"$ref":"https://json-schema.org/draft/2020-12/schema"}}}`, `{"s":{"type":"strin"}}`, `/s/type anyOf`},
		{"recursive ref to the root", `{"properties":{"a":{"$ref":"#"}},"additionalProperties":false}`, `{"a":{"a":{"b":1}}}`, `/a/a/b additionalProperties`},
		{"dynamicRef", `{"$dynamicAnchor":"n","properties":{"a":{"$dynamicRef":"#n"}},"additionalProperties":false}`, `{"a":{"b":1}}`, `/a/b additionalProperties`},

		{"oneOf by discriminator", wallet, `{"kind":"card","pan":"4111"}`, ``},
		{"oneOf, faults of the branch that was meant", wallet, `{"kind":"card","pan":"4"}`, `/pan minLength`},
		{"oneOf, other branch", wallet, `{"kind":"cash"}`, `/desk required`},
		{"oneOf, unknown discriminator", wallet, `{"kind":"gold"}`, `/kind enum`},
		{"oneOf, no discriminator", wallet, `{}`, `/kind required`},
		{"oneOf, several match", `{"oneOf":[{"type":"integer"},{"minimum":2}]}`, `3`, `oneOfMany`},
		{"oneOf, no branch stands out", `{"oneOf":[{"required":["a"]},{"required":["b"]}]}`, `{}`, `oneOf`},
		{"anyOf of types", `{"anyOf":[{"type":"string"},{"type":"null"}]}`, `1`, `type`},
		{"anyOf, nullable", `{"anyOf":[{"type":"string","minLength":3},{"type":"null"}]}`, `"a"`, `minLength`},
		{"anyOf, types of a field", `{"anyOf":[{"properties":{"a":{"type":"string"}}},{"properties":{"a":{"type":"integer"}}}]}`, `{"a":true}`, `/a type`},
		{"not", `{"properties":{"a":{"not":{"const":"x"}}}}`, `{"a":"x"}`, `/a not`},

		{"then", conditional, `{"mode":"live","key":"short"}`, `/key minLength`},
		{"then, required", conditional, `{"mode":"live"}`, `/key required`},
		{"else", conditional, `{"mode":"test","key":"long"}`, `/key maxLength`},
		{"else, condition absent", conditional, `{"key":"long"}`, `/key maxLength`},
		{"then and enum at once", conditional, `{"mode":"x","key":"long"}`, `/key maxLength, /mode enum`},

		{"dependentRequired", `{"dependentRequired":{"a":["b","c"]}}`, `{"a":1,"c":1}`, `/b dependentRequired`},
		{"dependentRequired, not asked", `{"dependentRequired":{"a":["b"]}}`, `{"c":1}`, ``},
		{"dependentSchemas", `{"dependentSchemas":{"a":{"properties":{"b":{"type":"string"}}}}}`, `{"a":1,"b":1}`, `/b type`},
		{"dependencies of draft-07", `{` + draft7 + `"dependencies":{"a":["b"],"c":{"required":["d"]}}}`, `{"a":1,"c":1}`, `/b dependentRequired, /d required`},

		{"unevaluatedProperties, evaluated by a branch", extended, `{"a":1,"b":1,"c":1}`, ``},
		{"unevaluatedProperties, branch not taken", extended, `{"a":2,"b":1,"c":1}`, `/b unevaluatedProperties`},
		{"unevaluatedItems", `{"prefixItems":[true],"contains":{"const":9},"unevaluatedItems":false}`, `[0,9,1]`, `/2 unevaluatedItems`},
		{"additionalProperties and patterns", `{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":{"type":"integer"}}`, `{"x-a":1,"b":"s"}`, `/b type, /x-a type`},
		{"propertyNames in several objects", `{"items":{"propertyNames":{"pattern":"^[a-z]+$"}}}`, `[{"A":1,"b":1},{"c":1},{"D":1}]`, `/0/A propertyNames, /2/D propertyNames`},

		{"format email", `{"format":"email"}`, `"nobody"`, `format`},
		{"format date", `{"format":"date"}`, `"2026-02-30"`, `format`},
		{"format uri", `{"format":"uri"}`, `"/relative"`, `format`},
		{"format ipv4", `{"format":"ipv4"}`, `"127.0.0.01"`, `format`},
		{"format of other types", `{"format":"email"}`, `1`, ``},
		{"format unknown", `{"format":"password"}`, `"x"`, ``},
		{"format regex is bounded", `{"format":"regex"}`, `"(a{500}){500}"`, `format`},

		{"multipleOf 0.01", `{"multipleOf":0.01}`, `1.15`, ``},
		{"multipleOf 0.01, third digit", `{"multipleOf":0.01}`, `1.155`, `multipleOf`},
		{"multipleOf, huge", `{"multipleOf":0.01}`, `123456789012345678901234567890.01`, ``},
		{"multipleOf, huge and wrong", `{"multipleOf":0.01}`, `123456789012345678901234567890.011`, `multipleOf`},
		{"maximum beyond 2^53", `{"maximum":9007199254740993}`, `9007199254740993`, ``},
		{"maximum beyond 2^53, one more", `{"maximum":9007199254740993}`, `9007199254740994`, `maximum`},
		{"minimum beyond 2^64", `{"minimum":18446744073709551617}`, `18446744073709551616`, `minimum`},
		{"exclusive", `{"exclusiveMinimum":0.1,"exclusiveMaximum":0.3}`, `0.1`, `exclusiveMinimum`},
		{"exclusive, above", `{"exclusiveMinimum":0.1,"exclusiveMaximum":0.3}`, `0.30`, `exclusiveMaximum`},
		{"integer with a point", `{"type":"integer"}`, `1.0`, ``},
		{"integer with an exponent", `{"type":"integer"}`, `1e2`, ``},
		{"no integer", `{"type":"integer"}`, `1.5`, `type`},
		{"const compares numbers", `{"const":1}`, `1.00`, ``},
		{"enum compares objects", `{"enum":[{"a":[1]}]}`, `{"a":[1.0]}`, ``},
		{"no enum of another type", `{"enum":["1"]}`, `1`, `enum`},

		{"length in characters", `{"minLength":3,"maxLength":3}`, `"ключ"`, `maxLength`},
		{"length in characters, not bytes", `{"maxLength":4}`, `"ключ"`, ``},
		{"length beyond the basic plane", `{"maxLength":1}`, `"\ud83d\ude00"`, ``},
		{"pattern is a search", `{"pattern":"b"}`, `"abc"`, ``},
		{"pattern anchored", `{"pattern":"^m-[0-9]+$"}`, `"m-1\n"`, `pattern`},
		{"pattern of Unicode letters", `{"pattern":"^\\p{L}+$"}`, `"ключ"`, ``},

		{"items", `{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`, `["a",1,"b"]`, `/2 type`},
		{"items of draft-07", `{` + draft7 + `"items":[{"type":"string"}],"additionalItems":false}`, `["a",1]`, `additionalItems`},
		{"uniqueItems compares values", `{"uniqueItems":true}`, `[{"a":1,"b":2},{"b":2.0,"a":1}]`, `uniqueItems`},
		{"uniqueItems tells types apart", `{"uniqueItems":true}`, `[0,false,"0",null,[],{}]`, ``},
		{"contains", `{"contains":{"type":"string"}}`, `[1]`, `contains`},
		{"minContains", `{"contains":{"type":"string"},"minContains":2}`, `["a",1]`, `minContains`},
		{"counts", `{"minProperties":2}`, `{"a":1}`, `minProperties`},

		{"schema true", `true`, `{"a":1}`, ``},
		{"schema false", `false`, `{}`, `false`},
		{"content is an annotation", `{"contentEncoding":"base64"}`, `"%"`, ``},
		{"unknown keywords", `{"x-order":1,"nonsense":[]}`, `1`, ``},
		{"order does not change", `{"additionalProperties":{"type":"string"}}`, `{"c":1,"a":1,"b":1,"e":1,"d":1}`, `/a type, /b type, /c type, /d type, /e type`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := compile(t, tc.schema)
			for range 10 { // the validator walks maps in another order each time
				require.Equal(t, tc.want, faults(t, s.Validate([]byte(tc.value))))
			}
		})
	}
}

// TestBadDocuments gives what is no acceptable JSON.
func TestBadDocuments(t *testing.T) {
	s := compile(t, `true`)
	for value, want := range map[string]string{
		``:                         `syntax`,
		` `:                        `syntax`,
		`{`:                        `syntax`,
		`{"a"}`:                    `/a syntax`,
		`{"a":1,}`:                 `syntax`,
		`{"b":[{"a":tru}]}`:        `/b/0/a syntax`,
		`[1 2]`:                    `syntax`,
		`01`:                       `syntax`,
		`+1`:                       `syntax`,
		`.5`:                       `syntax`,
		`1.`:                       `syntax`,
		`1e`:                       `syntax`,
		`-`:                        `syntax`,
		`NaN`:                      `syntax`,
		`nul`:                      `syntax`,
		`"a`:                       `syntax`,
		`"a\`:                      `syntax`,
		`"\x"`:                     `syntax`,
		`"\u12g4"`:                 `syntax`,
		`"\u12`:                    `syntax`,
		"\"a\nb\"":                 `syntax`,
		`'a'`:                      `syntax`,
		`{} {}`:                    `syntax`,
		"{}\x00":                   `syntax`,
		"\ufeff{}":                 `syntax`,
		"{\"a\":\"\xff\"}":         `utf8`,
		`"\ud800"`:                 `utf8`,
		`"\ud800\u0041"`:           `utf8`,
		`"\udc00\ud800"`:           `utf8`,
		`"\ud800\`:                 `syntax`,
		`{"a":1,"b":2,"\u0061":3}`: `/a duplicate`,
		`{"x":{"a/b":1,"a/b":2}}`:  `/x/a~1b duplicate`,
		`1e401`:                    `number`,
		`1e-401`:                   `number`,
		`1e99999999999999999999`:   `number`,
		strings.Repeat("1", 41):    `number`,
		`[0.` + strings.Repeat("1", 1_000_000) + `]`:                `size`,
		`[0.` + strings.Repeat("1", 60_000) + `]`:                   `/0 number`,
		strings.Repeat("[", 65) + strings.Repeat("]", 65):           `depth`,
		strings.Repeat(`{"a":`, 65) + `1` + strings.Repeat("}", 65): `depth`,
		`"` + strings.Repeat("a", settings.MaxValue) + `"`:          `size`,
	} {
		require.Equal(t, want, faults(t, s.Validate([]byte(value))), "%.60q", value)
	}
	for _, value := range []string{
		`{}`, ` [ 1 , -0.5e+10 ] `, `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000"`, `null`, `1e400`, strings.Repeat("1", 40),
		strings.Repeat("[", 64) + strings.Repeat("]", 64), `"` + strings.Repeat("a", settings.MaxValue-2) + `"`,
	} {
		require.NoError(t, s.Validate([]byte(value)), "%.60q", value)
	}
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf(`"k%d":0`, i)
	}
	require.NoError(t, s.Validate([]byte("{"+strings.Join(many, ",")+"}")))
	require.Equal(t, "/k3 duplicate", faults(t, s.Validate([]byte("{"+strings.Join(append(many, `"k3":0`), ",")+"}"))))
}
