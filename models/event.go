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

// AutomationEvent records that something happened on which an automation can start. It is kept as long as the request
// log. A contact's events are ordered by ContactVersion.
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

// EventStateUnclaimed is the state of an event for which no enabled automation listened. No automation ever starts on it: it
// is kept only for the contact's history, as long as the request log. The same holds for "pending", which earlier programs
// wrote: one of them may still run after the migration that renamed it.
const EventStateUnclaimed = "unclaimed"

// DirtyContact marks a contact whose segments must be recalculated. Marks are only added; the ticker deletes exactly
// the marks it read.
type DirtyContact struct {
	WorkspaceID int64
	ID          int64
	ContactID   int64
	RequestID   *uuid.UUID // the call that changed it
	UserID      *int64     // the person who changed it, if it was not a call
	At          time.Time
}
