package httptransport

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryWrongFieldIsNamed(t *testing.T) {
	_, err := New(Config{
		Rate: -1, Burst: -1, Tries: -1, MinPause: -1, MaxPause: -2, TryTimeout: -1, Timeout: -2, MaxBody: -1, MaxConnectors: -1,
		Networks: []Network{{}},
	})
	for _, field := range []string{"Rate", "Burst", "Tries", "MinPause", "MaxPause", "TryTimeout", "Timeout", "MaxBody", "MaxConnectors", "Networks[0].Prefix"} {
		require.ErrorContains(t, err, "httptransport: config: "+field+": ")
	}
}

func TestADefaultGivesWayToItsNeighbor(t *testing.T) {
	c, err := Config{MaxPause: time.Millisecond, Timeout: time.Second}.complete()
	require.NoError(t, err)
	require.Equal(t, []time.Duration{time.Millisecond, time.Second}, []time.Duration{c.MinPause, c.TryTimeout})
	c, err = Config{MinPause: time.Minute, TryTimeout: time.Hour}.complete()
	require.NoError(t, err)
	require.Equal(t, []time.Duration{time.Minute, time.Hour}, []time.Duration{c.MaxPause, c.Timeout})
}
