package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// finding is a fault on its way: the place still as tokens, lists of allowed values still as lists.
type finding struct {
	path  []string
	code  string
	args  map[string]string
	allow []string // values of enum and const, or names of types
}

// findings turns the validator's tree of errors into a flat list. The validator's own texts are never used: they print
// values.
func findings(e *jsonschema.ValidationError) []finding {
	at := e.InstanceLocation
	one := func(code string, args ...string) []finding {
		f := finding{path: at, code: code}
		for i := 0; i < len(args); i += 2 {
			f.arg(args[i], args[i+1])
		}
		return []finding{f}
	}
	limit := func(code string, n int) []finding { return one(code, "limit", strconv.Itoa(n)) }
	bound := func(code string, r *big.Rat) []finding { return one(code, "limit", decimal(r)) }

	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		return all(e.Causes)
	case *kind.AnyOf:
		return variants("anyOf", at, e.Causes)
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return one("oneOfMany")
		}
		return variants("oneOf", at, e.Causes)
	case *kind.Not:
		return one("not")
	case *kind.FalseSchema:
		return one(falseCode(e.SchemaURL))
	case *kind.RefCycle:
		return one("schemaCycle")
	case *kind.InvalidJsonValue:
		return one("internal")

	case *kind.Type:
		return []finding{{path: at, code: "type", allow: k.Want}}
	case *kind.Enum:
		return []finding{{path: at, code: "enum", allow: texted(k.Want)}}
	case *kind.Const:
		return []finding{{path: at, code: "const", allow: texted([]any{k.Want})}}
	case *kind.Format:
		return one("format", "format", k.Want)

	case *kind.Required:
		return missing(at, "required", "", k.Missing)
	case *kind.DependentRequired:
		return missing(at, "dependentRequired", k.Prop, k.Missing)
	case *kind.Dependency:
		return missing(at, "dependentRequired", k.Prop, k.Missing)
	case *kind.AdditionalProperties:
		return missing(at, "additionalProperties", "", k.Properties)
	case *kind.PropertyNames:
		return missing(at, "propertyNames", "", []string{k.Property})
	case *kind.MinProperties:
		return limit("minProperties", k.Want)
	case *kind.MaxProperties:
		return limit("maxProperties", k.Want)

	case *kind.MinItems:
		return limit("minItems", k.Want)
	case *kind.MaxItems:
		return limit("maxItems", k.Want)
	case *kind.AdditionalItems:
		return one("additionalItems", "count", strconv.Itoa(k.Count))
	case *kind.UniqueItems:
		return one("uniqueItems", "first", strconv.Itoa(k.Duplicates[0]+1), "second", strconv.Itoa(k.Duplicates[1]+1))
	case *kind.Contains:
		return one("contains")
	case *kind.MinContains:
		return limit("minContains", k.Want)
	case *kind.MaxContains:
		return limit("maxContains", k.Want)

	case *kind.MinLength:
		return limit("minLength", k.Want)
	case *kind.MaxLength:
		return limit("maxLength", k.Want)
	case *kind.Pattern:
		return one("pattern", "pattern", k.Want)
	case *kind.ContentEncoding:
		return one("contentEncoding", "encoding", k.Want)
	case *kind.ContentMediaType:
		return one("contentMediaType", "mediaType", k.Want)
	case *kind.ContentSchema:
		return one("contentSchema")

	case *kind.Minimum:
		return bound("minimum", k.Want)
	case *kind.Maximum:
		return bound("maximum", k.Want)
	case *kind.ExclusiveMinimum:
		return bound("exclusiveMinimum", k.Want)
	case *kind.ExclusiveMaximum:
		return bound("exclusiveMaximum", k.Want)
	case *kind.MultipleOf:
		return bound("multipleOf", k.Want)
	default:
		return one("internal")
	}
}

func all(causes []*jsonschema.ValidationError) []finding {
	var out []finding
	for _, cause := range causes {
		out = append(out, findings(cause)...)
	}
	return out
}

// missing names each of several fields by its own place, so that a form can mark it. Fields that are too many go the
// same way as those that are missing.
func missing(at []string, code, given string, fields []string) []finding {
	out := make([]finding, len(fields))
	for i, name := range fields {
		out[i] = finding{path: append(slices.Clone(at), name), code: code}
		if given != "" {
			out[i].arg("field", given)
		}
	}
	return out
}

// falseCode tells an unwanted field from the other uses of the schema false.
func falseCode(location string) string {
	for _, keyword := range []string{"unevaluatedProperties", "unevaluatedItems"} {
		if strings.HasSuffix(location, "/"+keyword) {
			return keyword
		}
	}
	return "false"
}

// variants says the most useful thing about a value that fits no branch of anyOf or oneOf: the faults of the one branch
// that was meant, else what all branches complain about, else which types or discriminator values there are.
func variants(code string, at []string, causes []*jsonschema.ValidationError) []finding {
	branches := make([][]finding, len(causes))
	var meant [][]finding
	for i, cause := range causes {
		branches[i] = findings(cause)
		branches[i] = branches[i][:min(len(branches[i]), maxFaults)]
		if !slices.ContainsFunc(branches[i], func(f finding) bool { return f.rulesOut(at) }) {
			meant = append(meant, branches[i])
		}
	}
	if len(meant) == 1 {
		return meant[0]
	}
	if common := inAll(branches); len(common) > 0 {
		return common
	}
	if merged, ok := merge(branches); ok {
		return []finding{merged}
	}
	return []finding{{path: at, code: code}}
}

// rulesOut reports whether a fault says that its branch was never meant: a wrong type, or a wrong fixed value in the
// place itself or in one of its fields, which is how discriminators are written.
func (f *finding) rulesOut(at []string) bool {
	switch f.code {
	case "type", "false":
		return len(f.path) == len(at)
	case "const", "enum":
		return len(f.path) <= len(at)+1
	default:
		return false
	}
}

// inAll returns the faults that every branch has.
func inAll(branches [][]finding) []finding {
	var out []finding
	for _, f := range branches[0] {
		everywhere := true
		for _, other := range branches[1:] {
			everywhere = everywhere && slices.ContainsFunc(other, f.equal)
		}
		if everywhere {
			out = append(out, f)
		}
	}
	return out
}

// merge joins branches that each want another type, or another fixed value, in one and the same place.
func merge(branches [][]finding) (finding, bool) {
	var out finding
	for i, branch := range branches {
		at := slices.IndexFunc(branch, func(f finding) bool { return len(f.allow) > 0 })
		if at < 0 {
			return out, false
		}
		f := branch[at]
		if i == 0 {
			out = finding{path: f.path, code: f.code}
		} else if !slices.Equal(out.path, f.path) || (out.code == "type") != (f.code == "type") {
			return out, false
		}
		for _, a := range f.allow {
			if !slices.Contains(out.allow, a) {
				out.allow = append(out.allow, a)
			}
		}
	}
	if out.code == "const" && len(out.allow) > 1 {
		out.code = "enum"
	}
	return out, true
}

func (f *finding) arg(name, value string) {
	if f.args == nil {
		f.args = map[string]string{}
	}
	f.args[name] = value
}

func (f *finding) equal(g finding) bool {
	return f.code == g.code && slices.Equal(f.path, g.path) && maps.Equal(f.args, g.args) && slices.Equal(f.allow, g.allow)
}

func (f *finding) fault() Fault {
	out := Fault{Pointer: pointer(f.path), Code: f.code, Args: f.args}
	if len(f.allow) > 0 {
		name := "allowed"
		if f.code == "type" {
			name = "type"
		}
		out.Args = map[string]string{name: strings.Join(f.allow, ", ")}
	}
	return out
}

// texted writes the values of enum and const, which are the schema's and not the document's. A long list is cut.
func texted(values []any) []string {
	const most, longest = 20, 60
	var out []string
	for _, v := range values {
		if len(out) == most {
			return append(out, "…")
		}
		s, ok := v.(string)
		if !ok || s == "" {
			raw, _ := json.Marshal(v) // cannot fail, v was read from JSON
			s = string(raw)
		}
		if r := []rune(s); len(r) > longest {
			s = string(r[:longest]) + "…"
		}
		out = append(out, s)
	}
	return out
}

// decimal writes a limit exactly. Limits come from JSON numbers, so they always end.
func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	digits, exact := r.FloatPrec()
	if !exact {
		return fmt.Sprint(r)
	}
	return r.FloatString(digits)
}
