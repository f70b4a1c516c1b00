package chronopay

import (
	"crypto/md5" //nolint:gosec // ChronoPay's protocol knows no other hash
	"encoding/hex"
	"io"
	"strings"

	"github.com/oplata-go/oplata/connector/secret"
)

// Rule says which values the sign of the hosted page's form covers. ChronoPay and the shop must agree on it.
type Rule string

// The rules. R1 is what ChronoPay checks unless something else was agreed on. The others need "uniqueness control of
// orders", which ChronoPay's support switches on.
const (
	R1 Rule = "R1" // product_id, product_price
	R2 Rule = "R2" // and order_id
	R3 Rule = "R3" // and orderTimelimit
	R4 Rule = "R4" // and orderExpiretime
)

// RequestSign holds what a [Rule] may cover, as the texts that are sent, before URL encoding.
type RequestSign struct {
	ProductID    string
	ProductPrice string
	OrderID      string
	TimeLimit    string // orderTimelimit, minutes
	ExpireTime   string // orderExpiretime
}

// Sign returns the form's sign under the rule: lower-case hex MD5 of the covered values and the secret, joined with "-".
// An unknown rule covers what R1 does.
func (s RequestSign) Sign(rule Rule, sharedSec secret.Value) string {
	covered := []string{s.ProductID, s.ProductPrice}
	switch rule {
	case R1:
	case R2:
		covered = append(covered, s.OrderID)
	case R3:
		covered = append(covered, s.OrderID, s.TimeLimit)
	case R4:
		covered = append(covered, s.OrderID, s.ExpireTime)
	}
	return hexMD5(strings.Join(append(covered, sharedSec.Reveal()), "-"))
}

// CallbackSign holds the only four values of a callback that ChronoPay signs, as the texts that are received.
type CallbackSign struct {
	CustomerID      string
	TransactionID   string
	TransactionType string
	Total           string
}

// Sign returns the callback's sign (rule C1): lower-case hex MD5 of the secret and the four values, without separators.
func (s CallbackSign) Sign(sharedSec secret.Value) string {
	return hexMD5(sharedSec.Reveal() + s.CustomerID + s.TransactionID + s.TransactionType + s.Total)
}

func hexMD5(text string) string {
	h := md5.New() //nolint:gosec // see the import
	_, _ = io.WriteString(h, text)
	return hex.EncodeToString(h.Sum(nil))
}
