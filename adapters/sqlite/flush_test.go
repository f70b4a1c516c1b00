package sqlite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Kill -9 keeps the page cache, so it cannot show that an acknowledged write would outlive a power cut. A trace of the
// system calls can: of every payment the WAL is flushed after its bytes were written there and before it is acknowledged.
func TestFlushPrecedesEveryAcknowledgement(t *testing.T) {
	if err := exec.CommandContext(t.Context(), "strace", "-o", os.DevNull, "true").Run(); err != nil {
		if os.Getenv("OPLATA_CI") != "" {
			require.NoError(t, err)
		}
		t.Skip("strace is not installed, or may not trace") //nolint:forbidigo // it is where OPLATA_CI is set, and fails above if it is not
	}
	for role, durable := range map[string]bool{"few": true, "loose": false} {
		trace := filepath.Join(t.TempDir(), "trace")
		c := startChild(t, role, filepath.Join(t.TempDir(), "pay.db"), 0,
			"strace", "-f", "-y", "-s", "4200", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", trace)
		for range fewWrites {
			line, ok := c.line()
			require.True(t, ok)
			require.Contains(t, line, "ack <mark-")
		}
		require.NoError(t, c.Wait())
		text, err := os.ReadFile(trace)
		require.NoError(t, err)
		calls := readTrace(string(text))
		for n := int64(1); n <= fewWrites; n++ {
			fault := calls.flushedBeforeAck(marker(n))
			require.Equal(t, durable, fault == "", "%s, %s: %s", role, marker(n), fault)
		}
	}
}

// call is a traced system call. It began and ended at these lines.
type call struct {
	name, file, args string
	began, ended     int
}

type calls []call

var (
	callLine    = regexp.MustCompile(`^(\d+)\s+(\w+)\(\d+<([^>]*)>(.*)$`)
	resumedLine = regexp.MustCompile(`^(\d+)\s+<\.\.\. \w+ resumed>`)
)

// readTrace reads what strace wrote, one call a line, or two lines where another thread came in between.
func readTrace(text string) calls {
	var all calls
	unfinished := map[string]int{} // by thread
	for i, line := range strings.Split(text, "\n") {
		if m := callLine.FindStringSubmatch(line); m != nil {
			c := call{name: m[2], file: m[3], args: m[4], began: i, ended: i}
			if strings.HasSuffix(line, "<unfinished ...>") {
				unfinished[m[1]] = len(all)
			}
			all = append(all, c)
		} else if m := resumedLine.FindStringSubmatch(line); m != nil {
			if at, ok := unfinished[m[1]]; ok {
				all[at].ended = i
				delete(unfinished, m[1])
			}
		}
	}
	return all
}

// flushedBeforeAck says what is wrong with the order of the calls about one payment.
func (all calls) flushedBeforeAck(mark string) string {
	written, acked := -1, -1
	for _, c := range all {
		switch {
		case written < 0 && c.name == "pwrite64" && strings.HasSuffix(c.file, "-wal") && strings.Contains(c.args, mark):
			written = c.ended
		case c.name == "write" && strings.Contains(c.args, `"ack `+mark):
			acked = c.began
		}
	}
	if written < 0 || acked < 0 {
		return fmt.Sprintf("written at %d, acknowledged at %d", written, acked)
	}
	for _, c := range all {
		flush := c.name == "fsync" || c.name == "fdatasync"
		if flush && strings.HasSuffix(c.file, "-wal") && c.began > written && c.ended < acked {
			return ""
		}
	}
	return fmt.Sprintf("no flush between lines %d and %d", written, acked)
}
