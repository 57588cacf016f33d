package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser is the one Chromium of a test run. Each Page has its own browser context, so pages share no cookies.
type browser struct {
	ctx    context.Context
	cancel context.CancelFunc
	dir    string
}

var running *browser

var startBrowser = sync.OnceValues(func() (*browser, error) {
	path, err := findBrowser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "campaignlark-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.UserDataDir(dir),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	if err := onLastingThread(func() error { return chromedp.Do(ctx) }); err != nil {
		stop()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	running = &browser{ctx: ctx, cancel: func() { closeTab(); stop() }, dir: dir}
	return running, nil
})

func findBrowser() (string, error) {
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the tests need Chromium; run `make test`, which installs it")
}

func closeBrowser() {
	if running == nil {
		return
	}
	running.cancel()
	for range 50 { // its child processes may still write to the folder after it has ended
		if os.RemoveAll(running.dir) == nil {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// newTab opens a tab in a new browser context and closes it when the test ends.
func newTab(t testing.TB) context.Context {
	t.Helper()
	b, err := startBrowser()
	if err != nil {
		t.Fatal(err)
	}
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	return ctx
}
