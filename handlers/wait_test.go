package handlers

import (
	"bufio"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// stream opens a stream at addr as the site's person. next returns one line at a time, and "" at the end. The first heartbeat is
// already read.
func (s *site) stream(addr, path string) (next func() string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", "http://"+addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.AddCookie(&http.Cookie{Name: s.server.sessions.cookieName(), Value: s.session})
	w, err := (&http.Client{Timeout: time.Minute}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { w.Body.Close() })
	if w.StatusCode != 200 || w.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("got %d %s, want a stream", w.StatusCode, w.Header.Get("Content-Type"))
	}
	lines := bufio.NewReader(w.Body)
	next = func() string {
		for {
			line, err := lines.ReadString('\n')
			if err == io.EOF {
				return ""
			}
			if err != nil {
				s.t.Fatal(err)
			}
			if line = strings.TrimSpace(line); line != "" {
				return line
			}
		}
	}
	if first := next(); !strings.HasPrefix(first, ":") {
		s.t.Fatalf("got %q, want a heartbeat immediately", first)
	}
	return next
}

func TestStreamReportsTheFirstCall(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		page := "/w/books/webhooks/" + itoa(w.ID)
		s.get(page).want(t, 200, "Waiting for the first call", "This turns green when a call arrives", "Check now")
		addr := s.listen()
		next := s.stream(addr, page+"/wait")
		s.callJSON(w, `{"email_address":"<b>\"marta\"</b>@example.com"}`)
		var event strings.Builder
		for !strings.Contains(event.String(), "Still waiting") {
			event.WriteString(next() + "\n")
		}
		shown := s.get(page + "?waited=1")
		shown.want(t, 200, "A call has arrived, but it was refused", "The address is not valid", "Let the sender check the address", "Check now", "Still waiting")
		if again := regexp.MustCompile(`data-wait="([^"]*seen=[^"]*)"`).FindStringSubmatch(shown.body); again == nil {
			t.Error("the page that shows the refused call does not wait any more")
		} else {
			later := s.stream(addr, again[1])
			defer func() {
				if line := later(); !strings.HasPrefix(line, "id:") || !strings.Contains(later()+later()+later(), "has arrived") {
					t.Errorf("got %q, want only the call that succeeded", line)
				}
			}()
		}
		s.callJSON(w, `{"email_address":"marta@example.com"}`)
		for line := next(); line != ""; line = next() {
			event.WriteString(line + "\n")
		}
		for _, want := range []string{"event: came\n", "A call has arrived, but it was refused", "</time></span> · ", "The first call has arrived", page[:len("/w/books")] + "/requests/"} {
			if !strings.Contains(event.String(), want) {
				t.Errorf("the stream does not say %q; it says %s", want, event.String())
			}
		}
		if strings.Contains(event.String(), "<b>&#34;") || strings.Contains(event.String(), `<b>"`) {
			t.Errorf("got %s, want the sender's text without its marks", event.String())
		}
		s.get(page+"?waited=1").want(t, 200, "The first call has arrived", "marta@example.com")
		s.get(page).wantNot(t, "Waiting", "has arrived")
	})
}

func TestAStreamEndsWithTheMembership(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		path := "/w/books/webhooks/" + itoa(w.ID) + "/wait"
		vera := s.addMember(s.workspace, "vera@example.com", models.RoleViewer)
		addr := s.listen()
		removed := s.as(s.signIn(vera)).stream(addr, path)
		signedOut := s.stream(addr, path)
		s.write(func(tx *gorm.DB) error { return tx.Where("user_id = ?", vera.ID).Delete(&models.Membership{}).Error })
		if got := removed(); got != "" {
			t.Errorf("got %q after the membership ended, want the end", got)
		}
		s.post("/logout").want(t, 303)
		if got := signedOut(); got != "" {
			t.Errorf("got %q after signing out, want the end", got)
		}
	})
}

func TestAStreamOutlivesALostDatabase(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		next := s.stream(s.listen(), "/w/books/webhooks/"+itoa(w.ID)+"/wait")
		s.rename("sessions", "sessions_away")
		if got := next(); got != ": still waiting" { // several looks later
			t.Fatalf("got %q while the database failed, want a heartbeat", got)
		}
		s.rename("sessions_away", "sessions")
		s.callJSON(w, `{"email_address":"marta@example.com"}`)
		if got := next(); !strings.HasPrefix(got, "id: ") {
			t.Errorf("got %q after the database came back, want the call", got)
		}
	})
}

func TestStreamsEndAtShutdown(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		path := "/w/books/webhooks/" + itoa(s.addWebhook(models.TypeSubscribed).ID) + "/wait"
		next := s.stream(s.listen(), path)
		s.server.Drain()
		if got := next(); got != "" {
			t.Errorf("got %q, want the end", got)
		}
	})
}

func TestStreamLimits(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		path := "/w/books/webhooks/" + itoa(s.addWebhook(models.TypeSubscribed).ID) + "/wait"
		s.get(path).want(t, 303) // without Accept: text/event-stream
		addr := s.listen()
		oldest := s.stream(addr, path)
		for range streamsAPerson {
			s.stream(addr, path)
		}
		for got := oldest(); got != "event: full"; got = oldest() {
			if got != ": still waiting" {
				t.Fatalf("got %q for the oldest stream, want that it gives way", got)
			}
		}
		s.server.streams.most = streamsAPerson
		vera := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		vera.do("GET", path, nil, http.Header{"Accept": {"text/event-stream"}}).want(t, 204)
		vera.do("GET", "/w/books/requests/live", nil, http.Header{"Accept": {"text/event-stream"}}).want(t, 204)
		vera.get("/w/books/requests/live?outcome=failed").want(t, 303)
		s.do("GET", "/w/books/webhooks/999/wait", nil, http.Header{"Accept": {"text/event-stream"}}).want(t, 404)
	})
}

// TestAListLearnsOfNewCalls opens the stream of a filtered list. Of the calls that come, it tells of those that match.
func TestAListLearnsOfNewCalls(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{}`)
		list := s.get("/w/books/requests?outcome=failed")
		live := regexp.MustCompile(`data-live="([^"]+)"`).FindStringSubmatch(list.body)
		if live == nil {
			t.Fatalf("the list is not live: %s", list.text())
		}
		next := s.stream(s.listen(), html.UnescapeString(live[1]))
		s.callJSON(w, `{"email_address":"arya@example.com"}`)
		s.callJSON(w, `{}`)
		page := s.get("/w/books/webhooks/" + itoa(w.ID))
		ofWebhook := regexp.MustCompile(`data-live="([^"]+)"`).FindStringSubmatch(page.body)
		if ofWebhook == nil || !strings.Contains(ofWebhook[1], "webhook="+itoa(w.ID)) {
			t.Errorf("the webhook's last requests are not live: %v", ofWebhook)
		}
		for {
			got := next()
			if got == "event: came" {
				break
			}
			if got != ": still waiting" {
				t.Fatalf("got %q, want that a call came", got)
			}
		}
		if got := next(); got != "data: 1" {
			t.Errorf("got %q, want one call", got)
		}
	})
}
