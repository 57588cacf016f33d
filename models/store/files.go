package store

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// JobFilePart is the most bytes in one part of a job's file.
const JobFilePart = 256 << 10

// The files of a job.
const (
	JobFileSource  = "source"  // what was uploaded; every part but the last is full
	JobFileRefused = "refused" // the rows that an import refused, stored in part or doubts, for download
	JobFilePeople  = "people"  // the result of a dry run for each contact, one part per models.AddressKey
)

// JobFile is one part of a file of a job.
type JobFile struct {
	WorkspaceID int64  `gorm:"primaryKey;autoIncrement:false"`
	JobID       int64  `gorm:"primaryKey;autoIncrement:false"`
	Name        string `gorm:"primaryKey"`
	Part        int64  `gorm:"primaryKey;autoIncrement:false"`
	Data        []byte
}

// AddJobFile appends data, of any size, to a job's file as parts from first on. It returns the next free part number.
func AddJobFile(tx *gorm.DB, j models.Job, name string, first int64, data []byte) (next int64, err error) {
	for next = first; len(data) > 0; next++ {
		n := min(len(data), JobFilePart)
		part := JobFile{WorkspaceID: j.WorkspaceID, JobID: j.ID, Name: name, Part: next, Data: data[:n]}
		if err := tx.Create(&part).Error; err != nil {
			return next, err
		}
		data = data[n:]
	}
	return next, nil
}

// HasJobFile reports whether a job has a file with this name.
func HasJobFile(db *gorm.DB, workspaceID, jobID int64, name string) (bool, error) {
	var found []int64
	err := db.Model(&JobFile{}).Where("workspace_id = ? AND job_id = ? AND name = ?", workspaceID, jobID, name).Limit(1).Pluck("part", &found).Error
	return len(found) > 0, err
}

// JobFileData returns one part of a job's file, or io.EOF if there is none.
func JobFileData(db *gorm.DB, workspaceID, jobID int64, name string, part int64) ([]byte, error) {
	found, err := First[JobFile](db.Where("workspace_id = ? AND job_id = ? AND name = ? AND part = ?", workspaceID, jobID, name, part))
	if err == models.ErrNotFound {
		return nil, io.EOF
	}
	return found.Data, err
}

// OpenJobFile reads a job's file through db, one part at a time, starting at offset. offset may be other than 0 only if
// all parts before it are full.
func OpenJobFile(db *gorm.DB, workspaceID, jobID int64, name string, offset int64) io.Reader {
	return &jobFileReader{db: db, file: JobFile{WorkspaceID: workspaceID, JobID: jobID, Name: name}, part: offset / JobFilePart, skip: offset % JobFilePart}
}

type jobFileReader struct {
	db         *gorm.DB
	file       JobFile
	part, skip int64
	rest       []byte
}

// Read returns io.EOF after the last part.
func (r *jobFileReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		data, err := JobFileData(r.db, r.file.WorkspaceID, r.file.JobID, r.file.Name, r.part)
		if err != nil {
			return 0, err
		}
		r.rest = data[min(r.skip, int64(len(data))):]
		r.part, r.skip = r.part+1, 0
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// DropJobFile deletes at most n parts of a job's file in tx, and reports whether the file is gone.
func DropJobFile(tx *gorm.DB, workspaceID, jobID int64, name string, n int) (gone bool, err error) {
	var parts []int64
	of := tx.Model(&JobFile{}).Where("workspace_id = ? AND job_id = ? AND name = ?", workspaceID, jobID, name)
	if err := of.Order("part").Limit(n).Pluck("part", &parts).Error; err != nil {
		return false, err
	}
	if len(parts) > 0 {
		err = tx.Where("workspace_id = ? AND job_id = ? AND name = ? AND part IN ?", workspaceID, jobID, name, parts).Delete(&JobFile{}).Error
	}
	return len(parts) < n, err
}

// dropDetails removes the listed lines and their problems from the result of a finished import, once the job has no files
// left. They quote the file, and only the file tells which of them belong to a person to erase.
func dropDetails(tx *gorm.DB, workspaceID, jobID int64) error {
	var files int64
	if err := tx.Model(&JobFile{}).Where("workspace_id = ? AND job_id = ?", workspaceID, jobID).Limit(1).Count(&files).Error; err != nil || files > 0 {
		return err
	}
	job, err := First[models.Job](tx.Where("workspace_id = ? AND id = ? AND kind = ? AND finished_at IS NOT NULL", workspaceID, jobID, models.JobImport))
	if err != nil {
		if ErrorCode(err) == models.CodeNotFound {
			err = nil
		}
		return err
	}
	result := models.ReadJobJSON[map[string]json.RawMessage](job.Result)
	delete(result, "refusals")
	delete(result, "notes")
	delete(result, "doubts")
	return tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", workspaceID, jobID).Update("result", models.JobJSON(result)).Error
}

const (
	refusedKept = 7 * 24 * time.Hour // after the end of the job
	draftsKept  = 7 * 24 * time.Hour // after the last change
)

// DropJobFiles deletes files that are no longer needed, in small steps. Of a finished job it keeps only the refused rows,
// for 7 days. A job that has waited 7 days for a person's confirmation is stopped, and its files are deleted too.
func (d *DB) DropJobFiles(ctx context.Context, now time.Time) error {
	now = models.Instant(now)
	err := d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&models.Job{}).Where("state = ? AND updated_at < ?", models.JobDraft, now.Add(-draftsKept)).
			Updates(map[string]any{"state": models.JobStopped, "finished_at": now, "updated_at": now}).Error
	})
	if err != nil {
		return err
	}
	var old []JobFile
	err = d.Read(ctx).Table("job_files f").Select("DISTINCT f.workspace_id, f.job_id, f.name").
		Joins("LEFT JOIN jobs j ON j.workspace_id = f.workspace_id AND j.id = f.job_id").
		Where("j.id IS NULL OR j.finished_at IS NOT NULL AND (f.name <> ? OR j.finished_at < ?)", JobFileRefused, now.Add(-refusedKept)).Find(&old).Error
	for _, f := range old {
		for gone := false; !gone && err == nil; {
			err = d.Write(ctx, func(tx *gorm.DB) error {
				if gone, err = DropJobFile(tx, f.WorkspaceID, f.JobID, f.Name, 16); err != nil || !gone {
					return err
				}
				return dropDetails(tx, f.WorkspaceID, f.JobID)
			})
		}
	}
	return err
}
