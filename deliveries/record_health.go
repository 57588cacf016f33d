package deliveries

import (
	"cmp"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// sinceRefused fills in, for one delivery of each destination, since when all its attempts have led to an address that is not allowed. It takes
// the delivery with the most attempts.
func sinceRefused(tx *gorm.DB, workspace int64, group []outcome) error {
	most := map[int64]int{}
	for i, o := range group {
		if at, known := most[o.delivery.DestinationID]; o.Code == CodeAddress && o.delivery.Tries > 0 && (!known || group[at].delivery.Tries < o.delivery.Tries) {
			most[o.delivery.DestinationID] = i
		}
	}
	for _, i := range most {
		var first []time.Time
		id := group[i].delivery.ID
		err := tx.Model(&models.DeliveryAttempt{}).Where("workspace_id = ? AND delivery_id = ?", workspace, id).
			Where("number > (SELECT coalesce(max(number), 0) FROM delivery_attempts WHERE workspace_id = ? AND delivery_id = ? AND error <> ?)", workspace, id, string(CodeAddress)).
			Order("number").Limit(1).Pluck("at", &first).Error
		if err != nil {
			return err
		}
		if len(first) > 0 {
			group[i].refused = first[0]
		}
	}
	return nil
}

// recordHealth notes at the destinations whether they take deliveries. It locks them in the order of their ids.
func recordHealth(tx *gorm.DB, workspace int64, group []outcome) error {
	byDestination := map[int64][]outcome{}
	for _, o := range group {
		byDestination[o.delivery.DestinationID] = append(byDestination[o.delivery.DestinationID], o)
	}
	var rows []models.Destination
	err := store.ForNoKeyUpdate(tx).Where("workspace_id = ? AND id IN ?", workspace, sortedKeys(byDestination)).Order("id").Find(&rows).Error
	if err != nil {
		return err
	}
	for _, d := range rows {
		all, changes, wasOn := byDestination[d.ID], false, d.Enabled
		slices.SortStableFunc(all, func(a, b outcome) int {
			return cmp.Compare(a.at.Add(a.Duration).UnixNano(), b.at.Add(b.Duration).UnixNano())
		})
		for _, o := range all {
			var changed bool
			d, changed = after(d, o)
			changes = changes || changed
		}
		if !changes {
			continue
		}
		err := tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", workspace, d.ID).UpdateColumns(map[string]any{
			"enabled": d.Enabled, "off_reason": d.OffReason, "failing_since": d.FailingSince, "failures": d.Failures, "arrived_at": d.ArrivedAt}).Error
		if err != nil {
			return err
		}
		if wasOn && !d.Enabled {
			if err := audit(tx, d, 0, models.ActionDestinationSwitchedOff, []models.AuditChange{{What: "Reason", After: d.OffReason}}, all[len(all)-1].at); err != nil {
				return models.In("audit log", err)
			}
		}
	}
	return nil
}
