package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/memory"
	"github.com/oplata-go/oplata/payment/paymenttest"
)

func TestRaces(t *testing.T) {
	for _, check := range paymenttest.Races(100) {
		t.Run(check.Name, func(t *testing.T) {
			require.NoError(t, check.Run(t.Context(), memoryStores(new(memory.DB))))
		})
	}
}
