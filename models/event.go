package models

import (
	"time"

	"github.com/google/uuid"
)

// EventType is what an automation can start on.
type EventType string

const (
	EventConfirmed    EventType = "contact_subscribed_confirmed"
	EventPending      EventType = "contact_subscribed_pending"
	EventUnsubscribed EventType = "contact_unsubscribed"
)

// Name is the event as the documentation names it.
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

// AutomationEvent is a row of the outbox: something an automation can start on, kept until it was handled. A contact's
// events are ordered by ContactVersion.
type AutomationEvent struct {
	WorkspaceID    int64     `gorm:"primaryKey"`
	ID             uuid.UUID `gorm:"primaryKey"`
	Type           EventType
	ContactID      int64
	ContactVersion int64
	WebhookID      int64
	RequestID      uuid.UUID
	Snapshot       *string // JSON of the contact at that moment; NULL once the person was erased
	State          string
	CreatedAt      time.Time
}

// EventStatePending is the state of an event that no automation has handled yet.
const EventStatePending = "pending"

// DirtyContact marks a contact whose segments have to be recalculated. Marks are only added; the ticker deletes
// exactly those it read.
type DirtyContact struct {
	WorkspaceID int64
	ID          int64
	ContactID   int64
	RequestID   *uuid.UUID // the call that changed it
	UserID      *int64     // who changed it, when it was no call
	At          time.Time
}
