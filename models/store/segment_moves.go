package store

import (
	"context"

	"campaignlark/models"

	"github.com/google/uuid"
)

// ContactMove is a move of one contact, alone or in a wave.
type ContactMove struct {
	models.SegmentChange
	Person     string // name or address of the person who changed the contact or edited the rule; "" if unknown
	GoneName   string // the name of a deleted segment
	Automation string // the name of the automation that changed the contact
}

const (
	// moveReach is how many rows of segment_bulk_changes one page of a contact's moves looks at. Most concern only
	// other contacts of the span. It covers the case that all contacts of two spans leave one after the other.
	moveReach = 2 * models.SegmentSpan
	// moveMost is how many of these rows, which may concern the contact, are read; each has at most 2 KiB.
	moveMost = 1024
)

// moveRow is a change of one contact, or a change of many with the sets of those that entered and left.
type moveRow struct {
	ContactMove
	One        bool
	Came, Went models.SegmentSet
}

// ContactMoves returns a contact's moves before an id, at most limit, newest first; uuid.Max starts at the newest. It
// looks at a bounded number of changes of the contact's span. unread is zero if it has seen all; if not, more moves may
// follow before that id.
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

// moveRows reads the next rows before an id that may concern the contact, newest first. Ignore rows older than floor:
// they may be incomplete.
func (d *DB) moveRows(ctx context.Context, c models.Contact, before uuid.UUID, limit int) (rows []moveRow, floor uuid.UUID, err error) {
	db, args := d.Read(ctx), map[string]any{"ws": c.WorkspaceID, "contact": c.ID, "span": c.ID / models.SegmentSpan, "before": before, "limit": limit,
		"reach": moveReach - 1, "most": moveMost, "bitmap": models.SegmentSpan / 8, "listed": models.NewSegmentSet([]int64{c.ID})}
	var last struct{ ID uuid.UUID } // zero if all rows are within reach
	err = db.Raw(`SELECT id FROM segment_bulk_changes WHERE workspace_id = @ws AND span = @span AND id < @before
		ORDER BY id DESC LIMIT 1 OFFSET @reach`, args).Scan(&last).Error
	if err != nil {
		return nil, uuid.Nil, err
	}
	floor = last.ID
	args["floor"] = floor
	err = db.Raw(`SELECT m.*, coalesce(nullif(u.name, ''), u.email, '') AS person, coalesce((SELECT max(a.subject_name) FROM audit_log a
			WHERE a.workspace_id = @ws AND a.subject = 'segment' AND a.subject_id = m.segment_id AND a.action = 'segment.deleted'), '') AS gone_name,
			coalesce((SELECT a.name FROM automation_runs r JOIN automations a ON a.workspace_id = r.workspace_id AND a.id = r.automation_id
			WHERE r.workspace_id = @ws AND r.id = m.run_id), '') AS automation
		FROM (SELECT true AS one, id, segment_id, at, cause, user_id, job_id, request_id, run_id, entered, NULL AS came, NULL AS went
				FROM (SELECT * FROM segment_changes WHERE workspace_id = @ws AND contact_id = @contact AND id < @before ORDER BY id DESC LIMIT @limit) AS single
			UNION ALL SELECT false, id, segment_id, at, cause, user_id, NULL, NULL, NULL, false, entered, departed
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

// mayHold returns the SQL condition that a column with a models.SegmentSet may contain the contact: it is a bitmap, or
// a list with the contact's two bytes anywhere, perhaps as halves of two other entries.
func (d *DB) mayHold(column string) string {
	if d.Dialect == Postgres {
		return "(length(" + column + ") = @bitmap OR position(@listed in " + column + ") > 0)"
	}
	return "(length(" + column + ") = @bitmap OR instr(" + column + ", @listed) > 0)"
}
