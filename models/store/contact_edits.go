package store

import (
	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// contactEdit has the values of an edit by hand, or of a change by an import. ID is that of its entry in the audit log, which has names only and outlives the person.
type contactEdit struct {
	WorkspaceID int64
	ContactID   int64
	ID          uuid.UUID
	Detail      string // JSON: models.EditValues
}

// keepValues stores the values of the edit whose audit entry is id.
func keepValues(tx *gorm.DB, c models.Contact, id uuid.UUID, values models.EditValues) error {
	if values.Empty() {
		return nil
	}
	return tx.Create(&contactEdit{c.WorkspaceID, c.ID, id, models.JobJSON(values)}).Error
}

// addValues fills in the values of edits of one contact.
func addValues(q *gorm.DB, c models.Contact, edits []ContactEdit) error {
	if len(edits) == 0 {
		return nil
	}
	ids := idsFrom(nil, edits, func(e ContactEdit) uuid.UUID { return e.ID })
	var found []contactEdit
	if err := q.Where("workspace_id = ? AND contact_id = ? AND id IN ?", c.WorkspaceID, c.ID, ids).Find(&found).Error; err != nil {
		return err
	}
	for _, f := range found {
		for i := range edits {
			if edits[i].ID == f.ID {
				edits[i].Values = models.ReadJobJSON[models.EditValues](f.Detail)
			}
		}
	}
	return nil
}
