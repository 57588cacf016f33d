package automations

import (
	"slices"
	"testing"

	"campaignlark/models"
)

// TestUses lists what a definition refers to in its triggers, rules and steps.
func TestUses(t *testing.T) {
	t.Parallel()
	d, err := Parse(`{"triggers":[{"type":"contact_subscribed_confirmed","webhook_ids":[1]},{"type":"tag_added","tag_ids":[2]},{"type":"segment_left","segment_ids":[3]},
		{"type":"contact_updated","field_ids":[4]}],
		"rule":{"condition":"OR","filters":[{"type":"tags","operator":"has_any","value":[5,2]},{"condition":"AND","filters":[{"type":"segment","operator":"in","value":6},{"type":"created_by","operator":"eq","value":7}]}]},
		"steps":[{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"field","field_id":8,"operator":"is_set"},{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}},
		{"type":"add_tag","tag_id":9},{"type":"set_field","field_id":10,"value":"x"},{"type":"call","destination_id":11},{"type":"wait","minutes":1}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Used{{models.SubjectWebhook, 1}, {models.SubjectTag, 2}, {models.SubjectSegment, 3}, {models.SubjectMergeTag, 4}, {models.SubjectTag, 5}, {models.SubjectSegment, 6},
		{models.SubjectWebhook, 7}, {models.SubjectMergeTag, 8}, {models.SubjectTag, 9}, {models.SubjectMergeTag, 10}, {models.SubjectDestination, 11}}
	if got := d.Uses(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestUsesChoices finds the choices that a definition compares with or sets.
func TestUsesChoices(t *testing.T) {
	t.Parallel()
	plan := models.MergeTag{ID: 1, Type: models.MergeTagMultiple, Options: []string{"Basic", "Pro", "Team"}}
	for text, want := range map[string]bool{
		`{"triggers":[],"steps":[{"type":"set_field","field_id":1,"value":"basic, PRO"}]}`:                                                                        true,
		`{"triggers":[],"steps":[{"type":"set_field","field_id":1,"value":"Basic, Team"}]}`:                                                                       false,
		`{"triggers":[],"steps":[{"type":"set_field","field_id":1,"value":""}]}`:                                                                                  false,
		`{"triggers":[],"steps":[{"type":"set_field","field_id":2,"value":"Pro"}]}`:                                                                               false,
		`{"triggers":[],"rule":{"condition":"AND","filters":[{"type":"field","field_id":1,"operator":"has_any","value":["Pro"]}]},"steps":[]}`:                    true,
		`{"triggers":[],"steps":[{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"field","field_id":1,"operator":"has_any","value":["Team"]}]}}]}`: false,
	} {
		d, err := Parse(text)
		if err != nil {
			t.Fatal(text, err)
		}
		if got := d.UsesChoices(plan, []string{"Pro"}); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
