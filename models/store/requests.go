package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
)

// RequestPageSize is how many calls one page of the request log shows.
const RequestPageSize = 50

// ListedBody is the largest compressed body that lists read completely. Of a larger body they read one byte more than
// ListedBody, which marks it as too large: a list does not decompress it.
const ListedBody = 16 << 10

// listedColumns are the columns that lists read of a call.
var listedColumns = "workspace_id, id, webhook_id, contact_id, contact_version, who, address, method, content_type, outcome, status, " +
	"client_address, user_agent, duration_us, size, event, substr(body, 1, " + strconv.Itoa(ListedBody+1) + ") AS body"

// RequestFilter selects calls of a workspace. A zero field does not narrow.
type RequestFilter struct {
	WebhookID  int64
	Outcome    models.Outcome // one, or a group
	From, To   time.Time
	Address    string // in its stored form: calls for exactly this address
	Containing string // calls whose address, valid or not, contains this; ignores ASCII case
}

// RequestPage is one page of the log, newest first.
type RequestPage struct {
	Requests     []models.WebhookRequest
	Newer, Older bool // there may be more on that side

	// Stopped is set if the search ended before the page was full: the last call it looked at. To find the rest,
	// continue from there in the same direction.
	Stopped uuid.UUID
}

// A search without an index reads walkStep calls in one step, and takes at most walkSteps steps for a page. DESIGN
// "Request log": it scans in bounded steps and says how far it got.
const (
	walkStep  = 5_000
	walkSteps = 10
)

// Requests returns one page of the calls that match filter, each with at most ListedBody bytes of its body, plus one.
func (d *DB) Requests(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor) (RequestPage, error) {
	return d.requestPage(ctx, workspaceID, filter, cursor, RequestPageSize)
}

// requestPage is Requests with another page size.
func (d *DB) requestPage(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor, size int) (RequestPage, error) {
	page, err := RequestPage{Newer: cursor.Before != uuid.Nil, Older: cursor.Rising()}, error(nil)
	if filter.indexed() {
		page.Requests, err = d.requestStep(ctx, workspaceID, filter, cursor, size+1, 0)
	} else {
		err = d.walkRequests(ctx, workspaceID, filter, cursor, size, &page)
	}
	more := len(page.Requests) > size || page.Stopped != uuid.Nil
	page.Requests = page.Requests[:min(len(page.Requests), size)]
	if cursor.Rising() {
		page.Newer = page.Newer || more
		slices.Reverse(page.Requests)
	} else {
		page.Older = page.Older || more
	}
	return page, err
}

// walkRequests reads the log step by step until the page is full, the log ends, or walkSteps steps are done.
func (d *DB) walkRequests(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor, size int, page *RequestPage) error {
	for range walkSteps {
		last, err := d.walkEnd(ctx, workspaceID, filter, cursor)
		if err != nil {
			return err
		}
		found, err := d.requestStep(ctx, workspaceID, filter, cursor, size+1-len(page.Requests), walkStep)
		if err != nil {
			return err
		}
		page.Requests = append(page.Requests, found...)
		if last == uuid.Nil || len(page.Requests) > size {
			page.Stopped = uuid.Nil
			return nil
		}
		page.Stopped = last
		if cursor.Rising() {
			cursor.After = last
		} else {
			cursor.Before = last
		}
	}
	return nil
}

// walkEnd returns the last call of the step that begins at cursor, or zero if the log ends within it.
func (d *DB) walkEnd(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor) (uuid.UUID, error) {
	var ids []uuid.UUID
	err := filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}), workspaceID, cursor).Offset(walkStep-1).Limit(1).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return uuid.Nil, err
	}
	return ids[0], nil
}

// requestStep returns the first limit matching calls after cursor. It looks at no more than within calls; 0 is no
// limit.
func (d *DB) requestStep(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor, limit, within int) ([]models.WebhookRequest, error) {
	var found []models.WebhookRequest
	step := filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}), workspaceID, cursor)
	if within > 0 {
		step = filter.order(d.Read(ctx).Table("(?) AS webhook_requests", step.Limit(within)), cursor)
		if condition, values := filter.condition(d.Dialect); condition != "" {
			step = step.Where(condition, values...)
		}
	}
	err := step.Select(listedColumns).Limit(limit).Find(&found).Error
	return found, err
}

// CountRequests counts the calls that match filter, up to ExactCount + 1. known is false if counting would need a
// search without an index.
func (d *DB) CountRequests(ctx context.Context, workspaceID int64, filter RequestFilter) (n int64, known bool, err error) {
	if !filter.indexed() {
		return 0, false, nil
	}
	few := filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}).Select("id"), workspaceID, models.Cursor{}).Limit(models.ExactCount + 1)
	err = d.Read(ctx).Table("(?) AS few", few).Count(&n).Error
	return n, true, err
}

// AroundRequest returns how many other calls for the address the log has, up to ExactCount, and the id of its contact,
// 0 if there is none now.
func (d *DB) AroundRequest(ctx context.Context, workspaceID int64, address string) (others, contactID int64, err error) {
	var found struct{ Calls, Contact int64 }
	few := RequestFilter{Address: address}.narrow(d.Read(ctx).Model(&models.WebhookRequest{}).Select("id"), workspaceID, models.Cursor{}).Limit(models.ExactCount + 1)
	err = d.Read(ctx).Raw(`SELECT (SELECT count(*) FROM (?) AS few) AS calls,
		coalesce((SELECT id FROM contacts WHERE workspace_id = ? AND email = ?), 0) AS contact`, few, workspaceID, address).Scan(&found).Error
	return max(0, found.Calls-1), found.Contact, err
}

// RequestsJustBefore returns the newest calls that came within span before r, at most most, with the columns of lists: those for
// its address, or for its webhook if it has no address.
func (d *DB) RequestsJustBefore(ctx context.Context, r models.WebhookRequest, span time.Duration, most int) ([]models.WebhookRequest, error) {
	filter := RequestFilter{WebhookID: r.WebhookID, From: models.IDTime(r.ID).Add(-span)}
	if r.Address != nil {
		filter.Address = *r.Address
	}
	return d.requestStep(ctx, r.WorkspaceID, filter, models.Cursor{Before: r.ID}, most, 0)
}

// Request returns one call of a workspace, or ErrNotFound.
func (d *DB) Request(ctx context.Context, workspaceID int64, id uuid.UUID) (models.WebhookRequest, error) {
	return First[models.WebhookRequest](d.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, id))
}

// LastRequests returns the newest calls that match filter, at most most, with the columns of lists.
func (d *DB) LastRequests(ctx context.Context, workspaceID int64, filter RequestFilter, most int) ([]models.WebhookRequest, error) {
	page, err := d.requestPage(ctx, workspaceID, filter, models.Cursor{}, most)
	return page.Requests, err
}

// indexed reports whether an index finds exactly these calls. DESIGN "Request log" has indexes by webhook, by address,
// by failure, and for all calls.
func (f RequestFilter) indexed() bool {
	switch {
	case f.Containing != "":
		return false
	case f.Address != "":
		return f.Outcome == "" && f.WebhookID == 0
	case f.WebhookID != 0:
		return f.Outcome == ""
	}
	return f.Outcome == "" || f.Outcome == models.OutcomesFailed
}

// narrow applies what the indexes cover: the time, and the address, the webhook or the failures.
func (f RequestFilter) narrow(q *gorm.DB, workspaceID int64, cursor models.Cursor) *gorm.DB {
	return f.narrowBy(q.Where("workspace_id = ?", workspaceID), models.AddressKey(workspaceID, f.Address), cursor)
}

// narrowBy is narrow for a query that already selects a workspace; key is the AddressKey of that workspace and the
// address.
func (f RequestFilter) narrowBy(q *gorm.DB, key any, cursor models.Cursor) *gorm.DB {
	switch {
	case f.Address != "":
		q = q.Where("who = ? AND address = ?", key, f.Address)
	case f.WebhookID != 0:
		q = q.Where("webhook_id = ?", f.WebhookID)
	case f.Outcome != "" && f.Outcome.Failed():
		q = q.Where("status >= 400")
	}
	for _, bound := range []struct {
		sql string
		id  uuid.UUID
	}{{"id >= ?", idOf(f.From)}, {"id < ?", idOf(f.To)}, {"id < ?", cursor.Before}, {"id > ?", cursor.After}} {
		if bound.id != uuid.Nil {
			q = q.Where(bound.sql, bound.id)
		}
	}
	return f.order(q, cursor)
}

// condition returns the part of the filter that no index covers, as SQL with its values; "" if nothing is left. All readers
// of the log use it, so all pages agree on which calls match.
func (f RequestFilter) condition(dialect Dialect) (sql string, values []any) {
	var parts []string
	add := func(part string, value ...any) { parts, values = append(parts, part), append(values, value...) }
	switch f.Outcome {
	case "":
	case models.OutcomesFailed:
		add("status >= 400")
	case models.OutcomesProcessed:
		add("status < 400 AND outcome NOT IN ?", models.NoEffectOutcomes)
	default:
		add("outcome = ?", f.Outcome)
	}
	if f.WebhookID != 0 {
		add("webhook_id = ?", f.WebhookID)
	}
	if f.Containing != "" {
		contains := "instr(lower(address), ?) > 0"
		if dialect == Postgres {
			contains = `strpos(lower(address COLLATE "C"), ?) > 0`
		}
		add(contains, models.LowerASCII(norm.NFC.String(f.Containing)))
	}
	return strings.Join(parts, " AND "), values
}

func (f RequestFilter) order(q *gorm.DB, cursor models.Cursor) *gorm.DB {
	if cursor.Rising() {
		return q.Order("id")
	}
	return q.Order("id DESC")
}

func idOf(t time.Time) uuid.UUID {
	if t.IsZero() {
		return uuid.Nil
	}
	return models.IDAt(t)
}

// RequestBeside returns the id of the next older or next newer call, or ErrNotFound if there is none.
func (d *DB) RequestBeside(ctx context.Context, workspaceID int64, id uuid.UUID, older bool) (uuid.UUID, error) {
	side := func(q *gorm.DB) *gorm.DB { return q.Where("id > ?", id).Order("id") }
	if older {
		side = func(q *gorm.DB) *gorm.DB { return q.Where("id < ?", id).Order("id DESC") }
	}
	r, err := First[models.WebhookRequest](side(d.Read(ctx).Select("id").Where("workspace_id = ?", workspaceID)))
	return r.ID, err
}

// NextCall returns the id of a webhook's first call after an id that did what the webhook is for, or of its newest call if none did. A page
// that waits for a call can stop at a success. It reads no body. The error is ErrNotFound if no call came.
func (d *DB) NextCall(ctx context.Context, workspaceID, webhookID int64, after uuid.UUID) (id uuid.UUID, succeeded bool, err error) {
	since := func() *gorm.DB {
		return d.Read(ctx).Select("id, status").Where("workspace_id = ? AND webhook_id = ? AND id > ?", workspaceID, webhookID, after)
	}
	newest, err := First[models.WebhookRequest](since().Order("id DESC"))
	if err != nil {
		return uuid.Nil, false, err
	}
	first, err := First[models.WebhookRequest](since().Where("status < 400 AND outcome NOT IN ?", models.NoEffectOutcomes).Order("id"))
	if ErrorCode(err) == models.CodeNotFound {
		return newest.ID, false, nil
	}
	return first.ID, err == nil, err
}
