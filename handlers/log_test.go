package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"

	"gorm.io/gorm"
)

// logLines collects the log of several goroutines for the test.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// take returns what was logged since the last call.
func (l *logLines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func (s *site) rename(table, to string) {
	s.t.Helper()
	s.write(func(tx *gorm.DB) error { return tx.Exec("ALTER TABLE " + table + " RENAME TO " + to).Error })
}

// TestLogNamesTheFailedQueryOfAPage renames one table after the other and checks that the log names the failed query.
func TestLogNamesTheFailedQueryOfAPage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		var log logLines
		s.server.Log = slog.New(slog.NewTextHandler(&log, nil))
		contact := "/contacts/" + strconv.FormatInt(s.addContact(1, "marta@example.com", nil).ID, 10)
		segment := "/segments/" + strconv.FormatInt(s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`).ID, 10)
		for _, c := range []struct{ path, table, operation string }{
			{contact, "contact_tags", "contact page: tags of the contact"},
			{contact, "segment_changes", "contact page: history: segments"},
			{"/contacts?q=marta", "jobs", "work: running jobs"},
			{"/settings/audit-log", "audit_log", "audit log: people"},
			{"/settings/members", "invitations", "members: invitations"},
			{segment, "segment_bulk_changes", "segment page: changes"},
			{"/requests?q=marta@example.com", "webhook_requests", "request list: requests"},
			{"/tags", "segments", "frame: navigation counts"},
		} {
			s.rename(c.table, c.table+"_away")
			page := s.get("/w/books" + c.path)
			page.want(t, 500, "Something broke on our side", page.requestID())
			page.wantNot(t, c.operation, "_away")
			got := log.take()
			if !strings.Contains(got, `operation="`+c.operation+`" code=internal`) || !strings.Contains(got, page.requestID()) {
				t.Errorf("%s without %s: got the log %s, want %q", c.path, c.table, got, c.operation)
			}
			if strings.Contains(got, "marta") || strings.Contains(got, "_away") {
				t.Errorf("%s: got the log %s, want neither an address nor the database's text", c.path, got)
			}
			s.rename(c.table+"_away", c.table)
		}
	})
}

// TestLogNamesTheFailedStageOfACall renames tables that the public endpoint uses.
func TestLogNamesTheFailedStageOfACall(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		var log logLines
		s.server.Log = slog.New(slog.NewTextHandler(&log, nil))
		w := s.addWebhook(models.TypeSubscribed)
		for _, c := range []struct{ table, operation string }{
			{"webhook_hashes", "intake: find the webhook"},
			{"contact_tags", "intake: "},
			{"call_marks", "intake: "},
		} {
			p := intake.New(s.db, intake.Options{Log: s.server.Log, Now: s.server.now}) // without prepared statements or cached webhooks
			s.server.Intake = p
			s.rename(c.table, c.table+"_away")
			s.callJSON(w, `{"email_address": "marta@example.com"}`).wantEnvelope(t, http.StatusServiceUnavailable, intake.MessageBusy)
			if got := log.take(); !strings.Contains(got, `operation="`+c.operation) || strings.Contains(got, "marta") || strings.Contains(got, "_away") {
				t.Errorf("without %s: got the log %s, want %q", c.table, got, c.operation)
			}
			s.rename(c.table+"_away", c.table)
			p.Close(context.Background())
		}
	})
}
