package dbtest

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Proxy forwards connections from the program to Postgres and can cut them.
type Proxy struct {
	target   string // the server's socket
	socket   string
	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	// cutCommits is how many COMMITs are still to be delivered to Postgres without returning the answer.
	cutCommits int
	thenClose  bool // let no connection through after that
}

// NewProxy returns a proxy for the database at rawURL, and the URL of the database through the proxy.
func NewProxy(t *testing.T, rawURL string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "proxy") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const name = ".s.PGSQL.5432"
	p := &Proxy{target: filepath.Join(u.Query().Get("host"), name), socket: filepath.Join(dir, name), conns: map[net.Conn]bool{}}
	p.Open(t)
	t.Cleanup(p.Close)
	u.RawQuery = url.Values{"host": {dir}}.Encode()
	return p, u.String()
}

// Open starts to let connections through.
func (p *Proxy) Open(t *testing.T) {
	t.Helper()
	l, err := net.Listen("unix", p.socket)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = l
	p.mu.Unlock()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", p.target)
			if err != nil {
				client.Close()
				continue
			}
			p.mu.Lock()
			p.conns[client], p.conns[server] = true, true
			p.mu.Unlock()
			go p.answers(client, server)
			go p.questions(client, server)
		}
	}()
}

// Close cuts every connection and lets none through.
func (p *Proxy) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener.Close()
	p.cut()
}

func (p *Proxy) cut() {
	for c := range p.conns {
		c.Close()
	}
	clear(p.conns)
}

// CutAll cuts every connection and lets new ones through.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
}

// LoseCommits makes the proxy deliver the next n COMMITs of batches and lose their answers.
func (p *Proxy) LoseCommits(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutCommits = n
}

// LoseCommitAndClose makes the proxy deliver the next COMMIT of a batch, lose its answer, and let no connection through until
// Open.
func (p *Proxy) LoseCommitAndClose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutCommits, p.thenClose = 1, true
}

// Lost reports whether the proxy has lost all the answers that it was told to lose.
func (p *Proxy) Lost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cutCommits == 0
}

func (p *Proxy) answers(client, server net.Conn) {
	io.Copy(client, server)
	client.Close()
	server.Close()
}

// syncMessage ends what a client sends at once, the COMMIT of a batch included.
var syncMessage = []byte{'S', 0, 0, 0, 4}

// questions forwards what the client sends. It recognizes the COMMIT of a batch by the outcome "unconfirmed" in the log rows
// that are sent with it, and by the end of the message: prepared statements are sent without their text.
func (p *Proxy) questions(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		lose := p.cutCommits > 0 && bytes.Contains(buf[:n], []byte("unconfirmed")) && bytes.HasSuffix(buf[:n], syncMessage)
		if lose {
			p.cutCommits--
			if p.thenClose {
				delete(p.conns, server) // it still has to deliver the COMMIT
				p.listener.Close()
				p.cut()
				p.thenClose = false
			}
		}
		p.mu.Unlock()
		if lose {
			client.Close() // before the server can answer
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
		if lose { // the server handles what it has received, and then closes the connection
			server.(*net.UnixConn).CloseWrite()
			io.Copy(io.Discard, server)
			return
		}
	}
}
