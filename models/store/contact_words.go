package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// The table contact_words has the words of contacts' names. Every writer of a contact's fields keeps it up to date in the transaction
// that writes them, under the contact's address lock. Only the words of contacts that calls create are added afterwards, by IndexNewNames:
// they would cost the calls a sixth of their speed.

// NamedContact is a contact whose fields change; nil fields are those of no contact.
type NamedContact struct {
	ID            int64
	Before, After map[string]string
}

// IndexNames updates the words of contacts that tx changes or deletes. Call it in every transaction that writes a contact's fields,
// after LockAddresses.
func IndexNames(tx *gorm.DB, workspaceID int64, contacts ...NamedContact) error {
	var lost, gained []wordOf
	for _, c := range contacts {
		gone, got := models.NameChange(c.Before, c.After)
		for _, word := range gone {
			lost = append(lost, wordOf{word, c.ID})
		}
		for _, word := range got {
			gained = append(gained, wordOf{word, c.ID})
		}
	}
	pairs := "SELECT value ->> 0 AS word, value ->> 1 AS contact_id FROM json_each(?)"
	if tx.Name() == string(Postgres) {
		pairs = "SELECT value ->> 0 AS word, CAST(value ->> 1 AS bigint) AS contact_id FROM json_array_elements(CAST(? AS json))"
	}
	if len(lost) > 0 {
		err := tx.Exec("DELETE FROM contact_words WHERE workspace_id = ? AND (word, contact_id) IN ("+pairs+")", workspaceID, models.JobJSON(lost)).Error
		if err != nil {
			return models.In("delete words of names", err)
		}
	}
	if len(gained) == 0 {
		return nil
	}
	slices.SortFunc(gained, func(a, b wordOf) int { return strings.Compare(a[0].(string), b[0].(string)) }) // in the index's order, which is faster
	err := tx.Exec("INSERT INTO contact_words (workspace_id, word, contact_id) SELECT CAST(? AS bigint), word, contact_id FROM ("+pairs+") AS pairs WHERE true ON CONFLICT DO NOTHING",
		workspaceID, models.JobJSON(gained)).Error
	return models.In("insert words of names", err)
}

// wordOf is a word of a name and the contact's id.
type wordOf [2]any

// forgetNames deletes the words of contacts that tx deletes; it needs their ids and fields.
func forgetNames(tx *gorm.DB, workspaceID int64, contacts []models.Contact) error {
	named := make([]NamedContact, len(contacts))
	for i, c := range contacts {
		named[i] = NamedContact{ID: c.ID, Before: c.Fields}
	}
	return IndexNames(tx, workspaceID, named...)
}

// wordFill is a workspace with contacts whose words are missing: those above AfterID, if they are from before the table.
type wordFill struct {
	WorkspaceID int64 `gorm:"primaryKey;autoIncrement:false"`
	AfterID     int64
}

func (wordFill) TableName() string { return "contact_word_fills" }

// FillContactWords adds the words of the contacts that were there before the table contact_words. Replicas may run it at the same
// time.
func (d *DB) FillContactWords(ctx context.Context) error {
	var fills []wordFill
	if err := d.Read(ctx).Order("workspace_id").Find(&fills).Error; err != nil {
		return models.In("list workspaces", err)
	}
	for _, f := range fills {
		for done := false; !done; {
			var err error
			if done, err = d.fillWordsStep(ctx, &f); err != nil {
				return models.In("index the names of contacts", err)
			}
		}
	}
	return nil
}

// fillWordsStep indexes the next purgeStep contacts of a workspace and reports whether they were the last.
func (d *DB) fillWordsStep(ctx context.Context, f *wordFill) (last bool, err error) {
	var next []models.Contact
	err = d.Read(ctx).Select("id").Where("workspace_id = ? AND id > ?", f.WorkspaceID, f.AfterID).Order("id").Limit(purgeStep).Find(&next).Error
	if err != nil {
		return false, err
	}
	if len(next) == 0 {
		return true, d.Write(ctx, func(tx *gorm.DB) error { return tx.Delete(f).Error })
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		if err := indexNamesOf(tx, f.WorkspaceID, idsOf(next)); err != nil {
			return err
		}
		return tx.Model(f).Where("workspace_id = ? AND after_id < ?", f.WorkspaceID, next[len(next)-1].ID).Update("after_id", next[len(next)-1].ID).Error
	})
	f.AfterID = next[len(next)-1].ID
	return false, err
}

// indexNamesOf adds the words of contacts to the index, as their names are under their locks.
func indexNamesOf(tx *gorm.DB, workspaceID int64, ids []int64) error {
	if err := lockContacts(tx, workspaceID, ids); err != nil {
		return err
	}
	var contacts []models.Contact
	if err := Among(tx.Select("id, fields").Where("workspace_id = ?", workspaceID), "id", ids).Find(&contacts).Error; err != nil {
		return err
	}
	named := make([]NamedContact, len(contacts))
	for i, c := range contacts {
		named[i] = NamedContact{ID: c.ID, After: c.Fields}
	}
	return IndexNames(tx, workspaceID, named...)
}

// IndexNewNames adds the words of contacts that calls created. While calls wait, it stops after a step in each workspace, and the next
// run goes on. Replicas may run it at the same time.
func (d *DB) IndexNewNames(ctx context.Context, _ time.Time) error {
	for {
		var workspaces []int64
		if err := d.Read(ctx).Raw("SELECT DISTINCT workspace_id FROM unindexed_names").Scan(&workspaces).Error; err != nil {
			return models.In("list workspaces with new names", err)
		}
		var errs []error
		indexed := 0
		for _, id := range workspaces {
			err := d.Write(ctx, func(tx *gorm.DB) error {
				n, err := indexNewNames(tx, id)
				indexed += n
				return err
			})
			errs = append(errs, models.In("index new names", err))
		}
		if err := errors.Join(errs...); err != nil || indexed == 0 || d.CallsWait() {
			return err
		}
	}
}

// newNamesStep is about how many contacts one transaction indexes. Calls of their addresses wait for it, and on SQLite all calls.
const newNamesStep = 500

// indexNewNames indexes the contacts of a workspace that have waited longest, and returns how many they were.
func indexNewNames(tx *gorm.DB, workspaceID int64) (int, error) {
	waiting := "SELECT id, contact_ids FROM unindexed_names WHERE workspace_id = ? ORDER BY id LIMIT 100"
	if tx.Name() == string(Postgres) {
		waiting += " FOR UPDATE SKIP LOCKED" // another replica indexes those
	}
	var rows []models.UnindexedNames
	if err := tx.Raw(waiting, workspaceID).Scan(&rows).Error; err != nil {
		return 0, err
	}
	var done, contacts []int64
	for _, row := range rows {
		if len(contacts) >= newNamesStep {
			break
		}
		done, contacts = append(done, row.ID), append(contacts, row.Contacts()...)
	}
	if len(done) == 0 {
		return 0, nil
	}
	if err := indexNamesOf(tx, workspaceID, contacts); err != nil {
		return 0, err
	}
	return len(contacts), Among(tx.Where("workspace_id = ?", workspaceID), "id", done).Delete(&models.UnindexedNames{}).Error
}

// nameSearch finds contacts by the words that their names begin with; it is sorted. It implements Members, for the contacts of one workspace.
type nameSearch []string

// wordEnd is above every letter: the words that begin with p are at least p and less than p + wordEnd.
const wordEnd = "\U0010FFFF"

// condition selects the rows of contact_words whose contact matches: by the longest word, which few names have, and the others.
func (s nameSearch) condition(workspaceID int64) (sql string, values []any) {
	longest := slices.MaxFunc(s, func(a, b string) int { return len(a) - len(b) })
	parts := []string{"workspace_id = ? AND word >= ? AND word < ?"}
	values = []any{workspaceID, longest, longest + wordEnd}
	for _, word := range s {
		if word != longest {
			parts = append(parts, "contact_id IN (SELECT contact_id FROM contact_words WHERE workspace_id = ? AND word >= ? AND word < ?)")
			values = append(values, workspaceID, word, word+wordEnd)
		}
	}
	return strings.Join(parts, " AND "), values
}

// Below implements Members.
func (s nameSearch) Below(q *gorm.DB, workspaceID, _, before int64, limit int) (ids []int64, err error) {
	return ids, s.below(q, workspaceID, before, limit).Scan(&ids).Error
}

// below is the query of Below.
func (s nameSearch) below(q *gorm.DB, workspaceID, before int64, limit int) *gorm.DB {
	sql, values := s.condition(workspaceID)
	return q.Raw("SELECT DISTINCT contact_id FROM contact_words WHERE "+sql+" AND contact_id < ? ORDER BY contact_id DESC LIMIT ?", append(values, before, limit)...)
}

// Above implements Members.
func (s nameSearch) Above(q *gorm.DB, workspaceID, _, after int64, limit int) (ids []int64, err error) {
	sql, values := s.condition(workspaceID)
	return ids, q.Raw("SELECT DISTINCT contact_id FROM contact_words WHERE "+sql+" AND contact_id > ? ORDER BY contact_id LIMIT ?", append(values, after, limit)...).Scan(&ids).Error
}

// count counts the contacts, at most ExactCount + 1. Each contact has at most MaxNameWords rows, so the inner limit is enough.
func (s nameSearch) count(q *gorm.DB, workspaceID int64) (n int64, err error) {
	sql, values := s.condition(workspaceID)
	err = q.Raw("SELECT count(DISTINCT contact_id) FROM (SELECT contact_id FROM contact_words WHERE "+sql+" LIMIT ?) AS few",
		append(values, (models.ExactCount+1)*models.MaxNameWords)...).Scan(&n).Error
	return min(n, models.ExactCount+1), err
}
