package handlers

import (
	"context"
	"errors"
	"net/url"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// statusOf maps the domain's error codes and Fiber's errors to HTTP statuses. Nothing else does.
func statusOf(err error) int {
	var f *fiber.Error
	if errors.As(err, &f) {
		return f.Code
	}
	switch store.ErrorCode(err) {
	case models.CodeNotFound:
		return fiber.StatusNotFound
	case models.CodeConflict:
		return fiber.StatusConflict
	case models.CodeInvalid:
		return fiber.StatusUnprocessableEntity
	case models.CodeForbidden:
		return fiber.StatusForbidden
	case models.CodeUnavailable, models.CodeBusy, models.CodeTimeout:
		return fiber.StatusServiceUnavailable
	}
	return fiber.StatusInternalServerError
}

// answerError answers every error, the server's own included: with the JSON envelope at the public endpoint, the sign-in page if
// there is no session, else an error page. Details go only to the log.
func (s *Server) answerError(c *fiber.Ctx, err error) error {
	s.protect(c)
	if isInbound(c.Path()) {
		return s.answerInboundError(c, err)
	}
	if statusOf(err) == fiber.StatusRequestEntityTooLarge {
		err = s.whyTooLarge(c, err)
	}
	if errors.Is(err, errSignIn) {
		return c.Redirect(signInURL(c), fiber.StatusSeeOther)
	}
	status := statusOf(err)
	id := models.NewID(s.Now()).String()
	if status >= 500 {
		s.Log.Error("request failed", "id", id, "route", c.Route().Path, "method", c.Method(), store.ErrorAttr(err))
	}
	c.Set("X-Request-Id", id)
	if status == fiber.StatusServiceUnavailable || status == fiber.StatusTooManyRequests {
		c.Set(fiber.HeaderRetryAfter, "5")
	}
	if c.UserContext().Err() != nil {
		c.SetUserContext(context.Background()) // the request's deadline may be over; the error page needs time too
	}
	m := errorPage(status, isPageRead(c), err)
	m.RequestID, m.Assets, m.Again = id, assets(), localPath(c.OriginalURL())
	if store.ErrorCode(err) != models.CodeUnavailable {
		m.Page = s.errorFrame(c)
	}
	return campaignlark.Render(c, status, views.ErrorPage(m))
}

// signInURL links to the sign-in page, and from there back to the requested page.
func signInURL(c *fiber.Ctx) string {
	to := c.OriginalURL()
	if !isPageRead(c) {
		to = cameFrom(c)
	}
	if isUpload(c.Method(), c.Path()) {
		to = c.Path() + "?lost=1" // the sign-in does not keep files
	}
	if to == "/" {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(to)
}

// ignoreNotFound returns err, or nil for "not found".
func ignoreNotFound(err error) error {
	if store.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	return err
}
