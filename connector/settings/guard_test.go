package settings

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// TestChecksThatGoWrongEndInAFault covers what no known document does: a validator that panics, or never comes back.
func TestChecksThatGoWrongEndInAFault(t *testing.T) {
	broken := func() int { panic("with a secret") }
	_, failure := quick(patience, broken)
	require.Equal(t, "internal", failure)
	_, failure = within(patience, broken)
	require.Equal(t, "internal", failure)

	got, failure := within(patience, func() int { return 7 })
	require.Equal(t, 7, got)
	require.Empty(t, failure)

	synctest.Test(t, func(t *testing.T) {
		release := make(chan int)
		_, failure := within(patience, func() int { return <-release })
		require.Equal(t, "timeout", failure)
		close(release)
	})
}
