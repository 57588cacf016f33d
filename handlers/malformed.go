package handlers

import (
	"bytes"
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
		var held received
		defer s.leave(ctx, &held)
		defer s.survive(ctx)
		if why := s.receive(ctx, &held); why != nil {
			s.answerUnreceived(ctx, why)
			return
		}
		if why := whyAmbiguous(&ctx.Request.Header); why != nil {
			s.answerAmbiguous(ctx, *why)
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
	if isInbound(string(ctx.Request.Header.RequestURI())) {
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

// answerAmbiguous refuses an ambiguous request, with the envelope at the public endpoint.
func (s *Server) answerAmbiguous(ctx *fasthttp.RequestCtx, why refusal) {
	ctx.SetConnectionClose()
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	s.protect(c)
	if isInbound(string(ctx.Request.Header.RequestURI())) {
		_ = s.refuse(c, why, int64(len(ctx.Request.Body())), 0)
		return
	}
	ctx.SetStatusCode(fasthttp.StatusBadRequest)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(malformed.message + "\n")
}

// single lists the headers that may come once, because they decide how a request is read.
var single = []string{fiber.HeaderHost, fiber.HeaderContentType, fiber.HeaderContentEncoding, fiber.HeaderContentLength, fiber.HeaderTransferEncoding}

// whyAmbiguous checks what fasthttp does not: the target begins with a slash and holds no blank, # or control character, header names
// are tokens, values hold no control characters, no header that decides how to read the request comes twice, and one alone says where
// the body ends. It returns nil if all is well.
func whyAmbiguous(h *fasthttp.RequestHeader) *refusal {
	if why := whyBadTarget(string(h.RequestURI())); why != nil {
		return why
	}
	count, seen := 0, map[string]bool{}
	for line := range strings.SplitSeq(string(h.RawHeaders()), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		switch count++; {
		case count > maxHeaders:
			return &tooManyHeaders
		case line[0] == ' ' || line[0] == '\t':
			return &headerFolded
		case !found:
			return &headerColon
		case !isToken(name):
			return &headerName
		case hasControls(value):
			return &headerControl
		}
		for _, header := range single {
			if !strings.EqualFold(name, header) {
				continue
			}
			if seen[header] {
				why := repeatedHeader(header)
				return &why
			}
			seen[header] = true
		}
	}
	if seen[fiber.HeaderContentLength] && seen[fiber.HeaderTransferEncoding] {
		return &twoLengths
	}
	return nil
}

// useOwnHost splits a whole URL in a request's first line, as programs with a proxy send it: its host replaces the Host header, and the
// rest becomes the target (RFC 9112, section 3.2.2). It changes nothing if the URL is not of http or https, or has no host or a user's
// name: whyBadTarget refuses these.
func useOwnHost(h *fasthttp.RequestHeader) {
	if bytes.HasPrefix(h.RequestURI(), []byte("/")) {
		return
	}
	scheme, rest, absolute := strings.Cut(string(h.RequestURI()), "://")
	if !absolute || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return
	}
	host, target := rest, "/"
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host, target = rest[:end], rest[end:]
	}
	if host == "" || strings.ContainsAny(host, `@\`) {
		return
	}
	if target[0] != '/' {
		target = "/" + target
	}
	h.SetHost(host)
	h.SetRequestURI(target)
}

// whyBadTarget checks the URL in a request's first line.
func whyBadTarget(target string) *refusal {
	switch {
	case !strings.HasPrefix(target, "/"):
		return &urlAbsolute
	case strings.Contains(target, " "):
		return &urlBlank
	case strings.Contains(target, "#"):
		return &urlHash
	case hasControls(target) || strings.Contains(target, "\t"):
		return &urlControl
	}
	return nil
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
