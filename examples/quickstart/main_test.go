package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReadmePrintsThisProgramAndWhatItPrints(t *testing.T) {
	var out strings.Builder
	run(t.Context(), &out)
	require.Equal(t, strings.Join([]string{"POST https://payments.chronopay.com/", "completed", "completed", "100.00 RUB", ""}, "\n"), out.String())

	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(program), "\n"), 80)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```go\n"+string(program)+"```\n")
	require.Contains(t, string(readme), "```text\n"+out.String()+"```\n")
}
