package paymenttest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/connectortest"
	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/payment"
)

// Stores are where a host keeps everything.
type Stores struct {
	Payments   payment.Store
	Accounts   billing.Store
	Connectors connector.Store
}

// Secrets are the texts that must never show. Empty fields have defaults.
type Secrets struct {
	Master   string // the master key, 32 bytes
	Merchant string // begins the key that messages are signed with, a secret field of the methods' settings
	Static   string // the same in static settings
	Hash     string // the connectors' hash key
}

// Config says what a host is like.
type Config struct {
	Stores  Stores    // required
	Seed    uint64    // of IDs and references; hosts on the same stores need different ones
	Start   time.Time // where the clock begins; default noon of 1 March 2026
	Faults  *Faults   // let calls fail; nil: none do
	Secrets Secrets

	// Journal is told of every [Entry], a line of JSON each, before the host hears of it. Default: nobody is.
	Journal io.Writer

	// Past are the entries of the journals of earlier hosts on the same stores.
	Past []Entry

	// Errors hears of every error that a call returned, refusals too. Default: nobody does.
	Errors func(error)

	// Listener is told of every event. Default: nobody is.
	Listener *Listener

	// Adapt and AdaptConnectors have the last word on how the services are configured. Default: nothing is changed.
	Adapt           func(*payment.Config)
	AdaptConnectors func(*connector.Config)
}

// Host is a program in miniature that embeds the SDK. Its methods are safe for concurrent use, except Restart.
type Host struct {
	*payment.Service // of the present run of the program: Restart makes another
	Connectors       *connector.Service
	Clock            *Clock

	cfg       Config
	ring      *secret.Ring
	random    *random
	lives     atomic.Int64
	truth     *truth
	companies []*company
	methods   []*method
}

// method is a payment method of the host.
type method struct {
	id      string
	company *company
	begin   connectortest.Begin
	key     string       // that the first version of its settings signs with
	version atomic.Int64 // of its settings
}

var root = connector.Actor{Reseller: "root", Name: "admin"}

// New makes a host on the stores. What an earlier one made there it finds again.
func New(ctx context.Context, cfg Config) (*Host, error) {
	cfg.setDefaults()
	master, err := secret.NewKey("k1", []byte(cfg.Secrets.Master))
	if err != nil {
		return nil, err
	}
	ring, err := secret.NewRing(master)
	if err != nil {
		return nil, err
	}
	h := &Host{
		Clock: NewClock(cfg.Start), cfg: cfg, ring: ring, random: newRandom(cfg.Seed), truth: newTruth(cfg.Journal),
	}
	h.companies = []*company{
		newCompany(h, connectortest.ScriptedKind, "ask-1", cfg.Secrets.Merchant+"-ask"),
		newCompany(h, connectortest.MuteKind, "mute-1", cfg.Secrets.Merchant+"-mute"),
	}
	if err := h.Restart(); err != nil {
		return nil, err
	}
	if err := h.install(ctx); err != nil {
		return nil, err
	}
	for _, e := range cfg.Past {
		h.truth.count(e)
		h.act(e)
	}
	return h, h.meetAll(ctx)
}

func (c *Config) setDefaults() {
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	}
	if c.Faults == nil {
		c.Faults = new(Faults)
	}
	if c.Errors == nil {
		c.Errors = func(error) {}
	}
	if c.Adapt == nil {
		c.Adapt = func(*payment.Config) {}
	}
	if c.AdaptConnectors == nil {
		c.AdaptConnectors = func(*connector.Config) {}
	}
	fallback(&c.Secrets.Master, "master-key-of-thirty-two-bytes--")
	fallback(&c.Secrets.Merchant, "merchant-key")
	fallback(&c.Secrets.Static, "static-key")
	fallback(&c.Secrets.Hash, "hash-key")
}

func fallback(field *string, text string) {
	if *field == "" {
		*field = text
	}
}

// Restart ends the program and starts it anew on the same stores: whatever was in memory only is gone. The companies and
// the clock go on.
func (h *Host) Restart() (err error) {
	h.Connectors, h.Service, err = h.program()
	return err
}

// program starts a program on the host's stores. Several may run at once.
func (h *Host) program() (*connector.Service, *payment.Service, error) {
	f := h.cfg.Faults
	forConnectors := connector.Config{
		Store: f.Connectors(h.cfg.Stores.Connectors), Kinds: kinds(), Secrets: h.ring, Now: h.Clock.Now, Random: h.random,
	}
	h.cfg.AdaptConnectors(&forConnectors)
	connectors, err := connector.New(forConnectors)
	if err != nil {
		return nil, nil, err
	}
	forPayments := payment.Config{
		Store: f.Payments(h.cfg.Stores.Payments), Connectors: connectors,
		Ledger:    f.Ledger(billing.NewBook(f.Accounts(h.cfg.Stores.Accounts))),
		Transport: f.Transport(h), Now: h.Clock.Now, Random: h.random,
		CallbackURL: func(method string) string { return "https://host.example/callback/" + method },
		Workers:     1, // so that a seed gives the same life every time
	}
	if h.cfg.Listener != nil {
		forPayments.Sinks = map[string]payment.Sink{listening: f.Sink(h.cfg.Listener)}
	}
	h.cfg.Adapt(&forPayments)
	service, err := payment.New(forPayments)
	return connectors, service, err
}

// listening is the name of the listener's sink.
const listening = "listener"

// kinds are made once: making them compiles schemas.
var kinds = sync.OnceValue(func() []connector.Kind {
	return []connector.Kind{connectortest.Kind(), connectortest.KindMute()}
})

// aside gives a service on the bare stores, for looking without calls that fail.
func (h *Host) aside() (*payment.Service, error) {
	connectors, err := connector.New(connector.Config{Store: h.cfg.Stores.Connectors, Secrets: h.ring, Now: h.Clock.Now})
	if err != nil {
		return nil, err
	}
	return payment.New(payment.Config{
		Store: h.cfg.Stores.Payments, Connectors: connectors, Ledger: h.book(), Now: h.Clock.Now,
	})
}

func (h *Host) book() *billing.Book { return billing.NewBook(h.cfg.Stores.Accounts) }

// install makes the connectors and payment methods, unless they are there. Of each company one method begins in each way;
// the mute company's method of the begin "wait" has its key from the static settings.
func (h *Host) install(ctx context.Context) error {
	for _, c := range h.companies {
		params := connector.CreateParams{
			By: root, ID: c.merchant, Name: c.merchant, Kind: c.kind, Period: 15 * time.Minute,
			HashKey: secret.New(h.cfg.Secrets.Hash),
			Static:  document("key", h.cfg.Secrets.Static, "merchant", c.merchant),
		}
		if _, err := h.Connectors.Create(ctx, params); err != nil && !errors.Is(err, connector.ErrExists) {
			return err
		}
		for _, begin := range []connectortest.Begin{
			connectortest.BeginShow, connectortest.BeginCall, connectortest.BeginCharged, connectortest.BeginWait,
		} {
			m := &method{id: c.merchant + "-" + string(begin), company: c, begin: begin, key: c.key}
			settings := document("begin", string(begin), "key", c.key)
			if begin == connectortest.BeginWait && !c.askable() {
				settings, m.key = document("begin", string(begin)), h.cfg.Secrets.Static
			}
			_, err := h.Connectors.CreateMethod(ctx, connector.CreateMethodParams{
				By: root, ID: m.id, Connector: c.merchant, Name: m.id, Settings: settings,
			})
			if err != nil && !errors.Is(err, connector.ErrExists) {
				return err
			}
			opened, err := h.Connectors.Open(ctx, m.id, 0)
			if err != nil {
				return err
			}
			m.version.Store(int64(opened.Version))
			c.name = opened.Account
			h.methods = append(h.methods, m)
		}
	}
	return nil
}

// Methods lists the payment methods' IDs.
func (h *Host) Methods() []string {
	ids := make([]string, 0, len(h.methods))
	for _, m := range h.methods {
		ids = append(ids, m.id)
	}
	return ids
}

func (h *Host) method(id string) *method {
	for _, m := range h.methods {
		if m.id == id {
			return m
		}
	}
	return nil
}

// document is a JSON object of texts.
func document(pairs ...string) json.RawMessage {
	fields := make(map[string]string, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1] //nolint:gosec // pairs
	}
	text, _ := json.Marshal(fields) //nolint:errchkjson // texts always marshal
	return text
}
