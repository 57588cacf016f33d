package store

import (
	"slices"

	"campaignlark/models"

	"gorm.io/gorm"
)

// LockAddresses makes this transaction the only one that changes the contacts of these addresses (from models.AddressKey)
// until it ends. Every writer of contacts calls it before it reads what it will change, at most 256 addresses a
// transaction. On SQLite there is one writer anyway.
func LockAddresses(tx *gorm.DB, keys ...int64) error {
	if tx.Name() != string(Postgres) {
		return nil
	}
	return tx.Exec(LockAddressesSQL, SortedAddressKeys(keys)).Error
}

// LockAddressesSQL takes the locks of LockAddresses; its only parameter is a sorted array of distinct numbers.
const LockAddressesSQL = `SELECT pg_advisory_xact_lock(who) FROM unnest($1::bigint[]) AS who`

// SortedAddressKeys returns the distinct numbers in the one order in which every writer takes its locks.
func SortedAddressKeys(keys []int64) []int64 {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// lockContacts is LockAddresses for contacts of which workspace and address are known.
func lockContacts(tx *gorm.DB, contacts []models.Contact) error {
	keys := make([]int64, len(contacts))
	for i, c := range contacts {
		keys[i] = models.AddressKey(c.WorkspaceID, c.Email)
	}
	return LockAddresses(tx, keys...)
}
