package handlers

import (
	"errors"
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// messageMark is what a list says of a run that is done, if its message m has not arrived.
func messageMark(m automations.Message) (kind, word string) {
	switch {
	case m.State == models.DeliveryDead:
		return views.KindBad, "Done, not delivered"
	case m.State == models.DeliveryDropped:
		return views.KindIdle, "Done, not delivered"
	case m.Needs():
		return views.KindWarn, "Done, not delivered yet"
	}
	return "live", "Done, message on its way"
}

// messageSaid says what became of a message, as a part of a sentence: "not delivered yet: CRM answered 422, next try in 5 min".
func (v *visit) messageSaid(m automations.Message) string {
	switch {
	case m.State == models.DeliveryArrived:
		return "delivered"
	case m.State == models.DeliveryDead && m.Tries > 0:
		return "given up after " + views.Plural(m.Tries, "try", "tries") + answerOf(m, ": ")
	case m.State == models.DeliveryDead:
		return "given up before it was tried"
	case m.State == models.DeliveryDropped:
		return "not delivered: " + strings.TrimSuffix(lowerFirst(m.Reason), ".")
	case m.Off:
		return "not delivered yet: " + m.Destination + " is switched off"
	case m.Held && m.Tries == 0:
		return "not delivered yet: it waits for an earlier message about this contact"
	case m.Tries == 0:
		return "on its way"
	}
	return "not delivered yet" + answerOf(m, ": ") + ", next try " + v.untilSaid(m.NextAt)
}

// answerOf says what the last attempt brought, after before; "" if that is not known.
func answerOf(m automations.Message, before string) string {
	switch {
	case m.Status != 0:
		return before + m.Destination + " answered " + strconv.Itoa(m.Status)
	case m.Error != "":
		return before + answerSaid(deliveries.Code(m.Error), 0)
	}
	return ""
}

// undelivered describes what destinations have not taken from automations, for the top of a page. Names are those of the automations, nil
// on the page of one.
func (v *visit) undelivered(all []automations.Undelivered, names map[int64]string) (items []views.UndeliveredItem) {
	for _, u := range all {
		item := views.UndeliveredItem{Automation: views.Named{ID: u.AutomationID, Name: names[u.AutomationID]}, Destination: views.Named{ID: u.DestinationID, Name: u.Destination}, Bad: u.GivenUp > 0}
		if u.Waiting > 0 {
			item.Said = append(item.Said, views.PluralUpTo(u.Waiting, automations.MostUndelivered, "message", "messages")+" to "+u.Destination+plural(u.Waiting, " has", " have")+" not arrived yet.")
		}
		if u.GivenUp > 0 {
			item.Said = append(item.Said, views.PluralUpTo(u.GivenUp, automations.MostUndelivered, "message", "messages")+" to "+u.Destination+plural(u.GivenUp, " was", " were")+" given up in 7 days.")
		}
		if len(item.Said) > 0 {
			items = append(items, item)
		}
	}
	return items
}

// undeliveredHere is undelivered for the page of one automation, with what each destination answers.
func (v *visit) undeliveredHere(all []automations.Undelivered) ([]views.UndeliveredItem, error) {
	items := v.undelivered(all, nil)
	for i := range items[:min(len(items), 3)] { // each costs some queries
		u, err := v.destinations().Get(v.UserContext(), v.Workspace.ID, items[i].Destination.ID, v.server.now())
		switch {
		case errors.Is(err, models.ErrNotFound): // deleted in between
		case err != nil:
			return nil, models.In("automation: its destination", err)
		case !u.Enabled:
			items[i].Said = append(items[i].Said, u.Name+" is switched off.")
		case u.Failing && u.FailingSince != nil:
			items[i].Said = append(items[i].Said, u.Name+" has taken no message since "+v.daySaidOf(*u.FailingSince)+"."+lastWords(u))
		}
	}
	return items, nil
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// deliveriesOf lists deliveries for the page of a call or a contact, the newest first. link returns the page with those before an id, or with the
// newest for "". read and count ask for them.
func (v *visit) deliveriesOf(link func(before string) string, read func(before uuid.UUID, limit int) ([]deliveries.Row, error), count func() (int64, error)) (list views.DeliveryList, err error) {
	before, err := uuid.Parse(v.Query("deliveries"))
	first := err != nil // an invalid id shows the newest page
	if first {
		before = uuid.Max
	} else {
		list.Newest = link("")
	}
	rows, err := read(before, listedDeliveries+1)
	if err != nil {
		return list, err
	}
	more := len(rows) > listedDeliveries
	if rows = rows[:min(len(rows), listedDeliveries)]; more {
		list.Older = link(rows[len(rows)-1].ID.String())
	}
	if list.Rows = v.deliveryRows(rows); more || !first {
		list.Total, err = count()
	}
	return list, models.In("count deliveries", err)
}
