package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEngineIsWithoutTheWALResetBug(t *testing.T) {
	db := openNew(t)
	require.NoError(t, db.read(t.Context(), "check", checkEngine))
	for version, old := range map[string]bool{
		"3.51.3": false, "3.51.4": false, "3.52.0": false, "3.100.0": false, "4.0.0": false,
		"3.51.2": true, "3.51": true, "3.7.17": true, "3.9.9": true,
	} {
		require.Equal(t, old, olderThan(version, oldestEngine), version)
	}
}

// The driver is transpiled against one version of its C library and misbehaves with another.
func TestLibcIsTheOneThatTheDriverWasMadeWith(t *testing.T) {
	driver, linked := module(t, "modernc.org/sqlite"), module(t, "modernc.org/libc")
	mod, err := os.ReadFile(filepath.Join(driver.dir, "go.mod"))
	require.NoError(t, err)
	wanted := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindStringSubmatch(string(mod))
	require.Len(t, wanted, 2)
	require.Equal(t, wanted[1], linked.version)
}

type moduleInfo struct{ version, dir string }

func module(t *testing.T, path string) moduleInfo {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", path).Output()
	require.NoError(t, err)
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	return moduleInfo{version, dir}
}

func TestCommitsAreDurable(t *testing.T) {
	db := openNew(t)
	require.NoError(t, db.writer.lend(t.Context(), checkSettings))
	for _, weaker := range []string{"PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = OFF"} {
		require.NoError(t, db.writer.lend(t.Context(), func(c *conn) error {
			require.NoError(t, c.script(weaker))
			require.Error(t, checkSettings(c), weaker)
			return c.script(writerSetup)
		}))
	}
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	db := openNew(t)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(db.path + suffix)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, suffix)
	}
}
