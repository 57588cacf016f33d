package store

import (
	"context"

	"campaignlark/models"

	"github.com/google/uuid"
)

// ContactMove is a segment that a contact entered or left, alone or with many others.
type ContactMove struct {
	models.SegmentChange
	UserEmail string // who did it by hand, or edited the rule; "" where that is not known
	GoneName  string // of a segment that was deleted
}

const (
	// moveReach is how many changes of many contacts a page of one contact's moves looks through, most of them its
	// neighbours': as many as there are when all contacts of two spans leave one after the other.
	moveReach = 2 * models.SegmentSpan
	// moveMost is how many of these, which may concern the contact, are read, 2 KiB each at most.
	moveMost = 1024
)

// moveRow is a change of one contact, or one of many with sets of those who came and went.
type moveRow struct {
	ContactMove
	One        bool
	Came, Went models.SegmentSet
}

// ContactMoves returns the segments that a contact entered and left before an id, at most limit, newest first. uuid.Max
// starts at the newest. It looks through a bounded number of changes that concern its neighbours: unread is zero if it has
// seen all, else moves before that id may follow.
func (d *DB) ContactMoves(ctx context.Context, c models.Contact, before uuid.UUID, limit int) (moves []ContactMove, unread uuid.UUID, err error) {
	rows, floor, err := d.moveRows(ctx, c, before, limit)
	if err != nil {
		return nil, uuid.Nil, err
	}
	for _, r := range rows {
		if models.CompareIDs(r.ID, floor) < 0 || len(moves) == limit {
			break
		}
		r.ContactID = c.ID
		switch {
		case r.One, r.Came.Has(c.ID):
			r.Entered = r.Entered || !r.One
			moves = append(moves, r.ContactMove)
		case r.Went.Has(c.ID):
			moves = append(moves, r.ContactMove)
		}
	}
	if len(moves) == limit {
		floor = moves[limit-1].ID
	}
	return moves, floor, nil
}

// moveRows reads the next rows before an id that may concern the contact, newest first. Rows older than floor may be
// incomplete.
func (d *DB) moveRows(ctx context.Context, c models.Contact, before uuid.UUID, limit int) (rows []moveRow, floor uuid.UUID, err error) {
	db, args := d.Read(ctx), map[string]any{"ws": c.WorkspaceID, "contact": c.ID, "span": c.ID / models.SegmentSpan, "before": before, "limit": limit,
		"reach": moveReach - 1, "most": moveMost, "bitmap": models.SegmentSpan / 8, "listed": models.NewSegmentSet([]int64{c.ID})}
	var last struct{ ID uuid.UUID } // zero when all are within reach
	err = db.Raw(`SELECT id FROM segment_bulk_changes WHERE workspace_id = @ws AND span = @span AND id < @before
		ORDER BY id DESC LIMIT 1 OFFSET @reach`, args).Scan(&last).Error
	if err != nil {
		return nil, uuid.Nil, err
	}
	floor = last.ID
	args["floor"] = floor
	err = db.Raw(`SELECT m.*, coalesce(u.email, '') AS user_email, coalesce((SELECT max(a.subject_name) FROM audit_log a
			WHERE a.workspace_id = @ws AND a.subject = 'segment' AND a.subject_id = m.segment_id AND a.action = 'segment.deleted'), '') AS gone_name
		FROM (SELECT true AS one, id, segment_id, at, cause, user_id, request_id, entered, NULL AS came, NULL AS went
				FROM (SELECT * FROM segment_changes WHERE workspace_id = @ws AND contact_id = @contact AND id < @before ORDER BY id DESC LIMIT @limit) AS single
			UNION ALL SELECT false, id, segment_id, at, cause, user_id, NULL, false, entered, departed
				FROM (SELECT * FROM segment_bulk_changes WHERE workspace_id = @ws AND span = @span AND id < @before AND id >= @floor
					AND (`+d.mayHold("entered")+` OR `+d.mayHold("departed")+`) ORDER BY id DESC LIMIT @most) AS many) AS m
		LEFT JOIN users u ON u.id = m.user_id ORDER BY m.id DESC`, args).Scan(&rows).Error
	singles, many := 0, 0
	for _, r := range rows {
		if r.One {
			singles++
		} else {
			many++
		}
		if models.CompareIDs(r.ID, floor) > 0 && (singles == limit && r.One || many == moveMost && !r.One) {
			return rows, r.ID, err
		}
	}
	return rows, floor, err
}

// mayHold is the SQL condition that a column with a models.SegmentSet is a bitmap, or a list with the two bytes of the
// contact at any place, which may be the halves of two others.
func (d *DB) mayHold(column string) string {
	if d.Dialect == Postgres {
		return "(length(" + column + ") = @bitmap OR position(@listed in " + column + ") > 0)"
	}
	return "(length(" + column + ") = @bitmap OR instr(" + column + ", @listed) > 0)"
}
