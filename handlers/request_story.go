package handlers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// story describes the call step by step. Steps that were not reached are shown without details.
func (t *story) story() views.RequestStory {
	s := views.RequestStory{
		Received: t.received(),
		Payload:  t.payload(),
		Tree:     t.shownTree(),
		Address:  views.Step{ID: "s2", Title: "Address: not looked at", State: views.StateSkip},
		Fields:   views.Step{ID: "s3", Title: "Fields: not looked at", State: views.StateSkip},
		Contact:  views.Step{ID: "s4", Title: "Contact: not touched", State: views.StateSkip},
		Event:    views.Step{ID: "s5", Title: "Event: none", State: views.StateSkip},
		Segments: views.Step{ID: "s7", Title: "Segments: as before", State: views.StateSkip},
	}
	t.tellAnswer(&s)
	t.tellSignature(&s)
	t.tellEnd(&s)
	t.tellCounts(&s)
	outcome := t.outcome()
	if outcome.Reached >= views.ReachedAddress {
		t.tellAddress(&s)
	}
	switch outcome.Reached {
	case views.ReachedContact:
		s.Contact = views.Step{ID: "s4", Title: "The call stopped here: " + outcome.Stop, State: views.StateStop,
			Lead: "No contact in this workspace has this address, and webhooks of type " + t.requestWebhook().Type + " do not create contacts."}
		if t.row.Idle() {
			s.Contact.Title, s.Contact.State = "Nobody has this address", views.StateIdle
		}
	case views.ReachedEnd:
		t.tellFields(&s)
		t.tellContact(&s)
		t.tellEvent(&s)
		t.tellSegments(&s)
	}
	return s
}

// received is the first step: how the call arrived, and whether it ended there.
func (t *story) received() views.Step {
	r, at := t.row, models.IDTime(t.row.ID).In(t.zone())
	step := views.Step{ID: "s1", Title: "Received", At: at.Format("15:04:05.000"), State: views.StateDone, Lead: views.SentAs(r.Method, r.ContentType)}
	if r.Size > 0 {
		step.Lead += ", " + views.Bytes(r.Size)
	}
	if r.ClientAddress != nil {
		step.Lead += ", from the address " + *r.ClientAddress
	}
	step.Lead += "."
	if r.ReplayOf != nil {
		step.Lead = "This is a replay: the first call is processed again. It came so: " + step.Lead
	}
	if by := t.sentBy(); by != "" {
		step.Lead += " Sent from Try a call by " + by + "."
	}
	if t.body.Truncated {
		step.Lead += " Only the beginning of it is kept."
	}
	if outcome := t.outcome(); outcome.Reached == views.ReachedNothing && outcome.Stop != "" {
		step.Title, step.State = "The call stopped here: "+outcome.Stop, views.StateStop
	}
	return step
}

// outcome returns the pages' texts about the call's outcome.
func (t *story) outcome() views.OutcomeFacts {
	facts := views.OutcomeOf(t.row.Outcome)
	if t.row.Outcome == models.OutcomeMalformed && (t.body.Message == headTooLarge.message || t.body.Message == tooManyHeaders.message) {
		return facts.TooLong()
	}
	if kept := intake.KeptOf(t.row, t.body); kept != "" {
		return facts.KeptOut(kept, t.body.NoEvent)
	}
	if t.row.Outcome == models.OutcomeNoContact && t.row.Idle() {
		facts.Title, facts.Advice = "Nobody has this address, so nothing was done", "Nothing needs to be done."
		facts.Because = "The sender was told that all is well, as this webhook is set. " + facts.Because
	}
	return facts
}

// tellAddress describes how the address was read.
func (t *story) tellAddress(s *views.RequestStory) {
	s.Address = views.Step{ID: "s2", Title: "Address read", State: views.StateDone, At: after(t.body.WaitedUs)}
	s.AddressSent = models.NameInvisible(t.body.EmailSent)
	if outcome := t.outcome(); outcome.Reached == views.ReachedAddress {
		s.Address.Title, s.Address.State = "The call stopped here: "+outcome.Stop, views.StateStop
		if t.row.Outcome == models.OutcomeKeptOut {
			s.Address.Title, s.Address.State = "Kept out here", views.StateIdle
		}
	}
	switch {
	case t.row.Outcome == models.OutcomeNoAddress:
		s.AddressSent = ""
		s.AddressText = noAddressText(t.body, keysOf(t.row, t.body))
		if t.body.Mapped != nil {
			s.AddressText = "Every call has to say which person it is about. Nothing stood where this webhook looks for the address."
			break
		}
		if t.onlyFiles && t.body.EmailKey == "" {
			s.AddressText = "Every call has to say which person it is about, in a field named email_address. This one had nothing but files, which are not read."
		}
		if _, unfit := t.hint(hintUnfit); unfit {
			s.AddressText = "Every call has to say which person it is about, in a field named email_address. No field could be read in this one, because its body is not what its Content-Type says."
			if t.row.ContentType == "" {
				s.AddressText = "Every call has to say which person it is about, in a field named email_address. No field could be read in this one, because it has no Content-Type that says how its body is written."
			}
		}
	case t.row.Outcome == models.OutcomeBadAddress && t.body.EmailPlus:
		s.AddressText = "has a blank before the address, which may be a lost +. With a + it is the address of another person, so nothing was done."
	case t.fault == faultList, t.fault == faultObject:
		s.AddressSent = ""
		s.AddressText = "What came is not a text, so it is not an e-mail address. An address is never repaired, because a repaired address may belong to somebody else."
	case t.row.Outcome == models.OutcomeBadAddress:
		s.AddressText = "is not an e-mail address. It is never repaired, because a repaired address may belong to somebody else."
	case t.erased:
		s.Address.At = ""
		s.AddressText = "The address was valid. It was erased with the person."
	case t.row.Address != nil:
		s.Kept = shownAddress(*t.row.Address)
		if t.row.Outcome == models.OutcomeKeptOut {
			s.AddressText = t.outcome().Because
			break
		}
		s.AddressText = "A contact with it was already here."
		if t.body.Before == nil {
			s.AddressText = "No contact had it."
		}
		if t.body.EmailPlus {
			s.Address.State = views.StateLook
			s.AddressText += " A blank came before the address and was cut."
		}
		if n := len(t.body.EmailUnused); n > 0 {
			s.Address.State = views.StateLook
			s.AddressText += " It came last and counts. " + views.Plural(int64(n), "other address", "other addresses") + " of this call did not."
		}
	}
}

func noAddressText(body intake.LogBody, keys []string) string {
	if body.EmailShape == intake.ShapeFile {
		return "The field " + body.EmailKey + " was there, but it came as a file. Every call has to say which person it is about."
	}
	if body.EmailKey != "" {
		return "The field " + body.EmailKey + " was there, but without an address in it. Every call has to say which person it is about."
	}
	text := "Every call has to say which person it is about, in a field named email_address. "
	if len(keys) == 0 {
		return text + "This one had no fields at all."
	}
	if len(keys) == 1 {
		return text + "This one had the field " + keys[0] + "."
	}
	const most = 10
	if len(keys) > most {
		return text + "This one had the fields " + joined(keys[:most]) + " and " + strconv.Itoa(len(keys)-most) + " more."
	}
	return text + "This one had the fields " + joined(keys) + "."
}

// fired is the event of the call, "" for none. A program before migration 17 wrote it only into the body.
func (t *story) fired() models.EventType { return cmp.Or(t.row.Fired(), t.body.Event) }

// tellEvent describes the event that fired, or why none did.
func (t *story) tellEvent(s *views.RequestStory) {
	name := t.fired().Name()
	if name == "" {
		s.Event.Title, s.Event.State, s.Event.Lead = "Event: none", views.StateDone, t.body.NoEvent
		s.Event.Icon = "dash"
		return
	}
	s.Event = views.Step{ID: "s5", Title: "Event: " + name, State: views.StateDone, Icon: "bolt", At: after(t.row.DurationUs), Lead: "Fired by this call."}
	switch before := t.body.Before; {
	case t.erased:
	case t.fired() == models.EventConfirmed && before == nil:
		s.Event.Lead = "Fired, because the contact is new."
	case t.fired() == models.EventConfirmed:
		s.Event.Lead = "Fired, because the status was not Subscribed before."
	default:
		s.Event.Lead = "Fired. This event fires with every such call."
	}
}

// tellAnswer shows the exact answer that the sender got.
func (t *story) tellAnswer(s *views.RequestStory) {
	s.Answer = views.Step{ID: "s6", Title: "Answered", State: views.StateDone, Icon: "arrow", At: after(t.row.DurationUs)}
	if t.row.ReplayOf != nil {
		s.Answer.Title = "Nobody was answered"
	}
	message := t.body.Message
	switch {
	case message != "":
	case !t.row.Failed():
		message = intake.MessageDone
	case t.row.Outcome == models.OutcomeNoContact:
		message = intake.MessageNoContact
	case t.row.Outcome == models.OutcomeNotCommitted:
		message = intake.ErrRefused.Message
	default:
		return
	}
	body, _ := json.Marshal(envelope{Success: !t.row.Failed(), Message: message})
	s.AnswerText = "HTTP " + strconv.Itoa(t.row.Status) + "\n" + views.Visible(string(body))
	if t.body.Page != "" {
		s.AnswerText = "HTTP " + strconv.Itoa(fiber.StatusSeeOther) + "\nLocation: " + views.Visible(t.body.Page)
		s.Answer.Lead = "The browser was led to this page."
		if t.body.TriedBy != 0 {
			s.Answer.Lead = "A browser is led to this page."
		}
	}
	switch {
	case t.row.ReplayOf != nil:
		s.Answer.State, s.Answer.Lead = views.StateIdle, "A replay answers nobody. The sender of such a call would get this answer."
	case t.row.Failed():
		s.Answer.State = ""
	case t.row.Idle():
		s.Answer.Lead += " As if it had been processed, so that the sender does not send it again."
	default:
		s.Answer.Lead += " After everything above was safely stored."
	}
	s.Answer.Lead = strings.TrimSpace(s.Answer.Lead)
}

// answered returns the HTTP status that the sender of a call got. That of the row says whether the call failed, also if a browser was led to
// a page.
func answered(r models.WebhookRequest, b intake.LogBody) int {
	if b.Page != "" {
		return fiber.StatusSeeOther
	}
	return r.Status
}

// tellSegments shows how the ticker recalculated the segments after the answer.
func (t *story) tellSegments(s *views.RequestStory) {
	in, out, changes := 0, 0, t.changes(t.movedTags)
	for _, m := range t.moves {
		move := views.RequestMove{Entered: m.Entered, Name: m.Name, Note: moveCause(m, changes)}
		if m.Name == "" {
			move.Name = "a segment that is deleted"
		} else {
			move.Href = t.page("segments", m.SegmentID)
		}
		if m.Entered {
			in++
		} else {
			out++
		}
		s.Moves = append(s.Moves, move)
	}
	waiting := 0
	for _, b := range t.builds {
		if !b.Built {
			waiting++
			continue
		}
		s.Moves = append(s.Moves, views.RequestMove{Entered: true, Name: b.Name, Href: t.page("segments", b.SegmentID), Note: "when the segment was first built, after this call"})
	}
	s.Segments = views.Step{ID: "s7", Title: "Segments", State: views.StateAfter, Icon: views.SectionSegments}
	switch {
	case len(t.moves) > 0:
		s.Segments.Lead = fmt.Sprintf("Entered %s and left %s because of this call.", segmentsSaid(in), segmentsSaid(out))
		s.Segments.At = "+" + views.Took(t.moves[0].At.Sub(models.IDTime(t.row.ID)))
	case t.waits:
		s.Segments.Lead, s.Segments.State, s.Segments.Icon = "Not yet recalculated. This happens within seconds after the answer.", views.StatePending, ""
	default:
		s.Segments.Lead = "Entered none and left none because of this call."
	}
	if waiting > 0 {
		s.Segments.Lead += " " + views.Plural(int64(waiting), "segment is", "segments are") + " still being built for the first time; whether the contact is in shows then."
	}
}

func segmentsSaid(n int) string {
	if n == 0 {
		return "none"
	}
	return views.Plural(n, "segment", "segments")
}

// after formats the time since arrival.
func after(us int64) string {
	if us == 0 {
		return ""
	}
	digits := 1
	if us < 1000 {
		digits = 2
	}
	return "+" + strconv.FormatFloat(float64(us)/1000, 'f', digits, 64) + " ms"
}
