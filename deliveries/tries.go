package deliveries

import (
	"context"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// Try is an attempt, as a chart counts it.
type Try struct {
	At         time.Time
	Status     int
	Error      string
	DurationUs int64
}

// Limits of a look at the attempts of a destination.
const (
	triesOf   = 2000   // deliveries, the newest
	mostTries = 20_000 // attempts, the last
)

// Tries lists the attempts at a destination since an instant, in no order. It looks at the newest deliveries only: since is the time of the
// oldest of them, zero if it has seen all.
func (s Store) Tries(ctx context.Context, workspaceID, destinationID int64, from time.Time) (tries []Try, since time.Time, err error) {
	f := Filter{DestinationID: destinationID}
	args := map[string]any{"ws": workspaceID, "destination": destinationID, "before": uuid.Max, "window": triesOf, "last": triesOf - 1, "since": models.Instant(from), "most": mostTries}
	var last []uuid.UUID
	if err := s.DB.Read(ctx).Raw("SELECT id FROM ("+f.window("id")+") AS seen ORDER BY id DESC LIMIT 1 OFFSET @last", args).Scan(&last).Error; err != nil {
		return nil, since, models.In("how far it looks", err)
	}
	if len(last) > 0 {
		since = models.IDTime(last[0])
	}
	err = s.DB.Read(ctx).Raw(`SELECT a.at, a.status, a.error, a.duration_us FROM (`+f.window("id")+`) AS v
		JOIN delivery_attempts a ON a.workspace_id = @ws AND a.delivery_id = v.id WHERE a.at >= @since ORDER BY a.at DESC LIMIT @most`, args).Scan(&tries).Error
	if len(tries) == mostTries {
		since = tries[len(tries)-1].At
	}
	return tries, since, err
}
