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

// PersonEdits returns the next changes by hand, with the person who made them.
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

func personRows(q *gorm.DB, before uuid.UUID) *gorm.DB {
	return q.Where("id < ?", before).Order("id DESC").Limit(personStep)
}
