package automations

import (
	"testing"

	"campaignlark/models"
)

// TestMayStart counts for how many contacts an import may start automations.
func TestMayStart(t *testing.T) {
	t.Parallel()
	change := Change{Contacts: 50, Tags: []int64{7}, Fields: []int64{3, 4},
		Events: map[models.EventType]int64{models.EventCreated: 30, models.EventUpdated: 20, models.EventTagAdded: 50, models.EventSegmentEntered: 50}}
	for text, want := range map[string]int64{
		`"by_hand":false,"triggers":[{"type":"contact_created"}]`:                           0,
		`"by_hand":true,"triggers":[{"type":"contact_created"}]`:                            30,
		`"by_hand":true,"triggers":[{"type":"contact_created","webhook_ids":[1]}]`:          0,
		`"by_hand":true,"triggers":[{"type":"contact_created"},{"type":"contact_updated"}]`: 50,
		`"by_hand":true,"triggers":[{"type":"contact_created"},{"type":"tag_added"}]`:       50,
		`"by_hand":true,"triggers":[{"type":"tag_added","tag_ids":[7,8]}]`:                  50,
		`"by_hand":true,"triggers":[{"type":"tag_added","tag_ids":[8]}]`:                    0,
		`"by_hand":true,"triggers":[{"type":"tag_removed"}]`:                                0,
		`"by_hand":true,"triggers":[{"type":"contact_updated","field_ids":[4]}]`:            20,
		`"by_hand":true,"triggers":[{"type":"contact_updated","field_ids":[5]}]`:            0,
		`"by_hand":true,"triggers":[{"type":"segment_entered","segment_ids":[9]}]`:          50,
		`"by_hand":true,"triggers":[{"type":"webhook_failing"},{"type":"contact_deleted"}]`: 0,
		`"by_hand":true,"triggers":[{"type":"contact_created"},{"type":"contact_created"}]`: 30,
	} {
		d, err := Parse(`{` + text + `,"steps":[]}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.MayStart(change); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
	any := Change{Contacts: 1, Events: map[models.EventType]int64{models.EventTagAdded: 1}}
	if d, _ := Parse(`{"by_hand":true,"triggers":[{"type":"tag_added","tag_ids":[8]}],"steps":[]}`); d.MayStart(any) != 1 {
		t.Error("a change that may add any tag starts nothing")
	}
}
