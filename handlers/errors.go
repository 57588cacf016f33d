package handlers

import (
	"context"
	"errors"
	"net/url"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// statusOf maps the domain's error codes, and Fiber's own errors, to HTTP's. It is the one place that does.
func statusOf(err error) int {
	var f *fiber.Error
	if errors.As(err, &f) {
		return f.Code
	}
	switch models.ErrorCode(err) {
	case models.CodeNotFound:
		return fiber.StatusNotFound
	case models.CodeConflict:
		return fiber.StatusConflict
	case models.CodeInvalid:
		return fiber.StatusUnprocessableEntity
	case models.CodeForbidden:
		return fiber.StatusForbidden
	case models.CodeUnavailable:
		return fiber.StatusServiceUnavailable
	}
	return fiber.StatusInternalServerError
}

// answerError turns every error, the server's own included, into an answer: the JSON envelope at the public endpoint,
// the sign-in page for who has no session, a page for people elsewhere. Details go to the log only.
func (s *Server) answerError(c *fiber.Ctx, err error) error {
	s.protect(c)
	if isInbound(c.Path()) {
		return s.answerInboundError(c, err)
	}
	if errors.Is(err, errSignIn) {
		return c.Redirect(signInURL(c), fiber.StatusSeeOther)
	}
	status := statusOf(err)
	id := models.NewID(s.Now()).String()
	if status >= 500 {
		s.Log.Error("request failed", "id", id, "route", c.Route().Path, "method", c.Method(), "code", models.ErrorCode(err), "sqlstate", models.SQLState(err), "kind", kindOf(err))
	}
	c.Set("X-Request-Id", id)
	if status == fiber.StatusServiceUnavailable || status == fiber.StatusTooManyRequests {
		c.Set(fiber.HeaderRetryAfter, "5")
	}
	if c.UserContext().Err() != nil {
		c.SetUserContext(context.Background()) // the work ran out of time; saying so must not
	}
	return campaignlark.Render(c, status, views.ErrorPage(errorPage(status, err, id)))
}

// signInURL leads to the sign-in page and back to where the person wanted to go.
func signInURL(c *fiber.Ctx) string {
	to := c.OriginalURL()
	if c.Method() != fiber.MethodGet {
		to = cameFrom(c)
	}
	if to == "/" {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(to)
}

// kindOf names an error's Go type for the log: messages may hold what somebody sent.
func kindOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			break
		}
		err = next
	}
	return typeName(err)
}

// errorPage is the page of one error: what happened, what became of the input, what to do.
func errorPage(status int, err error, id string) views.ErrorModel {
	m := views.ErrorModel{Status: status, RequestID: id, Assets: assets()}
	var known *models.Error
	if errors.As(err, &known) {
		m.Text = known.Message
	}
	switch status {
	case fiber.StatusNotFound:
		m.Title = "This page is not here"
		m.Text = "It may have been deleted, or it belongs to a workspace that you are not a member of. Check the address, or start from the dashboard."
	case fiber.StatusForbidden:
		m.Title = "This was not done"
	case fiber.StatusMethodNotAllowed:
		m.Title, m.Text = "This page cannot be called that way", "Go back and use the page's own buttons."
	case fiber.StatusRequestEntityTooLarge:
		m.Title, m.Text = "That is too much at once", "Nothing was saved. Send less than 4 MB at a time."
	case fiber.StatusConflict, fiber.StatusUnprocessableEntity:
		m.Title = "This was not saved"
	case fiber.StatusTooManyRequests:
		m.Title = "Too many tries"
	case fiber.StatusServiceUnavailable:
		m.Title, m.Text = "The database does not answer", "Nothing was changed. Try again in a few seconds; if it stays like this, tell the person who runs this program."
	default:
		m.Title, m.Text = "Something went wrong here", "The fault is ours, and it has been noted. What you sent was not saved. Go back and try again; if it happens again, give the request id to the person who runs this program."
		if status < 500 {
			m.Title, m.Text = "This request cannot be read", "Go back and try again."
		}
	}
	return m
}
