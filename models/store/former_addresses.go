package store

import (
	"context"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// FormerAddress is an address that a contact had until ChangedAt. Calls for it from before then are calls for the contact. Later ones
// belong to nobody, or to another contact that has the address now.
type FormerAddress struct {
	WorkspaceID int64
	ContactID   int64
	Address     string // in its stored form
	ChangedAt   time.Time
}

// AddressKey returns the key of the address.
func (f FormerAddress) AddressKey() int64 { return models.AddressKey(f.WorkspaceID, f.Address) }

// Until returns the id that is above those of the calls for the contact.
func (f FormerAddress) Until() uuid.UUID { return models.IDAt(f.ChangedAt) }

// FormerAddresses lists the earlier addresses of a contact, the latest first.
func (d *DB) FormerAddresses(ctx context.Context, workspaceID, contactID int64) ([]FormerAddress, error) {
	return formerAddresses(d.Read(ctx).Order("changed_at DESC"), workspaceID, []int64{contactID})
}

func formerAddresses(q *gorm.DB, workspaceID int64, contacts []int64) (all []FormerAddress, err error) {
	return all, q.Where("workspace_id = ? AND contact_id IN ?", workspaceID, contacts).Find(&all).Error
}

// keepFormerAddress records that c has another address from now on.
func keepFormerAddress(tx *gorm.DB, c models.Contact, former string, now time.Time) error {
	err := tx.Where("workspace_id = ? AND contact_id = ? AND address = ?", c.WorkspaceID, c.ID, c.Email).Delete(&FormerAddress{}).Error
	if err != nil {
		return err
	}
	again := clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}, {Name: "contact_id"}, {Name: "address"}}, DoUpdates: clause.AssignmentColumns([]string{"changed_at"})}
	return tx.Clauses(again).Create(&FormerAddress{c.WorkspaceID, c.ID, former, now}).Error
}

// whereCallsOf selects the calls for a contact's address, and those for its former addresses from the time when it had them.
func whereCallsOf(q *gorm.DB, c models.Contact, former []FormerAddress) *gorm.DB {
	condition, values := "who = ? AND address = ?", []any{models.AddressKey(c.WorkspaceID, c.Email), c.Email}
	for _, f := range former {
		condition += " OR who = ? AND address = ? AND id < ?"
		values = append(values, f.AddressKey(), f.Address, f.Until())
	}
	return q.Where("workspace_id = ?", c.WorkspaceID).Where("("+condition+")", values...)
}

// hadAddress selects the contacts that had an address with condition, about the column address.
const hadAddress = "contacts.id IN (SELECT contact_id FROM former_addresses WHERE workspace_id = ? AND "
