package handlers

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
)

// TestRoomsCountEveryByte lets many requests grow and leave: the rooms are never over their limits, and empty at the end.
func TestRoomsCountEveryByte(t *testing.T) {
	t.Parallel()
	var r rooms
	r.small.most, r.large.most = 3*smallBody, 3*bodyLimit
	var all sync.WaitGroup
	for seed := range uint64(8) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, 1))
			for range 2000 {
				var held reservation
				for n := int64(random.IntN(20000)); n <= bodyLimit && held.grow(&r, n); n = n*2 + 1 {
					if in := r.of(n); held.n != n || held.in != in {
						t.Errorf("got %+v after growing to %d", held, n)
					}
					if small, large := r.small.held.Load(), r.large.held.Load(); small > r.small.most || large > r.large.most {
						t.Errorf("got %d and %d bytes, over the limits", small, large)
					}
				}
				held.leave()
			}
		})
	}
	all.Wait()
	if small, large := r.small.held.Load(), r.large.held.Load(); small != 0 || large != 0 {
		t.Errorf("got %d and %d bytes held by nobody", small, large)
	}
}

func TestRoomOfABody(t *testing.T) {
	t.Parallel()
	var r rooms
	for n, want := range map[int64]*room{chunked: nil, 0: nil, freeBody: nil, freeBody + 1: &r.small, smallBody: &r.small, smallBody + 1: &r.large, bodyLimit: &r.large} {
		if r.of(n) != want {
			t.Errorf("%d bytes are in the wrong room", n)
		}
	}
}

// empty waits until no request holds memory for a body, and no upload is running.
func (s *site) empty() {
	s.t.Helper()
	s.eventually("all bytes given back", func() bool {
		s.server.uploads.mu.Lock()
		defer s.server.uploads.mu.Unlock()
		return s.server.rooms.small.held.Load() == 0 && s.server.rooms.large.held.Load() == 0 && len(s.server.uploads.all) == 0
	})
}

// eventually waits for a condition.
func (s *site) eventually(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("this did not happen: %s", what)
		}
	}
}

// open sends text on a new connection, which stays open until the test ends.
func (s *site) open(addr, text string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err = io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// post returns the head of a call with a JSON body of n bytes.
func post(hash string, n int) string {
	return fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", inboundPrefix, hash, n)
}

// payload returns a JSON body of n bytes.
func payload(email string, n int) string {
	body := `{"email_address": "` + email + `", "x": "`
	return body + strings.Repeat("a", n-len(body)-2) + `"}`
}

// chunks returns body as chunks of up to size bytes.
func chunks(body string, size int) string {
	var all strings.Builder
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&all, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return all.String() + "0\r\n\r\n"
}

// TestBodiesWithoutRoomAreRefused fills the room for large bodies with requests that stopped: large ones get a 503 from their headers
// alone, small ones are taken, and all are when the room is free again.
func TestBodiesWithoutRoomAreRefused(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const large = 200 << 10
		counted := s.countRefusals()
		s.server.rooms.large.most = 3 * large
		addr, w := s.listen(), s.addWebhook(models.TypeSubscribed)
		var stopped []net.Conn
		for range 3 {
			stopped = append(stopped, s.open(addr, post(w.Hash, large)+"{"))
		}
		s.eventually("the room is full", func() bool { return s.server.rooms.large.held.Load() == 3*large })
		chunkedHead := "POST " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
		expecting := strings.Replace(post(w.Hash, large), "\r\nHost", "\r\nExpect: 100-continue\r\nHost", 1)
		refused := map[string]string{
			"its head alone": post(w.Hash, large), "its whole body": post(w.Hash, large) + payload("no@example.test", large), "an unknown webhook": post("unknown", large), "100-continue": expecting,
			"chunks": chunkedHead + chunks(payload("no@example.test", large), 1000), "4 MiB": post(w.Hash, bodyLimit) + strings.Repeat("a", bodyLimit),
		}
		for name, raw := range refused {
			a := send(t, addr, raw)
			if a.wantEnvelope(t, 503, intake.MessageBusy); a.header.Get("Retry-After") == "" {
				t.Errorf("%s: got no Retry-After", name)
			}
		}
		page := send(t, addr, fmt.Sprintf("POST /login HTTP/1.1\r\nHost: lark.example\r\nContent-Length: %d\r\n\r\n", large))
		if page.status != 503 || page.body != intake.MessageBusy+"\n" || page.header.Get("Retry-After") == "" {
			t.Errorf("got %d %q for a page, want 503", page.status, page.body)
		}
		if got := counted.all[refusedNoRoom]; got != len(refused) || len(s.logged()) != 0 {
			t.Errorf("got %d counted and %d rows, want %d and none", got, len(s.logged()), len(refused))
		}
		for i, n := range []int{60, freeBody, freeBody + 1, 20 << 10, smallBody} {
			email := fmt.Sprintf("jo%d@example.test", i)
			send(t, addr, post(w.Hash, n)+payload(email, n)).wantEnvelope(t, 200, acknowledgedMessage)
			send(t, addr, chunkedHead+chunks(payload("chunked-"+email, n-1), 1000)).wantEnvelope(t, 200, acknowledgedMessage)
			if s.contact(email) == nil || s.contact("chunked-"+email) == nil {
				t.Errorf("%d bytes: the contact is missing", n)
			}
		}
		for _, conn := range stopped {
			conn.Close()
		}
		s.empty()
		send(t, addr, post(w.Hash, large)+payload("large@example.test", large)).wantEnvelope(t, 200, acknowledgedMessage)
		send(t, addr, chunkedHead+chunks(payload("chunks@example.test", large), 5000)).wantEnvelope(t, 200, acknowledgedMessage)
		conn := s.open(addr, expecting)
		in := bufio.NewReader(conn)
		if line, _ := in.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
			t.Errorf("got %q, want to be asked for the body", line)
		}
		in.ReadString('\n')
		io.WriteString(conn, payload("expected@example.test", large))
		if r, err := http.ReadResponse(in, nil); err != nil || r.StatusCode != 200 || s.contact("expected@example.test") == nil {
			t.Errorf("got %v (%v), want the call taken", r, err)
		}
		s.empty()
	})
}

// acknowledgedMessage is the message of a call that was taken.
const acknowledgedMessage = "Acknowledged. The webhook has been processed."

// TestSmallBodiesWithoutRoomAreRefused fills the room for small bodies: those that fit into a connection's own memory are still taken, and
// large ones too.
func TestSmallBodiesWithoutRoomAreRefused(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.server.rooms.small.most = 2 * smallBody
		addr, w := s.listen(), s.addWebhook(models.TypeSubscribed)
		for range 2 {
			s.open(addr, post(w.Hash, smallBody)+"{")
		}
		s.eventually("the room is full", func() bool { return s.server.rooms.small.held.Load() == 2*smallBody })
		send(t, addr, post(w.Hash, freeBody+1)).wantEnvelope(t, 503, intake.MessageBusy)
		for i, n := range []int{60, freeBody, smallBody + 1, intake.MaxBody} {
			send(t, addr, post(w.Hash, n)+payload(fmt.Sprintf("jo%d@example.test", i), n)).wantEnvelope(t, 200, acknowledgedMessage)
		}
	})
}

// TestEveryEndGivesTheBytesBack ends requests in every way, many at a time.
func TestEveryEndGivesTheBytesBack(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.server.bodyStart, s.server.uploads.start = 300*time.Millisecond, 300*time.Millisecond
		s.server.app.Server().ReadTimeout = testTimeout
		addr, w := s.listen(), s.addWebhook(models.TypeSubscribed)
		works, large := s.server.Now, 100<<10
		s.server.Now = func() time.Time { return works() }
		var zipped bytes.Buffer
		zip, _ := gzip.NewWriterLevel(&zipped, gzip.NoCompression)
		io.WriteString(zip, payload("zipped@example.test", large))
		zip.Close()
		head := func(verb, path string, lines ...string) string {
			return verb + " " + path + " HTTP/1.1\r\nHost: lark.example\r\n" + strings.Join(append(lines, "", ""), "\r\n")
		}
		at, length := inboundPrefix+w.Hash, fmt.Sprint("Content-Length: ", large)
		const inChunks, asJSON = "Transfer-Encoding: chunked", "Content-Type: application/json"
		cookie := "Cookie: " + s.server.sessions.cookieName() + "=" + s.session
		body := payload("jo@example.test", large)
		ends := map[string]struct {
			raw    string
			then   ending
			status int // 0 if the test hangs up
		}{
			"answered":                 {post(w.Hash, large) + body, silent, 200},
			"answered, chunks":         {head("POST", at, asJSON, inChunks) + chunks(body, 3000), silent, 200},
			"answered, compressed":     {head("POST", at, asJSON, "Content-Encoding: gzip", fmt.Sprint("Content-Length: ", zipped.Len())) + zipped.String(), silent, 200},
			"unreadable":               {post(w.Hash, large) + strings.Repeat("{", large), silent, 400},
			"over 1 MiB":               {post(w.Hash, 2<<20) + strings.Repeat("a", 2<<20), silent, 413},
			"over 4 MiB":               {post(w.Hash, bodyLimit+1) + strings.Repeat("a", bodyLimit+1), silent, 413},
			"chunks over 4 MiB":        {head("POST", at, inChunks) + chunks(strings.Repeat("a", bodyLimit+1), 1<<20), silent, 413},
			"unknown webhook":          {post("unknown", large) + body, silent, 404},
			"another verb":             {head("PUT", at, length) + body, silent, 405},
			"a verb nobody knows":      {head("BREW", at, length) + body, silent, 405},
			"a GET with a body":        {head("GET", at+"?email_address=jo@example.test", length) + body, silent, 200},
			"a header twice":           {head("POST", at, asJSON, asJSON, length) + body, silent, 400},
			"a page":                   {head("POST", "/login", length) + body, silent, 422},
			"no page":                  {head("POST", "/nothing", length) + body, silent, 404},
			"half of it":               {post(w.Hash, large) + body[:large/2], halfClose, 400},
			"half of the chunks":       {head("POST", at, inChunks) + chunks(body, 3000)[:large/2], halfClose, 400},
			"a broken chunk":           {head("POST", at, inChunks) + strings.TrimSuffix(chunks(body, 3000), "0\r\n\r\n") + "zz\r\n", halfClose, 400},
			"half of a page's":         {head("POST", "/login", length) + body[:large/2], halfClose, 400},
			"stopped":                  {post(w.Hash, large) + body[:large/2], silent, 408},
			"stopped chunks":           {head("POST", at, inChunks) + chunks(body, 3000)[:large/2], silent, 408},
			"stopped page":             {head("POST", "/login", length) + body[:large/2], silent, 408},
			"hung up":                  {post(w.Hash, large) + body[:large/2], silent, 0},
			"hung up after the head":   {post(w.Hash, large), silent, 0},
			"hung up after all of it":  {post(w.Hash, large) + body, silent, 0},
			"hung up in chunks":        {head("POST", at, inChunks) + chunks(body, 3000)[:large/2], silent, 0},
			"hung up before 100":       {head("POST", at, "Expect: 100-continue", length), silent, 0},
			"an upload, stopped":       {head("POST", "/w/books/contacts/import", cookie, fmt.Sprint("Content-Length: ", bodyLimit+1)) + "--x", silent, 408},
			"an upload of a stranger":  {head("POST", "/w/books/contacts/import", fmt.Sprint("Content-Length: ", bodyLimit+1)) + "--x", silent, 303},
			"a second request follows": {post(w.Hash, large) + body + post(w.Hash, large) + body[:large/2], halfClose, 400},
		}
		var all sync.WaitGroup
		for name, end := range ends {
			all.Go(func() {
				if end.status == 0 {
					conn := s.open(addr, end.raw)
					conn.Close()
					return
				}
				if a := (rawCase{name: name, raw: end.raw, then: end.then}).send(t, addr); a.status != end.status {
					t.Errorf("%s: got %d %.100q, want %d", name, a.status, a.body, end.status)
				}
			})
		}
		all.Wait()
		s.empty()
		for range 50 { // a reset while the server asks for the body
			conn := s.open(addr, head("POST", at, "Expect: 100-continue", length)).(*net.TCPConn)
			conn.SetLinger(0)
			conn.Close()
		}
		s.empty()
		s.eventually("all connections are closed", func() bool { return s.server.open.open.Load() == 0 })
		s.server.heads.Range(func(_, noted any) bool {
			t.Errorf("%.100q is still noted", noted)
			return true
		})
	})
}

// TestAPanicGivesTheBytesBack lets the handler of a large call panic.
func TestAPanicGivesTheBytesBack(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		addr, w := s.listen(), s.addWebhook(models.TypeSubscribed)
		s.server.Now = func() time.Time { panic("broken") }
		const large = 100 << 10
		send(t, addr, post(w.Hash, large)+payload("jo@example.test", large)).wantEnvelope(t, 503, intake.MessageBusy)
		s.empty()
	})
}

// TestSlowBodiesLoseTheirRoom sends bodies more slowly than their pace, and others that are slow but keep it.
func TestSlowBodiesLoseTheirRoom(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const large, start = 100 << 10, time.Second
		s.server.bodyStart = start
		addr, w := s.listen(), s.addWebhook(models.TypeSubscribed)
		body := payload("jo@example.test", large)
		slow := func(head, body string, piece int, pause time.Duration) answer {
			conn := s.open(addr, head)
			go func() {
				for len(body) > 0 {
					n := min(piece, len(body))
					if _, err := io.WriteString(conn, body[:n]); err != nil {
						return
					}
					body = body[n:]
					<-time.After(pause)
				}
			}()
			r, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Error(err)
				return answer{}
			}
			text, _ := io.ReadAll(r.Body)
			return answer{r.StatusCode, r.Header, string(text)}
		}
		inChunks := "POST " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
		var all sync.WaitGroup
		all.Go(func() {
			a := slow(post(w.Hash, large), body, 1, 200*time.Millisecond)
			if a.status != 408 || !strings.HasPrefix(a.body, `{"success":false,"message":"Only `) || !strings.Contains(a.body, " of 102,400 bytes of the body had come after ") {
				t.Errorf("got %d %s, want a 408 that says how much came", a.status, a.body)
			}
		})
		all.Go(func() {
			a := slow(inChunks+chunks(body, 3000)[:30000], "aaaaaaaaaa", 1, 200*time.Millisecond)
			if a.status != 408 || !strings.HasPrefix(a.body, `{"success":false,"message":"Not all chunks of the body had come after `) {
				t.Errorf("got %d %s, want a 408", a.status, a.body)
			}
		})
		all.Go(func() {
			slow(post(w.Hash, large), body, 8000, 100*time.Millisecond).wantEnvelope(t, 200, acknowledgedMessage)
		})
		all.Go(func() {
			slow(post(w.Hash, 60), payload("small@example.test", 60), 2, 50*time.Millisecond).wantEnvelope(t, 200, acknowledgedMessage)
		})
		all.Wait()
		s.empty()
		timeouts := 0
		for _, row := range s.logged() {
			if row.Status == 408 {
				timeouts++
			}
		}
		if timeouts != 2 {
			t.Errorf("got %d rows with 408, want 2", timeouts)
		}
	})
}

// TestConnectionsOverTheLimitGetA503 opens as many connections as are allowed, and more.
func TestConnectionsOverTheLimitGetA503(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const most = 8
		counted := s.countRefusals()
		s.server.open.most = most
		addr, w := s.listen(), s.addWebhook(models.TypeSubscribed)
		call := post(w.Hash, 60) + payload("jo@example.test", 60)
		var idle []net.Conn
		for range most {
			idle = append(idle, s.open(addr, "P"))
		}
		s.eventually("all connections are open", func() bool { return s.server.open.open.Load() == most })
		const large = 3 << 20
		for _, raw := range []string{call, "GET " + inboundPrefix + w.Hash + " HTTP/1.1\r\nHost: a\r\n\r\n", post(w.Hash, large) + strings.Repeat("a", large)} {
			a := send(t, addr, raw)
			if a.wantEnvelope(t, 503, intake.MessageBusy); a.header.Get("Retry-After") == "" {
				t.Error("got no Retry-After")
			}
		}
		if page := send(t, addr, "GET /login HTTP/1.1\r\nHost: lark.example\r\n\r\n"); page.status != 503 || page.body != intake.MessageBusy+"\n" {
			t.Errorf("got %d %q for a page, want 503", page.status, page.body)
		}
		send(t, addr, "GET /healthz HTTP/1.1\r\nHost: lark.example\r\n\r\n").want(t, 200, "alive")
		if counted.all[refusedConnections] != 3 || s.contact("jo@example.test") != nil {
			t.Errorf("got the counts %v, want 3 refused for their connections", counted.all)
		}
		for _, conn := range idle[:2] {
			conn.Close()
		}
		s.eventually("two are closed", func() bool { return s.server.open.open.Load() == most-2 })
		if !s.closes(addr, call) {
			t.Error("a crowded server keeps a connection after its answer")
		}
		for _, conn := range idle[2:] {
			conn.Close()
		}
		s.eventually("all are closed", func() bool { return s.server.open.open.Load() == 0 })
		if s.closes(addr, call) {
			t.Error("a server with few connections closes one after its answer")
		}
	})
}

// closes sends a call that is taken, and reports whether the answer ends its connection.
func (s *site) closes(addr, call string) bool {
	s.t.Helper()
	conn := s.open(addr, call)
	defer conn.Close()
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || r.StatusCode != 200 {
		s.t.Fatalf("got %v (%v), want the call taken", r, err)
	}
	return r.Close
}

// TestSilentSpareConnectionsEnd checks that a connection over the limit must send its request soon.
func TestSilentSpareConnectionsEnd(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.server.open.most = 0
		conn := s.open(s.listen(), "P")
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || r.StatusCode != 408 {
			t.Errorf("got %v (%v), want 408", r, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestFormsWithManyFieldsAreRefused posts forms at the limits and over them.
func TestFormsWithManyFieldsAreRefused(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		addr := s.listen()
		cookie := "Cookie: " + s.server.sessions.cookieName() + "=" + s.session + "\r\n"
		for _, c := range []struct {
			path, cookie string
			fields, want int
		}{
			{"/login", "", maxStrangerFields, 422}, {"/login", "", maxStrangerFields + 1, 413}, {"/login", "", bodyLimit / 2, 413}, {"/w/books/tags", "", maxStrangerFields + 1, 413},
			{"/w/books/tags", cookie, maxFormFields, 403}, {"/w/books/tags", cookie, maxFormFields + 1, 413},
		} {
			for _, kind := range []string{"application/x-www-form-urlencoded", "Application/X-WWW-form-urlencoded; charset=utf-8"} {
				body := strings.Repeat("a&", c.fields-1) + "a"
				a := send(t, addr, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: lark.example\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n", c.path, c.cookie, kind, len(body))+body)
				if a.status != c.want {
					t.Errorf("%s, %d fields of %s: got %d, want %d", c.path, c.fields, kind, a.status, c.want)
				}
			}
		}
	})
}

// TestLargePayloadsAreDecodedInTurn holds every turn: small calls are taken, and large and compressed ones wait.
func TestLargePayloadsAreDecodedInTurn(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		addr, w := s.listen(), s.addWebhook(models.TypeSubscribed)
		for range cap(s.server.decoding) {
			s.server.decoding <- struct{}{}
		}
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		io.WriteString(zip, payload("zipped@example.test", 500))
		zip.Close()
		compressed := strings.Replace(post(w.Hash, zipped.Len()), "\r\nHost", "\r\nContent-Encoding: gzip\r\nHost", 1) + zipped.String()
		var waiting []*bufio.Reader
		for _, raw := range []string{post(w.Hash, freeBody+1) + payload("large@example.test", freeBody+1), compressed} {
			waiting = append(waiting, bufio.NewReader(s.open(addr, raw)))
		}
		send(t, addr, post(w.Hash, freeBody)+payload("small@example.test", freeBody)).wantEnvelope(t, 200, acknowledgedMessage)
		if s.contact("large@example.test") != nil || s.contact("zipped@example.test") != nil {
			t.Error("a large payload was decoded out of turn")
		}
		for range cap(s.server.decoding) {
			<-s.server.decoding
		}
		for _, in := range waiting {
			if r, err := http.ReadResponse(in, nil); err != nil || r.StatusCode != 200 {
				t.Errorf("got %v (%v), want the call taken in its turn", r, err)
			}
		}
		s.eventually("all turns are over", func() bool { return len(s.server.decoding) == 0 })
	})
}
