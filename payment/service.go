package payment

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// Config is what a [Service] needs.
type Config struct {
	// Store keeps payments. Required.
	Store Store

	// Connectors opens the gateways of payment methods. Required.
	Connectors *connector.Service

	// Ledger is the host's accounts; billing.Book is the shipped one. Required.
	Ledger billing.Ledger

	// Transport makes the gateways' calls; adapters/httptransport is the shipped one. Default: none, and whatever a
	// gateway would call is surely not sent.
	Transport connector.Transport

	// Secrets gives the master keys that the event chains and the steps of attempts are protected with. Default: those of
	// Connectors.
	Secrets secret.KeyProvider

	// Sinks are told of every event, at least once, in order within a payment, each under its name. A name is permanent:
	// what waits for a sink waits under it. Default: none.
	Sinks map[string]Sink

	// CallbackURL gives the address at which a gateway's messages for a payment method reach the host. Default: none is
	// told to gateways.
	CallbackURL func(method string) string

	// Observer hears of what happens inside. Default: nobody does.
	Observer Observer

	// PeriodToWaiting makes the end of a processing period lead to waiting for payment, as ActivePlatform 6.0 and 6.4 do.
	// Default: to the status before the attempt, as its newest version does.
	PeriodToWaiting bool

	// CreditAll credits the account when any payment is settled. Default: only when a top-up is.
	CreditAll bool

	// BalanceOnDue pays from the account's balance on the due date, before a payment expires. Default: it only expires.
	BalanceOnDue bool

	// Comment stands in the account's statement beside a credit. Default «Пополнение баланса через ЛК», as the guide of
	// Tiksen and ChronoPay has it.
	Comment string

	// ConfirmWithin is how long a hold may wait for its confirmation. Default 0: no deadline.
	ConfirmWithin time.Duration

	// OverdueConcern is how long an attempt may be overdue before an operator is told, unless its payment was paid or
	// cancelled meanwhile. Default 24 hours; negative: never. Where a gateway cannot be asked and tells of no refusals,
	// every page that a payer leaves becomes such an attempt.
	OverdueConcern time.Duration

	// AskTimeout bounds one question to a gateway. Default 10 seconds.
	AskTimeout time.Duration

	// AskFor is how long an attempt without an answer is asked about. Default 30 days.
	AskFor time.Duration

	// Lease is how long a task is hidden from other workers while one has it. Default 30 seconds; more than AskTimeout, which
	// bounds the work on one task, the ledger's and the sinks' included.
	Lease time.Duration

	// Batch is how many tasks are leased at once, at most 1000. Default 100.
	Batch int

	// Workers is how many tasks of a queue are worked on at once. Default 8.
	Workers int

	// Poll is how often Run looks for work that other processes left. Default one second.
	Poll time.Duration

	// Now is the clock. Default time.Now.
	Now func() time.Time

	// Random is where IDs and references come from. Default crypto/rand.
	Random io.Reader

	// Logger hears of what goes wrong; never a secret, a setting or a message's body. Default: nothing is logged.
	Logger *slog.Logger
}

// Service takes payments. It is safe for concurrent use, and several processes may work on one store. It starts nothing
// by itself: background work is [Service.Run].
type Service struct {
	cfg    Config
	store  Store
	chain  *chain
	sealer *secret.Sealer
	inTx   bool
	wake   *wake
}

// New makes a Service. It reads nothing and starts nothing.
func New(cfg Config) (*Service, error) {
	var missing []error
	required := func(ok bool, field string) {
		if !ok {
			missing = append(missing, &ParamError{Field: "Config." + field, Reason: "required"})
		}
	}
	required(cfg.Store != nil, "Store")
	required(cfg.Connectors != nil, "Connectors")
	required(cfg.Ledger != nil, "Ledger")
	cfg.setDefaults()
	for field, wrong := range map[string]bool{
		"Lease": cfg.Lease <= cfg.AskTimeout, "AskTimeout": cfg.AskTimeout < 0, "AskFor": cfg.AskFor < 0, "Poll": cfg.Poll < 0,
		"Batch": cfg.Batch < 1 || cfg.Batch > 1000, "Workers": cfg.Workers < 1, "ConfirmWithin": cfg.ConfirmWithin < 0,
		"Comment": len(cfg.Comment) > 1000,
	} {
		if wrong {
			missing = append(missing, &ParamError{Field: "Config." + field, Reason: "out of range"})
		}
	}
	for name, sink := range cfg.Sinks {
		if name == "" || sink == nil {
			missing = append(missing, &ParamError{Field: "Config.Sinks", Reason: "without a name, or nil"})
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	return &Service{
		cfg:    cfg,
		store:  cfg.Store,
		chain:  newChain(cfg.Secrets),
		sealer: secret.NewSealer(cfg.Secrets),
		wake:   newWake(),
	}, nil
}

func (c *Config) setDefaults() {
	fallback(&c.Comment, "Пополнение баланса через ЛК")
	fallback(&c.OverdueConcern, 24*time.Hour)
	fallback(&c.AskTimeout, 10*time.Second)
	fallback(&c.AskFor, 30*24*time.Hour)
	fallback(&c.Lease, 30*time.Second)
	fallback(&c.Batch, 100)
	fallback(&c.Workers, 8)
	fallback(&c.Poll, time.Second)
	if c.Secrets == nil && c.Connectors != nil {
		c.Secrets = c.Connectors.Secrets()
	}
	if c.Transport == nil {
		c.Transport = noTransport{}
	}
	if c.CallbackURL == nil {
		c.CallbackURL = func(string) string { return "" }
	}
	if c.Observer == nil {
		c.Observer = NopObserver{}
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the documented default
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

func fallback[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// In gives the same rules inside a transaction of the host: store is a view of that transaction, such as
// db.WithTx(tx).Payments(). Each command is one write, a lost race is [ErrConflict] instead of another try, and what
// would call a gateway is refused with [ErrInTx], because a rollback could not take the call back.
func (s *Service) In(store Store) *Service {
	in := *s
	in.store, in.inTx = store, true
	return &in
}

// now is the clock as it is written: UTC, cut to microseconds.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

func (s *Service) rules() rules {
	return rules{
		periodToWaiting: s.cfg.PeriodToWaiting,
		creditAll:       s.cfg.CreditAll,
		topUpComment:    s.cfg.Comment,
		confirmWithin:   s.cfg.ConfirmWithin,
	}
}

// noTransport stands where the host gave none.
type noTransport struct{}

func (noTransport) Do(_ context.Context, r connector.Request) (connector.Answer, error) {
	return connector.Answer{}, &connector.GatewayError{
		Connector: r.Connector, Request: r.Name, Sent: connector.NotSent, Err: errors.New("payment: Config.Transport is not set"),
	}
}
