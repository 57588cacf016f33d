package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// requestReveal shows to a manager what was sent without a valid signature, for a short time. It writes that to the audit log before it
// shows anything.
func (s *Server) requestReveal(v *visit) error {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.ErrNotFound
	}
	row, err := s.DB.Request(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("request page: read the request", err)
	}
	if row.Outcome == models.OutcomeUnverified && !v.refill {
		now := s.now()
		reveals := addReveal(v.reveals(), row.ID.String(), now)
		const reason = "looked at what was sent without a valid signature"
		if err := s.DB.Reveal(v.UserContext(), row, v.User.ID, reason, models.TokenHash(v.session.ID), map[string]string{sessionReveals: reveals}, now); err != nil {
			return models.In("request page: note the reveal", err)
		}
	}
	if v.Form("back") == views.PartConsole {
		return v.Redirect(v.path("webhooks", row.WebhookID, views.PartConsole)+"?from="+row.ID.String(), fiber.StatusSeeOther)
	}
	return v.Redirect(v.path("requests", row.ID)+"#s1", fiber.StatusSeeOther)
}

// hide removes what was sent from the story of a call without a valid signature, unless the person has asked for it. Its sender is
// unknown, so it may hold anything.
func (t *story) hide() {
	if t.row.Outcome != models.OutcomeUnverified || t.erased || !revealedUntil(t.visit.reveals(), t.row.ID.String(), t.visit.server.now()).IsZero() {
		return
	}
	t.hidden = true
	t.body.Payload, t.body.Headers, t.hints, t.tree = "", nil, nil, nil
}

// readDelivery reads what else came with the id of the call's delivery: the first call of a repeated one, or the repeats of this one.
func (t *story) readDelivery() error {
	ctx, db := t.visit.UserContext(), t.visit.server.DB
	if id, err := uuid.Parse(t.body.RepeatOf); err == nil {
		if t.first, err = db.Request(ctx, t.row.WorkspaceID, id); ignoreNotFound(err) != nil {
			return models.In("request page: the first call", err)
		}
	}
	return t.readRepeats()
}

// readRepeats reads how often the delivery came again, if it is still remembered.
func (t *story) readRepeats() error {
	if len(t.body.Delivery) == 0 {
		return nil
	}
	d, err := t.visit.server.DB.Delivery(t.visit.UserContext(), t.row.WorkspaceID, t.row.WebhookID, t.body.Delivery)
	if err == nil && (d.RequestID == t.row.ID || d.RequestID == t.first.ID) {
		t.delivery = d
	}
	return models.In("request page: repeats", ignoreNotFound(err))
}

// title returns the title of the page, after the address if there is one.
func (t *story) title(outcome views.OutcomeFacts) string {
	switch v := t.body.Verdict; {
	case t.row.Outcome == models.OutcomeUnverified && v != nil:
		return "Refused: " + lowerFirst(v.Title())
	case t.row.Outcome == models.OutcomeRepeated && t.body.RepeatOf != "":
		if id, err := uuid.Parse(t.body.RepeatOf); err == nil {
			what := "this call had been processed "
			if t.first.Idle() {
				what = "this call had come "
			}
			return "Repeated: " + what + spanSaid(models.IDTime(t.row.ID).Sub(models.IDTime(id))) + " before"
		}
	case t.row.Outcome == models.OutcomeTestCall && t.body.Mapped != nil:
		return "A test call: " + systemOf(senders.Settings{Sender: t.body.Mapped.Sender}, "the sender") + " asked whether this address works"
	}
	return outcome.Title
}

// spanSaid says how long a time is, in its largest unit.
func spanSaid(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	for _, unit := range []struct {
		of        time.Duration
		one, many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}} {
		if d >= unit.of {
			return views.Plural(int64(d/unit.of), unit.one, unit.many)
		}
	}
	return views.Plural(int64(d/time.Second), "second", "seconds")
}

func lowerFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(first)) + text[size:]
}

// tellSignature says what came out of the check of the signature.
func (t *story) tellSignature(s *views.RequestStory) {
	if t.hidden {
		s.Hidden = "-"
		if !t.support && t.visit.canChange() {
			s.Hidden = t.here() + "/reveal"
		}
	}
	v := t.body.Verdict
	if v == nil {
		return
	}
	s.Signature = views.Step{ID: "signature", Title: v.Title(), State: views.StateDone, Icon: "key", Lead: v.Sentence(t.zone())}
	switch {
	case t.row.Outcome == models.OutcomeUnverified:
		s.Signature.State, s.Signature.Lead = views.StateStop, s.Signature.Lead+" It is the first check after the address. Nothing else was looked at."
	case !v.Passes():
		s.Signature.State, s.Signature.Lead = views.StateLook, s.Signature.Lead+" This webhook only watches, so the call was handled like any other."
	}
	if t.madeWith != "" {
		s.SignatureFacts = append(s.SignatureFacts, views.RequestFact{What: "Made with", Text: "the secret " + endingSaid(t.madeWith)})
	}
	if v.SignedAt.IsZero() {
		return
	}
	signed, arrived := v.SignedAt.In(t.zone()), v.ArrivedAt.In(t.zone())
	const layout = "2 Jan 2006, 15:04:05"
	s.SignatureFacts = append(s.SignatureFacts,
		views.RequestFact{What: "Signed at", Text: signed.Format(layout) + ", by the sender’s clock"}, views.RequestFact{What: "Arrived at", Text: arrived.Format(layout)},
		views.RequestFact{What: "Allowed", Text: toleranceSaid(v.Tolerance) + " before and after"})
}

// readSecret finds out how the secret ends with which the call was signed, for people who may change the webhook. If it was removed since,
// nothing is said.
func (t *story) readSecret() error {
	v := t.body.Verdict
	if v == nil || v.Secret == "" || !t.canRead() || t.tried {
		return nil
	}
	secrets, err := t.visit.server.DB.WebhookSecrets(t.visit.UserContext(), t.row.WorkspaceID, t.row.WebhookID)
	if err != nil {
		return models.In("request page: secrets", err)
	}
	secret, _ := secretOf(v.Secret, models.IDTime(t.row.ID), secrets)
	t.madeWith = secret.Ending
	return nil
}

// toleranceSaid says a number of seconds, in minutes if it is a whole number of them.
func toleranceSaid(seconds int) string {
	if seconds%60 == 0 {
		return views.Plural(int64(seconds/60), "minute", "minutes")
	}
	return views.Plural(int64(seconds), "second", "seconds")
}

// signatureNote is the note on the signature in the strip of steps.
func (t *story) signatureNote() string {
	switch v := t.body.Verdict; {
	case v.Result == senders.ResultNotChecked:
		return "not checked"
	case v.Passes():
		return "valid"
	case v.Result == senders.ResultTooOld:
		return minutesSaid(v.Age()) + " old"
	case v.Result == senders.ResultTooNew:
		return "from the future"
	case v.Result == senders.ResultNoHeader:
		return "none"
	}
	return "not valid"
}

// tellEnd says why a call rightly did nothing, if no other step says it, or that it was processed although its delivery had come before.
func (t *story) tellEnd(s *views.RequestStory) {
	switch t.row.Outcome {
	case models.OutcomeRepeated:
		s.Ended = t.repeatedEnd()
	case models.OutcomeTestCall:
		s.Ended = views.RequestEnd{Step: views.Step{ID: "ended", Title: "Known as a test call", State: views.StateIdle, Icon: "flag"}, Text: t.testCallSaid(),
			More: "Because “Answer test calls of known systems with 200” is on, it was not refused."}
		t.linkAnswers(&s.Ended)
	case models.OutcomeHeldBack:
		s.Ended = views.RequestEnd{Step: views.Step{ID: "ended", Title: "Held back", State: views.StateIdle}, Text: "People do not see this field, so a robot filled it in:",
			Code: views.Visible(t.settings.Answering().TrapField), More: "The answer was the one of a call that is processed."}
		if s.Ended.Code == "" {
			s.Ended.Text = "A field that people do not see was filled in, so a robot sent the call."
		}
		t.linkAnswers(&s.Ended)
	default:
		if t.body.RepeatOf != "" {
			s.Ended = t.againEnd()
		}
	}
}

func (t *story) linkAnswers(e *views.RequestEnd) {
	if t.canRead() {
		e.Before, e.Link, e.To = "It is set under", t.page("webhooks", t.webhook.ID, views.PartAnswers), "Answers and limits"
	}
}

// repeatedEnd says which call had been processed.
func (t *story) repeatedEnd() views.RequestEnd {
	e := views.RequestEnd{Step: views.Step{ID: "ended", Title: "It had come before", State: views.StateIdle, Icon: "renew"}, Text: "The sender gave both calls the same id.",
		More: "Ids are remembered for 7 days. Nothing was done again, and the sender got the answer of the first call."}
	if id := t.deliveryID(); id != "" {
		e.Text, e.Code = "The sender gave both calls the same id:", models.NameInvisible(models.Shorten(id, 100))
	}
	t.linkFirst(&e)
	return e
}

// firstOfDelivery returns the first call of the delivery: another one of a repeated call, else this one.
func (t *story) firstOfDelivery() models.WebhookRequest {
	if t.body.RepeatOf != "" {
		return t.first
	}
	return t.row
}

// againEnd says that the call was processed on purpose, although its delivery had been processed before.
func (t *story) againEnd() views.RequestEnd {
	e := views.RequestEnd{Step: views.Step{ID: "ended", Title: titleAgain, State: views.StateDone, Icon: "renew"}, Text: "Its delivery had been processed before.",
		More: "It was sent from Try a call to be processed anyway."}
	if t.tried {
		e.More = "You chose to process it anyway."
	}
	if id := t.deliveryID(); id != "" {
		e.Text, e.Code = "Its delivery had been processed before, with the same id:", models.NameInvisible(models.Shorten(id, 100))
	}
	t.linkFirst(&e)
	return e
}

// linkFirst leads to the first call of the delivery.
func (t *story) linkFirst(e *views.RequestEnd) {
	if t.first.ID == uuid.Nil {
		e.More += " The first call is not in the log any more."
		return
	}
	e.Before, e.Link, e.To = "The first call was processed:", t.pathOf(t.first.ID), views.OutcomeShort(t.first.Outcome)
	if t.first.Idle() {
		e.Before = "The first call did nothing:"
	}
}

// deliveryID returns the id that the sender gave the delivery, "" if the log does not have it.
func (t *story) deliveryID() string {
	if t.body.Mapped != nil && t.body.Mapped.DeliveryID != "" {
		return t.body.Mapped.DeliveryID
	}
	i := slices.IndexFunc(t.body.Headers, func(h intake.Header) bool { return slices.Contains(senders.DeliveryHeaders, h.Name) })
	if i < 0 {
		return ""
	}
	return t.body.Headers[i].Value
}

// testCallSaid says what the sender's test call is.
func (t *story) testCallSaid() string {
	if t.body.Mapped != nil {
		if s := senders.FindSender(t.body.Mapped.Sender); s != nil && len(s.TestCalls) > 0 {
			var all []string
			for _, c := range s.TestCalls {
				all = append(all, c.Says)
			}
			return strings.Join(all, " ")
		}
	}
	return "The sender asks in this way whether the address works. The call holds nobody’s address."
}

// titleAgain is the title of the step of a call that was processed although its delivery had been processed before.
const titleAgain = "Processed again, on purpose"

// endStop is the step at which the call ended, for the strip of steps.
func (t *story) endStop(s views.RequestStory) views.Stop {
	labels := map[string]string{"It had come before": "Repeat", titleAgain: "Repeat", "Known as a test call": "Test call", "Held back": "Trap field"}
	note := map[string]string{"Repeat": "came before", "Test call": "yes"}[labels[s.Ended.Title]]
	if note == "came before" && t.first.ID != uuid.Nil {
		note = "of " + models.IDTime(t.first.ID).In(t.zone()).Format("15:04:05")
	}
	return views.Stop{Href: "#" + s.Ended.ID, Label: labels[s.Ended.Title], Note: note, State: s.Ended.State}
}

// adviseUnverified says what to compare, and leads to the signature of the webhook.
func (t *story) adviseUnverified(issue *views.RequestIssue) {
	if v := t.body.Verdict; v != nil {
		issue.Text = v.Sentence(t.zone())
		if v.Result == senders.ResultTooOld {
			issue.Before = "Compare the sender’s clock with ours, and see whether other calls are late too."
			issue.Advice = "One such call was delayed, or copied and sent again. If all calls are late by about " + minutesSaid(v.Age()) + ", the clock of the sender or of this program is wrong: correct it."
		}
		if v.Result == senders.ResultTooNew {
			issue.Before = "Compare the sender’s clock with ours."
			issue.Advice = "No call can be signed after it arrives. The sender’s clock is ahead by about " + minutesSaid(-v.Age()) + ", or ours is behind: correct the wrong one."
		}
	}
	if t.canRead() {
		issue.Link, issue.LinkText = t.page("webhooks", t.webhook.ID, views.PartSignature), "Open signature"
	}
}

// watched says that a call, which was handled like any other, would be refused if the webhook did more than watch.
func (t *story) watched(v senders.Verdict) views.RequestIssue {
	issue := views.RequestIssue{Kind: views.KindWarn, Before: "This call does not pass the check of its signature.", Text: v.Sentence(t.zone()),
		Advice: "The webhook only watches. If you choose Refuse, calls like this one are refused."}
	if t.canRead() {
		issue.Link, issue.LinkText = t.page("webhooks", t.webhook.ID, views.PartSignature), "Open signature"
	}
	return issue
}

// minutesSaid says a time in whole minutes, at least 1.
func minutesSaid(d time.Duration) string {
	return views.Plural(max(1, int64(d.Round(time.Minute)/time.Minute)), "minute", "minutes")
}

// firstHref leads from a repeated call to the first one, "" for other calls and if the log does not have it.
func (t *story) firstHref() string {
	if t.row.Outcome != models.OutcomeRepeated || t.first.ID == uuid.Nil || t.tried {
		return ""
	}
	return t.pathOf(t.first.ID)
}

// sameID lists the calls of the delivery, if there are several: the first one, this one and the last repeat.
func (t *story) sameID() (all []views.RequestNear) {
	first, d := t.row.ID, t.delivery
	if t.body.RepeatOf != "" {
		first = t.first.ID
	}
	if t.tried || t.first.ID == uuid.Nil && d.Repeats == 0 {
		return nil
	}
	add := func(id uuid.UUID, what string) {
		near := views.RequestNear{Text: models.IDTime(id).In(t.zone()).Format("2 Jan, 15:04:05") + ", " + what}
		if id != t.row.ID {
			near.Href = t.pathOf(id)
		} else {
			near.Text += ": this one"
		}
		all = append(all, near)
	}
	if first != uuid.Nil {
		what := "processed"
		if one := t.firstOfDelivery(); one.Idle() {
			what = lowerFirst(views.OutcomeShort(one.Outcome))
		}
		add(first, what)
	}
	others := d.Repeats
	if t.row.ID != first {
		add(t.row.ID, lowerFirst(views.OutcomeShort(t.row.Outcome)))
		others--
	}
	if d.LastRepeat != nil && *d.LastRepeat != t.row.ID {
		if others > 1 {
			all = append(all, views.RequestNear{Text: views.Plural(others-1, "more repeat", "more repeats")})
		}
		add(*d.LastRepeat, "repeated")
	}
	return all
}

// alike leads to the calls of the webhook that ended as this one; zero for a call that was processed.
func (t *story) alike() views.RequestNear {
	if !t.row.Failed() && !t.row.Idle() || t.webhook.ID == 0 || t.tried {
		return views.RequestNear{}
	}
	query := requestQuery{webhook: strconv.FormatInt(t.row.WebhookID, 10), outcome: string(t.row.Outcome)}
	return views.RequestNear{Text: "Calls of this webhook that ended like this", Href: t.calls(query)}
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return views.Plural(n, "time", "times")
}
