package models

import "time"

// WebhookState notes that a webhook is failing or silent, for the automations that start when this begins.
type WebhookState struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	WebhookID   int64     `gorm:"primaryKey"`
	Kind        EventType `gorm:"primaryKey"` // EventWebhookFailing or EventWebhookSilent
	Since       time.Time // when it was noticed
}

// States returns what is unusual as the events of its beginning.
func (u Unusual) States() (kinds []EventType) {
	if u.Failing {
		kinds = append(kinds, EventWebhookFailing)
	}
	if u.Silent {
		kinds = append(kinds, EventWebhookSilent)
	}
	return kinds
}

// AreUnusual returns the states of the webhooks that are on and unusual at now, as far as an automation listens for them. A webhook that is
// switched off is rightly silent.
func AreUnusual(listens Listens, on []Webhook, usuals []WebhookUsual, now time.Time) (states []WebhookState) {
	known := map[int64]WebhookUsual{}
	for _, u := range usuals {
		known[u.WebhookID] = u
	}
	for _, w := range on {
		for _, kind := range known[w.ID].Unusual(now).States() {
			if w.Enabled && w.DeletedAt == nil && listens.Has(kind, false) {
				states = append(states, WebhookState{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, Kind: kind, Since: Instant(now)})
			}
		}
	}
	return states
}

// Turned compares the states that were noted with those of now: which began, and which are over.
func Turned(noted, now []WebhookState) (began, over []WebhookState) {
	without := func(some, others []WebhookState) (rest []WebhookState) {
		there := map[WebhookState]bool{}
		for _, s := range others {
			s.Since = time.Time{}
			there[s] = true
		}
		for _, s := range some {
			if !there[WebhookState{WorkspaceID: s.WorkspaceID, WebhookID: s.WebhookID, Kind: s.Kind}] {
				rest = append(rest, s)
			}
		}
		return rest
	}
	return without(now, noted), without(noted, now)
}

// Event is the event of the state's beginning.
func (s WebhookState) Event() AutomationEvent {
	return AutomationEvent{WorkspaceID: s.WorkspaceID, ID: NewID(s.Since), Type: s.Kind, SubjectID: s.WebhookID, State: EventStatePending, CreatedAt: s.Since}
}
