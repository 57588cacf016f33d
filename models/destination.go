package models

import (
	"time"

	"github.com/google/uuid"
)

// Destination is another system's address that deliveries go to.
type Destination struct {
	WorkspaceID  int64
	ID           int64
	Name         string
	URL          string
	Secret       []byte // signs the deliveries; encrypted: package secrets
	OlderSecret  []byte // still signs beside Secret while the receiver changes over; nil for none
	Ending       string // the last characters of Secret, which pages show
	Headers      []byte // own headers, one a line; encrypted, since they often hold a password; nil for none
	Enabled      bool
	OffReason    string     // why the program switched it off; "" if a person did
	FailingSince *time.Time // the first failed attempt since the last arrival; nil while deliveries arrive
	Failures     int64      // failed attempts since then
	ArrivedAt    *time.Time // the last arrival
	Told         DestinationTold
	CreatedAt    time.Time
	UpdatedAt    time.Time
	DeletedAt    *time.Time
}

// DestinationTold says what the admins of a workspace were told last about a destination.
type DestinationTold int

const (
	ToldNothing DestinationTold = iota
	ToldHour                    // it has failed for an hour
	ToldDay                     // it has failed for a day
	ToldOff                     // the program has switched it off
)

// After how many failed attempts in a row, or how long after the first of them, a destination fails. A single failure means little: the next
// attempt follows soon.
const (
	FailsOften = 3
	FailsLong  = time.Minute
)

// Limits of destinations.
const (
	MaxDestinations      = 100
	MaxDestinationURL    = 2000
	MaxDestinationHeader = 4000 // bytes of all own headers
)

// DeliveryState says what became of a delivery.
type DeliveryState string

const (
	DeliveryPending DeliveryState = "pending"
	DeliveryArrived DeliveryState = "arrived"
	DeliveryDead    DeliveryState = "dead"    // all tries failed, or a person gave it up; pages say "given up"
	DeliveryDropped DeliveryState = "dropped" // its person was erased, or its destination deleted
)

// DeliveryStates lists every state in the order of the pages.
var DeliveryStates = []DeliveryState{DeliveryPending, DeliveryArrived, DeliveryDead, DeliveryDropped}

// Delivery is one message to a destination. All its attempts carry the same id.
type Delivery struct {
	WorkspaceID    int64     `gorm:"primaryKey"`
	ID             uuid.UUID `gorm:"primaryKey"` // UUIDv7; the receiver sees MessageID
	DestinationID  int64
	EventType      string // of the envelope, such as contact.subscribed; "test"
	EventID        uuid.UUID
	RunID          *uuid.UUID // the run of an automation that sent it; nil for a test
	RequestID      *uuid.UUID // the call that led to it, or nil
	ContactID      int64      // 0 if it is about no contact
	ContactVersion int64      // deliveries about one contact go out in this order
	Body           []byte     // the JSON, compressed; NULL if the person was erased
	State          DeliveryState
	Tries          int        // attempts so far
	ByHand         int        // of them those that do not count in the schedule: a person asked for them, or the address was not allowed
	NextAt         time.Time  // of the next attempt
	LeasedUntil    *time.Time // until then a sender has it; nil if none has
	Held           bool       // NextAt is when an earlier delivery about the contact may have ended
	Asked          bool       // a person asked for the next attempt
	ResumeAt       *time.Time // when the schedule goes on if that attempt fails; nil if it has ended
	ArrivedAt      *time.Time // the first arrival; it stays when the delivery is sent again
	EndedAt        *time.Time
	Reason         string // why it is dead or dropped
}

// UnderWay reports whether a sender has the delivery at the instant now.
func (d Delivery) UnderWay(now time.Time) bool {
	return d.LeasedUntil != nil && d.LeasedUntil.After(now)
}

// MessageID is the id of the delivery as the receiver sees it.
func (d Delivery) MessageID() string { return "msg_" + d.ID.String() }

// DeliveryAttempt is one try to deliver.
type DeliveryAttempt struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	DeliveryID  uuid.UUID `gorm:"primaryKey"`
	Number      int       `gorm:"primaryKey"` // from 1
	At          time.Time
	Status      int    // of the answer, 0 for none
	Error       string // a code of package deliveries; "" if there was an answer with 2xx
	DurationUs  int64
	Answer      []byte // the first 10 KB, compressed; NULL if the person was erased
	ByHand      bool   // a person asked for it
	RetryAfter  int64  // seconds that the answer asked to wait
	CutOff      bool   // the answer broke off
}
