package chronopay

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// Gateway is ChronoPay with one set of settings. It is immutable and safe for concurrent use.
type Gateway struct {
	settings   Settings // with defaults
	products   map[billing.Currency]string
	currencies map[string]billing.Currency // by product
	customer   *regexp.Regexp
	sources    []netip.Prefix
	zone       *time.Location
	page       *url.URL
	tokens     tokens
}

// Kind is ChronoPay as a kind of gateway, named "chronopay", for [connector.Config].
func Kind() connector.Kind { return connector.KindOf("chronopay", New) }

// New returns the gateway for the settings. Its error joins a [*connector.ParamError] for every field that is wrong, also
// for what a schema cannot say.
func New(s Settings) (*Gateway, error) {
	s = s.withDefaults()
	g := &Gateway{
		settings:   s,
		products:   map[billing.Currency]string{},
		currencies: map[string]billing.Currency{},
	}
	err := errors.Join(
		checkSharedSec(s),
		checkRule(s),
		checkChoices(s),
		g.setProducts(),
		g.setPage(),
		g.setSources(),
		g.setCustomer(),
		g.setZone(),
	)
	if err != nil {
		return nil, err
	}
	g.tokens, err = newTokens(s.SharedSec)
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Reference returns n in decimal: an order_id without hyphens, because the request's sign joins its values with them.
func (g *Gateway) Reference(n uint64) string { return strconv.FormatUint(n, 10) }

// MerchantAccount returns ChronoPay's number of the client, the first six digits of product_id. One SharedSec often
// serves all products of a client, and no callback's product_id is signed, so a callback of one product can be replayed
// as another's: only a charge that is unique over the whole client makes that a repeat.
func (g *Gateway) MerchantAccount() string { return clientOf(g.settings.ProductID) }

// clientOf returns the client's number in a product id of the right shape.
func clientOf(product string) string { return product[:clientDigits] }

const clientDigits = 6

var (
	_ connector.Gateway    = (*Gateway)(nil)
	_ connector.Referencer = (*Gateway)(nil)
	_ connector.Merchant   = (*Gateway)(nil)
)
