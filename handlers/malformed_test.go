package handlers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
)

// listen serves the site on a real socket, for answers of the transport itself.
func (s *site) listen() string {
	s.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	go s.server.Serve(ln)
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.server.Shutdown(ctx)
	})
	return ln.Addr().String()
}

// send writes raw bytes to a new connection and returns the first answer.
func send(t *testing.T, addr, raw string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	go io.WriteString(conn, raw)
	w, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer to %.80q: %v", raw, err)
	}
	defer w.Body.Close()
	body, _ := io.ReadAll(w.Body)
	return answer{w.StatusCode, w.Header, string(body)}
}

func TestBodyOverFourMiBIsRefusedBeforeTheHash(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		addr := s.listen()
		for _, hash := range []string{s.addWebhook(models.TypeSubscribed).Hash, "unknown"} {
			size := 4<<20 + 1
			head := fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: lark.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", inboundPrefix, hash, size)
			send(t, addr, head+strings.Repeat("a", size)).wantEnvelope(t, 413, intake.ErrTooLarge.Error())
		}
	})
}

// The public endpoint answers unreadable headers with its envelope, other paths with a page.
func TestUnreadableRequestHeaders(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		addr, long := s.listen(), strings.Repeat("a", 17<<10)
		const sentence = "The request could not be read to its end. Please send it again, with its address and headers below 16 KB."
		for _, raw := range []string{
			"GET " + inboundPrefix + w.Hash + "?email_address=x@example.com&x=" + long + " HTTP/1.1\r\nHost: a\r\n\r\n",
			"POST " + inboundPrefix + w.Hash + "?" + long + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			"GET " + inboundPrefix + w.Hash + "?email_address=x@example.com HTTP/1.1\r\nHost: a\r\nX-A: " + long + "\r\n\r\n",
		} {
			send(t, addr, raw).wantEnvelope(t, 400, sentence)
		}
		if a := send(t, addr, "GET /login?"+long+" HTTP/1.1\r\nHost: a\r\n\r\n"); a.status != 431 || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("got %d of type %s, want a page with 431", a.status, a.header.Get("Content-Type"))
		}
		if s.contact("x@example.com") != nil || len(s.logged()) != 0 {
			t.Error("a call that could not be read was acted on")
		}
	})
}

func TestAmbiguousRequestsAreRefused(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		addr := s.listen()
		target := inboundPrefix + w.Hash + "?email_address=x@example.com"
		for name, raw := range map[string]string{
			"two lengths":          "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
			"two hosts":            "GET " + target + " HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
			"two types":            "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n",
			"no host":              "GET " + target + " HTTP/1.1\r\n\r\n",
			"blank in header name": "GET " + target + " HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n",
			"absolute target":      "GET http://a" + target + " HTTP/1.1\r\nHost: a\r\n\r\n",
			"fragment":             "GET " + target + "#x HTTP/1.1\r\nHost: a\r\n\r\n",
			"101 headers":          "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: 1\r\n", 100) + "\r\n",
			"control in a value":   "GET " + target + " HTTP/1.1\r\nHost: a\r\nX-A: a\x01b\r\n\r\n",
		} {
			a := send(t, addr, raw)
			if a.status != 400 {
				t.Errorf("%s: got %d, want 400", name, a.status)
			}
			var body envelope
			if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.Message == "" {
				t.Errorf("%s: got %q, want a sentence", name, a.body)
			}
			a.wantEnvelope(t, 400, body.Message)
		}
		if s.contact("x@example.com") != nil || len(s.logged()) != 0 {
			t.Error("an ambiguous request was acted on")
		}
		if a := send(t, addr, "GET "+target+" HTTP/1.1\r\nHost: a\r\n\r\n"); a.status != 200 {
			t.Errorf("got %d for the plain request, want 200", a.status)
		}
	})
}
