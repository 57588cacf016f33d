package jobs

import (
	"encoding/json"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm/clause"
)

// decide processes the lines in order, each on the result of those before it, and returns the changed contacts.
func (i *importing) decide(entries []entry) (changed []store.ImportedContact, err error) {
	before, err := i.people(entries)
	if err != nil {
		return nil, models.In("read contacts", err)
	}
	after := map[string]*intake.Person{}
	for n := range entries {
		e := &entries[n]
		if e.refused != "" {
			i.result.refuse(e.line, e.refused)
			continue
		}
		person := after[e.email]
		if i.dry && (person != nil || i.seen[models.AddressKey(i.job.WorkspaceID, e.email)]) {
			i.result.repeat(e.line)
		}
		if person == nil {
			person = before[e.email]
		}
		after[e.email] = i.decideLine(e, person)
	}
	i.result.NewTags = i.newTags()
	if i.dry {
		return nil, i.remember(before, after)
	}
	for _, e := range entries {
		p := after[e.email]
		if delete(after, e.email); p == nil {
			continue // refused, or done with an earlier line
		}
		if b := before[e.email]; b == nil {
			changed = append(changed, store.ImportedContact{After: models.ListedContact(*p)})
		} else if b.Version != p.Version {
			changed = append(changed, store.ImportedContact{Before: (*models.ListedContact)(b), After: models.ListedContact(*p)})
		}
	}
	return changed, nil
}

// store writes the changed contacts. It comes last: new contacts lock the workspace's counter of ids until the step
// commits.
func (i *importing) store(changed []store.ImportedContact) error {
	if len(changed) == 0 {
		return nil
	}
	return store.StoreImported(i.tx, *i.job, changed, i.now)
}

// decideLine processes one line, records in it what is not stored, and counts the result. It returns the contact after
// the line.
func (i *importing) decideLine(e *entry, before *intake.Person) *intake.Person {
	line := intake.Line{WorkspaceID: i.job.WorkspaceID, MergeTags: i.mergeTags, Zone: i.zone, Submission: e.said, Contact: before, Tags: e.tags, Now: i.now}
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
		switch f.Fate {
		case intake.FateRefused:
			if before == nil || before.Fields[f.MergeTag] != e.sent(f.Key) { // else it was stored before its choice was removed
				e.noteField(f)
			}
		case intake.FateStored:
			e.doubtField(f.Label, d.Contact.Fields[f.MergeTag])
		}
	}
	if before != nil && d.Contact.Version == before.Version {
		e.doubts = nil // nothing new is stored
	}
	for _, n := range e.notes {
		i.result.note(n)
	}
	for _, n := range e.doubts {
		i.result.doubt(n)
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

// people returns the contacts of the lines: as stored, or in a dry run as the earlier lines would have left them.
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
	found, err := store.ContactsByEmail(i.tx, i.job.WorkspaceID, emails)
	if err != nil {
		return nil, err
	}
	for email, c := range found {
		people[email] = (*intake.Person)(&c)
	}
	if i.dry {
		err = i.recall(i.addressKeys(entries), people)
	}
	return people, err
}

// recall replaces the stored contacts with those of the dry run, and notes which addresses it has seen.
func (i *importing) recall(keys []int64, people map[string]*intake.Person) error {
	var parts []store.JobFile
	err := i.tx.Where("workspace_id = ? AND job_id = ? AND name = ? AND part IN ?", i.job.WorkspaceID, i.job.ID, store.JobFilePeople, keys).Find(&parts).Error
	i.seen = map[int64]bool{}
	for _, part := range parts {
		i.seen[part.Part] = true
		var p intake.Person
		if json.Unmarshal(part.Data, &p) == nil {
			people[p.Email] = &p
		}
	}
	return err
}

// remember stores the dry run's result for contacts, because later lines may name them again. A contact that did not change has no data.
func (i *importing) remember(before, after map[string]*intake.Person) error {
	var parts []store.JobFile
	for email, p := range after {
		part := store.JobFile{WorkspaceID: i.job.WorkspaceID, JobID: i.job.ID, Name: store.JobFilePeople, Part: models.AddressKey(i.job.WorkspaceID, email), Data: []byte{}}
		if b := before[email]; b == nil || b.Version != p.Version {
			data, err := json.Marshal(p)
			if err != nil {
				return err
			}
			part.Data = data
		} else if i.seen[part.Part] {
			continue
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nil
	}
	again := clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}, {Name: "job_id"}, {Name: "name"}, {Name: "part"}}, DoUpdates: clause.AssignmentColumns([]string{"data"})}
	return i.tx.Clauses(again).CreateInBatches(&parts, 100).Error
}
