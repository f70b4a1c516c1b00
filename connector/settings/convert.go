package settings

import (
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
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		return all(e.Causes)
	case *kind.AnyOf:
		return variants("anyOf", at, e.Causes)
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return []finding{{path: at, code: "oneOfMany"}}
		}
		return variants("oneOf", at, e.Causes)
	case *kind.FalseSchema:
		return []finding{{path: at, code: falseCode(e.SchemaURL)}}

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

	case *kind.Type:
		return []finding{{path: at, code: "type", allow: k.Want}}
	case *kind.Enum:
		return []finding{{path: at, code: "enum", allow: texted(k.Want)}}
	case *kind.Const:
		return []finding{{path: at, code: "const", allow: texted([]any{k.Want})}}
	default:
		code, args := limitOf(k)
		return []finding{{path: at, code: code, args: args}}
	}
}

// limitOf names the kinds of error that are one limit of the schema each.
func limitOf(k jsonschema.ErrorKind) (code string, args map[string]string) {
	code, args = countOf(k)
	if code != "" {
		return code, args
	}
	switch k := k.(type) {
	case *kind.Minimum:
		return "minimum", limit(decimal(k.Want))
	case *kind.Maximum:
		return "maximum", limit(decimal(k.Want))
	case *kind.ExclusiveMinimum:
		return "exclusiveMinimum", limit(decimal(k.Want))
	case *kind.ExclusiveMaximum:
		return "exclusiveMaximum", limit(decimal(k.Want))
	case *kind.MultipleOf:
		return "multipleOf", limit(decimal(k.Want))
	case *kind.Pattern:
		return "pattern", map[string]string{"pattern": k.Want}
	case *kind.Format:
		return "format", map[string]string{"format": k.Want}
	case *kind.ContentEncoding:
		return "contentEncoding", map[string]string{"encoding": k.Want}
	case *kind.ContentMediaType:
		return "contentMediaType", map[string]string{"mediaType": k.Want}
	case *kind.ContentSchema:
		return "contentSchema", nil
	case *kind.Not:
		return "not", nil
	case *kind.RefCycle:
		return "schemaCycle", nil
	default: // kind.InvalidJsonValue, which JSON cannot give, and what a later version may add
		return "internal", nil
	}
}

// countOf names the kinds of error about how many there are of something, "" for all others.
func countOf(k jsonschema.ErrorKind) (code string, args map[string]string) {
	switch k := k.(type) {
	case *kind.MinLength:
		return "minLength", limit(strconv.Itoa(k.Want))
	case *kind.MaxLength:
		return "maxLength", limit(strconv.Itoa(k.Want))
	case *kind.MinItems:
		return "minItems", limit(strconv.Itoa(k.Want))
	case *kind.MaxItems:
		return "maxItems", limit(strconv.Itoa(k.Want))
	case *kind.MinProperties:
		return "minProperties", limit(strconv.Itoa(k.Want))
	case *kind.MaxProperties:
		return "maxProperties", limit(strconv.Itoa(k.Want))
	case *kind.Contains:
		return "contains", nil
	case *kind.MinContains:
		return "minContains", limit(strconv.Itoa(k.Want))
	case *kind.MaxContains:
		return "maxContains", limit(strconv.Itoa(k.Want))
	case *kind.AdditionalItems:
		return "additionalItems", map[string]string{"count": strconv.Itoa(k.Count)}
	case *kind.UniqueItems:
		first, second := strconv.Itoa(k.Duplicates[0]+1), strconv.Itoa(k.Duplicates[1]+1)
		return "uniqueItems", map[string]string{"first": first, "second": second}
	default:
		return "", nil
	}
}

func limit(text string) map[string]string { return map[string]string{"limit": text} }

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
			out[i].args = map[string]string{"field": given}
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
			s = string(marshalled(v))
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
