package automations

import (
	"slices"
	"strings"
	"time"

	"campaignlark/models"
)

// StartedBy reports whether an event starts an automation of this definition, before its rule is asked. fields has the keys of the
// workspace's merge tags by id. Neither a change that the automation itself made nor one by hand starts it, unless it says so.
func (d Definition) StartedBy(e models.AutomationEvent, fields map[int64]string) bool {
	if e.ByHand && !d.ByHand {
		return false
	}
	return slices.ContainsFunc(d.Triggers, func(t Trigger) bool { return t.Type == e.Type && t.matches(e, fields) })
}

func (t Trigger) matches(e models.AutomationEvent, fields map[int64]string) bool {
	among := func(ids []int64, id int64) bool { return len(ids) == 0 || slices.Contains(ids, id) }
	switch t.Type {
	case models.EventTagAdded, models.EventTagRemoved:
		return among(t.TagIDs, e.SubjectID) && among(t.WebhookIDs, e.WebhookID)
	case models.EventSegmentEntered, models.EventSegmentLeft:
		return among(t.SegmentIDs, e.SubjectID)
	case models.EventWebhookFailing, models.EventWebhookSilent:
		return among(t.WebhookIDs, e.SubjectID)
	case models.EventUpdated:
		changed := strings.Split(e.Fields, ",")
		return among(t.WebhookIDs, e.WebhookID) && (len(t.FieldIDs) == 0 ||
			slices.ContainsFunc(t.FieldIDs, func(id int64) bool { return slices.Contains(changed, fields[id]) }))
	}
	return among(t.WebhookIDs, e.WebhookID)
}

// WaitsUntil returns when a wait that begins at now ends: after its minutes, then at the next instant with its hour of the day in the zone.
// An hour that the day skips is the instant after the gap.
func (s Step) WaitsUntil(now time.Time, zone *time.Location) time.Time {
	at := now.Add(time.Duration(s.Minutes) * time.Minute)
	minutes, ok := readClock(s.Until)
	if !ok {
		return at
	}
	if zone == nil {
		zone = time.UTC
	}
	day := at.In(zone)
	for range 3 { // a day that skips the hour may give an earlier instant
		until := time.Date(day.Year(), day.Month(), day.Day(), minutes/60, minutes%60, 0, 0, zone)
		if !until.Before(at) {
			return until
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 12, 0, 0, 0, zone)
	}
	return at
}
