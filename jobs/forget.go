package jobs

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// A JobForget removes erased people from the files of their workspace's imports, and from what is listed from these
// files. Then it clears the calls that name them although they belong to nobody's address (forget_calls.go). It runs in the background, so that the call that erases a person does not wait. In an uploaded file it replaces
// a person's rows with blanks, so that a running import finds the other rows at their places. From the file of refused
// rows it cuts them out.

const (
	forgetTogether = 500              // marks that one search handles together
	forgetUpload   = 10 * time.Minute // after which an unfinished upload counts as failed
	forgetWait     = 5 * time.Second  // for the end of an upload
)

// forgetCursor is where a JobForget continues.
type forgetCursor struct {
	Joined bool   // the marks of other jobs are included
	Job    int64  // the import being searched
	File   string // of which job
	Part   int64
	Skip   int64 // bytes of the part already searched
	Place  Place
	Begun  bool // a row that is not blank was found
	Drop   bool // the file cannot be searched and is dropped as a whole

	FilesDone bool // the files are searched, see store.FilesDone
	forgetCalls
}

// forgetFiles lists the files of an import in the order of the search. A file whose rows may still be copied into another
// comes before it.
var forgetFiles = []string{store.JobFileSource, store.JobFileRefused, store.JobFilePeople}

// forgetting is one step of a JobForget.
type forgetting struct {
	tx     *gorm.DB
	job    *models.Job
	now    time.Time
	cursor forgetCursor
	keys   []int64
	people models.AddressKeys
	in     models.Job // the import
}

func forgetStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	f := forgetting{tx: tx, job: job, now: now, cursor: models.ReadJobJSON[forgetCursor](job.Cursor), keys: models.ReadJobJSON[models.ForgetSpec](job.Spec).AddressKeys}
	f.people = models.NewAddressKeys(job.WorkspaceID, f.keys...)
	err := f.step()
	job.Cursor = models.JobJSON(f.cursor)
	return models.In("erase people from imports", err)
}

func (f *forgetting) step() error {
	if !f.cursor.Joined {
		f.cursor.Joined, f.cursor.Until = true, models.IDAt(f.now)
		return models.In("take on later marks", f.join())
	}
	if f.cursor.FilesDone {
		return models.In("clear calls", f.clearCalls())
	}
	found, err := f.nextImport()
	if err != nil {
		return models.In("find the next import", err)
	}
	if !found {
		f.cursor = forgetCursor{Joined: true, FilesDone: true, forgetCalls: forgetCalls{Until: models.IDAt(f.now)}}
		return nil
	}
	phase := Phase(f.in)
	switch {
	case !f.in.Finished() && phase == ImportUploading && f.in.CreatedAt.After(f.now.Add(-forgetUpload)):
		f.job.LeaseUntil = f.now.Add(forgetWait)
		return nil
	case !f.in.Finished() && phase == ImportUploading:
		return f.giveUp("The upload was cut off. Choose the file again.")
	case f.cursor.File == store.JobFilePeople:
		return models.In("drop what a dry run kept", f.dropPeople())
	case f.cursor.Drop, f.in.Finished() && f.cursor.File == store.JobFileSource:
		return models.In("drop a file", f.dropFile())
	}
	return models.In("search a file", f.search())
}

// join includes later marks of the workspace, so that one search serves many people.
func (f *forgetting) join() error {
	var others []models.Job
	err := f.tx.Where("workspace_id = ? AND kind = ? AND state = ? AND id > ?", f.job.WorkspaceID, models.JobForget, models.JobRunning, f.job.ID).
		Order("id").Limit(forgetTogether).Find(&others).Error
	if err != nil || len(others) == 0 {
		return err
	}
	var ids []int64
	for _, other := range others {
		ids, f.cursor.FilesDone = append(ids, other.ID), f.cursor.FilesDone && store.FilesDone(other.Cursor)
		f.keys = append(f.keys, models.ReadJobJSON[models.ForgetSpec](other.Spec).AddressKeys...)
	}
	if err := f.tx.Where("workspace_id = ? AND id IN ?", f.job.WorkspaceID, ids).Delete(&models.Job{}).Error; err != nil {
		return err
	}
	f.job.Spec = models.JobJSON(models.ForgetSpec{AddressKeys: f.keys})
	return f.tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", f.job.WorkspaceID, f.job.ID).Update("spec", f.job.Spec).Error
}

// nextImport finds the import to search and locks it, so that its own step waits.
func (f *forgetting) nextImport() (found bool, err error) {
	var ids []int64
	err = f.tx.Model(&store.JobFile{}).Where("workspace_id = ? AND job_id >= ?", f.job.WorkspaceID, f.cursor.Job).Order("job_id").Limit(1).Pluck("job_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return false, err
	}
	if ids[0] != f.cursor.Job || f.cursor.File == "" {
		f.cursor = forgetCursor{Joined: true, Job: ids[0], File: forgetFiles[0]}
	}
	find := f.tx
	if f.cursor.File != store.JobFilePeople { // there a step of the import may hold a row and wait for this one
		find = store.ForChange(f.tx)
	}
	f.in, err = store.First[models.Job](find.Where("workspace_id = ? AND id = ?", f.job.WorkspaceID, ids[0]))
	if store.ErrorCode(err) == models.CodeNotFound { // the sweep takes these files
		f.in, err = models.Job{WorkspaceID: f.job.WorkspaceID, ID: ids[0], State: models.JobStopped}, nil
	}
	return true, err
}

// nextFile continues with the import's next file.
func (f *forgetting) nextFile() {
	next := forgetCursor{Joined: true, Job: f.cursor.Job + 1}
	for n, name := range forgetFiles[:len(forgetFiles)-1] {
		if name == f.cursor.File {
			next.Job, next.File = f.cursor.Job, forgetFiles[n+1]
		}
	}
	f.cursor = next
}

// dropPeople deletes the people from the result of a dry run.
func (f *forgetting) dropPeople() error {
	f.nextFile()
	return f.tx.Where("workspace_id = ? AND job_id = ? AND name = ? AND part IN ?", f.in.WorkspaceID, f.in.ID, store.JobFilePeople, f.keys).
		Delete(&store.JobFile{}).Error
}

// dropFile deletes the next parts of the file, which is no longer needed.
func (f *forgetting) dropFile() error {
	gone, err := store.DropJobFile(f.tx, f.in.WorkspaceID, f.in.ID, f.cursor.File, 16)
	if gone {
		f.nextFile()
	}
	return err
}

// giveUp ends an import whose file cannot be searched.
func (f *forgetting) giveUp(why string) error {
	return f.tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", f.in.WorkspaceID, f.in.ID).Updates(map[string]any{
		"state": models.JobFailed, "failure": why, "cursor": "{}", "holder": "", "finished_at": f.now, "updated_at": f.now}).Error
}

// search removes the people's rows from the next stretch of the file.
func (f *forgetting) search() error {
	spec := models.ReadJobJSON[ImportSpec](f.in.Spec)
	if f.cursor.File == store.JobFileRefused {
		spec.Encoding, spec.Comma = UTF8, ','
	}
	file := openStretch(f.tx, store.JobFile{WorkspaceID: f.in.WorkspaceID, JobID: f.in.ID, Name: f.cursor.File, Part: f.cursor.Part}, f.cursor.Skip)
	found, last, err := f.read(file, spec)
	if errors.Is(err, errLongLine) {
		if !f.in.Finished() {
			return f.giveUp("A person was erased, and a line of this file is too long to be searched for them. Remove the person from the file and import it again.")
		}
		f.cursor.Drop = true
		return nil
	}
	if err != nil {
		return err
	}
	if len(found.rows) > 0 {
		blank := spec.Encoding
		if f.cursor.File == store.JobFileRefused {
			blank = ""
		}
		if err := file.takeOut(found.rows, blank); err != nil {
			return models.In("take rows out", err)
		}
		if err := f.tidy(found); err != nil {
			return models.In("tidy the import", err)
		}
	}
	if f.cursor.Part, f.cursor.Skip = file.at(f.cursor.Place.Offset - found.base); last {
		f.nextFile()
	}
	return nil
}

// foundRows holds the rows of the people in a stretch of a file.
type foundRows struct {
	base  int64      // where the stretch begins
	rows  []rowBytes // counted from there
	lines []int64    // their numbers in the uploaded file
	first bool       // the file's first row is among them
}

// rowBytes is the position of a row's bytes.
type rowBytes struct{ from, to int64 }

// read reads rows for one step and reports whether they are the last.
func (f *forgetting) read(file *stretch, spec ImportSpec) (found foundRows, last bool, err error) {
	found.base = f.cursor.Place.Offset
	rows := NewRowReader(file, spec.Encoding, spec.Comma, f.cursor.Place)
	if f.cursor.File == store.JobFileSource { // the import reads it so too
		rows.Columns = len(spec.Columns)
	}
	for until := found.base + stepBytes; f.cursor.Place.Offset < until; {
		from := rows.Place().Offset
		row, err := rows.Next()
		if err == io.EOF {
			return found, true, nil
		}
		if err != nil {
			return found, false, err
		}
		f.cursor.Place = rows.Place()
		bytes := rowBytes{from - found.base, f.cursor.Place.Offset - found.base}
		first := !f.cursor.Begun && !row.blank()
		f.cursor.Begun = f.cursor.Begun || first
		if row.Fault != "" {
			row.Cells = []string{decode(file.bytes(bytes), spec.Encoding)}
		}
		if !f.names(row.Cells) {
			continue
		}
		found.rows, found.first = append(found.rows, bytes), found.first || first
		line := row.Line
		if f.cursor.File == store.JobFileRefused && len(row.Cells) > 1 {
			line, _ = strconv.ParseInt(row.Cells[1], 10, 64)
		}
		found.lines = append(found.lines, line)
	}
	return found, false, nil
}

func (f *forgetting) names(cells []string) bool {
	for _, cell := range cells {
		if f.people.Named(cell) {
			return true
		}
	}
	return false
}

// decode returns the text of a file's bytes.
func decode(data []byte, e TextEncoding) string {
	var text strings.Builder
	for len(data) > 0 {
		c, n := e.next(data, true)
		if n == 0 {
			break
		}
		text.WriteRune(c)
		data = data[n:]
	}
	return text.String()
}

// tidy removes what the import's result says about the rows. A program that is running a step of the import loses that
// step, because it read the file before the change.
func (f *forgetting) tidy(found foundRows) error {
	spec, result := models.ReadJobJSON[ImportSpec](f.in.Spec), models.ReadJobJSON[ImportResult](f.in.Result)
	if f.cursor.File == store.JobFileSource && found.first && spec.Header { // so it named no columns
		spec.Header = false
		for n := range spec.Columns {
			spec.Columns[n].Name = ""
		}
	}
	for _, problems := range [][]Problem{result.Refusals, result.Notes, result.Doubts} {
		for n, p := range problems {
			for _, line := range found.lines {
				if p.Line == line {
					problems[n] = Problem{Line: line, Reason: "The person of this line was erased."}
				}
			}
		}
	}
	change := map[string]any{"result": models.JobJSON(result), "spec": models.JobJSON(spec)}
	if f.in.State == models.JobRunning {
		change["holder"], change["lease_until"] = "", f.now
	}
	return f.tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", f.in.WorkspaceID, f.in.ID).Updates(change).Error
}
