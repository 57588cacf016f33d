package jobs

import (
	"context"
	"io"
	"slices"
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// Limits of one step of an import, so that it takes less than 50 ms.
const (
	stepLines = 200 // not blank; each may be an address to lock
	stepRows  = 5000
	stepBytes = 256 << 10
)

// importStep processes the next lines of an import or of its dry run, which does the same but writes no contact.
func importStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	i := importing{tx: tx, job: job, now: now, cursor: models.ReadJobJSON[ImportCursor](job.Cursor), result: models.ReadJobJSON[ImportResult](job.Result)}
	i.spec = models.ReadJobJSON[ImportSpec](job.Spec)
	i.dry = i.cursor.Phase == ImportChecking
	if err := i.step(); err != nil {
		return models.In("import", err)
	}
	job.Cursor, job.Result, job.Done = models.JobJSON(i.cursor), models.JobJSON(i.result), i.cursor.Lines
	return nil
}

// importing is one step of an import.
type importing struct {
	tx  *gorm.DB
	job *models.Job
	now time.Time
	dry bool
	reader
	zone   *time.Location // of the workspace
	cursor ImportCursor
	result ImportResult
	seen   map[int64]bool // in a dry run: the keys of the step's addresses that earlier steps had
}

func (i *importing) step() error {
	if i.dry && !i.cursor.Cleared {
		return models.In("drop what a dry run kept", i.clear())
	}
	if i.cursor.Ended {
		return i.end()
	}
	if err := i.prepare(); err != nil {
		return models.In("read tags and merge tags", err)
	}
	entries, last, err := i.readLines()
	if err != nil {
		return models.In("read lines", err)
	}
	if entries, err = i.lock(entries); err != nil {
		return models.In("lock addresses", err)
	}
	changed, err := i.decide(entries)
	if err != nil {
		return models.In("decide lines", err)
	}
	if err := i.keepRefused(entries); err != nil {
		return models.In("keep refused lines", err)
	}
	if err := i.store(changed); err != nil {
		return models.In("store contacts", err)
	}
	switch {
	case last && i.dry:
		i.cursor.Ended, i.cursor.Cleared = true, false
	case last:
		i.cursor.Ended = true
		return i.end()
	}
	return nil
}

// end deletes the uploaded file, which is no longer needed. With its last part the import is done.
func (i *importing) end() error {
	gone, err := store.DropJobFile(i.tx, i.job.WorkspaceID, i.job.ID, store.JobFileSource, 16)
	if err != nil || !gone {
		return models.In("drop the file", err)
	}
	i.job.State = models.JobDone
	return models.In("note it in the audit log", auditImport(i.tx, *i.job, i.spec, i.result, i.now))
}

// lock locks the addresses of the lines, except in a dry run. It leaves out lines of people erased since the upload,
// because the JobForget may not have removed them yet.
func (i *importing) lock(entries []entry) ([]entry, error) {
	if !i.dry {
		if err := store.LockAddresses(i.tx, i.addressKeys(entries)...); err != nil {
			return nil, err
		}
	}
	people, err := store.ToForget(i.tx, i.job.WorkspaceID)
	if err != nil || people.Empty() {
		return entries, err
	}
	return slices.DeleteFunc(entries, func(e entry) bool { return slices.ContainsFunc(e.row.Cells, people.Named) }), nil
}

// addressKeys returns the address keys of the lines.
func (i *importing) addressKeys(entries []entry) (keys []int64) {
	for _, e := range entries {
		if e.refused == "" {
			keys = append(keys, models.AddressKey(i.job.WorkspaceID, e.email))
		}
	}
	return keys
}

// clear deletes what a dry run stored: before a new one, and at its end, before it waits for a person.
func (i *importing) clear() (err error) {
	i.cursor.Cleared, err = store.DropJobFile(i.tx, i.job.WorkspaceID, i.job.ID, store.JobFilePeople, 1000)
	if i.cursor.Cleared && i.cursor.Ended {
		i.job.State, i.cursor.Phase = models.JobDraft, ImportChecked
	}
	return err
}

// prepare reads the workspace's current time zone, merge tags and tags.
func (i *importing) prepare() error {
	live := func(list any, order string) error {
		return i.tx.Where("workspace_id = ? AND deleted_at IS NULL", i.job.WorkspaceID).Order(order).Find(list).Error
	}
	if err := live(&i.mergeTags, "id"); err != nil {
		return err
	}
	if err := live(&i.tags, "id"); err != nil {
		return err
	}
	var workspace models.Workspace
	if err := i.tx.Select("time_zone").Take(&workspace, i.job.WorkspaceID).Error; err != nil {
		return err
	}
	i.zone = workspace.Location()
	i.mayAdd = i.dry
	for _, name := range i.result.NewTags {
		i.addTag(name)
	}
	for _, t := range i.tags {
		if slices.Contains(i.spec.Tags, t.ID) {
			i.always = append(i.always, t)
		}
	}
	for _, name := range i.spec.NewTags {
		if t, trouble := i.tag(name); trouble == "" {
			i.always = append(i.always, t)
		}
	}
	for n, column := range i.spec.Columns {
		if tag, isNew := column.New(); isNew {
			tag.ID = newMergeTagID(n)
			i.mergeTags = append(i.mergeTags, tag)
		}
	}
	i.tagsByID = make(map[int64]models.MergeTag, len(i.mergeTags))
	for _, t := range i.mergeTags {
		i.tagsByID[t.ID] = t
	}
	for n, column := range i.spec.Columns {
		if _, found := i.mergeTag(n); !found && column.MergeTag() != 0 {
			return &models.Error{Code: models.CodeInvalid, Message: "The merge tag of the column “" + column.Name + "” was deleted. Import the file again and choose where the column goes."}
		}
	}
	return nil
}

// readLines reads the lines of this step and reports whether they are the last.
func (i *importing) readLines() (entries []entry, last bool, err error) {
	src := store.OpenJobFile(i.tx, i.job.WorkspaceID, i.job.ID, store.JobFileSource, i.cursor.Offset)
	rows := NewRowReader(src, i.spec.Encoding, i.spec.Comma, i.cursor.Place)
	rows.Columns = len(i.spec.Columns)
	if !i.spec.Own { // a field of an export may hold anything
		rows.Email = 1 + slices.IndexFunc(i.spec.Columns, func(c Column) bool { return c.To == ColumnEmail })
	}
	until := i.cursor.Offset + stepBytes
	for n := 0; n < stepRows && len(entries) < stepLines && i.cursor.Offset < until; n++ {
		row, err := rows.Next()
		if err == io.EOF {
			return entries, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		i.cursor.Place = rows.Place()
		switch {
		case row.blank():
		case i.spec.Header && !i.cursor.Begun:
			i.cursor.Begun = true
		default:
			entries = append(entries, i.read(row))
		}
	}
	return entries, false, nil
}

// auditImport records what an import has done, once, besides the entries of each contact.
func auditImport(tx *gorm.DB, job models.Job, spec ImportSpec, r ImportResult, now time.Time) error {
	entry := models.AuditEntry{WorkspaceID: job.WorkspaceID, UserID: job.UserID, Action: models.ActionImportDone, Subject: models.SubjectImport, SubjectID: job.ID, SubjectName: spec.File}
	count := func(what string, n int64) models.AuditChange {
		return models.AuditChange{What: what, After: strconv.FormatInt(n, 10)}
	}
	return store.Audit(tx, entry, []models.AuditChange{
		count("Contacts created", r.Created), count("Contacts updated", r.Updated), count("Lines that changed nothing", r.Unchanged), count("Lines refused", r.Refused),
	}, now)
}
