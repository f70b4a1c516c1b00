package settings

import (
	"regexp/syntax"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A schema of a few lines can make a validator work for hours: references doubled twenty times over, or doubled once
// inside a recursion. So the work is bounded before any of it is done. Checking a document takes at most
//
//	perNode × (values in the document) + perByte × (its bytes)
//
// steps, where a step is about a quarter of a microsecond. Both factors follow from the schema alone: count every schema
// that meets one value, then, level by level, every schema that those hand down to one and the same member, and take the
// worst level and member.
type cost struct{ perNode, perByte float64 }

const (
	// maxSteps is the work allowed for one document.
	maxSteps = 1 << 19
	// maxPerNode is the work allowed for one value of a document; schemas written by people stay below a hundred.
	maxPerNode = 1024
	// maxPerByte allows for a few of the largest patterns on one text.
	maxPerByte = 256
	// maxAnalysis bounds the work of the analysis itself.
	maxAnalysis = 1 << 21

	// patternStep is how much of a compiled pattern runs over one byte in a step.
	patternStep = 64
)

func (c cost) steps(nodes, bytes int) float64 {
	return c.perNode*float64(nodes) + c.perByte*float64(bytes)
}

func (c *cost) add(d cost) { c.perNode += d.perNode; c.perByte += d.perByte }

func (c *cost) raise(d cost) {
	c.perNode = max(c.perNode, d.perNode)
	c.perByte = max(c.perByte, d.perByte)
}

// closure is what meets one value when a schema is applied to it: the schema and all it leads to in place, as often as
// it is reached.
type closure struct {
	members []*jsonschema.Schema
	own     cost
	below   []alternative // one member or item each; a member has one name, so the worst counts and not the sum
	worst   cost
}

type alternative struct {
	own     cost
	schemas []*jsonschema.Schema
}

type analysis struct {
	graph    *graph
	closures map[*jsonschema.Schema]*closure
	order    []*closure
	work     int
}

// costOf returns the schema's factors, or the place and reason why it is refused.
func costOf(g *graph) (cost, *Fault) {
	a := &analysis{graph: g, closures: map[*jsonschema.Schema]*closure{}}
	queue := []*jsonschema.Schema{g.root}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if a.closures[s] != nil {
			continue
		}
		c := &closure{}
		a.closures[s] = c
		a.order = append(a.order, c)
		if fault := a.expand(c, s, nil); fault != nil {
			return cost{}, fault
		}
		c.worst = c.own
		a.descend(c)
		if a.work > maxAnalysis {
			return cost{}, &Fault{Pointer: place(s), Code: "complexity"}
		}
		for _, alt := range c.below {
			queue = append(queue, alt.schemas...)
		}
	}

	root := a.closures[g.root]
	for range MaxDepth {
		if !a.deepen() {
			break
		}
	}
	if root.worst.perNode > maxPerNode || root.worst.perByte > maxPerByte {
		return cost{}, &Fault{Code: "complexity"}
	}
	return root.worst, nil
}

// expand adds s and what it leads to in place. Going in a circle would never end for any value.
func (a *analysis) expand(c *closure, s *jsonschema.Schema, path []*jsonschema.Schema) *Fault {
	if slices.Contains(path, s) {
		return &Fault{Pointer: place(s), Code: "schemaCycle"}
	}
	a.work += 1 + len(path)
	if c.own.perNode > maxPerNode || a.work > maxAnalysis {
		return &Fault{Pointer: place(s), Code: "complexity"}
	}
	c.members = append(c.members, s)
	c.own.add(weight(s))
	c.own.perNode += float64(len(path)) / 32 // the validator looks back along the path for circles
	path = append(path, s)
	for _, next := range a.graph.inPlace(s) {
		if fault := a.expand(c, next, path); fault != nil {
			return fault
		}
	}
	return nil
}

// descend lists what the closure hands down to each member it names, to a member it does not name, and to items.
func (a *analysis) descend(c *closure) {
	handed := cost{}
	names := map[string]bool{}
	prefix, hasArrays, hasObjects := 0, false, false
	for _, s := range c.members {
		for name := range s.Properties {
			names[name] = true
		}
		for pattern := range s.PatternProperties {
			handed.add(cost{perNode: 1, perByte: patternWeight(pattern.String())})
		}
		if s.UniqueItems {
			handed.perNode += 10
		}
		list, _ := s.Items.([]*jsonschema.Schema)
		prefix = max(prefix, len(s.PrefixItems), len(list))
		hasArrays = hasArrays || s.Items != nil || s.Items2020 != nil || s.Contains != nil || s.UnevaluatedItems != nil ||
			s.AdditionalItems != nil || prefix > 0
		hasObjects = hasObjects || len(s.Properties) > 0 || len(s.PatternProperties) > 0 || s.AdditionalProperties != nil ||
			s.UnevaluatedProperties != nil || s.PropertyNames != nil
	}
	alternative := func(of func(s *jsonschema.Schema) []*jsonschema.Schema) {
		alt := alternative{own: handed}
		for _, s := range c.members {
			alt.schemas = append(alt.schemas, of(s)...)
		}
		a.work += len(c.members) + len(alt.schemas)
		c.below = append(c.below, alt)
	}
	for name := range names {
		if a.work > maxAnalysis {
			return
		}
		alternative(func(s *jsonschema.Schema) []*jsonschema.Schema {
			return appendSet(ofMember(s, name), s.PropertyNames)
		})
	}
	if hasObjects {
		alternative(ofAnyMember)
	}
	for i := range prefix {
		if a.work > maxAnalysis {
			return
		}
		alternative(func(s *jsonschema.Schema) []*jsonschema.Schema { return ofItem(s, i) })
	}
	if hasArrays {
		alternative(func(s *jsonschema.Schema) []*jsonschema.Schema { return ofItem(s, prefix) })
	}
}

// ofAnyMember returns what s may apply to a member whose name it does not have: every pattern may match.
func ofAnyMember(s *jsonschema.Schema) []*jsonschema.Schema {
	out := appendSet(nil, sub(s.AdditionalProperties), s.UnevaluatedProperties, s.PropertyNames)
	for _, next := range s.PatternProperties {
		out = append(out, next)
	}
	return out
}

// deepen lets documents be one level deeper and reports whether that made anything worse.
func (a *analysis) deepen() bool {
	changed := false
	next := make([]cost, len(a.order))
	for i, c := range a.order {
		next[i] = c.worst
		for _, alt := range c.below {
			sum := alt.own
			for _, s := range alt.schemas {
				sum.add(a.closures[s].worst)
			}
			next[i].raise(sum)
		}
	}
	for i, c := range a.order {
		changed = changed || next[i] != c.worst
		c.worst = next[i]
	}
	return changed
}

// weight is what a schema costs by its own keywords.
func weight(s *jsonschema.Schema) cost {
	w := cost{perNode: 1 + float64(len(s.Required))/16}
	if s.Enum != nil {
		w.perNode += float64(len(s.Enum.Values)) / 2
	}
	if s.Minimum != nil || s.Maximum != nil || s.ExclusiveMinimum != nil || s.ExclusiveMaximum != nil || s.MultipleOf != nil {
		w.perNode += 4
	}
	if s.Pattern != nil {
		w.perByte += patternWeight(s.Pattern.String())
	}
	if s.Format != nil {
		w.perByte++
	}
	return w
}

// patternWeight is the cost of matching a pattern for each byte of text: RE2 looks at each instruction once a byte.
func patternWeight(pattern string) float64 {
	return float64(programSize(pattern)) / patternStep
}

// programSize is the number of instructions that a pattern compiles to; 0 for no pattern at all.
func programSize(pattern string) int {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return len(program.Inst)
}
