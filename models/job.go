package models

import (
	"encoding/json"
	"time"
)

// Job is work on one workspace that takes longer than a request: package jobs does it in small steps. A job that a
// program left in the middle goes on where its last committed step ended.
type Job struct {
	WorkspaceID int64
	ID          int64
	Kind        JobKind
	UserID      int64 // who asked for it
	State       JobState
	Spec        string // JSON: what is to be done; its kind knows its form
	Cursor      string // JSON: where the next step goes on
	Done, Total int64  // progress, in things of the kind; a Total of 0 is not known yet
	Result      string // JSON: what came of it so far
	Failure     string // a sentence for people, when State is JobFailed
	Tries       int    // failed steps since the last one that was committed
	Holder      string // which program does the next step, until LeaseUntil
	LeaseUntil  time.Time
	CreatedAt   time.Time
	UpdatedAt   time.Time
	FinishedAt  *time.Time
}

// JobKind names what a job does.
type JobKind string

// The kinds of jobs.
const (
	JobBulk   JobKind = "bulk"             // one change of many contacts
	JobImport JobKind = "import"           // contacts from a file
	JobRemove JobKind = "remove_workspace" // everything of a deleted workspace
	JobForget JobKind = "forget"           // what files of imports hold of people who were erased; no page shows it
)

// JobState says how far a job is.
type JobState string

// The states of a job.
const (
	JobDraft   JobState = "draft" // waits for a person's word, such as an import's mapping
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
	JobStopped JobState = "stopped" // a person stopped it; what was done stays done
)

// Finished reports whether nothing more will be done.
func (j Job) Finished() bool { return j.State != JobDraft && j.State != JobRunning }

// NewJob makes a job to be stored by CreateJob. What spec holds must have a JSON form.
func NewJob(workspaceID, userID int64, kind JobKind, spec any) Job {
	return Job{WorkspaceID: workspaceID, UserID: userID, Kind: kind, State: JobRunning, Spec: JobJSON(spec), Cursor: "{}", Result: "{}"}
}

// JobJSON is the text of a spec, a cursor or a result, which are structs of the program and always have one.
func JobJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ReadJobJSON reads a spec, a cursor or a result. What an older program wrote differently reads as far as it goes.
func ReadJobJSON[T any](text string) T {
	var value T
	_ = json.Unmarshal([]byte(text), &value)
	return value
}
