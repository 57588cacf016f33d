package handlers

import (
	"slices"
	"strconv"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"
)

// tellSent adds which secret signs the message and which headers stand above it: those of the last attempt that reached the receiver, or those
// of the next one.
func (v *visit) tellSent(m *views.DeliveryModel, t deliveries.Told) error {
	page := v.path("deliveries", t.ID)
	m.ShowHeaders = v.Query("show") == "headers"
	m.SentTabs = []views.Tab{{Label: "Message", Href: page + "?show=message#sent", Current: !m.ShowHeaders}, {Label: "Headers", Href: page + "?show=headers#sent", Current: m.ShowHeaders}}
	last := lastSent(t)
	if last == nil && t.State != models.DeliveryPending {
		m.NoHeaders = "No attempt has reached " + t.Destination.Name + ", so nothing was sent."
		return nil
	}
	at := v.server.now().Add(time.Hour) // the next attempt
	if last != nil {
		at = last.At
	}
	signed, err := v.destinations().SignedAt(v.UserContext(), t.Destination, at, v.server.now())
	if err != nil {
		return err
	}
	m.Signed = &views.DeliverySigned{Unsure: signed.Unsure, Ending: signed.Ending, Since: signed.Since, Both: signed.Older, Replaced: signed.Replaced}
	if v.isAdmin() {
		m.Signed.Before = signed.OlderEnding
	}
	own, about, err := v.ownHeaders(t.Destination, signed, last != nil)
	if err != nil {
		return err
	}
	signatures := 1
	if signed.Older {
		signatures = 2
	}
	switch {
	case last != nil:
		m.Headers = deliveries.SentHeaders(t.MessageID(), last.At, signatures, own)
		m.AboutHeaders = append(m.AboutHeaders, "Sent with attempt "+strconv.Itoa(last.Number)+", "+v.atSaid(last.At)+".")
	default:
		m.Headers = deliveries.SentHeaders(t.MessageID(), time.Time{}, signatures, own)
		m.AboutHeaders = append(m.AboutHeaders, "This is what the next attempt sends.")
	}
	m.AboutHeaders = append(m.AboutHeaders, "“"+deliveries.HiddenValue+"” hides signatures and values that may be passwords. “…” stands for what is not known here.")
	if signed.Unsure {
		m.AboutHeaders = append(m.AboutHeaders, "There may have been another number of signatures in Webhook-Signature.")
	}
	if about != "" {
		m.AboutHeaders = append(m.AboutHeaders, about)
	}
	return nil
}

// lastSent returns the last attempt of a delivery that reached the receiver, or nil.
func lastSent(t deliveries.Told) *models.DeliveryAttempt {
	for _, a := range slices.Backward(t.Attempts) {
		if deliveries.Reached(deliveries.Code(a.Error), a.Status) {
			return &a
		}
	}
	return nil
}

// ownHeaders returns the own headers of a destination if the person may see their names and the attempt had them, or else a sentence about them.
func (v *visit) ownHeaders(d models.Destination, signed deliveries.Signed, sent bool) (own, about string, err error) {
	switch {
	case d.DeletedAt != nil:
		return "", "Own headers of " + d.Name + ", if it had any, went with it when it was deleted.", nil
	case sent && !signed.HeadersSince.IsZero():
		return "", "The address or the own headers of " + d.Name + " were changed " + v.atSaid(signed.HeadersSince) + ". Which own headers this attempt had is not known any more.", nil
	case len(d.Headers) > 0 && !v.isAdmin():
		return "", "The own headers of " + d.Name + " are sent as well. Admins of the workspace see their names.", nil
	}
	own, err = v.destinations().Headers(d)
	if deliveries.Lost(err) {
		return "", "The own headers of " + d.Name + " cannot be decrypted, so their names are not shown.", nil
	}
	return own, "", models.In("delivery page: own headers", err)
}
