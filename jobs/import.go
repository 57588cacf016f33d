package jobs

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"campaignlark/intake"
	"campaignlark/models"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// What one step of an import reads at most, so that it stays under its 50 ms.
const (
	stepLines = 200 // not blank; each may be an address to lock
	stepRows  = 5000
	stepBytes = 256 << 10
)

// importStep does the next lines of an import or of its dry run, which goes the same way and writes no contact.
func importStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	i := importing{tx: tx, job: job, now: now, cursor: models.ReadJobJSON[ImportCursor](job.Cursor), result: models.ReadJobJSON[ImportResult](job.Result)}
	i.spec = models.ReadJobJSON[ImportSpec](job.Spec)
	i.dry = i.cursor.Phase == ImportChecking
	if err := i.step(); err != nil {
		return err
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
	cursor ImportCursor
	result ImportResult
}

func (i *importing) step() error {
	if i.dry && !i.cursor.Cleared {
		return i.clear()
	}
	if i.cursor.Ended {
		return i.end()
	}
	if err := i.prepare(); err != nil {
		return err
	}
	entries, last, err := i.readLines()
	if err != nil {
		return err
	}
	if entries, err = i.lock(entries); err != nil {
		return err
	}
	if err := i.decide(entries); err != nil {
		return err
	}
	if err := i.keepRefused(entries); err != nil {
		return err
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

// end removes the uploaded file, which nobody needs any more, and with its last part the import is done.
func (i *importing) end() error {
	gone, err := models.DropJobFile(i.tx, i.job.WorkspaceID, i.job.ID, models.JobFileSource, 16)
	if err != nil || !gone {
		return err
	}
	i.job.State = models.JobDone
	return auditImport(i.tx, *i.job, i.spec, i.result, i.now)
}

// lock locks the addresses of the lines, outside of a dry run, and leaves out the lines of people who were erased since
// the file came: forgetStep takes those out of the file, and may not have come so far.
func (i *importing) lock(entries []entry) ([]entry, error) {
	if !i.dry {
		if err := models.LockAddresses(i.tx, i.whos(entries)...); err != nil {
			return nil, err
		}
	}
	people, err := models.ToForget(i.tx, i.job.WorkspaceID)
	if err != nil || people.Empty() {
		return entries, err
	}
	return slices.DeleteFunc(entries, func(e entry) bool { return slices.ContainsFunc(e.cells, people.Named) }), nil
}

// whos are the numbers of the addresses of the lines.
func (i *importing) whos(entries []entry) (whos []int64) {
	for _, e := range entries {
		if e.refused == "" {
			whos = append(whos, models.Who(i.job.WorkspaceID, e.email))
		}
	}
	return whos
}

// clear removes what a dry run remembered, an earlier one at the beginning and this one at its end, which it waits for.
func (i *importing) clear() (err error) {
	i.cursor.Cleared, err = models.DropJobFile(i.tx, i.job.WorkspaceID, i.job.ID, models.JobFilePeople, 1000)
	if i.cursor.Cleared && i.cursor.Ended {
		i.job.State, i.cursor.Phase = models.JobDraft, ImportChecked
	}
	return err
}

// prepare reads what the workspace knows at this moment.
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
		if column.To == ColumnNew {
			i.mergeTags = append(i.mergeTags, models.MergeTag{ID: newMergeTagID(n), Key: column.Key, Label: column.Name, Type: models.MergeTagText})
		}
		if _, found := i.mergeTag(n); !found && column.MergeTag() != 0 {
			return &models.Error{Code: models.CodeInvalid, Message: "The merge tag of the column “" + column.Name + "” was deleted meanwhile. Import the file again and say where the column goes."}
		}
	}
	return nil
}

// readLines reads the lines of this step and says whether they are the last.
func (i *importing) readLines() (entries []entry, last bool, err error) {
	src := models.OpenJobFile(i.tx, i.job.WorkspaceID, i.job.ID, models.JobFileSource, i.cursor.Offset)
	rows := NewRowReader(src, i.spec.Encoding, i.spec.Comma, i.cursor.Place)
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

// decide takes one line after the other, each on what those before it left, and stores the difference.
func (i *importing) decide(entries []entry) error {
	before, err := i.people(entries)
	if err != nil {
		return err
	}
	after := map[string]*intake.Person{}
	for n := range entries {
		e := &entries[n]
		if e.refused != "" {
			i.result.refuse(e.line, e.refused)
			continue
		}
		person := after[e.email]
		if person == nil {
			person = before[e.email]
		}
		after[e.email] = i.decideLine(e, person)
	}
	i.result.NewTags = i.newTags()
	if i.dry {
		return i.remember(before, after)
	}
	var changed []models.ImportedContact
	for _, e := range entries {
		p := after[e.email]
		if delete(after, e.email); p == nil {
			continue // refused, or done with an earlier line
		}
		if b := before[e.email]; b == nil {
			changed = append(changed, models.ImportedContact{After: models.ListedContact(*p)})
		} else if b.Version != p.Version {
			changed = append(changed, models.ImportedContact{Before: (*models.ListedContact)(b), After: models.ListedContact(*p)})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return models.StoreImported(i.tx, i.job.WorkspaceID, i.job.UserID, changed, i.now)
}

// decideLine decides one line, notes in it what is not stored, and counts what came of it. It returns the contact as it
// is then.
func (i *importing) decideLine(e *entry, before *intake.Person) *intake.Person {
	line := intake.Line{WorkspaceID: i.job.WorkspaceID, MergeTags: i.mergeTags, Submission: e.said, Contact: before, Tags: e.tags, Now: i.now}
	var status models.Status
	if before != nil {
		status = before.Status
	}
	line.Status = i.spec.statusOf(e.status, status)
	if status == models.StatusUnsubscribed && line.Status == status && e.status != status {
		i.result.Stayed++
	}
	d := intake.DecideLine(line)
	for _, f := range d.Fields {
		if f.Fate == intake.FateRefused {
			e.noteField(f)
		}
	}
	for _, n := range e.notes {
		i.result.note(n.Line, n.Column, n.Reason)
	}
	switch {
	case before == nil:
		i.result.Created++
	case d.Contact.Version == before.Version:
		i.result.Unchanged++
	default:
		i.result.Updated++
	}
	return d.Contact
}

// people are the contacts of the lines as they are, in a dry run as the lines before would have left them.
func (i *importing) people(entries []entry) (map[string]*intake.Person, error) {
	var emails []string
	for _, e := range entries {
		if e.refused == "" {
			emails = append(emails, e.email)
		}
	}
	people := map[string]*intake.Person{}
	if len(emails) == 0 {
		return people, nil
	}
	found, err := models.ContactsByEmail(i.tx, i.job.WorkspaceID, emails)
	if err != nil {
		return nil, err
	}
	for email, c := range found {
		people[email] = (*intake.Person)(&c)
	}
	if i.dry {
		err = i.recall(i.whos(entries), people)
	}
	return people, err
}

// recall puts the contacts as the dry run has them in place of those that are stored.
func (i *importing) recall(whos []int64, people map[string]*intake.Person) error {
	var parts []models.JobFile
	err := i.tx.Where("workspace_id = ? AND job_id = ? AND name = ? AND part IN ?", i.job.WorkspaceID, i.job.ID, models.JobFilePeople, whos).Find(&parts).Error
	for _, part := range parts {
		var p intake.Person
		if json.Unmarshal(part.Data, &p) == nil {
			people[p.Email] = &p
		}
	}
	return err
}

// remember keeps what the dry run has made of contacts, for lines to come that speak of them again.
func (i *importing) remember(before, after map[string]*intake.Person) error {
	var parts []models.JobFile
	for email, p := range after {
		if b := before[email]; b != nil && b.Version == p.Version {
			continue
		}
		data, err := json.Marshal(p)
		if err != nil {
			return err
		}
		parts = append(parts, models.JobFile{WorkspaceID: i.job.WorkspaceID, JobID: i.job.ID, Name: models.JobFilePeople, Part: models.Who(i.job.WorkspaceID, email), Data: data})
	}
	if len(parts) == 0 {
		return nil
	}
	again := clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}, {Name: "job_id"}, {Name: "name"}, {Name: "part"}}, DoUpdates: clause.AssignmentColumns([]string{"data"})}
	return i.tx.Clauses(again).CreateInBatches(&parts, 100).Error
}

// keepRefused adds the lines that were refused, or not taken over whole, to the file that a person can fetch, correct and import again.
func (i *importing) keepRefused(entries []entry) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	w.UseCRLF = true
	for _, e := range entries {
		trouble := e.trouble()
		if trouble == "" || i.dry {
			continue
		}
		if i.cursor.Refused == 0 && text.Len() == 0 {
			text.WriteString("\ufeff") // or spreadsheets take it for another encoding
			w.Write(append([]string{"reason", "line"}, i.spec.names()...))
		}
		row := []string{models.Defuse(trouble), strconv.FormatInt(e.line, 10)}
		for _, cell := range e.cells {
			row = append(row, models.Defuse(models.Undefuse(cell)))
		}
		w.Write(row)
		w.Flush()
	}
	var err error
	i.cursor.Refused, err = models.AddJobFile(i.tx, *i.job, models.JobFileRefused, i.cursor.Refused, text.Bytes())
	return err
}

// names are the names of the columns, numbers where they have none.
func (s ImportSpec) names() []string {
	var names []string
	for n, c := range s.Columns {
		names = append(names, models.Defuse(c.label(n)))
	}
	return names
}

// label is the column's name, and its number, counted from 1, where it has none; n counts from 0.
func (c Column) label(n int) string {
	if c.Name == "" {
		return "column " + strconv.Itoa(n+1)
	}
	return c.Name
}

// auditImport notes what an import has done, once, beside the notes of each contact.
func auditImport(tx *gorm.DB, job models.Job, spec ImportSpec, r ImportResult, now time.Time) error {
	entry := models.AuditEntry{WorkspaceID: job.WorkspaceID, UserID: job.UserID, Action: models.ActionImportDone, Subject: models.SubjectImport, SubjectID: job.ID, SubjectName: spec.File}
	count := func(what string, n int64) models.AuditChange {
		return models.AuditChange{What: what, After: strconv.FormatInt(n, 10)}
	}
	return models.Audit(tx, entry, []models.AuditChange{
		count("Contacts created", r.Created), count("Contacts updated", r.Updated), count("Lines that changed nothing", r.Unchanged), count("Lines refused", r.Refused),
	}, now)
}
