package models

import (
	"slices"
	"time"
)

// Status is where a contact stands.
type Status string

const (
	StatusSubscribed   Status = "SUBSCRIBED"
	StatusUnconfirmed  Status = "UNCONFIRMED"
	StatusUnsubscribed Status = "UNSUBSCRIBED"
)

// Statuses lists every status in the order in which people read them.
var Statuses = []Status{StatusSubscribed, StatusUnconfirmed, StatusUnsubscribed}

// Valid reports whether s is one of the three statuses.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// Name is the status as people read it.
func (s Status) Name() string {
	switch s {
	case StatusSubscribed:
		return "Subscribed"
	case StatusUnconfirmed:
		return "Unconfirmed"
	case StatusUnsubscribed:
		return "Unsubscribed"
	}
	return string(s)
}

// Contact is one person of the audience. Its id is a dense number within its workspace and is never used again; its
// address never changes.
type Contact struct {
	WorkspaceID     int64 `gorm:"primaryKey;autoIncrement:false"`
	ID              int64 `gorm:"primaryKey;autoIncrement:false"`
	Email           string
	Status          Status
	Fields          map[string]string `gorm:"serializer:json"` // by merge tag key, in the stored forms of CONTRACT
	Version         int64             // raised by one with every change and every event
	SourceWebhookID *int64            // nil when an admin made it by hand
	CreatedAt       time.Time
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
	SubscribedAt    *time.Time
	UnconfirmedAt   *time.Time
	UnsubscribedAt  *time.Time

	TouchedWebhookID *int64     // of the last processed call, whether it changed anything or not
	TouchedAt        *time.Time // when that was
}

// SetStatus changes the status and notes since when. It reports whether anything changed.
func (c *Contact) SetStatus(s Status, at time.Time) bool {
	if c.Status == s {
		return false
	}
	c.Status = s
	switch s {
	case StatusSubscribed:
		c.SubscribedAt = &at
	case StatusUnconfirmed:
		c.UnconfirmedAt = &at
	case StatusUnsubscribed:
		c.UnsubscribedAt = &at
	}
	return true
}

// StatusSince is when the contact came to its present status.
func (c Contact) StatusSince() time.Time {
	at := map[Status]*time.Time{StatusSubscribed: c.SubscribedAt, StatusUnconfirmed: c.UnconfirmedAt, StatusUnsubscribed: c.UnsubscribedAt}[c.Status]
	if at == nil {
		return c.CreatedAt
	}
	return *at
}

// ContactInput is what a person says of a contact.
type ContactInput struct {
	Status Status
	Fields map[string]string // stored forms by merge tag key; "" takes the value away, a key that is not there stays as it is
	Tags   []Tag             // those it has afterwards
}

var (
	// ErrContactExists refuses a second contact with the same address.
	ErrContactExists = &Error{Code: CodeConflict, Message: "There is a contact with this address already."}
	// ErrContactChanged refuses a change that was made on another version of the contact.
	ErrContactChanged = &Error{Code: CodeConflict, Message: "This contact was changed while you edited it."}
)

// ListedContact is a contact with its tags, by name.
type ListedContact struct {
	Contact
	Tags []Tag `gorm:"-"`
}

// ExactCount is up to where lists are counted exactly; beyond it they say "10,000+".
const ExactCount = 10_000
