package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

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

// turnAway answers a call over a limit.
func (s *Server) turnAway(v *visit, id string, seconds int) error {
	s.Refused(refusedLimit)
	v.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds))
	return s.answerCall(v.Ctx, intake.Answer{Status: fiber.StatusTooManyRequests, Message: messageTooMany}, outcomeTooMany, id, "")
}

// answerBusy answers a call that cannot be taken at the moment, with the sentence of the answer.
func (s *Server) answerBusy(c *fiber.Ctx, id, message string) error {
	return s.answerCall(c, intake.Answer{Status: fiber.StatusServiceUnavailable, Message: message}, intake.OutcomeBusy, id, "")
}

// answerCall sends the answer of a call. A browser that sent a form is led to the page that the webhook names. If the form was refused and
// the webhook names only a page for those that worked, the browser gets a page that says why. Everybody else gets the envelope. next is where
// the form asks to go, "" for nowhere.
func (s *Server) answerCall(c *fiber.Ctx, a intake.Answer, outcome models.Outcome, id, next string) error {
	answers := knownAnswers(c)
	to := pageAfter(answers, a.Success(), outcome, next)
	switch {
	case to == "" && answers.SuccessURL == "" || !isFormOfBrowser(c):
		return s.answer(c, a.Status, id, a.Message)
	case to == "":
		s.setAnswerHeaders(c, a.Status, id)
		return s.refusedForm(c, a.Status, outcome, id)
	}
	s.setAnswerHeaders(c, fiber.StatusSeeOther, id)
	c.Set(fiber.HeaderLocation, to)
	c.Status(fiber.StatusSeeOther)
	return nil
}

// pageAfter returns the page to go to after an answer, with its result in the query; "" for none.
func pageAfter(answers senders.Answers, success bool, outcome models.Outcome, next string) string {
	to, result := answers.FailureURL, string(outcome)
	if success {
		to, result = answers.SuccessURL, "ok"
		if next != "" {
			to = next
		}
	} else if to == "" {
		to = next
	}
	u, err := url.Parse(to)
	if to == "" || err != nil {
		return ""
	}
	query := u.Query()
	query.Set("result", result)
	u.RawQuery = query.Encode()
	return u.String()
}

// isFormOfBrowser reports whether a person's browser sent a form, and shows the answer as a page.
func isFormOfBrowser(c *fiber.Ctx) bool {
	kind := models.MediaType(c.Get(fiber.HeaderContentType))
	mode := c.Get("Sec-Fetch-Mode")
	return c.Method() == fiber.MethodPost && (kind == fiber.MIMEApplicationForm || kind == fiber.MIMEMultipartForm) &&
		(mode == "" || mode == "navigate") && strings.Contains(strings.ToLower(c.Get(fiber.HeaderAccept)), fiber.MIMETextHTML)
}

// redirectKey is the field of a form that says where to go next.
const redirectKey = "redirect_to"

// nextPage returns where the form of a call asks to go, "" for nowhere. Only pages of listed websites count: anything else would let
// everybody lead visitors anywhere by a link to this program.
func (v *visit) nextPage(r intake.Request) string {
	origins := knownAnswers(v.Ctx).AllowedOrigins
	if len(origins) == 0 || !isFormOfBrowser(v.Ctx) {
		return ""
	}
	s := intake.Decode(r)
	i := slices.IndexFunc(s.Fields, func(f intake.Field) bool { return f.Key == redirectKey })
	if i < 0 {
		return ""
	}
	to := s.Fields[i].Value.Last()
	if origin, ok := senders.OriginOf(to); !ok || !slices.Contains(origins, origin) {
		return ""
	}
	return to
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
