package handlers

import (
	"errors"
	"io"
	"time"

	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// fasthttp calls the handler when it has read a request's head and up to freeBody of its body. The rest is read here, after the request
// got room for it. A body that keeps its room for too long loses it: it must come at bodyPace, and may fall behind by bodyStart.
const (
	bodyPace  = 32 << 10 // bytes per second
	bodyStart = 10 * time.Second
)

// unreceived says why a body was not read to its end.
type unreceived struct {
	err  error
	got  int64         // bytes of it that came
	late time.Duration // how long they had time, if err is a timeout
}

// Errors of bodies that are not read.
var (
	errNoRoom      = errors.New("no room for the body")
	errConnections = errors.New("too many connections")
)

// received holds what a request takes until its answer is there.
type received struct {
	reservation
	uploader int64 // the person who uploads a file; 0 for other requests
}

// leave gives everything back.
func (s *Server) leave(ctx *fasthttp.RequestCtx, r *received) {
	if r.in != nil || r.uploader != 0 {
		ctx.Request.SetBodyRaw(nil)
	}
	r.reservation.leave()
	if r.uploader != 0 {
		s.uploads.leave(r.uploader)
	}
}

// receive reads the body of a request. It returns nil if all of it came. Then ctx holds the body, else it holds none.
func (s *Server) receive(ctx *fasthttp.RequestCtx, r *received) *unreceived {
	conn := pacedOf(ctx.Conn())
	conn.unread = true
	noted, _ := s.heads.LoadAndDelete(&ctx.Request.Header)
	if early, is := noted.(refusedEarly); is {
		ctx.Request.ResetBody()
		ctx.Request.Header.SetContentLength(early.n)
		return &unreceived{err: early.err}
	}
	if conn.spare && !isHealth(string(ctx.Path())) {
		ctx.Request.ResetBody()
		return &unreceived{err: errConnections}
	}
	stream := ctx.RequestBodyStream()
	n := int64(ctx.Request.Header.ContentLength())
	if stream != nil {
		body, why := s.readBody(ctx, conn, stream, n, r)
		ctx.Request.SetBodyRaw(body)
		if why != nil {
			return why
		}
	}
	conn.unread = false
	return nil
}

// readBody reads a body of n bytes, or a chunked one.
func (s *Server) readBody(ctx *fasthttp.RequestCtx, conn *pacedConn, stream io.Reader, n int64, r *received) ([]byte, *unreceived) {
	var body []byte
	var err error
	switch {
	case n >= 0 && n <= freeBody:
		body = conn.buffer(int(n))
		_, err = io.ReadFull(stream, body) // cannot wait: fasthttp has read it
	case n == chunked:
		body, err = s.readChunks(conn, stream, r)
	case n > bodyLimit:
		body, err = s.readUpload(ctx, conn, stream, n, r)
	case !r.grow(&s.rooms, n):
		err = errNoRoom
	default:
		conn.pace(s.bodyStart, bodyPace)
		body = make([]byte, n)
		var got int
		got, err = io.ReadFull(stream, body)
		body = body[:got]
	}
	if err == nil {
		return body, nil
	}
	why := &unreceived{err: err, got: int64(len(body)), late: s.app.Server().ReadTimeout}
	if conn.behind {
		why.late = time.Since(conn.from).Round(time.Second)
	}
	return nil, why
}

// readChunks reads a chunked body. Its reservation grows with it.
func (s *Server) readChunks(conn *pacedConn, stream io.Reader, r *received) ([]byte, error) {
	body := conn.buffer(freeBody)[:0:freeBody]
	for {
		if len(body) > bodyLimit {
			return body, fasthttp.ErrBodyTooLarge
		}
		if len(body) == cap(body) {
			size := min(2*len(body), bodyLimit+1)
			if !r.grow(&s.rooms, int64(size)) {
				return body, errNoRoom
			}
			if len(body) == freeBody {
				conn.pace(s.bodyStart, bodyPace)
			}
			body = append(make([]byte, 0, size), body...)
		}
		got, err := stream.Read(body[len(body):cap(body)])
		body = body[:len(body)+got]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, err
		}
	}
}

// readUpload reads a body over bodyLimit, an import file, if its sender may upload one.
func (s *Server) readUpload(ctx *fasthttp.RequestCtx, conn *pacedConn, stream io.Reader, n int64, r *received) ([]byte, error) {
	user, role := s.uploader(&ctx.Request.Header)
	if !role.Includes(models.RoleManager) || !s.uploads.enter(user) {
		return nil, fasthttp.ErrBodyTooLarge
	}
	r.uploader = user
	_ = conn.SetReadDeadline(time.Now().Add(s.uploads.start + time.Duration(n/uploadPace+1)*time.Second))
	conn.pace(s.uploads.start, uploadPace)
	body := make([]byte, n)
	got, err := io.ReadFull(stream, body)
	return body[:got], err
}

// expected decides whether a request with "Expect: 100-continue" may send its body. It answers one that may not, and returns the status.
// The connection keeps what was noted: if it is lost before the body is asked for, neither the handler nor unread runs.
func (s *Server) expected(ctx *fasthttp.RequestCtx) (status int) {
	status = fiber.StatusServiceUnavailable // after a panic
	defer s.survive(ctx)
	conn := pacedOf(ctx.Conn())
	noted, _ := s.heads.LoadAndDelete(&ctx.Request.Header)
	early, is := noted.(refusedEarly)
	if !is {
		conn.noted, _ = noted.([]byte)
		return fiber.StatusContinue
	}
	conn.unread = true
	ctx.Request.Header.SetContentLength(early.n)
	s.answerUnreceived(ctx, &unreceived{err: early.err})
	return ctx.Response.StatusCode()
}

// answerUnreceived answers a request whose body was not read to its end, and closes its connection.
func (s *Server) answerUnreceived(ctx *fasthttp.RequestCtx, u *unreceived) {
	ctx.SetConnectionClose()
	why, busy := noRoom, errors.Is(u.err, errNoRoom)
	if errors.Is(u.err, errConnections) {
		why, busy = tooManyConnections, true
	}
	inbound := isInbound(string(ctx.Request.Header.RequestURI()))
	if !busy && !inbound {
		s.unreadPage(ctx, u.err)
		return
	}
	c := s.app.AcquireCtx(ctx)
	defer s.app.ReleaseCtx(c)
	s.protect(c)
	if !inbound {
		c.Set(fiber.HeaderRetryAfter, "5")
		_ = c.Status(fiber.StatusServiceUnavailable).SendString(why.message + "\n")
		return
	}
	conn := pacedOf(ctx.Conn())
	if !busy {
		why = u.refusal(conn, int64(ctx.Request.Header.ContentLength()))
	}
	_ = s.refuse(c, why, u.got, conn.took())
}

// refusal says why the body is incomplete. want is its length, or chunked.
func (u *unreceived) refusal(conn *pacedConn, want int64) refusal {
	if conn.failed != nil {
		return arrival{want: want, got: u.got, limit: u.late}.ended(false, conn.failed)
	}
	return whyBodyUnread(u.err, true)
}
