package handlers

import (
	"errors"
	"slices"
	"strings"

	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
)

// The public endpoint. Its answers are CONTRACT.md's, to the byte.
const (
	inboundPrefix  = "/v1/inbound-webhooks/"
	inboundPath    = inboundPrefix + ":hash"
	inboundMethods = "GET, POST, OPTIONS"
)

func isInbound(path string) bool { return strings.HasPrefix(path, inboundPrefix) }

// envelope is the body of every answer.
type envelope struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// answer sends an envelope. id is the one of the call's row in the request log, or of this answer where there is none.
func (s *Server) answer(c *fiber.Ctx, status int, id, message string) error {
	s.allowOrigins(c)
	c.Set("X-Request-Id", id)
	if status == fiber.StatusServiceUnavailable || status == fiber.StatusTooManyRequests {
		c.Set(fiber.HeaderRetryAfter, "2")
	}
	return c.Status(status).JSON(envelope{Success: status == fiber.StatusOK, Message: message})
}

// allowOrigins lets pages of other sites read the answer: forms anywhere may call a webhook.
func (s *Server) allowOrigins(c *fiber.Ctx) {
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set(fiber.HeaderAccessControlExposeHeaders, "X-Request-Id, Retry-After")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// preflight answers a browser that asks before it posts from another site.
func (s *Server) preflight(v *visit) error {
	s.allowOrigins(v.Ctx)
	v.Set(fiber.HeaderAccessControlAllowMethods, inboundMethods)
	v.Set(fiber.HeaderAccessControlMaxAge, "86400")
	if asked := v.Get(fiber.HeaderAccessControlRequestHeaders); asked != "" && tokenList(asked) {
		v.Set(fiber.HeaderAccessControlAllowHeaders, asked)
	}
	return v.SendStatus(fiber.StatusNoContent)
}

// tokenList says whether s is a comma list of header names, which is safe to send back.
func tokenList(s string) bool {
	names := strings.Split(s, ",")
	return len(s) <= 2000 && !slices.ContainsFunc(names, func(name string) bool { return !isToken(strings.TrimSpace(name)) })
}

// refuseMethod sends the 405 of CONTRACT "Route and verbs".
func (s *Server) refuseMethod(c *fiber.Ctx) error {
	c.Set(fiber.HeaderAllow, inboundMethods)
	return s.answer(c, fiber.StatusMethodNotAllowed, models.NewID(s.Now()).String(), "Please call this address with GET or POST.")
}

// answerInboundError speaks for the transport: what never reached the webhook, or what the database could not take.
func (s *Server) answerInboundError(c *fiber.Ctx, err error) error {
	id := models.NewID(s.Now()).String()
	switch status := statusOf(err); status {
	case fiber.StatusMethodNotAllowed:
		return s.refuseMethod(c)
	case fiber.StatusNotFound:
		if m := c.Method(); m != fiber.MethodGet && m != fiber.MethodPost && m != fiber.MethodOptions {
			return s.refuseMethod(c)
		}
		return s.answer(c, status, id, messageNoWebhook)
	case fiber.StatusRequestEntityTooLarge:
		return s.answer(c, status, id, messageTooLarge)
	case fiber.StatusBadRequest, fiber.StatusRequestTimeout, fiber.StatusRequestHeaderFieldsTooLarge, fiber.StatusBadGateway:
		return s.answer(c, fiber.StatusBadRequest, id, "The request could not be read to its end. Please send it again, with headers below 16 KB.")
	default:
		if !errors.Is(err, errBusy) {
			s.Log.Error("call failed", "id", id, "code", models.ErrorCode(err), "sqlstate", models.SQLState(err), "kind", kindOf(err))
		}
		return s.answer(c, fiber.StatusServiceUnavailable, id, messageBusy)
	}
}

var errBusy = errors.New("busy")

const (
	messageNoWebhook = "It looks like the webhook you're trying to access doesn't exist."
	messageTooLarge  = "The body is larger than 1 MiB (1,048,576 bytes). Please send less."
	messageBusy      = "The service is busy at the moment. Please send the request again in a few seconds."
)
