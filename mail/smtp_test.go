package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// post is a real mail server that keeps what it takes. refuse answers a recipient or a mail, nil to take it.
type post struct {
	t        *testing.T
	port     int
	roots    *x509.CertPool
	user     string // "" asks for no sign-in
	refuse   func(to string) error
	onData   func() error
	mu       sync.Mutex
	received []received
}

type received struct {
	from, to, user string
	encrypted      bool
	mail           *mail.Message
	text           string
}

// startPost starts a server. without leaves its certificate out, so that it offers no STARTTLS; implicit encrypts from the first byte.
func startPost(t *testing.T, p *post, without, implicit bool) *post {
	t.Helper()
	p.t = t
	s := smtp.NewServer(p)
	s.Domain, s.AllowInsecureAuth, s.ErrorLog = "localhost", true, quietLog{}
	certificate, roots := certify(t)
	p.roots = roots
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if p.port = ln.Addr().(*net.TCPAddr).Port; !without {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	if implicit {
		ln = tls.NewListener(ln, s.TLSConfig)
	}
	go s.Serve(ln)
	t.Cleanup(func() { s.Close() })
	return p
}

type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

// certify makes a certificate for localhost.
func certify(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{post: p, conn: c}, nil
}

// taken returns what the server took.
func (p *post) taken() []received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]received{}, p.received...)
}

type session struct {
	*post
	conn *smtp.Conn
	received
}

func (s *session) Reset()        { s.from, s.to = "", "" }
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.post.user || password != "p@ss" {
			return smtp.ErrAuthFailed
		}
		s.received.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.post.user != "" && s.received.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if s.refuse != nil {
		return s.refuse(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	if s.onData != nil {
		if err := s.onData(); err != nil {
			return err
		}
	}
	_, s.encrypted = s.conn.TLSConnectionState()
	_, implicit := s.conn.Conn().(*tls.Conn)
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.received = append(s.post.received, received{s.from, s.to, s.received.user, s.encrypted || implicit, m, string(text)})
	return nil
}

var hello = Message{ID: "team.1.2.3", To: "ada@example.com", Subject: "Willkommen, “Größe”: 2 more since 14:05", Text: "A contact is subscribed.\n.\nhttps://hooks.example.com/w/books/automations/2\n"}

// at is a server's settings for the tests.
func (p *post) at(mode TLS) Server {
	return Server{Host: "localhost", Port: p.port, TLS: mode, From: mail.Address{Name: "Campaign Lark", Address: "hooks@example.com"}, roots: p.roots}
}

func TestAMailArrives(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 14, 5, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		mode     TLS
		user     string
		without  bool
		implicit bool
	}{
		"STARTTLS and sign-in":        {StartTLS, "me", false, false},
		"TLS from the start, sign-in": {Implicit, "me", false, true},
		"STARTTLS":                    {StartTLS, "", false, false},
		"no encryption":               {NoTLS, "", true, false},
		"no encryption, sign-in":      {NoTLS, "me", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPost(t, &post{user: c.user}, c.without, c.implicit)
			server := p.at(c.mode)
			if c.user != "" {
				server.User, server.Password = c.user, "p@ss"
			}
			if got := server.Send(t.Context(), hello, now); got != ProblemNone {
				t.Fatalf("got the problem %q", got)
			}
			all := p.taken()
			if len(all) != 1 {
				t.Fatalf("got %d mails, want 1", len(all))
			}
			m := all[0]
			if m.from != "hooks@example.com" || m.to != "ada@example.com" || m.user != c.user || m.encrypted != (c.mode != NoTLS) {
				t.Errorf("got %+v", m)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.mail.Header.Get("Subject"))
			if err != nil || subject != hello.Subject {
				t.Errorf("got the subject %q (%v)", subject, err)
			}
			for header, want := range map[string]string{"From": `"Campaign Lark" <hooks@example.com>`, "To": "<ada@example.com>", "Message-Id": "<team.1.2.3@example.com>",
				"Auto-Submitted": "auto-generated", "Date": "Mon, 30 Nov 2026 14:05:00 +0000"} {
				if got := m.mail.Header.Get(header); got != want {
					t.Errorf("got the header %s: %s, want %s", header, got, want)
				}
			}
			if !strings.Contains(strings.ReplaceAll(m.text, "=\r\n", ""), "https://hooks.example.com/w/books/automations/2") {
				t.Errorf("got the text %s", m.text)
			}
		})
	}
}

func TestWhyAMailIsNotTaken(t *testing.T) {
	t.Parallel()
	answer := func(code int) func(string) error {
		return func(to string) error { return &smtp.SMTPError{Code: code, Message: "no " + to} }
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, says nothing and breaks off
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	for name, c := range map[string]struct {
		post   *post
		none   bool // no STARTTLS
		mode   TLS
		change func(s *Server)
		want   Problem
	}{
		"nobody listens":            {&post{}, false, StartTLS, func(s *Server) { s.Port = 1 }, ProblemConnect},
		"the server breaks off":     {&post{}, false, StartTLS, func(s *Server) { s.Port = silent.Addr().(*net.TCPAddr).Port }, ProblemConnect},
		"no STARTTLS":               {&post{}, true, StartTLS, nil, ProblemTLS},
		"an unknown certificate":    {&post{}, false, StartTLS, func(s *Server) { s.roots = x509.NewCertPool() }, ProblemTLS},
		"another name":              {&post{}, false, StartTLS, func(s *Server) { s.Host = "127.0.0.1" }, ProblemTLS},
		"smtps on a plain port":     {&post{}, false, Implicit, nil, ProblemTLS},
		"a wrong password":          {&post{user: "me"}, false, StartTLS, func(s *Server) { s.User, s.Password = "me", "wrong" }, ProblemAuth},
		"no user":                   {&post{user: "me"}, false, StartTLS, nil, ProblemLater},
		"no such recipient":         {&post{refuse: answer(550)}, false, StartTLS, nil, ProblemRefused},
		"greylisted":                {&post{refuse: answer(451)}, false, StartTLS, nil, ProblemLater},
		"the mail is refused":       {&post{onData: func() error { return &smtp.SMTPError{Code: 554, Message: "spam"} }}, false, StartTLS, nil, ProblemRefused},
		"the mail cannot be stored": {&post{onData: func() error { return &smtp.SMTPError{Code: 452, Message: "full"} }}, false, StartTLS, nil, ProblemLater},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startPost(t, c.post, c.none, false).at(c.mode)
			if c.change != nil {
				c.change(&server)
			}
			if got := server.Send(t.Context(), hello, time.Now()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := c.post.taken(); len(got) != 0 {
				t.Errorf("got %d mails, want none", len(got))
			}
		})
	}
}

// rawServer answers one connection: each line that it reads with the next of the answers, and a mail's end with the last. Then it breaks off.
func rawServer(t *testing.T, answers ...string) Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := bufio.NewScanner(conn)
		for _, answer := range answers {
			io.WriteString(conn, answer+"\r\n")
			if !lines.Scan() {
				return
			}
			for strings.HasPrefix(answer, "354") && lines.Text() != "." && lines.Scan() {
			}
		}
		if len(answers) == 0 {
			lines.Scan() // says nothing until the other side gives up
		}
		io.WriteString(conn, "250 taken\r\n")
	}()
	return Server{Host: "localhost", Port: ln.Addr().(*net.TCPAddr).Port, TLS: NoTLS, From: mail.Address{Address: "hooks@example.com"}}
}

func TestAMailThatWasTakenIsTakenWhateverFollows(t *testing.T) {
	t.Parallel()
	server := rawServer(t, "220 hello", "250 hello", "250 sender", "250 recipient", "354 go on")
	if got := server.Send(t.Context(), hello, time.Now()); got != ProblemNone {
		t.Errorf("got %q, want that it was taken", got)
	}
}

func TestASilentServerIsLeftWhenTheProgramEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if got := rawServer(t).Send(ctx, hello, time.Now()); got != ProblemConnect || time.Since(start) > 10*time.Second {
		t.Errorf("got %q after %s, want that it gives up", got, time.Since(start))
	}
}

// plain returns the text of a mail as a person reads it.
func (r received) plain(t *testing.T) string {
	t.Helper()
	text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(r.text)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
