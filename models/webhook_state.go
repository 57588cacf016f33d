package models

import "time"

// WebhookState notes that a webhook is failing or silent, for the automations that start when this begins.
type WebhookState struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	WebhookID   int64     `gorm:"primaryKey"`
	Kind        EventType `gorm:"primaryKey"` // EventWebhookFailing or EventWebhookSilent
	SeenAt      time.Time // when it was last found, to stateTouch
}

// States returns what the webhook is at now, as the events of its beginning. One that is too new to have a usual fails if many of its calls
// do, as on the dashboard.
func (u WebhookUsual) States(now time.Time) (kinds []EventType) {
	is := u.Unusual(now)
	if is.Failing || u.EarlierCalls < knownCalls && ManyFail(u.Failures, u.Calls) {
		kinds = append(kinds, EventWebhookFailing)
	}
	if is.Silent {
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
		for _, kind := range known[w.ID].States(now) {
			if w.Enabled && w.DeletedAt == nil && listens.Has(kind, false) {
				states = append(states, WebhookState{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, Kind: kind, SeenAt: Instant(now)})
			}
		}
	}
	return states
}

const (
	// stateEnds is how long a webhook must be as usual before its state is over. The rate of failures is often near the limit for a while,
	// and each call moves it to one side or the other.
	stateEnds = time.Hour
	// stateTouch is how far SeenAt may lag, so that a state that lasts is not written at each look.
	stateTouch = 10 * time.Minute
)

// StateChanges is what a look at the webhooks of a workspace changes.
type StateChanges struct{ Began, Last, Over []WebhookState }

// CompareStates compares the states that were noted with those found at now: which began, which last and are to be noted again, and which
// are over.
func CompareStates(noted, found []WebhookState, now time.Time) (c StateChanges) {
	type state struct {
		webhook int64
		kind    EventType
	}
	before := map[state]WebhookState{}
	for _, s := range noted {
		before[state{s.WebhookID, s.Kind}] = s
	}
	for _, s := range found {
		old, lasts := before[state{s.WebhookID, s.Kind}]
		delete(before, state{s.WebhookID, s.Kind})
		switch {
		case !lasts:
			c.Began = append(c.Began, s)
		case s.SeenAt.Sub(old.SeenAt).Abs() >= stateTouch:
			c.Last = append(c.Last, s)
		}
	}
	for _, s := range noted {
		if _, gone := before[state{s.WebhookID, s.Kind}]; gone && now.Sub(s.SeenAt).Abs() >= stateEnds {
			c.Over = append(c.Over, s)
		}
	}
	return c
}

// Event is the event of the state's beginning.
func (s WebhookState) Event() AutomationEvent {
	return AutomationEvent{WorkspaceID: s.WorkspaceID, ID: NewID(s.SeenAt), Type: s.Kind, SubjectID: s.WebhookID, State: EventStatePending, CreatedAt: s.SeenAt}
}
