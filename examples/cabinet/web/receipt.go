package web

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/payment"
)

// operatorReceiptPage is an unallocated receipt as an operator sees it.
type operatorReceiptPage struct {
	Receipt payment.Receipt
	Account string
	Worth   string
	history
}

func (s *Site) operatorReceipt(v visit) error {
	rcp, err := s.cfg.Payments.Receipt(v.r.Context(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.showReceipt(v, rcp, frame{})
}

func (s *Site) showReceipt(v visit, rcp payment.Receipt, f frame) error {
	page := operatorReceiptPage{Receipt: rcp, Account: s.cfg.Account, Worth: rcp.Amount.Value()}
	var err error
	if page.history, err = s.history(v.r.Context(), rcp.ID); err != nil {
		return err
	}
	f.Page, f.Section, f.Title, f.Here, f.Body = "operator_receipt", "operator", "operator.receipt", "/operator/receipts/"+rcp.ID, page
	return s.show(v, f)
}

// receiptCommands are what an operator can do to an unallocated receipt.
var receiptCommands = map[string]func(*Site, visit, string) error{
	"assign": (*Site).assign,
	"return": (*Site).giveBack,
}

func (s *Site) receiptCommand(v visit) error {
	do, id := receiptCommands[v.r.PathValue("order")], v.r.PathValue("id")
	if do == nil {
		return errNowhere
	}
	err := do(s, v, id)
	if err == nil {
		return v.see("/operator/receipts/" + id)
	}
	f := faultOf(err)
	rcp, lookup := s.cfg.Payments.Receipt(v.r.Context(), id)
	if f.status == http.StatusInternalServerError || lookup != nil {
		return cmp.Or(lookup, err)
	}
	return s.showReceipt(v, rcp, frame{Status: f.status, Alert: f.text})
}

// assign gives a receipt to a payment when one is named, else to an account.
func (s *Site) assign(v visit, id string) error {
	form := v.r.PostForm
	to := payment.AssignParams{
		By: operatorName, Reason: reasonOf(v), Receipt: id,
		Payment: strings.TrimSpace(form.Get("payment")), Account: strings.TrimSpace(form.Get("account")),
	}
	currency, err := s.currencyOf(v, &to)
	if err != nil {
		return err
	}
	if to.Worth, err = typedWorth(form.Get("worth"), currency); err != nil {
		return err
	}
	_, err = s.cfg.Payments.Assign(v.r.Context(), to)
	return err
}

// currencyOf is the currency of whatever takes the money.
func (s *Site) currencyOf(v visit, to *payment.AssignParams) (billing.Currency, error) {
	if to.Payment != "" {
		to.Account = ""
		p, err := s.cfg.Payments.Payment(v.r.Context(), to.Payment)
		return p.Total.Currency(), err
	}
	account, err := s.cfg.Book.Account(v.r.Context(), to.Account)
	return account.Currency, err
}

func (s *Site) giveBack(v visit, id string) error {
	_, err := s.cfg.Payments.ReturnReceipt(v.r.Context(), payment.ReturnParams{By: operatorName, Reason: reasonOf(v), Receipt: id})
	return err
}
