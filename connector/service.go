package connector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

// Actor is who gives a command: an operator, a page, a job of the host. The host has checked who it is.
type Actor struct {
	Reseller string // whose records the actor may touch; the root reseller's actor may touch all
	Name     string // kept with what the actor changed, and logged
}

// Config is what a [Service] needs.
type Config struct {
	// Store keeps everything. Required.
	Store Store

	// Kinds are the kinds of gateways that the program knows, with different names. A connector of a kind that is not
	// among them can be read and not used.
	Kinds []Kind

	// Secrets gives the master keys that secrets are sealed with. Required.
	Secrets secret.KeyProvider

	// Dialects are further forms in which an operator may paste a schema. JSON Schema itself is always understood.
	Dialects []settings.Dialect

	// Root is the ID of the root reseller, the only one who manages connectors. Default "root".
	Root string

	// InsecureHTTP lets a connector's address begin with http://. Settings and signed messages then travel in the open:
	// only for tests and for a gateway on the same machine. Default: https only.
	InsecureHTTP bool

	// CacheFor is how long [Service.Open] trusts a payment method and its connector once read, so that is how late a
	// change made by another process may be seen. Changes made through this Service are seen at once. Default one second;
	// negative: never trusted, read every time.
	CacheFor time.Duration

	// OpenGateways bounds the opened gateways that are kept for reuse. Default 1024.
	OpenGateways int

	// Now is the clock. Default time.Now.
	Now func() time.Time

	// Random is where IDs and hash keys come from. Default crypto/rand.
	Random io.Reader

	// Logger hears of every change: what, which ID, by whom; never a setting. Default: nothing is logged.
	Logger *slog.Logger
}

// Service keeps connectors and payment methods and opens gateways. It is safe for concurrent use; several processes may
// work on one store.
type Service struct {
	cfg    Config
	store  Store
	sealer *secret.Sealer
	kinds  map[string]Kind
	pasted *lru[string, *settings.Schema] // compiled pasted schemas, by their text
	open   *openCache
}

// New makes a Service. It reads nothing and starts nothing.
func New(cfg Config) (*Service, error) {
	var missing []error
	if cfg.Store == nil {
		missing = append(missing, &ParamError{Field: "Config.Store", Reason: "required"})
	}
	if cfg.Secrets == nil {
		missing = append(missing, &ParamError{Field: "Config.Secrets", Reason: "required"})
	}
	kinds, err := registry(cfg.Kinds)
	if err := errors.Join(append(missing, err)...); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	return &Service{
		cfg:    cfg,
		store:  cfg.Store,
		sealer: secret.NewSealer(cfg.Secrets),
		kinds:  kinds,
		pasted: newLRU[string, *settings.Schema](pastedSchemas),
		open:   newOpenCache(cfg.OpenGateways),
	}, nil
}

const (
	pastedSchemas = 128 // compiled pasted schemas that are kept: one per connector of a raw kind, of which there are few
	tries         = 16  // bounds the loops that repeat a write after a conflict
)

func (c *Config) setDefaults() {
	if c.Root == "" {
		c.Root = "root"
	}
	if c.CacheFor == 0 {
		c.CacheFor = time.Second
	}
	if c.OpenGateways <= 0 {
		c.OpenGateways = 1024
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the documented default of the Now field
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

func registry(list []Kind) (map[string]Kind, error) {
	kinds := make(map[string]Kind, len(list))
	var errs []error
	for i, k := range list {
		_, taken := kinds[k.name]
		switch {
		case k.err != nil:
			errs = append(errs, k.err)
		case k.name == "" || k.open == nil:
			errs = append(errs, &ParamError{Field: fmt.Sprintf("Config.Kinds[%d]", i), Reason: "has no name or was not made by KindOf or RawKind"})
		case taken:
			errs = append(errs, &ParamError{Field: fmt.Sprintf("Config.Kinds[%d]", i), Reason: "kind " + k.name + " is given twice"})
		}
		kinds[k.name] = k
	}
	return kinds, errors.Join(errs...)
}

// Kinds returns the kinds that the Service knows, by name: what a new connector can be made of.
func (s *Service) Kinds() []Kind {
	list := make([]Kind, 0, len(s.kinds))
	for _, k := range s.kinds {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Kind) int { return strings.Compare(a.name, b.name) })
	return list
}

// Sealer seals with the same keys as the Service's own secrets. Payments keep what gateways leave for later with it.
func (s *Service) Sealer() *secret.Sealer { return s.sealer }

// Secrets gives the keys that this Service seals with, for what stands beside it.
func (s *Service) Secrets() secret.KeyProvider { return s.cfg.Secrets }

// Root gives the ID of the root reseller.
func (s *Service) Root() string { return s.cfg.Root }

// rootOnly refuses everybody but the root reseller's actor.
func (s *Service) rootOnly(by Actor) error {
	if by.Reseller != s.cfg.Root {
		return ErrForbidden
	}
	return nil
}

// mayTouch reports whether the actor may see and change what belongs to the reseller.
func (s *Service) mayTouch(by Actor, reseller string) bool {
	return by.Reseller != "" && (by.Reseller == s.cfg.Root || by.Reseller == reseller)
}

// now is the clock, cut to what every store keeps.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// changed logs a change. IDs and actors only: never a name, a description or a setting.
func (s *Service) changed(ctx context.Context, what, id string, by Actor) {
	s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "connector: changed", slog.String("change", what),
		slog.String("id", id), slog.String("reseller", by.Reseller), slog.String("by", by.Name))
}
