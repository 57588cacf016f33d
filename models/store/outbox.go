package store

import (
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

// firedChange is an event of a change by hand.
type firedChange struct {
	event   models.EventType
	subject int64  // the tag
	fields  string // keys of the fields that changed
}

// events returns the events of a change by hand. created says that the contact is new.
func (e handEdit) events(created bool) (all []firedChange) {
	if e.StatusAfter != "" {
		all = append(all, firedChange{event: statusEvents[e.StatusAfter]})
	}
	if created {
		all = append(all, firedChange{event: models.EventCreated})
	} else if len(e.Fields) > 0 || e.Address {
		all = append(all, firedChange{event: models.EventUpdated, fields: strings.Join(e.Fields, ",")})
	}
	for _, t := range e.tags.add {
		all = append(all, firedChange{event: models.EventTagAdded, subject: t.ID})
	}
	for _, t := range e.tags.remove {
		all = append(all, firedChange{event: models.EventTagRemoved, subject: t.ID})
	}
	return all
}

// statusEvents are the events of a contact that gets a status.
var statusEvents = map[models.Status]models.EventType{
	models.StatusSubscribed: models.EventConfirmed, models.StatusUnconfirmed: models.EventPending, models.StatusUnsubscribed: models.EventUnsubscribed,
}

// fireByHand writes the events of a change by hand for which an automation listens. created says that the contact is new.
func fireByHand(tx *gorm.DB, c models.Contact, edit handEdit, created bool, now time.Time) error {
	listens, err := ListensTo(tx, c.WorkspaceID)
	if err != nil || listens == 0 {
		return err
	}
	people, err := SnapshotsOf(tx, c.WorkspaceID, []int64{c.ID})
	if err != nil {
		return err
	}
	var events []models.AutomationEvent
	for _, f := range edit.events(created) {
		if !listens.Has(f.event, true) {
			continue
		}
		e := models.EventAbout(c, people[c.ID].Tags, f.event, now)
		e.SubjectID, e.Fields, e.ByHand = f.subject, f.fields, true
		events = append(events, e)
	}
	if len(events) == 0 {
		return nil
	}
	return tx.Create(&events).Error
}

// fireErased writes the events of contacts that a person erases, if an automation listens.
func fireErased(tx *gorm.DB, workspaceID int64, contacts []models.Contact, now time.Time) error {
	listens, err := ListensTo(tx, workspaceID)
	if err != nil || !listens.Has(models.EventDeleted, true) || len(contacts) == 0 {
		return err
	}
	events := make([]models.AutomationEvent, len(contacts))
	for i, c := range contacts {
		events[i] = models.EventErased(c, now)
		events[i].ByHand = true
	}
	return tx.CreateInBatches(&events, 100).Error
}
