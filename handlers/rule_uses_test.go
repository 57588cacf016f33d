package handlers

import (
	"fmt"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// usedThing is a thing that a rule uses and a person deletes.
type usedThing struct {
	path      string   // of the delete form
	fields    []string // of the delete form
	condition string   // JSON of a condition about it
	gone      string   // why the rule is then broken
}

func usedThings(s *site) map[string]usedThing {
	tag, hook := s.addTag("spring festival 2025"), s.addWebhook(models.TypeUnconfirmed)
	field := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
	plan := s.addMergeTag(models.MergeTag{Key: "plan", Label: "Plan", Type: models.MergeTagSingle, Options: []string{"Basic", "Pro"}})
	other := s.storeSegment("Other", nil)
	return map[string]usedThing{
		"tag": {"/tags/" + itoa(tag.ID) + "/delete", nil, fmt.Sprintf(`{"type":"tags","operator":"has_none","value":[%d]}`, tag.ID), "The tag “spring festival 2025” was deleted."},
		"merge tag": {"/merge-tags/" + itoa(field.ID) + "/delete", nil, fmt.Sprintf(`{"type":"field","field_id":%d,"operator":"is_not_set"}`, field.ID),
			"The merge tag “City” was deleted."},
		"choice": {"/merge-tags/" + itoa(plan.ID), []string{"label", "Plan", "options", "Basic"}, fmt.Sprintf(`{"type":"field","field_id":%d,"operator":"ne","value":"Pro"}`, plan.ID),
			"The choice “Pro” was taken away from “Plan”."},
		"webhook": {"/webhooks/" + itoa(hook.ID) + "/delete", nil, fmt.Sprintf(`{"type":"created_by","operator":"ne","value":%d}`, hook.ID), "The webhook “UNCONFIRMED” was deleted."},
		"segment": {"/segments/" + itoa(other.ID) + "/delete", nil, fmt.Sprintf(`{"type":"segment","operator":"not_in","value":%d}`, other.ID), "The segment “Other” was deleted."},
	}
}

// TestDeletingWhatARuleUsesNeedsConfirmation deletes each kind of thing that a rule can use: first refused with the segments
// named, then forced.
func TestDeletingWhatARuleUsesNeedsConfirmation(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addContact(1, "cersei@example.com", nil)
		for name, thing := range usedThings(s) {
			rule := `{"condition":"OR","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"},{"condition":"AND","filters":[` + thing.condition + `]}]}`
			page := s.post("/w/books/segments", "name", "Uses the "+name, "rule", rule).header.Get("Location")
			if page == "" {
				t.Fatalf("%s: the segment was not created: %s", name, s.post("/w/books/segments", "name", "Uses the "+name, "rule", rule).text())
			}
			s.tick()
			if strings.HasSuffix(thing.path, "/delete") {
				s.get("/w/books"+thing.path).want(t, 200, "Uses the "+name, "It will be broken and frozen")
			}
			s.post("/w/books"+thing.path, thing.fields...).want(t, 422, "Uses the "+name, "It will be broken and frozen", "ick ")
			s.get(page).want(t, 200, "Up to date", "cersei@example.com")

			forced := append([]string{"force", "1"}, thing.fields...)
			s.follow(s.post("/w/books"+thing.path, forced...)).want(t, 200, "The segment “Uses the "+name+"” is broken now")
			s.get(page).want(t, 200, "Broken", thing.gone, "Its contacts stay as they are", "cersei@example.com", "Repair the rule")
			s.get("/w/books/segments").want(t, 200, thing.gone)
			s.get("/w/books/contacts/1").want(t, 200, "Uses the "+name)
			s.write(func(tx *gorm.DB) error { return store.MarkContacts(tx, s.workspace.ID, 0, []int64{1}, s.server.now()) })
			s.tick()
			s.get(page).want(t, 200, "Broken", thing.gone, "cersei@example.com")
			s.post(page, "name", "Repaired after "+name, "rule", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"UNCONFIRMED"}]}`).want(t, 303)
			s.tick()
			s.get(page).want(t, 200, "Up to date", "Nobody is in this segment")
		}
	})
}

// TestBrokenRuleNamesEverythingDeleted deletes two things that a rule uses, one after the other.
func TestBrokenRuleNamesEverythingDeleted(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		tag := s.addTag("vip")
		plan := s.addMergeTag(models.MergeTag{Key: "plan", Label: "Plan", Type: models.MergeTagSingle, Options: []string{"Basic", "Gold"}})
		page := s.post("/w/books/segments", "name", "Best", "rule", fmt.Sprintf(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[%d]},
			{"type":"field","field_id":%d,"operator":"in","value":["Basic","Gold"]}]}`, tag.ID, plan.ID)).header.Get("Location")
		s.tick()
		for range 2 { // running it again changes nothing
			s.post("/w/books/merge-tags/"+itoa(plan.ID), "label", "Plan", "options", "Basic", "force", "1").want(t, 303)
		}
		s.post("/w/books/tags/"+itoa(tag.ID)+"/delete", "force", "1").want(t, 303)
		s.tick()
		const sentence, why = "Contacts who have the tag vip (deleted) and whose Plan is any of Basic , Gold (no longer a choice)", "The choice “Gold” was taken away from “Plan”. The tag “vip” was deleted."
		s.get(page).want(t, 200, "Broken", why, sentence, "Its rule is broken, so nobody enters until it is repaired.")
		s.get("/w/books/segments").want(t, 200, why, sentence)
		a := s.get(page + "/edit")
		a.want(t, 200, sentence, "vip (deleted)", "The tag “vip” was deleted.", "not one of the choices")
		if !strings.Contains(a.body, `<b class="bad">Gold (no longer a choice)</b>`) || strings.Count(a.body, "Gold (no longer a choice)") != 2 {
			t.Error("the choice that was taken away is not marked in the sentence and in the builder")
		}
	})
}

func TestDeletionChecksRulesAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		tag := s.addTag("vip")
		s.storeSegment("Added meanwhile", func(g *models.Segment) {
			g.Rule = fmt.Sprintf(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[%d]}]}`, tag.ID)
		})
		err := s.db.DeleteTag(t.Context(), s.workspace.ID, s.user.ID, tag.ID, segments.Freeze(rule.TagRef(tag), s.workspace.ID, false), s.server.now())
		if store.ErrorCode(err) != models.CodeConflict || !strings.Contains(err.Error(), "“Added meanwhile”") {
			t.Errorf("got %v, want a conflict that names the segment", err)
		}
		if _, err := s.db.Tag(t.Context(), s.workspace.ID, tag.ID); err != nil {
			t.Errorf("got %v, want the tag still there", err)
		}
	})
}
