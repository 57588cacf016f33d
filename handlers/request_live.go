package handlers

import (
	"context"
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/gofiber/fiber/v2"
)

// requestsLive streams events "came" with the number of calls that match the list's filters and came since the last event. ?seen= is the
// newest call on the page. Clients that do not accept text/event-stream are redirected to the list.
func (s *Server) requestsLive(v *visit) error {
	webhooks, err := s.DB.WebhooksEver(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("live requests: webhooks", err)
	}
	query := v.requestQuery(v.Query, webhooks)
	if !v.streams() {
		return v.Redirect(v.requestsURL(query.with()), fiber.StatusSeeOther)
	}
	if err := query.usable(); err != nil {
		return err
	}
	return v.followCalls(v.Workspace.ID, query.filter, false)
}

// followCalls opens the stream of a list. staff says that it is one of support staff.
func (v *visit) followCalls(workspaceID int64, filter store.RequestFilter, staff bool) error {
	seen, _ := requestID(v.Query("seen")) // zero: the page shows none
	viewer := v.server.live.Watch(workspaceID, filter, seen)
	return v.openStream(&stream{staff: staff, wake: viewer.Came, end: viewer.Leave, event: func(context.Context) (string, bool) {
		n := viewer.Take()
		if n == 0 {
			return "", false
		}
		return "event: came\ndata: " + strconv.Itoa(n) + "\n\n", false
	}})
}
