package chronopay_test

import (
	"crypto/md5"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay"
	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/connector/secret"
)

// The pitfalls are numbered as in the notes on ChronoPay's protocol.

// Pitfall 1: the sign covers neither order, currency, shop nor date. The payer learns one genuine callback and posts it
// for another order of his.
func TestPitfall1ReplayForAnotherOrder(t *testing.T) {
	g := open(t)
	paid := one(t, g, genuine(t, g, order()))
	another := order()
	another.Reference = "100046"
	stolen := genuine(t, g, order())
	for _, name := range []string{"order_id", "cs1"} {
		stolen = with(stolen, name, another.Reference)
	}
	replayed := one(t, g, stolen)
	require.NotEmpty(t, replayed.Misplaced)
	require.Equal(t, paid.Charge, replayed.Charge, "and it is no other charge")

	// With the token of the other order, which its own form shows, only the charge tells: it is the same one.
	withToken := one(t, g, with(stolen, "cs2", sent(t, g, another)["cs2"]))
	require.Empty(t, withToken.Misplaced)
	require.Equal(t, paid.Charge, withToken.Charge)
}

// Pitfall 1: a rewritten product must not make the same transaction another charge, within one payment method and
// between two that share the client's secret.
func TestPitfall1ReplayAsAnotherProduct(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) {
		s.Products = []chronopay.Product{{Currency: "USD", ProductID: "001234-0001-0002"}}
	})
	form := genuine(t, g, order())
	other := with(form, "product_id", "001234-0001-0002")
	require.Equal(t, one(t, g, form).Charge, one(t, g, other).Charge)

	sibling := open(t, func(s *chronopay.Settings) { s.ProductID = "001234-0001-0002" })
	require.Equal(t, g.MerchantAccount(), sibling.MerchantAccount())
	require.Equal(t, one(t, g, form).Charge, one(t, sibling, other).Charge)
}

// Pitfall 1: another shop's money is genuine and must not be lost, but it pays no order of this one.
func TestPitfall1AnotherShopIsMisplaced(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.SiteID = "001234-0001" })
	form := genuine(t, g, order())
	require.Empty(t, one(t, g, form).Misplaced)
	require.Equal(t, "names another product", one(t, g, with(form, "product_id", "001234-0009-0001")).Misplaced)
	require.Equal(t, "names another product", one(t, g, without(form, "product_id")).Misplaced)
	require.Equal(t, "names another site", one(t, g, with(form, "site_id", "001234-0009")).Misplaced)
	require.Equal(t, "100045", one(t, g, with(form, "product_id", "001234-0009-0001")).Reference)
}

// Pitfall 1: genuine money for an order that nobody knows, or that has no readable number, is told and not refused.
func TestPitfall1UnknownOrderIsNotRefused(t *testing.T) {
	g := open(t)
	elsewhere := order()
	elsewhere.Reference = "999"
	require.Equal(t, "999", one(t, g, genuine(t, g, elsewhere)).Reference)
	form := genuine(t, g, order())
	for _, text := range []string{"заказ", "a b", strings.Repeat("7", 65), "\xff\xfe", "7\x00"} {
		r := one(t, g, with(form, "order_id", text))
		require.Empty(t, r.Reference)
		require.NotEmpty(t, r.Misplaced)
		require.Equal(t, billing.MustMoney("500.00", "RUB"), r.Amount)
	}
}

// Pitfall 2: the values are joined without separators, so a border between two of them can be moved under the same sign.
func TestPitfall2MovedBorder(t *testing.T) {
	moved := map[string][2]string{
		"a digit of the transaction moves to the customer": {"001234-0000000562", "3456789"},
		"a digit of the customer moves to the transaction": {"001234-00000005", "623456789"},
	}
	strict := open(t)
	loose := open(t, func(s *chronopay.Settings) { s.CustomerIDPattern = `[0-9]{6}-[0-9]+` })
	for name, to := range moved {
		form := genuine(t, strict, order())
		form = with(with(form, "customer_id", to[0]), "transaction_id", to[1])
		require.Equal(t, connector.SignatureMalformed, refused(t, strict, posted(form)).Cause, name)
		require.Equal(t, one(t, loose, genuine(t, loose, order())).Charge, one(t, loose, form).Charge,
			"%s: where the pattern allows it, it is the same charge", name)
	}
}

// A pattern of an operator holds for the whole text, also when he left out the anchors.
func TestPitfall2PatternIsForTheWholeText(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.CustomerIDPattern = `[0-9]{6}-[0-9]{9}|[0-9]+` })
	for id, taken := range map[string]bool{"001234-000000056": true, "56": true, "001234-0000000567": false, "x56": false} {
		_, err := g.Receive(posted(genuine(t, g, order(), func(c *chronopaysim.Callback) { c.CustomerID = id })))
		require.Equal(t, taken, err == nil, id)
	}
}

// Pitfall 2: the borders around the type are fixed by the known types; what slips through moves nothing.
func TestPitfall2MovedBorderOfTheType(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	for _, to := range []map[string]string{
		{"transaction_id": "2345678", "transaction_type": "9Purchase"},
		{"transaction_type": "Purchase5", "total": "00.00"},
		{"transaction_type": "Purchase500", "total": ".00"},
	} {
		changed := form
		for name, value := range to {
			changed = with(changed, name, value)
		}
		m, err := g.Receive(posted(changed))
		require.NoError(t, err)
		require.Empty(t, m.Results)
		require.Equal(t, "unknown transaction_type", m.Ignored)
	}
}

// The secret stands first, so MD5 can be continued: from one genuine sign follows, without the secret, the sign of the
// same text with padding and anything behind it. The shapes leave no place for the padding, however loose the pattern.
func TestMD5CannotBeContinued(t *testing.T) {
	g := open(t, func(s *chronopay.Settings) { s.CustomerIDPattern = `(?s).*` })
	form := genuine(t, g, order())
	known := form.Get("customer_id") + form.Get("transaction_id") + form.Get("transaction_type") + form.Get("total")
	sign, err := hex.DecodeString(form.Get("sign"))
	require.NoError(t, err)

	padding, continued := continueMD5(t, sign, len(sec)+len(known), "99"+"Purchase"+"99999.00")
	require.Equal(t, md5hex(sec+known+padding+"99Purchase99999.00"), continued, "the attack works on MD5 itself")

	forged := with(with(with(form, "customer_id", known+padding), "transaction_id", "99"), "total", "99999.00")
	cause := refused(t, g, posted(with(forged, "sign", continued)))
	require.Equal(t, connector.SignatureError{Cause: connector.SignatureMalformed, Field: "customer_id"}, *cause)
}

// continueMD5 hashes on from a finished sum of a text of the given length, without knowing the text.
func continueMD5(t *testing.T, sum []byte, length int, more string) (padding, sign string) {
	t.Helper()
	pad := make([]byte, (119-length%64)%64+9)
	pad[0] = 0x80
	binary.LittleEndian.PutUint64(pad[len(pad)-8:], uint64(length)*8)
	state := []byte("md5\x01")
	for i := 0; i < len(sum); i += 4 {
		state = binary.BigEndian.AppendUint32(state, binary.LittleEndian.Uint32(sum[i:]))
	}
	state = append(state, make([]byte, md5.BlockSize)...)
	state = binary.BigEndian.AppendUint64(state, uint64(length+len(pad)))
	h := md5.New()
	require.NoError(t, h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state))
	h.Write([]byte(more))
	return string(pad), hex.EncodeToString(h.Sum(nil))
}

// Pitfall 3: the token. It says what was asked, so another total at the right order is not taken for another order.
func TestPitfall3Token(t *testing.T) {
	g := open(t)
	form := genuine(t, g, order())
	require.Equal(t, "our token is missing", one(t, g, without(form, "cs2")).Misplaced)
	require.NotContains(t, form.Get("cs2"), sec)
	for i := range form.Get("cs2") {
		altered := []byte(form.Get("cs2"))
		altered[i] ^= 1
		require.NotEmpty(t, one(t, g, with(form, "cs2", string(altered))).Misplaced, "byte %d", i)
	}
	other := one(t, g, genuine(t, g, order(), func(c *chronopaysim.Callback) { c.Total = "499.99" }))
	require.Empty(t, other.Misplaced)
	require.Equal(t, "100045", other.Reference)
	require.Equal(t, billing.MustMoney("499.99", "RUB"), other.Amount, "the SDK compares")

	cs3 := open(t, func(s *chronopay.Settings) { s.TokenField = "cs3" })
	require.Empty(t, one(t, cs3, genuine(t, cs3, order())).Misplaced)
}

// Pitfall 3: tokens of two secrets are worth nothing to each other, and a token is none of ChronoPay's signs.
func TestPitfall3TokenBelongsToTheSecret(t *testing.T) {
	a := sent(t, open(t), order())["cs2"]
	b := sent(t, open(t, func(s *chronopay.Settings) { s.SharedSec = secret.New("another secret") }), order())["cs2"]
	require.NotEqual(t, a, b)
}

// A refund or dispute names its charge by signed values. Without our token it merely names no order.
func TestRefundWithoutATokenKeepsItsCharge(t *testing.T) {
	g := open(t)
	refund := genuine(t, g, order(), func(c *chronopaysim.Callback) { c.TransactionType, c.Total = "Refund", "200.00" })
	r := one(t, g, refund)
	require.Equal(t, connector.OfRefund, r.Kind)
	require.Equal(t, "100045", r.Reference)
	require.Equal(t, one(t, g, genuine(t, g, order())).Charge, r.Charge)
	require.Equal(t, "Refund 23456789 200.00", r.Operation, "another part of the same transaction is another refund")

	r = one(t, g, without(refund, "cs2"))
	require.Empty(t, r.Reference)
	require.Empty(t, r.Misplaced)
	require.NotEmpty(t, r.Charge)
}

// Pitfall 4: R1 leaves order_id unsigned, so the payer can take the sign of a cheap order to a dear one. What he paid
// is what is reported.
func TestPitfall4CheapSignForADearOrder(t *testing.T) {
	g := open(t)
	cheap := order()
	cheap.Amount = billing.MustMoney("1.00", "RUB")
	dear := sent(t, g, order())
	r := one(t, g, genuine(t, g, cheap, func(c *chronopaysim.Callback) {
		c.OrderID, c.CS1, c.CS2 = dear["order_id"], dear["cs1"], dear["cs2"]
	}))
	require.Equal(t, "100045", r.Reference)
	require.Equal(t, billing.MustMoney("1.00", "RUB"), r.Amount)
}

// Pitfall 6: a returning browser proves nothing, even with a genuine callback in its hands.
func TestPitfall6BrowserSettlesNothing(t *testing.T) {
	g := open(t)
	in := posted(genuine(t, g, order()))
	in.Browser = true
	m, err := g.Receive(in)
	require.NoError(t, err)
	require.Empty(t, m.Results)
	require.NotEmpty(t, m.Ignored)
}

// Pitfall 7: nothing that can be printed holds the secret, what is hashed with it, or the payer's data.
func TestPitfall7NothingPrintsASecret(t *testing.T) {
	const canary = "canary-5f2c"
	s := usual()
	s.SharedSec = secret.New(canary)
	g, err := chronopay.New(s)
	require.NoError(t, err)
	form := genuine(t, g, order()) // signed with another secret
	form.Set("password", canary)
	form.Set("creditcardnumber", canary)
	message, refusal := g.Receive(posted(form))
	require.Error(t, refusal)
	_, atStart := g.Start(connector.Order{Reference: canary, Amount: order().Amount})
	step, err := g.Start(order())
	require.NoError(t, err)

	mine := open(t)
	taken, err := mine.Receive(posted(with(genuine(t, mine, order()), "password", canary)))
	require.NoError(t, err)

	for _, v := range []any{s, &s, g, *g, message, refusal, atStart, step, taken} {
		text, _ := json.Marshal(v)
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text = fmt.Appendf(text, format, v)
		}
		require.NotContains(t, string(text), canary)
	}
}

// Pitfall 8: amounts are compared as numbers, but the text is hashed as it came.
func TestPitfall8UnpaddedTotal(t *testing.T) {
	g := open(t)
	for text, want := range map[string]string{"500": "500.00", "500.5": "500.50", "500.00": "500.00"} {
		r := one(t, g, genuine(t, g, order(), func(c *chronopaysim.Callback) { c.Total = text }))
		require.Equal(t, billing.MustMoney(want, "RUB"), r.Amount)
	}
	padded := with(genuine(t, g, order(), func(c *chronopaysim.Callback) { c.Total = "500" }), "total", "500.00")
	refused(t, g, posted(padded))
}
