package billing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
)

func TestPostingLimits(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*billing.Posting)
		want   string // the only fault; empty: none
	}{
		"longest key":           {func(p *billing.Posting) { p.Key = strings.Repeat("k", 200) }, ""},
		"key too long":          {func(p *billing.Posting) { p.Key = strings.Repeat("k", 201) }, "Key is longer than 200 bytes"},
		"key begins with NUL":   {func(p *billing.Posting) { p.Key = "\x00k" }, "Key has control characters"},
		"longest account":       {func(p *billing.Posting) { p.Account = strings.Repeat("ю", 50) }, ""},
		"account too long":      {func(p *billing.Posting) { p.Account = strings.Repeat("ю", 50) + "a" }, "Account is longer than 100 bytes"},
		"longest comment":       {func(p *billing.Posting) { p.Comment = strings.Repeat("ю", 500) }, ""},
		"comment too long":      {func(p *billing.Posting) { p.Comment = strings.Repeat("c", 1001) }, "Comment is longer than 1000 bytes"},
		"comment of two lines":  {func(p *billing.Posting) { p.Comment = "one\n\ttwo" }, ""},
		"comment begins so":     {func(p *billing.Posting) { p.Comment = "\x00c" }, "Comment has a NUL"},
		"comment in cp1251":     {func(p *billing.Posting) { p.Comment = "\xcf\xee" }, "Comment is not UTF-8"},
		"least amount":          {func(p *billing.Posting) { p.Amount = rub("0.01") }, ""},
		"no amount":             {func(p *billing.Posting) { p.Amount = billing.Money{} }, "Amount is required"},
		"amount of nothing":     {func(p *billing.Posting) { p.Amount = rub("0.00") }, "Amount is not above zero"},
		"amount below zero":     {func(p *billing.Posting) { p.Amount = rub("-0.01") }, "Amount is not above zero"},
		"the zero time is none": {func(p *billing.Posting) { p.At = time.Time{} }, "At is required"},
	} {
		p := posting("k", "42", "1.00")
		c.change(&p)
		err := p.Validate()
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, ": invalid: "+c.want, name)
		require.NotContains(t, err.Error(), ";", name)
	}
}

func TestAccountsOpenEmpty(t *testing.T) {
	for name, a := range map[string]billing.Account{
		"balance": {Balance: rub("0.01")},
		"entries": {Entries: 1},
		"time":    {LastAt: noon},
	} {
		a.ID, a.Currency = "42", "RUB"
		require.ErrorContains(t, billing.NewBook(newStore()).Open(t.Context(), a), "invalid: Balance is not zero", name)
	}
	full := billing.Account{
		ID: strings.Repeat("4", 100), Reseller: strings.Repeat("r", 100), Name: strings.Repeat("n", 200), Currency: "RUB",
		Balance: rub("0.00"),
	}
	require.NoError(t, billing.NewBook(newStore()).Open(t.Context(), full))
}

func TestErrorsPrintShortPrintableTextsOnly(t *testing.T) {
	for text, printed := range map[string]bool{
		strings.Repeat("9", 40): true, strings.Repeat("9", 41): false, "1\n": false, "\xff": false, "деньги": true,
	} {
		_, err := billing.ParseCurrency(text)
		var wrong *billing.MoneyError
		require.ErrorAs(t, err, &wrong)
		if printed {
			require.Equal(t, text, wrong.Text)
			require.Contains(t, err.Error(), text)
		} else {
			require.EqualError(t, err, "billing: currency: unknown currency")
		}
	}
}
