package billing

import (
	"math"
	"strconv"
	"strings"
)

// ParseMoney reads an amount written with exactly the currency's decimal places: "100.00" and "RUB", "100" and "JPY".
// A minus may stand in front. Refused are a plus, an exponent, spaces, separators of thousands, a decimal comma, a
// point without digits on both sides, leading zeros and "-0.00", so that an amount has one spelling only; and amounts
// that do not fit. The error is a *MoneyError.
func ParseMoney(value, currency string) (Money, error) {
	return parseMoney(value, currency, true)
}

// ParseMoneyUnpadded reads an amount of a gateway that does not pad what it sends: "500" and "1.5" are 500.00 and
// 1.50 RUB. Decimal places beyond the currency's are taken when they are zeros: "500.00" is 500 JPY. All else is
// refused as by ParseMoney. Never use it where a signature covers the text as it came.
func ParseMoneyUnpadded(value, currency string) (Money, error) {
	return parseMoney(value, currency, false)
}

func parseMoney(value, currency string, padded bool) (Money, error) {
	c, err := ParseCurrency(currency)
	if err != nil {
		return Money{}, err
	}
	minor, fault := parseMinor(value, c.Digits(), padded)
	if fault == "" {
		return Money{minor, c}, nil
	}
	if fault == outOfRange {
		return Money{}, &MoneyError{Field: "value", Text: printable(value), Err: ErrOverflow}
	}
	return Money{}, &MoneyError{Field: "value", Text: printable(value), Why: fault, Err: ErrMalformedAmount}
}

const outOfRange = "out of range"

// parseMinor returns the minor units of a decimal with the given places, or what is wrong with it.
func parseMinor(value string, places int, padded bool) (minor int64, fault string) {
	digits, negative := strings.CutPrefix(value, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	switch {
	case whole == "" || point && fraction == "":
		return 0, "digits are missing"
	case !isDecimal(whole) || !isDecimal(fraction):
		return 0, "only digits, one point and a leading minus are allowed"
	case len(whole) > 1 && whole[0] == '0':
		return 0, "leading zero"
	case padded && len(fraction) != places:
		return 0, "exactly " + strconv.Itoa(places) + " decimal places are required"
	}
	if len(fraction) > places {
		if strings.Trim(fraction[places:], "0") != "" {
			return 0, "at most " + strconv.Itoa(places) + " decimal places are possible"
		}
		fraction = fraction[:places]
	}
	minor, ok := appendDigits(0, whole)
	if ok {
		minor, ok = appendDigits(minor, fraction)
	}
	for range places - len(fraction) {
		if ok {
			minor, ok = appendDigits(minor, "0")
		}
	}
	switch {
	case !ok:
		return 0, outOfRange
	case negative && minor == 0:
		return 0, "negative zero"
	case negative:
		minor = -minor
	}
	return minor, ""
}

func isDecimal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// appendDigits returns n with decimal digits written behind it, and whether that fits.
func appendDigits(n int64, digits string) (int64, bool) {
	for i := range len(digits) {
		digit := int64(digits[i] - '0')
		if n > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}
