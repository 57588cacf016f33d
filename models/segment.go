package models

import (
	"time"

	"github.com/google/uuid"
)

// Segment is a named rule. segment_bits stores its members at its slot.
type Segment struct {
	WorkspaceID  int64
	ID           int64
	Name         string
	Rule         string // JSON of the tree (DESIGN "Segments")
	Slot         int    // the slot of the visible membership
	BuildingSlot *int   // the slot into which a new or edited rule is being built
	BuildingRule *string
	BuiltChunks  int64
	TotalChunks  int64
	MemberCount  int64
	BrokenReason string // why the rule cannot be evaluated; "" if it can
	CreatedAt    time.Time
	UpdatedAt    time.Time  `gorm:"autoUpdateTime:false"`
	BuiltAt      *time.Time // nil until the first build is finished

	BuildingSince  *time.Time // nil if no build is running
	BuildingUserID *int64     // the person who set the rule being built
	VerifiedAt     *time.Time // when a verification last checked all of its members; nil for never
}

// SegmentBits is the membership of 256 consecutive contact ids: 32 bytes for each slot.
type SegmentBits struct {
	WorkspaceID int64
	Chunk       int64
	Bits        []byte
}

// TableName is needed because the name is already plural.
func (SegmentBits) TableName() string { return "segment_bits" }

// SegmentCause is the cause of a move.
type SegmentCause string

const (
	CauseCall   SegmentCause = "call"   // of a webhook
	CauseEdit   SegmentCause = "edit"   // of the contact: by hand, in bulk, or because a tag or merge tag was deleted
	CauseImport SegmentCause = "import" // a line of a file; before migration 28 CauseEdit
	CauseTime   SegmentCause = "time"   // it passed
	CauseFirst  SegmentCause = "first"  // time passed
	CauseRule   SegmentCause = "rule"   // it was edited; before there was CauseFirst, also a new one
	CauseBasis  SegmentCause = "basis"  // a segment that the rule refers to, or the time zone, changed
	CauseRepair SegmentCause = "repair" // a verification repaired a difference
)

// SegmentChange is the move of one contact into or out of a segment, with time and cause.
type SegmentChange struct {
	WorkspaceID int64
	ID          uuid.UUID
	SegmentID   int64
	ContactID   int64
	Entered     bool
	Cause       SegmentCause
	RequestID   *uuid.UUID // of CauseCall
	UserID      *int64     // the person who edited or imported the contact; nil if unknown
	JobID       *int64     // of CauseImport
	RunID       *uuid.UUID // the run of an automation that changed the contact, of CauseEdit
	At          time.Time
}

// SegmentBulkChange records which contacts of a span entered and left a segment together.
type SegmentBulkChange struct {
	WorkspaceID       int64
	ID                uuid.UUID
	SegmentID         int64
	Span              int64 // of the contacts with ids in [Span*SegmentSpan, (Span+1)*SegmentSpan)
	Entered, Departed SegmentSet
	Cause             SegmentCause
	UserID            *int64 // the person who edited the rule
	At                time.Time
}

// SegmentDue is the next instant at which passing time alone can change a membership among 256 consecutive contact ids.
type SegmentDue struct {
	WorkspaceID int64
	Chunk       int64
	DueAt       time.Time
}

// TableName is needed because the table's name is singular.
func (SegmentDue) TableName() string { return "segment_due" }

// SegmentDay is a segment's size at the end of a day in the workspace's time zone, and how many contacts entered and
// left on that day.
type SegmentDay struct {
	WorkspaceID    int64
	SegmentID      int64
	Day            string // 2006-01-02
	Size           int64
	EnteredCall    int64
	EnteredEdit    int64
	EnteredTime    int64
	EnteredRule    int64 // CauseFirst, CauseRule, CauseBasis and CauseRepair
	EnteredImport  int64
	DepartedCall   int64
	DepartedEdit   int64
	DepartedTime   int64
	DepartedRule   int64
	DepartedImport int64
}

// SegmentCheck is the running or last full check of a workspace's memberships.
type SegmentCheck struct {
	WorkspaceID int64 `gorm:"primaryKey;autoIncrement:false"`
	NextChunk   int64
	TotalChunks int64
	Differences int64 // wrong memberships, which were repaired
	StartedAt   time.Time
	FinishedAt  *time.Time // nil while it runs
}
