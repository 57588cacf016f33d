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

// Proxy stands between the program and Postgres and cuts connections when it is told to.
type Proxy struct {
	target   string // the server's socket
	socket   string
	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	// cutCommits is how many COMMITs to deliver and then cut before their answer comes back.
	cutCommits int
	thenClose  bool // let nothing through after that
}

// NewProxy returns a proxy for the database at rawURL, and the URL that leads through it.
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

// Open lets connections through.
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

// LoseCommitAndClose makes the proxy deliver the next COMMIT of a batch, lose its answer, and let nothing through until Open.
func (p *Proxy) LoseCommitAndClose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cutCommits, p.thenClose = 1, true
}

// Lost reports whether the answers of all these COMMITs were lost.
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

// questions passes on what the client sends. A batch's writing ends with COMMIT after rows of log, told by the outcome
// in them: the statement's text is not sent each time.
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
		lose := p.cutCommits > 0 && bytes.Contains(buf[:n], []byte("unconfirmed"))
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
		if lose { // the server works off what it has received, and ends
			server.(*net.UnixConn).CloseWrite()
			io.Copy(io.Discard, server)
			return
		}
	}
}
