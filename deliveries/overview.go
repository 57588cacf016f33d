package deliveries

import (
	"context"
	"time"

	"campaignlark/models"
)

// Trouble is a destination that needs a look. The counts stop at ExactCount + 1.
type Trouble struct {
	models.Destination
	Waiting int64
	GivenUp int64 // in the last 7 days, without those that a person gave up
	Failing bool  `gorm:"-"` // see the function Failing
}

// Off reports whether the destination is switched off by the program, or by a person while messages wait for it.
func (t Trouble) Off() bool { return !t.Enabled && (t.OffReason != "" || t.Waiting > 0) }

// GivenUpFor is how long the dashboard shows that messages were given up.
const GivenUpFor = 7 * 24 * time.Hour

// Troubles lists the destinations of a workspace that need a look, by name: those that fail, that are off, or for which messages were given up.
func (s Store) Troubles(ctx context.Context, workspaceID int64, now time.Time) (all []Trouble, err error) {
	var rows []Trouble
	since := now.Add(-GivenUpFor) // the tries of a message take less time again
	err = s.DB.Read(ctx).Raw(`SELECT d.*, `+few("state = 'pending'")+` AS waiting, `+few("state = 'dead' AND id >= @first AND ended_at >= @since AND reason <> @hand")+` AS given_up
		FROM destinations d WHERE d.workspace_id = @ws AND d.deleted_at IS NULL ORDER BY d.name, d.id`,
		map[string]any{"ws": workspaceID, "first": models.IDAt(since.Add(-GivenUpFor)), "since": models.Instant(since), "hand": reasonByHand}).Scan(&rows).Error
	for _, t := range rows {
		if t.Failing = Failing(t.Destination, now); t.Failing || t.Off() || t.GivenUp > 0 {
			all = append(all, t)
		}
	}
	return all, err
}
