package models

import (
	"encoding/binary"
	"iter"
	"time"

	"github.com/google/uuid"
)

// DirtyContact marks a contact that a person or a job changed, so that its segments are recalculated. Marks are only added; the
// ticker deletes exactly the marks it read.
type DirtyContact struct {
	WorkspaceID int64
	ID          int64
	ContactID   int64
	RequestID   *uuid.UUID // the call that changed it; programs before migration 18 wrote marks of calls here
	UserID      *int64     // the person who changed it, if it was not a call
	JobID       *int64     // the job that changed it: an import, a bulk action
	RunID       *uuid.UUID // the run of an automation that changed it
	Depth       int        // of that run's changes, see AutomationEvent
	At          time.Time
}

// CallMarks marks the contacts of one workspace that one batch of calls changed. The ticker deletes exactly the rows it read.
type CallMarks struct {
	WorkspaceID int64
	ID          int64
	Packed      []byte // PackCallMarks
	At          time.Time
}

// CallMark is a contact and the call that changed it.
type CallMark struct {
	ContactID int64
	RequestID uuid.UUID
}

// CallMarkSize is the size of one mark in CallMarks.Packed: 8 bytes of the contact's id, 16 of the call's.
const CallMarkSize = 8 + 16

// PackCallMarks returns the stored form of marks, in their order.
func PackCallMarks(marks []CallMark) []byte {
	packed := make([]byte, 0, len(marks)*CallMarkSize)
	for _, m := range marks {
		packed = binary.BigEndian.AppendUint64(packed, uint64(m.ContactID))
		packed = append(packed, m.RequestID[:]...)
	}
	return packed
}

// Len returns how many marks the row holds.
func (m CallMarks) Len() int { return len(m.Packed) / CallMarkSize }

// All yields the marks of the row, in the order of the calls.
func (m CallMarks) All() iter.Seq[CallMark] {
	return func(yield func(CallMark) bool) {
		for rest := m.Packed; len(rest) >= CallMarkSize; rest = rest[CallMarkSize:] {
			mark := CallMark{ContactID: int64(binary.BigEndian.Uint64(rest)), RequestID: uuid.UUID(rest[8:CallMarkSize])}
			if !yield(mark) {
				return
			}
		}
	}
}
