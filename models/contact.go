package models

import (
	"slices"
	"time"
)

// Status is the subscription status of a contact.
type Status string

const (
	StatusSubscribed   Status = "SUBSCRIBED"
	StatusUnconfirmed  Status = "UNCONFIRMED"
	StatusUnsubscribed Status = "UNSUBSCRIBED"
)

// Statuses lists every status in the order of the pages.
var Statuses = []Status{StatusSubscribed, StatusUnconfirmed, StatusUnsubscribed}

// Valid reports whether s is one of the three statuses.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// Name returns the status as pages show it.
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

// Contact is one person in the audience. Its id is a dense number within its workspace and is never reused. Only a person changes its
// address.
type Contact struct {
	WorkspaceID     int64 `gorm:"primaryKey;autoIncrement:false"`
	ID              int64 `gorm:"primaryKey;autoIncrement:false"`
	Email           string
	Status          Status
	Fields          map[string]string `gorm:"serializer:json"` // by merge tag key, in their stored forms (CONTRACT)
	Version         int64             // increases by one with every change and every event
	SourceWebhookID *int64            // nil if created by hand
	CreatedAt       time.Time
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
	SubscribedAt    *time.Time
	UnconfirmedAt   *time.Time
	UnsubscribedAt  *time.Time

	TouchedWebhookID *int64     // of the last processed call, even if it changed nothing
	TouchedAt        *time.Time // when that was
}

// SetStatus changes the status and the time of the change. It reports whether anything changed.
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

// StatusSince returns when the contact got its current status.
func (c Contact) StatusSince() time.Time {
	at := map[Status]*time.Time{StatusSubscribed: c.SubscribedAt, StatusUnconfirmed: c.UnconfirmedAt, StatusUnsubscribed: c.UnsubscribedAt}[c.Status]
	if at == nil {
		return c.CreatedAt
	}
	return *at
}

// ContactInput is a person's input for a contact.
type ContactInput struct {
	Email  string // the new address in its stored form; "" keeps it
	Status Status
	Fields map[string]string // stored forms by merge tag key; "" removes the value, a missing key keeps it
	Tags   []Tag             // all tags after the change
}

// ErrContactExists refuses a second contact with the same address.
var ErrContactExists = &Error{Code: CodeConflict, Message: "There is a contact with this address already."}

// ListedContact is a contact with its tags, by name.
type ListedContact struct {
	Contact
	Tags []Tag `gorm:"-"`
}

// ExactCount is the highest exact count of a list; above it pages show "10,000+".
const ExactCount = 10_000
