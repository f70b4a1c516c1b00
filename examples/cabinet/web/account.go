package web

import (
	"context"
	"net/http"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// accountPage is the subscriber's first page.
type accountPage struct {
	Account   billing.Account
	TopUp     topUpForm
	Due       []payment.Payment // for rendered services, to be paid
	Payments  []payment.Payment // the newest first
	Older     string            // the last payment of this page, when there are more
	Statement statement
}

// paymentsShown is how many payments stand on a page.
const paymentsShown = 10

func (s *Site) account(v visit) error {
	form, err := s.newTopUp(v)
	if err != nil {
		return err
	}
	return s.showAccount(v, http.StatusOK, form)
}

// showAccount shows the account with the top-up form as it was filled in.
func (s *Site) showAccount(v visit, status int, form topUpForm) error {
	ctx := v.r.Context()
	p := accountPage{TopUp: form}
	var err error
	if p.Account, err = s.cfg.Book.Account(ctx, s.cfg.Account); err != nil {
		return err
	}
	if p.Due, err = s.due(ctx); err != nil {
		return err
	}
	if p.Payments, p.Older, err = s.listPayments(ctx, s.cfg.Account, v.r.URL.Query().Get("before")); err != nil {
		return err
	}
	if p.Statement, err = s.statement(v, p.Account.ID); err != nil {
		return err
	}
	return s.show(v, frame{Page: "account", Status: status, Title: "account.title", Here: "/", Body: p})
}

// due lists what the account owes for services.
func (s *Site) due(ctx context.Context) ([]payment.Payment, error) {
	var due []payment.Payment
	for _, status := range []payment.Status{payment.Expired, payment.WaitingForPayment} {
		list, err := s.cfg.Payments.Payments(ctx, payment.ListParams{Account: s.cfg.Account, Status: status, Limit: paymentsShown})
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			if p.Purpose == payment.RenderedServices {
				due = append(due, p)
			}
		}
	}
	return due, nil
}

// listPayments reads a page of payments; older is where the next one begins.
func (s *Site) listPayments(ctx context.Context, account, before string) (list []payment.Payment, older string, err error) {
	list, err = s.cfg.Payments.Payments(ctx, payment.ListParams{Account: account, Before: before, Limit: paymentsShown + 1})
	if err == nil && len(list) > paymentsShown {
		list = list[:paymentsShown]
		older = list[paymentsShown-1].ID
	}
	return list, older, err
}

// statement is the account's statement over a period of whole days.
type statement struct {
	From, To string // as the date fields have them; empty: no bound
	Fault    string // key of what is wrong with them
	billing.Statement
}

const (
	dateField     = "2006-01-02"
	statementDays = 30
	entriesShown  = 50
)

// statement reads the period from the address: without one it is the last thirty days, and "all" has no bounds.
func (s *Site) statement(v visit, account string) (statement, error) {
	q := v.r.URL.Query()
	today := s.cfg.Now().In(s.cfg.Zone)
	st := statement{From: today.AddDate(0, 0, 1-statementDays).Format(dateField), To: today.Format(dateField)}
	if q.Has("from") || q.Has("to") {
		st.From, st.To = q.Get("from"), q.Get("to")
	}
	params := billing.StatementParams{Account: account, Limit: entriesShown}
	var ok1, ok2 bool
	params.From, ok1 = s.readDay(st.From, 0)
	params.To, ok2 = s.readDay(st.To, 1)
	switch {
	case !ok1 || !ok2:
		st.Fault = "fault.period.form"
	case !params.From.IsZero() && !params.To.IsZero() && !params.From.Before(params.To):
		st.Fault = "fault.period.order"
	}
	if st.Fault != "" {
		params.From, params.To = time.Time{}, time.Time{}
	}
	params.After = positive(q.Get("after"))
	var err error
	st.Statement, err = s.cfg.Book.Statement(v.r.Context(), params)
	return st, err
}

// readDay gives the beginning of a day, or of the one after it; the zero time for an empty text.
func (s *Site) readDay(text string, after int) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	day, err := time.ParseInLocation(dateField, text, s.cfg.Zone)
	return day.AddDate(0, 0, after), err == nil
}
