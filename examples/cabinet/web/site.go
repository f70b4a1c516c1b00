package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// Config is what a [Site] is made from. Everything is required unless a default is named.
type Config struct {
	Payments   *payment.Service
	Connectors *connector.Service
	Book       *billing.Book

	// History reads the events of a payment for the operator; every payment.Store is one.
	History History

	// Account is whose cabinet it is.
	Account string

	// BaseURL is where browsers reach the site, without a slash at the end: gateways send payers back there.
	BaseURL string

	// Gateways are the origins of the gateways' pages, which browsers may be sent to from a form.
	Gateways []string

	// LocalOnly answers only requests that name this machine (localhost, 127.0.0.1, ::1), so that no foreign name that
	// resolves to loopback can be used to read the pages through a visitor's browser. Default: any name.
	LocalOnly bool

	// Zone is the time zone of the pages. Default time.Local.
	Zone *time.Location

	// Now is the clock. Default time.Now.
	Now func() time.Time

	// Logger hears of refused messages and failed pages. Default: nobody does.
	Logger *slog.Logger
}

// History reads events of a record by ascending number, those after the given one.
type History interface {
	Events(ctx context.Context, record string, after int64, limit int) ([]payment.Event, error)
}

// Site serves the pages. It keeps no state of its own and is safe for concurrent use.
type Site struct {
	cfg     Config
	pages   map[language]pages
	handler http.Handler
}

// New returns the site. It reads nothing from the stores.
func New(cfg Config) (*Site, error) {
	if cfg.Payments == nil || cfg.Connectors == nil || cfg.Book == nil || cfg.History == nil || cfg.Account == "" || cfg.BaseURL == "" {
		return nil, errors.New("web: config: Payments, Connectors, Book, History, Account and BaseURL are required")
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Site{cfg: cfg, pages: map[language]pages{}}
	for _, l := range languages {
		set, err := parsePages(l, cfg.Zone)
		if err != nil {
			return nil, err
		}
		s.pages[l] = set
	}
	s.handler = s.guard(s.routes())
	return s, nil
}

// ServeHTTP serves a page, a command or a gateway's message.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// The addresses that other sites' browsers and servers may post to. They change nothing on a visitor's behalf: messages
// carry a gateway's signature, and a return is answered with a redirect.
const (
	callbackPath = "/callback/{method}"
	returnPath   = "/return/{payment}"
)

func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]handler{
		"GET /{$}":                             s.account,
		"POST /topups":                         s.topUp,
		"GET /payments/{payment}":              s.payment,
		"GET /payments/{payment}/pay":          s.pay,
		"POST /payments/{payment}/{command}":   s.payerCommand,
		"GET " + returnPath:                    s.comeBack,
		"POST " + returnPath:                   s.comeBack,
		"GET /operator":                        s.operator,
		"POST /operator/postings":              s.repost,
		"GET /operator/payments/{id}":          s.operatorPayment,
		"POST /operator/payments/{id}/{order}": s.operatorCommand,
		"GET /operator/receipts/{id}":          s.operatorReceipt,
		"POST /operator/receipts/{id}/{order}": s.receiptCommand,
		"/":                                    s.nowhere,
	} {
		mux.Handle(pattern, s.page(do))
	}
	for _, name := range []string{"style.css", "icon.svg"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "pages/"+name) })
	}
	mux.HandleFunc("GET "+callbackPath, s.callback)
	mux.HandleFunc("POST "+callbackPath, s.callback)
	return mux
}

// guard stands before every page.
func (s *Site) guard(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	foreign.AddInsecureBypassPattern(callbackPath)
	foreign.AddInsecureBypassPattern(returnPath)
	next = foreign.Handler(next)

	formsGoTo := strings.Join(append([]string{"'self'"}, s.cfg.Gateways...), " ")
	headers := map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + formsGoTo,
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "same-origin",
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if s.cfg.LocalOnly && !isLocal(r.Host) {
			http.Error(w, "this site answers to localhost only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
