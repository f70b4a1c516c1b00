package billing

import (
	"bytes"
	"encoding/json"
	"strings"
)

// AppendText appends what String returns. The error is always nil.
func (m Money) AppendText(b []byte) ([]byte, error) { return m.appendString(b), nil }

// MarshalText returns what String returns, for text logs, XML and forms.
func (m Money) MarshalText() ([]byte, error) { return m.appendString(make([]byte, 0, maxText)), nil }

// UnmarshalText reads what MarshalText writes: an amount as ParseMoney takes it, one space, the currency; or nothing.
func (m *Money) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = Money{}
		return nil
	}
	value, currency, ok := strings.Cut(string(text), " ")
	if !ok {
		return &MoneyError{
			Field: "money", Text: printable(value), Why: "amount, space and currency are required", Err: ErrMalformedAmount,
		}
	}
	parsed, err := ParseMoney(value, currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// MarshalJSON returns {"value":"123.45","currency":"RUB"}, or null when no money is stated.
func (m Money) MarshalJSON() ([]byte, error) {
	if m.currency == "" {
		return []byte("null"), nil
	}
	const frame = len(`{"value":"","currency":""}`)
	b := make([]byte, 0, frame+maxText)
	b = append(b, `{"value":"`...)
	b = m.appendValue(b)
	b = append(b, `","currency":"`...)
	b = append(b, m.currency...)
	return append(b, `"}`...), nil
}

// UnmarshalJSON reads what MarshalJSON writes, members in any order. It is strict: both members have to be there, once
// each, as strings and spelt so; other members are refused; the value is read by ParseMoney. null becomes the zero
// Money. On an error, a *MoneyError, m is left as it was.
func (m *Money) UnmarshalJSON(data []byte) error {
	data = bytes.Trim(data, jsonSpace)
	if string(data) == "null" {
		*m = Money{}
		return nil
	}
	in := jsonCursor{rest: data}
	parsed, err := in.money()
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// jsonCursor reads the one JSON object there is here. It exists because encoding/json takes unknown, doubled and
// differently spelt members silently, or slowly.
type jsonCursor struct {
	rest []byte
}

func (in *jsonCursor) money() (Money, error) {
	if !in.take('{') {
		return Money{}, wrongJSON("an object is required")
	}
	var members [2]string // value, currency
	var seen [2]bool
	for more := true; more; more = in.take(',') {
		name, ok := in.text()
		if !ok || !in.take(':') {
			return Money{}, wrongJSON("a member is malformed")
		}
		which := 0
		switch name {
		case "value":
		case "currency":
			which = 1
		default:
			return Money{}, wrongJSON("only the members value and currency are known")
		}
		if seen[which] {
			return Money{}, wrongJSON(name + " is there twice")
		}
		seen[which] = true
		if members[which], ok = in.text(); !ok {
			return Money{}, wrongJSON(name + " is not a string")
		}
	}
	if !in.take('}') || len(in.rest) > 0 {
		return Money{}, wrongJSON("the object is not closed, or followed by something")
	}
	if !seen[0] || !seen[1] {
		return Money{}, wrongJSON("both value and currency are required")
	}
	return ParseMoney(members[0], members[1])
}

func wrongJSON(why string) error {
	return &MoneyError{Field: "money", Why: why, Err: ErrMalformedAmount}
}

const jsonSpace = " \t\r\n"

// take moves behind the byte c if it is next.
func (in *jsonCursor) take(c byte) bool {
	in.rest = bytes.TrimLeft(in.rest, jsonSpace)
	if len(in.rest) == 0 || in.rest[0] != c {
		return false
	}
	in.rest = in.rest[1:]
	return true
}

// text reads a string. Escapes are rare here and left to encoding/json.
func (in *jsonCursor) text() (s string, ok bool) {
	if !in.take('"') {
		return "", false
	}
	escaped := false
	for i := 0; i < len(in.rest); i++ {
		switch in.rest[i] {
		case '\\':
			escaped = true
			i++ // whatever follows does not end the string
		case '"':
			raw := in.rest[:i]
			in.rest = in.rest[i+1:]
			if !escaped {
				return string(raw), true
			}
			err := json.Unmarshal([]byte(`"`+string(raw)+`"`), &s)
			return s, err == nil
		}
	}
	return "", false
}
