package store

import (
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

// lockContacts is LockAddresses for contacts whose workspace and address are known.
func lockContacts(tx *gorm.DB, contacts []models.Contact) error {
	keys := make([]int64, len(contacts))
	for i, c := range contacts {
		keys[i] = models.AddressKey(c.WorkspaceID, c.Email)
	}
	return LockAddresses(tx, keys...)
}
