package models

import (
	"time"

	"github.com/google/uuid"
)

// Segment is a named rule; who matches it is in segment_bits at its slot.
type Segment struct {
	WorkspaceID  int64
	ID           int64
	Name         string
	Rule         string // JSON of the tree (DESIGN "Segments")
	Slot         int    // the bit position of the membership that is shown
	BuildingSlot *int   // the spare slot that a new or edited rule is being built into
	BuildingRule *string
	BuiltChunks  int64
	TotalChunks  int64
	MemberCount  int64
	BrokenReason string // why the rule cannot be evaluated; "" when it can
	CreatedAt    time.Time
	UpdatedAt    time.Time  `gorm:"autoUpdateTime:false"`
	BuiltAt      *time.Time // nil until the first build is through

	BuildingSince  *time.Time // nil when nothing is being built
	BuildingUserID *int64     // who gave it the rule that is being built
	VerifiedAt     *time.Time // when a verification last went over all of its members; nil when none has yet
}

// SegmentBits is the membership of 256 consecutive contact ids: 32 bytes for each slot.
type SegmentBits struct {
	WorkspaceID int64
	Chunk       int64
	Bits        []byte
}

// TableName is needed because the name is a plural already.
func (SegmentBits) TableName() string { return "segment_bits" }

// SegmentCause is why a contact entered or left a segment.
type SegmentCause string

const (
	CauseCall   SegmentCause = "call"   // of a webhook
	CauseEdit   SegmentCause = "edit"   // of the contact: by hand, in bulk, by an import, or because a tag or merge tag was deleted
	CauseTime   SegmentCause = "time"   // it passed
	CauseFirst  SegmentCause = "first"  // the segment was built for the first time
	CauseRule   SegmentCause = "rule"   // it was edited; before there was CauseFirst, also a new one
	CauseBasis  SegmentCause = "basis"  // a segment that the rule looks at, or the time zone, was changed
	CauseRepair SegmentCause = "repair" // of what a verification found to differ
)

// SegmentChange says that a contact entered or left a segment, when and why.
type SegmentChange struct {
	WorkspaceID int64
	ID          uuid.UUID
	SegmentID   int64
	ContactID   int64
	Entered     bool
	Cause       SegmentCause
	RequestID   *uuid.UUID // of CauseCall
	UserID      *int64     // who edited the contact; nil where that is not known
	At          time.Time
}

// SegmentBulkChange says who of a span of consecutive contact ids entered and left a segment together.
type SegmentBulkChange struct {
	WorkspaceID       int64
	ID                uuid.UUID
	SegmentID         int64
	Span              int64 // of the contacts with ids in [Span*SegmentSpan, (Span+1)*SegmentSpan)
	Entered, Departed SegmentSet
	Cause             SegmentCause
	UserID            *int64 // who edited the rule
	At                time.Time
}

// SegmentDue is the next instant at which passing time alone can change a membership among 256 consecutive contact ids.
type SegmentDue struct {
	WorkspaceID int64
	Chunk       int64
	DueAt       time.Time
}

// TableName is needed because the name has no plural.
func (SegmentDue) TableName() string { return "segment_due" }

// SegmentDay is a segment's size at the end of a day in the workspace's time zone, and how many entered and left on it.
type SegmentDay struct {
	WorkspaceID  int64
	SegmentID    int64
	Day          string // 2006-01-02
	Size         int64
	EnteredCall  int64
	EnteredEdit  int64
	EnteredTime  int64
	EnteredRule  int64 // CauseFirst, CauseRule, CauseBasis and CauseRepair
	DepartedCall int64
	DepartedEdit int64
	DepartedTime int64
	DepartedRule int64
}

// SegmentCheck is the comparison of a workspace's memberships with a full evaluation: the one under way, or the last.
type SegmentCheck struct {
	WorkspaceID int64 `gorm:"primaryKey;autoIncrement:false"`
	NextChunk   int64
	TotalChunks int64
	Differences int64 // memberships that were not as they should be; they were repaired
	StartedAt   time.Time
	FinishedAt  *time.Time // nil while it is under way
}
