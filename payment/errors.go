package payment

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels of this package, for errors.Is.
var (
	ErrNotFound    = errors.New("payment: not found")
	ErrConflict    = errors.New("payment: changed by somebody else, read again")
	ErrLeaseLost   = errors.New("payment: the task is leased to somebody else")
	ErrClaimed     = errors.New("payment: unique key is taken")
	ErrKeyReused   = errors.New("payment: idempotency key was used with other parameters")
	ErrInvalid     = errors.New("payment: invalid parameter")
	ErrTransition  = errors.New("payment: not possible in this status")
	ErrUnderReview = errors.New("payment: a discrepancy is open")
	ErrInTx        = errors.New("payment: would call a gateway inside the host's transaction")
)

// TransitionError says that a command does not fit where a payment, an attempt or a receipt stands. It matches
// [ErrTransition]. Nothing was written.
type TransitionError struct {
	ID   string
	From Status
	On   EventName
}

// Error names the record, where it stands and what was wanted.
func (e *TransitionError) Error() string {
	return fmt.Sprintf("payment: %s: %s is not possible in %s", e.ID, e.On, e.From)
}

// Is reports that every TransitionError is an [ErrTransition].
func (e *TransitionError) Is(target error) bool { return target == ErrTransition }

// ClaimedError says who holds a claim that a change wanted. It matches [ErrClaimed].
type ClaimedError struct {
	Claim Claim // as it is stored
}

// Error names the scope and the holder, not the key: keys may be foreign text.
func (e *ClaimedError) Error() string {
	return fmt.Sprintf("payment: unique key is taken: %s: held by %s", e.Claim.Scope, e.Claim.Record)
}

// Is reports that every ClaimedError is an [ErrClaimed].
func (e *ClaimedError) Is(target error) bool { return target == ErrClaimed }

// ParamError tells which parameter of a command is wrong. It matches [ErrInvalid]. Nothing was written.
type ParamError struct {
	Field  string
	Reason string
}

// Error names the parameter and the reason, never the value.
func (e *ParamError) Error() string {
	return "payment: invalid " + strings.TrimSuffix(e.Field+": "+e.Reason, ": ")
}

// Is reports that every ParamError is an [ErrInvalid].
func (e *ParamError) Is(target error) bool { return target == ErrInvalid }
