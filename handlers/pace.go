package handlers

import (
	"net"
	"time"
)

// pacedTimeout marks the read deadline of an upload for pacedConn. All other deadlines are shorter.
const pacedTimeout = idleTimeout + time.Second

// pacedListener accepts connections that end uploads which are too slow.
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
// ends after start, long before the whole file would be late. One goroutine reads a connection.
type pacedConn struct {
	net.Conn
	start    time.Duration
	from, to time.Time // when the server set the deadline, and the deadline
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
