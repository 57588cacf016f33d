package handlers

import (
	"net"
	"time"
)

// pacedTimeout tells pacedConn the read deadline of an upload from all others, which are shorter.
const pacedTimeout = idleTimeout + time.Second

// pacedListener accepts connections that end uploads which fall behind their pace.
type pacedListener struct {
	net.Listener
	start time.Duration // how far one may fall behind
}

func (l pacedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &pacedConn{Conn: conn, start: l.start}, nil
}

// pacedConn moves the read deadline of an upload with the bytes that have arrived: start, and a second for each uploadPace. A
// stalled upload so ends after start and not only when the whole file would be late. One goroutine reads a connection.
type pacedConn struct {
	net.Conn
	start    time.Duration
	from, to time.Time // the deadline that the server set: when, and for when
	got      int64     // bytes since
}

func (c *pacedConn) SetReadDeadline(to time.Time) error {
	c.from, c.to, c.got = time.Now(), to, 0
	return c.Conn.SetReadDeadline(to)
}

func (c *pacedConn) Read(b []byte) (int, error) {
	if c.to.Sub(c.from) > idleTimeout {
		due := c.from.Add(c.start + time.Duration(c.got)*time.Second/uploadPace)
		if err := c.Conn.SetReadDeadline(due); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(b)
	c.got += int64(n)
	return n, err
}
