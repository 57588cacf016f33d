package handlers

import (
	"fmt"
	"strings"
	"testing"

	"campaignlark/models"
)

// TestDeletingWhatAnAutomationUsesNeedsConfirmation deletes each kind of thing that an automation can use: first refused with the
// automations named, then forced.
func TestDeletingWhatAnAutomationUsesNeedsConfirmation(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		tag, hook, other := s.addTag("trial"), s.addWebhook(models.TypeUnconfirmed), s.storeSegment("Other", nil)
		field := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		plan := s.addMergeTag(models.MergeTag{Key: "plan", Label: "Plan", Type: models.MergeTagSingle, Options: []string{"Basic", "Pro"}})
		for _, thing := range []struct {
			name, path, trigger, step string
			fields                    []string
		}{
			{"tag", "/tags/" + itoa(tag.ID) + "/delete", `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"add_tag","tag_id":%d}`, tag.ID), nil},
			{"merge tag", "/merge-tags/" + itoa(field.ID) + "/delete", fmt.Sprintf(`{"type":"contact_updated","field_ids":[%d]}`, field.ID), `{"type":"wait","minutes":1}`, nil},
			{"choice", "/merge-tags/" + itoa(plan.ID), `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"set_field","field_id":%d,"value":"Pro"}`, plan.ID), []string{"label", "Plan", "options", "Basic"}},
			{"segment", "/segments/" + itoa(other.ID) + "/delete", fmt.Sprintf(`{"type":"segment_entered","segment_ids":[%d]}`, other.ID), `{"type":"wait","minutes":1}`, nil},
			{"webhook", "/webhooks/" + itoa(hook.ID) + "/delete", `{"type":"contact_created"}`,
				fmt.Sprintf(`{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"created_by","operator":"eq","value":%d}]}}`, hook.ID), nil},
		} {
			var paths []string
			for _, name := range []string{"Welcome by " + thing.name, "Mark by " + thing.name} {
				definition := `{"triggers":[` + thing.trigger + `],"steps":[` + thing.step + `]}`
				made := s.post("/w/books/automations", "name", name, "enabled", "1", "definition", definition)
				made.want(t, 303)
				paths = append(paths, strings.Split(made.header.Get("Location"), "?")[0])
			}
			said := []string{"2 automations use", "will start nothing any more until they are repaired", "Welcome by " + thing.name, "Mark by " + thing.name}
			if strings.HasSuffix(thing.path, "/delete") {
				page := s.get("/w/books" + thing.path)
				page.want(t, 200, said...)
				if !strings.Contains(page.body, `href="`+paths[0]+`"`) {
					t.Errorf("%s: the question does not link to %s", thing.name, paths[0])
				}
			}
			s.post("/w/books"+thing.path, thing.fields...).want(t, 422, append(said, "ick ")...)
			s.get(paths[0]).wantNot(t, "until it is repaired")
			s.follow(s.post("/w/books"+thing.path, append([]string{"force", "1"}, thing.fields...)...)).want(t, 200, "2 automations start nothing any more until they are repaired.")
			s.get(paths[0]).want(t, 200, "It starts nothing until it is repaired.")
		}
	})
}

// TestPagesSayWhichAutomationsUseAThing opens the pages of tags, merge tags, segments and a webhook that an automation uses.
func TestPagesSayWhichAutomationsUseAThing(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		tag, hook, group := s.addTag("trial"), s.addWebhook(models.TypeUnconfirmed), s.storeSegment("Other", nil)
		field := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		pages := []string{"/w/books/tags", "/w/books/merge-tags", "/w/books/segments", "/w/books/segments/" + itoa(group.ID), "/w/books/webhooks/" + itoa(hook.ID)}
		for _, page := range pages {
			s.get(page).wantNot(t, "Welcome")
		}
		s.tick()
		s.post("/w/books/automations", "name", "Welcome", "definition", fmt.Sprintf(`{"triggers":[{"type":"contact_created","webhook_ids":[%d]},{"type":"segment_left","segment_ids":[%d]}],
			"steps":[{"type":"add_tag","tag_id":%d},{"type":"set_field","field_id":%d,"value":"Linz"}]}`, hook.ID, group.ID, tag.ID, field.ID)).want(t, 303)
		for _, page := range pages {
			s.get(page).want(t, 200, "Welcome")
		}
	})
}
