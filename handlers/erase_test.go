package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// everything returns the content of all tables as text, with the log's compressed bodies decoded. It includes tables added later.
func (s *site) everything() map[string]string {
	s.t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if s.db.Dialect == store.Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
	}
	var tables []string
	if err := s.db.Read(s.t.Context()).Raw(query).Scan(&tables).Error; err != nil {
		s.t.Fatal(err)
	}
	all := map[string]string{}
	for _, table := range tables {
		var rows []map[string]any
		if err := s.db.Read(s.t.Context()).Table(table).Find(&rows).Error; err != nil {
			s.t.Fatal(table, err)
		}
		var text strings.Builder
		for _, row := range rows {
			for column, value := range row {
				data, isBytes := value.([]byte)
				if isBytes {
					value = string(data)
				}
				if (column == "body" && table == "deliveries" || column == "answer") && isBytes {
					text, err := deliveries.Unpack(data)
					if err != nil {
						s.t.Fatal(err)
					}
					value = string(text)
				}
				if strings.HasPrefix(table, "webhook_requests") && column == "body" && isBytes && len(data) > 0 {
					body, err := intake.DecodeLogBody(data)
					if err != nil {
						s.t.Fatal(err)
					}
					value = models.JobJSON(body)
				}
				fmt.Fprintf(&text, "%s=%v\n", column, value)
			}
		}
		all[table] = text.String()
	}
	return all
}

// with returns the tables that contain a word.
func with(all map[string]string, word string) (tables []string) {
	for table, text := range all {
		if strings.Contains(strings.ToLower(text), word) && !strings.HasPrefix(table, "webhook_requests_") { // a day of the log
			tables = append(tables, table)
		}
	}
	return tables
}

// TestErasingRemovesEveryCopy stores a person's address and values in every possible place, erases the person, and searches all
// tables.
func TestErasingRemovesEveryCopy(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		erase := s.addWebhook(models.TypeDelete)
		ways := map[string]func(path string){
			"by hand":   func(path string) { s.post(path+"/delete").want(t, 303) },
			"by a call": func(string) { s.callJSON(erase, `{"email_address":"Quinn@example.com"}`).want(t, 200) },
			"with many": func(string) {
				s.post("/w/books/contacts/bulk", "do", "delete", "all", "1", "q", "quinn@example.com", "typed", "1").want(t, 303)
			},
		}
		for name, how := range ways {
			path := s.everywhere()
			before := s.everything()
			for _, table := range []string{"contacts", "webhook_requests", "automation_events", "job_files", "jobs", "deliveries", "delivery_attempts", "run_steps"} {
				if !strings.Contains(strings.Join(with(before, "quinn"), " "), table) {
					t.Errorf("%s: the person is not in %s to begin with: %v", name, table, with(before, "quinn"))
				}
			}
			how(path)
			s.work()
			s.later(time.Minute)
			s.work()
			s.tick()
			after := s.everything()
			for _, word := range []string{"quinn", "zebedee"} {
				for _, table := range with(after, word) {
					at := strings.Index(strings.ToLower(after[table]), word)
					t.Errorf("%s: %s still holds %q: …%s…", name, table, word, after[table][max(0, at-200):min(len(after[table]), at+100)])
				}
			}
			if !strings.Contains(after["job_files"], "anton@example.com") {
				t.Errorf("%s: the other person of the files is gone too", name)
			}
			s.later(time.Minute)
		}
	})
}

// later advances the site's clock.
func (s *site) later(d time.Duration) {
	s.server.Now = clockFrom(s.server.now().Add(d))
}

// everywhere stores quinn@example.com, named Zebedee, in every possible place, along with anton@example.com. It returns the path
// of Quinn's page.
func (s *site) everywhere() string {
	s.t.Helper()
	if _, err := s.db.MergeTag(s.t.Context(), s.workspace.ID, 1); err != nil {
		s.addMergeTag(models.MergeTag{Key: "name", Label: "Name", Type: models.MergeTagText})
		s.addMergeTag(models.MergeTag{Key: "orders", Label: "Orders", Type: models.MergeTagNumber})
	}
	join := s.addWebhook(models.TypeSubscribed, "vip")
	// by hand and by a call
	s.post("/w/books/contacts", "email", "quinn@example.com", "status", "UNCONFIRMED").want(s.t, 303)
	call := s.callJSON(join, `{"email_address":"Quinn@Example.com","name":"Zebedee","orders":"zebedee"}`)
	call.want(s.t, 200)
	// three import files: waiting for its columns, after the dry run, imported
	file := "email,name,orders,note\nquinn@example.com,Zebedee,zebedee,\"two\nlines of Zebedee\"\nanton@example.com,Anton,none,x\nno address of quinn@example.com,,,\n"
	var show string
	for n := range 3 {
		columns := s.postFile("/w/books/contacts/import", "quinn@example.com.csv", file).header.Get("Location")
		if n == 0 {
			continue
		}
		show = s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1", "column", "field:2", "column", "").header.Get("Location")
		s.work()
		s.get(show).want(s.t, 200, "“zebedee”: Not a number.")
	}
	s.post(show).want(s.t, 303)
	s.work()
	// a bulk action, the audit log, a segment, the sessions
	s.post("/w/books/contacts/bulk", "do", "tag", "with", "vip", "all", "1", "q", "quinn@example.com", "total", "1").want(s.t, 303)
	s.work()
	s.get("/w/books/contacts.csv?q=quinn@example.com").want(s.t, 200, "quinn@example.com")
	noor := s.as(s.signIn(s.addStaff(models.NewToken()[:8] + "@support.example")))
	noor.post("/support/requests/"+call.requestID()+"/reveal", "reason", "quinn@example.com asked").want(s.t, 303)
	noor.get("/support/requests?q=quinn@example.com").want(s.t, 200)
	var c models.Contact
	if err := s.db.Read(s.t.Context()).Where("email = ?", "quinn@example.com").Take(&c).Error; err != nil {
		s.t.Fatal(err)
	}
	s.get("/w/books/contacts/" + itoa(c.ID) + "/export.json")
	snapshot := `{"email":"quinn@example.com"}` // an event as an earlier program wrote it
	s.write(func(tx *gorm.DB) error {
		return tx.Create(&models.AutomationEvent{WorkspaceID: s.workspace.ID, ID: models.NewID(s.server.now()), Type: models.EventConfirmed, ContactID: c.ID,
			ContactVersion: 1, WebhookID: join.ID, Snapshot: &snapshot, State: models.EventStateHandled, CreatedAt: s.server.now()}).Error
	})
	s.outgoing(c)
	segment := s.post("/w/books/segments", "name", "One", "join", "AND", "what-0", "email", "operator-0", "eq", "value-0", "quinn@example.com", "do", "save").header.Get("Location")
	s.tick()
	s.post(segment+"/delete").want(s.t, 303) // erasing keeps rules, so delete it; its audit entries hold no address
	return "/w/books/contacts/" + itoa(c.ID)
}

// outgoing stores a run of an automation that waits, a message that waits and one that arrived, about a contact named Zebedee.
func (s *site) outgoing(c models.Contact) {
	s.t.Helper()
	d, now := s.addDestination("CRM"), s.server.now()
	for _, state := range []models.DeliveryState{models.DeliveryPending, models.DeliveryArrived} {
		v := s.addDelivery(d, models.Delivery{State: state, Tries: 1, ContactID: c.ID}, `{"email_address":"quinn@example.com","name":"Zebedee"}`)
		s.addAttempt(v, 1, 503, deliveries.CodeStatus, "no room for quinn@example.com")
	}
	run := models.AutomationRun{WorkspaceID: s.workspace.ID, ID: models.NewID(now), AutomationID: 1, EventID: models.NewID(now), ContactID: c.ID, State: models.RunWaiting, DueAt: now.Add(time.Hour)}
	step := models.RunStep{WorkspaceID: s.workspace.ID, RunID: run.ID, Result: "done", Body: []byte(`{"words":"quinn@example.com is Zebedee"}`), At: now}
	s.write(func(tx *gorm.DB) error {
		if err := tx.Create(&run).Error; err != nil {
			return err
		}
		return tx.Create(&step).Error
	})
}

// TestErasingEndsWhatWaits erases a person about whom a message and a run wait, in each of the ways.
func TestErasingEndsWhatWaits(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		erase := s.addWebhook(models.TypeDelete)
		for name, how := range map[string]func(c models.Contact){
			"by hand":   func(c models.Contact) { s.post("/w/books/contacts/"+itoa(c.ID)+"/delete").want(t, 303) },
			"by a call": func(c models.Contact) { s.callJSON(erase, `{"email_address":"`+c.Email+`"}`).want(t, 200) },
		} {
			c := s.addContact(int64(1000+len(name)), "quinn"+itoa(int64(len(name)))+"@example.com", nil)
			s.outgoing(c)
			s.get("/w/books/contacts/"+itoa(c.ID)).want(t, 200, "Messages to other systems", "to CRM", "Retrying")
			if a := s.get("/w/books/contacts/" + itoa(c.ID) + "/export.json"); !strings.Contains(a.body, `"messages_to_other_systems"`) || !strings.Contains(a.body, "Zebedee") || !strings.Contains(a.body, "no room for") {
				t.Errorf("%s: the export lacks the messages or the answers: %s", name, a.body)
			}
			how(c)
			var sent []models.Delivery
			if err := s.db.Read(t.Context()).Where("contact_id = ?", c.ID).Order("id").Find(&sent).Error; err != nil || len(sent) != 2 {
				t.Fatalf("%s: got %v (%v), want both messages", name, sent, err)
			}
			if waited := sent[0]; waited.State != models.DeliveryDropped || waited.Reason != "The person was erased." || waited.EndedAt == nil {
				t.Errorf("%s: got %+v, want it dropped", name, waited)
			}
			if arrived := sent[1]; arrived.State != models.DeliveryArrived || arrived.Reason != "" {
				t.Errorf("%s: got %+v, want that it arrived kept", name, arrived)
			}
			s.get("/w/books/deliveries/"+sent[0].ID.String()).want(t, 200, "Dropped: it is not sent", "The person was erased")
			var run models.AutomationRun
			if err := s.db.Read(t.Context()).Where("contact_id = ?", c.ID).Take(&run).Error; err != nil || run.State != models.RunStopped || run.Reason != "The contact was erased." || run.EndedAt == nil {
				t.Errorf("%s: got %+v (%v), want the run stopped", name, run, err)
			}
		}
	})
}
