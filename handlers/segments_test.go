package handlers

import (
	"context"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/segments"
)

// tick brings the segments up to date.
func (s *site) tick() {
	s.t.Helper()
	ticker := segments.New(s.db, segments.Options{})
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
		page.want(t, 200, "The segment Customers is there", "Waiting to be built")
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
		s.post("/w/books/tags/"+itoa(tags[0].ID)+"/delete").want(t, 422, "Customers", "Take it out of these rules first")
	})
}

func TestSegmentByRuleJSON(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.follow(s.post("/w/books/segments", "name", "Nested", "rule",
			`{"condition":"OR","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"},{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}]}`)).
			want(t, 200, "Nested", "whose Status is not Subscribed or (whose Status is Subscribed")
		s.post("/w/books/segments", "name", "Odd", "rule", `{"condition":"AND","filters":[{"type":"field","field_id":99,"operator":"eq","value":"x"}]}`).
			want(t, 422, "This field does not exist any more", "field_id")
		s.post("/w/books/segments", "name", "Odd", "rule", `not json`).want(t, 422, "This rule cannot be read", "not json")
	})
}

func TestBuilderAddsAndRemovesConditionsWithoutScript(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.post("/w/books/segments", "name", "Half done", "do", "add", "what-0", "status", "operator-0", "ne", "value-0", "UNCONFIRMED")
		a.want(t, 200, "Create segment")
		if !strings.Contains(a.body, `name="what-1"`) || !strings.Contains(a.body, `value="Half done"`) {
			t.Error("the form did not come back with a second condition and the name")
		}
		b := s.post("/w/books/segments", "name", "Half done", "do", "remove-0", "what-0", "status", "operator-0", "ne", "value-0", "UNCONFIRMED", "what-1", "tags", "operator-1", "has_any")
		b.want(t, 200, "There are no tags yet.")
		if strings.Contains(b.body, `name="what-1"`) {
			t.Error("the removed condition is still there")
		}
		s.post("/w/books/segments", "name", "", "do", "save", "what-0", "tags", "operator-0", "has_any").want(t, 422, "Please give it a name.", "Please choose at least one tag.")
		if all, err := s.segments(); err != nil || len(all) != 0 {
			t.Errorf("got %v (%v), want nothing stored", all, err)
		}
	})
}

func TestBuilderNeverPutsAnotherValueInPlaceOfOne(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.post("/w/books/merge-tags", "key", "plan", "label", "Plan", "type", "dropdown_single", "options", "Basic\nPro").want(t, 303)
		rule := []string{"name", "Professionals", "what-0", "field-1", "operator-0", "eq", "value-0", "Pro", "do", "save"}
		path := s.post("/w/books/segments", rule...).header.Get("Location")
		s.post("/w/books/merge-tags/1", "label", "Plan", "options", "Basic").want(t, 422, "The segment “Professionals” uses the choice Pro")
		s.post("/w/books/merge-tags/1", "label", "Plan", "options", "Basic\nPro\nTeam").want(t, 303)
		gone := append(rule[:6:6], "value-0", "Gone", "do", "save")
		s.post(path, gone...).want(t, 422, "Gone (no longer a choice)")

		a := s.post("/w/books/segments", "name", "x", "do", "update-0", "was-0", "status", "what-0", "field-1", "operator-0", "eq", "value-0", "SUBSCRIBED")
		a.want(t, 200, "Basic", "Team")
		a.wantNot(t, "SUBSCRIBED")
	})
}
