package web

import (
	"net/http"
	"slices"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// paymentPage is a payment as its payer sees it.
type paymentPage struct {
	Payment payment.Payment
	Story   story
	Posting payment.PostingState
	Balance billing.Money
	Methods []connector.Method
	Key     string
	Amount  string            // typed for the part to be paid from the balance
	Faults  map[string]string // key of the catalog by field
}

// CanStart, CanUseBalance, CanCancel and CanContinue say which buttons there are. The service decides again when one is
// pressed.
func (p paymentPage) CanStart() bool      { return p.Payment.Payable() && len(p.Methods) > 0 }
func (p paymentPage) CanUseBalance() bool { return mayUseBalance(p.Payment) }
func (p paymentPage) CanCancel() bool     { return mayCancel(p.Payment) }
func (p paymentPage) CanContinue() bool   { return p.Payment.Attempt(p.Payment.Current).Show.URL != "" }

// Attempts are the tries, the newest first.
func (p paymentPage) Attempts() []payment.Attempt {
	list := slices.Clone(p.Payment.Attempts)
	slices.Reverse(list)
	return list
}

// own reads a payment of the account whose cabinet this is.
func (s *Site) own(v visit) (payment.Payment, error) {
	p, err := s.cfg.Payments.Payment(v.r.Context(), v.r.PathValue("payment"))
	if err == nil && p.Account != s.cfg.Account {
		err = payment.ErrNotFound
	}
	return p, err
}

func (s *Site) payment(v visit) error {
	p, err := s.own(v)
	if err != nil {
		return err
	}
	return s.showPayment(v, p, frame{}, paymentPage{})
}

// showPayment shows a payment; f and page bring what the last command left behind.
func (s *Site) showPayment(v visit, p payment.Payment, f frame, page paymentPage) error {
	ctx := v.r.Context()
	var err error
	page.Payment, page.Key = p, newKey()
	if page.Posting, err = s.cfg.Payments.Posting(ctx, p.ID); err != nil {
		return err
	}
	if page.Balance, err = s.cfg.Book.Balance(ctx, s.cfg.Account); err != nil {
		return err
	}
	if page.Methods, err = s.offered(v); err != nil {
		return err
	}
	if page.Amount == "" {
		page.Amount = p.Outstanding().Value()
	}
	page.Story = tell(p, page.Posting)
	f.Page, f.Title, f.Here, f.Refresh, f.Body = "payment", "payment.title", "/payments/"+p.ID, page.Story.refresh, page
	return s.show(v, f)
}

// pay takes the payer to the gateway's page: by a link at once, by a form with a button, because a form cannot be sent
// without a script otherwise.
func (s *Site) pay(v visit) error {
	p, err := s.own(v)
	if err != nil {
		return err
	}
	show := p.Attempt(p.Current).Show
	switch {
	case show.URL == "":
		return v.see("/payments/" + p.ID)
	case show.Method != http.MethodPost:
		return v.see(show.URL)
	}
	return s.show(v, frame{Page: "handoff", Title: "handoff.title", Body: map[string]any{"Payment": p, "Show": show}})
}

// comeBack is where gateways send the payer's browser, by GET or POST. It proves nothing and is not listened to.
func (s *Site) comeBack(v visit) error {
	p, err := s.cfg.Payments.Payment(v.r.Context(), v.r.PathValue("payment"))
	if err != nil {
		return err
	}
	return v.see("/payments/" + p.ID)
}

// refused shows a payment with the reason why a command did nothing; an error of ours gets a page of its own.
func (s *Site) refused(v visit, id string, cause error) error {
	f := faultOf(cause)
	if f.status == http.StatusInternalServerError {
		return cause
	}
	p, err := s.cfg.Payments.Payment(v.r.Context(), id)
	if err != nil {
		return err
	}
	return s.showPayment(v, p, frame{Status: f.status, Alert: f.text}, paymentPage{})
}

func mayUseBalance(p payment.Payment) bool {
	return p.Payable() && p.Purpose != payment.TopUp && p.External == (billing.Money{})
}

func mayCancel(p payment.Payment) bool {
	return p.Status == payment.PendingBilling || p.Status == payment.WaitingForPayment && p.Purpose != payment.RenderedServices
}

// payerCommands are what a payer can order on the page of a payment, by the last part of the address.
var payerCommands = map[string]func(*Site, visit, payment.Payment) error{
	"start":   (*Site).startAgain,
	"balance": (*Site).payFromBalance,
	"cancel":  (*Site).cancel,
}

func (s *Site) payerCommand(v visit) error {
	order := payerCommands[v.r.PathValue("command")]
	if order == nil {
		return errNowhere
	}
	p, err := s.own(v)
	if err != nil {
		return err
	}
	return order(s, v, p)
}

func (s *Site) startAgain(v visit, p payment.Payment) error {
	method := v.r.PostForm.Get("method")
	methods, err := s.offered(v)
	if err != nil {
		return err
	}
	if !isOffered(methods, method) {
		page := paymentPage{Faults: map[string]string{"method": "fault.method"}}
		return s.showPayment(v, p, frame{Status: http.StatusUnprocessableEntity}, page)
	}
	return s.start(v, p.ID, method, v.r.PostForm.Get("key"))
}

func (s *Site) payFromBalance(v visit, p payment.Payment) error {
	page := paymentPage{Amount: v.r.PostForm.Get("amount"), Faults: map[string]string{}}
	amount, wrong := parseAmount(page.Amount, p.Total.Currency())
	if wrong == "" && p.Payable() {
		if order, err := amount.Cmp(p.Outstanding()); err != nil || order > 0 {
			wrong = "fault.amount.outstanding"
		}
	}
	if wrong != "" {
		page.Faults["amount"] = wrong
		return s.showPayment(v, p, frame{Status: http.StatusUnprocessableEntity}, page)
	}
	_, err := s.cfg.Payments.PayFromBalance(v.r.Context(), payment.PayFromBalanceParams{CommandParams: s.byPayer(v, p), Amount: amount})
	return s.done(v, p.ID, err)
}

func (s *Site) cancel(v visit, p payment.Payment) error {
	_, err := s.cfg.Payments.Cancel(v.r.Context(), s.byPayer(v, p))
	return s.done(v, p.ID, err)
}

func (s *Site) byPayer(v visit, p payment.Payment) payment.CommandParams {
	return payment.CommandParams{Key: v.r.PostForm.Get("key"), By: s.cfg.Account, Payment: p.ID}
}

// done goes back to the payment after a command, or says why it did nothing.
func (s *Site) done(v visit, id string, err error) error {
	if err != nil {
		return s.refused(v, id, err)
	}
	return v.see("/payments/" + id)
}
