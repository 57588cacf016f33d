package models

import "time"

// FillSpec is the spec of a JobFill: it fills a new merge tag in from the calls of the log, or takes that back.
type FillSpec struct {
	MergeTagID int64
	Label      string
	Undo       int64 // the job to take back; 0 to fill in
}

// FillResult counts the contacts of a JobFill so far.
type FillResult struct {
	Changed int64 // contacts that got a value, or lost it again
	Had     int64 // contacts that had a value
	Later   int64 // contacts that were changed since they got the value, so it stays
}

// UndoTime is how long the work of a job can be taken back.
const UndoTime = 24 * time.Hour
