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
func (v *visit) know(a senders.Answers) {
	if !a.IsZero() {
		v.Locals(answersKey, a)
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
	return s.answerCall(v, intake.Answer{Status: fiber.StatusTooManyRequests, Message: messageTooMany}, outcomeTooMany, id, "")
}

// answerCall sends the answer of a call: to a browser that sent a form the page that the webhook names, to everybody else the envelope.
// next is where the form asks to go after a success, "" for nowhere.
func (s *Server) answerCall(v *visit, a intake.Answer, outcome models.Outcome, id, next string) error {
	to := pageAfter(knownAnswers(v.Ctx), a.Success(), outcome, next)
	if to == "" || !isFormOfBrowser(v.Ctx) {
		return s.answer(v.Ctx, a.Status, id, a.Message)
	}
	s.allowOrigins(v.Ctx)
	v.Set("X-Request-Id", id)
	v.Set(fiber.HeaderLocation, to)
	v.Status(fiber.StatusSeeOther)
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

// redirectKey is the field of a form that says where to go after a success.
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
