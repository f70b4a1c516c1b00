package payment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
)

// CreateParams describe a new payment.
type CreateParams struct {
	Key         string        // idempotency key: the same key and parameters give the same payment; empty: none
	By          string        // who does it, as the host calls them
	Reseller    string        // default: the root reseller
	Account     string        // who owes; required
	Total       billing.Money // required, positive
	Purpose     Purpose       // required
	Description string        // for the payer's eyes; without personal data
	Order       string        // the host's order, if there is one
	DueAt       time.Time     // for rendered services: when the payment expires; zero: never
	Pending     bool          // for rendered services: the host's ERP has to approve the invoice first
	Payer       connector.Payer
}

// Create makes a payment. It can be paid at once, unless Pending is set.
//
// Errors: [*ParamError] for what is wrong, all at once; [ErrKeyReused] when the key stands for other parameters.
func (s *Service) Create(ctx context.Context, p CreateParams) (Payment, error) {
	if p.Reseller == "" {
		p.Reseller = s.cfg.Connectors.Root()
	}
	p.DueAt = p.DueAt.UTC().Truncate(time.Microsecond)
	if err := p.check(); err != nil {
		return Payment{}, err
	}
	id, err := s.newID("pay_")
	if err != nil {
		return Payment{}, err
	}
	return s.create(ctx, id, p, nil)
}

// create writes a payment under an ID that was chosen before.
func (s *Service) create(ctx context.Context, id string, p CreateParams, joined []string) (Payment, error) {
	asked := p
	asked.Payer = connector.Payer{} // may be erased, and would show in the fingerprint
	claim := s.keyClaim(p.Reseller, "create", p.Key, asked)
	for range tries {
		l, t := s.birth(id, p, joined)
		if claim != nil {
			t.claims = append(t.claims, *claim)
		}
		on := EventCreated
		if p.Pending {
			on = EventCreatedPending
		}
		if err := t.raise(on, nil, nil); err != nil {
			return Payment{}, err
		}
		made, err := s.commit(ctx, l, t, nil)
		if owner, ok := claimedBy(err, claim); ok {
			return s.repeated(ctx, owner, claim)
		}
		if err == nil || !errors.Is(err, ErrConflict) || s.inTx {
			return made, err
		}
		if there, err := s.Payment(ctx, id); !errors.Is(err, ErrNotFound) {
			return there, err // a successor, made by somebody else a moment ago
		}
	}
	return Payment{}, ErrConflict
}

// birth is a payment before its first event.
func (s *Service) birth(id string, p CreateParams, joined []string) (loaded, *turn) {
	l := loaded{rec: Record{Personal: personal{Payer: p.Payer}.text()}}
	t := s.turn(Payment{
		ID: id, Reseller: p.Reseller, Account: p.Account, Purpose: p.Purpose, Description: p.Description, Order: p.Order,
		Joined: joined,
	}, actor{by: p.By})
	t.p.CreatedAt = t.now
	t.p.Total = p.Total
	t.p.DueAt = p.DueAt
	born := t.p
	t.birth = &born
	return l, t
}

// check names everything that is wrong.
func (p CreateParams) check() error {
	var faults faults
	faults.text("Key", p.Key, 0, 200)
	faults.text("Account", p.Account, 1, 100)
	faults.text("Reseller", p.Reseller, 1, 100)
	faults.text("Description", p.Description, 0, 1000)
	faults.text("Order", p.Order, 0, 100)
	faults.text("By", p.By, 0, 100)
	faults.account("Account", p.Account)
	faults.add(p.Total.Sign() <= 0, "Total", "must be positive")
	faults.time("DueAt", p.DueAt)
	switch p.Purpose {
	case RenderedServices:
	case Order, TopUp:
		faults.add(!p.DueAt.IsZero(), "DueAt", "only payments for rendered services have a due date")
		faults.add(p.Pending, "Pending", "only payments for rendered services wait for their billing")
	default:
		faults.add(true, "Purpose", "unknown")
	}
	return faults.err()
}

// faults gathers wrong parameters.
type faults []error

func (f *faults) add(wrong bool, field, reason string) {
	if wrong {
		*f = append(*f, &ParamError{Field: field, Reason: reason})
	}
}

func (f *faults) text(field, value string, least, most int) {
	f.add(len(value) < least, field, "required")
	f.add(len(value) > most, field, fmt.Sprintf("longer than %d bytes", most))
	f.add(!utf8.ValidString(value), field, "not valid UTF-8")
	f.add(strings.ContainsRune(value, 0), field, "holds a zero byte")
}

// account refuses what no ledger would take: money for it could be received and never credited.
func (f *faults) account(field, value string) {
	posting := billing.Posting{Key: "key", Account: value, Amount: billing.MustMoney("1.00", "RUB"), At: time.Unix(1, 0)}
	f.add(value != "" && posting.Validate() != nil, field, "not an account of a ledger: see billing.Posting")
}

func (f *faults) time(field string, value time.Time) {
	f.add(!value.IsZero() && (value.Year() < 1970 || value.Year() > 9999), field, "not between 1970 and 9999")
}

func (f faults) err() error { return errors.Join(f...) }

// keyClaim is the claim of an idempotency key with the fingerprint of the parameters it stands for; nil without a key.
// Keys are kept for ever, so longer than the 90 days that the law book asks for.
func (s *Service) keyClaim(reseller, command, key string, params any) *Claim {
	if key == "" {
		return nil
	}
	print := sha256.Sum256(stated(params))
	return &Claim{Scope: "key/" + reseller + "/" + command, Key: key, Print: hex.EncodeToString(print[:])}
}

// stated is the JSON of what parameters state, sorted by name. What is left out is not in it, so a parameter that is added
// one day leaves the fingerprints of older commands as they are.
func stated(params any) []byte {
	var tree any
	if err := json.Unmarshal(encode(params), &tree); err != nil {
		return nil
	}
	return encode(prune(tree))
}

func prune(tree any) any {
	members, ok := tree.(map[string]any)
	if !ok {
		return tree
	}
	for name, v := range members {
		if v = prune(v); empty(v) {
			delete(members, name)
			continue
		}
		members[name] = v
	}
	if len(members) == 0 {
		return nil
	}
	return members
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == "0001-01-01T00:00:00Z"
	case bool:
		return !v
	case float64:
		return v == 0
	}
	return false
}

// claimedBy reports whether err says that this very claim is held already.
func claimedBy(err error, want *Claim) (Claim, bool) {
	var taken *ClaimedError
	if want == nil || !errors.As(err, &taken) {
		return Claim{}, false
	}
	return taken.Claim, taken.Claim.Scope == want.Scope && taken.Claim.Key == want.Key
}

// repeated answers a command whose key was used before.
func (s *Service) repeated(ctx context.Context, held Claim, want *Claim) (Payment, error) {
	if held.Print != want.Print {
		return Payment{}, ErrKeyReused
	}
	l, err := s.load(ctx, held.Record)
	return l.view(), err
}

// Payment reads a payment. ErrNotFound if there is none.
func (s *Service) Payment(ctx context.Context, id string) (Payment, error) {
	l, err := s.load(ctx, id)
	return l.view(), err
}

// Erase deletes the personal data of a payment: what was told about the person who pays, and what a live attempt shows
// them. The history stays whole, because it never held any.
func (s *Service) Erase(ctx context.Context, p CommandParams) (Payment, error) {
	if err := p.check(true); err != nil {
		return Payment{}, err
	}
	for range tries {
		l, err := s.load(ctx, p.Payment)
		if err != nil || l.rec.Personal == nil {
			return l.view(), err
		}
		l.rec.Personal = nil
		t := s.turn(l.doc.Payment, actor{p.By, p.Reason})
		if err := t.raise(EventErased, nil, nil); err != nil {
			return Payment{}, err
		}
		made, err := s.commit(ctx, l, t, nil)
		if err == nil || !errors.Is(err, ErrConflict) || s.inTx {
			return made, err
		}
	}
	return Payment{}, ErrConflict
}
