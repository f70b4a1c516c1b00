package sqlite

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also plays the processes that tests kill: see child_test.go.
func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(playChild(role))
	}
	goleak.VerifyTestMain(m)
}
