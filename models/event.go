package models

import (
	"time"

	"github.com/google/uuid"
)

// EventType names an event on which an automation can start.
type EventType string

const (
	EventConfirmed    EventType = "contact_subscribed_confirmed"
	EventPending      EventType = "contact_subscribed_pending"
	EventUnsubscribed EventType = "contact_unsubscribed"
)

// Name returns the event's name in the documentation.
func (t EventType) Name() string {
	switch t {
	case EventConfirmed:
		return "Contact Subscribed (Confirmed)"
	case EventPending:
		return "Contact Subscribed (Pending)"
	case EventUnsubscribed:
		return "Contact Unsubscribed"
	}
	return string(t)
}

// AutomationEvent is a row of the outbox of automations: something happened for which an enabled automation listened. Nothing
// writes it yet. Which event a call fired is WebhookRequest.Event.
type AutomationEvent struct {
	WorkspaceID    int64     `gorm:"primaryKey"`
	ID             uuid.UUID `gorm:"primaryKey"`
	Type           EventType
	ContactID      int64
	ContactVersion int64
	WebhookID      int64
	RequestID      uuid.UUID
	Snapshot       *string // JSON of the contact at that moment; NULL if the person was erased
	State          string
	CreatedAt      time.Time
}

// EventStateUnclaimed is the state of events that programs before migration 17 wrote: no automation ever starts on them. One of
// those programs may still run beside this one.
const EventStateUnclaimed = "unclaimed"
