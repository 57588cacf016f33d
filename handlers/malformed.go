package handlers

import (
	"strings"
	"time"

	"campaignlark/faults"
	"campaignlark/intake"
	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// maxHeaders is how many headers a request may have.
const maxHeaders = 100

// front runs before Fiber. It refuses ambiguous requests, which two programs could read differently, and answers verbs that Fiber
// does not know (at the public endpoint as CONTRACT "Route and verbs" says).
func (s *Server) front(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer s.survive(ctx)
		defer s.uploaded(ctx)
		s.targets.Delete(&ctx.Request.Header)
		if !wellFormed(&ctx.Request.Header) {
			s.answerMalformed(ctx)
			return
		}
		if !knownMethod(string(ctx.Method())) {
			s.answerMethod(ctx)
			return
		}
		next(ctx)
	}
}

// survive recovers a panic outside a route or in an error page, and answers the request. Nothing else recovers there, so the
// process would end. Defer it.
func (s *Server) survive(ctx *fasthttp.RequestCtx) {
	fault := faults.Recovered(recover())
	if fault == nil {
		return
	}
	s.logPanic("outside the routes", fault)
	ctx.Error("Something broke on our side.\n", fiber.StatusInternalServerError)
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	s.protect(c)
	if isInbound(c.Path()) {
		s.answer(c, fiber.StatusServiceUnavailable, models.NewID(time.Now()).String(), intake.MessageBusy)
	}
}

// knownMethod reports whether Fiber knows the verb. Fiber answers others with a 400 that no handler sees.
func knownMethod(m string) bool {
	switch m {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH":
		return true
	}
	return false
}

// answerMethod answers 405 to a verb that no route has.
func (s *Server) answerMethod(ctx *fasthttp.RequestCtx) {
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	s.protect(c)
	if isInbound(c.Path()) {
		s.refuseMethod(c)
		return
	}
	s.answerError(c, fiber.ErrMethodNotAllowed)
}

// answerMalformed refuses a malformed request, with the envelope at the public endpoint.
func (s *Server) answerMalformed(ctx *fasthttp.RequestCtx) {
	const sentence = "This request is not well-formed HTTP."
	ctx.SetConnectionClose()
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	s.protect(c)
	if isInbound(c.Path()) {
		s.answer(c, fiber.StatusBadRequest, models.NewID(s.Now()).String(), sentence)
		return
	}
	ctx.SetStatusCode(fasthttp.StatusBadRequest)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(sentence + "\n")
}

// unread wraps next, which answers requests that could not be read. An upload leaves its place. An oversized or malformed head
// was never parsed: unread takes the path from the bytes quoted in the error. After a broken body fasthttp has forgotten the
// path: beforeBody noted it. So the public endpoint always answers with its envelope (CONTRACT "Route and verbs").
func (s *Server) unread(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		defer s.survive(ctx)
		s.uploads.leave(&ctx.Request.Header)
		_, quoted, _ := strings.Cut(err.Error(), `contents: "`)
		_, target, _ := strings.Cut(quoted, " ")
		if noted, there := s.targets.LoadAndDelete(&ctx.Request.Header); there {
			target = noted.(string)
		}
		if isInbound(target) {
			ctx.Request.SetRequestURI(inboundPrefix)
		}
		next(ctx, err)
	}
}

// wellFormed checks what fasthttp does not: the target starts with a slash, HTTP/1.1 has one Host, header names are tokens, values
// hold no control characters, and no header that decides how to read the body comes twice.
func wellFormed(h *fasthttp.RequestHeader) bool {
	target := h.RequestURI()
	if len(target) == 0 || target[0] != '/' || len(h.Host()) == 0 && h.IsHTTP11() {
		return false
	}
	for _, b := range target {
		if b <= ' ' || b == 0x7f || b == '#' {
			return false
		}
	}
	count, single := 0, map[string]int{}
	for line := range strings.SplitSeq(string(h.RawHeaders()), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if count++; !found || count > maxHeaders || !isToken(name) || hasControls(value) {
			return false
		}
		switch name = strings.ToLower(name); name {
		case "host", "content-type", "content-encoding", "content-length":
			if single[name]++; single[name] > 1 {
				return false
			}
		}
	}
	return true
}

func isToken(s string) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, b) >= 0 {
			return false
		}
	}
	return s != ""
}

func hasControls(s string) bool {
	for _, b := range []byte(s) {
		if b < ' ' && b != '\t' || b == 0x7f {
			return true
		}
	}
	return false
}
