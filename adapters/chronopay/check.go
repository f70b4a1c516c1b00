package chronopay

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// The checks of settings. Most of them stand in the schema too; New repeats them for callers without a schema. The
// errors are joined, so each function reports its own field and goes on.

var productShape = regexp.MustCompile(`^[0-9]{6}-[0-9]{4}-[0-9]{4}$`)

// minSharedSec refuses a secret that could be guessed from one sign; 15 and 16 characters are usual.
const minSharedSec = 8

func wrong(field, reason string) error { return &connector.ParamError{Field: field, Reason: reason} }

func checkSharedSec(s Settings) error {
	if utf8.RuneCountInString(s.SharedSec.Reveal()) < minSharedSec {
		return wrong("shared_sec", "shorter than 8 characters")
	}
	return nil
}

func checkRule(s Settings) error {
	timed := s.SignRule == R3 || s.SignRule == R4
	switch {
	case !slices.Contains([]Rule{R1, R2, R3, R4}, s.SignRule):
		return wrong("sign_rule", "not R1, R2, R3 or R4")
	case timed && s.TimeLimit <= 0:
		return wrong("time_limit_minutes", "required by sign rules R3 and R4")
	case !timed && s.TimeLimit != 0:
		return wrong("time_limit_minutes", "possible with sign rules R3 and R4 only")
	}
	return nil
}

func checkChoices(s Settings) error {
	switch {
	case s.PageMethod != "POST" && s.PageMethod != "GET":
		return wrong("page_method", "not POST or GET")
	case s.CallbackType != "P" && s.CallbackType != "G":
		return wrong("cb_type", "not P or G")
	case s.TokenField != "cs2" && s.TokenField != "cs3":
		return wrong("token_field", "not cs2 or cs3")
	case !slices.Contains([]string{"", "ru", "en"}, s.Language):
		return wrong("language", "not ru or en")
	}
	return nil
}

// setProducts makes both directions of the map product ↔ currency. All products belong to one client, because charges are
// unique per client.
func (g *Gateway) setProducts() error {
	products := append([]Product{{Currency: g.settings.Currency, ProductID: g.settings.ProductID}}, g.settings.Products...)
	for i, p := range products {
		field := "products"
		if i == 0 {
			field = "product_id"
		}
		currency, err := billing.ParseCurrency(p.Currency)
		switch {
		case !productShape.MatchString(p.ProductID):
			return wrong(field, "not of the shape 001234-0001-0001")
		case clientOf(p.ProductID) != clientOf(products[0].ProductID):
			return wrong(field, "product of another client")
		case err != nil:
			return wrong(field, "unknown currency")
		case currency.Digits() != pageDigits:
			return wrong(field, "currency without two decimals")
		case g.products[currency] != "":
			return wrong(field, "two products for one currency")
		case g.currencies[p.ProductID] != "":
			return wrong(field, "one product for two currencies")
		}
		g.products[currency], g.currencies[p.ProductID] = p.ProductID, currency
	}
	return nil
}

func (g *Gateway) setPage() error {
	page, err := url.Parse(g.settings.PageURL)
	switch {
	case err != nil || page.Host == "" || page.Fragment != "" || page.User != nil:
		return wrong("page_url", "not an absolute URL")
	case page.Scheme == "http" && !isNear(page.Hostname()):
		return wrong("page_url", "plain http outside loopback and private addresses")
	case page.Scheme != "http" && page.Scheme != "https":
		return wrong("page_url", "not an https URL")
	}
	g.page = page
	return nil
}

// isNear reports whether plain http to the host stays on the machine or in a private network.
func isNear(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && (addr.IsLoopback() || addr.IsPrivate())
}

func (g *Gateway) setSources() error {
	for _, text := range g.settings.SourceAddresses {
		prefix, err := parseSource(text)
		if err != nil {
			return wrong("source_addresses", "not an address or network (CIDR)")
		}
		g.sources = append(g.sources, prefix)
	}
	return nil
}

func parseSource(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return addr.Unmap().Prefix(addr.Unmap().BitLen())
}

func (g *Gateway) setCustomer() error {
	customer, err := regexp.Compile(`^(?:` + g.settings.CustomerIDPattern + `)$`)
	if err != nil {
		return wrong("customer_id_pattern", "not a regular expression")
	}
	g.customer = customer
	return nil
}

func (g *Gateway) setZone() error {
	at, err := time.Parse("-07:00", g.settings.UTCOffset)
	if err != nil {
		return wrong("utc_offset", "not of the shape +03:00")
	}
	g.zone = at.Location()
	return nil
}
