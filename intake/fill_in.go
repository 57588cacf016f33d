package intake

import (
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

// FilledIn returns the value that a call of the log would give a merge tag now, "" for none. settings are those of its webhook, tags the merge
// tags of the workspace with tag among them, and zone is the workspace's.
func FilledIn(r models.WebhookRequest, settings senders.Settings, tags []models.MergeTag, tag models.MergeTag, zone *time.Location) string {
	body, err := DecodeLogBody(r.Body)
	if err != nil || body.Payload == "" {
		return ""
	}
	s := ReadLogged(r, body, settings)
	if s.Err != nil {
		return ""
	}
	fields := s.Fields
	if s.Mapped == nil {
		fields = joinLists(fields)
	}
	for i, place := range matchFields(fields, tags) {
		if tags[i].ID == tag.ID && place >= 0 {
			tag.Default = ""
			return fill(&Person{Contact: models.Contact{Fields: map[string]string{}}}, tag, &fields[place], zone).After
		}
	}
	return ""
}
