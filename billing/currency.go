package billing

//go:generate go run ./internal/gencurrency

// Currency is a currency by its three upper-case ISO 4217 letters, such as "RUB". The zero value is no currency.
//
// Known are the currencies of the official list that have minor units, so neither gold (XAU) nor the testing code
// (XTS), and those withdrawn since 2024 (ANG, BGN, CUC), because money recorded in them has to remain readable. Minor
// units follow ISO and not CLDR, which writes, for instance, AMD and UZS without decimals.
type Currency string

// ParseCurrency returns the currency with the given letters. They are matched exactly: lower case and surrounding
// space are refused with a *MoneyError that is ErrUnknownCurrency.
func ParseCurrency(s string) (Currency, error) {
	c := Currency(s)
	if !c.Valid() {
		return "", &MoneyError{Field: "currency", Text: printable(s), Err: ErrUnknownCurrency}
	}
	return c, nil
}

// Digits returns how many decimal places an amount in the currency has: 0, 2, 3 or 4; -1 for an unknown currency.
func (c Currency) Digits() int { return digitsOf(c) }

// Numeric returns the three digits of ISO 4217, such as "643" for RUB, which acquirers use in place of the letters;
// it is empty for an unknown currency. XCG and the withdrawn ANG share 532.
func (c Currency) Numeric() string { return numberOf(c) }

// Valid reports whether the currency is known.
func (c Currency) Valid() bool { return digitsOf(c) >= 0 }
