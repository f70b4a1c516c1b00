package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// chromium is a real browser that is driven through its debugging pipe: JSON messages, each ended by a zero byte. Scripts
// are switched off in it, and it reaches this machine only.
type chromium struct {
	t       *testing.T
	ctx     context.Context
	out     io.Writer
	in      *bufio.Reader
	session string
	last    int
	folder  string // where screenshots go
}

func startChromium(t *testing.T, folder string) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err)
	theirIn, ourOut, err := os.Pipe()
	require.NoError(t, err)
	ourIn, theirOut, err := os.Pipe()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*time.Minute)
	c := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	c.ExtraFiles = []*os.File{theirIn, theirOut}
	require.NoError(t, c.Start())
	require.NoError(t, theirIn.Close())
	require.NoError(t, theirOut.Close())
	b := &chromium{t: t, ctx: ctx, out: ourOut, in: bufio.NewReader(ourIn), folder: folder}
	t.Cleanup(func() {
		b.session = ""
		b.call("Browser.close", nil)
		_ = c.Wait()
		cancel()
		_ = ourOut.Close()
		_ = ourIn.Close()
	})
	var target struct{ TargetID string }
	b.read(b.call("Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	b.read(b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	b.session = attached.SessionID
	b.call("Page.enable", nil)
	b.call("DOM.enable", nil)
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	return b
}

// message is an answer or an event.
type message struct {
	ID     int
	Method string
	Result json.RawMessage
	Error  json.RawMessage
	Params json.RawMessage
}

// call sends a command and waits for its answer.
func (b *chromium) call(method string, params any) json.RawMessage {
	b.t.Helper()
	got, refusal := b.try(method, params)
	require.Empty(b.t, string(refusal), method)
	return got
}

func (b *chromium) try(method string, params any) (result, refusal json.RawMessage) {
	b.t.Helper()
	b.last++
	order := map[string]any{"id": b.last, "method": method}
	if b.session != "" {
		order["sessionId"] = b.session
	}
	if params != nil {
		order["params"] = params
	}
	text, err := json.Marshal(order)
	require.NoError(b.t, err)
	_, err = b.out.Write(append(text, 0))
	require.NoError(b.t, err)
	for {
		if m := b.next(); m.ID == b.last {
			return m.Result, m.Error
		}
	}
}

func (b *chromium) next() message {
	b.t.Helper()
	require.NoError(b.t, b.ctx.Err())
	text, err := b.in.ReadBytes(0)
	require.NoError(b.t, err)
	var m message
	require.NoError(b.t, json.Unmarshal(text[:len(text)-1], &m))
	return m
}

func (b *chromium) read(text json.RawMessage, into any) {
	b.t.Helper()
	require.NoError(b.t, json.Unmarshal(text, into))
}

// waitFor reads events until this one.
func (b *chromium) waitFor(event string) {
	b.t.Helper()
	for b.next().Method != event {
		continue
	}
}

// size is the window: width in CSS pixels, as a phone or not, dark or light.
func (b *chromium) size(width int, dark bool) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false})
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{
		{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}, // no half-way colours
	}})
}

func (b *chromium) open(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": url})
	b.waitFor("Page.loadEventFired")
}

// node finds an element of the page by a CSS selector.
func (b *chromium) node(selector string) int {
	b.t.Helper()
	var document struct{ Root struct{ NodeID int } }
	b.read(b.call("DOM.getDocument", nil), &document)
	var found struct{ NodeID int }
	b.read(b.call("DOM.querySelector", map[string]any{"nodeId": document.Root.NodeID, "selector": selector}), &found)
	if found.NodeID == 0 {
		require.Failf(b.t, "not on the page", "%s: %s", selector, b.text())
	}
	return found.NodeID
}

// click presses the middle of an element with the mouse.
func (b *chromium) click(selector string) {
	b.t.Helper()
	node := b.node(selector)
	b.call("DOM.scrollIntoViewIfNeeded", map[string]any{"nodeId": node})
	var box struct{ Model struct{ Border []float64 } }
	b.read(b.call("DOM.getBoxModel", map[string]any{"nodeId": node}), &box)
	at := box.Model.Border
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{
			"type": kind, "x": (at[0] + at[4]) / 2, "y": (at[1] + at[5]) / 2, "button": "left", "clickCount": 1,
		})
	}
}

// follow clicks and waits for the next page.
func (b *chromium) follow(selector string) {
	b.t.Helper()
	b.click(selector)
	b.waitFor("Page.loadEventFired")
}

func (b *chromium) write(selector, text string) {
	b.t.Helper()
	b.call("DOM.focus", map[string]any{"nodeId": b.node(selector)})
	b.call("Input.insertText", map[string]any{"text": text})
}

// text is what stands on the page.
func (b *chromium) text() string {
	b.t.Helper()
	var document struct{ Root struct{ NodeID int } }
	b.read(b.call("DOM.getDocument", nil), &document)
	var page struct{ OuterHTML string }
	b.read(b.call("DOM.getOuterHTML", map[string]any{"nodeId": document.Root.NodeID}), &page)
	return strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString(page.OuterHTML, " "))), " ")
}

// until waits for the page to say something: it refreshes by itself.
func (b *chromium) until(text string) {
	b.t.Helper()
	for !strings.Contains(b.text(), text) {
		b.waitFor("Page.loadEventFired")
	}
}

// look checks that nothing sticks out to the side and keeps a picture of the whole page, phone and desktop.
func (b *chromium) look(name string) {
	b.t.Helper()
	for _, dark := range []bool{false, true} {
		for _, width := range []int{390, 1280} {
			b.size(width, dark)
			var page struct {
				CSSContentSize struct{ Width, Height float64 }
			}
			b.read(b.call("Page.getLayoutMetrics", nil), &page)
			require.LessOrEqual(b.t, page.CSSContentSize.Width, float64(width), "%s is too wide at %d", name, width)
			var shot struct{ Data string }
			b.read(b.call("Page.captureScreenshot", map[string]any{
				"format": "png", "captureBeyondViewport": true,
				"clip": map[string]any{"x": 0, "y": 0, "width": width, "height": page.CSSContentSize.Height, "scale": 1},
			}), &shot)
			picture, err := base64.StdEncoding.DecodeString(shot.Data)
			require.NoError(b.t, err)
			require.Greater(b.t, len(picture), 5000, "an empty page")
			scheme := map[bool]string{true: "dark", false: "light"}[dark]
			require.NoError(b.t, os.WriteFile(filepath.Join(b.folder, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), picture, 0o600))
		}
	}
	b.size(1280, false)
}
