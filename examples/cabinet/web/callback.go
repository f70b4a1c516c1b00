package web

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"

	"github.com/oplata-go/oplata/connector"
)

// callback takes a gateway's message and answers what the service says, after everything is written. It is no page: no
// language, no cookie, no redirect.
func (s *Site) callback(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, connector.MaxInbound))
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	method := r.PathValue("method")
	got, err := s.cfg.Payments.Receive(r.Context(), method, connector.Inbound{
		Method: r.Method, Query: r.URL.Query(), Header: r.Header, Body: body, Addr: sender(r),
	})
	if err != nil { // the reply is set all the same
		s.cfg.Logger.LogAttrs(r.Context(), slog.LevelWarn, "web: message refused", slog.String("method", method), slog.Any("error", err))
	}
	maps.Copy(w.Header(), got.Reply.Header)
	w.WriteHeader(got.Reply.Status)
	_, _ = w.Write(got.Reply.Body)
}

// sender is the address that the connection comes from: the site stands behind no proxy.
func sender(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap()
}
