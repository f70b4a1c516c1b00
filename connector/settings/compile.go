package settings

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	// maxPattern and maxProgram bound a regular expression: its text in bytes, its instructions when compiled.
	maxPattern = 1024
	maxProgram = 4096

	maxRefs = 1024
)

// knownDraft reports whether $schema names a draft that is supported here.
func knownDraft(text string) bool {
	text = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(text, "#"), "https://"), "http://")
	return text == "json-schema.org/draft/2020-12/schema" || text == "json-schema.org/draft-07/schema"
}

// compile fills in everything that follows from the document.
func (s *Schema) compile(doc *node) []Fault {
	if refs := references(doc); len(refs) > maxRefs {
		return []Fault{{Pointer: refs[maxRefs].place, Code: "complexity"}}
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(jsonschema.SchemeURLLoader{}) // refuses everything
	c.UseRegexpEngine(compilePattern)
	c.AssertFormat()
	value := doc.any()
	if err := c.AddResource(documentURL, value); err != nil {
		return compileFaults(err, doc)
	}
	root, err := c.Compile(documentURL)
	if err != nil {
		return compileFaults(err, doc)
	}
	g, fault := newGraph(root)
	if fault != nil {
		return []Fault{*fault}
	}
	faults := unusable(g, value)
	if len(faults) > 0 {
		return faults
	}
	s.cost, fault = costOf(g)
	if fault != nil {
		return []Fault{*fault}
	}
	s.root, s.graph, s.secrets = root, g, secretsOf(g)

	for _, sub := range g.all {
		if sub.PropertyNames != nil {
			sub.Extensions = append(sub.Extensions, propertyNames{sub.PropertyNames})
			sub.PropertyNames = nil
		}
	}
	return nil
}

var errPattern = errors.New("settings: pattern too large")

func compilePattern(pattern string) (jsonschema.Regexp, error) {
	if len(pattern) > maxPattern || programSize(pattern) > maxProgram {
		return nil, errPattern
	}
	return regexp.Compile(pattern)
}

// unusable finds what the validator accepts and we do not.
func unusable(g *graph, doc any) []Fault {
	var faults []Fault
	for _, s := range g.all {
		if s.DraftVersion != 2020 && s.DraftVersion != 7 || s.RecursiveRef != nil {
			faults = append(faults, Fault{Pointer: place(s), Code: "schemaDraft"})
		}
		if s.WriteOnly && s.Types != nil && !textual(s.Types) {
			faults = append(faults, Fault{Pointer: placeOf(s, "writeOnly"), Code: "schemaSecret"})
		}
		if own(s) {
			faults = append(faults, wrongCounts(s, doc)...)
		}
	}
	return faults
}

// textual reports whether values of these types can be secrets: text, nothing, or containers of text.
func textual(types *jsonschema.Types) bool {
	return !slices.ContainsFunc(types.ToStrings(), func(t string) bool {
		return t == "number" || t == "integer" || t == "boolean"
	})
}

// wrongCounts finds counts that the validator would cut to 64 bits: a minLength of 2^64 would allow everything.
func wrongCounts(s *jsonschema.Schema, doc any) []Fault {
	keywords, ok := lookup(doc, place(s)).(map[string]any)
	if !ok {
		return nil
	}
	var faults []Fault
	most := big.NewRat(math.MaxInt32, 1)
	for _, keyword := range []string{
		"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains",
	} {
		number, ok := keywords[keyword].(json.Number)
		if !ok {
			continue
		}
		if r, ok := new(big.Rat).SetString(number.String()); !ok || !r.IsInt() || r.Cmp(most) > 0 {
			faults = append(faults, Fault{
				Pointer: placeOf(s, keyword), Code: "schemaCount",
				Args: limit(strconv.Itoa(math.MaxInt32)),
			})
		}
	}
	return faults
}

// compileFaults turns an error of the schema compiler into faults with places in the document.
func compileFaults(err error, doc *node) []Fault {
	var (
		invalid   *jsonschema.SchemaValidationError
		against   *jsonschema.ValidationError
		pattern   *jsonschema.InvalidRegexError
		load      *jsonschema.LoadURLError
		noAnchor  *jsonschema.AnchorNotFoundError
		noPointer *jsonschema.JSONPointerNotFoundError
		noSyntax  *jsonschema.InvalidJsonPointerError
	)
	switch {
	case errors.As(err, &invalid) && errors.As(invalid.Err, &against):
		var faults []Fault
		for _, f := range findings(against) {
			fault := f.fault()
			if f.aboutPattern() {
				fault = Fault{Pointer: fault.Pointer, Code: "schemaPattern"}
			}
			fault.Pointer = fragment(invalid.URL) + fault.Pointer
			faults = append(faults, fault)
		}
		return faults
	case errors.As(err, &pattern):
		return []Fault{{Pointer: fragment(pattern.URL), Code: "schemaPattern"}}
	case errors.As(err, &load):
		return refFaults(doc, "schemaRemote", func(ref string) bool { return target(ref) == load.URL },
			func(ref string) bool { return !strings.HasPrefix(ref, "#") })
	case errors.As(err, &noAnchor):
		return refFaults(doc, "schemaRef", func(ref string) bool { return fragment(ref) == fragment(noAnchor.Reference) })
	case errors.As(err, &noPointer):
		return refFaults(doc, "schemaRef", func(ref string) bool { return fragment(ref) == fragment(noPointer.URL) })
	case errors.As(err, &noSyntax):
		return refFaults(doc, "schemaRef", func(ref string) bool { return fragment(ref) == fragment(noSyntax.URL) })
	default:
		return []Fault{otherFault(err)}
	}
}

// aboutPattern reports whether the draft's metaschema complains about a regular expression, as a value or as a name.
func (f *finding) aboutPattern() bool {
	inNames := len(f.path) > 1 && f.path[len(f.path)-2] == "patternProperties"
	return f.args["format"] == "regex" || f.code == "propertyNames" && inNames
}

func otherFault(err error) Fault {
	for _, draft := range []any{
		new(*jsonschema.UnsupportedDraftError), new(*jsonschema.InvalidMetaSchemaURLError),
		new(*jsonschema.MetaSchemaCycleError), new(*jsonschema.MetaSchemaMismatchError),
		new(*jsonschema.UnsupportedVocabularyError),
	} {
		if errors.As(err, draft) {
			return Fault{Code: "schemaDraft"}
		}
	}
	for _, id := range []any{
		new(*jsonschema.DuplicateIDError), new(*jsonschema.ParseIDError), new(*jsonschema.DuplicateAnchorError),
		new(*jsonschema.ParseAnchorError), new(*jsonschema.ParseURLError),
	} {
		if errors.As(err, id) {
			return Fault{Code: "schemaID"}
		}
	}
	return Fault{Code: "schema"}
}

// reference is a $ref or $dynamicRef somewhere in the document.
type reference struct{ place, text string }

// references finds everything that looks like a reference, in data too: they are counted, and searched for the place of
// one that the compiler complained about.
func references(doc *node) []reference {
	var out []reference
	var walk func(n *node, at string)
	walk = func(n *node, at string) {
		for i := range n.members {
			m := &n.members[i]
			below := at + "/" + escapeToken(m.name)
			if (m.name == "$ref" || m.name == "$dynamicRef") && m.value.kind == '"' {
				out = append(out, reference{below, m.value.text})
			}
			walk(&m.value, below)
		}
		for i := range n.items {
			walk(&n.items[i], at+"/"+strconv.Itoa(i))
		}
	}
	walk(doc, "")
	return out
}

// refFaults gives a fault for each reference that the first matching condition finds, or one without a place.
func refFaults(doc *node, code string, conditions ...func(ref string) bool) []Fault {
	var faults []Fault
	for _, matches := range conditions {
		for _, ref := range references(doc) {
			if matches(ref.text) {
				faults = append(faults, Fault{Pointer: ref.place, Code: code})
			}
		}
		if len(faults) > 0 {
			return faults
		}
	}
	return []Fault{{Code: code}}
}

// target is the document that a reference leads to.
func target(ref string) string {
	base, err := url.Parse(documentURL)
	if err != nil {
		return ""
	}
	to, err := base.Parse(ref)
	if err != nil {
		return ""
	}
	to.Fragment, to.RawFragment = "", ""
	return to.String()
}

// fragment is the JSON pointer, or anchor, of a location.
func fragment(location string) string {
	_, encoded, _ := strings.Cut(location, "#")
	decoded, err := url.PathUnescape(encoded)
	if err != nil {
		return encoded
	}
	return decoded
}

// place is where a subschema stands in the document; "" in a metaschema.
func place(s *jsonschema.Schema) string {
	if !own(s) {
		return ""
	}
	return fragment(s.Location)
}

// placeOf is where a keyword of a subschema stands.
func placeOf(s *jsonschema.Schema, keyword string) string { return place(s) + "/" + keyword }

// lookup follows a JSON pointer that is known to lead somewhere; nil when it does not.
func lookup(doc any, pointer string) any {
	if pointer == "" {
		return doc
	}
	for _, token := range tokens(pointer) {
		switch at := doc.(type) {
		case map[string]any:
			doc = at[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			doc = at[i]
		default:
			return nil
		}
	}
	return doc
}
