package models

import (
	"encoding/json"
	"time"
)

// Job is work on one workspace that takes longer than a request: package jobs does it in small steps. If a program
// stops in the middle, the job continues after its last committed step.
type Job struct {
	WorkspaceID int64
	ID          int64
	Kind        JobKind
	UserID      int64 // the person who started it
	State       JobState
	Spec        string // JSON: what to do; its kind defines the form
	Cursor      string // JSON: where the next step continues
	Done, Total int64  // progress, in units of the kind; Total is 0 while unknown
	Result      string // JSON: the result so far
	Failure     string // a sentence for people, when State is JobFailed
	Tries       int    // failed steps since the last committed one
	Holder      string // the program that does the next step, until LeaseUntil
	LeaseUntil  time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
	FinishedAt  *time.Time
	PausedAt    *time.Time // a person has paused it; State stays JobRunning
}

// JobKind names what a job does.
type JobKind string

const (
	JobBulk   JobKind = "bulk"             // one change of many contacts
	JobImport JobKind = "import"           // contacts from a file
	JobRemove JobKind = "remove_workspace" // removes all data of a deleted workspace
	JobFill   JobKind = "fill"             // a new merge tag, from the calls of the log
	JobUndo   JobKind = "undo_import"      // takes an import back
	JobReplay JobKind = "replay"           // calls of the log that are done once more
	JobResend JobKind = "resend"           // deliveries of a destination that are sent again
	JobForget JobKind = "forget"           // removes erased people from import files and refused calls; pages do not show it
)

// JobState is the state of a job.
type JobState string

const (
	JobDraft   JobState = "draft" // waits for a person's confirmation, such as an import's mapping
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
	JobStopped JobState = "stopped" // a person stopped it; completed steps stay
)

// Paused reports whether a person has paused the job.
func (j Job) Paused() bool { return j.State == JobRunning && j.PausedAt != nil }

// CanPause reports whether people may pause jobs of this kind: those that go on for long, and that are safe to leave half done.
func (k JobKind) CanPause() bool { return k == JobReplay }

// Finished reports whether the job has ended.
func (j Job) Finished() bool { return j.State != JobDraft && j.State != JobRunning }

// NewJob returns a job for CreateJob. spec must have a JSON form.
func NewJob(workspaceID, userID int64, kind JobKind, spec any) Job {
	return Job{WorkspaceID: workspaceID, UserID: userID, Kind: kind, State: JobRunning, Spec: JobJSON(spec), Cursor: "{}", Result: "{}"}
}

// JobJSON returns the JSON of a spec, a cursor or a result. These are structs of the program, so it cannot fail.
func JobJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ReadJobJSON reads a spec, a cursor or a result. If an older program wrote it differently, it reads as much as
// possible.
func ReadJobJSON[T any](text string) T {
	var value T
	_ = json.Unmarshal([]byte(text), &value)
	return value
}
