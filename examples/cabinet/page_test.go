package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	anyTag   = regexp.MustCompile(`(?s)<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*(/?)>`)
	idIn     = regexp.MustCompile(`\sid="([^"]*)"`)
	pointsTo = regexp.MustCompile(`\s(for|aria-describedby)="([^"]*)"`)
	void     = map[string]bool{"meta": true, "link": true, "input": true, "img": true, "br": true}
)

// checkPage says what is wrong with a page: tags that do not close, what a script would be needed for, fields without
// labels, references to nothing.
func checkPage(body string) error {
	if !strings.HasPrefix(body, "<!doctype html>\n<html lang=\"") {
		return errors.New("no doctype or no language")
	}
	text := strings.TrimPrefix(body, "<!doctype html>")
	for _, bad := range []string{"<script", "javascript:", " style=\"", "ZgotmplZ", "<no value>", "%!", "http-equiv=\"Content"} {
		if strings.Contains(text, bad) {
			return fmt.Errorf("%q is in it", bad)
		}
	}
	if strings.Count(text, "<h1") != 1 || strings.Count(text, "<title>") != 1 {
		return errors.New("not exactly one title and one first heading")
	}
	if rest := anyTag.ReplaceAllString(text, ""); strings.ContainsAny(rest, "<>") {
		return fmt.Errorf("a tag is malformed near %q", rest[strings.IndexAny(rest, "<>"):][:min(60, len(rest)-strings.IndexAny(rest, "<>"))])
	}
	ids := map[string]bool{}
	for _, found := range idIn.FindAllStringSubmatch(text, -1) {
		if ids[found[1]] {
			return fmt.Errorf("id %q is given twice", found[1])
		}
		ids[found[1]] = true
	}
	for _, found := range pointsTo.FindAllStringSubmatch(text, -1) {
		if !ids[found[2]] {
			return fmt.Errorf("%s points to %q, which is not there", found[1], found[2])
		}
	}
	return checkNesting(text)
}

// checkNesting follows the open elements; every visible field is in a label or named by one.
func checkNesting(text string) error {
	var open []string
	for _, tag := range anyTag.FindAllStringSubmatch(text, -1) {
		closing, name, attributes := tag[1] == "/", tag[2], tag[3]
		if strings.Contains(attributes, " on") {
			return fmt.Errorf("a handler in <%s%s>", name, attributes)
		}
		if name == "input" && !strings.Contains(attributes, `type="hidden"`) && !slices.Contains(open, "label") {
			id := idIn.FindStringSubmatch(attributes)
			if id == nil || !strings.Contains(text, `for="`+id[1]+`"`) {
				return fmt.Errorf("a field without a label: <input%s>", attributes)
			}
		}
		switch {
		case void[name]:
		case !closing:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			return fmt.Errorf("</%s> closes %v", name, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("left open: %v", open)
	}
	return nil
}
