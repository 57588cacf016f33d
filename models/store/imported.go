package store

import (
	"maps"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// ContactsByEmail returns those of a workspace's contacts whose addresses, in their stored form, are given, with their
// tags in the order of their ids. The caller has locked the addresses when it means to change the contacts.
func ContactsByEmail(tx *gorm.DB, workspaceID int64, emails []string) (map[string]models.ListedContact, error) {
	var contacts []models.Contact
	if err := tx.Where("workspace_id = ? AND email IN ?", workspaceID, emails).Find(&contacts).Error; err != nil {
		return nil, err
	}
	found := make(map[string]models.ListedContact, len(contacts))
	if len(contacts) == 0 {
		return found, nil
	}
	tags, err := tagsByContact(tx, workspaceID, idsOf(contacts), "t.id")
	for _, c := range contacts {
		found[c.Email] = models.ListedContact{Contact: c, Tags: tags[c.ID]}
	}
	return found, err
}

// ImportedContact is what an import makes of one contact. It only adds tags.
type ImportedContact struct {
	Before *models.ListedContact // nil for a new one
	After  models.ListedContact  // the id of a new one is given by StoreImported
}

// StoreImported writes the contacts that a step of an import has changed, with new versions where they are counted by
// the caller, their marks, and a note of each. The caller holds the locks of their addresses.
func StoreImported(tx *gorm.DB, workspaceID, userID int64, all []ImportedContact, now time.Time) error {
	var created []models.Contact
	for _, c := range all {
		if c.Before == nil {
			created = append(created, c.After.Contact)
		} else if err := updateImported(tx, c.After.Contact); err != nil {
			return err
		}
	}
	if len(created) > 0 {
		first, err := ReserveContactIDs(tx, workspaceID, int64(len(created)))
		if err != nil {
			return models.In("reserve ids", err)
		}
		n := 0
		for i := range all {
			if all[i].Before == nil {
				all[i].After.ID = first + int64(n)
				created[n].ID = all[i].After.ID
				n++
			}
		}
		if err := tx.CreateInBatches(&created, 100).Error; err != nil {
			return models.In("insert contacts", err)
		}
	}
	return finishImported(tx, workspaceID, userID, all, now)
}

func updateImported(tx *gorm.DB, c models.Contact) error {
	return tx.Model(&models.Contact{}).Where("workspace_id = ? AND id = ?", c.WorkspaceID, c.ID).
		Select("status", "fields", "version", "updated_at", "subscribed_at", "unconfirmed_at", "unsubscribed_at").Updates(&c).Error
}

// finishImported writes what goes with the rows of the contacts.
func finishImported(tx *gorm.DB, workspaceID, userID int64, all []ImportedContact, now time.Time) error {
	var ids []int64
	var tags []models.ContactTag
	var notes []models.AuditEntry
	for _, c := range all {
		ids = append(ids, c.After.ID)
		change, added := c.change()
		for _, t := range added {
			tags = append(tags, models.ContactTag{WorkspaceID: workspaceID, ContactID: c.After.ID, TagID: t.ID})
		}
		note, err := newAuditEntry(models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: models.ActionContactImported, Subject: models.SubjectOneOfMany, SubjectID: c.After.ID}, change, now)
		if err != nil {
			return err
		}
		notes = append(notes, note)
	}
	if len(tags) > 0 {
		if err := tx.CreateInBatches(&tags, 200).Error; err != nil {
			return models.In("add tags", err)
		}
	}
	if err := tx.CreateInBatches(&notes, 100).Error; err != nil {
		return models.In("audit log", err)
	}
	return models.In("mark", MarkContacts(tx, workspaceID, userID, ids, now))
}

// change is what is different, and which tags are new.
func (c ImportedContact) change() (change models.ContactChange, added []models.Tag) {
	before := models.ListedContact{}
	if c.Before != nil {
		before = *c.Before
	}
	for _, key := range slices.Sorted(maps.Keys(c.After.Fields)) {
		if before.Fields[key] != c.After.Fields[key] {
			change.Fields = append(change.Fields, key)
		}
	}
	if before.Status != c.After.Status {
		change.StatusBefore, change.StatusAfter = before.Status, c.After.Status
	}
	for _, t := range c.After.Tags {
		if !slices.ContainsFunc(before.Tags, func(b models.Tag) bool { return b.ID == t.ID }) {
			change.TagsAdded, added = append(change.TagsAdded, t.Name), append(added, t)
		}
	}
	change.Version = c.After.Version
	return change, added
}
