package automations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Message is what became of a message that a step of a run handed to a destination.
type Message struct {
	RunID         uuid.UUID
	Number        int // of the step's row
	ID            uuid.UUID
	State         models.DeliveryState
	Tries         int
	NextAt        time.Time
	Reason        string
	DestinationID int64
	Destination   string
	Off           bool   // the destination is switched off
	Held          bool   // it waits for an earlier message about the contact
	Status        int    // of the last attempt, 0 for no answer
	Error         string // a code of package deliveries, of the last attempt
}

// Needs reports whether a person should know: the message has not arrived, and is not on its first way.
func (m Message) Needs() bool { return m.rank() > 1 }

// rank orders messages by what a person must know first.
func (m Message) rank() int {
	switch {
	case m.State == models.DeliveryDead:
		return 4
	case m.State == models.DeliveryPending && (m.Tries > 0 || m.Off || m.Held):
		return 3
	case m.State == models.DeliveryDropped:
		return 2
	case m.State == models.DeliveryPending:
		return 1
	}
	return 0
}

// Worst returns the message that a person must know of first, and whether there is one that has not arrived.
func Worst(all []Message) (Message, bool) {
	if len(all) == 0 {
		return Message{}, false
	}
	worst := slices.MaxFunc(all, func(a, b Message) int { return a.rank() - b.rank() })
	return worst, worst.rank() > 0
}

// messagesSQL follows the keys from the runs to the last attempts. SQLite keeps the order of CROSS JOIN: without it, it reads all deliveries
// of the workspace for each run.
const messagesSQL = `SELECT t.run_id, t.number, v.id, v.state, v.tries, v.next_at, v.held, v.reason, v.destination_id, coalesce(d.name, '') AS destination, NOT coalesce(d.enabled, true) AS off,
		coalesce(a.status, 0) AS status, coalesce(a.error, '') AS error
	FROM run_steps t CROSS JOIN deliveries v
	LEFT JOIN destinations d ON d.workspace_id = v.workspace_id AND d.id = v.destination_id
	LEFT JOIN delivery_attempts a ON a.workspace_id = v.workspace_id AND a.delivery_id = v.id AND a.number = v.tries
	WHERE t.workspace_id = ? AND t.run_id IN ? AND t.delivery_id IS NOT NULL AND v.workspace_id = t.workspace_id AND v.id = t.delivery_id ORDER BY t.number`

// Messages returns what became of the messages of runs, by run, in the order of the steps.
func (s Store) Messages(ctx context.Context, workspace int64, runs []uuid.UUID) (map[uuid.UUID][]Message, error) {
	all := map[uuid.UUID][]Message{}
	if len(runs) == 0 {
		return all, nil
	}
	var rows []Message
	err := s.DB.Read(ctx).Raw(messagesSQL, workspace, runs).Scan(&rows).Error
	for _, m := range rows {
		all[m.RunID] = append(all[m.RunID], m)
	}
	return all, err
}

// MostUndelivered is the highest exact number of messages that a page shows.
const MostUndelivered = 1000

// Undelivered counts messages of an automation that a destination has not taken, each kind up to MostUndelivered + 1.
type Undelivered struct {
	AutomationID  int64
	DestinationID int64
	Destination   string
	Waiting       int64 // are tried again, or wait for a destination that is off
	GivenUp       int64 // of the last failedFor
}

// Undelivered lists what destinations have not taken from one automation, or from each if automation is 0. It looks at MostUndelivered + 1
// messages of each destination and kind, in no order: Postgres would sort all that wait.
func (s Store) Undelivered(ctx context.Context, workspace, automation int64) (all []Undelivered, err error) {
	db := s.DB.Read(ctx)
	destinations, err := destinationsOf(db, workspace)
	if err != nil || len(destinations) == 0 {
		return nil, err
	}
	var parts []string
	for _, d := range destinations {
		some := func(state models.DeliveryState, condition, outside string) {
			parts = append(parts, fmt.Sprintf(`SELECT run_id, destination_id, state FROM (SELECT run_id, destination_id, state, tries, held FROM deliveries
				WHERE workspace_id = @ws AND destination_id = %d AND state = '%s'%s LIMIT @most) AS few WHERE run_id IS NOT NULL%s`, d.ID, state, condition, outside))
		}
		tried := " AND (tries > 0 OR held)"
		if !d.Enabled {
			tried = ""
		}
		some(models.DeliveryPending, "", tried)
		some(models.DeliveryDead, " AND id >= @week", "")
	}
	of := ""
	if automation != 0 {
		of = " AND r.automation_id = @automation"
	}
	err = db.Raw(`SELECT r.automation_id, v.destination_id, sum(CASE WHEN v.state = 'pending' THEN 1 ELSE 0 END) AS waiting, sum(CASE WHEN v.state = 'dead' THEN 1 ELSE 0 END) AS given_up
		FROM (`+strings.Join(parts, " UNION ALL ")+`) AS v CROSS JOIN automation_runs r WHERE r.workspace_id = @ws AND r.id = v.run_id`+of+` GROUP BY 1, 2 ORDER BY 1, 2`,
		map[string]any{"ws": workspace, "automation": automation, "week": models.IDAt(models.Instant(s.Now()).Add(-failedFor)), "most": MostUndelivered + 1}).Scan(&all).Error
	for i, u := range all {
		at := slices.IndexFunc(destinations, func(d models.Destination) bool { return d.ID == u.DestinationID })
		all[i].Destination = destinations[at].Name
	}
	return all, err
}

// Callers lists the automations whose steps call a destination, by name, as deliveries.Store asks for them.
func Callers(tx *gorm.DB, workspaceID, destinationID int64) (callers []deliveries.Thing, err error) {
	var all []models.Automation
	if err := tx.Where("workspace_id = ? AND deleted_at IS NULL", workspaceID).Order("name, id").Find(&all).Error; err != nil {
		return nil, models.In("automations", err)
	}
	for _, a := range all {
		if slices.Contains(stored(a.Definition).Destinations(), destinationID) {
			callers = append(callers, deliveries.Thing{ID: a.ID, Name: a.Name})
		}
	}
	return callers, nil
}
