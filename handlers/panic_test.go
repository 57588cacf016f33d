package handlers

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/models"

	"gorm.io/gorm"
)

// TestAPanicOutsideTheRoutesCostsOneAnswer lets the clock panic. Error pages read it too, so the panic happens where no route
// recovers it.
func TestAPanicOutsideTheRoutesCostsOneAnswer(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		var broken atomic.Bool
		var log strings.Builder
		s.server.Log = slog.New(slog.NewTextHandler(&log, nil))
		works := s.server.Now
		s.server.Now = func() time.Time {
			if broken.Load() {
				panic("ines@example.com")
			}
			return works()
		}
		addr, hook := s.listen(), s.addWebhook(models.TypeSubscribed)
		call := "POST " + inboundPrefix + hook.Hash + " HTTP/1.1\r\nHost: lark.example\r\nContent-Length: 0\r\n\r\n"
		broken.Store(true)
		busy := send(t, addr, call)
		if busy.wantEnvelope(t, 503, intake.MessageBusy); busy.header.Get("Retry-After") == "" {
			t.Error("a 503 came without Retry-After")
		}
		send(t, addr, "GET "+inboundPrefix+strings.Repeat("a", 20<<10)+" HTTP/1.1\r\nHost: lark.example\r\n\r\n").wantEnvelope(t, 503, intake.MessageBusy)
		send(t, addr, "GET /nothing HTTP/1.1\r\nHost: lark.example\r\n\r\n").want(t, 500, "Something broke on our side")
		send(t, addr, fmt.Sprintf("POST /w/books/contacts/import HTTP/1.1\r\nHost: lark.example\r\nCookie: %s=%s\r\nContent-Length: %d\r\n\r\n--x",
			s.server.sessions.cookieName(), s.session, bodyLimit+1)).want(t, 500, "Something broke on our side")
		broken.Store(false)
		send(t, addr, call).wantEnvelope(t, 400, intake.MessageNoAddress)
		if got := log.String(); !strings.Contains(got, "panic_test.go") || strings.Contains(got, "ines") {
			t.Errorf("got the log %s, want the stack without the panic's value", got)
		}
	})
}

// breakStatements lets every statement that contains one of the texts, or writes to one of the tables, panic while on is set.
func (s *site) breakStatements(texts ...string) (on *atomic.Bool) {
	s.t.Helper()
	on = &atomic.Bool{}
	check := func(tx *gorm.DB) {
		if on.Load() && slices.ContainsFunc(texts, func(text string) bool {
			return tx.Statement.Table == text || strings.Contains(tx.Statement.SQL.String(), text)
		}) {
			panic("ines@example.com")
		}
	}
	s.write(func(tx *gorm.DB) error {
		return tx.Callback().Create().Before("gorm:create").Register("test:panic", check)
	})
	if err := s.db.Read(s.t.Context()).Callback().Row().Before("gorm:row").Register("test:panic", check); err != nil {
		s.t.Fatal(err)
	}
	return on
}

// TestPanicFreesItsSlot lets exact counts and downloads panic, once for each slot.
func TestPanicFreesItsSlot(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.crowd(30)
		broken := s.breakStatements("first_few", "audit_log")
		rule := []string{"what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED", "do", "count"}
		broken.Store(true)
		for range exactAtOnce {
			s.post("/w/books/segments", rule...).want(t, 500)
		}
		s.get("/w/books/contacts.csv").want(t, 500)
		broken.Store(false)
		counted := s.post("/w/books/segments", rule...)
		counted.want(t, 200, "Would be in 10 of 30 contacts")
		counted.wantNot(t, "Others are counting exactly right now")
		if _, rows := readCSV(t, s.get("/w/books/contacts.csv")); len(rows) != 30 {
			t.Errorf("got %d rows, want 30", len(rows))
		}
	})
}
