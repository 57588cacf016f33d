package store

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// A purge removes a deleted tag or merge tag from contacts, in steps. Then it deletes the tag's own row, which frees
// its name or key.

const (
	// purgeGrace is how long after its deletion a tag or merge tag is purged again before its row is deleted. Work that
	// read it earlier may still commit: a batch of calls takes at most 10 s, a job's step 8 s, a person's request 20 s.
	purgeGrace = 30 * time.Second
	// purgeStep is how many contacts one transaction of a purge changes: the number of addresses it may lock.
	purgeStep = 256
	// purgeTurn is how many steps one tag gets before the next one has its turn.
	purgeTurn = 100
)

// purge runs step until nothing is left. Then it deletes the row, if purgeGrace is over and no row matches the subquery inUse; ""
// looks for none.
func (d *DB) purge(ctx context.Context, row any, inUse string, workspaceID, id int64, age time.Duration, step func() (last bool, err error)) error {
	for range purgeTurn {
		last, err := step()
		if err != nil {
			return err
		}
		if !last {
			continue
		}
		if age < purgeGrace {
			return nil
		}
		err = d.Write(ctx, func(tx *gorm.DB) error {
			tx = tx.Where("workspace_id = ? AND id = ?", workspaceID, id)
			if inUse != "" {
				tx = tx.Where("NOT EXISTS (" + inUse + ")")
			}
			return tx.Delete(row).Error
		})
		if IsForeignKey(err) {
			return nil // something uses it again: the next turn handles that
		}
		return err
	}
	return nil
}

// whoDeleted returns the user who deleted a tag or merge tag, from the audit log, or 0 if it is not there.
func (d *DB) whoDeleted(ctx context.Context, workspaceID int64, subject string, id int64, action string) (userID int64, err error) {
	err = d.Read(ctx).Model(&models.AuditEntry{}).Select("user_id").Order("id DESC").Limit(1).
		Where("workspace_id = ? AND subject = ? AND subject_id = ? AND action = ?", workspaceID, subject, id, action).Scan(&userID).Error
	return userID, err
}

// tagInUse finds a contact that has the tag. On Postgres no foreign key keeps its row.
const tagInUse = "SELECT 1 FROM contact_tags ct WHERE ct.workspace_id = tags.workspace_id AND ct.tag_id = tags.id"

// PurgeTags removes deleted tags from their contacts. Each contact gets a new version and a mark for its segments.
func (d *DB) PurgeTags(ctx context.Context, now time.Time) error {
	var gone []models.Tag
	if err := d.Read(ctx).Where("deleted_at IS NOT NULL AND workspace_id NOT IN " + goneWorkspaces).Find(&gone).Error; err != nil {
		return models.In("list deleted tags", err)
	}
	for _, tag := range gone {
		userID, err := d.whoDeleted(ctx, tag.WorkspaceID, models.SubjectTag, tag.ID, models.ActionTagDeleted)
		if err != nil {
			return models.In("read who deleted it", err)
		}
		step := func() (bool, error) { return d.purgeTagStep(ctx, tag, userID, now) }
		if err := d.purge(ctx, &models.Tag{}, tagInUse, tag.WorkspaceID, tag.ID, now.Sub(*tag.DeletedAt), step); err != nil {
			return models.In("take it off contacts", err)
		}
	}
	return nil
}

func (d *DB) purgeTagStep(ctx context.Context, tag models.Tag, userID int64, now time.Time) (last bool, err error) {
	var found []models.Contact
	err = d.Read(ctx).Table("contacts").Select("contacts.id").
		Joins("JOIN contact_tags ct ON ct.workspace_id = contacts.workspace_id AND ct.contact_id = contacts.id").
		Where("ct.workspace_id = ? AND ct.tag_id = ?", tag.WorkspaceID, tag.ID).Order("contacts.id").Limit(purgeStep).Find(&found).Error
	if err != nil {
		return false, err
	}
	if len(found) == 0 {
		// a webhook saved while the tag was being deleted may still have it, and so may contacts that were deleted by something else
		// than this program
		return true, d.Write(ctx, func(tx *gorm.DB) error {
			err := tx.Exec(`DELETE FROM contact_tags WHERE workspace_id = ? AND tag_id = ? AND NOT EXISTS
				(SELECT 1 FROM contacts c WHERE c.workspace_id = contact_tags.workspace_id AND c.id = contact_tags.contact_id)`, tag.WorkspaceID, tag.ID).Error
			if err != nil {
				return err
			}
			return tx.Where("workspace_id = ? AND tag_id = ?", tag.WorkspaceID, tag.ID).Delete(&models.WebhookTag{}).Error
		})
	}
	ids := idsOf(found)
	err = d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockContacts(tx, tag.WorkspaceID, ids); err != nil {
			return err
		}
		var still []int64
		err := tx.Model(&models.ContactTag{}).Where("workspace_id = ? AND tag_id = ? AND contact_id IN ?", tag.WorkspaceID, tag.ID, ids).Pluck("contact_id", &still).Error
		if err != nil || len(still) == 0 {
			return err
		}
		if err := tx.Where("workspace_id = ? AND tag_id = ? AND contact_id IN ?", tag.WorkspaceID, tag.ID, still).Delete(&models.ContactTag{}).Error; err != nil {
			return err
		}
		if err := CountContacts(tx, tag.WorkspaceID, models.ContactCounts{models.TagCount(tag.ID): -int64(len(still))}); err != nil {
			return err
		}
		if err := reviseContacts(tx, models.DirtyContact{WorkspaceID: tag.WorkspaceID, At: now}, userID, still); err != nil {
			return err
		}
		return noteLoss(tx, tag.WorkspaceID, userID, still, models.ContactChange{TagsRemoved: []string{tag.Name}}, now)
	})
	return false, err
}

// PurgeMergeTags removes the values of deleted merge tags from their contacts. Each contact gets a new version and a mark for
// its segments.
func (d *DB) PurgeMergeTags(ctx context.Context, now time.Time) error {
	var gone []models.MergeTag
	if err := d.Read(ctx).Where("deleted_at IS NOT NULL AND workspace_id NOT IN " + goneWorkspaces).Find(&gone).Error; err != nil {
		return models.In("list deleted merge tags", err)
	}
	for _, m := range gone {
		userID, err := d.whoDeleted(ctx, m.WorkspaceID, models.SubjectMergeTag, m.ID, models.ActionMergeTagDeleted)
		if err != nil {
			return models.In("read who deleted it", err)
		}
		after := int64(0)
		step := func() (bool, error) {
			found, err := d.contactsWithKey(ctx, m, after)
			if err != nil || len(found) == 0 {
				return true, err
			}
			after = found[len(found)-1].ID
			return false, d.purgeKey(ctx, m, found, userID, now)
		}
		if err := d.purge(ctx, &models.MergeTag{}, "", m.WorkspaceID, m.ID, now.Sub(*m.DeletedAt), step); err != nil {
			return models.In("take it off contacts", err)
		}
	}
	return nil
}

// contactsWithKey returns the next contacts, by id, that have a value for the merge tag.
func (d *DB) contactsWithKey(ctx context.Context, m models.MergeTag, after int64) (found []models.Contact, err error) {
	err = d.Read(ctx).Select("id").Where("workspace_id = ? AND id > ?", m.WorkspaceID, after).
		Where(holdsKey, likeKey(m.Key)).Order("id").Limit(purgeStep).Find(&found).Error
	return found, err
}

// purgeKey removes the key from those of contacts that have it.
func (d *DB) purgeKey(ctx context.Context, m models.MergeTag, contacts []models.Contact, userID int64, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockContacts(tx, m.WorkspaceID, idsOf(contacts)); err != nil {
			return err
		}
		var still []models.Contact
		if err := tx.Select("id, fields").Where("workspace_id = ? AND id IN ?", m.WorkspaceID, idsOf(contacts)).Find(&still).Error; err != nil {
			return err
		}
		var changed []int64
		for _, c := range still {
			if _, has := c.Fields[m.Key]; !has {
				continue
			}
			before := maps.Clone(c.Fields)
			delete(c.Fields, m.Key)
			fields, err := json.Marshal(c.Fields)
			if err != nil {
				return err
			}
			err = tx.Exec("UPDATE contacts SET fields = ? WHERE workspace_id = ? AND id = ?", string(fields), m.WorkspaceID, c.ID).Error
			if err != nil {
				return err
			}
			if err := IndexNames(tx, m.WorkspaceID, NamedContact{c.ID, before, c.Fields}); err != nil {
				return models.In("index the name", err)
			}
			changed = append(changed, c.ID)
		}
		if len(changed) == 0 {
			return nil
		}
		if err := reviseContacts(tx, models.DirtyContact{WorkspaceID: m.WorkspaceID, At: now}, userID, changed); err != nil {
			return err
		}
		return noteLoss(tx, m.WorkspaceID, userID, changed, models.ContactChange{Fields: []string{m.Label}}, now)
	})
}

// noteLoss records in each contact's history what it lost when a tag or merge tag was deleted.
func noteLoss(tx *gorm.DB, workspaceID, userID int64, ids []int64, change models.ContactChange, now time.Time) error {
	var contacts []models.Contact
	if err := tx.Select("id, version").Where("workspace_id = ? AND id IN ?", workspaceID, ids).Find(&contacts).Error; err != nil || len(contacts) == 0 {
		return err
	}
	entries := make([]models.AuditEntry, len(contacts))
	for i, c := range contacts {
		change.Version = c.Version
		entries[i] = models.AuditEntry{WorkspaceID: workspaceID, ID: models.NewID(now), UserID: userID, Action: models.ActionContactLost, Subject: models.SubjectOneOfMany,
			SubjectID: c.ID, Detail: models.JobJSON(change), At: now}
	}
	return tx.Create(&entries).Error
}
