package handlers

import (
	"strings"

	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// outgoingID reads the id of a message, as its receiver sees it or bare, or that of an event or a run.
func outgoingID(text string) (uuid.UUID, bool) {
	for _, prefix := range []string{"msg_", "evt_"} {
		if bare, found := strings.CutPrefix(text, prefix); found {
			return requestID(bare)
		}
	}
	return requestID(text)
}

// messageStates are the states of messages in results of the search.
var messageStates = map[models.DeliveryState]string{models.DeliveryPending: "waiting", models.DeliveryArrived: "arrived", models.DeliveryDead: "given up", models.DeliveryDropped: "dropped"}

// foundOutgoing finds messages and runs by an id.
func (v *visit) foundOutgoing(text string) ([]views.FoundGroup, error) {
	id, ok := outgoingID(text)
	if !ok {
		return nil, nil
	}
	runs, messages, err := v.server.DB.SearchOutgoing(v.UserContext(), v.Workspace.ID, id, mostFound+1)
	if err != nil {
		return nil, models.In("search: messages and runs", err)
	}
	sent, started := views.FoundGroup{Title: "Messages"}, views.FoundGroup{Title: "Runs of automations"}
	for _, m := range messages {
		sent.Found = append(sent.Found, views.Found{Icon: views.SectionDestinations, Text: models.Delivery{ID: m.ID}.MessageID(), More: "to " + m.Destination + ", " + messageStates[m.State], Href: v.path("deliveries", m.ID)})
	}
	ids := make([]uuid.UUID, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	of, err := v.automations().Messages(v.UserContext(), v.Workspace.ID, ids)
	if err != nil {
		return nil, models.In("search: messages of runs", err)
	}
	for _, r := range runs {
		_, word := runMark(r.AutomationRun, of[r.ID])
		started.Found = append(started.Found, views.Found{Icon: views.SectionAutomations, Text: r.Name, More: models.IDTime(r.ID).In(v.Workspace.Location()).Format("2 January 2006, 15:04") + ", " + strings.ToLower(word), Href: v.path("runs", r.ID)})
	}
	return []views.FoundGroup{sent, started}, nil
}
