package store

import (
	"errors"
	"slices"

	"campaignlark/models"

	"gorm.io/gorm"
)

// LockAddresses locks these addresses (keys from models.AddressKey) until tx ends: no other transaction changes their
// contacts. Every writer of contacts calls it before it reads what it will change, for at most 256 addresses in one
// transaction. SQLite has one writer and needs no lock.
func LockAddresses(tx *gorm.DB, keys ...int64) error {
	if tx.Name() != string(Postgres) {
		return nil
	}
	return tx.Exec(LockAddressesSQL, SortedAddressKeys(keys)).Error
}

// LockAddressesSQL takes the locks of LockAddresses; its only parameter is a sorted array of distinct keys.
const LockAddressesSQL = `SELECT pg_advisory_xact_lock(who) FROM unnest($1::bigint[]) AS who`

// SortedAddressKeys returns the distinct keys, sorted: all writers take their locks in this order.
func SortedAddressKeys(keys []int64) []int64 {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// errAddressChanged says that a contact got another address while the locks were taken. Write starts again then.
var errAddressChanged = errors.New("an address changed while its lock was awaited")

// lockContacts is LockAddresses for contacts of a workspace: for their addresses, those that they had before, and other keys. Call it
// in a transaction of DB.Write before the contacts are read.
func lockContacts(tx *gorm.DB, workspaceID int64, ids []int64, others ...int64) error {
	if tx.Name() != string(Postgres) {
		return nil
	}
	keys, err := addressKeysOf(tx, workspaceID, ids)
	if err != nil {
		return err
	}
	if err := LockAddresses(tx, append(others, keys...)...); err != nil {
		return err
	}
	now, err := addressKeysOf(tx, workspaceID, ids)
	if slices.ContainsFunc(now, func(key int64) bool { return !slices.Contains(keys, key) }) {
		return errAddressChanged
	}
	return err
}

// addressKeysOf returns the keys of the addresses that contacts have and had.
func addressKeysOf(tx *gorm.DB, workspaceID int64, ids []int64) ([]int64, error) {
	var addresses []string
	err := tx.Raw(`SELECT email FROM contacts WHERE workspace_id = @ws AND id IN @ids
		UNION SELECT address FROM former_addresses WHERE workspace_id = @ws AND contact_id IN @ids`, map[string]any{"ws": workspaceID, "ids": ids}).Scan(&addresses).Error
	keys := make([]int64, len(addresses))
	for i, address := range addresses {
		keys[i] = models.AddressKey(workspaceID, address)
	}
	return keys, err
}
