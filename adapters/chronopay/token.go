package chronopay

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector/secret"
)

// tokens makes and reads the text that we put into a free parameter of the form: "500.00-RUB-" and an HMAC over the
// order, the amount and the currency. Because the text says what was asked, a callback with another total can still be
// told from a callback with another order.
type tokens struct {
	mac func(text string) string // a closure, so that no way of printing shows the key
}

// tokenPurpose separates the token's key from every other use of SharedSec.
const tokenPurpose = "oplata chronopay order token v1"

// tokenMACSize is 128 bits: enough against guessing, short enough for a free parameter of unknown length.
const tokenMACSize = 16

func newTokens(sharedSec secret.Value) (tokens, error) {
	key, err := hkdf.Key(sha256.New, []byte(sharedSec.Reveal()), nil, tokenPurpose, sha256.Size)
	if err != nil {
		return tokens{}, fmt.Errorf("chronopay: token key: %w", err)
	}
	return tokens{mac: func(text string) string {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return hex.EncodeToString(h.Sum(nil)[:tokenMACSize])
	}}, nil
}

// token returns the text for an order.
func (t tokens) token(order string, asked billing.Money) string {
	value, currency := asked.Value(), string(asked.Currency())
	return value + "-" + currency + "-" + t.mac(order+"|"+value+"|"+currency)
}

// asked returns what was asked for the order, and whether the token is ours and was made for this very order.
func (t tokens) asked(token, order string) (billing.Money, bool) {
	value, rest, _ := strings.Cut(token, "-")
	currency, mac, ok := strings.Cut(rest, "-")
	if !ok || !hmac.Equal([]byte(strings.ToLower(mac)), []byte(t.mac(order+"|"+value+"|"+currency))) {
		return billing.Money{}, false
	}
	asked, err := billing.ParseMoney(value, currency)
	return asked, err == nil
}
