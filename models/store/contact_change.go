package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// A change by hand follows the same steps as a call: it takes the address lock, raises the version and marks the contact
// for its segments. It fires no event (CONTRACT "What each type does"), and audit_log records it.

// CreateContact adds a contact by hand; email is in its stored form. If the address is taken, it returns
// ErrContactExists and the existing contact.
func (d *DB) CreateContact(ctx context.Context, workspaceID, userID int64, email string, in models.ContactInput, now time.Time) (models.Contact, error) {
	var c models.Contact
	err := d.Write(ctx, func(tx *gorm.DB) error {
		c = models.Contact{WorkspaceID: workspaceID, Email: email, Fields: map[string]string{}, Version: 1, CreatedAt: now, UpdatedAt: now}
		if err := LockAddresses(tx, models.AddressKey(workspaceID, email)); err != nil {
			return models.In("lock the address", err)
		}
		found, err := First[models.Contact](tx.Where("workspace_id = ? AND email = ?", workspaceID, email))
		if ErrorCode(err) != models.CodeNotFound {
			if c = found; err == nil {
				err = models.ErrContactExists
			}
			return err
		}
		edit, err := applyInput(tx, &c, in, now)
		if err != nil {
			return err
		}
		if c.ID, err = ReserveContactIDs(tx, workspaceID, 1); err != nil {
			return models.In("reserve the id", err)
		}
		if err := tx.Create(&c).Error; err != nil {
			return models.In("insert", err)
		}
		if err := IndexNames(tx, workspaceID, NamedContact{ID: c.ID, After: c.Fields}); err != nil {
			return models.In("index the name", err)
		}
		return finishChange(tx, models.AuditEntry{UserID: userID, Action: models.ActionContactCreated, Subject: models.SubjectContact}, models.DirtyContact{}, c, edit, now)
	})
	return c, err
}

// UpdateContact changes a contact by hand and reports whether anything was different. version is the one that the person
// saw: if the contact has another one, the error is ErrChanged. It is ErrContactExists if another contact has the new address.
func (d *DB) UpdateContact(ctx context.Context, c models.Contact, userID, version int64, in models.ContactInput, now time.Time) (changed bool, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		changed = false
		var others []int64
		if in.Email != "" {
			others = append(others, models.AddressKey(c.WorkspaceID, in.Email))
		}
		if err := lockContacts(tx, c.WorkspaceID, []int64{c.ID}, others...); err != nil {
			return models.In("lock the addresses", err)
		}
		c, err := First[models.Contact](tx.Where("workspace_id = ? AND id = ?", c.WorkspaceID, c.ID))
		if err != nil {
			return err
		}
		if c.Version != version {
			return models.ErrChanged
		}
		if in.Email != "" && in.Email != c.Email {
			switch _, err := First[models.Contact](tx.Where("workspace_id = ? AND email = ?", c.WorkspaceID, in.Email)); {
			case err == nil:
				return models.ErrContactExists
			case ErrorCode(err) != models.CodeNotFound:
				return models.In("look for the address", err)
			}
		}
		former := c.Email
		before := maps.Clone(c.Fields)
		edit, err := applyInput(tx, &c, in, now)
		if err != nil || edit.Nothing() {
			return err
		}
		changed = true
		if err := saveChange(tx, &c, now); err != nil {
			return err
		}
		if c.Email != former {
			if err := keepFormerAddress(tx, c, former, now); err != nil {
				return models.In("keep the former address", err)
			}
		}
		if err := IndexNames(tx, c.WorkspaceID, NamedContact{c.ID, before, c.Fields}); err != nil {
			return models.In("index the name", err)
		}
		return finishChange(tx, models.AuditEntry{UserID: userID, Action: models.ActionContactUpdated, Subject: models.SubjectContact}, models.DirtyContact{}, c, edit, now)
	})
	return changed, err
}

// saveChange stores a changed contact as its next version.
func saveChange(tx *gorm.DB, c *models.Contact, now time.Time) error {
	c.Version, c.UpdatedAt = c.Version+1, now
	return models.In("update", tx.Model(&models.Contact{}).Where("workspace_id = ? AND id = ?", c.WorkspaceID, c.ID).
		Select("email", "status", "fields", "version", "updated_at", "subscribed_at", "unconfirmed_at", "unsubscribed_at").Updates(c).Error)
}

// DeleteContact erases a contact, including what the log and the events hold of the person.
func (d *DB) DeleteContact(ctx context.Context, c models.Contact, userID int64, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockContacts(tx, c.WorkspaceID, []int64{c.ID}); err != nil {
			return models.In("lock the addresses", err)
		}
		c, err := First[models.Contact](tx.Where("workspace_id = ? AND id = ?", c.WorkspaceID, c.ID))
		if err != nil {
			return err
		}
		if err := EraseContact(tx, c, userID, now); err != nil {
			return models.In("erase", err)
		}
		return auditContact(tx, userID, models.ActionContactDeleted, c.WorkspaceID, c.ID, models.ContactChange{StatusBefore: c.Status, Version: c.Version + 1}, now)
	})
}

// tagMoves holds the tags that a change adds to a contact and removes from it.
type tagMoves struct{ add, remove []models.Tag }

// handEdit is what a change by hand changes.
type handEdit struct {
	models.ContactChange
	values models.EditValues
	tags   tagMoves
}

// applyInput changes the address, fields and status of c to in, and returns what is different. It ignores merge tags and tags
// that were deleted after the form was read.
func applyInput(tx *gorm.DB, c *models.Contact, in models.ContactInput, now time.Time) (edit handEdit, err error) {
	var keys []string
	err = tx.Model(&models.MergeTag{}).Where("workspace_id = ? AND deleted_at IS NULL", c.WorkspaceID).Order("id").Pluck("key", &keys).Error
	if err != nil {
		return edit, models.In("merge tags", err)
	}
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	for _, key := range keys {
		value, given := in.Fields[key]
		if !given || value == c.Fields[key] {
			continue
		}
		edit.Fields = append(edit.Fields, key)
		edit.values.Fields = append(edit.values.Fields, models.EditedField{Key: key, EditedValue: models.EditedValue{Before: c.Fields[key], After: value}})
		if c.Fields[key] = value; value == "" {
			delete(c.Fields, key)
		}
	}
	if in.Email != "" && c.ID != 0 && in.Email != c.Email {
		edit.Address = true
		edit.values.Address = &models.EditedValue{Before: c.Email, After: in.Email}
		c.Email = in.Email
	}
	edit.StatusBefore = c.Status
	c.SetStatus(in.Status, now)
	if edit.StatusAfter = c.Status; edit.StatusAfter == edit.StatusBefore {
		edit.StatusBefore, edit.StatusAfter = "", ""
	}
	edit.tags, err = moveTags(tx, *c, in.Tags)
	for _, t := range edit.tags.add {
		edit.TagsAdded = append(edit.TagsAdded, t.Name)
	}
	for _, t := range edit.tags.remove {
		edit.TagsRemoved = append(edit.TagsRemoved, t.Name)
	}
	return edit, err
}

// moveTags compares the tags that the contact has with those that it should have.
func moveTags(tx *gorm.DB, c models.Contact, wanted []models.Tag) (moves tagMoves, err error) {
	var live []models.Tag
	if err := tx.Where("workspace_id = ? AND deleted_at IS NULL", c.WorkspaceID).Order("name_folded").Find(&live).Error; err != nil {
		return moves, models.In("tags", err)
	}
	var had []int64
	if c.ID != 0 {
		err = tx.Model(&models.ContactTag{}).Where("workspace_id = ? AND contact_id = ?", c.WorkspaceID, c.ID).Pluck("tag_id", &had).Error
	}
	for _, t := range live {
		has := slices.Contains(had, t.ID)
		should := slices.ContainsFunc(wanted, func(w models.Tag) bool { return w.ID == t.ID })
		switch {
		case should && !has:
			moves.add = append(moves.add, t)
		case has && !should:
			moves.remove = append(moves.remove, t)
		}
	}
	return moves, err
}

// counts returns the difference that the edit makes.
func (e handEdit) counts() models.ContactCounts {
	diff := models.ContactCounts{}
	diff.Add(string(e.StatusBefore), -1)
	diff.Add(string(e.StatusAfter), 1)
	for _, t := range e.tags.add {
		diff.Add(models.TagCount(t.ID), 1)
	}
	for _, t := range e.tags.remove {
		diff.Add(models.TagCount(t.ID), -1)
	}
	return diff
}

// finishChange writes what belongs to a changed contact besides its row: its tags, its mark, the audit entry and the values. entry says who
// changed it and how, mark what caused it.
func finishChange(tx *gorm.DB, entry models.AuditEntry, mark models.DirtyContact, c models.Contact, edit handEdit, now time.Time) error {
	mark.WorkspaceID, mark.At = c.WorkspaceID, now
	for _, t := range edit.tags.remove {
		if err := tx.Where("workspace_id = ? AND contact_id = ? AND tag_id = ?", c.WorkspaceID, c.ID, t.ID).Delete(&models.ContactTag{}).Error; err != nil {
			return models.In("take tags off", err)
		}
	}
	for _, t := range edit.tags.add {
		if err := tx.Create(&models.ContactTag{WorkspaceID: c.WorkspaceID, ContactID: c.ID, TagID: t.ID}).Error; err != nil {
			return models.In("add tags", err)
		}
	}
	if err := CountContacts(tx, c.WorkspaceID, edit.counts()); err != nil {
		return models.In("count", err)
	}
	if err := markContacts(tx, mark, entry.UserID, []int64{c.ID}); err != nil {
		return models.In("mark", err)
	}
	edit.Version = c.Version
	entry.WorkspaceID, entry.SubjectID = c.WorkspaceID, c.ID
	entry, err := newAuditEntry(entry, edit.ContactChange, now)
	if err != nil {
		return err
	}
	if err := tx.Create(&entry).Error; err != nil {
		return models.In("audit log", err)
	}
	if err := keepValues(tx, c, entry.ID, edit.values); err != nil {
		return models.In("keep the values", err)
	}
	if mark.RunID != nil { // a run of an automation writes its events itself
		return nil
	}
	return models.In("events for automations", fireByHand(tx, c.WorkspaceID, nil, eventsOf(c.ID, edit.ContactChange, edit.tags.add, edit.tags.remove, entry.Action == models.ActionContactCreated), now))
}
