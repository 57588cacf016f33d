package deliveries

import (
	"context"
	"slices"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Limits of sending deliveries again together.
const (
	replayStep   = 500    // that one transaction sends again
	resendSeen   = 5000   // that one transaction looks at
	resendCounts = 50_000 // that a count looks at, the newest
)

// Replayable reports whether deliveries with a state can be sent again together.
func Replayable(state models.DeliveryState) bool {
	return state == models.DeliveryDead || state == models.DeliveryArrived
}

// ResendOf returns the spec of a resend of the deliveries of a destination that match f.
func ResendOf(d models.Destination, f Filter) models.ResendSpec {
	return models.ResendSpec{DestinationID: d.ID, Name: d.Name, State: f.State, From: f.From, To: f.To, ContactID: f.ContactID, RequestID: f.RequestID,
		AutomationID: f.AutomationID, EventType: f.EventType, Status: f.Status, Code: string(f.Code)}
}

func filterOf(spec models.ResendSpec) Filter {
	return Filter{DestinationID: spec.DestinationID, State: spec.State, From: spec.From, To: spec.To, ContactID: spec.ContactID, RequestID: spec.RequestID,
		AutomationID: spec.AutomationID, EventType: spec.EventType, Status: spec.Status, Code: Code(spec.Code)}
}

// Again says what sending deliveries again would do. The counts stop at ExactCount + 1.
type Again struct {
	Count   int64
	Changed int64 // the contact has changed since
	Newer   int64 // a newer message about the contact has arrived there
	More    bool  // there may be more: not all were looked at
}

// againSQL counts what Again holds. It reads the messages of each contact once. The sum and the joined text keep SQLite from the index by
// destination and state: it would read all that arrived there for each contact.
const againSQL = `WITH v AS (%), latest AS (
		SELECT e.contact_id, max(e.contact_version) AS version
		FROM (SELECT DISTINCT contact_id FROM v WHERE contact_id <> 0) AS people CROSS JOIN deliveries e
		WHERE e.workspace_id = @ws AND e.contact_id = people.contact_id AND e.destination_id + 0 = @destination AND e.state || '' = 'arrived'
		GROUP BY e.contact_id
	)
	SELECT count(*) AS count, count(*) FILTER (WHERE c.version > v.contact_version) AS changed, count(*) FILTER (WHERE latest.version > v.contact_version) AS newer
	FROM v LEFT JOIN contacts c ON c.workspace_id = v.workspace_id AND c.id = v.contact_id LEFT JOIN latest ON latest.contact_id = v.contact_id`

// CountAgain counts the deliveries that a resend would send again now. It looks at a bounded number of deliveries.
func (s Store) CountAgain(ctx context.Context, workspaceID int64, spec models.ResendSpec) (n Again, err error) {
	sql, args := countAgain(workspaceID, spec)
	if err := s.DB.Read(ctx).Raw(sql, args).Scan(&n).Error; err != nil || n.Count > models.ExactCount {
		return n, models.In("deliveries: what sending again would do", err)
	}
	var last []uuid.UUID
	err = s.DB.Read(ctx).Raw("SELECT id FROM ("+filterOf(spec).window("id")+") AS seen ORDER BY id DESC LIMIT 1 OFFSET @last", args).Scan(&last).Error
	n.More = len(last) > 0
	return n, models.In("deliveries: how far the count looks", err)
}

func countAgain(workspaceID int64, spec models.ResendSpec) (sql string, args map[string]any) {
	f := filterOf(spec)
	args = f.args(workspaceID)
	args["before"], args["window"], args["last"], args["most"] = uuid.Max, resendCounts, resendCounts-1, models.ExactCount+1
	some := "SELECT v.workspace_id, v.id, v.destination_id, v.contact_id, v.contact_version " + f.among(f.window(resendColumns)) + " LIMIT @most"
	return strings.Replace(againSQL, "%", some, 1), args
}

// resendColumns are the columns of deliveries that among needs.
const resendColumns = "workspace_id, id, destination_id, run_id, contact_id, contact_version, state, event_type, tries, ended_at, body IS NOT NULL AS whole"

// among ends a query of the deliveries v of a window that match f and can be sent again.
func (f Filter) among(window string) string {
	from := "FROM (" + window + ") AS v"
	if f.Status != 0 || f.Code != "" {
		from += joinLast
	}
	if f.AutomationID != 0 {
		from += joinRun
	}
	return from + " WHERE " + strings.Join(append(f.rest(), "v.whole"), " AND ")
}

// ResendStep sends the next deliveries of a resend again, after the one with the id after. It returns how many, and the id of the last one that
// it has looked at: uuid.Nil if there are no more. A destination that is gone or switched off is an error.
func ResendStep(tx *gorm.DB, workspaceID int64, spec models.ResendSpec, after uuid.UUID, now time.Time) (n int64, last uuid.UUID, err error) {
	if !Replayable(spec.State) {
		return 0, uuid.Nil, ErrSentOnly
	}
	if _, err := toSend(tx, models.Destination{WorkspaceID: workspaceID, ID: spec.DestinationID}); err != nil {
		return 0, uuid.Nil, err
	}
	found, last, err := resendable(tx, workspaceID, spec, after)
	if err != nil || len(found) == 0 {
		return 0, last, models.In("deliveries: the next to send again", err)
	}
	var ids []uuid.UUID
	err = rowsOf(store.ForChange(tx), workspaceID, found).Where("state = ? AND body IS NOT NULL AND ended_at <= ?", spec.State, spec.Until).Order("id").Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, last, models.In("deliveries: lock those to send again", err)
	}
	return int64(len(ids)), last, models.In("deliveries: send again", rowsOf(tx, workspaceID, ids).Updates(again(now)).Error)
}

// resendable lists the next deliveries of a resend, and the last one that it has looked at; uuid.Nil if there are no more.
func resendable(tx *gorm.DB, workspaceID int64, spec models.ResendSpec, after uuid.UUID) (ids []uuid.UUID, last uuid.UUID, err error) {
	f := filterOf(spec)
	args := f.args(workspaceID)
	args["after"], args["until"], args["ended"], args["window"], args["last"], args["most"] = after, models.IDAt(spec.Until), spec.Until, resendSeen, resendSeen-1, replayStep
	window := func(columns string) string { return f.windowOf(columns, "ID > @after AND ID < @until", "ID") }
	if err := tx.Raw("SELECT v.id "+f.among(window(resendColumns))+" AND v.ended_at <= @ended ORDER BY v.id LIMIT @most", args).Scan(&ids).Error; err != nil {
		return nil, uuid.Nil, err
	}
	if len(ids) == replayStep {
		return ids, ids[replayStep-1], nil
	}
	var seen []uuid.UUID
	if err := tx.Raw("SELECT id FROM ("+window("id")+") AS seen ORDER BY id LIMIT 1 OFFSET @last", args).Scan(&seen).Error; err != nil {
		return nil, uuid.Nil, err
	}
	switch {
	case len(seen) > 0:
		last = seen[0]
	case len(ids) > 0:
		last = slices.MaxFunc(ids, models.CompareIDs)
	}
	return ids, last, nil
}
