package settings_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/settings"
)

// patience is far above what each case takes, a second at the most, and far below what it would take unbounded, so that
// a busy machine does not fail the test.
const patience = 30 * time.Second

// doubled is n levels of which each uses the next twice.
func doubled(n int, use string) string {
	var b strings.Builder
	b.WriteString(`{"$ref":"#/$defs/d0","$defs":{`)
	for i := range n {
		fmt.Fprintf(&b, `"d%d":%s,`, i, strings.ReplaceAll(use, "NEXT", fmt.Sprintf(`{"$ref":"#/$defs/d%d"}`, i+1)))
	}
	fmt.Fprintf(&b, `"d%d":{"type":"integer"}}}`, n)
	return b.String()
}

func listed(n int, each func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = each(i)
	}
	return strings.Join(parts, ",")
}

// TestUnusableSchemas gives what Compile must refuse, and where it must point.
func TestUnusableSchemas(t *testing.T) {
	for _, tc := range []struct{ name, schema, want string }{
		{"no JSON", `{"type":`, `/type syntax`},
		{"no schema", `[]`, `type`},
		{"wrong keywords, all of them", `{"type":"strin","properties":{"a":{"minLength":-1,"required":"a"}}}`, `/properties/a/minLength minimum, /properties/a/required type, /type anyOf`},
		{"repeated member", `{"properties":{"a":{},"a":{}}}`, `/properties/a duplicate`},
		{"too long", `{"title":"` + strings.Repeat("a", settings.MaxSchema) + `"}`, `size`},
		{"too many values", `{"enum":[` + listed(9000, func(i int) string { return fmt.Sprint(i) }) + `]}`, `/enum/8190 nodes`},
		{"too deep", strings.Repeat(`{"not":`, 70) + `true` + strings.Repeat(`}`, 70), `depth`},
		{"long number", `{"maximum":1` + strings.Repeat("0", 40) + `}`, `/maximum number`},
		{"huge exponent", `{"multipleOf":1e-999999}`, `/multipleOf number`},

		{"http reference", `{"properties":{"a":{"$ref":"https://schemas.example/a.json"}}}`, `/properties/a/$ref schemaRemote`},
		{"file reference", `{"items":{"$ref":"file:///etc/passwd"}}`, `/items/$ref schemaRemote`},
		{"relative reference", `{"$ref":"other.json#/a"}`, `/$ref schemaRemote`},
		{"reference out of an id", `{"$id":"https://x.example/a","items":{"$ref":"b"}}`, `/items/$ref schemaRemote`},
		{"unknown metaschema", `{"$ref":"https://json-schema.org/draft/2099-01/schema"}`, `/$ref schemaRemote`},
		{"dangling pointer", `{"anyOf":[{"$ref":"#/$defs/a~1b"}]}`, `/anyOf/0/$ref schemaRef`},
		{"dangling anchor", `{"anyOf":[{"$ref":"#a"}]}`, `/anyOf/0/$ref schemaRef`},
		{"bad pointer", `{"anyOf":[{"$ref":"#/a~2"}]}`, `/anyOf/0/$ref schemaRef`},
		{"same id twice", `{"$defs":{"a":{"$id":"https://x.example/a"},"b":{"$id":"https://x.example/a"}}}`, `schemaID`},
		{"draft of its own", `{"$schema":"https://x.example/draft"}`, `/$schema schemaDraft`},
		{"draft-04", `{"$schema":"http://json-schema.org/draft-04/schema#"}`, `/$schema schemaDraft`},
		{"draft 2019-09 inside", `{"items":{"$id":"a","$schema":"https://json-schema.org/draft/2019-09/schema","type":"string"}}`, `/items schemaDraft`},
		{"recursiveRef", `{"items":{"$recursiveRef":"#"}}`, `/items schemaDraft`},

		{"reference to itself", `{"$ref":"#"}`, `schemaCycle`},
		{"circle of references", `{"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}}`, `/$defs/a schemaCycle`},
		{"dynamic circle", `{"$dynamicAnchor":"n","$dynamicRef":"#n"}`, `schemaCycle`},
		{"dynamic reference with two targets", `{"$dynamicAnchor":"n","items":{"$dynamicRef":"#n"},"properties":{"a":{"$id":"b","$dynamicAnchor":"n"}}}`, `/items/$dynamicRef schemaDynamic`},

		{"doubled allOf", doubled(22, `{"allOf":[NEXT,NEXT]}`), `complexity`},
		{"doubled anyOf", doubled(22, `{"anyOf":[NEXT,NEXT]}`), `complexity`},
		{"doubled oneOf", doubled(22, `{"oneOf":[NEXT,NEXT]}`), `complexity`},
		{"doubled if", doubled(22, `{"if":NEXT,"then":NEXT}`), `complexity`},
		{"doubled not", doubled(22, `{"not":NEXT,"allOf":[NEXT]}`), `complexity`},
		{"doubled dependency", doubled(22, `{"dependentSchemas":{"a":NEXT,"b":NEXT}}`), `complexity`},
		{"doubled on the way down", doubled(22, `{"properties":{"a":NEXT},"additionalProperties":false,"allOf":[{"properties":{"a":NEXT}}]}`), `complexity`},
		{"doubled by patterns", doubled(22, `{"patternProperties":{"a":NEXT,"b":NEXT}}`), `complexity`},
		{"doubled items", doubled(22, `{"items":NEXT,"contains":NEXT}`), `complexity`},
		{"doubled in a recursion", `{"additionalProperties":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}`, `complexity`},
		{"doubled in a recursion of lists", `{"items":{"$ref":"#"},"contains":{"$ref":"#"}}`, `complexity`},
		{"doubled in a recursion, unevaluated", `{"properties":{"a":{"$ref":"#"}},"allOf":[{"unevaluatedProperties":{"$ref":"#"}}]}`, `complexity`},

		{"long chain", `{"$ref":"#/$defs/d0","$defs":{` + listed(900, func(i int) string { return fmt.Sprintf(`"d%d":{"$ref":"#/$defs/d%d"}`, i, i+1) }) + `,"d900":true}}`, `complexity`},

		{"pattern against RE2", `{"properties":{"a":{"pattern":"(?=x)"}}}`, `/properties/a/pattern schemaPattern`},
		{"pattern in a name", `{"patternProperties":{"(":{}}}`, `/patternProperties/( schemaPattern`},
		{"pattern repeated to death", `{"pattern":"(a{500}){500}"}`, `/pattern schemaPattern`},
		{"pattern too long", `{"pattern":"` + strings.Repeat("a", 1025) + `"}`, `/pattern schemaPattern`},
		{"pattern too large", `{"pattern":"((a{10}){10}b{9}){40}"}`, `/pattern schemaPattern`},
		{"patterns too many", `{"allOf":[` + listed(30, func(int) string { return `{"pattern":"^([a-z]{30}){30}$"}` }) + `]}`, `complexity`},
		{"count beyond 64 bits", `{"minLength":18446744073709551616}`, `/minLength schemaCount`},

		{"secret number", `{"properties":{"pin":{"type":"integer","writeOnly":true}}}`, `/properties/pin/writeOnly schemaSecret`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start := time.Now()
			_, err := settings.Compile([]byte(tc.schema))
			got := faults(t, err)
			if tc.want == "complexity" {
				require.Contains(t, got, tc.want)
			} else {
				require.Equal(t, tc.want, got)
			}
			require.Less(t, time.Since(start), patience)
		})
	}
}

// TestUsableSchemas gives what looks like the refused ones and must be accepted.
func TestUsableSchemas(t *testing.T) {
	for name, schema := range map[string]string{
		"doubled a little":              doubled(6, `{"allOf":[NEXT,NEXT]}`),
		"both ways down":                doubled(22, `{"properties":{"left":NEXT,"right":NEXT}}`),
		"tree of expressions":           `{"oneOf":[{"type":"string"},{"properties":{"left":{"$ref":"#"},"right":{"$ref":"#"}}},{"properties":{"not":{"$ref":"#"}}},{"type":"array","items":{"$ref":"#"}}]}`,
		"reference in data":             `{"default":{"$ref":"https://x.example/a"},"properties":{"$ref":{"type":"string"}}}`,
		"metaschema of draft-07":        `{"items":{"$ref":"http://json-schema.org/draft-07/schema#"}}`,
		"metaschema of draft 2020-12":   `{"items":{"$ref":"https://json-schema.org/draft/2020-12/schema"}}`,
		"dynamic reference, one target": `{"$dynamicAnchor":"n","items":{"$dynamicRef":"#n"}}`,
		"usual length":                  `{"pattern":"^.{1,255}$"}`,
		"a hundred fields":              `{"properties":{` + listed(100, func(i int) string { return fmt.Sprintf(`"f%d":{"type":"string","pattern":"^[a-z]{1,99}$"}`, i) }) + `},"additionalProperties":false}`,
		"forty variants": `{"oneOf":[` + listed(40, func(i int) string {
			return fmt.Sprintf(`{"properties":{"kind":{"const":%d},"a":{"type":"string"}},"required":["kind"]}`, i)
		}) + `]}`,
	} {
		_, err := settings.Compile([]byte(schema))
		require.NoError(t, err, name)
	}
}

// TestCostlyChecksEnd pairs schemas near the limits with the worst documents for them. Each pair must end soon, in a
// verdict or in the fault "complexity".
func TestCostlyChecksEnd(t *testing.T) {
	long := strings.Repeat("a", settings.MaxValue-10)
	fill := func(item string) string {
		n := (settings.MaxValue - 2) / (len(item) + 1)
		return "[" + strings.Repeat(item+",", n-1) + item + "]"
	}
	onItems := func(schema string) string {
		return strings.Replace(schema, `"$ref":"#/$defs/d0"`, `"items":{"$ref":"#/$defs/d0"}`, 1)
	}
	nested := strings.Repeat(`{"a":`, 63) + `{}` + strings.Repeat(`}`, 63)
	for _, tc := range []struct{ name, schema, value, want string }{
		{"255 schemas on each item", onItems(doubled(7, `{"allOf":[NEXT,NEXT]}`)), "[" + strings.Repeat("1,", 450) + "1]", ""},
		{"255 schemas on too many items", onItems(doubled(7, `{"allOf":[NEXT,NEXT]}`)), fill("1"), "complexity"},
		{"255 schemas, all fail", onItems(doubled(7, `{"anyOf":[NEXT,NEXT]}`)), "[" + strings.Repeat(`"",`, 450) + `""]`, "type"},
		{"chain of references", `{"items":{"$ref":"#/$defs/d0"},"$defs":{` + listed(150, func(i int) string { return fmt.Sprintf(`"d%d":{"$ref":"#/$defs/d%d"}`, i, i+1) }) + `,"d150":true}}`, "[" + strings.Repeat("1,", 900) + "1]", ""},
		{"large program on a long text", `{"pattern":"^(a?b?){400}$"}`, `"` + long + `"`, "complexity"},
		{"backtracking elsewhere", `{"pattern":"^(a+)+$"}`, `"` + long + `!"`, "pattern"},
		{"large program on a long text below", `{"properties":{"a":{"pattern":"^(a?b?){400}$"}}}`, `{"a":"` + long[10:] + `"}`, "complexity"},
		{"large patterns for names", `{"patternProperties":{` + listed(20, func(i int) string { return fmt.Sprintf(`"^(a|b|c){1,200}%d$":true`, i) }) + `}}`, `{` + listed(4000, func(i int) string { return fmt.Sprintf(`"a%d":1`, i) }) + `}`, "complexity"},
		{"unique numbers", `{"uniqueItems":true}`, "[" + listed(9000, func(i int) string { return fmt.Sprint(i) }) + "]", ""},
		{"unique numbers with exponents", `{"uniqueItems":true}`, "[" + listed(7000, func(i int) string { return fmt.Sprintf(`%de400`, i) }) + "]", ""},
		{"numbers with exponents", `{"items":{"type":"integer","multipleOf":1e-400,"minimum":-1e400}}`, fill("1e400"), ""},
		{"unevaluated names", `{"allOf":[` + listed(300, func(i int) string { return fmt.Sprintf(`{"properties":{"k%d":true}}`, i) }) + `],"unevaluatedProperties":false}`, `{` + listed(5000, func(i int) string { return fmt.Sprintf(`"k%d":1`, i) }) + `}`, "complexity"},
		{"large enum", `{"items":{"enum":[` + listed(1900, func(i int) string { return fmt.Sprintf(`"%d"`, i) }) + `]}}`, fill(`"x"`), "complexity"},
		{"large enum of numbers", `{"items":{"enum":[` + listed(1900, func(i int) string { return fmt.Sprintf(`%de300`, i) }) + `]}}`, fill(`1e301`), "complexity"},
		{"deep recursion", `{"properties":{"a":{"$ref":"#"}},"allOf":[` + listed(400, func(int) string { return `{"allOf":[{}]}` }) + `]}`, nested, ""},
		{"all wrong", `{"items":{"type":"string"}}`, fill("1"), "type"},
		{"all unknown", `{"additionalProperties":false}`, `{` + listed(7000, func(i int) string { return fmt.Sprintf(`"%d":1`, i) }) + `}`, "additionalProperties"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := compile(t, tc.schema)
			start := time.Now()
			got := faults(t, s.Validate([]byte(tc.value)))
			took := time.Since(start)
			require.Contains(t, got, tc.want)
			require.Equal(t, tc.want == "", got == "")
			require.Less(t, took, patience)
		})
	}
}

// TestCostlySchemasEnd compiles schemas that make the compiler work hard.
func TestCostlySchemasEnd(t *testing.T) {
	each := func(n int, format string) string {
		return listed(n, func(i int) string { return strings.ReplaceAll(format, "#", fmt.Sprint(i)) })
	}
	for _, tc := range []struct{ name, schema, want string }{
		{"many subschemas", `{"properties":{` + each(8000, `"#":true`) + `}}`, ""},
		{"many identifiers", `{"$defs":{` + each(2700, `"#":{"$id":"a#"}`) + `}}`, ""},
		{"many anchors", `{"$defs":{` + each(2700, `"#":{"$dynamicAnchor":"a#"}`) + `}}`, ""},
		{"many references to no schema", `{"properties":{` + each(900, `"#":{"$ref":"REF/x/#"}`) + `},"x":[` + each(900, `{"a":{}}`) +
			`],"$defs":{` + each(2000, `"#":true`) + `}}`, ""},
		{"too many references", `{"properties":{` + each(1025, `"#":{"$ref":"REF/x"}`) + `},"x":true}`, "/properties/1024/$ref complexity"},
		{"many references in place", `{"allOf":[` + each(1000, `{"$ref":"REF/x/#"}`) + `],"x":[` + each(1000, `true`) + `]}`, "complexity"},
		{"wide and recursive", `{"anyOf":[` + each(300, `{"properties":{"a#":{"$ref":"REF"}}}`) + `]}`, "complexity"},
		{"wide, recursive and doubled", `{"anyOf":[` + each(300, `{"properties":{"a#":{"$ref":"REF"}},"additionalProperties":{"$ref":"REF"}}`) + `]}`, "complexity"},
		{"large patterns", `{"properties":{` + each(200, `"#":{"pattern":"((a{20}){20}|#){7}"}`) + `}}`, "schemaPattern"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			schema := strings.ReplaceAll(tc.schema, "REF", "#")
			start := time.Now()
			_, err := settings.Compile([]byte(schema))
			took := time.Since(start)
			require.Contains(t, faults(t, err), tc.want)
			require.Equal(t, tc.want == "", err == nil)
			require.Less(t, took, patience)
		})
	}
}

// TestNothingIsLoaded offers references that would work if anything were loaded at all.
func TestNothingIsLoaded(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(`true`))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "schema.json")
	require.NoError(t, os.WriteFile(file, []byte(`true`), 0o600))

	for _, target := range []string{server.URL, "file://" + file, file} {
		for _, schema := range []string{`{"items":{"$ref":%q}}`, `{"items":{"$dynamicRef":%q}}`, `{"$id":"https://x.example/","items":{"$ref":%q}}`} {
			_, err := settings.Compile(fmt.Appendf(nil, schema, target))
			require.Contains(t, faults(t, err), "schemaRemote")
		}
		for _, schema := range []string{`{"$schema":%q}`, `{"items":{"$id":"a","$schema":%q}}`} {
			_, err := settings.Compile(fmt.Appendf(nil, schema, target))
			require.Error(t, err)
		}
	}
	require.Zero(t, asked)
}
