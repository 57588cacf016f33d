package handlers

import (
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
)

func TestAMoveSaysWhichChangeCausedIt(t *testing.T) {
	t.Parallel()
	tags := []models.Tag{{ID: 7, Name: "vip"}, {ID: 8, Name: "news"}}
	unsubscribed, subscribed := &intake.LogContact{Status: models.StatusUnsubscribed}, &intake.LogContact{Status: models.StatusSubscribed}
	city := intake.FieldFate{Fate: intake.FateStored, MergeTagID: 3, Label: "City", Before: "Graz", After: "Linz"}
	again := intake.LogBody{Before: unsubscribed, After: subscribed, TagsAdded: []string{"vip"}, Fields: []intake.FieldFate{city}}
	for _, c := range []struct {
		rule    string
		body    intake.LogBody
		support bool
		want    string
	}{
		{`{"type":"status","operator":"eq","value":"SUBSCRIBED"}`, again, false, "since status became Subscribed"},
		{`{"type":"status","operator":"eq","value":"SUBSCRIBED"}`, intake.LogBody{After: subscribed}, false, "since the contact was created as Subscribed"},
		{`{"type":"tags","operator":"has_any","value":[7]}`, again, false, "since it got the tag “vip”"},
		{`{"type":"tags","operator":"has_any","value":[8]}`, again, false, ""},
		{`{"type":"field","field_id":3,"operator":"eq","value":"Linz"}`, again, false, "since City became “Linz”"},
		{`{"type":"field","field_id":3,"operator":"eq","value":"Linz"}`, again, true, "since City changed"},
		{`{"type":"field","field_id":4,"operator":"eq","value":"Linz"}`, again, false, ""},
		{`{"type":"status","operator":"eq","value":"SUBSCRIBED"},{"type":"tags","operator":"has_any","value":[7]}`, again, false, "since status became Subscribed and it got the tag “vip”"},
		{`{"type":"created_at","operator":"in_last","value":30}`, again, false, ""},
		{``, again, false, ""},
		{`{"type":"status","operator":"eq","value":"SUBSCRIBED"}`, intake.LogBody{}, false, ""}, // erased
	} {
		told := &story{body: c.body, support: c.support}
		move := store.SegmentMove{Name: "New", Rule: `{"condition":"AND","filters":[` + c.rule + `]}`}
		if got := moveCause(move, told.changes(tags)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.rule, got, c.want)
		}
	}
}
