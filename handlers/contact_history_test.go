package handlers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// inThisOrder fails unless the page shows the texts in this order.
func (a answer) inThisOrder(t *testing.T, texts ...string) {
	t.Helper()
	rest := a.text()
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("the page does not say %q after what came before it: %s", text, a.text())
		}
		rest = after
	}
}

func TestContactPageExplainsCalls(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.fieldsOfEveryType()
		subscribe, leave := s.addWebhook(models.TypeSubscribed, "shop"), s.addWebhook(models.TypeUnsubscribed)
		segment, err := segments.Store{DB: s.db, Now: s.server.now}.Create(t.Context(), s.workspace.ID, 0, "Readers", statusRule(models.StatusSubscribed))
		if err != nil {
			t.Fatal(err)
		}
		ticker := segments.New(s.db, segments.Options{Now: s.server.now})
		tick := func() {
			for busy, err := true, error(nil); busy; {
				if busy, err = ticker.Tick(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		tick()
		s.callJSON(subscribe, `{"email_address":"x@example.com","first_name":"<i>Anna</i>","birthday":"31/12/1990","referrer":"y"}`).want(t, 200)
		tick()
		s.callJSON(leave, `{"email_address":"x@example.com"}`).want(t, 200)
		tick()
		s.callJSON(subscribe, `{"email_address":"x@example.com","first_name":"Anne"}`).want(t, 200)
		path := "/w/books/contacts/" + itoa(s.contact("x@example.com").ID)
		a := s.get(path)
		a.inThisOrder(t,
			"Request through SUBSCRIBED", "Unsubscribed → became Subscribed", "First name: <i>Anna</i> → became Anne", "Event: Contact Subscribed (Confirmed)",
			"Left Readers",
			"Request through UNSUBSCRIBED", "Subscribed → became Unsubscribed", "Event: Contact Unsubscribed",
			"Entered Readers",
			"Request through SUBSCRIBED", "New contact: Subscribed", "First name: <i>Anna</i>", "Points: 0 (default)", "tag shop added", "Birthday not stored: Not a date.", "1 field ignored")
		a.want(t, 200, "came through SUBSCRIBED", "last call", "in 0 of 1", "Readers not in, why?", "This is being recalculated")
		if strings.Contains(a.body, "<i>Anna") {
			t.Error("a value reached the page as markup")
		}
		tick()
		s.get(path).want(t, 200, "in 1 of 1", "Readers in, why?", "true: Status is Subscribed")
		s.get("/w/books/contacts/"+itoa(s.contact("x@example.com").ID)+"?before=nonsense").want(t, 200, "New contact:")
		if err := (segments.Store{DB: s.db, Now: s.server.now}).Delete(t.Context(), s.workspace.ID, 0, segment.ID, false); err != nil {
			t.Fatal(err)
		}
		s.get(path).want(t, 200, "Left Readers (deleted) because of a call")
	})
}

// TestContactPageExplainsEachSegment covers conditions in groups and about other segments, and waves caused by time, by a rule
// and by a repair.
func TestContactPageExplainsEachSegment(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		now, ines := s.server.now(), s.user.ID
		tag := s.addTag("customer")
		points := s.addMergeTag(models.MergeTag{Key: "points", Label: "Points", Type: models.MergeTagNumber})
		s.addContact(8200, "cersei@example.com", func(c *models.Contact) { c.Fields = map[string]string{"points": "1250"} })
		create := func(name, root string) int64 {
			g, problems := rule.Parse(root)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			made, err := segments.Store{DB: s.db, Now: s.server.now}.Create(t.Context(), s.workspace.ID, ines, name, g)
			if err != nil {
				t.Fatal(err)
			}
			return made.ID
		}
		loyal := create("Loyal", fmt.Sprintf(`{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"},{"type":"field","field_id":%d,"operator":"gt","value":"1000"},
			{"condition":"OR","filters":[{"type":"tags","operator":"has_any","value":[%d]},{"type":"created_at","operator":"in_last_days","value":30}]}]}`, points.ID, tag.ID))
		create("Not loyal", fmt.Sprintf(`{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]}`, loyal))
		s.tick()
		s.tick()
		a := s.get("/w/books/contacts/8200")
		a.want(t, 200, "in 1 of 2")
		a.inThisOrder(t, "Loyal in, why?", "true: all of", "true: Status is Subscribed", "true: Points is more than 1,000", "has 1,250", "true: any of", "false: has the tag customer",
			"true: Created in the last 30 days", "Not loyal not in, why?", "false: is not in the segment Loyal", "is in it")
		if !strings.Contains(a.body, `<a href="/w/books/segments/`+itoa(loyal)+`">is not in the segment Loyal`) {
			t.Error("the condition about a segment does not lead to it")
		}
		a.want(t, 200, "Entered Loyal", "the segment was first built, with the rule of ines@example.com")

		gone := create("Gone", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"UNCONFIRMED"}]}`)
		for i, cause := range []models.SegmentCause{models.CauseTime, models.CauseRepair} {
			at := models.Instant(now.Add(time.Duration(i+1) * time.Minute))
			set, other := models.NewSegmentSet([]int64{8200}), models.NewSegmentSet([]int64{8201})
			s.create(&[]models.SegmentBulkChange{{WorkspaceID: s.workspace.ID, ID: models.NewID(at), SegmentID: loyal, Span: 1, Entered: other, Departed: set, Cause: cause, At: at},
				{WorkspaceID: s.workspace.ID, ID: models.NewID(at), SegmentID: gone, Span: 1, Entered: set, Departed: other, Cause: cause, At: at},
				{WorkspaceID: s.workspace.ID, ID: models.NewID(at), SegmentID: gone, Span: 0, Entered: set, Cause: cause, At: at}})
		}
		s.post("/w/books/segments/"+itoa(gone)+"/delete").want(t, 303)
		s.get("/w/books/contacts/8200").inThisOrder(t, "Entered Gone (deleted), left Loyal", "repaired by a full check", "Entered Gone (deleted), left Loyal", "time passed")
		var file struct {
			Moves []struct {
				Segment, Cause, By string
				Entered            bool
			} `json:"segment_changes"`
		}
		if err := json.Unmarshal([]byte(s.get("/w/books/contacts/8200/export.json").body), &file); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range file.Moves {
			got = append(got, strings.TrimSpace(fmt.Sprintln(m.Segment, m.Entered, m.Cause, m.By)))
		}
		slices.Sort(got)
		want := []string{"Gone true repair", "Gone true time", "Loyal false repair", "Loyal false time", "Loyal true first ines@example.com"}
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("the export tells %q, want %q", got, want)
		}
	})
}

func statusRule(status models.Status) rule.Group {
	return rule.Group{Join: rule.All, Filters: []rule.Filter{rule.Of(rule.Condition{Type: rule.TypeStatus, Operator: rule.Is, Value: models.Text(string(status))})}}
}

func TestHistoryIsSortedByVersion(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 14, 31, 0, 0, time.UTC)
	entry := func(ms int, version int64) happened {
		return happened{id: models.NewID(at.Add(time.Duration(ms) * time.Millisecond)), version: version}
	}
	// The calls of 1 and 2 ms were processed in reverse order. The entry without a version keeps its place in time.
	entries := []happened{entry(1, 5), entry(3, 0), entry(0, 3), entry(2, 4), entry(4, 6)}
	inOrder(entries)
	want := []int64{6, 0, 5, 4, 3}
	for i, e := range entries {
		if e.version != want[i] {
			t.Fatalf("got version %d at place %d, want %v", e.version, i, want)
		}
	}
}

// TestContactPageSaysHowFarTheHistoryGoes has a call followed by very many moves of neighbouring contacts.
func TestContactPageSaysHowFarTheHistoryGoes(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		c := s.addContact(1, "marta@example.com", nil)
		key, day := models.AddressKey(c.WorkspaceID, c.Email), noon.Add(-24*time.Hour)
		if err := s.db.EnsureLogDays(t.Context(), day); err != nil {
			t.Fatal(err)
		}
		s.create(&models.WebhookRequest{WorkspaceID: c.WorkspaceID, ID: models.NewID(day), WebhookID: 5, AddressKey: &key, Address: &c.Email, Method: "POST", Outcome: models.OutcomeNoContact, Status: 404})
		moves := make([]models.SegmentBulkChange, 17_000)
		for i := range moves {
			at := day.Add(time.Duration(i+1) * time.Second)
			moves[i] = models.SegmentBulkChange{WorkspaceID: c.WorkspaceID, ID: models.NewID(at), SegmentID: 1, Span: c.ID / models.SegmentSpan,
				Entered: models.NewSegmentSet(nil), Departed: models.NewSegmentSet([]int64{c.ID + 1}), Cause: models.CauseTime, At: at}
		}
		s.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&moves, 1000).Error })
		a := s.get("/w/books/contacts/" + itoa(c.ID))
		a.want(t, 200, "Nothing found so far.", "Searched as far as", "Earlier")
		a.wantNot(t, "Nothing is recorded yet.", "Answered 404.")
		a = s.get(linkNamed(t, a, "Earlier"))
		a.want(t, 200, "Answered 404.")
		a.wantNot(t, "Searched as far as")
	})
}

// TestHistoryIsNarrowedToAKind shows the requests, the changes or the segments of a contact alone, page by page.
func TestHistoryIsNarrowedToAKind(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com","first_name":"Arry"}`)
		s.follow(s.post("/w/books/contacts/1/tags", "new_tags", "wolf"))
		for range store.ContactHistorySize {
			s.callJSON(w, `{"email_address":"arya@example.com","first_name":"Arya"}`)
		}
		page := s.get("/w/books/contacts/1")
		page.want(t, 200, "Arya · arya@example.com")
		page.wantLink(t, "Changes", "/w/books/contacts/1?show=changes#history")
		page.wantNot(t, "tag wolf added")
		changes := s.get("/w/books/contacts/1?show=changes")
		changes.want(t, 200, "tag wolf added")
		changes.wantNot(t, "Request through", "Earlier")
		requests := s.get("/w/books/contacts/1?show=requests")
		requests.wantNot(t, "tag wolf added")
		earlier := s.get(linkNamed(t, requests, "Earlier"))
		earlier.want(t, 200, "Arry")
		earlier.wantLink(t, "Newest", "/w/books/contacts/1?show=requests")
		s.get("/w/books/contacts/1?show=segments").want(t, 200, "Nothing of this kind is recorded yet.")
		s.get("/w/books/contacts/1?show=%27x").want(t, 200, "Request through")
	})
}
