// Package static serves the stylesheet, the scripts and the icon of the pages under addresses that hold a hash of their
// content, so that browsers may keep them for good. It must not know any page.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"sync"

	"campaignlark"

	"github.com/gofiber/fiber/v2"
)

//go:embed css/*.css js/*.js icons/*.svg
var files embed.FS

// prefix is where Serve is mounted.
const prefix = "/static/"

// sheets are the parts of app.css in the order of its layers.
var sheets = []string{"base", "layout", "controls", "tables", "content", "charts", "pages", "senders", "automations", "utilities"}

// types are the content types by a file's ending.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// asset is one file as it goes over the wire.
type asset struct {
	contentType   string
	etag, gzETag  string // one for each encoding: they are different bytes
	plain, gzText []byte // gzText is nil where compression gains nothing
}

// bundle holds every asset by its address, and the address by its name.
type bundle struct {
	assets map[string]asset
	urls   map[string]string
}

// all is put together at the first use.
var all = sync.OnceValue(load)

// URL returns the address of the file called name, such as /static/app-1a2b3c4d.css for app.css. There are app.css,
// app.js and lark.svg; any other name is a mistake in the program and panics.
func URL(name string) string {
	url, ok := all().urls[name]
	if !ok {
		panic("static: there is no file " + name)
	}
	return url
}

// Serve answers GET and HEAD for one asset: compressed where the client takes gzip, 304 where it has the bytes already.
// An address that is not (or no longer) one of ours is fiber.ErrNotFound.
func Serve(c *fiber.Ctx) error {
	a, ok := all().assets[c.Path()]
	if !ok {
		return fiber.ErrNotFound
	}
	body, etag := a.plain, a.etag
	if a.gzText != nil && campaignlark.TakesGzip(c) {
		body, etag = a.gzText, a.gzETag
		c.Set(fiber.HeaderContentEncoding, "gzip")
	}
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	if has(c.Get(fiber.HeaderIfNoneMatch), etag) {
		c.Response().Header.Del(fiber.HeaderContentEncoding)
		c.Status(fiber.StatusNotModified)
		return nil
	}
	c.Set(fiber.HeaderContentType, a.contentType)
	c.Response().SetBodyRaw(body)
	return nil
}

// has reports whether an If-None-Match header names etag (RFC 9110 13.1.2: weak comparison, * for anything).
func has(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}

// load reads the embedded files.
func load() bundle {
	b := bundle{assets: map[string]asset{}, urls: map[string]string{}}
	var css bytes.Buffer
	for _, name := range sheets {
		css.Write(read("css/" + name + ".css"))
	}
	b.add("app.css", css.Bytes())
	b.add("lark.svg", read("icons/lark.svg"))

	b.add("app.js", script())
	return b
}

// add gives content its address and its two encodings.
func (b bundle) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:4])
	ext := path.Ext(name)
	a := asset{contentType: types[ext], etag: fmt.Sprintf("%q", hash), gzETag: fmt.Sprintf("%q", hash+"-gz"), plain: content}
	if small := compress(content); len(small) < len(content) {
		a.gzText = small
	}
	url := prefix + strings.TrimSuffix(name, ext) + "-" + hash + ext
	b.urls[name], b.assets[url] = url, a
}

// compress returns content as gzip, as small as it gets: it is done once.
func compress(content []byte) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(content); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// read returns an embedded file; one that is missing is a mistake in the program.
func read(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return content
}
