package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"

	"github.com/gofiber/fiber/v2"
)

// answersKey is the key in Locals of the answers of the webhook that was called, if it was told any.
const answersKey = "answers"

// messageTooMany is the answer to a call over a limit of its webhook.
const messageTooMany = "Too many calls. Please send the request again later."

// outcomeTooMany is the result of a call over a limit. It has no row in the log.
const outcomeTooMany models.Outcome = "too_many"

// know notes what the webhook of a request was told about its answers.
func know(c *fiber.Ctx, a senders.Answers) {
	if !a.IsZero() || c.Locals(answersKey) != nil { // else the documented ones hold anyway
		c.Locals(answersKey, a)
	}
}

// knownAnswers returns what know noted, or the zero Answers.
func knownAnswers(c *fiber.Ctx) senders.Answers {
	a, _ := c.Locals(answersKey).(senders.Answers)
	return a
}

// secondsOf returns a time in whole seconds, rounded up.
func secondsOf(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// turnAway answers a call over a limit.
func (s *Server) turnAway(v *visit, id string, seconds int) error {
	s.Refused(refusedLimit)
	v.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds))
	return s.answerCall(v.Ctx, intake.Answer{Status: fiber.StatusTooManyRequests, Message: messageTooMany}, outcomeTooMany, id)
}

// answerBusy answers a call that cannot be taken at the moment, with the sentence of the answer.
func (s *Server) answerBusy(c *fiber.Ctx, id, message string) error {
	return s.answerCall(c, intake.Answer{Status: fiber.StatusServiceUnavailable, Message: message}, intake.OutcomeBusy, id)
}

// answerCall sends the answer of a call that was not decided. Its form cannot ask for a page.
func (s *Server) answerCall(c *fiber.Ctx, a intake.Answer, outcome models.Outcome, id string) error {
	page := ""
	if isFormOf(c) {
		page = knownAnswers(c).PageAfter(a.Success(), string(outcome), "")
	}
	return s.sendAnswer(c, a, outcome, id, page)
}

// sendAnswer sends the answer of a call. The browser that sent a form is led to page, if it is not "". If the form was refused and the webhook
// names only a page for those that worked, the browser gets a page that says why. Everybody else gets the envelope.
func (s *Server) sendAnswer(c *fiber.Ctx, a intake.Answer, outcome models.Outcome, id, page string) error {
	switch {
	case page == "" && (knownAnswers(c).SuccessURL == "" || !isFormOf(c)):
		return s.answer(c, a.Status, id, a.Message)
	case page == "":
		s.setAnswerHeaders(c, a.Status, id)
		return s.refusedForm(c, a.Status, outcome, id)
	}
	s.setAnswerHeaders(c, fiber.StatusSeeOther, id)
	c.Set(fiber.HeaderLocation, page)
	c.Status(fiber.StatusSeeOther)
	return nil
}

// isForm reports whether a person's browser sent a form, and shows the answer as a page. header returns the value of a header, "" if it is
// not there.
func isForm(method string, header func(name string) string) bool {
	if method != fiber.MethodPost || !strings.Contains(strings.ToLower(header(fiber.HeaderAccept)), fiber.MIMETextHTML) {
		return false
	}
	kind, mode := models.MediaType(header(fiber.HeaderContentType)), header("Sec-Fetch-Mode")
	return (kind == fiber.MIMEApplicationForm || kind == fiber.MIMEMultipartForm) && (mode == "" || mode == "navigate")
}

// isFormOf is isForm for a request.
func isFormOf(c *fiber.Ctx) bool {
	return isForm(c.Method(), func(name string) string { return c.Get(name) })
}

// allowOrigins lets pages of other sites read the answer: forms on any site may call a webhook, unless it lists the sites.
func (s *Server) allowOrigins(c *fiber.Ctx) {
	allowed := "*"
	if origins := knownAnswers(c).AllowedOrigins; len(origins) > 0 {
		allowed = ""
		if origin, ok := senders.ReadOrigin(c.Get(fiber.HeaderOrigin)); ok && slices.Contains(origins, origin) {
			allowed = c.Get(fiber.HeaderOrigin)
		}
		c.Set(fiber.HeaderVary, fiber.HeaderOrigin)
	}
	if allowed != "" {
		c.Set(fiber.HeaderAccessControlAllowOrigin, allowed)
	}
	c.Set(fiber.HeaderAccessControlExposeHeaders, "X-Request-Id, Retry-After")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
}
