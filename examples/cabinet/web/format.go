package web

import (
	"regexp"
	"strings"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// nbsp keeps an amount on one line.
const nbsp = "\u00a0"

// money writes an amount for people: "1 234,50 ₽" in Russian, "1,234.50 RUB" in English.
func (l language) money(m billing.Money) string {
	if m == (billing.Money{}) {
		return "—"
	}
	thousands, point, currency := nbsp, ",", string(m.Currency())
	if l == english {
		thousands, point = ",", "."
	} else if currency == "RUB" {
		currency = "₽"
	}
	whole, fraction, _ := strings.Cut(m.Abs().Value(), ".")
	var b strings.Builder
	if m.Sign() < 0 {
		b.WriteString("−")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thousands)
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString(point + fraction)
	}
	return b.String() + nbsp + currency
}

func (l language) when(t time.Time) string {
	if l == english {
		return t.Format("2 Jan 2006, 15:04:05")
	}
	return t.Format("02.01.2006 15:04:05")
}

func (l language) day(t time.Time) string {
	if l == english {
		return t.Format("2 Jan 2006")
	}
	return t.Format("02.01.2006")
}

// The tones of badges and panels. Each has its colours in style.css; the words beside it say the same.
const (
	good = "good"
	bad  = "bad"
	busy = "busy"
	warn = "warn"
	calm = "calm"
)

var tones = map[string]string{
	string(payment.PendingBilling):    calm,
	string(payment.WaitingForPayment): calm,
	string(payment.Processing):        busy,
	string(payment.Authorized):        busy,
	string(payment.Completed):         good,
	string(payment.PaidFromBalance):   good,
	string(payment.Expired):           bad,
	string(payment.Cancelled):         calm,
	string(payment.ReceiptCreating):   calm,
	string(payment.ReceiptSent):       calm,

	string(payment.AttemptLive):       busy,
	string(payment.AttemptOverdue):    warn,
	string(payment.AttemptCapturing):  busy,
	string(payment.AttemptVoiding):    busy,
	string(payment.AttemptSucceeded):  good,
	string(payment.AttemptFailed):     bad,
	string(payment.AttemptVoided):     calm,
	string(payment.AttemptDiscrepant): warn,

	string(payment.Settled):     good,
	string(payment.Surplus):     good,
	string(payment.Discrepancy): warn,
	string(payment.Returned):    calm,
	string(payment.Onward):      calm,

	string(payment.ReceiptOpen):     warn,
	string(payment.ReceiptAssigned): good,
}

// tone is the colour of a status, a state or a place; calm for what has none.
func tone(code any) string {
	var name string
	switch c := code.(type) {
	case payment.Status:
		name = string(c)
	case payment.AttemptState:
		name = string(c)
	case payment.Place:
		name = string(c)
	}
	if found, ok := tones[name]; ok {
		return found
	}
	return calm
}

// typedAmount is digits, perhaps in groups of three, and a fraction after a point or a comma.
var typedAmount = regexp.MustCompile(`^([0-9]+|[0-9]{1,3}(?:[ \x{a0}\x{202f}][0-9]{3})+)(?:[.,]([0-9]+))?$`)

var noGroups = strings.NewReplacer(" ", "", nbsp, "", "\u202f", "")

// parseAmount reads what a person types: "100", "100.5", "100,50", "1 000". It returns the key of what is wrong. More
// decimals than the currency has are refused even when they are zeros: "1,000" would be a thousand to some and one to
// others.
func parseAmount(typed string, currency billing.Currency) (billing.Money, string) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return billing.Money{}, "fault.amount.empty"
	}
	parts := typedAmount.FindStringSubmatch(typed)
	if parts == nil || len(parts[2]) > currency.Digits() {
		return billing.Money{}, "fault.amount.form"
	}
	value := noGroups.Replace(parts[1])
	if parts[2] != "" {
		value += "." + parts[2]
	}
	m, err := billing.ParseMoneyUnpadded(value, string(currency))
	switch {
	case err != nil:
		return billing.Money{}, "fault.amount.form"
	case m.Sign() == 0:
		return billing.Money{}, "fault.amount.zero"
	}
	return m, ""
}
