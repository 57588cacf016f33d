package handlers

import (
	"slices"
	"strconv"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"
)

// takeUpSpan is how old a refused call may be to be offered.
const takeUpSpan = 30 * 24 * time.Hour

// takeUp offers the refused calls that the saved reading can read: each leads to the page where it is tried. Calls of an address that
// was processed since are left out. It returns nil if there are none.
func (v *visit) takeUp(f readingForm) *views.ReadingTakeUp {
	if f.stored.Mapping == nil || f.unsaved {
		return nil
	}
	offer := &views.ReadingTakeUp{All: v.requestsURL(requestQuery{webhook: strconv.FormatInt(f.webhook.ID, 10), outcome: string(models.OutcomeNoAddress)}.with())}
	processed := map[string]bool{}
	for _, row := range f.calls { // newest first
		if row.Address != nil && !row.Failed() {
			processed[*row.Address] = true
		}
		if row.Outcome != models.OutcomeNoAddress || v.server.now().Sub(models.IDTime(row.ID)) > takeUpSpan {
			continue
		}
		if address := addressNow(row, f.stored); address != "" && !processed[address] {
			offer.Calls = append(offer.Calls, views.RequestNear{Text: v.callTime(row) + ": " + shownAddress(address),
				Href: v.path("webhooks", f.webhook.ID, views.PartConsole) + "?from=" + row.ID.String()})
		}
	}
	if len(offer.Calls) == 0 {
		return nil
	}
	slices.Reverse(offer.Calls) // in the order in which they came
	return offer
}

// addressNow returns the address that a webhook's settings find in a call of the log, "" if they find none or skip the call.
func addressNow(row models.WebhookRequest, settings senders.Settings) string {
	body, err := intake.DecodeLogBody(row.Body)
	if len(row.Body) > store.ListedBody || err != nil || body.Payload == "" {
		return ""
	}
	s := intake.ReadLogged(row, body, settings)
	if address, err := s.Address(); err == nil && s.Skipped == nil {
		return address
	}
	return ""
}
