package settings

import (
	"go/ast"
	"go/build"
	goparser "go/parser"
	"go/token"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"github.com/stretchr/testify/require"
)

// Codes gives the tests every code that has a text.
func Codes() []string { return slices.Sorted(maps.Keys(texts)) }

// failing has, for each kind of error that the validator knows, a schema and a value that give it.
var failing = []struct{ kind, schema, value string }{
	{"AdditionalItems", `{"$schema":"http://json-schema.org/draft-07/schema","items":[true],"additionalItems":false}`, `[1,2]`},
	{"AdditionalProperties", `{"additionalProperties":false}`, `{"a":1}`},
	{"AllOf", `{"allOf":[{"type":"string"}]}`, `1`},
	{"AnyOf", `{"anyOf":[{"type":"string"},{"minimum":2}]}`, `1`},
	{"Const", `{"const":1}`, `2`},
	{"Contains", `{"contains":false}`, `[1]`},
	{"ContentEncoding", `{"contentEncoding":"base64"}`, `"%"`},
	{"ContentMediaType", `{"contentMediaType":"application/json"}`, `"{"`},
	{"ContentSchema", `{"contentMediaType":"application/json","contentSchema":{"type":"object"}}`, `"1"`},
	{"Dependency", `{"$schema":"http://json-schema.org/draft-07/schema","dependencies":{"a":["b"]}}`, `{"a":1}`},
	{"DependentRequired", `{"dependentRequired":{"a":["b"]}}`, `{"a":1}`},
	{"Enum", `{"enum":[1]}`, `2`},
	{"ExclusiveMaximum", `{"exclusiveMaximum":1}`, `1`},
	{"ExclusiveMinimum", `{"exclusiveMinimum":1}`, `1`},
	{"FalseSchema", `{"properties":{"a":false}}`, `{"a":1}`},
	{"Format", `{"format":"date"}`, `"x"`},
	{"Group", `{"allOf":[{"required":["a"],"minProperties":1}]}`, `{}`},
	{"MaxContains", `{"contains":true,"maxContains":0}`, `[1]`},
	{"MaxItems", `{"maxItems":0}`, `[1]`},
	{"MaxLength", `{"maxLength":0}`, `"a"`},
	{"MaxProperties", `{"maxProperties":0}`, `{"a":1}`},
	{"Maximum", `{"maximum":0}`, `1`},
	{"MinContains", `{"contains":true,"minContains":2}`, `[1]`},
	{"MinItems", `{"minItems":1}`, `[]`},
	{"MinLength", `{"minLength":1}`, `""`},
	{"MinProperties", `{"minProperties":1}`, `{}`},
	{"Minimum", `{"minimum":1}`, `0`},
	{"MultipleOf", `{"multipleOf":2}`, `1`},
	{"Not", `{"not":true}`, `1`},
	{"OneOf", `{"oneOf":[{"required":["a"]},{"required":["b"]}]}`, `{}`},
	{"OneOf", `{"oneOf":[true,true]}`, `1`},
	{"Pattern", `{"pattern":"b"}`, `"a"`},
	{"PropertyNames", `{"propertyNames":false}`, `{"a":1}`},
	{"RefCycle", `{"$ref":"#"}`, `1`},
	{"Reference", `{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}`, `1`},
	{"Required", `{"required":["a"]}`, `{}`},
	{"Schema", `false`, `1`},
	{"Type", `{"type":"string"}`, `1`},
	{"UniqueItems", `{"uniqueItems":true}`, `[1,1]`},
}

// TestEveryKindOfErrorHasItsText makes the validator report each kind of error that it has, and fails when a new version
// of it has one more.
func TestEveryKindOfErrorHasItsText(t *testing.T) {
	covered := map[string]bool{"InvalidJsonValue": true} // of Go values that are no JSON; ours are always JSON
	for _, tc := range failing {
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		c.AssertContent()
		schema, _, fault := parse([]byte(tc.schema), MaxSchema, maxSchemaNodes)
		require.Nil(t, fault, tc.schema)
		require.NoError(t, c.AddResource(documentURL, schema.any()))
		root, err := c.Compile(documentURL)
		require.NoError(t, err, tc.schema)
		value, _, fault := parse([]byte(tc.value), MaxValue, MaxValue)
		require.Nil(t, fault, tc.value)

		var invalid *jsonschema.ValidationError
		require.ErrorAs(t, root.Validate(value.any()), &invalid, tc.schema)
		require.True(t, has(invalid, tc.kind), "%s does not give %s", tc.schema, tc.kind)
		covered[tc.kind] = true

		found := findings(invalid)
		require.NotEmpty(t, found, tc.kind)
		for _, f := range found {
			require.NotEqual(t, "internal", f.code, tc.kind)
			require.Contains(t, texts, f.code, tc.kind)
			fault := f.fault()
			require.NotContains(t, fault.Text("en"), "{", "an argument is missing: %s", tc.kind)
			require.NotContains(t, fault.Text("ru"), "{", "an argument is missing: %s", tc.kind)
		}
	}
	require.Equal(t, kindsOfLibrary(t), slices.Sorted(maps.Keys(covered)))
	require.Equal(t, "internal", findings(&jsonschema.ValidationError{ErrorKind: &kind.InvalidJsonValue{}})[0].code)
	require.Equal(t, "internal", findings(&jsonschema.ValidationError{})[0].code)
}

func has(e *jsonschema.ValidationError, name string) bool {
	if reflect.TypeOf(e.ErrorKind).Elem().Name() == name {
		return true
	}
	return slices.ContainsFunc(e.Causes, func(cause *jsonschema.ValidationError) bool { return has(cause, name) })
}

// kindsOfLibrary reads the exported types of the library's package kind.
func kindsOfLibrary(t *testing.T) []string {
	pkg, err := build.Import(reflect.TypeFor[kind.Type]().PkgPath(), ".", build.FindOnly)
	require.NoError(t, err)
	files, err := os.ReadDir(pkg.Dir)
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") {
			continue
		}
		parsed, err := goparser.ParseFile(token.NewFileSet(), filepath.Join(pkg.Dir, file.Name()), nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				names = append(names, spec.Name.Name)
			}
			return true
		})
	}
	slices.Sort(names)
	return names
}

func TestLimitsAreWrittenExactly(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "-0.50": "-0.5", "1e3": "1000", "9007199254740993": "9007199254740993", "1.15": "1.15", "1e-7": "0.0000001",
	} {
		r, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		require.Equal(t, want, decimal(r))
	}
}
