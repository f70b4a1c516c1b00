package settings

import (
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// counter counts how often the validator comes to the end of a schema.
type counter struct{ n *int }

func (c counter) Validate(*jsonschema.ValidatorContext, any) { *c.n++ }

// schemas draws schemas from a few names, so that references, branches and members meet.
func schemas(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		s := map[string]any{}
		ref := func() any {
			return map[string]any{"$ref": "#/$defs/" + rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "ref")}
		}
		next := func() any {
			if depth == 0 || rapid.Bool().Draw(t, "by ref") {
				return ref()
			}
			return schemas(depth-1).Draw(t, "sub")
		}
		for _, keyword := range rapid.SliceOfN(rapid.SampledFrom([]string{
			"allOf", "anyOf", "oneOf", "not", "if", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties",
			"items", "prefixItems", "contains", "dependentSchemas", "propertyNames",
		}), 0, 3).Draw(t, "keywords") {
			switch keyword {
			case "allOf", "anyOf", "oneOf", "prefixItems":
				s[keyword] = []any{next(), next()}
			case "if":
				s["if"], s["then"], s["else"] = next(), next(), next()
			case "properties", "patternProperties", "dependentSchemas":
				s[keyword] = map[string]any{"p": next(), "q": next()}
			default:
				s[keyword] = next()
			}
		}
		return s
	})
}

func documents(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch kind := rapid.IntRange(0, 2).Draw(t, "kind"); {
		case depth == 0 || kind == 0:
			return "text"
		case kind == 1:
			return rapid.SliceOfN(documents(depth-1), 0, 3).Draw(t, "items")
		default:
			return rapid.MapOfN(rapid.SampledFrom([]string{"p", "q", "r"}), documents(depth-1), 0, 3).Draw(t, "members")
		}
	})
}

// TestWorkStaysBelowTheBound counts what the validator does and compares it with what was foretold from the schema.
func TestWorkStaysBelowTheBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schema := schemas(2).Draw(t, "root").(map[string]any)
		defs := map[string]any{}
		for _, name := range []string{"a", "b", "c", "d"} {
			defs[name] = schemas(1).Draw(t, name)
		}
		schema["$defs"] = defs
		raw, err := json.Marshal(schema)
		require.NoError(t, err)
		s, err := Compile(raw)
		if err != nil {
			t.Skip("refused") // a circle, or too costly
		}
		n := 0
		for _, sub := range s.graph.all {
			sub.Extensions = append(sub.Extensions, counter{&n})
		}
		value := documents(4).Draw(t, "document")
		text, err := json.Marshal(value)
		require.NoError(t, err)
		doc, nodes, fault := decode(text)
		require.Nil(t, fault)
		_ = s.root.Validate(doc)
		require.LessOrEqual(t, float64(n), s.cost.steps(nodes, 0), "%s\n%s", raw, text)
	})
}
