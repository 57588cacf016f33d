package deliveries

import (
	"context"
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
)

// Label names what came out of an attempt for the metrics, one of Labels: its code, or the status of an answer that was refused.
func (r Result) Label() string {
	if r.Code == CodeNone {
		return "arrived"
	}
	if r.Code != CodeStatus {
		return string(r.Code)
	}
	for _, status := range labelled {
		if r.Status == status {
			return strconv.Itoa(status)
		}
	}
	switch r.Status / 100 {
	case 4:
		return "4xx"
	case 5:
		return "5xx"
	}
	return "other_status"
}

// labelled lists the statuses that have a label. Each needs another remedy.
var labelled = []int{400, 401, 403, 404, 410, 422, 429, 500, 502, 503, 504}

// Labels lists every label of an attempt.
func Labels() []string {
	all := []string{"arrived", "4xx", "5xx", "other_status"}
	for _, code := range Codes {
		if code != CodeStatus {
			all = append(all, string(code))
		}
	}
	for _, status := range labelled {
		all = append(all, strconv.Itoa(status))
	}
	return all
}

// Numbers describes the deliveries and destinations of all workspaces.
type Numbers struct {
	Waiting int64      // deliveries, at most MostWaiting
	Due     *time.Time // since when the oldest one is due whose destination is on; nil for none
	Failing int64      // destinations
	Off     int64      // destinations that the program has switched off
}

// MostWaiting is the highest number of waiting deliveries that Numbers counts.
const MostWaiting = 100_000

// waitingSQL counts what waits, destination by destination: without them SQLite reads an index with all deliveries.
const waitingSQL = `SELECT count(*) FROM (SELECT 1 FROM destinations d CROSS JOIN deliveries v
	WHERE v.workspace_id = d.workspace_id AND v.destination_id = d.id AND v.state = 'pending' LIMIT @most) AS few`

// NumbersOf reads the numbers.
func NumbersOf(ctx context.Context, db *store.DB, now time.Time) (n Numbers, err error) {
	err = db.Read(ctx).Raw(`SELECT (`+waitingSQL+`) AS waiting,
			(SELECT count(*) FROM destinations WHERE `+store.FailingDestination+`) AS failing,
			(SELECT count(*) FROM destinations WHERE deleted_at IS NULL AND NOT enabled AND off_reason <> '') AS off`,
		map[string]any{"most": MostWaiting, "failed_by": store.FailedBy(now)}).Scan(&n).Error
	if err != nil {
		return n, err
	}
	var oldest struct{ NextAt *time.Time }
	err = db.Read(ctx).Raw(`SELECT v.next_at FROM destinations d JOIN deliveries v ON v.workspace_id = d.workspace_id AND v.id =
			(SELECT f.id FROM deliveries f WHERE f.workspace_id = d.workspace_id AND f.destination_id = d.id AND f.state = 'pending' AND f.`+anyTime+` ORDER BY f.next_at LIMIT 1)
		WHERE d.deleted_at IS NULL AND d.enabled AND v.next_at <= ? ORDER BY v.next_at LIMIT 1`, models.Instant(now)).Scan(&oldest).Error
	n.Due = oldest.NextAt
	return n, err
}
