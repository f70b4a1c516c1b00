package web

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

var verb = regexp.MustCompile(`%[a-z]`)

func TestEveryTextIsInBothLanguages(t *testing.T) {
	require.Len(t, catalog, len(payerTexts)+len(operatorTexts)+len(codeTexts), "a key is given twice")
	for key, both := range catalog {
		require.NotEmpty(t, strings.TrimSpace(both.ru), key)
		require.NotEmpty(t, strings.TrimSpace(both.en), key)
		require.Equal(t, verb.FindAllString(both.ru, -1), verb.FindAllString(both.en, -1), key)
		if !strings.HasPrefix(key, "language.") {
			require.NotRegexp(t, `[а-яА-ЯёЁ]`, both.en, key)
		}
	}
}

// TestEveryCodeHasWords holds the catalog against the codes that payments can have.
func TestEveryCodeHasWords(t *testing.T) {
	var missing []string
	has := func(kind string, code any) {
		if key := fmt.Sprint(kind, ".", code); catalog[key] == (text{}) {
			missing = append(missing, key)
		}
	}
	for _, status := range payment.Statuses() {
		has("status", status)
	}
	for _, state := range payment.AttemptStates() {
		has("attempt", state)
	}
	for _, place := range []payment.Place{payment.Settled, payment.Surplus, payment.Discrepancy, payment.Returned, payment.Onward} {
		has("place", place)
	}
	for _, purpose := range []payment.Purpose{payment.RenderedServices, payment.Order, payment.TopUp} {
		has("purpose", purpose)
	}
	for _, posting := range []payment.PostingState{payment.Posted, payment.PostingPending, payment.PostingStuck} {
		has("posting", posting)
	}
	for _, status := range []payment.Status{payment.ReceiptOpen, payment.ReceiptAssigned, payment.ReceiptReturned} {
		has("receipt", status)
		has("status", status)
	}
	for _, method := range []string{payment.MethodBalance, payment.MethodOffline, payment.MethodTransfer} {
		has("method", method)
	}
	for _, events := range [][]payment.EventName{
		payment.Commands(), payment.Messages(), payment.Timers(),
		{payment.EventReceiptFound, payment.EventReceiptAssigned, payment.EventReceiptReturned, payment.EventReceiptBack},
	} {
		for _, name := range events {
			has("event", name)
		}
	}
	for _, order := range operatorCommands {
		if order.fits != nil {
			has("order", order.name)
			has("order-hint", order.name)
		}
	}
	for _, s := range stories {
		has("story."+s.Key, "head")
		has("story."+s.Key, "text")
	}
	for _, why := range []error{
		billing.ErrUnknownAccount, billing.ErrKeyReused, billing.ErrCurrencyMismatch, billing.ErrInsufficientFunds, billing.ErrOverflow,
	} {
		has("why", why)
	}
	require.Empty(t, missing)
}

// TestNoTextIsForgotten looks for every key where it could be used.
func TestNoTextIsForgotten(t *testing.T) {
	var sources strings.Builder
	gather := func(where fs.FS, pattern string) {
		names, err := fs.Glob(where, pattern)
		require.NoError(t, err)
		for _, name := range names {
			if strings.HasPrefix(name, "catalog") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(where, name)
			require.NoError(t, err)
			sources.Write(text)
		}
	}
	gather(os.DirFS("."), "*.go")
	gather(files, "pages/*.html")
	used := sources.String()
	var forgotten []string
	for _, texts := range []map[string]text{payerTexts, operatorTexts} {
		for key := range texts {
			kind, code, _ := strings.Cut(key, ".")
			use := `"` + key + `"`
			if kind == "story" || kind == "order" || kind == "order-hint" {
				use = `{"` + strings.TrimSuffix(strings.TrimSuffix(code, ".head"), ".text") + `", `
			}
			if !strings.Contains(used, use) {
				forgotten = append(forgotten, key)
			}
		}
	}
	require.Empty(t, forgotten)
}

func TestUnknownTextIsAnErrorAndUnknownCodeIsNot(t *testing.T) {
	_, err := russian.say("no.such")
	require.ErrorContains(t, err, "no.such")
	require.Equal(t, "novel", english.label("event", "novel"))
	require.Equal(t, "Wallet", english.label("method", "m-77", "Wallet"))
}
