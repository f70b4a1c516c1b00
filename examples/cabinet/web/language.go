package web

import (
	"fmt"
	"maps"
	"net/http"
)

// language is one of the languages of the pages, as BCP 47 writes it.
type language string

const (
	russian language = "ru"
	english language = "en"
)

// languages in the order of the switch; the first is the default.
var languages = []language{russian, english}

// text is a text of the pages in both languages, with the verbs of package fmt where something is put in.
type text struct{ ru, en string }

func (t text) in(l language) string {
	if l == english {
		return t.en
	}
	return t.ru
}

// catalog is every text of the pages.
var catalog = func() map[string]text { //nolint:gochecknoglobals // data, joined once
	all := map[string]text{}
	for _, part := range []map[string]text{payerTexts, operatorTexts, codeTexts} {
		maps.Copy(all, part)
	}
	return all
}()

// say gives a text. A key that is not in the catalog is a mistake in the program, which the pages' tests find.
func (l language) say(key string, args ...any) (string, error) {
	found, ok := catalog[key]
	switch {
	case !ok:
		return "", fmt.Errorf("web: no text %q", key)
	case len(args) == 0:
		return found.in(l), nil
	}
	return fmt.Sprintf(found.in(l), args...), nil
}

// label gives the words for a code, or the code itself: codes of later versions and names that an operator typed have no
// words here.
func (l language) label(kind string, code any, otherwise ...string) string {
	if found, ok := catalog[fmt.Sprint(kind, ".", code)]; ok {
		return found.in(l)
	}
	if len(otherwise) > 0 {
		return otherwise[0]
	}
	return fmt.Sprint(code)
}

const languageCookie = "lang"

// chooseLanguage takes the language from ?lang=, which is remembered, or from the cookie.
func chooseLanguage(w http.ResponseWriter, r *http.Request) language {
	if wanted, ok := known(r.URL.Query().Get("lang")); ok {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // the demonstration speaks plain http on loopback
			Name: languageCookie, Value: string(wanted), Path: "/", MaxAge: 365 * 24 * 60 * 60, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		return wanted
	}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		if kept, ok := known(cookie.Value); ok {
			return kept
		}
	}
	return languages[0]
}

func known(name string) (language, bool) {
	for _, l := range languages {
		if string(l) == name {
			return l, true
		}
	}
	return "", false
}
