package chronopay

import (
	"crypto/md5" //nolint:gosec // ChronoPay's protocol knows no other hash
	"crypto/subtle"
	"encoding/hex"
	"net/netip"
	"regexp"
	"strings"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// The shapes of the signed values; see the package comment for the attacks that they stop. A total without decimals
// passes: the letter before it fixes its border, and whether ChronoPay always pads is unknown.
var (
	customerShape    = regexp.MustCompile(`^[0-9A-Za-z-]{1,32}$`)
	transactionShape = regexp.MustCompile(`^[0-9]{1,20}$`)
	totalShape       = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,2})?$`)
)

// checkShapes names the first signed value that is not of its shape.
func (g *Gateway) checkShapes(s CallbackSign) error {
	var field string
	switch {
	case !customerShape.MatchString(s.CustomerID) || !g.customer.MatchString(s.CustomerID):
		field = "customer_id"
	case !transactionShape.MatchString(s.TransactionID):
		field = "transaction_id"
	case !totalShape.MatchString(s.Total):
		field = "total"
	default:
		return nil
	}
	return &connector.SignatureError{Cause: connector.SignatureMalformed, Field: field}
}

// checkSign compares the sign in constant time and without regard to the case of its letters.
func (g *Gateway) checkSign(n notification) error {
	if n.sign == "" {
		return &connector.SignatureError{Cause: connector.SignatureMissing, Field: "sign"}
	}
	if _, err := hex.DecodeString(n.sign); err != nil || len(n.sign) != hex.EncodedLen(md5.Size) {
		return &connector.SignatureError{Cause: connector.SignatureMalformed, Field: "sign"}
	}
	want := n.signed.Sign(g.settings.SharedSec)
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(n.sign)), []byte(want)) == 1 {
		return nil
	}
	return g.whyNot(n)
}

// whyNot guesses from our own token why the sign is wrong. When the token is intact and was made for this order and
// total, nothing that we know of was altered: another key signed.
func (g *Gateway) whyNot(n notification) error {
	asked, intact := g.tokens.asked(n.token, n.order)
	if !intact {
		return &connector.SignatureError{Cause: connector.SignatureAltered}
	}
	said, err := billing.ParseMoneyUnpadded(n.signed.Total, string(asked.Currency()))
	if err != nil || said != asked {
		return &connector.SignatureError{Cause: connector.SignatureAltered, Field: "total"}
	}
	return &connector.SignatureError{Cause: connector.SignatureWrongKey, Field: "sign"}
}

// checkSource compares the sender's address with the list. An address that the host does not know is on no list but
// the one that accepts everybody.
func (g *Gateway) checkSource(addr netip.Addr) error {
	for _, prefix := range g.sources {
		if prefix.Bits() == 0 || prefix.Contains(addr.Unmap()) {
			return nil
		}
	}
	return &connector.SignatureError{Cause: connector.SignatureAddress}
}
