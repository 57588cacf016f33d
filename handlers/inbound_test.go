package handlers

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

const acknowledged = `{"success":true,"message":"Acknowledged. The webhook has been processed."}`

// eachEndpoint runs f on a site with a running public endpoint, on both databases.
func eachEndpoint(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		f(t, s)
	})
}

// startIntake starts the pipeline behind the public endpoint.
func (s *site) startIntake() {
	p := intake.New(s.db, intake.Options{Now: s.server.now, Cipher: s.server.Cipher})
	s.t.Cleanup(func() { p.Close(context.Background()) })
	s.server.Intake = p
}

// addWebhook stores a webhook of the site's workspace.
func (s *site) addWebhook(kind models.WebhookType, tags ...string) models.Webhook {
	s.t.Helper()
	now := s.server.now()
	found, _, err := s.db.ResolveTags(s.t.Context(), s.workspace.ID, 0, tags, now)
	if err != nil {
		s.t.Fatal(err)
	}
	w := models.Webhook{WorkspaceID: s.workspace.ID, Name: string(kind), Type: kind, Hash: models.NewHash(), Enabled: true, CreatedAt: now, UpdatedAt: now}
	s.write(func(tx *gorm.DB) error {
		if err := tx.Create(&w).Error; err != nil {
			return err
		}
		for _, tag := range found {
			if err := tx.Create(&models.WebhookTag{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, TagID: tag.ID}).Error; err != nil {
				return err
			}
		}
		return tx.Create(&models.WebhookHash{Hash: w.Hash, WorkspaceID: w.WorkspaceID, WebhookID: w.ID, CreatedAt: now}).Error
	})
	return w
}

// call sends a request to a webhook's URL without a session; headers are name-value pairs.
func (s *site) call(method, hash, body string, headers ...string) answer {
	s.t.Helper()
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return s.as("").do(method, inboundPrefix+hash, strings.NewReader(body), h)
}

// callJSON posts JSON to a webhook's URL.
func (s *site) callJSON(w models.Webhook, body string) answer {
	s.t.Helper()
	return s.call("POST", w.Hash, body, "Content-Type", "application/json")
}

// logged returns the site's request log, oldest first.
func (s *site) logged() []models.WebhookRequest {
	s.t.Helper()
	var rows []models.WebhookRequest
	if err := s.db.Read(s.t.Context()).Order("id").Find(&rows).Error; err != nil {
		s.t.Fatal(err)
	}
	return rows
}

// contact returns the contact of an address, or nil.
func (s *site) contact(email string) *models.Contact {
	s.t.Helper()
	c, err := store.First[models.Contact](s.db.Read(s.t.Context()).Where("workspace_id = ? AND email = ?", s.workspace.ID, email))
	if store.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return &c
}

// wantEnvelope checks what CONTRACT requires of every answer with a body.
func (a answer) wantEnvelope(t *testing.T, status int, message string) {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || len(body) != 2 {
		t.Fatalf("got %d %q, want an object of two keys", a.status, a.body)
	}
	if a.status != status || body["message"] != message || body["success"] != (status == 200) {
		t.Errorf("got %d %s, want %d %q", a.status, a.body, status, message)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	if len(a.header.Get("X-Request-Id")) != 36 {
		t.Errorf("got X-Request-Id %q, want an id", a.header.Get("X-Request-Id"))
	}
}

func TestCallCreatesContact(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed, "shop")
		for _, c := range []struct{ method, hash, body, kind, email string }{
			{"POST", w.Hash, `{"email_address":"Cersei@Example.com","first_name":"Cersei"}`, "application/json", "cersei@example.com"},
			{"POST", w.Hash, "email_address=tywin%40example.com", "application/x-www-form-urlencoded", "tywin@example.com"},
			{"GET", w.Hash + "?email_address=a+b@example.com&x=1", "", "", "a+b@example.com"},
		} {
			a := s.call(c.method, c.hash, c.body, "Content-Type", c.kind)
			a.wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
			if a.body != acknowledged {
				t.Errorf("got %s, want %s to the byte", a.body, acknowledged)
			}
			got := s.contact(c.email)
			if got == nil || got.Status != models.StatusSubscribed || got.Version != 1 {
				t.Errorf("%s %s: got %+v, want a SUBSCRIBED contact", c.method, c.email, got)
			}
			rows := s.logged()
			if last := rows[len(rows)-1]; last.ID.String() != a.header.Get("X-Request-Id") || last.Outcome != models.OutcomeCreated {
				t.Errorf("got row %s %s, want the one of X-Request-Id %s", last.ID, last.Outcome, a.header.Get("X-Request-Id"))
			}
		}
	})
}

func TestEndpointVerbs(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		path := w.Hash + "?email_address=x@example.com"
		for _, verb := range []string{"HEAD", "PUT", "PATCH", "DELETE", "TRACE", "FOO", "PROPFIND", "get"} {
			a := s.call(verb, path, "")
			if a.status != 405 || a.header.Get("Allow") != "GET, POST, OPTIONS" {
				t.Errorf("%s: got %d, Allow %q", verb, a.status, a.header.Get("Allow"))
			}
			if verb != "HEAD" {
				a.wantEnvelope(t, 405, "Please call this address with GET or POST.")
			}
		}
		a := s.call("OPTIONS", path, "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type, x-shop")
		if a.status != 204 || a.body != "" || a.header.Get("Access-Control-Allow-Origin") != "*" ||
			len(a.requestID()) != 36 || a.header.Get("Access-Control-Allow-Methods") != "GET, POST, OPTIONS" || a.header.Get("Access-Control-Allow-Headers") != "content-type, x-shop" {
			t.Errorf("got %d %v %q, want the preflight answer", a.status, a.header, a.body)
		}
		if rows := s.logged(); len(rows) != 0 || s.contact("x@example.com") != nil {
			t.Errorf("got %d rows and contact %v, want nothing changed and nothing logged", len(rows), s.contact("x@example.com"))
		}
	})
}

func TestPrefetchChangesNothing(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		ahead := []string{"Purpose: prefetch", "Purpose: preview", "X-Purpose: preview", "X-Purpose: prefetch", "X-Moz: prefetch", "x-moz: PREFETCH",
			"Sec-Purpose: prefetch", "Sec-Purpose: prefetch;prerender", "Sec-Purpose: prefetch;anonymous-client-ip"}
		for _, header := range ahead {
			name, value, _ := strings.Cut(header, ": ")
			if a := s.call("GET", w.Hash+"?email_address=x@example.com", "", name, value); a.status != 400 {
				t.Errorf("%s: got %d, want 400", header, a.status)
			}
		}
		rows := s.logged()
		if len(rows) != len(ahead) || rows[0].Outcome != models.OutcomePrefetch || s.contact("x@example.com") != nil {
			t.Fatalf("got %d rows, contact %v; want %d rows and no contact", len(rows), s.contact("x@example.com"), len(ahead))
		}
		if body, err := intake.DecodeLogBody(rows[0].Body); err != nil || body.Payload != "" || rows[0].Address != nil {
			t.Errorf("got payload %q, address %v (%v); want a row without payload", body.Payload, rows[0].Address, err)
		}
		for _, real := range [][]string{{"GET", "X-Moz", "microsummary"}, {"GET", "Purpose", "navigate"}, {"GET", "Sec-Purpose", ""}, {"POST", "Purpose", "prefetch"}} {
			if a := s.call(real[0], w.Hash+"?email_address=x@example.com", "email_address=x@example.com", real[1:]...); a.status != 200 {
				t.Errorf("%s: got %d, want 200", real, a.status)
			}
		}
	})
}

func TestInvalidHashesGetTheSameAnswer(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		change := func(w models.Webhook, column string, value any) models.Webhook {
			s.write(func(tx *gorm.DB) error {
				return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", w.WorkspaceID, w.ID).Update(column, value).Error
			})
			return w
		}
		dead := map[string]models.Outcome{
			change(s.addWebhook(models.TypeSubscribed), "enabled", false).Hash:             models.OutcomeDisabled,
			change(s.addWebhook(models.TypeSubscribed), "deleted_at", s.server.now()).Hash: models.OutcomeWebhookGone,
			change(s.addWebhook(models.TypeSubscribed), "hash", models.NewHash()).Hash:     models.OutcomeHashRetired,
			models.NewHash(): "", "x": "", "%00": "", "%ff%fe": "", "": "", "a/b": "",
		}
		for hash, outcome := range dead {
			for _, body := range []string{`{"email_address":"x@example.com"}`, `{"broken`, ""} {
				before := len(s.logged())
				s.call("POST", hash, body, "Content-Type", "application/json").wantEnvelope(t, 404, "It looks like the webhook you're trying to access doesn't exist.")
				rows := s.logged()[before:]
				if outcome == "" && len(rows) != 0 || outcome != "" && (len(rows) != 1 || rows[0].Outcome != outcome) {
					t.Errorf("%q: got rows %v, want outcome %q", hash, rows, outcome)
				}
			}
		}
		s.as("").get(strings.TrimSuffix(inboundPrefix, "/")).wantEnvelope(t, 404, "It looks like the webhook you're trying to access doesn't exist.")
		upper := s.addWebhook(models.TypeSubscribed)
		s.call("GET", strings.ToUpper(upper.Hash)+"?email_address=x@example.com", "").wantEnvelope(t, 404, "It looks like the webhook you're trying to access doesn't exist.")
	})
}

func TestOrderOfChecks(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		unsubscribe := s.addWebhook(models.TypeUnsubscribed)
		for _, c := range []struct {
			body, message string
			status        int
			outcome       models.Outcome
		}{
			{`[1]`, "", 400, models.OutcomeUnreadable},
			{`{"email_address":`, "", 400, models.OutcomeUnreadable},
			{`{}`, "Please provide an email address in the webhook data.", 400, models.OutcomeNoAddress},
			{`{"email_address":null}`, "Please provide an email address in the webhook data.", 400, models.OutcomeNoAddress},
			{`{"email_address":"  "}`, "Please provide an email address in the webhook data.", 400, models.OutcomeNoAddress},
			{`{"email_address":["b@example.com","a@example.com"]}`, "Please provide a valid email address", 400, models.OutcomeBadAddress},
			{`{"email_address":"a@b"}`, "Please provide a valid email address", 400, models.OutcomeBadAddress},
			{`{"email_address":"a@example.com\u0000"}`, "Please provide a valid email address", 400, models.OutcomeBadAddress},
			{`{"email_address":"nobody@example.com"}`, "We were unable to find the contact.", 404, models.OutcomeNoContact},
		} {
			a := s.callJSON(unsubscribe, c.body)
			if c.message != "" {
				a.wantEnvelope(t, c.status, c.message)
			}
			rows := s.logged()
			if last := rows[len(rows)-1]; a.status != c.status || last.Outcome != c.outcome || last.Status != c.status {
				t.Errorf("%s: got %d, row %s %d; want %d %s", c.body, a.status, last.Outcome, last.Status, c.status, c.outcome)
			}
		}
		if a := s.call("POST", unsubscribe.Hash, "x", "Content-Type", "text/csv"); a.status != 400 || !strings.Contains(a.body, "application/json") ||
			!strings.Contains(a.body, "application/x-www-form-urlencoded") || !strings.Contains(a.body, "multipart/form-data") {
			t.Errorf("got %d %s, want a 400 that lists the three types", a.status, a.body)
		}
		s.call("POST", unsubscribe.Hash+"?email_address=a@example.com", "").wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
	})
}

func TestBodyLimits(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		large := `{"email_address":"x@example.com","text":"` + strings.Repeat("a", 1<<20) + `"}`
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write([]byte(large))
		z.Close()
		s.callJSON(w, large).wantEnvelope(t, 413, intake.ErrTooLarge.Error())
		s.call("POST", w.Hash, packed.String(), "Content-Type", "application/json", "Content-Encoding", "gzip").wantEnvelope(t, 413, intake.ErrTooLarge.Error())
		rows := s.logged()
		if len(rows) != 2 || s.contact("x@example.com") != nil {
			t.Fatalf("got %d rows, contact %v; want two rows and no contact", len(rows), s.contact("x@example.com"))
		}
		for _, row := range rows {
			if body, err := intake.DecodeLogBody(row.Body); err != nil || body.Payload != "" || row.Outcome != models.OutcomeTooLarge {
				t.Errorf("got %s with payload of %d bytes (%v), want none", row.Outcome, len(body.Payload), err)
			}
		}
		s.call("POST", "unknown", large, "Content-Type", "application/json").wantEnvelope(t, 404, "It looks like the webhook you're trying to access doesn't exist.")
		z.Reset(&packed)
		packed.Reset()
		z.Write([]byte(`{"email_address":"zip@example.com"}`))
		z.Close()
		s.call("POST", w.Hash, packed.String(), "Content-Type", "application/json", "Content-Encoding", "gzip").wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
	})
}

func TestDeleteErasesThePerson(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		create, remove := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeDelete)
		s.callJSON(create, `{"email_address":"gone@example.com","first_name":"Gone"}`).want(t, 200)
		first := s.contact("gone@example.com")
		s.callJSON(remove, `{"email_address":"GONE@example.com"}`).want(t, 200)
		for _, row := range s.logged() {
			if row.AddressKey != nil || row.Address != nil || row.ClientAddress != nil || row.UserAgent != nil || row.Body != nil {
				t.Errorf("row %s %s still holds something of the person", row.ID, row.Outcome)
			}
		}
		if got := s.events(); got != 1 {
			t.Errorf("got %d events, want that of the first call: that it fired stays", got)
		}
		s.callJSON(remove, `{"email_address":"gone@example.com"}`).wantEnvelope(t, 404, "We were unable to find the contact.")
		s.callJSON(create, `{"email_address":"gone@example.com"}`).want(t, 200)
		if again := s.contact("gone@example.com"); again == nil || again.ID == first.ID || again.Fields["first_name"] != "" {
			t.Errorf("got %+v, want another contact than %d", again, first.ID)
		}
	})
}

// TestAFullQueueTurnsCallsAwayUnread fills the queue, and sends a call whose body cannot be read.
func TestAFullQueueTurnsCallsAwayUnread(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		p := intake.New(s.db, intake.Options{Now: s.server.now, MaxQueue: 1, Wait: time.Minute})
		t.Cleanup(func() { p.Close(context.Background()) })
		s.server.Intake = p
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{`).want(t, 400)
		first := make(chan answer, 1)
		s.write(func(tx *gorm.DB) error {
			if err := store.LockAddresses(tx, models.AddressKey(s.workspace.ID, "a@example.com")); err != nil {
				return err
			}
			go func() { first <- s.callJSON(w, `{"email_address":"a@example.com"}`) }()
			for deadline := time.Now().Add(20 * time.Second); !p.Full(); <-time.After(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the first call did not come")
				}
			}
			s.callJSON(w, `{`).wantEnvelope(t, 503, intake.MessageBusy)
			return nil
		})
		(<-first).wantEnvelope(t, 200, intake.MessageDone)
	})
}

func TestCallChangesOnlyItsWorkspace(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		other := *s
		other.workspace = s.addWorkspace("music")
		s.callJSON(s.addWebhook(models.TypeSubscribed), `{"email_address":"x@example.com"}`).want(t, 200)
		s.callJSON(other.addWebhook(models.TypeUnsubscribed), `{"email_address":"x@example.com"}`).wantEnvelope(t, 404, "We were unable to find the contact.")
		if got := s.contact("x@example.com"); got == nil || got.Status != models.StatusSubscribed {
			t.Errorf("got %+v, want the contact as it was", got)
		}
	})
}

// TestLostCommitAnswerReportsTheLoggedID commits a call, loses the database's answer and keeps the database away. The sender is
// asked to repeat the call and gets the id of its row in the log.
func TestLostCommitAnswerReportsTheLoggedID(t *testing.T) {
	t.Parallel()
	p, through := dbtest.NewProxy(t, dbtest.PostgresURL(t))
	s := newSite(t, dbtest.Open(t, through))
	s.startIntake()
	join, maybe := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnconfirmed)
	for range 2 { // so that every statement is prepared
		for _, w := range []models.Webhook{join, maybe} {
			s.callJSON(w, `{"email_address": "marta@example.com"}`).wantEnvelope(t, 200, intake.MessageDone)
		}
	}
	s.callJSON(join, `{"email_address": "marta@example.com"}`)
	p.LoseCommitAndClose()
	a := s.callJSON(maybe, `{"email_address": "marta@example.com"}`)
	a.wantEnvelope(t, 503, intake.MessageBusy)
	if !p.Lost() {
		t.Fatal("the proxy has lost nothing")
	}
	p.Open(t)
	if rows := s.logged(); len(rows) != 6 || rows[5].ID.String() != a.requestID() {
		t.Errorf("got %d rows and X-Request-Id %s, want 6 and the id of the last", len(rows), a.requestID())
	}
}
