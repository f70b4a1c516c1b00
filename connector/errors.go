package connector

import (
	"errors"
	"strings"
)

// Sentinels of this package, for errors.Is.
var (
	ErrNotFound     = errors.New("connector: not found")
	ErrConflict     = errors.New("connector: changed by somebody else, read again")
	ErrInUse        = errors.New("connector: payment methods use it")
	ErrForbidden    = errors.New("connector: not allowed for this reseller")
	ErrInactive     = errors.New("connector: payment method is not active")
	ErrUnknownKind  = errors.New("connector: no such kind of gateway")
	ErrBadSignature = errors.New("connector: message is not the gateway's")
	ErrBadMessage   = errors.New("connector: message cannot be read")
	ErrInvalid      = errors.New("connector: invalid parameter")
)

// SignatureCause says why a message was refused as not being the gateway's.
type SignatureCause string

// The causes.
const (
	SignatureMissing   SignatureCause = "missing"       // no signature in the message
	SignatureMalformed SignatureCause = "malformed"     // not of the shape a signature or a signed field has
	SignatureWrongKey  SignatureCause = "wrong key"     // our own token in it is intact, so another key signed it
	SignatureAltered   SignatureCause = "altered field" // a field is not what was signed
	SignatureStale     SignatureCause = "stale"         // outside the time window or seen before
	SignatureOldKey    SignatureCause = "previous key"  // signed with settings that this attempt does not use
	SignatureAddress   SignatureCause = "address"       // the sender's address is not on the list
)

// SignatureError tells why a message is not accepted as the gateway's. It matches [ErrBadSignature] and names fields,
// never their values.
type SignatureError struct {
	Cause SignatureCause
	Field string // the field that shows it, if one does
}

// Error names the cause and the field.
func (e *SignatureError) Error() string {
	text := "connector: bad signature: " + string(e.Cause)
	if e.Field != "" {
		text += ": " + e.Field
	}
	return text
}

// Is reports that every SignatureError is an [ErrBadSignature].
func (e *SignatureError) Is(target error) bool { return target == ErrBadSignature }

// MessageError tells which field of a genuine or unsigned message cannot be read, and why. It matches [ErrBadMessage].
type MessageError struct {
	Field  string
	Reason string // our words, never the field's value
}

// Error names the field and the reason.
func (e *MessageError) Error() string {
	return "connector: bad message: " + strings.TrimPrefix(e.Field+": "+e.Reason, ": ")
}

// Is reports that every MessageError is an [ErrBadMessage].
func (e *MessageError) Is(target error) bool { return target == ErrBadMessage }

// ParamError tells which parameter of a command is wrong. It matches [ErrInvalid].
type ParamError struct {
	Field  string
	Reason string
}

// Error names the parameter and the reason.
func (e *ParamError) Error() string { return "connector: invalid " + e.Field + ": " + e.Reason }

// Is reports that every ParamError is an [ErrInvalid].
func (e *ParamError) Is(target error) bool { return target == ErrInvalid }

// Sent says whether a failed call may have reached the gateway.
type Sent string

// The zero value is the careful one.
const (
	SentUnknown Sent = ""         // it may have acted: never repeat a money call
	NotSent     Sent = "not_sent" // it surely heard nothing: repeat freely
	Refused     Sent = "refused"  // it answered that it did not and will not act
)

// GatewayError is a call to a gateway that brought no usable answer.
type GatewayError struct {
	Connector string // the connector's ID
	Request   string // the request's name
	Sent      Sent
	Code      string // the gateway's code or the HTTP status, when there was an answer
	Err       error
}

// Error names the connector, the operation and what is known of the outcome.
func (e *GatewayError) Error() string {
	outcome := map[Sent]string{SentUnknown: "outcome unknown", NotSent: "not sent", Refused: "refused"}[e.Sent]
	text := "connector: " + e.Connector + ": " + e.Request + ": " + outcome
	if e.Code != "" {
		text += ": code " + e.Code
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *GatewayError) Unwrap() error { return e.Err }

// SafeToRetry reports whether err proves that the gateway did not act. It is the only licence to repeat a money call.
func SafeToRetry(err error) bool {
	var g *GatewayError
	return errors.As(err, &g) && g.Sent == NotSent
}
