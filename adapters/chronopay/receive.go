package chronopay

import (
	"net/http"
	"regexp"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// meaning is what a transaction_type says. A type without a kind moves nothing, for the reason in ignored.
type meaning struct {
	kind    connector.ResultKind
	state   connector.State
	ignored string
}

// meanings has a row for every transaction_type that was ever seen, of the current and of the legacy generation. Case
// matters, as it does in the sign. Whatever is not here is answered with 200 and moves nothing.
var meanings = map[string]meaning{
	"Purchase":   {kind: connector.OfCharge, state: connector.Succeeded},
	"Rebill":     {kind: connector.OfCharge, state: connector.Succeeded},
	"Refund":     {kind: connector.OfRefund, state: connector.Succeeded},
	"onetime":    {kind: connector.OfCharge, state: connector.Succeeded},
	"initial":    {kind: connector.OfCharge, state: connector.Succeeded},
	"rebill":     {kind: connector.OfCharge, state: connector.Succeeded},
	"decline":    {kind: connector.OfCharge, state: connector.Failed},
	"cancel":     {ignored: "cancel: repeats were switched off"},
	"expire":     {ignored: "expire: access has expired"},
	"refund":     {kind: connector.OfRefund, state: connector.Succeeded},
	"chargeback": {kind: connector.OfDispute, state: connector.Opened},
}

// Receive reads a callback that came by POST or GET, or a returning browser, which proves nothing and moves nothing.
//
// A callback is refused with a [*connector.SignatureError] when a signed value is not of its shape, the sign is missing
// or wrong, or the sender's address is not on the list. What it then says is never refused: money for an unknown order
// keeps that reference, money that names another shop or that our token does not fit is Misplaced. ChronoPay's test
// notification, which is unsigned, and types that move no money are messages without results. The answer is 200 after
// the commit and 500 when it failed, so that ChronoPay repeats.
func (g *Gateway) Receive(in connector.Inbound) (connector.Message, error) {
	if in.Browser {
		return connector.Message{Ignored: "a returning browser proves nothing"}, nil
	}
	n, err := g.read(in)
	if err != nil {
		return connector.Message{}, err
	}
	m, known := meanings[n.signed.TransactionType]
	if known && n.isTest() && n.sign == "" && g.currencies[n.product] != "" {
		return g.ignore("test notification"), nil
	}
	if m.kind != "" {
		err = g.checkShapes(n.signed)
	}
	if err == nil {
		err = g.checkSign(n)
	}
	if err == nil {
		err = g.checkSource(in.Addr)
	}
	switch {
	case err != nil:
		return connector.Message{}, err
	case !known:
		return g.ignore("unknown transaction_type"), nil
	case m.kind == "":
		return g.ignore(m.ignored), nil
	}
	return g.message(n, m)
}

func (g *Gateway) ignore(why string) connector.Message {
	return connector.Message{Ignored: why, Reply: g.reply}
}

func (g *Gateway) message(n notification, m meaning) (connector.Message, error) {
	currency, odd := g.currency(n)
	amount, err := billing.ParseMoneyUnpadded(n.signed.Total, string(currency))
	if err != nil {
		return connector.Message{}, &connector.MessageError{Field: "total", Reason: "not an amount"}
	}
	if amount.Sign() == 0 && m.state != connector.Failed {
		return g.ignore("an amount of zero"), nil
	}
	r := connector.Result{
		Kind:      m.kind,
		Charge:    n.signed.CustomerID + n.signed.TransactionID,
		State:     m.state,
		Amount:    amount,
		Code:      n.signed.TransactionType,
		At:        g.at(n),
		Misplaced: odd,
	}
	g.place(&r, n)
	return connector.Message{Results: []connector.Result{r}, Reply: g.reply}, nil
}

// currency returns the callback's currency; when it names none, that of the product. A name that does not exist cannot
// be recorded, and genuine money cannot be refused, so the product's is taken and the oddity told.
func (g *Gateway) currency(n notification) (c billing.Currency, odd string) {
	name := n.currency
	if name == "RUR" { // the rouble's code before 1998, which ChronoPay treats as RUB
		name = "RUB"
	}
	if c, err := billing.ParseCurrency(name); err == nil {
		return c, ""
	}
	if name != "" {
		odd = "names an unknown currency"
	}
	if c, ok := g.currencies[n.product]; ok {
		return c, odd
	}
	return billing.Currency(g.settings.Currency), odd
}

// place says which order the result belongs to, or why it cannot belong to the one that it names.
//
// A refund and a dispute belong to a charge, which the signed values name. Whether ChronoPay echoes our token in them is
// unknown, so without it they merely do not name an order.
func (g *Gateway) place(r *connector.Result, n notification) {
	_, fits := g.tokens.asked(n.token, n.order)
	isCharge := r.Kind == connector.OfCharge
	if !isCharge {
		r.Operation = n.signed.TransactionType + " " + n.signed.TransactionID + " " + n.signed.Total
	}
	if echoShape.MatchString(n.order) && (fits || isCharge) {
		r.Reference = n.order
	}
	switch {
	case g.currencies[n.product] == "":
		r.Misplaced = "names another product"
	case g.settings.SiteID != "" && n.site != g.settings.SiteID:
		r.Misplaced = "names another site"
	case r.Misplaced != "":
	case isCharge && n.token == "":
		r.Misplaced = "our token is missing"
	case isCharge && !fits:
		r.Misplaced = "our token was not made for this order"
	}
}

// echoShape is what may stand as the reference of a result: longer or unprintable text is not one of anybody's orders.
var echoShape = regexp.MustCompile(`^[\x21-\x7e]{1,64}$`)

// at returns the callback's time, or zero when it has none that can be read.
func (g *Gateway) at(n notification) time.Time {
	at, err := time.ParseInLocation("01/02/2006 15:04:05", n.date+" "+n.clock, g.zone)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

func (g *Gateway) reply(o connector.Outcome) connector.Reply {
	if o.Err != nil {
		return connector.Reply{Status: http.StatusInternalServerError}
	}
	return connector.Reply{
		Status: http.StatusOK,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
		Body:   []byte(g.settings.Answer),
	}
}
