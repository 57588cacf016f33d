package jobs

import (
	"context"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// MaxImport is the most bytes of a file to import.
const MaxImport = 64 << 20

// ErrImportTooLarge refuses a file of more than MaxImport bytes.
var ErrImportTooLarge = &models.Error{Code: models.CodeInvalid, Message: "This file is larger than 64 MB. Split it into several files and import one after the other."}

// ReceiveImport stores the data of src as a new import, guesses its form, and lets it wait until a person chooses its
// columns. A file that cannot be a table is refused with CodeInvalid and a sentence. It uses little memory and small
// transactions for any size.
func ReceiveImport(ctx context.Context, db *store.DB, workspaceID, userID int64, name string, src io.Reader, now time.Time) (models.Job, error) {
	job := models.NewJob(workspaceID, userID, models.JobImport, ImportSpec{File: fileName(name)})
	job.State, job.Cursor = models.JobDraft, models.JobJSON(ImportCursor{})
	if err := db.Write(ctx, func(tx *gorm.DB) error { job.ID = 0; return store.CreateJob(tx, &job, now) }); err != nil {
		return job, err
	}
	spec, lines, err := receive(ctx, db, job, src)
	if err != nil {
		_, stopErr := db.StopJob(ctx, workspaceID, job.ID, now) // the next sweep deletes its file
		return job, errors.Join(err, stopErr)
	}
	return db.ChangeJob(ctx, workspaceID, job.ID, now, func(tx *gorm.DB, j *models.Job) error {
		j.Spec, j.Cursor, j.Total = models.JobJSON(spec), models.JobJSON(ImportCursor{Phase: ImportMapping}), lines
		return nil
	})
}

// fileName returns the name of a file for pages, without the folders that some browsers send. The audit log keeps it
// longer than the file's people, so a name with an address is replaced.
func fileName(name string) string {
	name = models.CleanName(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "" || name == "." || name == "/" || strings.Contains(name, "@") {
		return "contacts.csv"
	}
	return cleaned(name, 100)
}

// receive stores the file and returns the guesses about it, and about how many lines it has.
func receive(ctx context.Context, db *store.DB, job models.Job, src io.Reader) (ImportSpec, int64, error) {
	spec := models.ReadJobJSON[ImportSpec](job.Spec)
	var g textGuess
	buf := make([]byte, 4*store.JobFilePart)
	for part, more := int64(0), true; more; {
		n, err := io.ReadFull(src, buf)
		if more = err == nil; !more && err != io.EOF && err != io.ErrUnexpectedEOF {
			return spec, 0, err
		}
		g.Write(buf[:n])
		if g.size > MaxImport {
			return spec, 0, ErrImportTooLarge
		}
		if text := g.noText(); text != "" {
			return spec, 0, &models.Error{Code: models.CodeInvalid, Message: text}
		}
		first := part
		err = db.Write(ctx, func(tx *gorm.DB) error {
			part, err = store.AddJobFile(tx, job, store.JobFileSource, first, buf[:n])
			return err
		})
		if err != nil {
			return spec, 0, err
		}
	}
	spec.Size, spec.Encoding = g.size, g.encoding()
	whole := g.size == int64(len(g.head))
	if garbled(g.head, whole, spec.Encoding) {
		return spec, 0, &models.Error{Code: models.CodeInvalid, Message: "This is not a text file. Save your contacts as CSV, and choose that file."}
	}
	spec.Comma = guessComma(g.head, whole, spec.Encoding)
	spec.Status = models.StatusSubscribed
	rows := firstRows(g.head, whole, spec.Encoding, spec.Comma, sampleBytes)
	spec.Header = guessHeader(rows)
	switch {
	case whole && len(rows) == 0:
		return spec, 0, &models.Error{Code: models.CodeInvalid, Message: "There are no contacts in this file: it has only blank lines. Choose a file with contacts."}
	case whole && len(rows) == 1 && spec.Header:
		return spec, 0, &models.Error{Code: models.CodeInvalid, Message: "There are no contacts in this file: it has only the line that names the columns. Choose a file with contacts."}
	}
	tags, err := db.MergeTags(ctx, job.WorkspaceID)
	spec.Guess(rows, tags)
	return spec, g.lines(), err
}

// Guess guesses the columns from the file's first rows.
func (s *ImportSpec) Guess(rows []Row, tags []models.MergeTag) {
	s.Columns, s.Own = nil, s.Header && len(rows) > 0 && isExport(rows[0].Cells)
	for i, to := range guessColumns(rows[:min(len(rows), sampleRows)], s.Header, tags) {
		column := Column{To: to}
		if s.Header {
			column.Name = cleaned(rows[0].Cells[i], 64)
		}
		s.Columns = append(s.Columns, column)
	}
	s.guessReadings(rows)
}

// FirstRows returns the rows of the first 64 KiB of an import's file, read as its spec says.
func FirstRows(ctx context.Context, db *store.DB, job models.Job, spec ImportSpec) ([]Row, error) {
	head := make([]byte, sampleBytes)
	n, err := io.ReadFull(store.OpenJobFile(db.Read(ctx), job.WorkspaceID, job.ID, store.JobFileSource, 0), head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	return firstRows(head[:n], int64(n) == spec.Size, spec.Encoding, spec.Comma, sampleBytes), nil
}

// errImportOver refuses to change an import that has started, or is over.
var errImportOver = &models.Error{Code: models.CodeConflict, Message: "This import has been started already, or it is over."}

// beforeStart reports whether an import is still before its start, with its file stored.
func beforeStart(job models.Job) bool {
	phase := Phase(job)
	return !job.Finished() && (phase == ImportMapping || phase == ImportChecking || phase == ImportChecked)
}

// Phase returns the phase of an import.
func Phase(job models.Job) ImportPhase { return models.ReadJobJSON[ImportCursor](job.Cursor).Phase }

// CheckImport stores a person's choices for a file and starts its dry run, again if there was one.
func CheckImport(ctx context.Context, db *store.DB, job models.Job, spec ImportSpec, now time.Time) error {
	_, err := db.ChangeJob(ctx, job.WorkspaceID, job.ID, now, func(tx *gorm.DB, j *models.Job) error {
		if !beforeStart(*j) {
			return errImportOver
		}
		if j.Spec != job.Spec {
			return models.ErrChanged // by an erasure or another person, since spec was made from job
		}
		j.State, j.Spec, j.Done = models.JobRunning, models.JobJSON(spec), 0
		j.Cursor, j.Result = models.JobJSON(ImportCursor{Phase: ImportChecking}), models.JobJSON(ImportResult{})
		return nil
	})
	return err
}

// StartImport creates the tags and merge tags that a dry run found missing, and starts the import. If one cannot be
// created, the error is CodeInvalid with a sentence. It ignores an import that has already started.
func StartImport(ctx context.Context, db *store.DB, job models.Job, userID int64, now time.Time) error {
	if Phase(job) != ImportChecked || job.State != models.JobDraft {
		return nil
	}
	spec, result := models.ReadJobJSON[ImportSpec](job.Spec), models.ReadJobJSON[ImportResult](job.Result)
	made, err := makeMissing(ctx, db, job.WorkspaceID, userID, spec, result.NewTags, now)
	if err != nil {
		return err
	}
	_, err = db.ChangeJob(ctx, job.WorkspaceID, job.ID, now, func(tx *gorm.DB, j *models.Job) error {
		if Phase(*j) != ImportChecked || j.State != models.JobDraft {
			return nil
		}
		spec := models.ReadJobJSON[ImportSpec](j.Spec) // the current one: an erasure may have changed it since the page was read
		if !made.fill(&spec) {
			return errImportChanged
		}
		spec.Started = models.Instant(now)
		j.State, j.Spec, j.Done, j.UserID = models.JobRunning, models.JobJSON(spec), 0, userID
		j.Cursor, j.Result = models.JobJSON(ImportCursor{Phase: ImportRunning}), models.JobJSON(ImportResult{Repeated: result.Repeated, Repeats: result.Repeats})
		return store.Audit(tx, models.AuditEntry{WorkspaceID: j.WorkspaceID, UserID: userID, Action: models.ActionImportStarted,
			Subject: models.SubjectImport, SubjectID: j.ID, SubjectName: spec.File}, nil, now)
	})
	return err
}

// errImportChanged refuses to start an import that changed since the person's page was read.
var errImportChanged = &models.Error{Code: models.CodeConflict, Message: "This import has changed since you opened this page. Open it again, check it and then start it."}

// made holds the tags and merge tags that were created for an import.
type made struct {
	tags   map[string]int64 // ids by folded name
	fields map[string]int64 // ids by the key that the import chose
}

// fill sets the ids of created tags and merge tags in spec. It reports whether all were created.
func (m made) fill(spec *ImportSpec) bool {
	for _, name := range spec.NewTags {
		id, there := m.tags[models.Fold(models.CleanName(name))]
		if !there {
			return false
		}
		spec.Tags = append(spec.Tags, id)
	}
	spec.NewTags, spec.Made = nil, slices.Sorted(maps.Values(m.tags))
	for i, c := range spec.Columns {
		if _, isNew := c.New(); !isNew {
			continue
		}
		id, there := m.fields[c.Key]
		if !there {
			return false
		}
		spec.Columns[i].To, spec.Columns[i].Key = FieldColumn(id), ""
	}
	return true
}

// makeMissing creates the tags and merge tags that spec only names.
func makeMissing(ctx context.Context, db *store.DB, workspaceID, userID int64, spec ImportSpec, names []string, now time.Time) (made, error) {
	m := made{tags: map[string]int64{}, fields: map[string]int64{}}
	tags, errs, err := db.ResolveTagNames(ctx, workspaceID, userID, names, now)
	if err != nil {
		return m, err
	}
	if errs.Any() {
		return m, &models.Error{Code: models.CodeInvalid, Message: errs["tags"]}
	}
	for _, t := range tags {
		m.tags[t.NameFolded] = t.ID
	}
	for _, c := range spec.Columns {
		tag, isNew := c.New()
		if !isNew {
			continue
		}
		tag, errs, err := db.CreateMergeTag(ctx, workspaceID, userID, tag, now)
		if err != nil {
			return m, err
		}
		if errs.Any() {
			return m, &models.Error{Code: models.CodeInvalid, Message: "The merge tag “" + c.Name + "” cannot be made. " + errs["key"] + errs["label"] + " Go back to the columns and choose another place for it."}
		}
		m.fields[c.Key] = tag.ID
	}
	return m, nil
}

// RemapImport stores another way to read a file, and lets the import wait for its columns again.
func RemapImport(ctx context.Context, db *store.DB, job models.Job, spec ImportSpec, now time.Time) error {
	_, err := db.ChangeJob(ctx, job.WorkspaceID, job.ID, now, func(tx *gorm.DB, j *models.Job) error {
		if !beforeStart(*j) {
			return errImportOver
		}
		if j.Spec != job.Spec {
			return models.ErrChanged // by an erasure or another person, since spec was made from job
		}
		j.State, j.Spec, j.Cursor = models.JobDraft, models.JobJSON(spec), models.JobJSON(ImportCursor{Phase: ImportMapping})
		return nil
	})
	return err
}
