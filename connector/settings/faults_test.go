package settings_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/settings"
)

const planted = "canary71c9"

// TestFaultsSayWhatIsWrong reads texts as an operator does.
func TestFaultsSayWhatIsWrong(t *testing.T) {
	s := compile(t, `{"type":"object","properties":{
		"merchant_id":{"title":"Мерчант","type":"string","pattern":"^m-[0-9]+$"},
		"fee":{"title":"Fee","type":"number","maximum":12.50},
		"mode":{"enum":["test","live"]},
		"limits":{"type":"array","items":{"title":"Limit","type":["integer","null"]}}},
		"required":["merchant_id","mode"],"additionalProperties":false}`)
	err := s.Validate([]byte(`{"fee":12.51,"mode":"x","limits":[1,"a"],"extra":1}`))
	var invalid *settings.Error
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, []string{
		"/extra: unknown field",
		"Fee (/fee): must be at most 12.5",
		"Limit (/limits/1): must be: null, integer",
		"Мерчант (/merchant_id): this field is required",
		"/mode: must be one of: test, live",
	}, invalid.Localized("en"))
	require.Equal(t, []string{
		"/extra: неизвестное поле",
		"Fee (/fee): должно быть не больше 12.5",
		"Limit (/limits/1): ожидается: null, целое число",
		"Мерчант (/merchant_id): обязательное поле",
		"/mode: допустимые значения: test, live",
	}, invalid.Localized("ru-RU"))
	require.EqualError(t, err, "settings: invalid value: "+strings.Join(invalid.Localized("xx"), "; "))

	out, err := json.Marshal(invalid)
	require.NoError(t, err)
	require.JSONEq(t, `{"faults":[
		{"pointer":"/extra","code":"additionalProperties"},
		{"pointer":"/fee","title":"Fee","code":"maximum","args":{"limit":"12.5"}},
		{"pointer":"/limits/1","title":"Limit","code":"type","args":{"type":"null, integer"}},
		{"pointer":"/merchant_id","title":"Мерчант","code":"required"},
		{"pointer":"/mode","code":"enum","args":{"allowed":"test, live"}}]}`, string(out))

	_, err = settings.Compile([]byte(`{"properties":{"a":{"$ref":"http://x.example/a"}}}`))
	var unusable *settings.SchemaError
	require.ErrorAs(t, err, &unusable)
	require.EqualError(t, err, "settings: unusable schema: /properties/a/$ref: refers outside the document")
	require.Equal(t, []string{"/properties/a/$ref: ссылка за пределы документа"}, unusable.Localized("ru"))
}

func TestTitlesAreFoundThroughReferences(t *testing.T) {
	s := compile(t, `{"properties":{"a":{"title":"Outer","$ref":"#/$defs/k"},"b":{"$ref":"#/$defs/k"},"c/d":{"items":{"allOf":[{"$ref":"#/$defs/k"}]}}},
		"$defs":{"k":{"title":"Inner","type":"string"}}}`)
	var invalid *settings.Error
	require.ErrorAs(t, s.Validate([]byte(`{"a":1,"b":1,"c/d":[1]}`)), &invalid)
	require.Equal(t, []string{"Outer (/a): must be: string", "Inner (/b): must be: string", "Inner (/c~1d/0): must be: string"}, invalid.Localized("en"))
}

func TestLongListsOfFaultsAreCut(t *testing.T) {
	s := compile(t, `{"items":{"type":"string"}}`)
	var invalid *settings.Error
	require.ErrorAs(t, s.Validate([]byte("["+strings.Repeat("1,", 149)+"1]")), &invalid)
	require.Len(t, invalid.Faults, 101)
	require.Equal(t, settings.Fault{Code: "more", Args: map[string]string{"count": "50"}}, invalid.Faults[100])
}

// TestFaultsOfOneBranch pins which faults are shown when no branch fits.
func TestFaultsOfOneBranch(t *testing.T) {
	s := compile(t, `{"properties":{"a":{"anyOf":[{"const":"x"},{"enum":["y","z"]},{"type":"null"}]},
		"b":{"anyOf":[{"const":"x"},{"const":"y"}]},"c":{"anyOf":[{"type":"string"},{"type":["null","integer"]}]}}}`)
	var invalid *settings.Error
	require.ErrorAs(t, s.Validate([]byte(`{"a":"q","b":"q","c":true}`)), &invalid)
	require.Equal(t, []string{
		"/a: fits none of the allowed variants",
		"/b: must be one of: x, y",
		"/c: must be: string, null, integer",
	}, invalid.Localized("en"))
}

// TestNoFaultShowsAValue plants a text in each place of documents that are wrong in every way the drafts know.
func TestNoFaultShowsAValue(t *testing.T) {
	keywords := []string{
		`"type":"integer"`, `"enum":["a"]`, `"const":"a"`, `"format":"email"`, `"format":"date-time"`, `"format":"uri"`, `"format":"ipv6"`,
		`"format":"hostname"`, `"format":"regex"`, `"format":"uuid"`, `"format":"time"`, `"format":"duration"`, `"format":"json-pointer"`,
		`"pattern":"^x$"`, `"minLength":99`, `"maxLength":1`, `"not":{}`, `"anyOf":[{"type":"null"},{"const":1}]`, `"oneOf":[{},{}]`,
		`"oneOf":[{"const":1},{"pattern":"^y$"}]`, `"contains":{"const":1}`, `"contains":{},"maxContains":0`, `"minItems":9`, `"maxItems":0`,
		`"uniqueItems":true`, `"items":{"type":"null"}`, `"prefixItems":[{"maxLength":0}]`, `"minProperties":9`, `"maxProperties":0`,
		`"properties":{"k":{"maxLength":1}}`, `"additionalProperties":{"pattern":"^z$"}`, `"propertyNames":{"maxLength":0}`,
		`"required":["q"]`, `"dependentRequired":{"k":["q"]}`, `"if":{},"then":{"maxLength":0}`, `"unevaluatedProperties":{"maxLength":0}`,
		`"unevaluatedItems":{"maxLength":0}`, `"minimum":1e9`, `"multipleOf":7`,
	}
	documents := []string{
		`"` + planted + `"`, `"(` + planted + `"`, `"http://[` + planted + `"`, `["` + planted + `","` + planted + `"]`, `{"k":"` + planted + `"}`, `71097109`,
		`{"k":"` + planted + `"`, `{"k":"` + planted + `\x"}`, `"` + planted + "\xff\"",
	}
	found := 0
	for _, keyword := range keywords {
		s := compile(t, "{"+keyword+"}")
		for _, document := range documents {
			err := s.Validate([]byte(document))
			if err == nil {
				continue
			}
			found++
			var invalid *settings.Error
			require.ErrorAs(t, err, &invalid)
			out, err := json.Marshal(invalid)
			require.NoError(t, err)
			shown := fmt.Sprintf("%v %+v %#v %s %s %+v %#v", invalid, invalid, invalid, out, invalid.Localized("ru"), invalid.Faults, invalid.Faults)
			require.NotContains(t, shown, planted, "%s %s", keyword, document)
			require.NotContains(t, shown, "71097109", "%s %s", keyword, document)
		}
	}
	require.Greater(t, found, 150)

	_, err := compile(t, `{"writeOnly":true}`).MapSecrets([]byte(`71097109`), nil)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "71097109")
}

// TestLongNamesAreCut keeps a document from filling pages and logs with its member names.
func TestLongNamesAreCut(t *testing.T) {
	s := compile(t, `{"additionalProperties":false}`)
	var invalid *settings.Error
	require.ErrorAs(t, s.Validate([]byte(`{"`+strings.Repeat("я", 1000)+`":1}`)), &invalid)
	require.Equal(t, "/"+strings.Repeat("я", 64)+"…", invalid.Faults[0].Pointer)
}

func TestTextsAreTranslated(t *testing.T) {
	for _, code := range settings.Codes() {
		f := settings.Fault{Code: code}
		en, ru := f.Text("en"), f.Text("ru")
		require.NotEqual(t, code, en)
		require.False(t, strings.ContainsFunc(en, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }), en)
		require.True(t, strings.ContainsFunc(ru, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }), ru)
		require.Equal(t, placeholders(en), placeholders(ru), code)
	}
	require.Equal(t, "fresh", settings.Fault{Code: "fresh"}.Text("ru"), "an unknown code stands for itself")
}

// placeholders counts what a sentence names in braces.
func placeholders(text string) map[string]int {
	out := map[string]int{}
	for _, part := range strings.Split(text, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		out[name]++
	}
	return out
}
