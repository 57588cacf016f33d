package handlers

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// Limits of connections. Over maxConnections a connection is spare: its request gets a 503. Over maxConnections and spareConnections,
// fasthttp answers without reading.
const (
	maxConnections   = 4096
	spareConnections = 256
	spareTime        = 2 * time.Second // a spare connection has so long for its request
	acceptPause      = 50 * time.Millisecond
)

// Limits of what is read and discarded after the answer to a request that was not read to its end.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = uploadLimit
)

// connections counts the open connections.
type connections struct {
	open atomic.Int64
	most int64 // maxConnections
}

// crowded reports whether idle connections should give way. Then every answer closes its connection.
func (c *connections) crowded() bool { return c.open.Load() > c.most*3/4 }

// pacedListener accepts connections that end bodies which come too slowly, and that know why a request could not be read.
type pacedListener struct {
	net.Listener
	all *connections
}

// Accept waits while the process has no file descriptor left: fasthttp would take the error for the end of the listener.
func (l pacedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	for errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		time.Sleep(acceptPause)
		conn, err = l.Listener.Accept()
	}
	if err != nil {
		return nil, err
	}
	spare := l.all.open.Add(1) > l.all.most
	return &pacedConn{Conn: conn, all: l.all, spare: spare, opened: time.Now()}, nil
}

// pacedConn ends a body that comes slower than its pace. It also counts the bytes of a request and keeps the error that ended it. One
// goroutine reads a connection.
type pacedConn struct {
	net.Conn
	all    *connections // nil if it is not counted
	closed atomic.Bool
	spare  bool // over maxConnections
	opened time.Time
	to     time.Time // the read deadline that the server set

	rate   int64         // lowest speed of a body, in bytes per second; 0 if there is none
	start  time.Duration // how far the body may fall behind
	from   time.Time     // when the pace began
	got    int64         // bytes since
	behind bool          // the deadline of the last read was that of the pace

	request int64     // bytes read since the last answer
	began   time.Time // when the first of them came
	mixed   bool      // request is not exact: it may count bytes of another request, or miss some
	failed  error     // of the last read
	head    headEnd   // of the request; ended if request lacks the head's beginning
	unread  bool      // the request was not read to its end
	small   []byte    // see buffer
	noted   []byte    // the head of a request that waits to be asked for its body
}

// pacedOf returns the connection of a request, or a new one around it in a test without a socket.
func pacedOf(conn net.Conn) *pacedConn {
	if c, paced := conn.(*pacedConn); paced {
		return c
	}
	return &pacedConn{Conn: conn}
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
		c.request, c.began, c.mixed, c.head, c.noted = 0, time.Time{}, false, headEnd{}, nil
	case state == fasthttp.StateActive && c.request == 0:
		c.mixed, c.head.ended = true, true // the request's first bytes arrived together with the one before it
	}
}

// SetReadDeadline sets the deadline for the next request or the rest of one, and ends its pace.
func (c *pacedConn) SetReadDeadline(to time.Time) error {
	if last := c.opened.Add(spareTime); c.spare && to.After(last) {
		to = last
	}
	c.to, c.rate, c.behind = to, 0, false
	return c.Conn.SetReadDeadline(to)
}

// pace sets the lowest speed for the bytes that come from now on: rate in bytes per second, and how far they may fall behind. The
// deadline stays.
func (c *pacedConn) pace(start time.Duration, rate int64) {
	c.rate, c.start, c.from, c.got = rate, start, time.Now(), 0
}

// buffer returns n bytes of memory, up to freeBody. The connection keeps them for its next request.
func (c *pacedConn) buffer(n int) []byte {
	c.small = slices.Grow(c.small[:0], n)
	return c.small[:n]
}

// took returns how long the request has been coming, 0 if none of it came.
func (c *pacedConn) took() time.Duration {
	if c.began.IsZero() {
		return 0
	}
	return time.Since(c.began)
}

// Close closes the connection. If a request was not read to its end, it first reads the rest for a while: otherwise the operating
// system resets the connection, and the sender would lose the answer.
func (c *pacedConn) Close() error {
	if !c.closed.CompareAndSwap(false, true) {
		return c.Conn.Close()
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.unread && half.CloseWrite() == nil {
		_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
	}
	if c.all != nil {
		c.all.open.Add(-1)
	}
	return c.Conn.Close()
}

// Read reads as net.Conn does. Within a request the end of the stream is io.ErrUnexpectedEOF: fasthttp takes an io.EOF between two
// chunks for the end of the connection, and would close it without an answer. A head that ends in bare line feeds ends in errBareLines.
func (c *pacedConn) Read(b []byte) (int, error) {
	if c.rate > 0 {
		due := c.from.Add(c.start + time.Duration(c.got)*time.Second/time.Duration(c.rate))
		if c.behind = due.Before(c.to); !c.behind {
			due = c.to
		}
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
