package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"regexp"
	"strconv"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// topUpForm is the form as it is shown: what was typed, what there is to choose, and what is wrong.
type topUpForm struct {
	Key      string // idempotency key: however often the form is sent, it makes one payment
	Amount   string
	Method   string
	Currency billing.Currency
	Methods  []connector.Method
	Faults   map[string]string // key of the catalog by field
}

// Bounds of one top-up in minor units. Hosts set theirs; these keep the demonstration readable.
const (
	leastTopUp = 1_00
	mostTopUp  = 100_000_00
)

var keyShape = regexp.MustCompile(`^[A-Z2-7]{20,64}$`)

// newKey is an idempotency key for a form.
func newKey() string { return rand.Text() }

// newTopUp is an empty form with what the account may choose.
func (s *Site) newTopUp(v visit) (topUpForm, error) {
	methods, err := s.offered(v)
	if err != nil {
		return topUpForm{}, err
	}
	account, err := s.cfg.Book.Account(v.r.Context(), s.cfg.Account)
	f := topUpForm{Key: newKey(), Currency: account.Currency, Methods: methods}
	if len(methods) > 0 {
		f.Method = methods[0].ID
	}
	return f, err
}

// offered are the payment methods that the account may choose.
func (s *Site) offered(v visit) ([]connector.Method, error) {
	return s.cfg.Connectors.Offered(v.r.Context(), s.cfg.Connectors.Root(), "")
}

// topUp makes a payment and begins its first attempt. A form with faults is shown again and nothing is made.
func (s *Site) topUp(v visit) error {
	f, err := s.newTopUp(v)
	if err != nil {
		return err
	}
	fresh := f.Key
	f.Key, f.Amount, f.Method = v.r.PostForm.Get("key"), v.r.PostForm.Get("amount"), v.r.PostForm.Get("method")
	total := f.check()
	if len(f.Faults) > 0 {
		f.Key = fresh
		return s.showAccount(v, http.StatusUnprocessableEntity, f)
	}
	ctx := v.r.Context()
	description, err := v.lang.say("topup.description", s.cfg.Account)
	if err != nil {
		return err
	}
	p, err := s.cfg.Payments.Create(ctx, payment.CreateParams{
		Key: f.Key, By: s.cfg.Account, Account: s.cfg.Account, Total: total, Purpose: payment.TopUp, Description: description,
	})
	if errors.Is(err, payment.ErrKeyReused) {
		f.Key, f.Faults = fresh, map[string]string{"form": "fault.form.used"}
		return s.showAccount(v, http.StatusConflict, f)
	}
	if err != nil {
		return err
	}
	return s.start(v, p.ID, f.Method, f.Key)
}

// check gives the amount, or notes everything that is wrong.
func (f *topUpForm) check() billing.Money {
	f.Faults = map[string]string{}
	total, wrong := parseAmount(f.Amount, f.Currency)
	switch {
	case wrong != "":
		f.Faults["amount"] = wrong
	case total.Minor() < leastTopUp:
		f.Faults["amount"] = "fault.amount.least"
	case total.Minor() > mostTopUp:
		f.Faults["amount"] = "fault.amount.large"
	}
	if !isOffered(f.Methods, f.Method) {
		f.Faults["method"] = "fault.method"
	}
	if !keyShape.MatchString(f.Key) {
		f.Faults["form"] = "fault.form.used"
	}
	return total
}

func isOffered(methods []connector.Method, id string) bool {
	for _, m := range methods {
		if m.ID == id {
			return true
		}
	}
	return false
}

// start begins an attempt and sends the browser to what it has to show. Starting twice under one key is one attempt.
func (s *Site) start(v visit, id, method, key string) error {
	_, err := s.cfg.Payments.Start(v.r.Context(), payment.StartParams{
		Key: key, By: s.cfg.Account, Payment: id, Method: method,
		ReturnURL: s.cfg.BaseURL + "/return/" + id, Language: string(v.lang),
	})
	if err != nil {
		return s.refused(v, id, err)
	}
	return v.see("/payments/" + id + "/pay")
}

// positive reads a number from an address; what is none is 0.
func positive(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
