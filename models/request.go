package models

import (
	"slices"

	"github.com/google/uuid"
)

// Outcome says what happened to a call. For a new one, add its constant, its place in a list below, the case in intake
// that decides it, and its row in views.outcomes, which has all texts of the pages about it.
type Outcome string

const (
	OutcomeCreated      Outcome = "created"       // a new contact
	OutcomeResubscribed Outcome = "resubscribed"  // an existing contact became SUBSCRIBED
	OutcomeUnconfirmed  Outcome = "unconfirmed"   // an existing contact became UNCONFIRMED
	OutcomeUpdated      Outcome = "updated"       // an existing contact kept its status
	OutcomeUnsubscribed Outcome = "unsubscribed"  // an existing contact is UNSUBSCRIBED
	OutcomeDeleted      Outcome = "deleted"       // the contact was erased
	OutcomeSkipped      Outcome = "skipped"       // not one of the calls that count for the webhook
	OutcomeRepeated     Outcome = "repeated"      // the same delivery had been processed before
	OutcomeHeldBack     Outcome = "held_back"     // it filled in a field that people do not see
	OutcomeTestCall     Outcome = "test_call"     // the sender asked whether the address works
	OutcomeKeptOut      Outcome = "kept_out"      // a replay that would undo what the person did after the call
	OutcomeUnverified   Outcome = "unverified"    // the signature is not valid
	OutcomeNoAddress    Outcome = "no_address"    // email_address missing, null, empty or blank
	OutcomeBadAddress   Outcome = "bad_address"   // email_address not valid
	OutcomeNoContact    Outcome = "no_contact"    // UNSUBSCRIBED, DELETE: no such contact
	OutcomeUnreadable   Outcome = "unreadable"    // the payload cannot be read
	OutcomePrefetch     Outcome = "prefetch"      // a browser's prefetch, not a call
	OutcomeTooLarge     Outcome = "too_large"     // the body is over the limit
	OutcomeMalformed    Outcome = "malformed"     // not HTTP as it has to be, or it broke off
	OutcomeURLDiffers   Outcome = "url_differs"   // the URL only looks like the webhook's
	OutcomeDisabled     Outcome = "disabled"      // the webhook is turned off
	OutcomeWebhookGone  Outcome = "webhook_gone"  // the webhook was deleted
	OutcomeHashRetired  Outcome = "hash_retired"  // the webhook's URL has changed
	OutcomeNotCommitted Outcome = "not_committed" // the database refused this call; the sender got a 503
)

var processedOutcomes = []Outcome{
	OutcomeCreated, OutcomeResubscribed, OutcomeUnconfirmed, OutcomeUpdated, OutcomeUnsubscribed, OutcomeDeleted,
}

// IdleOutcomes are those of calls that rightly did nothing.
var IdleOutcomes = []Outcome{OutcomeSkipped, OutcomeRepeated, OutcomeTestCall, OutcomeHeldBack, OutcomeKeptOut}

// NoEffectOutcomes are those of calls that change nothing though the sender gets no error. OutcomeNoContact is one of them at a webhook
// that answers it with 200.
var NoEffectOutcomes = append(slices.Clone(IdleOutcomes), OutcomeNoContact)

var failedOutcomes = []Outcome{
	OutcomeUnverified, OutcomeNoAddress, OutcomeBadAddress, OutcomeNoContact, OutcomeUnreadable, OutcomePrefetch, OutcomeTooLarge,
	OutcomeMalformed, OutcomeURLDiffers, OutcomeDisabled, OutcomeWebhookGone, OutcomeHashRetired, OutcomeNotCommitted,
}

// Outcomes lists every outcome that a row of the log can have.
var Outcomes = slices.Concat(processedOutcomes, IdleOutcomes, failedOutcomes)

// WebhookRequest is the row of one call in the request log. If the person was erased, all personal data is NULL.
type WebhookRequest struct {
	WorkspaceID    int64     `gorm:"primaryKey"`
	ID             uuid.UUID `gorm:"primaryKey"` // UUIDv7: its time is the call's arrival
	WebhookID      int64
	ContactID      *int64
	ContactVersion *int64  // the contact's version after the call
	AddressKey     *int64  `gorm:"column:who"` // AddressKey(WorkspaceID, Address)
	Address        *string // as stored if valid, else as sent (cut to 254 bytes)
	Method         string
	ContentType    string
	Outcome        Outcome
	Status         int // of the answer
	ClientAddress  *string
	UserAgent      *string
	DurationUs     int64      `gorm:"column:duration_us"`
	Size           int64      // bytes of the body, or of the query string of a GET
	Event          *EventType // what it fired; nil for nothing
	ReplayOf       *uuid.UUID // the call that it repeats, because a person asked for it; nil for none
	Body           []byte
}

// Fired returns the event that the call fired, "" for none.
func (r WebhookRequest) Fired() EventType {
	if r.Event == nil {
		return ""
	}
	return *r.Event
}

// Failed reports whether the sender got an error.
func (r WebhookRequest) Failed() bool { return r.Status >= 400 }

// Idle reports whether the call rightly did nothing.
func (r WebhookRequest) Idle() bool {
	return !r.Failed() && slices.Contains(NoEffectOutcomes, r.Outcome)
}

// Failed reports whether the sender of a call with this outcome got an error. It also knows OutcomesFailed.
func (o Outcome) Failed() bool {
	return o != OutcomesProcessed && !slices.Contains(processedOutcomes, o) && !o.Idle()
}

// Idle reports whether a call with this outcome rightly did nothing.
func (o Outcome) Idle() bool { return slices.Contains(IdleOutcomes, o) }

// Groups of outcomes, for RequestFilter.Outcome.
const (
	OutcomesFailed    Outcome = "failed"
	OutcomesProcessed Outcome = "processed"
)

// Cursor is where a page of the log begins: the calls before (older than) an id, or after (newer than) it. If both are
// zero it is the newest page.
type Cursor struct{ Before, After uuid.UUID }

// Rising reports whether the page goes towards newer calls.
func (c Cursor) Rising() bool { return c.After != uuid.Nil }

// From returns the cursor that goes on in the same direction from a call.
func (c Cursor) From(last uuid.UUID) Cursor {
	if c.Rising() {
		return Cursor{After: last}
	}
	return Cursor{Before: last}
}
