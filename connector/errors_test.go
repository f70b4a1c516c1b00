package connector_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
)

func TestErrorsSayWhatAndWhyAndMatchTheirSentinels(t *testing.T) {
	cause := errors.New("no route")
	for _, c := range []struct {
		err  error
		is   error
		text string
	}{
		{&connector.SignatureError{Cause: connector.SignatureMissing}, connector.ErrBadSignature, "connector: bad signature: missing"},
		{&connector.SignatureError{Cause: connector.SignatureAltered, Field: "total"}, connector.ErrBadSignature, "connector: bad signature: altered field: total"},
		{&connector.MessageError{Field: "total", Reason: "no number"}, connector.ErrBadMessage, "connector: bad message: total: no number"},
		{&connector.MessageError{Reason: "too large"}, connector.ErrBadMessage, "connector: bad message: too large"},
		{&connector.ParamError{Field: "name", Reason: "required"}, connector.ErrInvalid, "connector: invalid name: required"},
		{
			&connector.GatewayError{Connector: "c1", Request: "pay", Sent: connector.Refused, Code: "402", Err: cause},
			cause, "connector: c1: pay: refused: code 402: no route",
		},
	} {
		require.EqualError(t, c.err, c.text)
		require.ErrorIs(t, fmt.Errorf("wrapped: %w", c.err), c.is)
	}
}

func TestOnlyWhatSurelyWasNotSentMayBeRepeated(t *testing.T) {
	for sent, want := range map[connector.Sent]bool{connector.NotSent: true, connector.SentUnknown: false, connector.Refused: false} {
		require.Equal(t, want, connector.SafeToRetry(fmt.Errorf("pay: %w", &connector.GatewayError{Sent: sent})), sent)
	}
	require.False(t, connector.SafeToRetry(errors.New("some other error")))
	require.False(t, connector.SafeToRetry(nil))
}
