// Package campaignlark is an audience tool's front door: other systems call a webhook's URL with an e-mail address,
// and the right thing happens to the right contact. This package only joins Fiber to templ; the program is in web.
package campaignlark

//go:generate go tool templ generate

import (
	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
)

// Render writes component as a whole HTML page with the given status. When the component fails nothing of it is sent,
// and the error is returned for the app's error page.
func Render(c *fiber.Ctx, status int, component templ.Component) error {
	c.Status(status).Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	if err := component.Render(c.UserContext(), c.Response().BodyWriter()); err != nil {
		c.Response().ResetBody()
		return err
	}
	return nil
}
