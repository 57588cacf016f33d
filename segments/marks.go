package segments

import (
	"database/sql"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// marks are the oldest marks of a workspace, as many as one transaction processes.
type marks struct {
	origins map[int64]origin // by contact, of its last mark
	at      map[int64]time.Time
	edits   []int64 // ids of the rows, to be deleted
	calls   []int64
	more    bool // others may wait
}

// callMarksAtFirst is how many rows of call_marks are read first. A row holds up to 256 marks, usually few.
const callMarksAtFirst = 8

// readMarks reads about limit marks. Edits always get a quarter of them, so that calls cannot hold them up.
func (r *round) readMarks(limit int) (marks, error) {
	m := marks{origins: map[int64]origin{}, at: map[int64]time.Time{}}
	n, err := r.readCallMarks(&m, limit)
	if err != nil {
		return m, models.In("of calls", err)
	}
	return m, models.In("of edits", r.readEdits(&m, max(limit-n, limit/4)))
}

// readCallMarks reads rows until they hold limit marks, and returns how many marks it read. It reads more rows at a time as long
// as they hold few marks.
func (r *round) readCallMarks(m *marks, limit int) (n int, err error) {
	for size, last := callMarksAtFirst, int64(0); ; size *= 4 {
		var rows []models.CallMarks
		if err := r.tx.Where("workspace_id = ? AND id > ?", r.workspace, last).Order("id").Limit(size).Find(&rows).Error; err != nil {
			return n, err
		}
		for _, row := range rows {
			if n > 0 && n+row.Len() > limit {
				m.more = true
				return n, nil
			}
			for mark := range row.All() {
				m.add(mark.ContactID, row.At, origin{cause: models.CauseCall, request: &mark.RequestID})
			}
			n, last, m.calls = n+row.Len(), row.ID, append(m.calls, row.ID)
		}
		if len(rows) < size {
			return n, nil
		}
	}
}

func (r *round) readEdits(m *marks, limit int) error {
	var rows []models.DirtyContact
	if err := r.tx.Where("workspace_id = ?", r.workspace).Order("id").Limit(limit).Find(&rows).Error; err != nil {
		return err
	}
	imports, err := r.importsOf(rows)
	if err != nil {
		return models.In("which are of imports", err)
	}
	for _, row := range rows {
		m.add(row.ContactID, row.At, originOf(row, imports))
		m.edits = append(m.edits, row.ID)
	}
	m.more = m.more || len(rows) == limit
	return nil
}

// add notes a mark. Of several marks of one contact the last one names the cause of its moves. A run of an automation leaves it to a call that
// came just before, since it mostly follows from it; the run stays beside it, so that no automation starts itself.
func (m *marks) add(contact int64, at time.Time, why origin) {
	earlier := m.origins[contact]
	if why.run != nil && earlier.cause == models.CauseCall {
		why.cause, why.request = earlier.cause, earlier.request
	}
	if before, marked := m.at[contact]; !marked || !at.Before(before) {
		m.origins[contact], m.at[contact] = why, at
	}
	if o := m.origins[contact]; o.depth < max(earlier.depth, why.depth) { // a chain of automations does not become shorter
		o.depth = max(earlier.depth, why.depth)
		m.origins[contact] = o
	}
}

// deleteMarks deletes the marks that were read.
func (r *round) deleteMarks(m marks) error {
	if len(m.edits) > 0 {
		err := store.Among(r.tx.Where("workspace_id = ?", r.workspace), "id", m.edits).Delete(&models.DirtyContact{}).Error
		if err != nil {
			return err
		}
	}
	if len(m.calls) == 0 {
		return nil
	}
	return store.Among(r.tx.Where("workspace_id = ?", r.workspace), "id", m.calls).Delete(&models.CallMarks{}).Error
}

// importsOf returns which of the marks' jobs are imports. Marks of people and automations cost no query.
func (r *round) importsOf(marks []models.DirtyContact) (imports []int64, err error) {
	var jobs []int64
	for _, mark := range marks {
		if mark.JobID != nil && !slices.Contains(jobs, *mark.JobID) {
			jobs = append(jobs, *mark.JobID)
		}
	}
	if len(jobs) == 0 {
		return nil, nil
	}
	err = r.tx.Model(&models.Job{}).Where("workspace_id = ? AND id IN ? AND kind = ?", r.workspace, jobs, models.JobImport).Pluck("id", &imports).Error
	return imports, err
}

// originOf returns what caused a mark. Every job but an import counts as an edit by the person who started it.
func originOf(mark models.DirtyContact, imports []int64) origin {
	switch {
	case mark.RequestID != nil:
		return origin{cause: models.CauseCall, request: mark.RequestID}
	case mark.JobID != nil && slices.Contains(imports, *mark.JobID):
		return origin{cause: models.CauseImport, user: mark.UserID, job: mark.JobID}
	}
	return origin{cause: models.CauseEdit, user: mark.UserID, job: mark.JobID, run: mark.RunID, depth: mark.Depth}
}

// mostCallMarks is how many rows of call_marks, about 100,000 marks, may wait while passing time and verifications are processed.
// Each of their steps reads all marks, which takes 10 ms for this many.
const mostCallMarks = 400

// marksFirst reports whether so many marks of calls wait that a step must leave its work until they are recalculated.
func (r *round) marksFirst() (wait bool, err error) {
	err = r.tx.Raw("SELECT EXISTS (SELECT 1 FROM call_marks WHERE workspace_id = ? ORDER BY id LIMIT 1 OFFSET ?)", r.workspace, mostCallMarks).Scan(&wait).Error
	return wait, models.In("count marks", err)
}

// markedIn returns the contacts of some chunks, in ascending order, that have a mark. Many marks may wait: it keeps only those
// contacts in memory, and reads the marks row by row.
func (r *round) markedIn(chunks []int64) (map[int64]bool, error) {
	marked := map[int64]bool{}
	note := func(contact int64) {
		if _, there := slices.BinarySearch(chunks, contact/chunkSize); there {
			marked[contact] = true
		}
	}
	from, before := chunks[0]*chunkSize, (chunks[len(chunks)-1]+1)*chunkSize
	edits := r.tx.Model(&models.DirtyContact{}).Select("contact_id").Where("workspace_id = ? AND contact_id >= ? AND contact_id < ?", r.workspace, from, before)
	var contact int64
	if err := eachRowInto(edits, &contact, func() { note(contact) }); err != nil {
		return nil, models.In("of edits", err)
	}
	calls := r.tx.Model(&models.CallMarks{}).Select("packed").Where("workspace_id = ?", r.workspace)
	var packed sql.RawBytes
	err := eachRowInto(calls, &packed, func() {
		for mark := range (models.CallMarks{Packed: packed}).All() {
			if from <= mark.ContactID && mark.ContactID < before {
				note(mark.ContactID)
			}
		}
	})
	return marked, models.In("of calls", err)
}

// eachRowInto calls f after it has read the only column of each row of query into value.
func eachRowInto(query *gorm.DB, value any, f func()) error {
	rows, err := query.Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(value); err != nil {
			return err
		}
		f()
	}
	return rows.Err()
}
