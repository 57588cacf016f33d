package store

import (
	"slices"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Snapshot is a contact with the names of its tags.
type Snapshot struct {
	models.Contact
	Tags []string
}

// SnapshotsOf reads contacts with their tags, by id. Contacts that do not exist are missing.
func SnapshotsOf(tx *gorm.DB, workspaceID int64, ids []int64) (map[int64]Snapshot, error) {
	var contacts []models.Contact
	if err := tx.Where("workspace_id = ? AND id IN ?", workspaceID, ids).Find(&contacts).Error; err != nil {
		return nil, err
	}
	var tags []struct {
		ContactID int64
		Name      string
	}
	err := tx.Raw(`SELECT ct.contact_id, t.name FROM contact_tags ct JOIN tags t ON t.workspace_id = ct.workspace_id AND t.id = ct.tag_id AND t.deleted_at IS NULL
		WHERE ct.workspace_id = ? AND ct.contact_id IN ? ORDER BY ct.contact_id, t.id`, workspaceID, ids).Scan(&tags).Error
	all := make(map[int64]Snapshot, len(contacts))
	for _, c := range contacts {
		all[c.ID] = Snapshot{Contact: c}
	}
	for _, t := range tags {
		s := all[t.ContactID]
		s.Tags = append(s.Tags, t.Name)
		all[t.ContactID] = s
	}
	return all, err
}

// ListensTo returns for which events the automations of a workspace listen.
func ListensTo(tx *gorm.DB, workspaceID int64) (l models.Listens, err error) {
	err = tx.Raw("SELECT listens FROM workspaces WHERE id = ?", workspaceID).Scan(&l).Error
	return l, err
}

// byHandEvent is an event of a change by a person or an import.
type byHandEvent struct {
	contact int64
	event   models.EventType
	subject int64  // the tag
	fields  string // keys of the fields that changed
}

// eventsOf returns the events of a change. created says that the contact is new.
func eventsOf(contact int64, change models.ContactChange, added, removed []models.Tag, created bool) (all []byHandEvent) {
	if change.StatusAfter != "" && change.StatusAfter != change.StatusBefore {
		all = append(all, byHandEvent{contact: contact, event: models.EventOfStatus(change.StatusAfter)})
	}
	if created {
		all = append(all, byHandEvent{contact: contact, event: models.EventCreated})
	} else if len(change.Fields) > 0 || change.Address {
		all = append(all, byHandEvent{contact: contact, event: models.EventUpdated, fields: strings.Join(change.Fields, ",")})
	}
	for _, t := range added {
		all = append(all, byHandEvent{contact: contact, event: models.EventTagAdded, subject: t.ID})
	}
	for _, t := range removed {
		all = append(all, byHandEvent{contact: contact, event: models.EventTagRemoved, subject: t.ID})
	}
	return all
}

// fireByHand writes those of the events for which an automation listens, with the contacts as tx has left them. job is the job that changed
// them, nil for none.
func fireByHand(tx *gorm.DB, workspaceID int64, job *int64, all []byHandEvent, now time.Time) error {
	listens, err := ListensTo(tx, workspaceID)
	if err != nil || listens == 0 {
		return err
	}
	var ids []int64
	all = slices.DeleteFunc(all, func(f byHandEvent) bool { return !listens.Has(f.event, true) })
	for _, f := range all {
		ids = append(ids, f.contact)
	}
	if len(all) == 0 {
		return nil
	}
	people, err := SnapshotsOf(tx, workspaceID, ids)
	if err != nil {
		return err
	}
	events := make([]models.AutomationEvent, len(all))
	for i, f := range all {
		events[i] = models.EventAbout(people[f.contact].Contact, people[f.contact].Tags, f.event, now)
		events[i].SubjectID, events[i].Fields, events[i].ByHand, events[i].JobID = f.subject, f.fields, true, job
	}
	return tx.CreateInBatches(&events, 100).Error
}

// fireErased writes the events of contacts that a person or a job erases, if an automation listens.
func fireErased(tx *gorm.DB, workspaceID int64, job *int64, contacts []models.Contact, now time.Time) error {
	listens, err := ListensTo(tx, workspaceID)
	if err != nil || !listens.Has(models.EventDeleted, true) || len(contacts) == 0 {
		return err
	}
	events := make([]models.AutomationEvent, len(contacts))
	for i, c := range contacts {
		events[i] = models.EventErased(c, now)
		events[i].ByHand, events[i].JobID = true, job
	}
	return tx.CreateInBatches(&events, 100).Error
}
