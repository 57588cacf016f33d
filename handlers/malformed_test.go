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
		for _, raw := range []string{
			"GET " + inboundPrefix + w.Hash + "?email_address=x@example.com&x=" + long + " HTTP/1.1\r\nHost: a\r\n\r\n",
			"POST " + inboundPrefix + w.Hash + "?" + long + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
			"GET " + inboundPrefix + w.Hash + "?email_address=x@example.com HTTP/1.1\r\nHost: a\r\nX-A: " + long + "\r\n\r\n",
		} {
			send(t, addr, raw).wantEnvelope(t, 400, headTooLarge.message)
		}
		if a := send(t, addr, "GET /login?"+long+" HTTP/1.1\r\nHost: a\r\n\r\n"); a.status != 431 || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("got %d of type %s, want a page with 431", a.status, a.header.Get("Content-Type"))
		}
		if s.contact("x@example.com") != nil || len(s.logged()) != 3 {
			t.Errorf("got %d rows, want one for each call, and no contact", len(s.logged()))
		}
	})
}

// TestEveryFailureOfTheEndpointIsTheEnvelope sends calls that break off or are read wrong between the head and the handler, and
// addresses that only look like the endpoint's.
func TestEveryFailureOfTheEndpointIsTheEnvelope(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		addr := s.listen()
		head := func(path string, more ...string) string {
			return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + strings.Join(more, "\r\n") + "\r\n\r\n"
		}
		at := inboundPrefix + w.Hash
		const asJSON, form, parts = "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=b"
		for name, c := range map[string]struct {
			raw    string
			status int
		}{
			"a body that breaks off":      {head(at, asJSON, "Content-Length: 500") + `{"email_address": "jo@example.test"}`, 400},
			"a form that breaks off":      {head(at, form, "Content-Length: 500") + "email_address=jo@example.test", 400},
			"parts that break off":        {head(at, parts, "Content-Length: 500") + "--b\r\nContent-Disposition: form-data; name=\"email_address\"\r\n\r\njo@", 400},
			"a broken chunk":              {head(at, asJSON, "Transfer-Encoding: chunked") + "zz\r\n{}\r\n0\r\n\r\n", 400},
			"chunks that break off":       {head(at, asJSON, "Transfer-Encoding: chunked") + "5\r\n{", 400},
			"chunks of more than 4 MiB":   {head(at, asJSON, "Transfer-Encoding: chunked") + strings.Repeat("100000\r\n"+strings.Repeat("a", 1<<20)+"\r\n", 5) + "0\r\n\r\n", 413},
			"parts of more than 4 MiB":    {head(at, parts, fmt.Sprintf("Content-Length: %d", 5<<20)) + strings.Repeat("a", 5<<20), 413},
			"a negative length":           {head(at, asJSON, "Content-Length: -5"), 400},
			"a length that is no number":  {head(at, asJSON, "Content-Length: five"), 400},
			"large letters":               {head("/V1/Inbound-Webhooks/"+w.Hash, asJSON, "Content-Length: 2") + "{}", 404},
			"two slashes at first":        {head("//v1/inbound-webhooks/"+w.Hash, asJSON, "Content-Length: 2") + "{}", 404},
			"two slashes within":          {head("/v1//inbound-webhooks//"+w.Hash, asJSON, "Content-Length: 2") + "{}", 404},
			"more after the hash":         {head(at+"/more", asJSON, "Content-Length: 2") + "{}", 404},
			"no hash":                     {head("/v1/inbound-webhooks", asJSON, "Content-Length: 2") + "{}", 404},
			"large letters, a bad verb":   {"BREW /V1/inbound-webhooks/x HTTP/1.1\r\nHost: a\r\n\r\n", 405},
			"large letters, a long query": {"GET /V1/inbound-webhooks/x?" + strings.Repeat("a", 17<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		} {
			a := sendHalf(t, addr, c.raw)
			var body envelope
			if a.status != c.status || a.decode(&body) != nil || body.Message == "" {
				t.Errorf("%s: got %d %.200q, want the envelope with %d", name, a.status, a.body, c.status)
				continue
			}
			a.wantEnvelope(t, c.status, body.Message)
		}
		if s.contact("jo@example.test") != nil {
			t.Error("a call that broke off was acted on")
		}
		old := sendHalf(t, addr, "POST "+at+" HTTP/1.0\r\n"+form+"\r\nContent-Length: 32\r\n\r\nemail_address=old%40example.test")
		if old.status != 200 || s.contact("old@example.test") == nil {
			t.Errorf("got %d %s for HTTP/1.0 without a Host, want it taken", old.status, old.body)
		}
	})
}

// sendHalf sends raw, ends the sending half of the connection and returns the answer.
func sendHalf(t *testing.T, addr, raw string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		io.WriteString(conn, raw)
		conn.(*net.TCPConn).CloseWrite()
	}()
	w, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("no answer to %.80q: %v", raw, err)
		return answer{}
	}
	defer w.Body.Close()
	body, _ := io.ReadAll(w.Body)
	return answer{w.StatusCode, w.Header, string(body)}
}

func (a answer) decode(into any) error { return json.Unmarshal([]byte(a.body), into) }
