package web

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// handler serves one page or command for a visitor. An error becomes a page that says so.
type handler func(v visit) error

// visit is one request of a visitor's browser.
type visit struct {
	w    http.ResponseWriter
	r    *http.Request
	lang language
}

// maxForm is far above any form of the site.
const maxForm = 64 << 10

// page makes a handler of net/http out of one of the site's.
func (s *Site) page(do handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{w: w, r: r, lang: chooseLanguage(w, r)}
		w.Header().Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		err := r.ParseForm()
		if err != nil {
			err = errBadForm
		} else {
			err = do(v)
		}
		if err != nil {
			s.fail(v, err) //nolint:contextcheck // the visit has the request and its context
		}
	})
}

// Errors of visitors.
var (
	errBadForm = errors.New("web: the form cannot be read")
	errNowhere = errors.New("web: no such page")
)

// fault is how an error is shown: the status and the text's key.
type fault struct {
	is     error
	status int
	text   string
}

// faults are the errors that visitors can meet, the first that fits counts. All others are ours.
var faults = []fault{
	{errBadForm, http.StatusBadRequest, "error.form"},
	{errAmount, http.StatusUnprocessableEntity, "error.amount"},
	{billing.ErrUnknownAccount, http.StatusUnprocessableEntity, "error.account"},
	{billing.ErrInvalid, http.StatusUnprocessableEntity, "error.account"},
	{errNowhere, http.StatusNotFound, "error.nowhere"},
	{payment.ErrNotFound, http.StatusNotFound, "error.nowhere"},
	{connector.ErrNotFound, http.StatusNotFound, "error.method"},
	{connector.ErrInactive, http.StatusConflict, "error.method"},
	{payment.ErrUnderReview, http.StatusConflict, "error.review"},
	{payment.ErrTransition, http.StatusConflict, "error.status"},
	{payment.ErrKeyReused, http.StatusConflict, "error.key"},
	{payment.ErrConflict, http.StatusConflict, "error.status"},
	{payment.ErrInvalid, http.StatusUnprocessableEntity, "error.invalid"},
}

func faultOf(err error) fault {
	for _, f := range faults {
		if errors.Is(err, f.is) {
			return f
		}
	}
	return fault{err, http.StatusInternalServerError, "error.ours"}
}

// fail shows an error that has no better place than a page of its own.
func (s *Site) fail(v visit, err error) {
	f := faultOf(err)
	if f.status == http.StatusInternalServerError {
		s.cfg.Logger.LogAttrs(v.r.Context(), slog.LevelError, "web: page failed",
			slog.String("method", v.r.Method), slog.String("path", v.r.URL.Path), slog.Any("error", err))
	}
	_ = s.show(v, frame{Page: "fault", Status: f.status, Title: "error.title", Here: "/", Body: f.text})
}

func (s *Site) nowhere(visit) error { return errNowhere }

// see sends the browser to another page with a GET.
func (v visit) see(url string) error {
	http.Redirect(v.w, v.r, url, http.StatusSeeOther)
	return nil
}

// isLocal reports whether a Host header names this machine.
func isLocal(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.IsLoopback()
}
