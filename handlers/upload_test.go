package handlers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
)

// send posts a file of size bytes over the network.
func (s *site) send(addr, path string, size int) answer {
	s.t.Helper()
	body, kind := s.multipart("big.csv", io.LimitReader(io.MultiReader(strings.NewReader("email\nanna@example.com\n"), blanks{}), int64(size)))
	r, _ := http.NewRequest("POST", "http://"+addr+path, body)
	r.Host = "lark.example"
	r.Header.Set("Content-Type", kind)
	if s.session != "" {
		r.AddCookie(&http.Cookie{Name: s.server.sessions.cookieName(), Value: s.session})
	}
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, string(text)}
}

// blanks is an endless reader of lines of 64 blanks.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		if p[i] = ' '; i%64 == 0 {
			p[i] = '\n'
		}
	}
	return len(p), nil
}

func TestLargeUploads(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const path, large = "/w/books/contacts/import", bodyLimit + 1<<20
		addr := s.listen()
		for range uploadsAll + 1 { // each frees its slot for the next
			a := s.send(addr, path, large)
			a.want(t, 303)
			if !strings.HasSuffix(a.header.Get("Location"), "/columns") {
				t.Errorf("got %s, want the columns", a.header.Get("Location"))
			}
		}
		s.send(addr, path, uploadLimit+1).want(t, 413, "This file is too large", "at most 64 MB")
		if a := s.as("").send(addr, path, large); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/login") {
			t.Errorf("without a session: got %d, want to be asked to sign in", a.status)
		}
		outsider := s.as(s.signIn(s.addMember(s.addWorkspace("music"), "otto@example.com", models.RoleAdmin)))
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		outsider.send(addr, path, large).want(t, 404)
		viewer.send(addr, path, large).want(t, 403)
		manager := s.as(s.signIn(s.addMember(s.workspace, "max@example.com", models.RoleManager)))
		if !s.server.uploads.enter(s.user.ID) {
			t.Fatal("there is no place")
		}
		s.send(addr, path, large).want(t, 503, "Too many uploads at this moment")
		manager.send(addr, path, large).want(t, 303) // a stalled upload does not block other people
		for user := range int64(uploadsAll - 1) {
			s.server.uploads.enter(-1 - user)
		}
		manager.send(addr, path, large).want(t, 503, "Too many uploads at this moment")
		s.server.uploads.leave(s.user.ID)
		s.postFile(path, "small.csv", "email\nanna@example.com\n").want(t, 303)
	})
}

// begin sends the headers of a large upload and the start of its body.
func (s *site) begin(addr, path string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: lark.example\r\nCookie: %s=%s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n--x",
		path, s.server.sessions.cookieName(), s.session, uploadLimit)
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// until waits for a number of running uploads.
func (s *site) until(uploads int) {
	s.t.Helper()
	count := func() int {
		s.server.uploads.mu.Lock()
		defer s.server.uploads.mu.Unlock()
		return len(s.server.uploads.all)
	}
	for end := time.Now().Add(20 * time.Second); count() != uploads; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("got %d uploads under way, want %d", count(), uploads)
		}
	}
}

// TestBrokenUploadsFreeTheirSlots checks that a lost or too slow upload frees its slot early, before the whole file would be late.
func TestBrokenUploadsFreeTheirSlots(t *testing.T) {
	const path = "/w/books/contacts/import"
	t.Run("lost", func(t *testing.T) {
		eachEndpoint(t, func(t *testing.T, s *site) {
			addr := s.listen()
			conn := s.begin(addr, path)
			s.until(1)
			conn.Close()
			s.until(0)
			s.send(addr, path, bodyLimit+1<<20).want(t, 303)
		})
	})
	t.Run("stalled", func(t *testing.T) {
		eachSite(t, func(t *testing.T, s *site) {
			s.server.uploads.start = 100 * time.Millisecond
			conn := s.begin(s.listen(), path)
			w, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || w.StatusCode != 408 {
				t.Fatalf("got %v (%v), want 408 for a stalled upload", w, err)
			}
			s.until(0)
		})
	})
}

func TestIsUpload(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/w/books/contacts/import": true, "/w//contacts/import": false, "/w/a/b/contacts/import": false, "/w/books/contacts/import/1": false,
		"/w/books/contacts/import?x": false, "/x/w/books/contacts/import": false, "/w/books?/contacts/import": false,
	} {
		if got := isUpload("POST", path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if isUpload("GET", "/w/books/contacts/import") {
		t.Error("a GET is no upload")
	}
}
