package chronopaysim

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector/secret"
)

// Product is a shop that the simulated ChronoPay knows.
type Product struct {
	ID        string // like 001234-0001-0001
	SharedSec secret.Value
	Currency  string // of forms that name none; default RUB

	// UniqueOrders is ChronoPay's uniqueness control: order_id is required and signed (rules R2 to R4), and a second
	// order with the same order_id is refused. Otherwise rule R1 holds.
	UniqueOrders bool

	// CallbackURL is called back when the form names no cb_url. Empty: nothing is sent then.
	CallbackURL string
}

// Config is what a [Simulator] is made from. Only Products is required.
type Config struct {
	Products []Product

	// Client posts the callbacks. The default gives up after ten seconds, follows no redirects and reaches loopback
	// addresses only, so that nobody can make an open simulator post elsewhere.
	Client *http.Client

	// Now is the clock of timers and repeats; default time.Now.
	Now func() time.Time

	// Logger hears what was refused and delivered, without secrets and personal data; default: silence.
	Logger *slog.Logger

	// MaxOrders is how many orders are kept, default 1000; the oldest are forgotten together with their callbacks.
	MaxOrders int

	// Tries is how often a callback is sent that is not answered with 200, default 6.
	Tries int

	// Backoff is the pause after the first such try, default one minute; it doubles with every further one.
	Backoff time.Duration
}

// Errors of [Simulator.Act].
var (
	ErrNoOrder    = errors.New("chronopaysim: no such order")
	ErrBadAction  = errors.New("chronopaysim: impossible action")
	ErrNoCallback = errors.New("chronopaysim: the order has no callback address")
	ErrTooMany    = errors.New("chronopaysim: too many callbacks for one order")
)

// Simulator is a simulated ChronoPay. It is safe for concurrent use and starts nothing by itself; see [Simulator.Run].
type Simulator struct {
	cfg      Config
	products map[string]Product
	mux      *http.ServeMux

	mu              sync.Mutex
	orders          []*order // oldest first, at most MaxOrders
	lastOrder       int
	lastTransaction int64
}

var productShape = regexp.MustCompile(`^[0-9]{6}-[0-9]{4}-[0-9]{4}$`)

// New returns a simulator for the products. It starts no goroutine.
func New(cfg Config) (*Simulator, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now //nolint:forbidigo // the documented default
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Client == nil {
		cfg.Client = loopbackClient()
	}
	cfg.MaxOrders = orDefault(cfg.MaxOrders, 1000)
	cfg.Tries = orDefault(cfg.Tries, 6)
	cfg.Backoff = orDefault(cfg.Backoff, time.Minute)
	products, err := productsByID(cfg.Products)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		cfg:      cfg,
		products: products,
		// Transactions are numbered from the clock, so that a restarted simulator does not repeat the numbers of
		// charges that a shop remembers.
		lastTransaction: cfg.Now().UnixMilli(),
	}
	s.mux = s.routes()
	return s, nil
}

func orDefault[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

func productsByID(list []Product) (map[string]Product, error) {
	if len(list) == 0 {
		return nil, errors.New("chronopaysim: config: no products")
	}
	var faults []error
	products := make(map[string]Product, len(list))
	for i, p := range list {
		if p.Currency == "" {
			p.Currency = "RUB"
		}
		_, err := billing.ParseCurrency(p.Currency)
		switch {
		case !productShape.MatchString(p.ID):
			faults = append(faults, fmt.Errorf("chronopaysim: config: product %d: id is not of the shape 001234-0001-0001", i))
		case products[p.ID].ID != "":
			faults = append(faults, fmt.Errorf("chronopaysim: config: product %s: named twice", p.ID))
		case p.SharedSec.Empty():
			faults = append(faults, fmt.Errorf("chronopaysim: config: product %s: no SharedSec", p.ID))
		case err != nil:
			faults = append(faults, fmt.Errorf("chronopaysim: config: product %s: currency: %w", p.ID, err))
		}
		products[p.ID] = p
	}
	return products, errors.Join(faults...)
}

// ServeHTTP serves the hosted page.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}
