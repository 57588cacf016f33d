package deliveries

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// certificate returns one that is valid for 127.0.0.1, with the roots that vouch for it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.TLS.Certificates[0], roots
}

// listen starts a receiver that reads the head of each request and hands the connection to serve. It returns its URL.
func listen(t *testing.T, secure *tls.Certificate, serve func(c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme := "http://"
	address := l.Addr().String()
	if secure != nil {
		l, scheme = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*secure}}), "https://"
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if request, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.Copy(io.Discard, request.Body)
					serve(c)
				}
			}()
		}
	}()
	return scheme + address + "/events"
}

// waitForEnd returns when the other side has closed the connection.
func waitForEnd(c net.Conn) { io.Copy(io.Discard, c) }

// drip writes text again and again, a byte at a time, until the other side has gone.
func drip(c net.Conn, text string) {
	for pause := time.NewTicker(5 * time.Millisecond); ; {
		for i := range text {
			if _, err := c.Write([]byte(text[i : i+1])); err != nil {
				return
			}
			<-pause.C
		}
	}
}

// flood writes text until the other side has gone, at most 10 GB.
func flood(c net.Conn, text string) {
	block := bytes.Repeat([]byte(text), 1<<16/len(text))
	for sent := 0; sent < 10<<30; sent += len(block) {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

// TestSendToBadReceivers meets every receiver over plain HTTP and over TLS.
func TestSendToBadReceivers(t *testing.T) {
	t.Parallel()
	const long, short = time.Minute, 250 * time.Millisecond
	say := func(text string) func(net.Conn) { return func(c net.Conn) { io.WriteString(c, text) } }
	for name, c := range map[string]struct {
		serve      func(net.Conn)
		wait       time.Duration
		status     int
		code       Code
		answer     string // its beginning
		size       int
		retryAfter time.Duration
	}{
		"answers":                   {serve: say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nRetry-After: 9\r\n\r\nthanks"), wait: long, status: 200, answer: "thanks", size: 6},
		"answers with nothing":      {serve: say("HTTP/1.1 204 No Content\r\n\r\n"), wait: long, status: 204},
		"says something first":      {serve: say("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"), wait: long, status: 202},
		"fails":                     {serve: say("HTTP/1.1 503 Later\r\nContent-Length: 4\r\nRetry-After: 90\r\n\r\nlate"), wait: long, status: 503, code: CodeStatus, answer: "late", size: 4, retryAfter: 90 * time.Second},
		"has gone":                  {serve: say("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), wait: long, status: 410, code: CodeStatus},
		"redirects":                 {serve: say("HTTP/1.1 308 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"), wait: long, status: 308, code: CodeRedirect},
		"switches protocols":        {serve: say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), wait: long, status: 101, code: CodeStatus},
		"hangs":                     {serve: waitForEnd, wait: short, code: CodeTimeout},
		"answers byte by byte":      {serve: func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\n"); drip(c, "X: y\r\n") }, wait: short, code: CodeTimeout},
		"answers after the time":    {serve: func(c net.Conn) { waitForEnd(c); io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n") }, wait: short, code: CodeTimeout},
		"hangs in the answer":       {serve: func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthan"); waitForEnd(c) }, wait: short, status: 200, answer: "than", size: 4},
		"sends 10 GB":               {serve: func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); flood(c, "lots of it ") }, wait: long, status: 200, answer: "lots of it lots", size: 10 << 10},
		"sends 10 GB of headers":    {serve: func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\n"); flood(c, "X: y\r\n") }, wait: long, code: CodeUnreadable},
		"sends 10 GB of hints":      {serve: func(c net.Conn) { flood(c, "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n") }, wait: long, code: CodeUnreadable},
		"closes immediately":        {serve: func(net.Conn) {}, wait: long, code: CodeReset},
		"closes within the headers": {serve: say("HTTP/1.1 200 OK\r\nX: y\r\n"), wait: long, code: CodeReset},
		"closes within the answer":  {serve: say("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nsor"), wait: long, status: 500, code: CodeStatus, answer: "sor", size: 3},
		"speaks another protocol":   {serve: say("220 mail.example.com ESMTP\r\n"), wait: long, code: CodeUnreadable},
		"compresses":                {serve: say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08"), wait: long, status: 200, answer: "\x1f\x8b\x08", size: 3},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " over TLS"}[secure], func(t *testing.T) {
				t.Parallel()
				own, roots := certificate(t)
				var with *tls.Certificate
				if secure {
					with = &own
				}
				client := newClient(clientOptions{allow: loopback, wait: c.wait, roots: roots, version: "test"})
				defer client.Close()
				got := client.Send(t.Context(), Message{ID: "msg_1", URL: listen(t, with, c.serve), Secrets: []string{NewSecret()}, Body: []byte("{}")}, noon)
				if got.Status != c.status || got.Code != c.code || len(got.Answer) != c.size || !strings.HasPrefix(string(got.Answer), c.answer) || got.RetryAfter != c.retryAfter {
					t.Errorf("got status %d, code %q, %d bytes and %s to wait, want %d, %q, %d and %s", got.Status, got.Code, len(got.Answer), got.RetryAfter, c.status, c.code, c.size, c.retryAfter)
				}
				if got.Duration <= 0 || got.Duration > c.wait+10*time.Second {
					t.Errorf("got a duration of %s", got.Duration)
				}
			})
		}
	}
}

// TestSendIsSignedAndCarriesTheHeaders also sends twice and expects one connection.
func TestSendIsSignedAndCarriesTheHeaders(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	var connections atomic.Int64
	verified := make(chan error, 2)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		receiver, err := standardwebhooks.NewWebhook(secret)
		if err == nil {
			err = receiver.Verify(body, r.Header)
		}
		verified <- err
		for name, want := range map[string]string{
			"Content-Type": "application/json", "User-Agent": "CampaignLark/1.2", "Authorization": "Bearer abc", "Webhook-Id": "msg_1", "Accept-Encoding": "", "Cookie": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if r.Method != "POST" || r.URL.RequestURI() != "/events?key=7" || string(body) != `{"a":1}` {
			t.Errorf("got %s %s with %q", r.Method, r.URL.RequestURI(), body)
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := newClient(clientOptions{allow: loopback, version: "1.2"})
	defer client.Close()
	own := http.Header{"Authorization": {"Bearer abc"}, "Content-Type": {"text/plain"}, "User-Agent": {"curl"}, "Webhook-Id": {"msg_2"}}
	for range 2 {
		got := client.Send(t.Context(), Message{ID: "msg_1", URL: server.URL + "/events?key=7", Secrets: []string{NewSecret(), secret}, Headers: own, Body: []byte(`{"a":1}`)}, time.Now())
		if err := <-verified; got.Code != CodeNone || err != nil {
			t.Errorf("got %q and the signature %v, want it to arrive signed", got.Code, err)
		}
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("got %d connections for two deliveries in a row, want one", got)
	}
}

func TestNoProxyIsTakenFromTheEnvironment(t *testing.T) {
	t.Parallel()
	if client := newClient(clientOptions{}); client.secure.Proxy != nil || client.plain.Proxy != nil {
		t.Error("a proxy would connect to any address")
	}
}

func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	seen := map[string]Code{}
	for _, code := range append([]Code{CodeNone}, Codes...) {
		words := Words(code, 500)
		if other, twice := seen[words]; !strings.HasSuffix(words, ".") || twice && code != CodeStatus {
			t.Errorf("%q: got %q, which %q has too", code, words, other)
		}
		seen[words] = code
	}
	if got, want := Words(CodeStatus, 404), "It answered 404 Not Found."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Words(CodeStatus, 599), "It answered 599."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
