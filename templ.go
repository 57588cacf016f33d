// Package campaignlark is an audience tool's front door: other systems call a webhook's URL with an e-mail address,
// and the right thing happens to the right contact. This package only joins Fiber to templ; the program is in web.
package campaignlark

//go:generate go tool templ generate

import (
	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// pageLevel is the level of compression of pages. In comparison with the lowest level, a page takes about 0.2 ms longer and
// is a tenth smaller.
const pageLevel = 5

// Render writes component as a whole HTML page with the given status, compressed if the client takes gzip. If the component
// fails, nothing is sent and the error is returned for the app's error page.
//
// A page that another site led to is not compressed. If that site chooses the query, it could guess secrets of the page from
// the size of the answer (BREACH); the form token alone is masked.
func Render(c *fiber.Ctx, status int, component templ.Component) error {
	c.Status(status).Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	if err := component.Render(c.UserContext(), c.Response().BodyWriter()); err != nil {
		c.Response().ResetBody()
		return err
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	if TakesGzip(c) && c.Get("Sec-Fetch-Site") != "cross-site" {
		c.Response().SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, c.Response().Body(), pageLevel))
		c.Set(fiber.HeaderContentEncoding, "gzip")
	}
	return nil
}

// TakesGzip reports whether the client asks for gzip. Without the header the answer is no: curl would print it.
func TakesGzip(c *fiber.Ctx) bool {
	return c.Get(fiber.HeaderAcceptEncoding) != "" && c.AcceptsEncodings("gzip") == "gzip"
}
