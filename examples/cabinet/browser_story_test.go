package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInARealBrowser goes through the pages in Chromium with scripts switched off: what CSP, redirects and layout do only
// a browser knows. It runs when OPLATA_BROWSER is set: to 1, or to a folder that the pictures are kept in.
func TestInARealBrowser(t *testing.T) {
	folder := os.Getenv("OPLATA_BROWSER")
	switch folder {
	case "":
		t.Log("set OPLATA_BROWSER=1 to go through the pages in Chromium")
		return
	case "1":
		folder = t.TempDir()
	}
	p := startProgram(t, t.TempDir())
	defer p.finish(t)
	b := startChromium(t, folder)
	b.size(1280, false)

	b.open(p.site + "/")
	require.Contains(t, b.text(), "760,00 ₽")
	b.look("account-ru")

	// A form to our own page, whose button posts to the simulator.
	b.write("#amount", "100,50")
	b.follow("#topup button.main")
	require.Contains(t, b.text(), "Переход к оплате")
	b.look("handoff-ru")
	b.follow("main button.main")
	require.Contains(t, b.text(), "Что сделает платёжная система?")
	b.look("simulator-ru")
	b.follow("button[value=pay]")
	b.follow("a.back")
	b.until("Баланс пополнен")
	b.look("paid-ru")

	// A form whose redirect leads straight to the simulator; the answer comes while the payment page waits.
	b.open(p.site + "/?lang=en")
	b.look("account-en")
	b.write("#amount", "55")
	b.click("input[value=chronopay]")
	b.follow("#topup button.main")
	require.Contains(t, b.text(), "What will the payment system do?")
	b.follow("button[value=pay_twice_told]")
	b.follow("a.back")
	b.until("The balance is topped up")
	b.look("paid-en")

	b.open(p.site + "/")
	require.Contains(t, b.text(), "915.50 RUB")
	b.write("#amount", "ten")
	b.follow("#topup button.main")
	require.Contains(t, b.text(), "Enter a number such as 500 or 499.90.")
	b.look("fault-en")

	// Refused, and another amount, which an operator resolves.
	b.open(p.site + "/?lang=ru")
	b.write("#amount", "30")
	b.follow("#topup button.main")
	b.follow("main button.main")
	b.follow("button[value=decline]")
	b.follow("a.back")
	b.until("Оплата не прошла")
	b.look("declined-ru")
	b.follow("form[action$='/start'] button")
	b.follow("main button.main")
	b.follow("button[value=pay_other]")
	b.follow("a.back")
	b.until("Платёж на проверке")
	b.look("review-ru")
	b.open(p.site + "/operator")
	b.look("operator-ru")
	b.follow("main a.row")
	b.look("operator-payment-ru")
	b.write("#why", "позвонили плательщику")
	b.follow("form[action$='/resolve'] button")
	require.Contains(t, b.text(), "История цела")
	b.look("operator-resolved-ru")

	b.open(p.site + "/?lang=en")
	b.follow("main ul.rows a.row")
	b.look("services-en")
	b.follow("form[action$='/balance'] button")
	b.until("Paid from the balance")
	b.look("from-balance-en")
	b.open(p.site + "/nowhere")
	b.look("nowhere-en")
}
