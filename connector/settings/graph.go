package settings

import (
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// graph is a compiled schema as subschemas that lead to each other: in place, that is to schemas of the same value, and
// down to schemas of its members and items.
type graph struct {
	root    *jsonschema.Schema
	all     []*jsonschema.Schema // reachable from root, root first
	dynamic map[*jsonschema.Schema]*jsonschema.Schema
}

// newGraph collects all subschemas and settles where dynamic references lead.
func newGraph(root *jsonschema.Schema) (*graph, *Fault) {
	g := &graph{root: root, dynamic: map[*jsonschema.Schema]*jsonschema.Schema{}}
	seen := map[*jsonschema.Schema]bool{root: true}
	g.all = append(g.all, root)
	for i := 0; i < len(g.all); i++ {
		for _, next := range slices.Concat(g.inPlace(g.all[i]), below(g.all[i])) {
			if !seen[next] {
				seen[next] = true
				g.all = append(g.all, next)
			}
		}
	}

	anchors := map[string][]*jsonschema.Schema{}
	for _, s := range g.all {
		if s.DynamicAnchor != "" {
			anchors[s.DynamicAnchor] = append(anchors[s.DynamicAnchor], s)
		}
	}
	for _, s := range g.all {
		if s.DynamicRef == nil || s.DynamicRef.Anchor == "" {
			continue
		}
		target, ok := dynamicTarget(s.DynamicRef, anchors[s.DynamicRef.Anchor])
		if !ok {
			return nil, &Fault{Pointer: placeOf(s, "$dynamicRef"), Code: "schemaDynamic"}
		}
		g.dynamic[s] = target
	}
	return g, nil
}

// dynamicTarget tells where a dynamic reference leads when that does not depend on the way taken to it: when there is
// one target, or when all belong to the draft's own metaschema, where the whole of it is the outermost.
func dynamicTarget(ref *jsonschema.DynamicRef, targets []*jsonschema.Schema) (*jsonschema.Schema, bool) {
	if len(targets) <= 1 {
		return ref.Ref, true
	}
	var whole *jsonschema.Schema
	for _, t := range targets {
		if own(t) {
			return nil, false
		}
		if strings.HasSuffix(t.Location, "/schema#") {
			whole = t
		}
	}
	return whole, whole != nil
}

// own reports whether a subschema belongs to the document and not to a metaschema.
func own(s *jsonschema.Schema) bool { return strings.HasPrefix(s.Location, documentURL+"#") }

// inPlace returns the schemas that s applies to the same value, whatever the value: all branches, both outcomes of if.
// The order does not change.
func (g *graph) inPlace(s *jsonschema.Schema) []*jsonschema.Schema {
	out := g.unconditional(s)
	out = append(out, s.AnyOf...)
	out = append(out, s.OneOf...)
	out = appendSet(out, s.If, s.Then, s.Else)
	for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		out = append(out, s.DependentSchemas[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Dependencies)) {
		if dep, ok := s.Dependencies[name].(*jsonschema.Schema); ok {
			out = append(out, dep)
		}
	}
	return appendSet(out, s.Not)
}

// unconditional returns the schemas that s applies to the same value in any case.
func (g *graph) unconditional(s *jsonschema.Schema) []*jsonschema.Schema {
	out := appendSet(nil, s.Ref)
	if s.DynamicRef != nil {
		target := g.dynamic[s]
		if target == nil {
			target = s.DynamicRef.Ref
		}
		out = append(out, target)
	}
	return append(out, s.AllOf...)
}

// below returns all schemas that s applies to members, member names and items.
func below(s *jsonschema.Schema) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	for _, sub := range s.Properties {
		out = append(out, sub)
	}
	for _, sub := range s.PatternProperties {
		out = append(out, sub)
	}
	out = append(out, s.PrefixItems...)
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		out = append(out, items)
	case []*jsonschema.Schema:
		out = append(out, items...)
	}
	return appendSet(out, sub(s.AdditionalProperties), s.UnevaluatedProperties, s.PropertyNames,
		sub(s.AdditionalItems), s.Items2020, s.Contains, s.UnevaluatedItems)
}

// ofMember returns the schemas that s applies to the member of that name.
func ofMember(s *jsonschema.Schema, name string) []*jsonschema.Schema {
	out := appendSet(nil, s.Properties[name])
	for pattern, sub := range s.PatternProperties {
		if pattern.MatchString(name) {
			out = append(out, sub)
		}
	}
	if len(out) == 0 {
		out = appendSet(out, sub(s.AdditionalProperties))
	}
	return appendSet(out, s.UnevaluatedProperties)
}

// ofItem returns the schemas that s applies to the item at i.
func ofItem(s *jsonschema.Schema, i int) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		out = append(out, items)
	case []*jsonschema.Schema:
		if i < len(items) {
			out = append(out, items[i])
		} else {
			out = appendSet(out, sub(s.AdditionalItems))
		}
	}
	if i < len(s.PrefixItems) {
		out = append(out, s.PrefixItems[i])
	} else {
		out = appendSet(out, s.Items2020)
	}
	return appendSet(out, s.Contains, s.UnevaluatedItems)
}

// sub takes a keyword that is either a bool or a schema.
func sub(v any) *jsonschema.Schema {
	s, _ := v.(*jsonschema.Schema)
	return s
}

func appendSet(out []*jsonschema.Schema, schemas ...*jsonschema.Schema) []*jsonschema.Schema {
	for _, s := range schemas {
		if s != nil {
			out = append(out, s)
		}
	}
	return out
}
