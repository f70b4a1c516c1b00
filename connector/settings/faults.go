package settings

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxFaults is how many faults an error lists; a last fault "more" then tells how many were left out.
const maxFaults = 100

// Fault is one thing wrong with a document. It never holds a value of the document: what was typed may be a secret.
type Fault struct {
	// Pointer is the place as a JSON pointer (RFC 6901), "" for the whole document. A missing field is named by the
	// place where it should stand. Names longer than 64 characters are cut.
	Pointer string `json:"pointer"`
	// Title is the schema's title of the field, when it has one.
	Title string `json:"title,omitempty"`
	// Code says what is wrong: the schema's keyword ("required", "pattern", "maximum", …) or one of this package's own
	// ("syntax", "size", …). Codes are stable.
	Code string `json:"code"`
	// Args are the limits that the schema or this package sets, by name: "limit", "allowed", "type", "format", "pattern",
	// "field", … Numbers are exact decimal text.
	Args map[string]string `json:"args,omitempty"`
}

// Error is a document that does not fit its schema, or is no acceptable JSON at all: every fault at once, sorted by
// place and then by code.
type Error struct {
	Faults []Fault `json:"faults"`
}

// Error lists the faults in English.
func (e *Error) Error() string {
	return "settings: invalid value: " + strings.Join(e.Localized("en"), "; ")
}

// Localized returns one line for each fault, with the field's title and place before it. Languages are "ru" and "en";
// any other gives English.
func (e *Error) Localized(lang string) []string { return lines(e.Faults, lang) }

// SchemaError is a schema that cannot be used. The pointers of its faults are places in the schema.
type SchemaError struct {
	Faults []Fault `json:"faults"`
}

// Error lists the faults in English.
func (e *SchemaError) Error() string {
	return "settings: unusable schema: " + strings.Join(e.Localized("en"), "; ")
}

// Localized returns one line for each fault, as for Error.
func (e *SchemaError) Localized(lang string) []string { return lines(e.Faults, lang) }

func lines(faults []Fault, lang string) []string {
	out := make([]string, len(faults))
	for i, f := range faults {
		out[i] = f.Text(lang)
		switch {
		case f.Title != "":
			out[i] = f.Title + " (" + f.Pointer + "): " + out[i]
		case f.Pointer != "":
			out[i] = f.Pointer + ": " + out[i]
		}
	}
	return out
}

// tidy sorts faults, drops repeats and cuts the list.
func tidy(faults []Fault) []Fault {
	type keyed struct {
		key   string
		fault Fault
	}
	list := make([]keyed, len(faults))
	for i, f := range faults {
		list[i] = keyed{f.key(), f}
	}
	slices.SortFunc(list, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	list = slices.CompactFunc(list, func(a, b keyed) bool { return a.key == b.key })

	out := make([]Fault, 0, min(len(list), maxFaults+1))
	for _, k := range list[:min(len(list), maxFaults)] {
		out = append(out, k.fault)
	}
	if rest := len(list) - maxFaults; rest > 0 {
		out = append(out, Fault{Code: "more", Args: map[string]string{"count": strconv.Itoa(rest)}})
	}
	return out
}

// key orders faults by place, code and arguments; equal keys say the same of the same place.
func (f *Fault) key() string {
	var key strings.Builder
	key.WriteString(f.Pointer + "\x00" + f.Code)
	for _, name := range slices.Sorted(maps.Keys(f.Args)) {
		key.WriteString("\x00" + name + "=" + f.Args[name])
	}
	return key.String()
}
