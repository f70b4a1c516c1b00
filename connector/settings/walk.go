package settings

import (
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// annotating returns, in a fixed order and once each, the schemas that say something about a value to which the given
// ones apply: themselves and all they lead to in place, whichever branch the value takes. What stands under "not" says
// nothing.
func (s *Schema) annotating(schemas []*jsonschema.Schema) []*jsonschema.Schema {
	return s.spread(schemas, func(sub *jsonschema.Schema) []*jsonschema.Schema {
		next := s.graph.inPlace(sub)
		if sub.Not != nil {
			next = next[:len(next)-1] // inPlace puts it last
		}
		return next
	})
}

// applying is annotating for one value: outcomes that it does not have are left out. Of the branches of anyOf and oneOf
// that the value does not contradict, choose says which count.
func (s *Schema) applying(schemas []*jsonschema.Schema, n *node, choose choice) []*jsonschema.Schema {
	value := n.any()
	return s.spread(schemas, func(sub *jsonschema.Schema) []*jsonschema.Schema {
		next := s.graph.unconditional(sub)
		next = append(next, choose(s.possible(sub.AnyOf, value))...)
		next = append(next, choose(s.possible(sub.OneOf, value))...)
		if sub.If != nil && sub.If.Validate(value) == nil {
			next = appendSet(next, sub.If, sub.Then)
		} else {
			next = appendSet(next, sub.Else)
		}
		for _, m := range n.members {
			dependency, _ := sub.Dependencies[m.name].(*jsonschema.Schema)
			next = appendSet(next, sub.DependentSchemas[m.name], dependency)
		}
		return next
	})
}

// choice says which of several possible branches count.
type choice func(possible []*jsonschema.Schema) []*jsonschema.Schema

// anyBranch counts all: where it is safer to know too much.
func anyBranch(possible []*jsonschema.Schema) []*jsonschema.Schema { return possible }

// onlyBranch counts a branch that has no rival: where guessing would be wrong.
func onlyBranch(possible []*jsonschema.Schema) []*jsonschema.Schema {
	if len(possible) > 1 {
		return nil
	}
	return possible
}

func (s *Schema) possible(branches []*jsonschema.Schema, value any) []*jsonschema.Schema {
	return slices.DeleteFunc(slices.Clone(branches), func(b *jsonschema.Schema) bool { return s.contradicts(b, value) })
}

func (s *Schema) spread(
	schemas []*jsonschema.Schema, next func(*jsonschema.Schema) []*jsonschema.Schema,
) []*jsonschema.Schema {
	out := make([]*jsonschema.Schema, 0, len(schemas))
	seen := make(map[*jsonschema.Schema]bool, len(schemas))
	add := func(list []*jsonschema.Schema) {
		for _, sub := range list {
			if !seen[sub] {
				seen[sub] = true
				out = append(out, sub)
			}
		}
	}
	add(schemas)
	for i := 0; i < len(out); i++ {
		add(next(out[i]))
	}
	return out
}

// contradicts reports whether a branch wants another type, or fixes a member (const, enum) to something else than it is.
func (s *Schema) contradicts(branch *jsonschema.Schema, value any) bool {
	object, isObject := value.(map[string]any)
	for _, sub := range s.spread([]*jsonschema.Schema{branch}, s.graph.unconditional) {
		if sub.Types != nil && slices.Contains(sub.Types.ToStrings(), "object") != isObject {
			return true
		}
		for name, property := range sub.Properties {
			v, present := object[name]
			if present && (property.Const != nil || property.Enum != nil) && property.Validate(v) != nil {
				return true
			}
		}
	}
	return false
}

func membersOf(schemas []*jsonschema.Schema, name string) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	for _, sub := range schemas {
		out = append(out, ofMember(sub, name)...)
	}
	return out
}

func itemsOf(schemas []*jsonschema.Schema, i int) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	for _, sub := range schemas {
		out = append(out, ofItem(sub, i)...)
	}
	return out
}

// title finds the title of the place that a pointer leads to.
func (s *Schema) title(pointer string) string {
	if pointer == "" {
		return ""
	}
	at := s.annotating([]*jsonschema.Schema{s.root})
	for _, token := range tokens(pointer) {
		next := membersOf(at, token)
		if i, err := strconv.Atoi(token); err == nil && i >= 0 {
			next = append(next, itemsOf(at, i)...)
		}
		at = s.annotating(next)
	}
	for _, sub := range at {
		if sub.Title != "" {
			return sub.Title
		}
	}
	return ""
}
