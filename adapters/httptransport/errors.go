package httptransport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"syscall"

	"github.com/oplata-go/oplata/connector"
)

// Why a call brought no answer, for errors.Is. They stand inside the [*connector.GatewayError] that [Transport.Do] returns.
var (
	ErrAddress  = errors.New("httptransport: address is not allowed")        // refused by the guard, not sent
	ErrRate     = errors.New("httptransport: rate leaves no time to send")   // before the deadline, so not sent
	ErrBusy     = errors.New("httptransport: too many connectors at work")   // see Config.MaxConnectors, not sent
	ErrClosed   = errors.New("httptransport: transport is closed")           // before the try, not sent by it
	ErrTooLarge = errors.New("httptransport: answer is larger than allowed") // it came, so the gateway did hear
)

// What is said of an answer that broke off. Errors of net/http are not passed on from there, because they quote what the
// gateway sent.
var (
	errNotTried   = errors.New("httptransport: no try was made")
	errClosedConn = errors.New("httptransport: connection closed before the answer was complete")
	errNotHTTP    = errors.New("httptransport: answer is not readable HTTP")
)

// fault is why one try brought no answer.
type fault struct {
	cause  error // safe to print
	sent   bool  // the gateway may have heard
	again  bool  // another try may fare better
	status int   // of an answer that broke off; 0 before that
}

// gatewayError is the fault as callers see it. reached says that some try of the call may have been heard.
func (f *fault) gatewayError(by, request string, reached bool) *connector.GatewayError {
	e := &connector.GatewayError{Connector: by, Request: request, Sent: connector.NotSent, Err: f.cause}
	if reached {
		e.Sent = connector.SentUnknown
	}
	if f.status != 0 {
		e.Code = strconv.Itoa(f.status)
	}
	return e
}

// newFault judges an error of net/http. Before there was a connection, nothing of the request had left and nothing of the
// gateway's had come, so the error can be shown as it is. From then on the request may have left at any moment.
func newFault(ctx context.Context, err error, connected bool) *fault {
	if late := ctx.Err(); late != nil {
		return &fault{cause: fmt.Errorf("httptransport: no answer: %w", late), sent: connected, again: true}
	}
	if connected {
		return &fault{cause: brokenOff(err), sent: true, again: true}
	}
	if dial, ok := errors.AsType[*dialError](err); ok {
		return &fault{cause: fmt.Errorf("httptransport: connect: %w", dial.err), again: !dial.final}
	}
	return &fault{cause: fmt.Errorf("httptransport: request: %w", err)}
}

// brokenOff says in our own words how an answer ended.
func brokenOff(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return fmt.Errorf("httptransport: connection broke: %w", errno)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errClosedConn
	}
	return errNotHTTP
}
