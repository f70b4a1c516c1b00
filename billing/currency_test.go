package billing_test

import (
	"encoding/csv"
	"encoding/xml"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/billing"
)

type isoEntry struct {
	Code   string `xml:"Ccy"`
	Number string `xml:"CcyNbr"`
	Units  string `xml:"CcyMnrUnts"`
}

// official returns the known currencies as the list and the amendments say.
func official(t *testing.T) map[string]isoEntry {
	t.Helper()
	text, err := os.ReadFile("testdata/iso-4217-list-one.xml")
	require.NoError(t, err)
	var list struct {
		Entries []isoEntry `xml:"CcyTbl>CcyNtry"`
	}
	require.NoError(t, xml.Unmarshal(text, &list))
	codes := make(map[string]isoEntry)
	for _, e := range list.Entries {
		if e.Code != "" {
			codes[e.Code] = e
		}
	}
	require.Len(t, codes, 179, "codes in the list of 2024-06-25")

	amendments, err := os.ReadFile("testdata/iso-4217-amendments.csv")
	require.NoError(t, err)
	rows := csv.NewReader(strings.NewReader(string(amendments)))
	rows.Comment = '#'
	records, err := rows.ReadAll()
	require.NoError(t, err)
	for _, r := range records { // what is withdrawn stays
		codes[r[3]] = isoEntry{Code: r[3], Number: r[4], Units: r[5]}
	}
	return codes
}

func TestTableEqualsListAndAmendments(t *testing.T) {
	want := official(t)
	known := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				code := string([]rune{a, b, c})
				iso, listed := want[code]
				digits, err := strconv.Atoi(iso.Units)
				if !listed || err != nil { // "N.A.": gold and the like
					digits, iso.Number = -1, ""
				}
				cur := billing.Currency(code)
				require.Equal(t, digits, cur.Digits(), code)
				require.Equal(t, iso.Number, cur.Numeric(), code)
				require.Equal(t, digits >= 0, cur.Valid(), code)
				if cur.Valid() {
					known++
				}
			}
		}
	}
	require.Equal(t, 168, known)
}

func TestMinorUnitsFollowISONotCLDR(t *testing.T) {
	for code, digits := range map[billing.Currency]int{
		"RUB": 2, "KZT": 2, "USD": 2, "JPY": 0, "KWD": 3, "CLF": 4, "AMD": 2, "UZS": 2, "IDR": 2, "RSD": 2, "IQD": 3,
		"MRU": 2, "SLE": 2, "UYW": 4, "VED": 2, "VES": 2, "ZWG": 2, "XAU": -1, "XTS": -1, "XXX": -1,
	} {
		require.Equal(t, digits, code.Digits(), string(code))
	}
}

func TestParseCurrencyIsExact(t *testing.T) {
	c, err := billing.ParseCurrency("RUB")
	require.NoError(t, err)
	require.Equal(t, billing.Currency("RUB"), c)
	require.Equal(t, "643", c.Numeric())

	for _, s := range []string{"", "rub", "Rub", " RUB", "RUB ", "RU", "RUBB", "643", "RUR", "XAU", "РУБ", "RU\x00"} {
		_, err := billing.ParseCurrency(s)
		require.ErrorIs(t, err, billing.ErrUnknownCurrency, "%q", s)
	}
}
