package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommittedTableIsWhatTheGeneratorWrites(t *testing.T) {
	want, err := os.ReadFile("../../currency_table.go")
	require.NoError(t, err)
	target := filepath.Join(t.TempDir(), "table.go")
	require.NoError(t, run("../../testdata", target))
	got, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go generate ./billing")
}

func TestSourcesThatContradictAreRefused(t *testing.T) {
	const list = `<ISO_4217 Pblshd="2024-06-25"><CcyTbl>
		<CcyNtry><Ccy>RUB</Ccy><CcyNbr>643</CcyNbr><CcyMnrUnts>2</CcyMnrUnts></CcyNtry>%</CcyTbl></ISO_4217>`
	for name, source := range map[string]struct{ extra, amendments, want string }{
		"two entries of a code differ": {
			extra: `<CcyNtry><Ccy>RUB</Ccy><CcyNbr>643</CcyNbr><CcyMnrUnts>0</CcyMnrUnts></CcyNtry>`,
			want:  "two different entries",
		},
		"a number of two digits": {
			extra: `<CcyNtry><Ccy>ALL</Ccy><CcyNbr>08</CcyNbr><CcyMnrUnts>2</CcyMnrUnts></CcyNtry>`,
			want:  "three digits",
		},
		"adding what is there":          {amendments: "1,2025-01-01,add,RUB,643,2,x", want: "already"},
		"withdrawing what is not there": {amendments: "1,2025-01-01,withdraw,ALL,008,2,x", want: "not there"},
		"withdrawing another number":    {amendments: "1,2025-01-01,withdraw,RUB,810,2,x", want: "not there"},
		"an unknown action":             {amendments: "1,2025-01-01,rename,RUB,643,2,x", want: "unknown action"},
		"a short row":                   {amendments: "1,2025-01-01", want: "wrong number of fields"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			write("iso-4217-list-one.xml", strings.Replace(list, "%", source.extra, 1))
			write("iso-4217-amendments.csv", source.amendments)
			_, err := generate(dir)
			require.ErrorContains(t, err, source.want)
		})
	}
}
