package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Support staff read the calls of every workspace that is not deleted.

// RequestAnywhere returns the call with an id and its workspace. It returns ErrNotFound also if the workspace is
// deleted.
func (d *DB) RequestAnywhere(ctx context.Context, id uuid.UUID) (models.WebhookRequest, models.Workspace, error) {
	type call struct {
		models.WebhookRequest
		Home models.Workspace `gorm:"embedded;embeddedPrefix:home_"`
	}
	found, err := First[call](d.Read(ctx).Table("webhook_requests AS r").
		Select("r.*, w.id AS home_id, w.slug AS home_slug, w.name AS home_name, w.time_zone AS home_time_zone, w.created_at AS home_created_at").
		Joins("JOIN workspaces w ON w.id = r.workspace_id AND w.deleted_at IS NULL").Where("r.id = ?", id))
	return found.WebhookRequest, found.Home, err
}

// FoundContact is a contact with the name and the slug of its workspace.
type FoundContact struct {
	models.Contact
	Workspace, Slug string
	Former          bool // the contact had the address before
}

// ContactsAnywhere returns the contacts that have or had an address in its stored form, in one workspace or in all if workspaceID is 0. SQLite
// keeps the order of CROSS JOIN: without it, it reads all contacts.
func (d *DB) ContactsAnywhere(ctx context.Context, workspaceID int64, email string) (found []FoundContact, err error) {
	err = d.Read(ctx).Raw(`SELECT c.*, w.name AS workspace, w.slug, false AS former FROM workspaces w CROSS JOIN contacts c
			WHERE c.workspace_id = w.id AND c.email = @email AND w.deleted_at IS NULL AND (@ws = 0 OR w.id = @ws)
		UNION ALL SELECT c.*, w.name, w.slug, true FROM workspaces w CROSS JOIN former_addresses f CROSS JOIN contacts c
			WHERE f.workspace_id = w.id AND f.address = @email AND c.workspace_id = f.workspace_id AND c.id = f.contact_id AND c.email <> @email
			AND w.deleted_at IS NULL AND (@ws = 0 OR w.id = @ws)
		ORDER BY workspace, workspace_id, former, id LIMIT 100`, map[string]any{"email": email, "ws": workspaceID}).Scan(&found).Error
	return found, err
}

// WorkspaceBySlug returns a workspace that is not deleted, or ErrNotFound.
func (d *DB) WorkspaceBySlug(ctx context.Context, slug string) (models.Workspace, error) {
	if models.ValidText(slug) != slug {
		return models.Workspace{}, models.ErrNotFound
	}
	return First[models.Workspace](d.Read(ctx).Where("slug = ? AND deleted_at IS NULL", slug))
}

// WebhookOfHash returns the webhook that has or had this hash, deleted or not, with its workspace. It returns
// ErrNotFound if no webhook ever had it or the workspace is deleted.
func (d *DB) WebhookOfHash(ctx context.Context, hash string) (models.Webhook, models.Workspace, error) {
	if models.ValidText(hash) != hash {
		return models.Webhook{}, models.Workspace{}, models.ErrNotFound
	}
	h, err := First[models.WebhookHash](d.Read(ctx).Where("hash = ?", hash))
	if err != nil {
		return models.Webhook{}, models.Workspace{}, err
	}
	w, err := First[models.Workspace](d.Read(ctx).Where("id = ? AND deleted_at IS NULL", h.WorkspaceID))
	if err != nil {
		return models.Webhook{}, w, err
	}
	webhook, err := d.WebhookEver(ctx, h.WorkspaceID, h.WebhookID)
	return webhook, w, err
}

// WebhooksOf returns the webhooks of calls of several workspaces, deleted or not, by id.
func (d *DB) WebhooksOf(ctx context.Context, calls []models.WebhookRequest) (map[int64]models.Webhook, error) {
	ids := map[int64][]int64{}
	for _, r := range calls {
		if !slices.Contains(ids[r.WorkspaceID], r.WebhookID) {
			ids[r.WorkspaceID] = append(ids[r.WorkspaceID], r.WebhookID)
		}
	}
	found := map[int64]models.Webhook{}
	if len(ids) == 0 {
		return found, nil
	}
	query := d.Read(ctx)
	for workspaceID, webhooks := range ids {
		query = query.Or("workspace_id = ? AND id IN ?", workspaceID, webhooks)
	}
	var all []models.Webhook
	err := query.Find(&all).Error
	for _, w := range all {
		found[w.ID] = w
	}
	return found, err
}

// manySteps is how many steps a search in several workspaces takes for one page.
const manySteps = 5

// RequestsOf is Requests for several workspaces together. A search of what was sent looks at the calls of a step until walkTime is over.
func (d *DB) RequestsOf(ctx context.Context, workspaceIDs []int64, filter RequestFilter, cursor models.Cursor) (RequestPage, error) {
	page := RequestPage{Newer: cursor.Before != uuid.Nil, Older: cursor.Rising()}
	per := RequestPageSize + 1
	if !filter.indexed() && len(workspaceIDs) > 0 {
		per = max(per, walkStep/len(workspaceIDs))
	}
	var matching []callKey
	began := time.Now()
	for from, step := cursor, 0; step < manySteps && len(workspaceIDs) > 0; step++ {
		found, err := d.callKeys(ctx, workspaceIDs, filter, from, per)
		if err != nil {
			return page, err
		}
		sure, end := mergeCalls(found, per, cursor.Rising())
		sure = slices.DeleteFunc(sure, func(c callKey) bool { return !c.Matches })
		if filter.byContent() {
			var last uuid.UUID
			if sure, last, err = d.matchingBodies(ctx, sure, filter, began); err != nil {
				return page, err
			}
			if last != uuid.Nil {
				end, step = last, manySteps
			}
		}
		matching = append(matching, sure...)
		if page.Stopped = end; end == uuid.Nil || len(matching) > RequestPageSize {
			page.Stopped = uuid.Nil
			break
		}
		if cursor.Rising() {
			from.After = end
		} else {
			from.Before = end
		}
	}
	more := len(matching) > RequestPageSize || page.Stopped != uuid.Nil
	page.Newer, page.Older = page.Newer || more && cursor.Rising(), page.Older || more && !cursor.Rising()
	var err error
	page.Requests, err = d.callsOf(ctx, matching[:min(len(matching), RequestPageSize)], listedColumns)
	return page, err
}

// matchingBodies returns those of the calls, which are in the order of the search, whose bodies match the filter. last is the call after which it
// stopped because the time of a search that began then is over, zero if it looked at all.
func (d *DB) matchingBodies(ctx context.Context, keys []callKey, filter RequestFilter, began time.Time) (matching []callKey, last uuid.UUID, err error) {
	if filter.Matches == nil {
		return nil, uuid.Nil, errors.New("a search of what was sent needs RequestFilter.Matches")
	}
	for some := range slices.Chunk(keys, bodiesOfMany) {
		if last != uuid.Nil && time.Since(began) > walkTime {
			return matching, last, nil
		}
		calls, err := d.callsOf(ctx, some, wholeColumns)
		if err != nil {
			return nil, uuid.Nil, err
		}
		matches := map[uuid.UUID]bool{}
		for _, r := range calls {
			matches[r.ID] = filter.Matches(r)
		}
		for _, key := range some {
			if matches[key.ID] {
				matching = append(matching, key)
			}
		}
		last = some[len(some)-1].ID
	}
	return matching, uuid.Nil, nil
}

// bodiesOfMany is how many bodies a search in several workspaces reads at a time.
const bodiesOfMany = 200

// callKey identifies a call and says whether it matches the filter.
type callKey struct {
	WorkspaceID int64
	ID          uuid.UUID
	Matches     bool
}

// mergeCalls sorts the calls of several workspaces. Each workspace was asked for per calls, and one that returned per
// calls may have more. sure are the calls up to the first such end, which no missing call can precede. end is that id,
// zero if all calls are there.
func mergeCalls(found []callKey, per int, rising bool) (sure []callKey, end uuid.UUID) {
	order := func(a, b uuid.UUID) int {
		if rising {
			return models.CompareIDs(a, b)
		}
		return models.CompareIDs(b, a)
	}
	slices.SortFunc(found, func(a, b callKey) int { return order(a.ID, b.ID) })
	count := map[int64]int{}
	for i, c := range found {
		if count[c.WorkspaceID]++; count[c.WorkspaceID] == per {
			return found[:i+1], c.ID
		}
	}
	return found, uuid.Nil
}

// callKeys returns the first per calls of each workspace from cursor on, narrowed by the indexes, and whether each
// matches the rest of the filter.
func (d *DB) callKeys(ctx context.Context, workspaceIDs []int64, filter RequestFilter, cursor models.Cursor, per int) (found []callKey, err error) {
	condition, values := filter.condition(d.Dialect)
	if condition == "" {
		condition = "TRUE"
	}
	keys := func() *gorm.DB {
		return d.Read(ctx).Model(&models.WebhookRequest{}).Select("workspace_id, id, coalesce("+condition+", FALSE) AS matches", values...).Limit(per)
	}
	if d.Dialect == Postgres {
		ids := Integers(len(workspaceIDs), func(i int) int64 { return workspaceIDs[i] })
		addressKeys := Integers(len(workspaceIDs), func(i int) int64 { return models.AddressKey(workspaceIDs[i], filter.Address) })
		each := filter.narrowBy(keys().Where("workspace_id = w.id"), gorm.Expr("w.who"), cursor)
		return found, d.Read(ctx).Raw("SELECT c.* FROM unnest(?::bigint[], ?::bigint[]) AS w(id, who) CROSS JOIN LATERAL (?) AS c",
			ids, addressKeys, each).Scan(&found).Error
	}
	for some := range slices.Chunk(workspaceIDs, 200) { // SQLite has no LATERAL, and allows 500 parts in a UNION
		var parts []string
		var queries []any
		for _, id := range some {
			parts, queries = append(parts, "SELECT * FROM (?)"), append(queries, filter.narrow(keys(), id, cursor))
		}
		var more []callKey
		if err := d.Read(ctx).Raw(strings.Join(parts, " UNION ALL "), queries...).Scan(&more).Error; err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// callsOf reads these columns of the calls with these keys, newest first.
func (d *DB) callsOf(ctx context.Context, keys []callKey, columns string) (calls []models.WebhookRequest, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	ids := map[int64][]uuid.UUID{}
	for _, k := range keys {
		ids[k.WorkspaceID] = append(ids[k.WorkspaceID], k.ID)
	}
	query := d.Read(ctx)
	for workspaceID, some := range ids {
		query = query.Or("workspace_id = ? AND id IN ?", workspaceID, some)
	}
	err = query.Select(columns).Find(&calls).Error
	slices.SortFunc(calls, func(a, b models.WebhookRequest) int {
		return cmp.Or(models.CompareIDs(b.ID, a.ID), cmp.Compare(a.WorkspaceID, b.WorkspaceID))
	})
	return calls, err
}

// Reveal records in the audit log of a call's workspace that a person unmasks the call and why. In the same transaction
// it changes values of the person's session, which allow the pages to show the call. reason is valid. The error is
// ErrNotFound if the session has ended or the workspace is deleted.
func (d *DB) Reveal(ctx context.Context, r models.WebhookRequest, userID int64, reason string, session []byte, changed map[string]string, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if _, err := First[models.Workspace](tx.Where("id = ? AND deleted_at IS NULL", r.WorkspaceID)); err != nil {
			return err
		}
		if err := mergeSession(tx.Where("token_hash = ? AND user_id = ?", session, userID), changed); err != nil {
			return err
		}
		entry := models.AuditEntry{WorkspaceID: r.WorkspaceID, UserID: userID, Action: models.ActionRequestRevealed, Subject: models.SubjectRequest, SubjectName: r.ID.String()}
		return Audit(tx, entry, []models.AuditChange{{What: "reason", After: models.WithoutAddresses(reason)}}, now)
	})
}

// RevealPageSize is how many reveals a page shows.
const RevealPageSize = 50

// Reveals returns a person's reveals in workspaces that are not deleted, the newest first, those older than before if it is set, and one more
// than RevealPageSize if there are more.
func (d *DB) Reveals(ctx context.Context, userID int64, before uuid.UUID) (all []models.AuditEntry, err error) {
	q := d.Read(ctx).Where("user_id = ? AND action = 'request.revealed' AND workspace_id IN (SELECT id FROM workspaces WHERE deleted_at IS NULL)", userID)
	if before != uuid.Nil {
		q = q.Where("id < ?", before)
	}
	return all, q.Order("id DESC").Limit(RevealPageSize + 1).Find(&all).Error
}
