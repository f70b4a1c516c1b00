package billing

import (
	"context"
	"errors"
	"fmt"
)

// Book is the shipped Ledger: accounts with entries in a Store. An account comes into being with Open or with its
// first credit, in that credit's currency; OpenOnly forbids the latter. A Book keeps no state beside its store, so
// that any number of Books, also in several processes, may share one.
type Book struct {
	store    Store
	openOnly bool
}

var (
	_ Ledger         = (*Book)(nil)
	_ AccountChecker = (*Book)(nil)
)

// NewBook returns a book over the store.
func NewBook(store Store) *Book { return &Book{store: store} }

// OpenOnly returns a book over the same store that refuses credits to accounts that were never opened
// (ErrUnknownAccount), for hosts whose accounts are made elsewhere and where a wrong number must not become one.
func (b *Book) OpenOnly() *Book { return &Book{store: b.store, openOnly: true} }

// Open makes an account with balance zero. Of a the ID and the Currency are required; Balance, Entries and LastAt must
// be zero. An account that exists in the same currency is left as it is, and that is no error; in another currency it
// is ErrCurrencyMismatch.
func (b *Book) Open(ctx context.Context, a Account) error {
	if err := a.check(); err != nil {
		return err
	}
	a.Balance = Money{0, a.Currency}
	a.OpenedAt = stored(a.OpenedAt)
	err := b.store.Open(ctx, a)
	if err == nil {
		return nil
	}
	if !errors.Is(err, ErrExists) {
		return fmt.Errorf("billing: open account %q: %w", a.ID, err)
	}
	old, err := b.Account(ctx, a.ID)
	if err == nil && old.Currency != a.Currency {
		err = fmt.Errorf("%w: account %q is kept in %s, not %s", ErrCurrencyMismatch, a.ID, old.Currency, a.Currency)
	}
	return err
}

// Account returns the account, or ErrUnknownAccount.
func (b *Book) Account(ctx context.Context, id string) (Account, error) {
	if err := checkAccountID(id); err != nil {
		return Account{}, err
	}
	a, err := b.store.Account(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Account{}, unknownAccount(id)
	}
	if err != nil {
		return Account{}, fmt.Errorf("billing: account %q: %w", id, err)
	}
	return a, nil
}

// Balance returns the account's balance, or ErrUnknownAccount.
func (b *Book) Balance(ctx context.Context, account string) (Money, error) {
	a, err := b.Account(ctx, account)
	return a.Balance, err
}

// CheckAccount tells whether a credit would be taken: of an OpenOnly book the account must exist, otherwise its id
// only has to be possible.
func (b *Book) CheckAccount(ctx context.Context, account string) error {
	if !b.openOnly {
		return checkAccountID(account)
	}
	_, err := b.Account(ctx, account)
	return err
}

// Credit implements Ledger.
func (b *Book) Credit(ctx context.Context, p Posting) error {
	return b.post(ctx, p, "credit", Entry{Amount: p.Amount})
}

// Debit implements Ledger.
func (b *Book) Debit(ctx context.Context, p Posting) error {
	return b.post(ctx, p, "debit", Entry{Amount: p.Amount.Neg(), Forced: p.Forced})
}

// maxTries bounds how often a posting is tried while other postings to the account get in between.
const maxTries = 64

// post makes the posting; e brings its signed amount. In the usual case it reads the account and appends. Whatever
// stands against the posting counts only when its key is free: a repeat is answered as the first time, even when the
// first time has emptied the account.
func (b *Book) post(ctx context.Context, p Posting, direction string, e Entry) error {
	if err := p.Validate(); err != nil {
		return err
	}
	e.Account, e.Key, e.Comment, e.At = p.Account, p.Key, p.Comment, stored(p.At)
	for range maxTries {
		if err := ctx.Err(); err != nil {
			return wrapPosting(direction, p, err)
		}
		a, err := b.accountFor(ctx, e)
		if err == nil {
			a, e, err = follow(a, e)
		}
		if err == nil {
			err = b.store.Append(ctx, a, e)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrConflict):
			continue
		case errors.Is(err, ErrKeyTaken) || Permanent(err):
			return wrapPosting(direction, p, b.unlessRepeat(ctx, e, err))
		default:
			return wrapPosting(direction, p, err)
		}
	}
	return wrapPosting(direction, p, ErrConflict)
}

// accountFor returns the account that the entry goes to, a new one for the first credit.
func (b *Book) accountFor(ctx context.Context, e Entry) (Account, error) {
	a, err := b.store.Account(ctx, e.Account)
	if !errors.Is(err, ErrNotFound) {
		return a, err
	}
	if b.openOnly || e.Amount.Sign() < 0 {
		return Account{}, ErrUnknownAccount
	}
	c := e.Amount.Currency()
	return Account{ID: e.Account, Currency: c, Balance: Money{0, c}, OpenedAt: e.At}, nil
}

// follow returns the account and the entry as they stand when the entry follows the account's newest one, or why it
// must not.
func follow(a Account, e Entry) (Account, Entry, error) {
	balance, err := a.Balance.Add(e.Amount)
	if err != nil {
		return a, e, err
	}
	if balance.Sign() < 0 && e.Amount.Sign() < 0 && !e.Forced {
		return a, e, ErrInsufficientFunds
	}
	if e.At.Before(a.LastAt) {
		e.At = a.LastAt // so that a statement's period is one run of entries
	}
	e.Seq, e.Balance = a.Entries+1, balance
	a.Entries, a.Balance, a.LastAt = e.Seq, e.Balance, e.At
	return a, e, nil
}

// unlessRepeat returns nil when the entry is there already, ErrKeyReused when its key stands for another one, and the
// refusal when the key is free.
func (b *Book) unlessRepeat(ctx context.Context, e Entry, refusal error) error {
	first, err := b.store.EntryByKey(ctx, e.Key)
	switch {
	case errors.Is(err, ErrNotFound):
		return refusal
	case err != nil:
		return err
	case first.Account != e.Account || first.Amount != e.Amount:
		return ErrKeyReused
	}
	return nil
}

func unknownAccount(id string) error { return fmt.Errorf("%w %q", ErrUnknownAccount, id) }

// wrapPosting says which posting failed.
func wrapPosting(direction string, p Posting, err error) error {
	switch {
	case err == nil:
		return nil
	case Permanent(err) || errors.Is(err, ErrConflict):
		return fmt.Errorf("%w: %s %q, account %q", err, direction, p.Key, p.Account)
	}
	return fmt.Errorf("billing: %s %q, account %q: %w", direction, p.Key, p.Account, err)
}
