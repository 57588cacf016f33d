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
}

// SegmentBits is the membership of 256 consecutive contact ids: 32 bytes for each slot.
type SegmentBits struct {
	WorkspaceID int64
	Chunk       int64
	Bits        []byte
}

// TableName is needed because the name is a plural already.
func (SegmentBits) TableName() string { return "segment_bits" }

// SegmentChange says that a contact entered or left a segment, when and because of which call.
type SegmentChange struct {
	WorkspaceID int64
	ID          uuid.UUID
	SegmentID   int64
	ContactID   int64
	Entered     bool
	RequestID   *uuid.UUID
	At          time.Time
}
