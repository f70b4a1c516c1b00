package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"
)

//go:embed pages
var files embed.FS

// pageNames are the files of package pages that are whole pages; layout.html and parts.html stand around and in them.
var pageNames = []string{"account", "payment", "handoff", "operator", "operator_payment", "operator_receipt", "fault"}

// pages are the templates of one language.
type pages map[string]*template.Template

func parsePages(l language, zone *time.Location) (pages, error) {
	words := template.FuncMap{
		"t":     l.say,
		"label": l.label,
		"money": l.money,
		"when":  func(t time.Time) string { return l.when(t.In(zone)) },
		"clock": func(t time.Time) string { return t.In(zone).Format(time.TimeOnly) },
		"day":   func(t time.Time) string { return l.day(t.In(zone)) },
		"tone":  tone,
		"dict":  dict,
	}
	set := pages{}
	for _, name := range pageNames {
		t, err := template.New("layout.html").Funcs(words).Option("missingkey=error").
			ParseFS(files, "pages/layout.html", "pages/parts.html", "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("web: page %s: %w", name, err)
		}
		set[name] = t
	}
	return set, nil
}

// dict lets a template pass several values to a part.
func dict(pairs ...any) (map[string]any, error) {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("web: name %d of a part's values is no text", i)
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// frame is a page with what stands around it.
type frame struct {
	Page    string // one of pageNames
	Status  int    // default 200
	Title   string // key of the catalog
	Section string // "operator", else the cabinet
	Here    string // address of the page for a GET, when it is not the one that was asked for
	Refresh int    // seconds until the browser asks again; 0: never
	Alert   string // key of the catalog: why the last command did nothing
	Body    any

	// filled in by show
	Lang  language
	Other []languageLink
}

type languageLink struct {
	Lang    language
	Href    string
	Current bool
}

// show writes a page. Nothing is sent before the whole page is made.
func (s *Site) show(v visit, f frame) error {
	f.Lang = v.lang
	for _, l := range languages {
		q := url.Values{}
		if f.Here == "" {
			q = v.r.URL.Query()
		}
		q.Set("lang", string(l))
		f.Other = append(f.Other, languageLink{l, f.Here + "?" + q.Encode(), l == v.lang})
	}
	var page bytes.Buffer
	if err := s.pages[v.lang][f.Page].Execute(&page, f); err != nil {
		s.cfg.Logger.ErrorContext(v.r.Context(), "web: page cannot be made", "page", f.Page, "error", err)
		http.Error(v.w, "page failed", http.StatusInternalServerError)
		return nil
	}
	if f.Status == 0 {
		f.Status = http.StatusOK
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(f.Status)
	_, _ = page.WriteTo(v.w)
	return nil
}
