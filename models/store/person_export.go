package store

import (
	"context"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// personStep is how many rows of one person's history are in memory at a time.
const personStep = 50

// These functions return what is stored about one person, in steps, the newest first. Pass the last id of the previous
// step as before, at first uuid.Max.

// PersonRequests returns the next calls for the contact's addresses.
func (d *DB) PersonRequests(ctx context.Context, c models.Contact, before uuid.UUID) (rows []models.WebhookRequest, err error) {
	former, err := d.FormerAddresses(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return nil, err
	}
	return rows, personRows(whereCallsOf(d.Read(ctx), c, former), before).Find(&rows).Error
}

// PersonEdits returns the next changes by people, imports and automations, with the person who made them.
func (d *DB) PersonEdits(ctx context.Context, c models.Contact, before uuid.UUID) (rows []ContactEdit, err error) {
	q := d.Read(ctx).Table("audit_log").Select("audit_log.*, (SELECT "+personName+" FROM users WHERE users.id = audit_log.user_id) AS person").
		Where("workspace_id = ? AND subject IN ? AND subject_id = ?", c.WorkspaceID, models.ContactSubjects, c.ID)
	if err := personRows(q, before).Find(&rows).Error; err != nil {
		return nil, err
	}
	return rows, addValues(d.Read(ctx), c, rows)
}

// PersonMoves returns the next moves into and out of segments.
func (d *DB) PersonMoves(ctx context.Context, c models.Contact, before uuid.UUID) (moves []ContactMove, err error) {
	for len(moves) == 0 && before != uuid.Nil && err == nil {
		moves, before, err = d.ContactMoves(ctx, c, before, personStep)
	}
	return moves, err
}

// SentDelivery is a delivery with its attempts.
type SentDelivery struct {
	models.Delivery
	Destination string                   // its name
	Attempts    []models.DeliveryAttempt `gorm:"-"`
}

// PersonDeliveries returns the next messages about the contact to other systems, with their attempts.
func (d *DB) PersonDeliveries(ctx context.Context, c models.Contact, before uuid.UUID) (rows []SentDelivery, err error) {
	q := d.Read(ctx).Table("deliveries").Select("deliveries.*, (SELECT name FROM destinations t WHERE t.workspace_id = deliveries.workspace_id AND t.id = deliveries.destination_id) AS destination").
		Where("workspace_id = ? AND contact_id = ?", c.WorkspaceID, c.ID)
	if err := personRows(q, before).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	at, ids := map[uuid.UUID]int{}, make([]uuid.UUID, len(rows))
	for i, row := range rows {
		at[row.ID], ids[i] = i, row.ID
	}
	var attempts []models.DeliveryAttempt
	err = d.Read(ctx).Where("workspace_id = ? AND delivery_id IN ?", c.WorkspaceID, ids).Order("delivery_id, number").Find(&attempts).Error
	for _, a := range attempts {
		row := &rows[at[a.DeliveryID]]
		row.Attempts = append(row.Attempts, a)
	}
	return rows, err
}

// PersonEvents returns the next events for automations about the contact, with what they show of it. The index by the contact has no ids: in
// the order of the primary key, SQLite would read all events of the workspace.
func (d *DB) PersonEvents(ctx context.Context, c models.Contact, before uuid.UUID) (rows []models.AutomationEvent, err error) {
	return rows, d.Read(ctx).Where("workspace_id = ? AND contact_id = ? AND coalesce(id, id) < ?", c.WorkspaceID, c.ID, before).
		Order("coalesce(id, id) DESC").Limit(personStep).Find(&rows).Error
}

// PersonRun is a run of an automation with what its steps did.
type PersonRun struct {
	models.AutomationRun
	Automation string           // its name
	Steps      []models.RunStep `gorm:"-"`
}

// PersonRuns returns the next runs about the contact.
func (d *DB) PersonRuns(ctx context.Context, c models.Contact, before uuid.UUID) (rows []PersonRun, err error) {
	q := d.Read(ctx).Table("automation_runs").Select("automation_runs.*, (SELECT name FROM automations a WHERE a.workspace_id = automation_runs.workspace_id AND a.id = automation_runs.automation_id) AS automation").
		Where("workspace_id = ? AND contact_id = ?", c.WorkspaceID, c.ID)
	if err := personRows(q, before).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	at, ids := map[uuid.UUID]int{}, make([]uuid.UUID, len(rows))
	for i, row := range rows {
		at[row.ID], ids[i] = i, row.ID
	}
	var steps []models.RunStep
	err = d.Read(ctx).Where("workspace_id = ? AND run_id IN ?", c.WorkspaceID, ids).Order("run_id, number").Find(&steps).Error
	for _, s := range steps {
		row := &rows[at[s.RunID]]
		row.Steps = append(row.Steps, s)
	}
	return rows, err
}

func personRows(q *gorm.DB, before uuid.UUID) *gorm.DB {
	return q.Where("id < ?", before).Order("id DESC").Limit(personStep)
}
