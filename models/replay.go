package models

import (
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Replay links a call of the log to one that repeats it.
type Replay struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	OriginalID  uuid.UUID `gorm:"primaryKey"`
	RequestID   uuid.UUID `gorm:"primaryKey"`
}

// Erasure says when a person was erased last. Who is as in WebhookRequest.
type Erasure struct {
	WorkspaceID int64 `gorm:"primaryKey;autoIncrement:false"`
	Who         int64 `gorm:"primaryKey;autoIncrement:false"`
	At          time.Time
}

// ReplayID returns the id of the call that repeats a call for a job: a UUIDv7 of the instant t. The same arguments give the same id, so that
// a job that is done twice in part does not repeat a call twice.
func ReplayID(original uuid.UUID, jobID int64, t time.Time) uuid.UUID {
	sum := sha256.Sum256(strconv.AppendInt(original[:len(original):len(original)], jobID, 10))
	id := IDAt(t)
	copy(id[8:], sum[:8])
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Kept says why a replay with OutcomeKeptOut did nothing.
type Kept string

const (
	KeptErased       Kept = "erased"       // the person was erased after the call
	KeptMoved        Kept = "moved"        // the contact got another address
	KeptOn           Kept = "on"           // the person subscribed, or signed up, and is not taken off
	KeptSubscribed   Kept = "subscribed"   // the person subscribed, and is not asked to confirm again
	KeptUnsubscribed Kept = "unsubscribed" // the person unsubscribed
)

// ReplaySpec is the spec of a JobReplay.
type ReplaySpec struct {
	Which  string // the calls in words, without what names a person
	Events bool   // fire the events
}

// ReplayResult counts what came of the calls of a JobReplay so far.
type ReplayResult struct {
	Outcomes map[Outcome]int64
	Kept     map[Kept]int64   // those of OutcomeKeptOut of which the reason is known
	Left     map[string]int64 // calls that could not be done once more, by the reason
}

// AddDone counts a call that was done once more. kept says why it was kept out.
func (r *ReplayResult) AddDone(o Outcome, kept Kept) {
	r.Add(o, "")
	if kept != "" {
		if r.Kept == nil {
			r.Kept = map[Kept]int64{}
		}
		r.Kept[kept]++
	}
}

// Add counts a call. left says why it could not be done once more, "" if it was.
func (r *ReplayResult) Add(o Outcome, left string) {
	if r.Outcomes == nil {
		r.Outcomes = map[Outcome]int64{}
	}
	if r.Left == nil {
		r.Left = map[string]int64{}
	}
	if left != "" {
		r.Left[left]++
	} else {
		r.Outcomes[o]++
	}
}
