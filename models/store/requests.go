package store

import (
	"context"
	"errors"
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

// listedColumns are the columns that lists read of a call, and wholeColumns those with the whole body.
var (
	narrowColumns = "workspace_id, id, webhook_id, contact_id, contact_version, who, address, method, content_type, outcome, status, " +
		"client_address, user_agent, duration_us, size, event, replay_of, "
	listedColumns = narrowColumns + "substr(body, 1, " + strconv.Itoa(ListedBody+1) + ") AS body"
	wholeColumns  = narrowColumns + "body"
)

// RequestFilter selects calls of a workspace. A zero field does not narrow.
type RequestFilter struct {
	WebhookID  int64
	Outcome    models.Outcome // one, or a group
	Status     int            // of the answer
	Method     string
	From, To   time.Time
	NoReplays  bool
	Nothing    bool   `json:",omitempty"` // matches no call, because what was asked for cannot be read
	Address    string // in its stored form: calls for exactly this address
	Containing string // calls whose address, valid or not, contains this; ignores ASCII case

	// Field, Value and Sent select calls by what was sent: see intake.Content. Matches decides on each call; intake.ByContent sets it.
	Field, Value string
	Sent         string                           // an address in its stored form: calls that sent it in any value
	Matches      func(models.WebhookRequest) bool `json:"-"`

	// OpenAt, if it is not zero, selects calls that a replay may have to do: it leaves out replays, and calls that a replay before this
	// time has done. Covers does not know it.
	OpenAt time.Time

	whole bool // read whole bodies
}

// RequestPage is one page of the log, newest first.
type RequestPage struct {
	Requests     []models.WebhookRequest
	Newer, Older bool // there may be more on that side

	// Stopped is set if the search ended before the page was full: the last call it looked at. To find the rest,
	// continue from there in the same direction.
	Stopped uuid.UUID
}

// A search without an index reads walkStep calls in one step, takes at most walkSteps steps for a page, and begins no step after walkTime. A
// search of what was sent decompresses each call, so it reads only bodiesStep calls in one step, as often as walkTime allows. DESIGN
// "Request log": it scans in bounded steps and says how far it got.
const (
	walkStep   = 5_000
	walkSteps  = 10
	bodiesStep = 500
	walkTime   = 150 * time.Millisecond
	timesTime  = 25 * time.Millisecond // of CallTimes
	nextCalls  = 200                   // of NextRequests
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

// walkRequests reads the log step by step until the page is full, the log ends, or the search has looked at enough.
func (d *DB) walkRequests(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor, size int, page *RequestPage) error {
	began := time.Now()
	for step := 0; step < walkSteps || filter.Matches != nil; step++ {
		found, last, err := d.lookStep(ctx, workspaceID, filter, cursor, size+1-len(page.Requests))
		if err != nil {
			return err
		}
		page.Requests = append(page.Requests, found...)
		if last == uuid.Nil || len(page.Requests) > size {
			page.Stopped = uuid.Nil
			return nil
		}
		page.Stopped = last
		if time.Since(began) > walkTime {
			return nil
		}
		cursor = cursor.From(last)
	}
	return nil
}

// lookStep looks at the next calls from cursor on and returns the first limit of them that match. last is the last call that it looked
// at, zero if the log ended.
func (d *DB) lookStep(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor, limit int) (found []models.WebhookRequest, last uuid.UUID, err error) {
	within := walkStep
	if filter.byContent() {
		if within = bodiesStep; filter.Matches == nil {
			return nil, uuid.Nil, errors.New("a search of what was sent needs RequestFilter.Matches")
		}
	}
	if last, err = d.walkEnd(ctx, workspaceID, filter, cursor, within); err != nil {
		return nil, last, err
	}
	if filter.Matches == nil {
		found, err = d.requestStep(ctx, workspaceID, filter, cursor, limit, within)
		return found, last, err
	}
	all, err := d.requestStep(ctx, workspaceID, filter, cursor, within, within)
	for _, r := range all {
		if len(found) < limit && filter.Matches(r) {
			if !filter.whole {
				r.Body = r.Body[:min(len(r.Body), ListedBody+1)]
			}
			found = append(found, r)
		}
	}
	return found, last, err
}

// walkEnd returns the last call of the step of within calls that begins at cursor, or zero if the log ends within it.
func (d *DB) walkEnd(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor, within int) (uuid.UUID, error) {
	var ids []uuid.UUID
	err := filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}), workspaceID, cursor).Offset(within-1).Limit(1).Pluck("id", &ids).Error
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
	columns := listedColumns
	if filter.Matches != nil || filter.whole {
		columns = wholeColumns
	}
	err := step.Select(columns).Limit(limit).Find(&found).Error
	return found, err
}

// NextRequests returns the next calls of a download or a replay: those that match among the next ones from cursor on, in its direction, with
// their whole bodies. Continue from next; zero is the end. There may be none although the log goes on.
func (d *DB) NextRequests(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor) (found []models.WebhookRequest, next uuid.UUID, err error) {
	filter.whole = true
	if filter.indexed() {
		if found, err = d.requestStep(ctx, workspaceID, filter, cursor, nextCalls, 0); len(found) == nextCalls {
			next = found[nextCalls-1].ID
		}
		return found, next, err
	}
	limit := nextCalls
	if filter.Matches != nil {
		limit = bodiesStep
	}
	found, next, err = d.lookStep(ctx, workspaceID, filter, cursor, limit)
	if len(found) == limit { // there may be more in this step
		next = found[limit-1].ID
	}
	return found, next, err
}

// RequestsByID returns the calls of a workspace with these ids, the oldest first, with their whole bodies.
func (d *DB) RequestsByID(ctx context.Context, workspaceID int64, ids []uuid.UUID) (found []models.WebhookRequest, err error) {
	err = d.Read(ctx).Where("workspace_id = ? AND id IN ?", workspaceID, ids).Order("id").Find(&found).Error
	return found, err
}

// RequestsThere returns those of ids that the log of a workspace has, the oldest first.
func (d *DB) RequestsThere(ctx context.Context, workspaceID int64, ids []uuid.UUID) (there []uuid.UUID, err error) {
	err = d.Read(ctx).Model(&models.WebhookRequest{}).Where("workspace_id = ? AND id IN ?", workspaceID, ids).Order("id").Pluck("id", &there).Error
	return there, err
}

// NewestRequests returns the newest calls that match filter, at most most, with their whole bodies. stopped is the last call that was looked
// at, if the search ended before the end of the log and before it had found most.
func (d *DB) NewestRequests(ctx context.Context, workspaceID int64, filter RequestFilter, most int) (found []models.WebhookRequest, stopped uuid.UUID, err error) {
	filter.whole = true
	page, err := d.requestPage(ctx, workspaceID, filter, models.Cursor{}, most)
	return page.Requests, page.Stopped, err
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
// its address, or for its webhook if it has no address. It leaves out replays, because no sender sent them.
func (d *DB) RequestsJustBefore(ctx context.Context, r models.WebhookRequest, span time.Duration, most int) ([]models.WebhookRequest, error) {
	filter := RequestFilter{WebhookID: r.WebhookID, From: models.IDTime(r.ID).Add(-span), NoReplays: true}
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
	case f.Containing != "" || f.Method != "" || f.Status != 0 || f.NoReplays || f.byContent() || !f.OpenAt.IsZero():
		return false
	case f.Address != "":
		return f.Outcome == "" && f.WebhookID == 0
	case f.WebhookID != 0:
		return f.Outcome == ""
	}
	return f.Outcome == "" || f.Outcome == models.OutcomesFailed
}

// byContent reports whether the filter selects calls by what was sent.
func (f RequestFilter) byContent() bool { return f.Field+f.Value+f.Sent != "" }

// narrow applies what the indexes cover: the time, and the address, the webhook or the failures.
func (f RequestFilter) narrow(q *gorm.DB, workspaceID int64, cursor models.Cursor) *gorm.DB {
	return f.narrowBy(q.Where("workspace_id = ?", workspaceID), models.AddressKey(workspaceID, f.Address), cursor)
}

// narrowBy is narrow for a query that already selects a workspace; key is the AddressKey of that workspace and the
// address.
func (f RequestFilter) narrowBy(q *gorm.DB, key any, cursor models.Cursor) *gorm.DB {
	if f.Nothing {
		q = q.Where("1 = 0")
	}
	switch {
	case f.Address != "":
		q = q.Where("who = ? AND address = ?", key, f.Address)
	case f.WebhookID != 0:
		q = q.Where("webhook_id = ?", f.WebhookID)
	case f.Status >= 400 || f.Outcome != "" && f.Outcome.Failed():
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
	if f.Status != 0 {
		add("status = ?", f.Status)
	}
	if f.Method != "" {
		add("method = ?", f.Method)
	}
	if f.Containing != "" {
		contains := "instr(lower(address), ?) > 0"
		if dialect == Postgres {
			contains = `strpos(lower(address COLLATE "C"), ?) > 0`
		}
		add(contains, models.LowerASCII(norm.NFC.String(f.Containing)))
	}
	if f.NoReplays {
		add("replay_of IS NULL")
	}
	if !f.OpenAt.IsZero() {
		add("replay_of IS NULL AND NOT "+replayedSQL, idOf(f.OpenAt), notDone)
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

// RequestBeside returns the id of the next older or next newer call that matches filter, or ErrNotFound if there is none as far as a search for
// a page looks.
func (d *DB) RequestBeside(ctx context.Context, workspaceID int64, filter RequestFilter, id uuid.UUID, older bool) (uuid.UUID, error) {
	cursor := models.Cursor{After: id}
	if older {
		cursor = models.Cursor{Before: id}
	}
	page, err := d.requestPage(ctx, workspaceID, filter, cursor, 1)
	if err != nil {
		return uuid.Nil, err
	}
	if len(page.Requests) == 0 {
		return uuid.Nil, models.ErrNotFound
	}
	return page.Requests[0].ID, nil
}

// RequestPlace returns the place of a call among those that match filter, counted from the newest, and how many there are. known is false if
// counting would take too long.
func (d *DB) RequestPlace(ctx context.Context, workspaceID int64, filter RequestFilter, id uuid.UUID) (place, all int64, known bool, err error) {
	if filter.byContent() {
		return 0, 0, false, nil
	}
	total, err := d.CountRequests(ctx, workspaceID, filter)
	if err != nil || total.Stopped != uuid.Nil || total.Calls > models.ExactCount {
		return 0, 0, false, err
	}
	newer, err := d.countRequests(ctx, workspaceID, filter, models.Cursor{After: id})
	return newer.Calls + 1, total.Calls, true, err
}

// NextCall returns the id of a webhook's first call after an id that did what the webhook is for, or of its newest call if none did, without replays. A page
// that waits for a call can stop at a success. It reads no body. The error is ErrNotFound if no call came.
func (d *DB) NextCall(ctx context.Context, workspaceID, webhookID int64, after uuid.UUID) (id uuid.UUID, succeeded bool, err error) {
	since := func() *gorm.DB {
		return d.Read(ctx).Select("id, status").Where("workspace_id = ? AND webhook_id = ? AND id > ?", workspaceID, webhookID, after)
	}
	first, err := First[models.WebhookRequest](since().Where("status < 400 AND outcome NOT IN ?", models.NoEffectOutcomes).Order("id"))
	if ErrorCode(err) != models.CodeNotFound {
		return first.ID, err == nil, err
	}
	// A success that came since that query is left to the next look: it must not be taken for a refused call.
	newest, err := First[models.WebhookRequest](since().Where("replay_of IS NULL AND (status >= 400 OR outcome IN ?)", models.NoEffectOutcomes).Order("id DESC"))
	return newest.ID, false, err
}

// CallsSince returns the calls of a workspace, or of all workspaces if it is 0, that are newer than after, the newest first, at most limit, with their bodies or without.
func (d *DB) CallsSince(ctx context.Context, workspaceID int64, after uuid.UUID, bodies bool, limit int) (found []models.WebhookRequest, err error) {
	columns := narrowColumns + "NULL AS body"
	if bodies {
		columns = wholeColumns
	}
	q := d.Read(ctx).Where("workspace_id = ?", workspaceID)
	if workspaceID == 0 {
		q = d.Read(ctx).Where("workspace_id IN (SELECT id FROM workspaces WHERE deleted_at IS NULL)")
	}
	err = q.Select(columns).Where("id > ?", after).Order("id DESC").Limit(limit).Find(&found).Error
	return found, err
}

// Covers reports whether a call matches the filter, as the queries decide it.
func (f RequestFilter) Covers(r models.WebhookRequest) bool {
	address := ""
	if r.Address != nil {
		address = *r.Address
	}
	switch {
	case f.Nothing:
		return false
	case f.WebhookID != 0 && r.WebhookID != f.WebhookID, f.Status != 0 && r.Status != f.Status, f.Method != "" && r.Method != f.Method:
		return false
	case !f.From.IsZero() && models.CompareIDs(r.ID, models.IDAt(f.From)) < 0, !f.To.IsZero() && models.CompareIDs(r.ID, models.IDAt(f.To)) >= 0:
		return false
	case f.Address != "" && address != f.Address, f.NoReplays && r.ReplayOf != nil:
		return false
	case f.Containing != "" && !strings.Contains(models.LowerASCII(address), models.LowerASCII(norm.NFC.String(f.Containing))):
		return false
	case f.Matches != nil && !f.Matches(r):
		return false
	}
	switch f.Outcome {
	case "":
		return true
	case models.OutcomesFailed:
		return r.Status >= 400
	case models.OutcomesProcessed:
		return r.Status < 400 && !slices.Contains(models.NoEffectOutcomes, r.Outcome)
	}
	return r.Outcome == f.Outcome
}
