package handlers

import (
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// followed says which runs and messages a call caused, and which other messages went out about its contact. It holds states, times and codes,
// and nothing of the person: no address, no body and no answer.
func (t *story) followed() (f views.SupportFollowed, err error) {
	ctx, v, row := t.visit.UserContext(), t.visit, t.row
	runs, err := v.automations().Runs(ctx, row.WorkspaceID, automations.RunFilter{RequestID: &row.ID}, listedRuns)
	if err != nil {
		return f, models.In("support: runs of the call", err)
	}
	if f.Runs, err = v.supportRuns(runs); err != nil {
		return f, err
	}
	messages, err := v.destinations().OfRequest(ctx, row.WorkspaceID, row.ID, uuid.Nil, listedDeliveries)
	if err != nil {
		return f, models.In("support: messages of the call", err)
	}
	f.Messages = v.supportMessages(messages, uuid.Nil)
	if row.ContactID == nil {
		return f, nil
	}
	others, err := v.destinations().OfContact(ctx, row.WorkspaceID, *row.ContactID, uuid.Nil, listedDeliveries)
	f.Others = v.supportMessages(others, row.ID)
	return f, models.In("support: messages about the contact", err)
}

// supportRuns describes runs in the words of the workspace's pages.
func (v *visit) supportRuns(runs []automations.ListedRun) (all []views.SupportRun, err error) {
	ids := make([]uuid.UUID, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	messages, err := v.automations().Messages(v.UserContext(), v.Workspace.ID, ids)
	if err != nil {
		return nil, models.In("support: messages of runs", err)
	}
	for _, r := range runs {
		one := views.SupportRun{At: models.IDTime(r.ID), Automation: r.Name, Step: r.Step}
		if one.Kind, one.Word = runMark(r.AutomationRun, messages[r.ID]); r.EndedAt != nil {
			one.Ended = *r.EndedAt
		}
		all = append(all, one)
	}
	return all, nil
}

// supportMessages describes messages, without those of a call.
func (v *visit) supportMessages(rows []deliveries.Row, without uuid.UUID) (all []views.SupportMessage) {
	for _, r := range rows {
		if r.RequestID != nil && *r.RequestID == without {
			continue
		}
		health := v.deliveryHealth(r.Delivery, r.Off, r.Gone)
		m := views.SupportMessage{At: models.IDTime(r.ID), ID: r.MessageID(), Event: eventSaid(r.EventType), Destination: r.Destination, Kind: health.Kind, Word: health.Word, Tries: r.Tries}
		if r.Tries > 0 {
			m.Status, m.Answer = r.Status, answerSaid(deliveries.Code(r.Error), r.Status)
		}
		switch {
		case r.EndedAt != nil:
			m.Ended = *r.EndedAt
		case !r.Held && !r.Off:
			m.Next = r.NextAt
		}
		all = append(all, m)
	}
	return all
}

// followedSaid says in a reply to a customer which messages followed, "" for none.
func followedSaid(f views.SupportFollowed) string {
	var parts []string
	for _, m := range f.Messages {
		part := "to " + models.WithoutAddresses(m.Destination) + ": " + strings.ToLower(m.Word[:1]) + m.Word[1:]
		if m.Status > 0 {
			part += ", last answer " + strconv.Itoa(m.Status)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Messages to other systems that followed: " + strings.Join(parts, "; ") + "."
}
