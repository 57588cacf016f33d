package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"campaignlark/static"

	"github.com/gofiber/fiber/v2"
)

// get asks a small app for path and returns the answer with its whole body.
func get(t *testing.T, method, path string, headers map[string]string) (*http.Response, []byte) {
	t.Helper()
	app := fiber.New()
	app.Use("/static/*", static.Serve)
	req := httptest.NewRequest(method, path, nil)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := app.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func TestURLsHoldAHash(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.css", "app.js", "lark.svg"} {
		base, ext, _ := strings.Cut(name, ".")
		want := regexp.MustCompile(`^/static/` + base + `-[0-9a-f]{8}\.` + ext + `$`)
		if got := static.URL(name); !want.MatchString(got) {
			t.Errorf("URL(%q): got %q, want %v", name, got, want)
		}
	}
}

func TestEveryAssetHasItsTypeAndStaysForGood(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{
		"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "lark.svg": "image/svg+xml",
	} {
		res, body := get(t, "GET", static.URL(name), nil)
		if res.StatusCode != 200 || len(body) == 0 {
			t.Errorf("%s: got %d with %d bytes, want 200 with some", name, res.StatusCode, len(body))
		}
		for header, want := range map[string]string{
			"Content-Type": kind, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding", "Content-Encoding": "",
		} {
			if got := res.Header.Get(header); got != want {
				t.Errorf("%s: %s: got %q, want %q", name, header, got, want)
			}
		}
	}
}

func TestCompressedOnlyForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	plainRes, plain := get(t, "GET", static.URL("app.css"), nil)
	for accept, want := range map[string]string{"gzip": "gzip", "gzip, deflate, br": "gzip", "br": "", "gzip;q=0": "", "identity": ""} {
		res, body := get(t, "GET", static.URL("app.css"), map[string]string{"Accept-Encoding": accept})
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, want)
			continue
		}
		if want == "" {
			continue
		}
		if got := res.Header.Get("ETag"); got == plainRes.Header.Get("ETag") {
			t.Errorf("ETag of gzip: got %s, want another than that of the plain bytes", got)
		}
		zr, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(zr); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("unpacked: got %d bytes, error %v, want the %d plain ones", len(got), err, len(plain))
		}
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	url := static.URL("app.css")
	res, _ := get(t, "GET", url, nil)
	etag := res.Header.Get("ETag")
	zipped, _ := get(t, "GET", url, map[string]string{"Accept-Encoding": "gzip"})
	for _, c := range []struct {
		name, accept, match string
		want                int
	}{
		{"the same", "", etag, 304},
		{"weak", "", "W/" + etag, 304},
		{"one of several", "", `"x", ` + etag, 304},
		{"anything", "", "*", 304},
		{"another", "", `"x"`, 200},
		{"that of the other encoding", "", zipped.Header.Get("ETag"), 200},
		{"compressed", "gzip", zipped.Header.Get("ETag"), 304},
	} {
		headers := map[string]string{"If-None-Match": c.match}
		if c.accept != "" {
			headers["Accept-Encoding"] = c.accept
		}
		res, body := get(t, "GET", url, headers)
		if res.StatusCode != c.want || (c.want == 304) != (len(body) == 0) {
			t.Errorf("%s: got %d with %d bytes, want %d", c.name, res.StatusCode, len(body), c.want)
		}
		if res.Header.Get("ETag") == "" || res.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: got no ETag or Cache-Control, want both", c.name)
		}
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	got, body := get(t, "HEAD", static.URL("app.js"), nil)
	want, full := get(t, "GET", static.URL("app.js"), nil)
	if got.StatusCode != 200 || len(body) != 0 || len(full) == 0 {
		t.Errorf("HEAD: got %d with %d bytes, want 200 with none", got.StatusCode, len(body))
	}
	for _, header := range []string{"Content-Type", "ETag", "Content-Length"} {
		if got.Header.Get(header) != want.Header.Get(header) {
			t.Errorf("HEAD %s: got %q, want %q", header, got.Header.Get(header), want.Header.Get(header))
		}
	}
}

func TestUnknownAddressIsNotFound(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/static/app.css", "/static/app-00000000.css", "/static/css/base.css", "/static/", "/static/../static.go", "/static/%2e%2e/static.go"} {
		if res, _ := get(t, "GET", path, nil); res.StatusCode != 404 {
			t.Errorf("%s: got %d, want 404", path, res.StatusCode)
		}
	}
}

// A module that is missing in the script would be missing on the pages without a word.
func TestScriptHoldsEveryModule(t *testing.T) {
	t.Parallel()
	_, body := get(t, "GET", static.URL("app.js"), nil)
	script := string(body)
	files, err := filepath.Glob("js/*.js")
	if err != nil || len(files) < 10 {
		t.Fatalf("got %d modules, error %v, want all", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".js")
		if got := strings.Count(script, "const module_"+name+" = (() => {"); got != 1 {
			t.Errorf("%s: got it %d times in the script, want once", file, got)
		}
		if used := strings.Index(script, "= module_"+name+";"); used >= 0 && used < strings.Index(script, "const module_"+name+" =") {
			t.Errorf("%s: it is used before it is there", file)
		}
	}
	if found := regexp.MustCompile(`(?m)^\s*(import|export)\b.*`).FindString(script); found != "" {
		t.Errorf("got %q in the script, want nothing more to load", found)
	}
}

// The pages are served with default-src 'self'.
func TestNothingComesFromElsewhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"app.css", "app.js"} {
		_, body := get(t, "GET", static.URL(name), nil)
		if found := regexp.MustCompile(`url\(|data:|https?://|@import`).Find(body); found != nil {
			t.Errorf("%s: got %q, want nothing that is loaded from elsewhere", name, found)
		}
	}
}
