package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// EventType names an event on which an automation can start.
type EventType string

const (
	EventConfirmed      EventType = "contact_subscribed_confirmed"
	EventPending        EventType = "contact_subscribed_pending"
	EventUnsubscribed   EventType = "contact_unsubscribed"
	EventCreated        EventType = "contact_created"
	EventUpdated        EventType = "contact_updated" // its fields or its address changed
	EventDeleted        EventType = "contact_deleted"
	EventTagAdded       EventType = "tag_added"
	EventTagRemoved     EventType = "tag_removed"
	EventSegmentEntered EventType = "segment_entered"
	EventSegmentLeft    EventType = "segment_left"
	EventWebhookFailing EventType = "webhook_failing"
	EventWebhookSilent  EventType = "webhook_silent"
)

// EventTypes lists every event in the order of the menus. The position of an event is its bit in Listens: only add at the end.
var EventTypes = []EventType{
	EventConfirmed, EventPending, EventUnsubscribed, EventCreated, EventUpdated, EventDeleted,
	EventTagAdded, EventTagRemoved, EventSegmentEntered, EventSegmentLeft, EventWebhookFailing, EventWebhookSilent,
}

// Valid reports whether t is one of the events.
func (t EventType) Valid() bool { return slices.Contains(EventTypes, t) }

// OfContact reports whether the event is about a contact.
func (t EventType) OfContact() bool { return t != EventWebhookFailing && t != EventWebhookSilent }

// Name returns the event's name: that of the documentation for the three events that it has.
func (t EventType) Name() string {
	switch t {
	case EventConfirmed:
		return "Contact Subscribed (Confirmed)"
	case EventPending:
		return "Contact Subscribed (Pending)"
	case EventUnsubscribed:
		return "Contact Unsubscribed"
	case EventCreated:
		return "Contact Created"
	case EventUpdated:
		return "Contact Updated"
	case EventDeleted:
		return "Contact Deleted"
	case EventTagAdded:
		return "Tag Added"
	case EventTagRemoved:
		return "Tag Removed"
	case EventSegmentEntered:
		return "Segment Entered"
	case EventSegmentLeft:
		return "Segment Left"
	case EventWebhookFailing:
		return "Webhook Failing"
	case EventWebhookSilent:
		return "Webhook Silent"
	}
	return string(t)
}

// EventOfStatus returns the event of a contact that gets a status.
func EventOfStatus(s Status) EventType {
	switch s {
	case StatusSubscribed:
		return EventConfirmed
	case StatusUnconfirmed:
		return EventPending
	}
	return EventUnsubscribed
}

// Outgoing returns the event's type in the deliveries to other systems (documentation, "Outbound webhooks").
func (t EventType) Outgoing() string {
	switch t {
	case EventConfirmed:
		return "contact.subscribed"
	case EventPending:
		return "contact.pending"
	case EventUnsubscribed:
		return "contact.unsubscribed"
	case EventCreated:
		return "contact.created"
	case EventUpdated:
		return "contact.updated"
	case EventDeleted:
		return "contact.deleted"
	case EventTagAdded:
		return "contact.tag_added"
	case EventTagRemoved:
		return "contact.tag_removed"
	case EventSegmentEntered:
		return "segment.entered"
	case EventSegmentLeft:
		return "segment.exited"
	case EventWebhookFailing:
		return "webhook.failing"
	case EventWebhookSilent:
		return "webhook.silent"
	}
	return "test"
}

// Listens is the set of events for which the enabled automations of a workspace listen. Events outside it are not written.
type Listens int64

// byHandShift separates the events that calls and automations cause from those that people and imports cause.
const byHandShift = 32

// With returns the set with an event. byHand says whether changes by people and imports count too.
func (l Listens) With(t EventType, byHand bool) Listens {
	i := slices.Index(EventTypes, t)
	if i < 0 {
		return l
	}
	if l |= 1 << i; byHand {
		l |= 1 << (i + byHandShift)
	}
	return l
}

// Has reports whether an event must be written. byHand says whether a person or an import caused it.
func (l Listens) Has(t EventType, byHand bool) bool {
	i := slices.Index(EventTypes, t)
	if byHand {
		i += byHandShift
	}
	return i >= 0 && l&(1<<i) != 0
}

// AutomationEvent is a row of the outbox of automations: something happened for which an enabled automation listened. Which event a call
// fired is in any case WebhookRequest.Event.
type AutomationEvent struct {
	WorkspaceID    int64     `gorm:"primaryKey"`
	ID             uuid.UUID `gorm:"primaryKey"`
	Type           EventType
	ContactID      int64 // 0 for an event that is not about a contact
	ContactVersion int64
	SubjectID      int64      // the tag, the segment, or the webhook that fails; 0 for none
	WebhookID      int64      // of the call, 0 if no call caused it
	RequestID      *uuid.UUID // the call, nil if none caused it
	RunID          *uuid.UUID // the run of an automation that caused it, or nil
	ByHand         bool       // a person or an import caused it
	JobID          *int64     // the import or the bulk action that caused it, or nil
	Depth          int        // how many automations led to it, one starting the next
	Fields         string     // keys of the fields that changed, with commas between them
	Snapshot       *string    // EventContact as JSON: the contact at that moment; NULL if the person was erased
	State          string     // EventStatePending or EventStateHandled
	CreatedAt      time.Time
}

// The states of an event.
const (
	EventStatePending = "pending"
	EventStateHandled = "handled"
)

// EventContact is a contact in the snapshot of an event, and in the deliveries that follow from it. Of a deleted contact it holds the id
// and the address's hash, and nothing else.
type EventContact struct {
	ID          int64             `json:"id"`
	Email       string            `json:"email_address,omitempty"`
	AddressHash string            `json:"email_address_sha256,omitempty"` // of a deleted contact
	Status      Status            `json:"status,omitempty"`
	Fields      map[string]string `json:"fields,omitzero"`
	Tags        []string          `json:"tags,omitzero"`
	CreatedAt   *EventTime        `json:"created_at,omitempty"`
}

// EventTime is an instant in a message. It is written in UTC with three digits after the second, so that all of them have one form.
type EventTime struct{ time.Time }

func (t EventTime) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// EventContactOf returns a contact for a snapshot, with the names of its tags.
func EventContactOf(c Contact, tags []string) EventContact {
	e := EventContact{ID: c.ID, Email: c.Email, Status: c.Status, Fields: c.Fields, Tags: tags, CreatedAt: &EventTime{c.CreatedAt}}
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	if e.Tags == nil {
		e.Tags = []string{}
	}
	return e
}

// EventAbout returns an event about a contact as it is now, with the names of its tags. The caller adds what caused it.
func EventAbout(c Contact, tags []string, t EventType, now time.Time) AutomationEvent {
	return eventOf(c, EventContactOf(c, tags), t, c.Version, now)
}

// EventErased returns the event of a contact that is erased now. It keeps the contact's id and the hash of its address.
func EventErased(c Contact, now time.Time) AutomationEvent {
	return eventOf(c, erasedContact(c), EventDeleted, c.Version+1, now)
}

func eventOf(c Contact, as EventContact, t EventType, version int64, now time.Time) AutomationEvent {
	snapshot := as.JSON()
	return AutomationEvent{WorkspaceID: c.WorkspaceID, ID: NewID(now), Type: t, ContactID: c.ID, ContactVersion: version, Snapshot: &snapshot,
		State: EventStatePending, CreatedAt: Instant(now)}
}

// erasedContact returns the snapshot of a contact that is erased: its id and the hash of its address.
func erasedContact(c Contact) EventContact {
	sum := sha256.Sum256([]byte(c.Email))
	return EventContact{ID: c.ID, AddressHash: hex.EncodeToString(sum[:])}
}

// JSON returns the contact as snapshots hold it.
func (c EventContact) JSON() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // it holds only texts, numbers and times
	}
	return string(text)
}

// MaxDepth ends a chain of automations that start one another.
const MaxDepth = 8
