package models

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// What support staff read: the calls of every workspace that is not deleted.

// LivingWorkspaces lists every workspace that is not deleted, by name.
func (d *DB) LivingWorkspaces(ctx context.Context) (all []Workspace, err error) {
	return all, d.Read(ctx).Where("deleted_at IS NULL").Order("name, id").Find(&all).Error
}

// RequestAnywhere returns the call of an id with its workspace, or ErrNotFound: also where the workspace is deleted.
func (d *DB) RequestAnywhere(ctx context.Context, id uuid.UUID) (WebhookRequest, Workspace, error) {
	type call struct {
		WebhookRequest
		Home Workspace `gorm:"embedded;embeddedPrefix:home_"`
	}
	found, err := First[call](d.Read(ctx).Table("webhook_requests AS r").
		Select("r.*, w.id AS home_id, w.slug AS home_slug, w.name AS home_name, w.time_zone AS home_time_zone, w.created_at AS home_created_at").
		Joins("JOIN workspaces w ON w.id = r.workspace_id AND w.deleted_at IS NULL").Where("r.id = ?", id))
	return found.WebhookRequest, found.Home, err
}

// WebhookOfHash returns the webhook that a hash belongs to or once belonged to, deleted or not, with its workspace;
// ErrNotFound where there never was one or the workspace is deleted.
func (d *DB) WebhookOfHash(ctx context.Context, hash string) (Webhook, Workspace, error) {
	if ValidText(hash) != hash {
		return Webhook{}, Workspace{}, ErrNotFound
	}
	h, err := First[WebhookHash](d.Read(ctx).Where("hash = ?", hash))
	if err != nil {
		return Webhook{}, Workspace{}, err
	}
	w, err := First[Workspace](d.Read(ctx).Where("id = ? AND deleted_at IS NULL", h.WorkspaceID))
	if err != nil {
		return Webhook{}, w, err
	}
	webhook, err := d.WebhookEver(ctx, h.WorkspaceID, h.WebhookID)
	return webhook, w, err
}

// WebhooksOf returns the webhooks, deleted or not, of calls of several workspaces, by their id.
func (d *DB) WebhooksOf(ctx context.Context, calls []WebhookRequest) (map[int64]Webhook, error) {
	ids := map[int64][]int64{}
	for _, r := range calls {
		if !slices.Contains(ids[r.WorkspaceID], r.WebhookID) {
			ids[r.WorkspaceID] = append(ids[r.WorkspaceID], r.WebhookID)
		}
	}
	found := map[int64]Webhook{}
	if len(ids) == 0 {
		return found, nil
	}
	query := d.Read(ctx)
	for workspaceID, webhooks := range ids {
		query = query.Or("workspace_id = ? AND id IN ?", workspaceID, webhooks)
	}
	var all []Webhook
	err := query.Find(&all).Error
	for _, w := range all {
		found[w.ID] = w
	}
	return found, err
}

// manySteps is how many steps a search in several workspaces takes for one page.
const manySteps = 5

// RequestsOf returns a page of the calls that filter means in several workspaces together, as Requests does for one.
func (d *DB) RequestsOf(ctx context.Context, workspaceIDs []int64, filter RequestFilter, cursor Cursor) (RequestPage, error) {
	page := RequestPage{Newer: cursor.Before != uuid.Nil, Older: cursor.rising()}
	per := RequestPageSize + 1
	if !filter.indexed() && len(workspaceIDs) > 0 {
		per = max(per, walkStep/len(workspaceIDs))
	}
	var matching []callKey
	for from, step := cursor, 0; step < manySteps && len(workspaceIDs) > 0; step++ {
		found, err := d.callKeys(ctx, workspaceIDs, filter, from, per)
		if err != nil {
			return page, err
		}
		sure, end := mergeCalls(found, per, cursor.rising())
		for _, c := range sure {
			if filter.matches(c) {
				matching = append(matching, c)
			}
		}
		if page.Stopped = end; end == uuid.Nil || len(matching) > RequestPageSize {
			page.Stopped = uuid.Nil
			break
		}
		if cursor.rising() {
			from.After = end
		} else {
			from.Before = end
		}
	}
	more := len(matching) > RequestPageSize || page.Stopped != uuid.Nil
	page.Newer, page.Older = page.Newer || more && cursor.rising(), page.Older || more && !cursor.rising()
	var err error
	page.Requests, err = d.callsOf(ctx, matching[:min(len(matching), RequestPageSize)])
	return page, err
}

// callKey is what finds a call and what an unindexed filter asks of it.
type callKey struct {
	WorkspaceID int64
	ID          uuid.UUID
	WebhookID   int64
	Outcome     Outcome
	Status      int
}

// matches says whether a call is one that f means, as far as the indexes do not decide it.
func (f RequestFilter) matches(c callKey) bool {
	switch {
	case f.WebhookID != 0 && f.WebhookID != c.WebhookID:
		return false
	case f.Outcome == "":
		return true
	case f.Outcome == OutcomesFailed, f.Outcome == OutcomesProcessed:
		return (c.Status >= 400) == (f.Outcome == OutcomesFailed)
	}
	return f.Outcome == c.Outcome
}

// mergeCalls puts what several workspaces gave into one order. Each was asked for per calls: where one gave so many
// there may be more behind its last, so that nothing behind the nearest such end is sure. It returns the calls up to
// there, and the end; zero when there was none and the calls are all there are.
func mergeCalls(found []callKey, per int, rising bool) (sure []callKey, end uuid.UUID) {
	order := func(a, b uuid.UUID) int {
		if rising {
			return slices.Compare(a[:], b[:])
		}
		return slices.Compare(b[:], a[:])
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

// callKeys returns of each workspace the first per calls from cursor on, as far as the indexes narrow them.
func (d *DB) callKeys(ctx context.Context, workspaceIDs []int64, filter RequestFilter, cursor Cursor, per int) (found []callKey, err error) {
	keys := func() *gorm.DB {
		return d.Read(ctx).Model(&WebhookRequest{}).Select("workspace_id, id, webhook_id, outcome, status").Limit(per)
	}
	if d.Dialect == Postgres {
		var ids, whos []string
		for _, id := range workspaceIDs {
			ids, whos = append(ids, strconv.FormatInt(id, 10)), append(whos, strconv.FormatInt(Who(id, filter.Address), 10))
		}
		each := filter.narrowBy(keys().Where("workspace_id = w.id"), gorm.Expr("w.who"), cursor)
		return found, d.Read(ctx).Raw("SELECT c.* FROM unnest(?::bigint[], ?::bigint[]) AS w(id, who) CROSS JOIN LATERAL (?) AS c",
			"{"+strings.Join(ids, ",")+"}", "{"+strings.Join(whos, ",")+"}", each).Scan(&found).Error
	}
	for some := range slices.Chunk(workspaceIDs, 200) { // SQLite knows no LATERAL, and takes 500 parts of a UNION
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

// callsOf reads the calls of the keys, newest first.
func (d *DB) callsOf(ctx context.Context, keys []callKey) (calls []WebhookRequest, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	query := d.Read(ctx)
	for _, k := range keys {
		query = query.Or("workspace_id = ? AND id = ?", k.WorkspaceID, k.ID)
	}
	err = query.Find(&calls).Error
	slices.SortFunc(calls, func(a, b WebhookRequest) int {
		return cmp.Or(slices.Compare(b.ID[:], a.ID[:]), cmp.Compare(a.WorkspaceID, b.WorkspaceID))
	})
	return calls, err
}

// ActionRequestRevealed is what support staff do when they unmask a call.
const ActionRequestRevealed = "request.revealed"

// How long the reason for a reveal may be, in characters.
const (
	MinRevealReason = 3
	MaxRevealReason = 200
)

// ValidateRevealReason returns what is wrong with the reason for a reveal, as one sentence, or "".
func ValidateRevealReason(reason string) string {
	switch n := CountCharacters(reason); {
	case n < MinRevealReason:
		return "Please say why you need to see it; three characters are the least."
	case n > MaxRevealReason:
		return "Please make the reason 200 characters or shorter. It has " + strconv.Itoa(n) + "."
	}
	return ""
}

// Reveal notes in the audit log of a call's workspace that the person unmasks the call and why, and stores data in the
// person's session, which lets the call be shown: both or neither. reason is valid. A session that has ended meanwhile
// is ErrNotFound, and so is a workspace that was deleted.
func (d *DB) Reveal(ctx context.Context, r WebhookRequest, userID int64, reason string, session []byte, data string, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if _, err := First[Workspace](tx.Where("id = ? AND deleted_at IS NULL", r.WorkspaceID)); err != nil {
			return err
		}
		update := tx.Model(&Session{}).Where("token_hash = ? AND user_id = ?", session, userID).Update("data", data)
		if update.Error != nil {
			return update.Error
		}
		if update.RowsAffected == 0 {
			return ErrNotFound
		}
		entry := AuditEntry{WorkspaceID: r.WorkspaceID, UserID: userID, Action: ActionRequestRevealed, Subject: SubjectRequest, SubjectName: r.ID.String()}
		return Audit(tx, entry, []AuditChange{{What: "reason", After: WithoutAddresses(reason)}}, now)
	})
}
