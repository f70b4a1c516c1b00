package billing_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
)

func TestMoneyJSON(t *testing.T) {
	type order struct {
		Total billing.Money `json:"total"`
		Fee   billing.Money `json:"fee,omitzero"`
		Tip   billing.Money `json:"tip,omitzero"`
	}
	in := order{Total: rub("-123.45"), Tip: rub("0.00")}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"total":{"value":"-123.45","currency":"RUB"},"tip":{"value":"0.00","currency":"RUB"}}`, string(text), "money that is not stated is left out, zero roubles are not")
	var out order
	require.NoError(t, json.Unmarshal(text, &out))
	require.Equal(t, in, out)

	text, err = json.Marshal(billing.Money{})
	require.NoError(t, err)
	require.Equal(t, "null", string(text))
	was := rub("1.00")
	require.NoError(t, json.Unmarshal([]byte(" null "), &was))
	require.Zero(t, was)
}

func TestMoneyJSONOtherSpellings(t *testing.T) {
	for _, text := range []string{
		`{"currency":"RUB","value":"1.50"}`,
		" {\n\t\"value\" : \"1.50\" ,\r\n \"currency\" : \"RUB\" } ",
		`{"val\u0075e":"\u0031.50","currency":"RU\u0042"}`,
	} {
		var m billing.Money
		require.NoError(t, m.UnmarshalJSON([]byte(text)), text)
		require.Equal(t, rub("1.50"), m)
	}
}

func TestMoneyJSONIsStrict(t *testing.T) {
	for _, text := range []string{
		``, ` `, `nul`, `nullnull`, `true`, `1.50`, `"1.50 RUB"`, `[]`, `{}`, `{`, `}`,
		`{"value":"1.50"}`,
		`{"currency":"RUB"}`,
		`{"value":"1.50","currency":"RUB"`,
		`{"value":"1.50","currency":"RUB",}`,
		`{"value":"1.50","currency":"RUB"}}`,
		`{"value":"1.50","currency":"RUB"} {}`,
		`{"value":"1.50" "currency":"RUB"}`,
		`{"value":"1.50","currency":"RUB","value":"1.50"}`,
		`{"value":"1.50","currency":"RUB","currency":"RUB"}`,
		`{"value":"1.50","currency":"RUB","minor":150}`,
		`{"Value":"1.50","currency":"RUB"}`,
		`{"value":1.50,"currency":"RUB"}`,
		`{"value":null,"currency":"RUB"}`,
		`{"value":"1.50","currency":643}`,
		`{"value":"1.5","currency":"RUB"}`,
		`{"value":"1.50","currency":"rub"}`,
		`{"value":"1.50","currency":""}`,
		`{"value":"1.50\`,
		`{"value":"1.50`,
		`{"value`,
		`{"value":"\q.50","currency":"RUB"}`,
		"{\"value\":\"1.50\xff\",\"currency\":\"RUB\"}",
	} {
		m := rub("7.00")
		err := m.UnmarshalJSON([]byte(text))
		var wrong *billing.MoneyError
		require.ErrorAs(t, err, &wrong, text)
		require.Equal(t, rub("7.00"), m, "left as it was: %s", text)
	}
	for _, text := range []string{`{"value":"1.50"}`, `{"currency":"RUB"}`} {
		require.ErrorContains(t, new(billing.Money).UnmarshalJSON([]byte(text)), "both value and currency are required")
	}
}

func TestMoneyText(t *testing.T) {
	for _, m := range []billing.Money{rub("-0.05"), billing.MustMoney("500", "JPY"), {}} {
		text, err := m.MarshalText()
		require.NoError(t, err)
		require.Equal(t, m.String(), string(text))
		out := rub("7.00")
		require.NoError(t, out.UnmarshalText(text))
		require.Equal(t, m, out)
	}
	for _, text := range []string{" ", "RUB", "1.00", "1.00RUB", "1.00  RUB", "1.00 RUB ", "RUB 1.00", "1.0 RUB"} {
		m := rub("7.00")
		var wrong *billing.MoneyError
		require.ErrorAs(t, m.UnmarshalText([]byte(text)), &wrong, text)
		require.Equal(t, rub("7.00"), m)
	}
}

func FuzzMoneyText(f *testing.F) {
	for _, s := range [][2]string{
		{"100.00", "RUB"},
		{"-0.01", "RUB"},
		{"500", "JPY"},
		{"1.005", "KWD"},
		{"-0.00", "RUB"},
		{"1e2", "RUB"},
		{"92233720368547758.07", "RUB"},
		{"92233720368547758.08", "RUB"},
		{"1.5", "RUB"},
		{"1.500", "RUB"},
		{"", ""},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, value, currency string) {
		m, err := billing.ParseMoney(value, currency)
		loose, looseErr := billing.ParseMoneyUnpadded(value, currency)
		if err == nil {
			require.Equal(t, value+" "+currency, m.String(), "one amount has one spelling")
			require.NoError(t, looseErr)
			require.Equal(t, m, loose)
		}
		if looseErr == nil {
			again, err := billing.ParseMoney(loose.Value(), currency)
			require.NoError(t, err)
			require.Equal(t, loose, again)
		}
	})
}

func FuzzMoneyJSON(f *testing.F) {
	for _, s := range []string{
		`{"value":"123.45","currency":"RUB"}`, `null`, `{"value":"1","currency":"JPY"}`, `{"value":1}`,
		`{"value":"1.00","value":"1.00","currency":"RUB"}`, `{"val\u0075e":"1.00","currency":"RUB"}`, `{"value":"\`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m billing.Money
		if m.UnmarshalJSON(data) != nil {
			return
		}
		require.True(t, json.Valid(data), "what is taken is JSON")
		text, err := json.Marshal(m)
		require.NoError(t, err)
		var again billing.Money
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, m, again)
		if m == (billing.Money{}) {
			return
		}
		var plain map[string]string // encoding/json sees the same
		require.NoError(t, json.Unmarshal(data, &plain))
		require.Equal(t, map[string]string{"value": m.Value(), "currency": string(m.Currency())}, plain)
	})
}
