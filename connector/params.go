package connector

import (
	"errors"
	"net/url"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what an operator may type, in bytes.
const (
	maxID          = 64
	maxName        = 200
	maxDescription = 16 << 10
	maxIcon        = 2048
	maxURL         = 2048
	maxHashKey     = 256
	maxPeriod      = 30 * 24 * time.Hour
	maxTypes       = 100
	maxBody        = 1 << 20
)

// faults collects every wrong parameter of a command, so that a form can show them together.
type faults []error

func (f *faults) add(field, reason string) {
	*f = append(*f, &ParamError{Field: field, Reason: reason})
}

func (f faults) err() error { return errors.Join(f...) }

// id checks an ID of the caller's choice. Empty means that one is generated.
func (f *faults) id(field, id string) {
	if len(id) > maxID {
		f.add(field, "longer than "+strconv.Itoa(maxID)+" bytes")
		return
	}
	for _, r := range id {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			continue
		}
		f.add(field, "only Latin letters, digits, '-', '_' and '.' are allowed")
		return
	}
}

// possibleID reports whether a record can have this ID.
func possibleID(id string) bool {
	var f faults
	f.id("id", id)
	return id != "" && f == nil
}

// selectable checks texts that a list is selected by: stores take valid UTF-8 only.
func selectable(texts ...string) error {
	var f faults
	for _, text := range texts {
		f.line("query", text, maxName)
	}
	return f.err()
}

// line checks a text of one line.
func (f *faults) line(field, text string, most int) {
	f.text(field, text, most)
	for _, r := range text {
		if unicode.IsControl(r) && utf8.ValidString(text) {
			f.add(field, "control characters are not allowed")
			return
		}
	}
}

// text checks a text of any number of lines. NUL is refused because some databases cannot keep it.
func (f *faults) text(field, text string, most int) {
	switch {
	case !utf8.ValidString(text):
		f.add(field, "not valid UTF-8")
	case len(text) > most:
		f.add(field, "longer than "+strconv.Itoa(most)+" bytes")
	default:
		for _, r := range text {
			if r == 0 {
				f.add(field, "NUL is not allowed")
				return
			}
		}
	}
}

func (f *faults) name(text string) {
	if text == "" {
		f.add("name", "required")
		return
	}
	f.line("name", text, maxName)
}

func (f *faults) period(d time.Duration) {
	switch {
	case d < 0 || d > maxPeriod:
		f.add("period", "must be from 0 to 30 days")
	case d%time.Minute != 0:
		f.add("period", "must be whole minutes")
	}
}

// url checks a connector's address. It is typed by an operator and therefore untrusted: which hosts may be called is
// decided by the transport, when the name has been resolved.
func (f *faults) url(text string, plain bool) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		f.add("url", "longer than "+strconv.Itoa(maxURL)+" bytes")
	case err != nil || u.Host == "" || u.Hostname() == "" || !utf8.ValidString(text):
		f.add("url", "not an absolute address")
	case u.Scheme != "https" && (u.Scheme != "http" || !plain):
		f.add("url", "must begin with https://")
	case u.User != nil:
		f.add("url", "must not hold a user or a password")
	case u.Fragment != "":
		f.add("url", "must not have a fragment")
	}
}

func (f *faults) accountTypes(types []string) {
	if len(types) > maxTypes {
		f.add("account_types", "more than "+strconv.Itoa(maxTypes))
		return
	}
	seen := make(map[string]bool, len(types))
	for _, t := range types {
		switch {
		case t == "":
			f.add("account_types", "an empty one")
		case seen[t]:
			f.add("account_types", "one is named twice")
		}
		seen[t] = true
		f.line("account_types", t, maxName)
	}
}
