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

// takeUp offers the refused calls that the saved reading can read, among the last calls and the sample: each leads to the page where it is
// tried. Calls of an address that was processed since are left out. It returns nil if there are none.
func (v *visit) takeUp(f readingForm) (*views.ReadingTakeUp, error) {
	if f.stored.Mapping == nil || f.unsaved {
		return nil, nil
	}
	query := requestQuery{webhook: strconv.FormatInt(f.webhook.ID, 10), outcome: string(models.OutcomeNoAddress)}.with()
	offer := &views.ReadingTakeUp{All: v.requestsURL(query), Replay: withQuery(v.path("requests", "replay"), query)}
	calls := f.calls // newest first
	isSample := func(row models.WebhookRequest) bool { return row.ID == f.sample.call.ID }
	older := f.sample.call.WebhookID != 0 && !slices.ContainsFunc(calls, isSample)
	if older {
		calls = append(slices.Clip(calls), f.sample.call)
	}
	processed := map[string]bool{}
	for _, row := range calls {
		if row.Address != nil && !row.Failed() {
			processed[*row.Address] = true
		}
		if row.Outcome != models.OutcomeNoAddress || v.server.now().Sub(models.IDTime(row.ID)) > takeUpSpan {
			continue
		}
		address := addressNow(row, f.stored)
		if address == "" || processed[address] {
			continue
		}
		if older && isSample(row) {
			since, err := v.processedSince(row, address)
			if err != nil {
				return nil, err
			}
			if since {
				continue
			}
		}
		offer.Calls = append(offer.Calls, views.RequestNear{Text: v.callTime(row) + ": " + shownAddress(address),
			Href: v.path("webhooks", f.webhook.ID, views.PartConsole) + "?from=" + row.ID.String()})
	}
	slices.Reverse(offer.Calls) // in the order in which they came
	if len(offer.Calls) == 0 {
		return nil, nil
	}
	all := store.RequestFilter{WebhookID: f.webhook.ID, Outcome: models.OutcomeNoAddress, OpenAt: v.server.now()}
	found, err := v.server.DB.CountRequests(v.UserContext(), f.webhook.WorkspaceID, all)
	if err != nil {
		return nil, models.In("reading: calls without an address", err)
	}
	offer.Many = max(found.Calls, int64(len(offer.Calls)))
	return offer, nil
}

// processedSince reports whether one of the newest calls for an address came after a call to the same webhook, and was processed.
func (v *visit) processedSince(row models.WebhookRequest, address string) (bool, error) {
	calls, err := v.server.DB.LastRequests(v.UserContext(), row.WorkspaceID, store.RequestFilter{Address: address, From: models.IDTime(row.ID)}, lastCalls)
	since := slices.ContainsFunc(calls, func(later models.WebhookRequest) bool { return later.WebhookID == row.WebhookID && !later.Failed() })
	return since, models.In("reading: calls for an address", err)
}

// addressNow returns the address that a webhook's settings find in a call of the log, "" if they find none or skip the call.
func addressNow(row models.WebhookRequest, settings senders.Settings) string {
	body, err := intake.DecodeLogBody(row.Body)
	if len(row.Body) > store.ListedBody || err != nil || body.Payload == "" {
		return ""
	}
	return addressOfCall(row, body, settings)
}

// addressOfCall is addressNow for a row with its whole body, which holds body.
func addressOfCall(row models.WebhookRequest, body intake.LogBody, settings senders.Settings) string {
	s := intake.ReadLogged(row, body, settings)
	if address, err := s.Address(); err == nil && s.Skipped == nil && s.TestCall == "" {
		return address
	}
	return ""
}
