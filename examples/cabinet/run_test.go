package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/adapters/chronopay/chronopaysim"
	"github.com/oplata-go/oplata/adapters/sqlite"
	"github.com/oplata-go/oplata/connector/secret"
)

// program is the whole command, running.
type program struct {
	dir       string
	site, sim string
	stop      context.CancelFunc
	ended     chan error
	out       output
}

// output is a standard output that can be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// startProgram runs the command on free ports and waits until it says where it is.
func startProgram(t *testing.T, dir string) *program {
	t.Helper()
	p := &program{dir: dir, ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	p.stop = cancel
	args := []string{
		"-addr", "127.0.0.1:0", "-simulator", "127.0.0.1:0", "-db", filepath.Join(dir, "cabinet.db"), "-keys", filepath.Join(dir, "cabinet.keys"),
	}
	go func() { p.ended <- run(ctx, args, &p.out) }()
	where := regexp.MustCompile(`(?s)open: +(\S+).*simulator: +(\S+).*Ctrl-C`)
	require.Eventually(t, func() bool { return where.MatchString(p.out.String()) }, 30*time.Second, 5*time.Millisecond)
	found := where.FindStringSubmatch(p.out.String())
	p.site, p.sim = found[1], found[2]
	return p
}

func (p *program) finish(t *testing.T) {
	t.Helper()
	p.stop()
	require.NoError(t, <-p.ended)
	require.Contains(t, p.out.String(), "The cabinet has stopped.")
}

// TestTheProgramItself runs the command with its own clock and background work, pays, and stops it.
func TestTheProgramItself(t *testing.T) {
	p := startProgram(t, t.TempDir())
	browser := &http.Client{Transport: &http.Transport{}}
	w := &world{t: t, ctx: t.Context(), browser: browser, cabinet: &cabinet{siteURL: p.site, simulatorURL: p.sim}}

	form := w.get("/").form(t, "/topups")
	form.Set("amount", "100")
	at := w.handOff(w.post("/topups", form))
	w.post(at.url, map[string][]string{"action": {string(chronopaysim.Pay)}})
	back := at.url + "/back"
	require.Eventually(t, func() bool { return strings.Contains(w.get(back).text(), "Баланс пополнен") }, 30*time.Second, 10*time.Millisecond)
	w.get("/").shows(t, "860,00 ₽")
	browser.CloseIdleConnections()
	p.finish(t)

	ring, err := secret.RingFromFile(filepath.Join(p.dir, "cabinet.keys"))
	require.NoError(t, err)
	w.shared, err = sharedSec(t.Context(), ring)
	require.NoError(t, err)
	w.log.WriteString(p.out.String())
	w.searchForSecrets()
	for _, name := range []string{"cabinet.db", "cabinet.keys"} {
		info, err := os.Stat(filepath.Join(p.dir, name))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), name)
	}

	p = startProgram(t, p.dir) // both files are given back
	p.finish(t)
}

func TestKeysAndDatabaseBelongTogether(t *testing.T) {
	dir := t.TempDir()
	startProgram(t, dir).finish(t)
	db, keys := filepath.Join(dir, "cabinet.db"), filepath.Join(dir, "cabinet.keys")
	start := func() error {
		return run(t.Context(), []string{"-addr", "127.0.0.1:0", "-simulator", "127.0.0.1:0", "-db", db, "-keys", keys}, io.Discard)
	}
	own, err := os.ReadFile(keys)
	require.NoError(t, err)

	require.NoError(t, os.Remove(keys))
	require.ErrorContains(t, start(), "is missing")
	require.NoFileExists(t, keys)

	_, err = makeKeys(keys)
	require.NoError(t, err)
	require.ErrorIs(t, start(), secret.ErrOpen, "other keys")

	require.NoError(t, os.WriteFile(keys, []byte("nonsense"), 0o600))
	err = start()
	require.ErrorContains(t, err, "not of the form")
	require.NotContains(t, err.Error(), "nonsense")

	require.NoError(t, os.WriteFile(keys, own, 0o600))
	startProgram(t, dir).finish(t)
}

func TestOneDatabaseHasOneProgram(t *testing.T) {
	p := startProgram(t, t.TempDir())
	err := run(t.Context(), []string{
		"-addr", "127.0.0.1:0", "-simulator", "127.0.0.1:0", "-db", filepath.Join(p.dir, "cabinet.db"), "-keys", filepath.Join(p.dir, "cabinet.keys"),
	}, io.Discard)
	require.ErrorIs(t, err, sqlite.ErrLocked)
	p.finish(t)
}

func TestFlags(t *testing.T) {
	for says, args := range map[string][]string{
		"host:port":            {"-addr", "8080"},
		"up to 65535":          {"-addr", "127.0.0.1:x"},
		"loopback address":     {"-simulator", "192.0.2.1:8081"},
		"loopback":             {"-addr", "example.com:80"},
		"unexpected argument":  {"now"},
		"not defined":          {"-colour"},
		"must be whole minute": {"-period", "90s", "-addr", "127.0.0.1:0", "-simulator", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "a"), "-keys", filepath.Join(t.TempDir(), "b")},
	} {
		require.ErrorContains(t, run(t.Context(), args, io.Discard), says)
	}
	var help output
	require.NoError(t, run(t.Context(), []string{"-h"}, &help))
	for _, flag := range []string{"-addr", "-simulator", "-db", "-keys", "-period", "default 127.0.0.1:8080", "default 127.0.0.1:8081"} {
		require.Contains(t, help.String(), flag)
	}
}

func TestDefaultPortGivesWayAndTypedOneDoesNot(t *testing.T) {
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	var a address
	require.NoError(t, a.Set(taken.Addr().String()))
	_, err = a.listen(t.Context())
	require.ErrorContains(t, err, "in use")

	a.fixed = false
	next, err := a.listen(t.Context())
	require.NoError(t, err)
	defer next.Close()
	require.NotEqual(t, taken.Addr().String(), next.Addr().String())
	require.Equal(t, "http://"+next.Addr().String(), urlOf(next, a))

	require.NoError(t, a.Set("0.0.0.0:8080"))
	require.False(t, a.isLocal())
	require.True(t, strings.HasPrefix(urlOf(next, a), "http://127.0.0.1:"), "a browser cannot go to 0.0.0.0")
	require.NoError(t, a.Set("localhost:8080"))
	require.True(t, a.isLocal())
}
