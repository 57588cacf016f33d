package automations

import (
	"sync"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// mostKnown is how many workspaces a runner knows the tags, merge tags and webhooks of.
const mostKnown = 64

// known keeps what the definitions of workspaces can refer to between the transactions of a runner. Reading all of it takes a large part of a
// transaction, and on SQLite nobody else can write at that time.
type known struct {
	mu  sync.Mutex
	all map[int64]knownSchema
}

// knownSchema is a schema at a revision of its workspace. The database raises the revision with every change of tags, merge tags and webhooks,
// and of the time zone.
type knownSchema struct {
	revision int64
	schema   rule.Schema
}

// things is thingsIn with what is known still. Segments have only their ids, their names and whether they are broken. No revision counts
// their changes, so they are read each time.
func (k *known) things(tx *gorm.DB, w models.Workspace, mail bool) (Things, error) {
	schema, err := k.schema(tx, w)
	if err != nil {
		return Things{}, models.In("schema", err)
	}
	schema.Segments = nil
	if err := tx.Select("workspace_id, id, name, broken_reason").Where("workspace_id = ?", w.ID).Order("id").Find(&schema.Segments).Error; err != nil {
		return Things{}, models.In("segments", err)
	}
	return thingsWith(rule.NewSchema(schema), tx, w, mail)
}

// schema returns a workspace's schema. Its segments may be older ones.
func (k *known) schema(tx *gorm.DB, w models.Workspace) (rule.Schema, error) {
	var revision int64 // read first: what is read after it may be newer, and is then read again
	if err := tx.Raw("SELECT revision FROM workspaces WHERE id = ?", w.ID).Scan(&revision).Error; err != nil {
		return rule.Schema{}, err
	}
	k.mu.Lock()
	kept, there := k.all[w.ID]
	k.mu.Unlock()
	if there && kept.revision == revision {
		return kept.schema, nil
	}
	schema, err := segments.SchemaIn(tx, w)
	if err != nil {
		return schema, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= mostKnown {
		k.all = map[int64]knownSchema{}
	}
	k.all[w.ID] = knownSchema{revision, schema}
	return schema, nil
}
