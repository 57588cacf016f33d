package store

import (
	"context"
	"slices"
	"strings"

	"campaignlark/models"
)

// FoundName is a thing that a search found by its name.
type FoundName struct {
	Kind string // "webhook", "tag", "merge-tag" or "segment"
	ID   int64
	Name string
	More string // the key of a merge tag, the type of a webhook
}

// SearchNames finds webhooks, tags, merge tags, segments, automations and destinations whose name contains text, ignoring case, at most limit of
// each kind. Go compares the names: a workspace has few, and neither database folds case as models.Fold does.
func (d *DB) SearchNames(ctx context.Context, workspaceID int64, text string, limit int) ([]FoundName, error) {
	var all, found []FoundName
	err := d.Read(ctx).Raw(`SELECT 'webhook' AS kind, id, name, type AS more FROM webhooks WHERE workspace_id = @ws AND deleted_at IS NULL
		UNION ALL SELECT 'tag', id, name, '' FROM tags WHERE workspace_id = @ws AND deleted_at IS NULL
		UNION ALL SELECT 'merge-tag', id, label, key FROM merge_tags WHERE workspace_id = @ws AND deleted_at IS NULL
		UNION ALL SELECT 'segment', id, name, '' FROM segments WHERE workspace_id = @ws
		UNION ALL SELECT 'automation', id, name, '' FROM automations WHERE workspace_id = @ws AND deleted_at IS NULL
		UNION ALL SELECT 'destination', id, name, '' FROM destinations WHERE workspace_id = @ws AND deleted_at IS NULL
		ORDER BY 3, 2`, map[string]any{"ws": workspaceID}).Scan(&all).Error
	count := map[string]int{}
	for _, f := range all {
		if count[f.Kind] < limit && (holds(f.Name, text) || f.Kind == "merge-tag" && holds(f.More, text)) {
			found = append(found, f)
			count[f.Kind]++
		}
	}
	return found, err
}

// SearchContacts finds the contact with this address, or else the newest contacts whose name or address has text, at most limit: first
// by name, then by address. It looks at the addresses of the newest 20,000 only.
func (d *DB) SearchContacts(ctx context.Context, workspaceID int64, text string, limit int) ([]models.Contact, error) {
	newest, err := d.NewestContact(ctx, workspaceID)
	if err != nil || models.IsBlank(text) {
		return nil, err
	}
	filter, err := d.ResolveFilter(ctx, workspaceID, ContactFilter{Search: text})
	if err != nil {
		return nil, err
	}
	var named []models.Contact
	if filter.Names || newest <= searchSpan && len(filter.words()) > 0 {
		byName := filter
		byName.Names = true
		if named, _, err = byName.NextContacts(d.Read(ctx), workspaceID, newest+1, limit); err != nil || len(named) == limit {
			return named, models.In("by name", err)
		}
		filter.Names, filter.Inside = false, true
	}
	found, _, err := filter.NextContacts(d.Read(ctx), workspaceID, newest+1, limit)
	for _, c := range found {
		if len(named) < limit && !slices.ContainsFunc(named, func(n models.Contact) bool { return n.ID == c.ID }) {
			named = append(named, c)
		}
	}
	return named, models.In("by address", err)
}

// holds reports whether name contains part, ignoring case.
func holds(name, part string) bool { return strings.Contains(models.Fold(name), models.Fold(part)) }
