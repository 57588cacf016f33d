package handlers

import (
	"net/http"
	"strings"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"
)

// eventSaid names the event of a delivery: "Contact updated". A type that is not known is shown as it is.
func eventSaid(outgoing string) string {
	if outgoing == deliveries.TestType {
		return "Test"
	}
	for _, t := range models.EventTypes {
		if t.Outgoing() == outgoing {
			return models.Capital(strings.ToLower(t.Name()))
		}
	}
	return outgoing
}

// shortAnswers says in a few words why an attempt got no answer.
var shortAnswers = map[deliveries.Code]string{
	deliveries.CodeDNS: "name not found", deliveries.CodeRefused: "no connection", deliveries.CodeTLS: "no secure connection",
	deliveries.CodeExpired: "certificate expired", deliveries.CodeName: "certificate for another name", deliveries.CodeAuthority: "certificate not trusted", deliveries.CodeNoTLS: "no TLS",
	deliveries.CodeTimeout: "no answer in time",
	deliveries.CodeReset:   "connection closed", deliveries.CodeAddress: "address not allowed", deliveries.CodeUnreadable: "not HTTP", deliveries.CodeSecret: "could not be signed",
	deliveries.CodeFault: "a fault of this program",
}

// answerSaid says in a few words what came out of an attempt, without the number of the status.
func answerSaid(code deliveries.Code, status int) string {
	if short := shortAnswers[code]; short != "" {
		return short
	}
	if text := http.StatusText(status); text != "" {
		return strings.ToLower(text)
	}
	return "answered"
}

// deliveryRows describes deliveries for a list.
func (v *visit) deliveryRows(rows []deliveries.Row) (all []views.DeliveryRow) {
	for _, r := range rows {
		row := views.DeliveryRow{ID: r.ID.String(), At: models.IDTime(r.ID), Event: eventSaid(r.EventType), Destination: r.Destination, Health: v.deliveryHealth(r.Delivery, r.Off, r.Gone), Tries: r.Tries}
		if r.Email != "" {
			row.Email = models.ShowEmail(r.Email)
		}
		if r.Tries > 0 {
			row.Status, row.Answer = r.Status, answerSaid(deliveries.Code(r.Error), r.Status)
		}
		all = append(all, row)
	}
	return all
}

// deliveryHealth says what became of a delivery, and when. off says that its destination is switched off, gone that it was deleted.
func (v *visit) deliveryHealth(d models.Delivery, off, gone bool) views.Health {
	ended := ""
	if d.EndedAt != nil {
		ended = v.daySaidOf(*d.EndedAt)
	}
	switch {
	case d.State == models.DeliveryArrived && d.Reason != "":
		return views.Health{Kind: "good", Word: "Arrived", Note: ended + "; sending it again failed"}
	case d.State == models.DeliveryArrived:
		return views.Health{Kind: "good", Word: "Arrived", Note: ended}
	case deliveries.GivenUpByHand(d):
		return views.Health{Kind: "bad", Word: "Given up", Note: strings.TrimSpace("by a person " + ended)}
	case d.State == models.DeliveryDead:
		return views.Health{Kind: "bad", Word: "Given up", Note: strings.Trim(ended+" · "+d.Reason, " ·")}
	case d.State == models.DeliveryDropped:
		return views.Health{Kind: "idle", Word: "Dropped", Note: strings.Trim(ended+" · "+d.Reason, " ·")}
	case gone:
		return views.Health{Kind: "idle", Word: "Being dropped", Note: "its destination was deleted"}
	case off:
		return views.Health{Kind: "warn", Word: "Waiting", Note: "until the destination is on again"}
	case d.UnderWay(v.server.now()):
		return views.Health{Kind: "live", Word: "Being tried", Note: "right now"}
	case d.Held:
		return views.Health{Kind: "warn", Word: "Waiting", Note: "for an earlier message about this contact"}
	case d.ArrivedAt != nil:
		return views.Health{Kind: "live", Word: "Sent again", Note: "it had arrived " + v.daySaidOf(*d.ArrivedAt)}
	case d.Tries == 0:
		return views.Health{Kind: "live", Word: "On its way"}
	case !d.NextAt.After(v.server.now()):
		return views.Health{Kind: "warn", Word: "Retrying", Note: "it goes out now"}
	}
	return views.Health{Kind: "warn", Word: "Retrying", Note: "next try " + v.atSaid(d.NextAt)}
}
