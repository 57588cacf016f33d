package models

import (
	"slices"
	"time"
)

// WebhookType says what a call to a webhook does.
type WebhookType string

const (
	TypeSubscribed   WebhookType = "SUBSCRIBED"
	TypeUnconfirmed  WebhookType = "UNCONFIRMED"
	TypeUnsubscribed WebhookType = "UNSUBSCRIBED"
	TypeDelete       WebhookType = "DELETE"
)

// WebhookTypes lists every type in the order of the menus.
var WebhookTypes = []WebhookType{TypeSubscribed, TypeUnconfirmed, TypeUnsubscribed, TypeDelete}

// Valid reports whether t is one of the four types.
func (t WebhookType) Valid() bool { return slices.Contains(WebhookTypes, t) }

// TypesWithTags lists the types whose webhooks create contacts and can have tags (documentation, "Tags").
var TypesWithTags = []WebhookType{TypeSubscribed, TypeUnconfirmed}

// HasTags reports whether webhooks of the type can have tags (documentation, "Tags").
func (t WebhookType) HasTags() bool { return slices.Contains(TypesWithTags, t) }

// Does says what a call does, after "calls": "delete the contact".
func (t WebhookType) Does() string {
	return map[WebhookType]string{TypeSubscribed: "subscribe the contact", TypeUnconfirmed: "add the contact as unconfirmed",
		TypeUnsubscribed: "unsubscribe the contact", TypeDelete: "delete the contact"}[t]
}

// HarmfulAfter reports whether calls that had another type do harm with this one: they take more away from a contact, or people who
// unsubscribe or ask to be deleted are added instead.
func (t WebhookType) HarmfulAfter(before WebhookType) bool {
	harm := map[WebhookType]int{TypeUnsubscribed: 1, TypeDelete: 2}
	return harm[t] > harm[before] || before.Valid() && !before.HasTags() && t.HasTags()
}

// Webhook is a secret URL that does one thing with a contact.
type Webhook struct {
	WorkspaceID     int64
	ID              int64
	Name            string
	Type            WebhookType
	Hash            string // the current one; earlier ones stay in webhook_hashes
	Enabled         bool
	Reading         string // how it reads its calls: senders.Settings as JSON; "" for the documented format
	ReadingRevision int64  // number of changes of Reading
	CreatedAt       time.Time
	UpdatedAt       time.Time
	DeletedAt       *time.Time `gorm:"column:deleted_at"`
}

// WebhookHash is a hash that works or once worked. It always belongs to the same webhook.
type WebhookHash struct {
	Hash        string `gorm:"primaryKey"`
	WorkspaceID int64
	WebhookID   int64
	CreatedAt   time.Time
	RetiredAt   *time.Time
}

// WebhookTag is a tag that a webhook adds to its contacts.
type WebhookTag struct {
	WorkspaceID, WebhookID, TagID int64
}
