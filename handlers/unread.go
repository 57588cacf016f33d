package handlers

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/faults"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// refusedEarly is noted for a request when its headers already tell that its body is not read. n is the announced length.
type refusedEarly struct {
	n   int
	err error
}

// beforeBody runs when the headers of a request were read. It lets fasthttp read a body of up to freeBody, and only the first byte of a
// larger one: receive reads the rest. If the headers tell that receive would refuse it, not even that: fasthttp takes the body for empty.
// If beforeBody panics, it recovers.
func (s *Server) beforeBody(h *fasthttp.RequestHeader) (limits fasthttp.RequestConfig) {
	defer func() {
		if fault := faults.Recovered(recover()); fault != nil {
			s.logPanic("the headers of a request", fault)
		}
	}()
	n := h.ContentLength()
	if n > 0 && isInbound(string(h.RequestURI())) {
		s.heads.Store(h, headBytes(h))
	} else {
		s.heads.Delete(h) // of an earlier request on this connection
	}
	useOwnHost(h)
	if n <= freeBody {
		return fasthttp.RequestConfig{}
	}
	if err := s.refuseEarly(h, n); err != nil {
		s.heads.Store(h, refusedEarly{n, err})
		h.SetContentLength(0)
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: 1}
}

// refuseEarly returns why a body of n bytes is not read, nil if it may be.
func (s *Server) refuseEarly(h *fasthttp.RequestHeader, n int) error {
	switch {
	case n <= bodyLimit && !s.rooms.fits(int64(n)):
		return errNoRoom
	case n > bodyLimit && (n > uploadLimit || !isUpload(string(h.Method()), string(h.RequestURI()))):
		return fasthttp.ErrBodyTooLarge
	}
	return nil
}

// chunked is what RequestHeader.ContentLength returns for a chunked body.
const chunked = -1

// unread wraps next, which answers requests whose head or first freeBody bytes could not be read. Requests to the public endpoint get its
// envelope (CONTRACT "Route and verbs").
func (s *Server) unread(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		defer s.survive(ctx)
		noted, _ := s.heads.LoadAndDelete(&ctx.Request.Header)
		head, _ := noted.([]byte)
		conn := pacedOf(ctx.Conn())
		conn.unread = true
		if head == nil {
			head = conn.noted
		}
		_ = conn.SetWriteDeadline(time.Now().Add(readTimeout)) // an earlier answer's deadline may have passed; if the connection is gone, writing fails
		fault, inHead := readHeadFault(err)
		if !restoreHead(&ctx.Request, fault, head) {
			next(ctx, err)
			return
		}
		c := s.app.AcquireCtx(ctx)
		defer s.app.ReleaseCtx(c)
		s.protect(c)
		body := arrival{want: int64(ctx.Request.Header.ContentLength()), got: unknown, limit: s.app.Server().ReadTimeout}
		if got := conn.request - int64(len(head)); !conn.mixed && head != nil && got >= 0 && got < body.want {
			body.got = got
		}
		var why refusal
		switch {
		case errors.Is(conn.failed, errBareLines) || conn.failed != nil && inHead && new(headEnd).bare([]byte(fault.quoted)) > 0:
			why = bareLines
		case conn.failed != nil:
			why = body.ended(inHead, conn.failed)
		case inHead:
			why = fault.refusal()
		default:
			why = whyBodyUnread(err, head != nil)
		}
		_ = s.refuse(c, why, max(0, body.got), conn.took())
	}
}

// headBytes returns the first line and the headers of a request, as they came.
func headBytes(h *fasthttp.RequestHeader) []byte {
	raw := h.RawHeaders()
	head := make([]byte, 0, len(h.Method())+len(h.RequestURI())+len(h.Protocol())+len(raw)+4)
	head = append(append(head, h.Method()...), ' ')
	head = append(append(head, h.RequestURI()...), ' ')
	head = append(append(head, h.Protocol()...), "\r\n"...)
	return append(head, raw...)
}

// restoreHead gives a request back what fasthttp forgot after an error: the head noted before its body, or the part of a broken head
// that the error quotes. It returns false, and restores nothing of a broken head, if the request is not for the public endpoint.
func restoreHead(r *fasthttp.Request, fault headFault, head []byte) bool {
	if fault.quoted != "" {
		method, target := fault.methodAndTarget()
		if !isInbound(target) {
			return false
		}
		r.Header.SetMethod(method)
		r.SetRequestURI(target)
		for name, value := range fault.headers() {
			r.Header.Add(name, value)
		}
		return true
	}
	if head != nil {
		_ = r.Header.Read(bufio.NewReaderSize(bytes.NewReader(head), len(head)+1)) // it was read before
		useOwnHost(&r.Header)
		r.SetRequestURI(string(r.Header.RequestURI()))
	}
	return isInbound(string(r.Header.RequestURI()))
}

// unknown is an arrival's got if other bytes may have been counted too.
const unknown = -1

// arrival is how much of a body came.
type arrival struct {
	want, got int64         // bytes; want may be chunked, got unknown
	limit     time.Duration // for the whole request
}

// ended says why a request is incomplete. err is what ended it: a timeout, or the end of the connection.
func (a arrival) ended(inHead bool, err error) refusal {
	came := "Not all of the body"
	switch {
	case inHead:
		came = "Not all of the URL and the headers"
	case a.want == chunked:
		came = "Not all chunks of the body"
	case a.got >= 0:
		came = "Only " + views.Count(a.got) + " of " + views.Plural(a.want, "byte", "bytes") + " of the body"
	}
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return refusal{refusedTimeout, came + " had come after " + strconv.FormatFloat(a.limit.Seconds(), 'f', -1, 64) + " seconds. Send the request again."}
	}
	off := "The body broke off"
	switch {
	case inHead:
		off = "The request broke off before the end of its URL and headers"
	case a.want == chunked:
		off += " before its last chunk"
	case a.got >= 0:
		off += " after " + views.Count(a.got) + " of " + views.Plural(a.want, "byte", "bytes")
	}
	return refusal{refusedBrokenOff, off + ". Send the request again."}
}

// whyBodyUnread says why fasthttp refused a request after its head. hasBody is false if it did so before the body.
func whyBodyUnread(err error, hasBody bool) refusal {
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return bodyTooLarge
	case strings.HasPrefix(err.Error(), "error when reading response headers: "): // fasthttp reads trailers so
		return brokenTrailer
	case hasBody:
		return brokenChunk
	}
	return badHost
}

// headFault is fasthttp's error about a request's first line or headers.
type headFault struct {
	text   string // what is wrong
	quoted string // the head: its first 200 bytes, all of it if it is short
}

// readHeadFault reads fasthttp's error. ok is false if it is about something else.
func readHeadFault(err error) (f headFault, ok bool) {
	text, ok := strings.CutPrefix(err.Error(), "error when reading request headers: ")
	if !ok {
		return headFault{}, false
	}
	text, quoted, _ := strings.Cut(text, `: buffer size=`)
	if _, quoted, ok = strings.Cut(quoted, "contents: "); !ok {
		return headFault{}, false
	}
	quoted, err = strconv.QuotedPrefix(quoted)
	if err != nil {
		return headFault{}, false
	}
	quoted, err = strconv.Unquote(quoted)
	return headFault{text, strings.TrimLeft(quoted, "\r\n")}, err == nil
}

// words returns the words of the first line.
func (f headFault) words() []string {
	line, _, _ := strings.Cut(f.quoted, "\n")
	return strings.Split(strings.TrimSuffix(line, "\r"), " ")
}

// methodAndTarget returns the first word of the head, and the first one that looks like a URL of the public endpoint, else "".
func (f headFault) methodAndTarget() (method, target string) {
	words := f.words()
	if i := slices.IndexFunc(words, isInbound); i >= 0 {
		target = words[i]
	}
	return words[0], target
}

// headers yields the headers of the quoted part that the request log keeps in columns.
func (f headFault) headers() func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for line := range strings.Lines(f.quoted) {
			name, value, _ := strings.Cut(line, ":")
			switch strings.ToLower(name) {
			case "content-type", "user-agent", "x-forwarded-for":
				if strings.HasSuffix(value, "\n") && !yield(name, strings.TrimSpace(value)) {
					return
				}
			}
		}
	}
}

// headFaults maps the beginnings of fasthttp's errors to refusals.
var headFaults = []struct {
	begins string
	refusal
}{
	{fasthttp.ErrSmallReadBuffer.Error(), headTooLarge},
	{fasthttp.ErrDuplicateContentLength.Error(), repeatedHeader(fiber.HeaderContentLength)},
	{"too many host headers", repeatedHeader(fiber.HeaderHost)},
	{"missing required host header", noHost},
	{"cannot parse content-length", badLength},
	{fasthttp.ErrUnsupportedTransferEncoding.Error(), badEncoding},
	{"unsupported transfer-encoding", badEncoding},
	{"too many transfer-encoding headers", badEncoding},
	{"malformed mime header: missing colon", headerColon},
	{"malformed mime header line", headerName},
	{"invalid header key", headerName},
	{"invalid header value", headerControl},
	{"invalid headers, headers cannot start with space", headerFolded},
	{fasthttp.ErrBadTrailer.Error(), headerTrailer},
	{"unsupported http version", requestLine},
	{"cannot find whitespace in the first line", requestLine},
	{"cannot find http request method", requestLine},
	{"unsupported http request method", requestLine},
	{"request uri cannot be empty", requestLine},
	{"invalid request uri", urlAbsolute},
}

// refusal says what is wrong with the head.
func (f headFault) refusal() refusal {
	for _, fault := range headFaults {
		rest, found := strings.CutPrefix(f.text, fault.begins)
		if !found {
			continue
		}
		quoted, _ := strconv.QuotedPrefix(strings.TrimPrefix(rest, " "))
		text, _ := strconv.Unquote(quoted) // what fasthttp took for the version or the URL
		switch {
		case fault.begins == "unsupported http version" && f.blankInURL(text):
			return urlBlank
		case fault.refusal == urlAbsolute && (hasControls(text) || strings.Contains(text, "\t")):
			return urlControl
		}
		return fault.refusal
	}
	return malformed
}

// blankInURL reports whether the first line is only wrong because of blanks in the URL. version is the line after the first blank of
// the URL.
func (f headFault) blankInURL(version string) bool {
	end := strings.LastIndex(version, " ")
	words := f.words()
	return end >= 0 && strings.HasPrefix(version[end+1:], "HTTP/") && strings.TrimSpace(version[:end]) != "" && len(words) > 1 && words[1] != ""
}
