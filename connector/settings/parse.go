package settings

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds on what is read, checked on the bytes before anything is built from them.
const (
	// MaxSchema is the longest schema in bytes.
	MaxSchema = 256 << 10
	// MaxValue is the longest settings document in bytes.
	MaxValue = 64 << 10
	// MaxStored is the longest document whose secrets are sealed, which makes it longer than what was typed.
	MaxStored = 1 << 20
	// MaxDepth is the deepest nesting of objects and arrays, in schemas and in documents.
	MaxDepth = 64
	// MaxNumber is the longest number in characters; its exponent lies within ±400. Exact arithmetic on longer ones
	// takes seconds.
	MaxNumber = 40

	maxExponent    = 400
	maxSchemaNodes = 8192
)

// parser reads JSON strictly: RFC 8259 with unique member names and valid Unicode, within the bounds above.
type parser struct {
	src      string // texts and numbers are parts of it, not copies
	pos      int
	depth    int
	nodes    int
	maxNodes int
	path     []string // names and indexes down to the place being read, for faults
	decoding bool     // build the validator's values and no tree
}

// parse reads one JSON value that fills src, and counts the values in it.
func parse(src []byte, maxBytes, maxNodes int) (root node, nodes int, fault *Fault) {
	p := parser{maxNodes: maxNodes}
	root, fault = p.read(src, maxBytes)
	return root, p.nodes, fault
}

// decode is parse of a document for the validator alone: it builds the values at once and saves the tree.
func decode(src []byte) (value any, nodes int, fault *Fault) {
	p := parser{maxNodes: MaxValue, decoding: true}
	root, fault := p.read(src, MaxValue)
	return root.value, p.nodes, fault
}

func (p *parser) read(src []byte, maxBytes int) (node, *Fault) {
	if len(src) > maxBytes {
		fault := tooLong(maxBytes)
		return node{}, &fault
	}
	if !utf8.Valid(src) {
		return node{}, &Fault{Code: "utf8"}
	}
	p.src = string(src)
	root, fault := p.value()
	if fault == nil && p.peek() != 0 {
		fault = p.syntax()
	}
	return root, fault
}

func (p *parser) value() (node, *Fault) {
	if p.nodes++; p.nodes > p.maxNodes {
		return node{}, p.fault("nodes", limit(strconv.Itoa(p.maxNodes)))
	}
	c := p.peek()
	n := node{kind: c, at: p.pos}
	var fault *Fault
	switch c {
	case '{', '[':
		if p.depth++; p.depth > MaxDepth {
			return node{}, tooDeep()
		}
		p.pos++
		if c == '{' {
			fault = p.object(&n)
		} else {
			fault = p.array(&n)
		}
		p.depth--
	case '"':
		n.text, fault = p.string()
	case 't':
		fault = p.literal("true")
	case 'f':
		fault = p.literal("false")
	case 'n':
		fault = p.literal("null")
	default:
		n.kind = '0'
		fault = p.number()
	}
	if fault != nil {
		return node{}, fault
	}
	n.raw = p.src[n.at:p.pos]
	if p.decoding && n.value == nil {
		n.value = n.any()
	}
	return n, nil
}

func (p *parser) object(n *node) *Fault {
	values := map[string]any{}
	seen := names{}
	if p.decoding {
		n.value = values
	}
	if p.peek() == '}' {
		p.pos++
		return nil
	}
	for {
		if p.peek() != '"' {
			return p.syntax()
		}
		start := p.pos
		name, fault := p.string()
		if fault != nil {
			return fault
		}
		key := p.src[start:p.pos]
		p.path = append(p.path, name)
		_, repeated := values[name]
		if repeated || !seen.add(name, n.members) {
			return p.fault("duplicate", nil)
		}
		if p.peek() != ':' {
			return p.syntax()
		}
		p.pos++
		value, fault := p.value()
		if fault != nil {
			return fault
		}
		p.path = p.path[:len(p.path)-1]
		if p.decoding {
			values[name] = value.value
		} else {
			n.members = append(n.members, member{name, key, value})
		}
		more, fault := p.next('}')
		if fault != nil || !more {
			return fault
		}
	}
}

func (p *parser) array(n *node) *Fault {
	values := []any{}
	if p.decoding {
		n.value = values
	}
	if p.peek() == ']' {
		p.pos++
		return nil
	}
	for i := 0; ; i++ {
		p.path = append(p.path, strconv.Itoa(i))
		item, fault := p.value()
		if fault != nil {
			return fault
		}
		p.path = p.path[:len(p.path)-1]
		if p.decoding {
			values = append(values, item.value)
			n.value = values
		} else {
			n.items = append(n.items, item)
		}
		more, fault := p.next(']')
		if fault != nil || !more {
			return fault
		}
	}
}

// next reads what follows a member or item: a comma, or the end of the container.
func (p *parser) next(end byte) (more bool, fault *Fault) {
	c := p.peek()
	if c != ',' && c != end {
		return false, p.syntax()
	}
	p.pos++
	return c == ',', nil
}

func (p *parser) string() (string, *Fault) {
	p.pos++
	start := p.pos
	escaped := false
	for ; p.pos < len(p.src); p.pos++ {
		switch c := p.src[p.pos]; {
		case c == '"':
			body := p.src[start:p.pos]
			p.pos++
			if !escaped {
				return body, nil
			}
			return p.unescape(body)
		case c == '\\':
			escaped = true
			p.pos++
		case c < ' ':
			return "", p.syntax()
		}
	}
	return "", p.syntax()
}

// unescape decodes the text between the quotes. Half of a surrogate pair is refused: it is no character, and decoders
// disagree about what it becomes.
func (p *parser) unescape(body string) (string, *Fault) {
	var b strings.Builder
	b.Grow(len(body))
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			b.WriteByte(body[i])
			continue
		}
		i++
		if at := strings.IndexByte(`"\/bfnrt`, body[i]); at >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[at])
			continue
		}
		r, ok := hex4(body[i:])
		if !ok {
			return "", p.syntax()
		}
		i += 4
		if utf16.IsSurrogate(r) {
			if i+2 >= len(body) || body[i+1] != '\\' {
				return "", p.fault("utf8", nil)
			}
			low, ok := hex4(body[i+2:])
			if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
				return "", p.fault("utf8", nil)
			}
			i += 6
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// hex4 reads uXXXX.
func hex4(s string) (rune, bool) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[1:5]) {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func (p *parser) number() *Fault {
	start := p.pos
	if p.at('-') {
		p.pos++
	}
	if p.at('0') {
		p.pos++
	} else if p.digits() == 0 {
		return p.syntax()
	}
	if p.at('.') {
		p.pos++
		if p.digits() == 0 {
			return p.syntax()
		}
	}
	exponent := p.pos
	if p.at('e') || p.at('E') {
		p.pos++
		if p.at('+') || p.at('-') {
			p.pos++
		}
		if p.digits() == 0 {
			return p.syntax()
		}
		exponent++
	}
	tooLong := p.pos-start > MaxNumber
	if !tooLong && exponent < p.pos {
		e, err := strconv.Atoi(p.src[exponent:p.pos])
		tooLong = err != nil || e > maxExponent || e < -maxExponent
	}
	if tooLong {
		return p.fault("number", limit(strconv.Itoa(MaxNumber)))
	}
	return nil
}

func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

func (p *parser) literal(word string) *Fault {
	if !strings.HasPrefix(p.src[p.pos:], word) {
		return p.syntax()
	}
	p.pos += len(word)
	return nil
}

func (p *parser) at(c byte) bool { return p.pos < len(p.src) && p.src[p.pos] == c }

// peek skips white space and returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	for ; p.pos < len(p.src); p.pos++ {
		if c := p.src[p.pos]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			if c == 0 {
				return 1 // a NUL byte is no end of the text
			}
			return c
		}
	}
	return 0
}

func tooLong(most int) Fault {
	return Fault{Code: "size", Args: limit(strconv.Itoa(most))}
}

func tooDeep() *Fault {
	return &Fault{Code: "depth", Args: limit(strconv.Itoa(MaxDepth))}
}

func (p *parser) syntax() *Fault {
	return p.fault("syntax", map[string]string{"offset": strconv.Itoa(p.pos)})
}

func (p *parser) fault(code string, args map[string]string) *Fault {
	return &Fault{Pointer: pointer(p.path), Code: code, Args: args}
}

// names notices a member name that comes twice. Small objects are compared one by one, which costs no memory.
type names struct{ set map[string]struct{} }

func (n *names) add(name string, before []member) bool {
	const small = 16
	if len(before) < small {
		return !slices.ContainsFunc(before, func(m member) bool { return m.name == name })
	}
	if n.set == nil {
		n.set = make(map[string]struct{}, 2*small)
		for _, m := range before {
			n.set[m.name] = struct{}{}
		}
	}
	_, taken := n.set[name]
	n.set[name] = struct{}{}
	return !taken
}
