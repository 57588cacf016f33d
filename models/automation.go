package models

import (
	"time"

	"github.com/google/uuid"
)

// Automation does steps for contacts, or for the workspace, when an event happens. Its definition is JSON of package automations.
type Automation struct {
	WorkspaceID int64
	ID          int64
	Name        string
	Enabled     bool
	Definition  string
	Revision    int64 // number of the definition, from 1
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DeletedAt   *time.Time
}

// MaxAutomations limits the automations of a workspace.
const MaxAutomations = 100

// AutomationVersion is a definition that an automation has or had.
type AutomationVersion struct {
	WorkspaceID  int64
	AutomationID int64
	Revision     int64
	Definition   string
	CreatedAt    time.Time
}

// RunState says where a run is.
type RunState string

const (
	RunDue     RunState = "due"     // its next step can be done now
	RunWaiting RunState = "waiting" // for the end of a wait step
	RunDone    RunState = "done"
	RunStopped RunState = "stopped" // ended early: at "only if", by a person, because its contact is gone
	RunFailed  RunState = "failed"
)

// Open reports whether the run goes on.
func (s RunState) Open() bool { return s == RunDue || s == RunWaiting }

// AutomationRun is one start of an automation by one event.
type AutomationRun struct {
	WorkspaceID    int64     `gorm:"primaryKey"`
	ID             uuid.UUID `gorm:"primaryKey"`
	AutomationID   int64
	Revision       int64 // of the definition that it follows to its end
	EventID        uuid.UUID
	RequestID      *uuid.UUID // the call that caused the event, or nil
	ContactID      int64      // 0 if the event is about no contact
	ContactVersion int64      // at the event
	Depth          int        // of the event
	State          RunState
	Step           int       // index of the next step
	DueAt          time.Time // when that step is to be done
	Tries          int       // that failed at this step
	Reason         string    // why it stopped or failed, in words; "" otherwise
	EndedAt        *time.Time
}

// RunStep is what one step of a run did.
type RunStep struct {
	WorkspaceID int64     `gorm:"primaryKey"`
	RunID       uuid.UUID `gorm:"primaryKey"`
	Number      int       `gorm:"primaryKey"` // in the order in which they were done: that of the step, less for what came before a run was tried again
	StepID      int64     // in the definition; 0 for the start
	Result      string    // a code of package automations
	DeliveryID  *uuid.UUID
	Body        []byte // what it did and why, as JSON; NULL if the person was erased
	At          time.Time
}
