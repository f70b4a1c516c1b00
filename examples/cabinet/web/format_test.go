package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
)

func TestMoneyForPeople(t *testing.T) {
	for _, c := range []struct{ value, currency, ru, en string }{
		{"0.00", "RUB", "0,00 ₽", "0.00 RUB"},
		{"999.99", "RUB", "999,99 ₽", "999.99 RUB"},
		{"1000.00", "RUB", "1 000,00 ₽", "1,000.00 RUB"},
		{"-1234567.80", "RUB", "−1 234 567,80 ₽", "−1,234,567.80 RUB"},
		{"1000", "JPY", "1 000 JPY", "1,000 JPY"},
		{"0.001", "KWD", "0,001 KWD", "0.001 KWD"},
		{"92233720368547758.07", "RUB", "92 233 720 368 547 758,07 ₽", "92,233,720,368,547,758.07 RUB"},
	} {
		m := billing.MustMoney(c.value, c.currency)
		require.Equal(t, c.ru, withSpaces(russian.money(m)))
		require.Equal(t, c.en, withSpaces(english.money(m)))
	}
	require.Equal(t, "—", russian.money(billing.Money{}))
}

// withSpaces makes no-break spaces readable.
func withSpaces(text string) string {
	var plain []rune
	for _, r := range text {
		if r == '\u00a0' {
			r = ' '
		}
		plain = append(plain, r)
	}
	return string(plain)
}

func TestTimesForPeople(t *testing.T) {
	at := time.Date(2026, 3, 7, 9, 5, 2, 0, time.UTC)
	require.Equal(t, "07.03.2026 09:05:02", russian.when(at))
	require.Equal(t, "7 Mar 2026, 09:05:02", english.when(at))
	require.Equal(t, "07.03.2026", russian.day(at))
	require.Equal(t, "7 Mar 2026", english.day(at))
}

func TestTypedAmounts(t *testing.T) {
	for typed, want := range map[string]string{
		"1": "1.00", "1.5": "1.50", "1,50": "1.50", "12 345 678,9": "12345678.90", "12\u202f345": "12345.00",
	} {
		m, wrong := parseAmount(typed, "RUB")
		require.Empty(t, wrong, typed)
		require.Equal(t, want, m.Value(), typed)
	}
	for typed, want := range map[string]string{
		"": "fault.amount.empty", "0": "fault.amount.zero", "0.00": "fault.amount.zero", "1.000": "fault.amount.form", "1,000": "fault.amount.form",
		"1.2.3": "fault.amount.form", "0x1": "fault.amount.form", "١": "fault.amount.form", "007": "fault.amount.form", "12 34": "fault.amount.form",
		"99999999999999999999": "fault.amount.form",
	} {
		_, wrong := parseAmount(typed, "RUB")
		require.Equal(t, want, wrong, typed)
	}
	m, wrong := parseAmount("500", "JPY")
	require.Empty(t, wrong)
	require.Equal(t, "500 JPY", m.String())
	_, wrong = parseAmount("500.0", "JPY")
	require.Equal(t, "fault.amount.form", wrong)
}
