package handlers

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"

	"github.com/gofiber/fiber/v2"
)

// The public endpoint. CONTRACT.md fixes its answers to the byte.
const (
	inboundPrefix  = "/v1/inbound-webhooks/"
	inboundPath    = inboundPrefix + ":hash"
	inboundMethods = "GET, POST, OPTIONS"
)

// isInbound reports whether the target of a request is the public endpoint's URL or looks like it: see endpointHash.
func isInbound(target string) bool {
	if strings.HasPrefix(target, inboundPrefix) {
		return true
	}
	_, looks := endpointHash(target)
	return looks
}

// ownPages are the first parts of the paths that belong to the program's own pages and files.
var ownPages = []string{"w", "docs", "support", "static", strings.TrimPrefix(invitationsPath, "/")}

// betweenWords removes what may stand between or around the words of a path's part.
var betweenWords = strings.NewReplacer("-", "", "_", "", " ", "")

// endpointHash reports whether the target of a request is the public endpoint's URL or looks like it: a part of its path is
// "inbound-webhooks" in any case, in the singular too, with an underscore, a blank or nothing between the words, or with escaped
// characters, after any other parts but the beginning of an own page, and a slash may be a backslash. It returns the hash, the next part
// that is not only dots, or "" if there is none.
func endpointHash(target string) (hash string, looks bool) {
	if scheme, rest, absolute := strings.Cut(target, "://"); absolute && !strings.ContainsAny(scheme, "/?#") {
		_, target, _ = strings.Cut(rest, "/")
	}
	if end := strings.IndexAny(target, "?#"); end >= 0 {
		target = target[:end]
	}
	if plain, err := url.PathUnescape(target); err == nil {
		target = plain
	}
	parts := strings.FieldsFunc(target, func(r rune) bool { return r == '/' || r == '\\' })
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "." || part == ".." })
	at := slices.IndexFunc(parts, func(part string) bool {
		return strings.TrimSuffix(strings.ToLower(betweenWords.Replace(part)), "s") == "inboundwebhook"
	})
	if at < 0 || at > 0 && slices.ContainsFunc(ownPages, func(page string) bool { return strings.EqualFold(page, parts[0]) }) {
		return "", false
	}
	return strings.Join(parts[at+1:min(at+2, len(parts))], ""), true
}

// envelope is the body of every answer.
type envelope struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// answer sends an envelope. id is the call's id in the request log; a call without a row gets an id for this answer only.
func (s *Server) answer(c *fiber.Ctx, status int, id, message string) error {
	s.setAnswerHeaders(c, status, id)
	return c.Status(status).JSON(envelope{Success: status == fiber.StatusOK, Message: message})
}

// setAnswerHeaders sets the headers that every answer has.
func (s *Server) setAnswerHeaders(c *fiber.Ctx, status int, id string) {
	s.allowOrigins(c)
	c.Set("X-Request-Id", id)
	if status == fiber.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, "2")
	}
}

// preflight answers a CORS preflight request.
func (s *Server) preflight(v *visit) error {
	if hash, found, err := s.Intake.Lookup(v.UserContext(), v.Params("hash")); err == nil && found {
		if answers, err := s.Intake.ReadAnswers(v.UserContext(), hash); err == nil { // a browser that is refused here sends no call
			know(v.Ctx, answers)
		}
	}
	s.allowOrigins(v.Ctx)
	v.Set("X-Request-Id", models.NewID(s.Now()).String())
	v.Set(fiber.HeaderAccessControlAllowMethods, inboundMethods)
	v.Set(fiber.HeaderAccessControlMaxAge, "86400")
	if asked := v.Get(fiber.HeaderAccessControlRequestHeaders); asked != "" && tokenList(asked) {
		v.Set(fiber.HeaderAccessControlAllowHeaders, asked)
	}
	return v.SendStatus(fiber.StatusNoContent)
}

// tokenList reports whether s is a comma-separated list of header names, and so safe to echo.
func tokenList(s string) bool {
	names := strings.Split(s, ",")
	return len(s) <= 2000 && !slices.ContainsFunc(names, func(name string) bool { return !isToken(strings.TrimSpace(name)) })
}

// refuseMethod answers 405 (CONTRACT "Route and verbs").
func (s *Server) refuseMethod(c *fiber.Ctx) error {
	c.Set(fiber.HeaderAllow, inboundMethods)
	return s.refuse(c, otherMethod, 0, 0)
}

// inbound checks the hash, decodes the payload and answers with the pipeline's result (CONTRACT "Order of checks").
func (s *Server) inbound(v *visit) error {
	now := s.Now()
	id := models.NewID(now)
	hash, found, err := s.Intake.Lookup(v.UserContext(), v.Params("hash"))
	if err != nil {
		return err
	}
	if !found {
		return s.answer(v.Ctx, fiber.StatusNotFound, id.String(), intake.MessageNoWebhook)
	}
	answers, err := s.Intake.Answers(v.UserContext(), hash)
	if err != nil {
		return err
	}
	know(v.Ctx, answers)
	if err := s.Intake.Admit(); err != nil {
		return s.answerBusy(v.Ctx, id.String(), intake.MessageBusy)
	}
	client := s.clientAddress(v.Ctx)
	if wait := s.limits.take(hash, client, answers, now); wait > 0 {
		return s.turnAway(v, id.String(), secondsOf(wait))
	}
	call, err := s.call(v, hash, client, now)
	if err != nil {
		return err
	}
	call.ID = id
	answer, outcome, page, err := s.Intake.SubmitCall(v.UserContext(), call)
	switch {
	case errors.Is(err, intake.ErrRefused):
		return s.answerBusy(v.Ctx, id.String(), intake.ErrRefused.Message)
	case err != nil: // if only the commit's answer was lost, this is the id of its row
		return s.answerBusy(v.Ctx, id.String(), intake.MessageBusy)
	}
	if answers, err := s.Intake.Answers(v.UserContext(), hash); err == nil { // as the batch has read them
		know(v.Ctx, answers)
	}
	return s.sendAnswer(v.Ctx, answer, outcome, id.String(), page)
}

// call copies the request, because Fiber reuses its memory, and decodes it. The error is intake.ErrBusy if a large payload waits for
// its turn for too long.
func (s *Server) call(v *visit, hash models.WebhookHash, client netip.Addr, now time.Time) (intake.Call, error) {
	c := intake.Call{
		ArrivedAt: now, Method: v.Method(), ContentType: v.Get(fiber.HeaderContentType), UserAgent: v.Get(fiber.HeaderUserAgent),
		ClientAddress: client.String(), Headers: shownHeaders(v.Ctx), Prefetch: v.Method() == fiber.MethodGet && isPrefetch(v.Ctx), Form: isFormOf(v.Ctx),
	}
	r := intake.Request{
		Method: c.Method, ContentType: c.ContentType, ContentEncoding: v.Get(fiber.HeaderContentEncoding),
		Query: string(v.Request().URI().QueryString()),
	}
	c.Size = int64(len(r.Query))
	if c.Method != fiber.MethodGet {
		if r.Body = v.Request().Body(); len(r.Body) <= freeBody { // a larger one has its own memory: see receive
			r.Body = slices.Clone(r.Body)
		}
		c.Size = int64(len(r.Body))
	}
	if len(r.Body) > freeBody || r.ContentEncoding != "" {
		select {
		case s.decoding <- struct{}{}:
			defer func() { <-s.decoding }()
		case <-v.UserContext().Done():
			return c, intake.ErrBusy
		}
	}
	c.Hash, c.Request = hash, r
	c.Head = slices.Clone(v.Request().Header.RawHeaders())
	c.URL = s.base + v.OriginalURL()
	s.Intake.Prepare(&c)
	return c, nil
}

// prefetchHeaders are the headers by which a program says that it only fetches a link ahead, with the words that say it
// (CONTRACT "Route and verbs").
var prefetchHeaders = map[string][]string{
	"Sec-Purpose": {"prefetch", "prerender"}, "Purpose": {"prefetch", "preview"}, "X-Purpose": {"prefetch", "preview"}, "X-Moz": {"prefetch"},
}

// isPrefetch reports whether a browser only prefetches the page, which is not a call.
func isPrefetch(c *fiber.Ctx) bool {
	return saysPrefetch(func(name string) (values []string) {
		for _, value := range c.Request().Header.PeekAll(name) {
			values = append(values, string(value))
		}
		return values
	})
}

// saysPrefetch reports whether the headers of a request say that a browser only prefetches the page.
func saysPrefetch(values func(name string) []string) bool {
	for name, words := range prefetchHeaders {
		for _, value := range values(name) {
			said := strings.ToLower(value)
			if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(said, word) }) {
				return true
			}
		}
	}
	return false
}

// loggedHeaders help to explain a call. Those by which deliveries are named and senders are recognised belong to them. The value of a
// signature is a secret and is not kept.
var loggedHeaders = headersOnce([]string{"Accept", "Accept-Language", "Content-Encoding", "Content-Length", "Content-Type", "Host", "Origin", "Purpose", "Referer",
	"Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Purpose", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Moz", "X-Purpose", "X-Request-Id"}, senders.DeliveryHeaders, senders.MarkHeaders())

// headersOnce joins lists of headers. A header stands where it comes first.
func headersOnce(lists ...[]string) (names []string) {
	for _, name := range slices.Concat(lists...) {
		if !slices.ContainsFunc(names, func(before string) bool { return strings.EqualFold(before, name) }) {
			names = append(names, name)
		}
	}
	return names
}

// signatureNotKept is what the log has in place of a signature, of which it keeps only that it came.
const signatureNotKept = "(not kept)"

func shownHeaders(c *fiber.Ctx) []intake.Header {
	return headersToLog(func(name string) string { return c.Get(name) })
}

// headersToLog returns the headers that the log keeps. value returns a header, "" if it is not there.
func headersToLog(value func(name string) string) []intake.Header {
	var all []intake.Header
	for _, name := range loggedHeaders {
		value := value(name)
		if value == "" {
			continue
		}
		if strings.Contains(strings.ToLower(name), "signature") {
			value = signatureNotKept
		}
		all = append(all, intake.Header{Name: name, Value: value})
	}
	return all
}

// answerInboundError answers calls that never reached the webhook or that the database could not store.
func (s *Server) answerInboundError(c *fiber.Ctx, err error) error {
	switch method := c.Method(); statusOf(err) {
	case fiber.StatusMethodNotAllowed:
		return s.refuseMethod(c)
	case fiber.StatusNotFound:
		switch method {
		case fiber.MethodGet, fiber.MethodPost:
			return s.refuse(c, urlDiffers, int64(len(c.Request().Body())), 0)
		case fiber.MethodOptions: // leaves no row
			s.Refused(refusedURLDiffers)
			return s.answer(c, fiber.StatusNotFound, models.NewID(s.Now()).String(), urlDiffers.message)
		}
		return s.refuseMethod(c)
	}
	id := models.NewID(s.Now()).String()
	if !errors.Is(err, intake.ErrBusy) {
		s.Log.Error("call failed", "id", id, store.ErrorAttr(err))
	}
	return s.answerBusy(c, id, intake.MessageBusy)
}
