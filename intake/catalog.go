package intake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/secrets"
	"campaignlark/senders"
)

// catalog is what the calls of one workspace rest on beside its contacts, at one revision of the workspace. Nobody changes it.
type catalog struct {
	revision int64
	webhooks map[int64]Webhook    // with their tags and the workspace's merge tags
	tags     map[int64]models.Tag // those that are not deleted
}

// catalogs keeps the catalogs of workspaces that were called. The number of a workspace's revision changes with its catalog, so one
// of the revision that a batch reads is what the batch would read.
type catalogs struct {
	mu    sync.Mutex
	known map[int64]*catalog             // by workspace
	rows  int                            // in all of them
	early map[webhookKey]senders.Answers // of webhooks that are in no catalog yet

	cipher secrets.Cipher // of the secrets of webhooks
}

// maxCatalogRows bounds the rows that all catalogs hold. If they hold more, reading starts again from none.
const maxCatalogRows = 50_000

// get returns the catalog of a workspace at a revision, nil if it is not known.
func (c *catalogs) get(workspace, revision int64) *catalog {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.known[workspace]; known != nil && known.revision == revision {
		return known
	}
	return nil
}

// webhook returns a webhook as it was read last, or the zero Webhook.
func (c *catalogs) webhook(workspace, id int64) Webhook {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, _ := c.read(webhookKey{workspace, id})
	return w
}

// answers returns what a webhook was told about its answers, as it was read last. known is false if it was never read.
func (c *catalogs) answers(of webhookKey) (a senders.Answers, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w, read := c.read(of); read {
		return w.Reading.Answering(), true
	}
	a, known = c.early[of]
	return a, known
}

// read returns a webhook of a catalog. The caller holds the lock.
func (c *catalogs) read(of webhookKey) (w Webhook, known bool) {
	if workspace := c.known[of.workspace]; workspace != nil {
		w, known = workspace.webhooks[of.id]
	}
	return w, known
}

// maxEarly bounds the answers that are kept for webhooks that no batch has read. If there are more, all are read again.
const maxEarly = 1 << 16

// putEarly keeps the answers of a webhook until a batch reads it.
func (c *catalogs) putEarly(of webhookKey, a senders.Answers) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, read := c.read(of); read {
		return
	}
	if c.early == nil || len(c.early) >= maxEarly {
		c.early = map[webhookKey]senders.Answers{}
	}
	c.early[of] = a
}

func (c *catalogs) put(workspace int64, fresh *catalog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.early, func(of webhookKey, _ senders.Answers) bool { return of.workspace == workspace })
	if old := c.known[workspace]; old != nil {
		c.rows -= old.size()
	}
	if c.rows += fresh.size(); c.known == nil || c.rows > maxCatalogRows {
		c.known, c.rows = map[int64]*catalog{}, fresh.size()
	}
	c.known[workspace] = fresh
}

// forget drops what is known of a workspace.
func (c *catalogs) forget(workspace int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.early, func(of webhookKey, _ senders.Answers) bool { return of.workspace == workspace })
	if old := c.known[workspace]; old != nil {
		c.rows -= old.size()
		delete(c.known, workspace)
	}
}

// size is how many rows the catalog holds.
func (c *catalog) size() int {
	n := len(c.webhooks) + len(c.tags)
	for _, w := range c.webhooks {
		return n + len(w.MergeTags) // all webhooks share them
	}
	return n
}

// catalogReader collects the rows of new catalogs. Webhooks must come before their tags, and tags before both.
type catalogReader struct {
	fresh     map[int64]*catalog // by workspace
	zones     map[int64]*time.Location
	mergeTags map[int64][]models.MergeTag
	cipher    secrets.Cipher
}

func newCatalogReader(cipher secrets.Cipher) *catalogReader {
	return &catalogReader{map[int64]*catalog{}, map[int64]*time.Location{}, map[int64][]models.MergeTag{}, cipher}
}

// want starts the catalog of a workspace.
func (r *catalogReader) want(of revision) {
	r.fresh[of.workspace] = &catalog{revision: of.number, webhooks: map[int64]Webhook{}, tags: map[int64]models.Tag{}}
	r.zones[of.workspace] = of.zone
}

func (r *catalogReader) addTag(scan scan) error {
	var workspace int64
	var t models.Tag
	err := scan(&workspace, &t.ID, &t.Name)
	if c := r.fresh[workspace]; c != nil {
		c.tags[t.ID] = t
	}
	return err
}

func (r *catalogReader) addWebhook(scan scan) error {
	var w Webhook
	err := scan(&w.WorkspaceID, &w.ID, &w.Name, &w.Type, &w.Hash, &w.Enabled, &w.DeletedAt, &w.Webhook.Reading, &w.ReadingRevision)
	if err == nil {
		if w.Reading, err = senders.ParseSettings(w.Webhook.Reading); err != nil {
			err = &refusedError{fmt.Errorf("the reading of webhook %d cannot be read: %w", w.ID, err)}
		}
	}
	w.Zone = r.zones[w.WorkspaceID]
	if c := r.fresh[w.WorkspaceID]; c != nil {
		c.webhooks[w.ID] = w
	}
	return err
}

func (r *catalogReader) addWebhookTag(scan scan) error {
	var workspace, webhook, tag int64
	if err := scan(&workspace, &webhook, &tag); err != nil {
		return err
	}
	c := r.fresh[workspace]
	if c == nil {
		return nil
	}
	if t, exists := c.tags[tag]; exists {
		w := c.webhooks[webhook]
		w.Tags = append(w.Tags, t)
		c.webhooks[webhook] = w
	}
	return nil
}

// addSecret adds a secret of a webhook. One that cannot be decrypted counts as none: the verdicts say that there is no secret.
func (r *catalogReader) addSecret(scan scan) error {
	var row models.WebhookSecret
	if err := scan(&row.WorkspaceID, &row.WebhookID, &row.Slot, &row.Sealed); err != nil {
		return err
	}
	c := r.fresh[row.WorkspaceID]
	secret, err := r.cipher.Open(row.Sealed, secrets.Row{WorkspaceID: row.WorkspaceID, OwnerID: row.WebhookID, Purpose: secrets.WebhookSignature})
	if c == nil || err != nil {
		return nil
	}
	w := c.webhooks[row.WebhookID]
	if row.Slot == models.SecretOlder {
		w.Secrets.Older = secret
	} else {
		w.Secrets.Newer = secret
	}
	c.webhooks[row.WebhookID] = w
	return nil
}

func (r *catalogReader) addMergeTag(scan scan) error {
	var t models.MergeTag
	var options string
	err := scan(&t.WorkspaceID, &t.ID, &t.Key, &t.Label, &t.Type, &options, &t.Default)
	if err == nil && options != "" {
		if err = json.Unmarshal([]byte(options), &t.Options); err != nil {
			return &refusedError{fmt.Errorf("the options of merge tag %d cannot be read: %w", t.ID, err)}
		}
	}
	r.mergeTags[t.WorkspaceID] = append(r.mergeTags[t.WorkspaceID], t)
	return err
}

// done gives each webhook the merge tags of its workspace, and keeps the catalogs.
func (r *catalogReader) done(keep *catalogs) {
	for workspace, c := range r.fresh {
		ignored := reasonsIgnored(r.mergeTags[workspace])
		for id, w := range c.webhooks {
			w.MergeTags, w.ignored = r.mergeTags[workspace], ignored
			c.webhooks[id] = w
		}
		keep.put(workspace, c)
	}
}

// named returns the tags with these ids that are not deleted, in the order of their ids.
func (c *catalog) named(ids []int64) []models.Tag {
	var tags []models.Tag
	for _, id := range ids {
		if t, exists := c.tags[id]; exists {
			tags = append(tags, t)
		}
	}
	slices.SortFunc(tags, func(a, b models.Tag) int { return int(a.ID - b.ID) })
	return tags
}
