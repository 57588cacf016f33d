package deliveries

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Store keeps destinations and their deliveries.
type Store struct {
	DB     *store.DB
	Cipher secrets.Cipher // encrypts the secrets and the own headers
	Allow  []netip.Prefix // the networks of OUTBOUND_ALLOW

	// Callers lists the automations whose steps call a destination. nil is for none.
	Callers func(tx *gorm.DB, workspaceID, destinationID int64) ([]Thing, error)
}

// Use is a destination with what became of its deliveries. The counts stop at ExactCount + 1.
type Use struct {
	models.Destination
	Waiting int64
	Arrived int64 // in the last 24 hours
	GivenUp int64 // in the last 30 days

	Failing bool                    `gorm:"-"` // see the function Failing
	NextAt  time.Time               `gorm:"-"` // of the next attempt; zero if nothing waits
	Last    *models.DeliveryAttempt `gorm:"-"` // the last attempt, nil for none
}

// GivenUpIn is the time for which Use counts what was given up.
const GivenUpIn = 30 * 24 * time.Hour

// rank orders destinations by what needs a look first.
func (u Use) rank() int {
	switch {
	case u.Failing:
		return 0
	case !u.Enabled && u.OffReason != "":
		return 1
	case u.Waiting > 0 && !u.Enabled:
		return 2
	}
	return 3
}

// few counts at most ExactCount + 1 deliveries of the destination d with a condition.
func few(condition string) string {
	return fmt.Sprintf(`(SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE workspace_id = d.workspace_id AND destination_id = d.id AND %s LIMIT %d) AS few)`,
		condition, models.ExactCount+1)
}

// List lists a workspace's destinations: those that need a look first, then by name.
func (s Store) List(ctx context.Context, workspaceID int64, now time.Time) ([]Use, error) {
	all, err := s.uses(ctx, workspaceID, 0, now)
	slices.SortStableFunc(all, func(a, b Use) int { return a.rank() - b.rank() })
	return all, err
}

// Get returns one destination with its use, or ErrNotFound.
func (s Store) Get(ctx context.Context, workspaceID, id int64, now time.Time) (Use, error) {
	all, err := s.uses(ctx, workspaceID, id, now)
	if err == nil && len(all) == 0 {
		err = models.ErrNotFound
	}
	if err != nil {
		return Use{}, err
	}
	return all[0], nil
}

// arrivedSince finds by its time of arrival what was created earlier and tried again too. The second condition is that of the index.
const arrivedSince = "arrived_at >= @since AND arrived_at IS NOT NULL"

// uses reads one destination, or all of them if id is 0.
func (s Store) uses(ctx context.Context, workspaceID, id int64, now time.Time) (all []Use, err error) {
	err = s.DB.Read(ctx).Raw(`SELECT d.*, `+few("state = 'pending'")+` AS waiting, `+few(arrivedSince)+` AS arrived,
			`+few("state = 'dead' AND id >= @month")+` AS given_up
		FROM destinations d WHERE d.workspace_id = @ws AND d.deleted_at IS NULL AND (@id = 0 OR d.id = @id) ORDER BY d.name, d.id`,
		map[string]any{"ws": workspaceID, "id": id, "since": models.Instant(now.Add(-24 * time.Hour)), "month": models.IDAt(now.Add(-GivenUpIn))}).Scan(&all).Error
	if err != nil || len(all) == 0 {
		return nil, err
	}
	last, err := s.lastAttempts(ctx, workspaceID, all)
	if err != nil {
		return nil, models.In("last attempts", err)
	}
	next, err := s.nextAttempts(ctx, workspaceID, all)
	if err != nil {
		return nil, models.In("next attempts", err)
	}
	for i, u := range all {
		all[i].Last, all[i].NextAt, all[i].Failing = last[u.ID], next[u.ID], Failing(u.Destination, now)
	}
	return all, nil
}

// lastAttempts reads the last attempt of each destination. It looks at the deliveries that were attempted last: the newest that ended, and
// of those that wait the ones that wait longest for their next attempt.
func (s Store) lastAttempts(ctx context.Context, workspaceID int64, all []Use) (map[int64]*models.DeliveryAttempt, error) {
	newest := func(id int64, state models.DeliveryState, order string) string {
		return fmt.Sprintf(`SELECT * FROM (SELECT workspace_id, id, destination_id FROM deliveries
			WHERE workspace_id = %d AND destination_id = %d AND state = '%s' AND %s ORDER BY %s DESC LIMIT 20) AS %s`, workspaceID, id, state, anyTime, order, state)
	}
	var parts []string
	for _, u := range all {
		parts = append(parts, `SELECT * FROM (SELECT d.destination_id, a.* FROM (`+newest(u.ID, models.DeliveryArrived, "id")+` UNION ALL `+
			newest(u.ID, models.DeliveryDead, "id")+` UNION ALL `+newest(u.ID, models.DeliveryPending, "next_at")+`) AS d
			JOIN delivery_attempts a ON a.workspace_id = d.workspace_id AND a.delivery_id = d.id ORDER BY a.at DESC LIMIT 1) AS last`)
	}
	var rows []struct {
		DestinationID int64
		models.DeliveryAttempt
	}
	err := s.DB.Read(ctx).Raw(strings.Join(parts, " UNION ALL ")).Scan(&rows).Error
	found := map[int64]*models.DeliveryAttempt{}
	for _, r := range rows {
		found[r.DestinationID] = &r.DeliveryAttempt
	}
	return found, err
}

// nextAttempts reads when the next delivery of each destination is due.
func (s Store) nextAttempts(ctx context.Context, workspaceID int64, all []Use) (map[int64]time.Time, error) {
	var parts []string
	for _, u := range all {
		if u.Waiting > 0 {
			parts = append(parts, fmt.Sprintf(`SELECT * FROM (SELECT destination_id, next_at FROM deliveries
				WHERE workspace_id = %d AND destination_id = %d AND state = 'pending' AND %s AND NOT held ORDER BY next_at LIMIT 1) AS next`, workspaceID, u.ID, anyTime))
		}
	}
	found := map[int64]time.Time{}
	if len(parts) == 0 {
		return found, nil
	}
	var rows []struct {
		DestinationID int64
		NextAt        time.Time
	}
	err := s.DB.Read(ctx).Raw(strings.Join(parts, " UNION ALL ")).Scan(&rows).Error
	for _, r := range rows {
		found[r.DestinationID] = r.NextAt
	}
	return found, err
}

// Row is a delivery in a list.
type Row struct {
	models.Delivery
	Email       string // of its contact; "" if there is none or it is gone
	Destination string // its name
	Status      int    // of the last attempt
	Error       string
	DurationUs  int64
	Off         bool // the destination is switched off
	Gone        bool // the destination was deleted
}

// listed are the columns of a delivery in a list: all but its body.
const listed = `v.workspace_id, v.id, v.destination_id, v.event_type, v.event_id, v.run_id, v.request_id, v.contact_id, v.contact_version, v.state, v.tries,
	v.by_hand, v.next_at, v.leased_until, v.held, v.asked, v.resume_at, v.arrived_at, v.ended_at, v.reason`

// rowColumns and rowJoins add what a list shows of the deliveries v beside their own columns.
const (
	rowColumns = `, coalesce(c.email, '') AS email, coalesce(d.name, '') AS destination, NOT d.enabled AS off, d.deleted_at IS NOT NULL AS gone,
		coalesce(a.status, 0) AS status, coalesce(a.error, '') AS error, coalesce(a.duration_us, 0) AS duration_us`
	rowJoins = ` JOIN destinations d ON d.workspace_id = v.workspace_id AND d.id = v.destination_id
		LEFT JOIN contacts c ON c.workspace_id = v.workspace_id AND c.id = v.contact_id` + joinLast
	joinLast = ` LEFT JOIN delivery_attempts a ON a.workspace_id = v.workspace_id AND a.delivery_id = v.id AND a.number = v.tries`
	joinRun  = ` LEFT JOIN automation_runs r ON r.workspace_id = v.workspace_id AND r.id = v.run_id`
)

// OfRequest lists the newest deliveries that a call caused, among those before an id; uuid.Max is for the first page.
func (s Store) OfRequest(ctx context.Context, workspaceID int64, request, before uuid.UUID, limit int) ([]Row, error) {
	found, err := s.Search(ctx, workspaceID, Filter{RequestID: request}, before, limit)
	return found.Rows, err
}

// OfContact is OfRequest for the deliveries about a contact.
func (s Store) OfContact(ctx context.Context, workspaceID, contactID int64, before uuid.UUID, limit int) ([]Row, error) {
	found, err := s.Search(ctx, workspaceID, Filter{ContactID: contactID}, before, limit)
	return found.Rows, err
}

// CountOfRequest counts the deliveries that a call caused, up to ExactCount + 1.
func (s Store) CountOfRequest(ctx context.Context, workspaceID int64, request uuid.UUID) (int64, error) {
	return s.countOf(ctx, "workspace_id = ? AND request_id = ?", workspaceID, request)
}

// CountOfContact is CountOfRequest for the deliveries about a contact.
func (s Store) CountOfContact(ctx context.Context, workspaceID, contactID int64) (int64, error) {
	return s.countOf(ctx, "workspace_id = ? AND contact_id = ?", workspaceID, contactID)
}

func (s Store) countOf(ctx context.Context, condition string, args ...any) (n int64, err error) {
	err = s.DB.Read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE "+condition+" LIMIT ?) AS few", append(args, models.ExactCount+1)...).Scan(&n).Error
	return n, err
}

// StateCounts counts a destination's deliveries by state. Each count stops at ExactCount + 1.
func (s Store) StateCounts(ctx context.Context, workspaceID, destinationID int64) (map[models.DeliveryState]int64, error) {
	var parts []string
	for _, state := range models.DeliveryStates {
		parts = append(parts, fmt.Sprintf(`SELECT '%s' AS state, count(*) AS n FROM (SELECT 1 FROM deliveries
			WHERE workspace_id = @ws AND destination_id = @id AND state = '%s' LIMIT %d) AS %s`, state, state, models.ExactCount+1, state))
	}
	var rows []struct {
		State models.DeliveryState
		N     int64
	}
	err := s.DB.Read(ctx).Raw(strings.Join(parts, " UNION ALL "), map[string]any{"ws": workspaceID, "id": destinationID}).Scan(&rows).Error
	counts := map[models.DeliveryState]int64{}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, err
}

// mostWaiting is how many waiting deliveries are counted before a question about their destination.
const mostWaiting = 1_000_000

// CountWaiting counts the deliveries that wait for a destination, up to a million and one.
func (s Store) CountWaiting(ctx context.Context, d models.Destination) (n int64, err error) {
	return n, s.DB.Read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE workspace_id = ? AND destination_id = ? AND state = 'pending' LIMIT ?) AS few", d.WorkspaceID, d.ID, mostWaiting+1).Scan(&n).Error
}

// Told is a delivery with everything known about it.
type Told struct {
	models.Delivery
	Destination models.Destination // even if it was deleted
	Attempts    []models.DeliveryAttempt
	Email       string    // of its contact; "" if there is none or it is gone
	First       uuid.UUID // the delivery about its contact that goes out next, zero if it is this one
	Earlier     int64     // how many about its contact go out before it
	Later       int64     // how many wait behind it
}

// Delivery returns one delivery, or ErrNotFound.
func (s Store) Delivery(ctx context.Context, workspaceID int64, id uuid.UUID) (t Told, err error) {
	if t.Delivery, err = store.First[models.Delivery](s.DB.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, id)); err != nil {
		return t, err
	}
	if t.Destination, err = store.First[models.Destination](s.DB.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, t.DestinationID)); err != nil {
		return t, models.In("destination", err)
	}
	if err := s.DB.Read(ctx).Where("workspace_id = ? AND delivery_id = ?", workspaceID, id).Order("number").Find(&t.Attempts).Error; err != nil {
		return t, models.In("attempts", err)
	}
	if t.ContactID == 0 {
		return t, nil
	}
	if err := s.DB.Read(ctx).Model(&models.Contact{}).Where("workspace_id = ? AND id = ?", workspaceID, t.ContactID).Pluck("email", &t.Email).Error; err != nil {
		return t, models.In("contact", err)
	}
	if t.State != models.DeliveryPending {
		return t, nil
	}
	err = s.DB.Read(ctx).Raw(`SELECT count(*) FILTER (WHERE contact_version < @version OR contact_version = @version AND id < @id) AS earlier,
			count(*) FILTER (WHERE contact_version > @version OR contact_version = @version AND id > @id) AS later
		FROM deliveries WHERE workspace_id = @ws AND destination_id = @destination AND contact_id = @contact AND state = 'pending'`,
		map[string]any{"ws": workspaceID, "id": id, "destination": t.DestinationID, "contact": t.ContactID, "version": t.ContactVersion}).Row().Scan(&t.Earlier, &t.Later)
	if err != nil || t.Earlier == 0 {
		return t, models.In("order", err)
	}
	var first []uuid.UUID
	err = s.DB.Read(ctx).Model(&models.Delivery{}).Where("workspace_id = ? AND destination_id = ? AND contact_id = ? AND state = 'pending'", workspaceID, t.DestinationID, t.ContactID).
		Order("contact_version, id").Limit(1).Pluck("id", &first).Error
	if len(first) > 0 {
		t.First = first[0]
	}
	return t, models.In("the first in order", err)
}
