package deliveries

import (
	"context"
	"strings"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// Filter selects deliveries of a workspace. A zero field does not narrow.
type Filter struct {
	DestinationID int64
	ContactID     int64
	RequestID     uuid.UUID
	AutomationID  int64
	State         models.DeliveryState
	EventType     string // as it is sent: contact.updated
	Status        int    // of the last answer
	Code          Code   // of the last attempt
	From, To      time.Time
}

// Found is one page of a search, the newest first.
type Found struct {
	Rows    []Row
	More    bool
	Stopped uuid.UUID // how far the search has come; zero if it has seen all
}

// searched is how many deliveries one search looks at if no index leads to the matching ones alone.
const searched = 5000

// Search lists the deliveries that match, the newest first. before is the id of the last one of the page before; uuid.Nil is for the first
// page. It looks at a bounded number of deliveries, and says how far it has come.
func (s Store) Search(ctx context.Context, workspaceID int64, f Filter, before uuid.UUID, limit int) (found Found, err error) {
	if before == uuid.Nil {
		before = uuid.Max
	}
	args := f.args(workspaceID)
	args["before"], args["limit"], args["window"], args["last"] = before, limit+1, limit+1, searched-1
	rest := f.rest()
	if len(rest) > 0 {
		args["window"] = searched
		var last []uuid.UUID
		if err := s.DB.Read(ctx).Raw("SELECT id FROM ("+f.window("id")+") AS seen ORDER BY id DESC LIMIT 1 OFFSET @last", args).Scan(&last).Error; err != nil {
			return found, models.In("how far it looks", err)
		}
		if len(last) > 0 {
			found.Stopped = last[0]
		}
	}
	err = s.DB.Read(ctx).Raw(`SELECT `+listed+rowColumns+` FROM (`+f.window(strings.ReplaceAll(listed, "v.", ""))+`) AS v`+rowJoins+joinRun+`
		WHERE `+strings.Join(append(rest, "true"), " AND ")+` ORDER BY v.id DESC LIMIT @limit`, args).Scan(&found.Rows).Error
	if found.More = len(found.Rows) > limit; found.More {
		found.Rows, found.Stopped = found.Rows[:limit], uuid.Nil
	}
	return found, err
}

// args returns the values of the names in the conditions of a filter.
func (f Filter) args(workspaceID int64) map[string]any {
	return map[string]any{"ws": workspaceID, "from": models.IDAt(f.From), "to": models.IDAt(f.To), "destination": f.DestinationID, "contact": f.ContactID,
		"request": f.RequestID, "automation": f.AutomationID, "state": f.State, "event": f.EventType, "status": f.Status, "code": string(f.Code)}
}

// window returns the query of the newest deliveries that an index leads to.
func (f Filter) window(columns string) string { return f.windowOf(columns, "ID < @before", "ID DESC") }

// windowOf returns the query of the first deliveries, in an order, that an index leads to. ID stands for the id in bound and order.
func (f Filter) windowOf(columns, bound, order string) string {
	id, outer := "id", strings.ReplaceAll(order, "ID", "id")
	if f.RequestID != uuid.Nil {
		id = "coalesce(id, id)" // the index by the call has no ids: in the order of the primary key, all deliveries of the workspace would be read
	}
	bound, order = strings.ReplaceAll(bound, "ID", id), strings.ReplaceAll(order, "ID", id)
	span := "workspace_id = @ws AND " + bound
	if !f.From.IsZero() {
		span += " AND " + id + " >= @from"
	}
	if !f.To.IsZero() {
		span += " AND " + id + " < @to"
	}
	one := func(condition string) string {
		return "SELECT " + columns + " FROM deliveries WHERE " + span + condition + " ORDER BY " + order + " LIMIT @window"
	}
	switch {
	case f.RequestID != uuid.Nil:
		return one(" AND request_id = @request")
	case f.ContactID != 0:
		return one(" AND contact_id = @contact")
	case f.DestinationID != 0 && f.State != "":
		return one(" AND destination_id = @destination AND state = @state")
	case f.DestinationID != 0:
		var parts []string
		for _, state := range models.DeliveryStates {
			parts = append(parts, "SELECT * FROM ("+one(" AND destination_id = @destination AND state = '"+string(state)+"'")+") AS "+string(state))
		}
		return "SELECT * FROM (" + strings.Join(parts, " UNION ALL ") + ") AS those ORDER BY " + outer + " LIMIT @window"
	}
	return one("")
}

// rest lists the conditions that the window leaves open.
func (f Filter) rest() (all []string) {
	one := f.RequestID != uuid.Nil || f.ContactID != 0
	for _, c := range []struct {
		asked     bool
		condition string
	}{
		{f.ContactID != 0 && f.RequestID != uuid.Nil, "v.contact_id = @contact"},
		{f.DestinationID != 0 && one, "v.destination_id = @destination"},
		{f.State != "" && (one || f.DestinationID == 0), "v.state = @state"},
		{f.AutomationID != 0, "r.automation_id = @automation"},
		{f.EventType != "", "v.event_type = @event"},
		{f.Status != 0, "a.status = @status"},
		{f.Code != "", "a.error = @code"},
	} {
		if c.asked {
			all = append(all, c.condition)
		}
	}
	return all
}

// testsSeen is how many deliveries about no contact a look for the last test goes through.
const testsSeen = 500

// LastTest returns the last test that was sent to a destination, or nil if it is not among the newest deliveries about no contact.
func (s Store) LastTest(ctx context.Context, workspaceID, destinationID int64) (*Row, error) {
	var rows []Row
	err := s.DB.Read(ctx).Raw(`SELECT `+listed+rowColumns+` FROM (SELECT `+strings.ReplaceAll(listed, "v.", "")+` FROM deliveries
			WHERE workspace_id = ? AND contact_id = 0 ORDER BY id DESC LIMIT ?) AS v`+rowJoins+`
		WHERE v.destination_id = ? AND v.event_type = ? ORDER BY v.id DESC LIMIT 1`, workspaceID, testsSeen, destinationID, TestType).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
