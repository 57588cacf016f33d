package handlers

import (
	"context"
	"testing"

	"campaignlark/models"
	"campaignlark/segments"
)

// tick brings the segments up to date.
func (s *site) tick() {
	s.t.Helper()
	ticker := segments.New(s.db, segments.Options{Now: s.server.now})
	for {
		busy, err := ticker.Tick(context.Background())
		if err != nil {
			s.t.Fatal(err)
		}
		if !busy {
			return
		}
	}
}

func (s *site) segments() ([]models.Segment, error) {
	return segments.Store{DB: s.db, Now: s.server.now}.List(s.t.Context(), s.workspace.ID)
}

func TestSegmentFollowsACall(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed, "customer")
		tags, err := s.db.TagNames(t.Context(), s.workspace.ID)
		if err != nil {
			t.Fatal(err)
		}
		page := s.follow(s.post("/w/books/segments", "name", "Customers", "join", "AND", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED",
			"what-1", "tags", "operator-1", "has_any", "value-1", itoa(tags[0].ID), "do", "save"))
		page.want(t, 200, "The segment Customers was created", "Waiting to be built")
		s.tick()
		s.get("/w/books/segments").want(t, 200, "Customers", "Up to date", "whose Status is Subscribed and who have the tag customer")
		s.callJSON(w, `{"email_address":"cersei@example.com"}`).want(t, 200)
		s.tick()
		a := s.get("/w/books/segments")
		a.want(t, 200, "Customers")
		all, err := s.segments()
		if err != nil || len(all) != 1 || all[0].MemberCount != 1 {
			t.Fatalf("got %+v (%v), want one segment with one contact", all, err)
		}
		s.get("/w/books/segments/"+itoa(all[0].ID)).want(t, 200, "cersei@example.com", "1 contact")
		s.post("/w/books/tags/"+itoa(tags[0].ID)+"/delete").want(t, 422, "A segment uses this tag in its rule.", "Customers", "Tick this to delete it anyway.")
	})
}

func TestSegmentByRuleJSON(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.follow(s.post("/w/books/segments", "name", "Nested", "rule",
			`{"condition":"OR","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"},{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}]}`)).
			want(t, 200, "Nested", "whose Status is not Subscribed or (whose Status is Subscribed")
		a := s.post("/w/books/segments", "name", "NESTED", "what-0", "status", "operator-0", "eq", "value-0", "UNCONFIRMED", "do", "save")
		a.want(t, 422, "One thing to check", "There is a segment with this name already. Please choose another name.")
		if fields := formOf(t, a, ""); value(fields, "name") != "NESTED" || value(fields, "value-0") != "UNCONFIRMED" {
			t.Errorf("got %v, want the input kept", fields)
		}
		s.post("/w/books/segments", "name", "Odd", "rule", `{"condition":"AND","filters":[{"type":"field","field_id":99,"operator":"eq","value":"x"}]}`).
			want(t, 422, "This field does not exist any more", "A deleted field")
		s.post("/w/books/segments", "name", "Odd", "rule", `not json`).want(t, 422, "This rule cannot be read", "not json")
	})
}
