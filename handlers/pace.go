package handlers

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// pacedTimeout marks the read deadline of an upload for pacedConn. All other deadlines are shorter.
const pacedTimeout = idleTimeout + time.Second

// pacedListener accepts connections that end uploads which are too slow, and that know why a request could not be read.
type pacedListener struct {
	net.Listener
	start time.Duration // how far an upload may fall behind
}

func (l pacedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &pacedConn{Conn: conn, start: l.start}, nil
}

// pacedConn extends the read deadline of an upload as bytes arrive: start, plus a second for each uploadPace. So a stalled upload
// ends after start, long before the whole file would be late. It also counts the bytes of a request and keeps the error that ended
// it. One goroutine reads a connection.
type pacedConn struct {
	net.Conn
	start    time.Duration
	from, to time.Time // when the server set the deadline, and the deadline
	got      int64     // bytes since

	request int64     // bytes read since the last answer
	began   time.Time // when the first of them came
	mixed   bool      // request is not exact: it may count bytes of another request, or miss some
	failed  error     // of the last read
	head    headEnd   // of the request; ended if request lacks the head's beginning
}

// errBareLines is the error of a read that ends a head for which fasthttp would wait on: see headEnd.
var errBareLines = errors.New("the head does not end in CR LF CR LF")

// headEnd finds the end of a request's head, its first empty line. fasthttp ends a head only if CR LF CR LF follows somewhere: if bare
// line feeds end it, the sender would wait in vain, or the head would end later than the sender means.
type headEnd struct {
	began, ended bool
	last         [3]byte // the bytes before the next one
}

// bare reads the next bytes of a request. If the head ends in them, but not in CR LF CR LF, it returns how many of them belong to
// the head, else 0. Empty lines before the head are skipped.
func (h *headEnd) bare(b []byte) int {
	for i, next := range b {
		if h.ended {
			return 0
		}
		if !h.began && (next == '\r' || next == '\n') {
			continue
		}
		h.began = true
		if next == '\n' && (h.last[2] == '\n' || h.last[1] == '\n' && h.last[2] == '\r') {
			h.ended = true
			if string(h.last[:]) != "\r\n\r" {
				return i + 1
			}
		}
		h.last = [3]byte{h.last[1], h.last[2], next}
	}
	return 0
}

// connState follows the requests of a connection. It has the form of fasthttp.Server.ConnState.
func connState(conn net.Conn, state fasthttp.ConnState) {
	c, paced := conn.(*pacedConn)
	switch {
	case !paced:
	case state == fasthttp.StateIdle:
		c.request, c.began, c.mixed, c.head = 0, time.Time{}, false, headEnd{}
	case state == fasthttp.StateActive && c.request == 0:
		c.mixed, c.head.ended = true, true // the request's first bytes arrived together with the one before it
	}
}

func (c *pacedConn) SetReadDeadline(to time.Time) error {
	c.from, c.to, c.got = time.Now(), to, 0
	return c.Conn.SetReadDeadline(to)
}

// Read reads as net.Conn does. Within a request the end of the stream is io.ErrUnexpectedEOF: fasthttp takes an io.EOF between two
// chunks for the end of the connection, and would close it without an answer. A head that ends in bare line feeds ends in errBareLines.
func (c *pacedConn) Read(b []byte) (int, error) {
	if c.to.Sub(c.from) > idleTimeout {
		due := c.from.Add(c.start + time.Duration(c.got)*time.Second/uploadPace)
		if err := c.Conn.SetReadDeadline(due); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(b)
	if end := c.head.bare(b[:n]); end > 0 {
		n, err = end, errBareLines // what follows the head is not read: nobody can say whether it is a body or another request
	}
	if c.request == 0 && n > 0 {
		c.began = time.Now()
		c.mixed = c.mixed || b[0] == '\r' || b[0] == '\n' // an empty line before the request is not part of it
	}
	c.got += int64(n)
	c.request += int64(n)
	if err == io.EOF && (c.request > 0 || c.mixed) {
		err = io.ErrUnexpectedEOF
	}
	c.failed = err
	return n, err
}
