package handlers

import (
	"context"
	"fmt"
	"time"

	"campaignlark/intake"
	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
)

// RefusalReason says why a request to the public endpoint never reached its handler. It is the label of a metric.
type RefusalReason string

const (
	refusedHeadTooLarge   RefusalReason = "head_too_large"   // URL and headers over 16 KB
	refusedManyHeaders    RefusalReason = "too_many_headers" // over maxHeaders
	refusedRepeatedHeader RefusalReason = "repeated_header"  // of a header that decides how the request is read
	refusedHeader         RefusalReason = "header"           // the name, value or line end of a header is not allowed
	refusedHost           RefusalReason = "host"             // missing, or not a host name
	refusedRequestLine    RefusalReason = "request_line"     // not method, URL and version
	refusedURL            RefusalReason = "url"              // holds a blank, a # or a control character, or is neither a path nor a whole URL
	refusedLength         RefusalReason = "length"           // Content-Length or Transfer-Encoding cannot be used
	refusedChunk          RefusalReason = "chunk"            // a chunk is not written as HTTP asks
	refusedBrokenOff      RefusalReason = "broken_off"       // the connection ended before the request
	refusedTimeout        RefusalReason = "timeout"          // the request did not arrive in time
	refusedTooLarge       RefusalReason = "too_large"        // a body over bodyLimit
	refusedNoRoom         RefusalReason = "no_room"          // no memory for the body: see rooms
	refusedConnections    RefusalReason = "connections"      // over maxConnections
	refusedURLDiffers     RefusalReason = "url_differs"      // only looks like the URL of a webhook
	refusedLimit          RefusalReason = "limit"            // over a limit of the webhook
	refusedMethod         RefusalReason = "method"           // neither GET, POST nor OPTIONS
)

// RefusalReasons lists every reason.
var RefusalReasons = []RefusalReason{
	refusedHeadTooLarge, refusedManyHeaders, refusedRepeatedHeader, refusedHeader, refusedHost, refusedRequestLine, refusedURL,
	refusedLength, refusedChunk, refusedBrokenOff, refusedTimeout, refusedTooLarge, refusedNoRoom, refusedConnections,
	refusedURLDiffers, refusedLimit, refusedMethod,
}

// refusal is why a request never reached its handler, with the sentence of the answer. The sentence quotes nothing that was sent,
// because the request log shows it to support staff too.
type refusal struct {
	reason  RefusalReason
	message string
}

// Refusals without details of the request.
var (
	headTooLarge   = refusal{refusedHeadTooLarge, "The URL and the headers are over 16 KB together. Send long values in the body of a POST."}
	tooManyHeaders = refusal{refusedManyHeaders, fmt.Sprintf("The request has more than %d headers. Send fewer.", maxHeaders)}

	headerName    = refusal{refusedHeader, "The name of a header is missing, or holds a blank or another character that is not allowed. Check the headers."}
	headerColon   = refusal{refusedHeader, "A line of the headers has no colon. Write each header as a name, a colon and a value."}
	headerFolded  = refusal{refusedHeader, "A line of the headers begins with a blank. Write each header in one line."}
	headerControl = refusal{refusedHeader, "The value of a header holds a control character. Remove it."}
	bareLines     = refusal{refusedHeader, "Lines of the URL and the headers end in a line feed alone. End each of them, and the empty line after them, with CR LF."}
	headerTrailer = refusal{refusedHeader, "The Trailer header names a header that may not follow the body. Remove it."}

	noHost      = refusal{refusedHost, "The Host header is missing. Send it."}
	badHost     = refusal{refusedHost, "The host in the URL or in the Host header is not the name of a host. Check it."}
	requestLine = refusal{refusedRequestLine, "The first line of the request is not a method, a URL and HTTP/1.1, with one blank between them. Check it."}

	urlBlank    = refusal{refusedURL, "The URL holds a blank. Write it as %20."}
	urlHash     = refusal{refusedURL, "The URL holds a #. Write it as %23."}
	urlControl  = refusal{refusedURL, "The URL holds a control character. Write it as % and two hexadecimal digits."}
	urlAbsolute = refusal{refusedURL, "The URL in the first line of the request begins neither with / nor with http:// or https:// and a host. Send only the part after the host there."}

	badLength   = refusal{refusedLength, "The Content-Length is not a whole number in digits. Check it."}
	badEncoding = refusal{refusedLength, "The Transfer-Encoding cannot be read. Send it once, as chunked, with HTTP/1.1, or send a Content-Length."}
	twoLengths  = refusal{refusedLength, "The request has both a Content-Length and a Transfer-Encoding. Send one of them."}

	brokenTrailer = refusal{refusedChunk, "The headers after the last chunk of the body cannot be read. Leave them away."}

	brokenChunk        = refusal{refusedChunk, "The chunks of the body cannot be read. Each needs its size in hexadecimal digits, a line end, its bytes and a line end."}
	bodyTooLarge       = refusal{refusedTooLarge, intake.ErrTooLarge.Error()}
	noRoom             = refusal{refusedNoRoom, intake.MessageBusy}
	tooManyConnections = refusal{refusedConnections, intake.MessageBusy}
	urlDiffers         = refusal{refusedURLDiffers, intake.MessageNoWebhook}
	otherMethod        = refusal{refusedMethod, "Please call this address with GET or POST."}
	malformed          = refusal{refusedRequestLine, "This request is not well-formed HTTP."}
)

// repeatedHeader refuses a request in which a header comes twice.
func repeatedHeader(name string) refusal {
	return refusal{refusedRepeatedHeader, "The header " + name + " comes more than once. Send it once."}
}

// status returns the HTTP status of the answer (CONTRACT "Route and verbs").
func (r refusal) status() int {
	switch r.reason {
	case refusedTimeout:
		return fiber.StatusRequestTimeout
	case refusedTooLarge:
		return fiber.StatusRequestEntityTooLarge
	case refusedNoRoom, refusedConnections:
		return fiber.StatusServiceUnavailable
	case refusedURLDiffers:
		return fiber.StatusNotFound
	case refusedMethod:
		return fiber.StatusMethodNotAllowed
	}
	return fiber.StatusBadRequest
}

// outcome returns the outcome of the row in the request log, or "" if there is none.
func (r refusal) outcome() models.Outcome {
	switch r.reason {
	case refusedTooLarge:
		return models.OutcomeTooLarge
	case refusedURLDiffers:
		return models.OutcomeURLDiffers
	case refusedMethod, refusedNoRoom, refusedConnections:
		return ""
	}
	return models.OutcomeMalformed
}

// refuse counts a request that never reached its handler, logs it and answers it with the envelope. size is how many bytes of its
// body came, and took is how long that lasted. The answer's id is that of the row in the request log, if there is one.
func (s *Server) refuse(c *fiber.Ctx, why refusal, size int64, took time.Duration) error {
	arrived := s.Now().Add(-took)
	id := models.NewID(arrived)
	s.Refused(why.reason)
	if outcome := why.outcome(); outcome != "" {
		s.logRefused(c, intake.Call{ID: id, ArrivedAt: arrived, Size: size,
			Refusal: &intake.Refusal{Outcome: outcome, Answer: intake.Answer{Status: why.status(), Message: why.message}}})
	}
	c.Response().SkipBody = c.Request().Header.IsHead()
	return s.answerCall(c, intake.Answer{Status: why.status(), Message: why.message}, why.outcome(), id.String())
}

// refusedTime is how long the answer of a refused request waits for the request log.
const refusedTime = 3 * time.Second

// logRefused adds the row of a refused request to the request log, and notes what its webhook was told about answers. There is no row if
// the URL holds no hash that exists or once existed, because anyone could fill the log with invented ones, and none while the database is
// busy or away.
func (s *Server) logRefused(c *fiber.Ctx, call intake.Call) {
	hash, _ := endpointHash(string(c.Request().Header.RequestURI()))
	if hash == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), refusedTime)
	defer cancel()
	var found bool
	var err error
	if call.Hash, found, err = s.Intake.Lookup(ctx, hash); err != nil || !found {
		return
	}
	if answers, err := s.Intake.Answers(ctx, call.Hash); err == nil {
		know(c, answers)
	}
	if call.Method = c.Method(); !isToken(call.Method) {
		call.Method = "unknown method"
	}
	call.ContentType, call.UserAgent = c.Get(fiber.HeaderContentType), c.Get(fiber.HeaderUserAgent)
	call.ClientAddress, call.Headers, call.Form = s.clientAddress(c).String(), shownHeaders(c), isFormOf(c)
	_, _ = s.Intake.Submit(ctx, call) // the answer is the same without a row
}
