package jobs

import (
	"context"
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// undoCursor is where a JobUndo stands.
type undoCursor struct {
	At    uuid.UUID           // the last entry that was looked at; zero before the first
	End   bool                // nothing is left to look at
	Edits []models.AuditEntry `json:",omitempty"` // what the next step takes back
}

// errImportGone ends the taking back of an import that is not known any more.
var errImportGone = &models.Error{Code: models.CodeInvalid, Message: "The import that was to be taken back is not known any more."}

// CanUndoImport reports whether an import can be taken back: for a day, once.
func CanUndoImport(job models.Job, now time.Time) bool {
	spec, result := models.ReadJobJSON[ImportSpec](job.Spec), models.ReadJobJSON[ImportResult](job.Result)
	return job.Kind == models.JobImport && job.Finished() && job.FinishedAt != nil && now.Sub(*job.FinishedAt) < models.UndoTime &&
		!spec.Started.IsZero() && spec.Undo == 0 && result.Created+result.Updated > 0
}

// StartUndoImport starts to take an import back, and returns the job. If that is under way, it returns that job, and started is false. It is
// ErrChanged if the import was taken back before.
func StartUndoImport(ctx context.Context, db *store.DB, job models.Job, userID int64, now time.Time) (undo models.Job, started bool, err error) {
	spec := models.ReadJobJSON[ImportSpec](job.Spec)
	undo = models.NewJob(job.WorkspaceID, userID, models.JobUndo, models.UndoSpec{Import: job.ID, File: spec.File})
	result := models.ReadJobJSON[ImportResult](job.Result)
	undo.Total = result.Created + result.Updated
	note := func(tx *gorm.DB, undo models.Job) error {
		err := store.SetJobSpec(tx, job, func(text string) (string, error) {
			spec := models.ReadJobJSON[ImportSpec](text)
			if spec.Undo != 0 {
				return "", models.ErrChanged
			}
			spec.Undo = undo.ID
			return models.JobJSON(spec), nil
		})
		if err != nil {
			return models.In("undo an import: note it in the import", err)
		}
		entry := models.AuditEntry{WorkspaceID: job.WorkspaceID, UserID: userID, Action: models.ActionImportUndone, Subject: models.SubjectImport, SubjectID: job.ID, SubjectName: spec.File}
		return store.Audit(tx, entry, []models.AuditChange{{What: "Contacts created", Before: strconv.FormatInt(result.Created, 10)}, {What: "Contacts updated", Before: strconv.FormatInt(result.Updated, 10)}}, now)
	}
	return db.StartUndo(ctx, undo, note, now)
}

// lookForImported finds what the next step takes back, from the newest change to the oldest.
func lookForImported(ctx context.Context, r *Runner, job *models.Job) error {
	cursor, spec := models.ReadJobJSON[undoCursor](job.Cursor), models.ReadJobJSON[models.UndoSpec](job.Spec)
	imported, err := r.db.Job(ctx, job.WorkspaceID, spec.Import)
	if store.ErrorCode(err) == models.CodeNotFound {
		return errImportGone
	}
	if err != nil {
		return models.In("undo an import: job", err)
	}
	var last uuid.UUID
	started := models.ReadJobJSON[ImportSpec](imported.Spec).Started
	if cursor.Edits, last, err = r.db.ImportedBy(ctx, imported, started, cursor.At, bulkStep); err != nil {
		return models.In("undo an import: next contacts", err)
	}
	cursor.At, cursor.End = last, last == uuid.Nil
	job.Cursor = models.JobJSON(cursor)
	return nil
}

// undoStep takes back what was found.
func undoStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	cursor, result := models.ReadJobJSON[undoCursor](job.Cursor), models.ReadJobJSON[models.UndoResult](job.Result)
	if len(cursor.Edits) > 0 {
		did, err := store.UndoImport(tx, *job, cursor.Edits, now)
		if err != nil {
			return models.In("undo an import: contacts", err)
		}
		result.Add(did)
	}
	job.Done += int64(len(cursor.Edits))
	if cursor.Edits = nil; cursor.End {
		job.State = models.JobDone
	}
	job.Result, job.Cursor = models.JobJSON(result), models.JobJSON(cursor)
	return nil
}
