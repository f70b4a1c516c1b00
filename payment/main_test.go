package payment_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain gives random lives the same seed in every run, so that a change is judged by itself and not by luck. Another
// seed is -rapid.seed; the long run, which sets OPLATA_LONG, draws one.
func TestMain(m *testing.M) {
	flag.Parse()
	if seed := flag.Lookup("rapid.seed"); seed != nil && seed.Value.String() == "0" && os.Getenv("OPLATA_LONG") == "" {
		if err := seed.Value.Set("20260301"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
