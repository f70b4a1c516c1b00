package activeplatform_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/oplata-go/oplata/adapters/activeplatform"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

// everything has each type, in each form that options are known in, and members that nobody knows.
const everything = `[
	{"type":"string","key":"merchant","label":"Мерчант","required":true,"hint":{"ru":"из договора","n":1.50}},
	{"type":"password","key":"api/key~","required":true},
	{"type":"text","key":"footer","default":"Спасибо","required":false},
	{"type":"select","key":"mode","options":["test","live"],"default":"test"},
	{"type":"radio","key":"stage","options":[{"value":"1","label":"One"},{"value":"2"}],"required":true},
	{"type":"radio","key":"odd","options":{"a":"b"},"default":7,"label":["x"]},
	{"type":"checkbox","key":"cards","options":["mir","visa"],"default":["mir"],"required":"yes"},
	{"type":"checkbox","key":"tags"},
	{"type":"select","key":"none","options":[]}
]`

func TestDescriptorsBecomeASchema(t *testing.T) {
	raw, ok, err := activeplatform.Dialect{}.Schema([]byte(everything))
	require.NoError(t, err)
	require.True(t, ok)
	require.JSONEq(t, `{
		"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,
		"required":["merchant","api/key~","stage"],
		"properties":{
			"merchant":{"type":"string","title":"Мерчант","x-order":1,"x-activeplatform":{"type":"string","hint":{"ru":"из договора","n":1.50}}},
			"api/key~":{"type":"string","writeOnly":true,"format":"password","x-order":2,"x-activeplatform":{"type":"password"}},
			"footer":{"type":"string","default":"Спасибо","x-order":3,"x-activeplatform":{"type":"text","required":false}},
			"mode":{"type":"string","enum":["test","live"],"default":"test","x-order":4,"x-activeplatform":{"type":"select"}},
			"stage":{"type":"string","enum":["1","2"],"x-order":5,"x-activeplatform":{"type":"radio","options":[{"value":"1","label":"One"},{"value":"2"}]}},
			"odd":{"type":"string","x-order":6,"x-activeplatform":{"type":"radio","options":{"a":"b"},"default":7,"label":["x"]}},
			"cards":{"type":"array","items":{"type":"string","enum":["mir","visa"]},"uniqueItems":true,"default":["mir"],"x-order":7,"x-activeplatform":{"type":"checkbox","required":"yes"}},
			"tags":{"type":"array","items":{"type":"string"},"uniqueItems":true,"x-order":8,"x-activeplatform":{"type":"checkbox"}},
			"none":{"type":"string","x-order":9,"x-activeplatform":{"type":"select","options":[]}}
		}}`, string(raw))
	require.Less(t, strings.Index(string(raw), `"mode"`), strings.Index(string(raw), `"stage"`), "properties stand in the order of the page")

	schema, err := settings.Compile(raw)
	require.NoError(t, err)
	require.NoError(t, schema.Validate([]byte(`{"merchant":"m","api/key~":"k","stage":"1","cards":["visa"]}`)))
	masked, set, err := schema.Mask([]byte(`{"merchant":"m","api/key~":"k"}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"merchant":"m"}`, string(masked))
	require.Equal(t, []string{"/api~1key~0"}, set)

	var invalid *settings.Error
	require.ErrorAs(t, schema.Validate([]byte(`{"merchant":1,"mode":"x","stage":"3","cards":["mir","mir"],"other":""}`)), &invalid)
	require.Equal(t, []string{
		"/api~1key~0: this field is required", "/cards: entries 1 and 2 are equal", "Мерчант (/merchant): must be: string",
		"/mode: must be one of: test, live", "/other: unknown field", "/stage: must be one of: 1, 2",
	}, invalid.Localized("en"))
}

func TestDescriptorsComeBack(t *testing.T) {
	schema, _, err := activeplatform.Dialect{}.Schema([]byte(everything))
	require.NoError(t, err)
	back, err := activeplatform.Dialect{}.Descriptors(schema)
	require.NoError(t, err)
	require.JSONEq(t, everything, string(back))
	require.Contains(t, string(back), "1.50", "numbers keep their spelling")

	empty, ok, err := activeplatform.Dialect{}.Schema([]byte(" [ ] "))
	require.NoError(t, err)
	require.True(t, ok)
	back, err = activeplatform.Dialect{}.Descriptors(empty)
	require.NoError(t, err)
	require.Equal(t, `[]`, string(back))
}

// TestSchemaOfAStructBecomesDescriptors describes a gateway written in Go to an ActivePlatform operator.
func TestSchemaOfAStructBecomesDescriptors(t *testing.T) {
	type gateway struct {
		ShopID string       `json:"shop_id" jsonschema:"title=Shop"`
		Key    secret.Value `json:"key" jsonschema:"title=Key"`
		Mode   string       `json:"mode,omitempty" jsonschema:"enum=test,enum=live,default=test"`
	}
	schema, err := settings.For[gateway]()
	require.NoError(t, err)
	list, err := activeplatform.Dialect{}.Descriptors(schema.JSON())
	require.NoError(t, err)
	require.Equal(t, `[{"type":"string","key":"shop_id","label":"Shop","required":true},`+
		`{"type":"password","key":"key","label":"Key","required":true},`+
		`{"type":"select","key":"mode","default":"test","options":["test","live"]}]`, string(list))
}

func TestSchemasThatChangedSince(t *testing.T) {
	for name, tc := range map[string]struct{ property, want string }{
		"options by hand":     {`{"type":"string","enum":["a"],"x-activeplatform":{"type":"radio","options":[{"value":"b"}],"n":1}}`, `{"type":"radio","key":"k","options":["a"],"n":1}`},
		"no text any more":    {`{"type":"array","items":{"type":"string"},"uniqueItems":true,"x-activeplatform":{"type":"text"}}`, `{"type":"checkbox","key":"k"}`},
		"a secret now":        {`{"type":"string","writeOnly":true,"x-activeplatform":{"type":"text"}}`, `{"type":"password","key":"k"}`},
		"title and extension": {`{"type":"string","title":"A","x-activeplatform":{"type":"password","label":"B","key":"x"}}`, `{"type":"string","key":"k","label":"A"}`},
	} {
		list, err := activeplatform.Dialect{}.Descriptors([]byte(`{"type":"object","additionalProperties":false,"properties":{"k":` + tc.property + `}}`))
		require.NoError(t, err, name)
		require.JSONEq(t, "["+tc.want+"]", string(list), name)
	}
}

func faults(t *testing.T, err error) string {
	t.Helper()
	var unusable *settings.SchemaError
	require.ErrorAs(t, err, &unusable)
	var out []string
	for _, f := range unusable.Faults {
		out = append(out, strings.TrimSpace(f.Pointer+" "+f.Code))
	}
	return strings.Join(out, ", ")
}

func TestBadDescriptors(t *testing.T) {
	for list, want := range map[string]string{
		`[{"type":"string"},{"key":"a"},{"type":"number","key":"b"},{"type":"string","key":""},{"type":1,"key":2}]`: `/0/key required, /1/type required, /2/type enum, /3/key minLength, /4/key type, /4/type enum`,
		`[{"type":"string","key":"a"},7]`:                                                             `/1 type`,
		`[{"type":"string","key":"a"},{"type":"text","key":"a"}]`:                                     `/1/key duplicate`,
		`[{"type":"select","key":"a","options":["x","y","x"]}]`:                                       `/0/options uniqueItems`,
		`[{"type":"string","key":"a","x-activeplatform":{}}]`:                                         `/0/x-activeplatform false`,
		`[{"type":"string","key":"a","key":"b"}]`:                                                     `/0/key duplicate`,
		`[{"type":"string","key":"a"}`:                                                                `syntax`,
		`[` + strings.Repeat(`{},`, 500) + `{}]`:                                                      ``,
		`[{"type":"string","key":"` + strings.Repeat("k", 101) + `"}]`:                                `/0/key maxLength`,
		`["` + strings.Repeat("a", settings.MaxValue) + `"]`:                                          `size`,
		`[{"type":"string","key":"a","x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}]`: `depth`,
	} {
		_, ok, err := activeplatform.Dialect{}.Schema([]byte(list))
		require.True(t, ok)
		if want == "" {
			require.Contains(t, faults(t, err), "maxItems")
			continue
		}
		require.Equal(t, want, faults(t, err), "%.80s", list)
	}
}

func TestOtherTextsAreLeftToOthers(t *testing.T) {
	for _, other := range []string{`{}`, `{"type":"object"}`, `true`, `"["`, ``, ` `, `x[`} {
		_, ok, err := activeplatform.Dialect{}.Schema([]byte(other))
		require.NoError(t, err)
		require.False(t, ok, other)
	}
	require.Equal(t, "activeplatform", activeplatform.Dialect{}.Name())
}

func TestSchemasThatTheDialectCannotSay(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"integer"},"b":{"type":"string","pattern":"x"},"c":{"type":"object"}}}`: `/properties/a/type enum, /properties/b/pattern additionalProperties, /properties/c/type enum`,
		`{"type":"object","properties":{}}`: `/additionalProperties required`,
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"array","items":{"type":"string"}}}}`:      `/properties/a/uniqueItems required`,
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","enum":["x"],"writeOnly":true}}}`: `/properties/a/enum additionalProperties`,
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","description":"d"}}}`:             `/properties/a/description additionalProperties`,
		`{"type":"object","additionalProperties":false,"required":["a"]}`:                                                   `/required schemaRef`,
		`{"type":"object","additionalProperties":false,"oneOf":[{}]}`:                                                       `/oneOf additionalProperties`,
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","minLength":-1}}}`:                `/properties/a/minLength minimum`,
		`[]`: `type`,
		`{`:  `syntax`,
	} {
		_, err := activeplatform.Dialect{}.Descriptors([]byte(schema))
		got := faults(t, err)
		require.Equal(t, want, strings.ReplaceAll(got, ", /properties/a/items required", ""), schema)
	}
}

// TestListsSurviveTheRoundTrip draws lists with members of any form.
func TestListsSurviveTheRoundTrip(t *testing.T) {
	values := rapid.OneOf(
		rapid.SampledFrom([]any{true, false, nil, 1, "x", "", []any{}, map[string]any{}}),
		rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfNDistinct(rapid.String(), 0, 3, rapid.ID).Draw(t, "list") }),
		rapid.Custom(func(t *rapid.T) any {
			var list []any
			for _, v := range rapid.SliceOfNDistinct(rapid.String(), 0, 3, rapid.ID).Draw(t, "values") {
				list = append(list, map[string]any{"value": v, "label": 1})
			}
			return list
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringN(1, 20, -1), 0, 5, rapid.ID).Draw(t, "keys")
		list := make([]map[string]any, len(keys))
		for i, key := range keys {
			list[i] = rapid.MapOfN(rapid.SampledFrom([]string{"label", "required", "options", "default", "title", "enum", "x"}), values, 0, 5).Draw(t, "members")
			list[i]["key"] = key
			list[i]["type"] = rapid.SampledFrom([]string{"string", "password", "text", "select", "radio", "checkbox"}).Draw(t, "type")
		}
		raw, err := json.Marshal(list)
		require.NoError(t, err)
		schema, ok, err := activeplatform.Dialect{}.Schema(raw)
		require.NoError(t, err)
		require.True(t, ok)
		_, err = settings.Compile(schema)
		require.NoError(t, err)
		back, err := activeplatform.Dialect{}.Descriptors(schema)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(back))
	})
}

func FuzzSchema(f *testing.F) {
	for _, seed := range []string{everything, `[]`, `[{"type":"string","key":"a"}]`, `[{"type":"radio","key":"a","options":[{"value":"x"}]}]`, `[`, `{}`, `[null]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		schema, ok, err := activeplatform.Dialect{}.Schema(list)
		if !ok {
			require.NoError(t, err)
			return
		}
		if err != nil {
			_ = faults(t, err)
			return
		}
		if _, err := settings.Compile(schema); err != nil {
			_ = faults(t, err) // what was kept may be nested too deep for a schema
			return
		}
		back, err := activeplatform.Dialect{}.Descriptors(schema)
		if err != nil {
			_ = faults(t, err)
			return
		}
		require.JSONEq(t, string(list), string(back))
	})
}

func ExampleDialect() {
	list := []byte(`[
		{"type":"string","key":"merchant","label":"Merchant","required":true},
		{"type":"password","key":"secret","required":true},
		{"type":"select","key":"mode","options":["test","live"]}
	]`)
	raw, ok, err := activeplatform.Dialect{}.Schema(list)
	if err != nil || !ok {
		panic(err)
	}
	schema, err := settings.Compile(raw)
	if err != nil {
		panic(err)
	}
	fmt.Println(schema.Validate([]byte(`{"merchant":"m-1","mode":"prod"}`)))

	_, _, err = activeplatform.Dialect{}.Schema([]byte(`[{"type":"number","key":"amount"}]`))
	fmt.Println(err)
	// Output:
	// settings: invalid value: /mode: must be one of: test, live; /secret: this field is required
	// settings: unusable schema: /0/type: must be one of: string, password, text, select, radio, checkbox
}
