package intake

import (
	"context"
	"iter"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// Replay is a call of the log that is done once more, with the settings that its webhook has now.
type Replay struct {
	Of     models.WebhookRequest
	Body   LogBody // of Of
	Events bool    // fire the event
}

// ReplayCall returns the call that does r once more, on behalf of a job. w is its webhook as it is now, and at its arrival. left says why it
// cannot be done once more, "" if it can.
func ReplayCall(r models.WebhookRequest, w models.Webhook, jobID int64, at time.Time, events bool) (c Call, left string) {
	body, err := DecodeLogBody(r.Body)
	switch {
	case len(r.Body) == 0:
		return c, "The person was erased, or the log did not keep what was sent."
	case err != nil || body.Payload == "":
		return c, "The log does not keep what was sent."
	case body.Truncated:
		return c, "The log keeps only the first 64 KB of what was sent."
	case w.ID == 0 || w.DeletedAt != nil:
		return c, "The webhook was deleted."
	case r.ReplayOf != nil: // what the person did counts from the first call on
		return c, "It is a replay. Replay the first call again."
	case r.Outcome == models.OutcomeTestCall: // often only a header says so, which the log may not keep
		return c, "It was a test call of the sender, about nobody."
	}
	c = Call{ID: models.ReplayID(r.ID, jobID, at), ArrivedAt: at, Hash: models.WebhookHash{Hash: w.Hash, WorkspaceID: w.WorkspaceID, WebhookID: w.ID}, Method: r.Method, ContentType: r.ContentType,
		Headers: body.Headers, Size: r.Size, Replay: &Replay{Of: r, Body: body, Events: events}}
	if r.ClientAddress != nil {
		c.ClientAddress = *r.ClientAddress
	}
	if r.UserAgent != nil {
		c.UserAgent = *r.UserAgent
	}
	return c, ""
}

// Done is what happened to a call of SubmitEach. Err is as in Submit.
type Done struct {
	Answer  Answer
	Outcome models.Outcome
	Kept    models.Kept
	Err     error
}

// SubmitEach keeps at most so many calls in the queue, and bytes of their memory: calls that come from outside wait for few others, and find
// room.
const (
	eachCalls = 2 * defaultBatch
	eachBytes = maxQueueBytes / 4
)

// SubmitEach is Submit for many calls. It takes the next ones from calls while others are being committed, and gives each result to done. Those
// of one person are done in their order. After an error that a later try may not meet it takes no more calls.
func (p *Pipeline) SubmitEach(ctx context.Context, calls iter.Seq[Call], done func(Done)) {
	var waiting []*job
	var bytes int64
	failed := false
	finish := func() { // the call that was entered first
		j := waiting[0]
		waiting, bytes = waiting[1:], bytes-j.size
		r := p.wait(ctx, j, p.opts.Wait)
		failed = failed || r.err != nil && r.err != ErrRefused
		done(Done{r.answer, r.outcome, r.kept, r.err})
	}
	for c := range calls {
		p.Prepare(&c)
		j := newJob(c)
		for len(waiting) > 0 && (len(waiting) >= eachCalls || bytes+j.size > eachBytes) {
			finish()
		}
		entered := p.enter(j)
		for ; !entered && len(waiting) > 0; entered = p.enter(j) { // calls from outside have filled the queue
			finish()
		}
		if !entered {
			failed = true
			done(Done{Err: ErrBusy})
		} else {
			waiting, bytes = append(waiting, j), bytes+j.size
		}
		if failed {
			break
		}
	}
	for len(waiting) > 0 {
		finish()
	}
}

// prepareReplay reads the logged call as the webhook w reads its calls now. The signature cannot be checked again, because the log does not keep
// it: a call that did not pass does not pass now. A delivery is not noted: a person wants the call done once more.
func (c *Call) prepareReplay(w Webhook) {
	r := c.Replay
	if w.Reading.Checks() {
		c.Verdict = r.Body.Verdict
	}
	if c.Verdict != nil && !c.Verdict.Passes() && w.Reading.Enforces() {
		c.Submission.Payload, c.Submission.Encoding, c.Submission.Truncated = r.Body.Payload, r.Body.Encoding, r.Body.Truncated
		return
	}
	c.Submission = ReadLogged(r.Of, r.Body, w.Reading)
}

// keptWhy says of each reason to keep a replay out what its page says.
var keptWhy = map[models.Kept]string{
	models.KeptErased:       "The person was erased after this call, so the replay does not bring them back.",
	models.KeptMoved:        "This address was changed to another one after this call, so the replay does not use it.",
	models.KeptOn:           "The person subscribed after this call, so the replay does not take them off again.",
	models.KeptSubscribed:   "The person subscribed after this call, so they are kept subscribed.",
	models.KeptUnsubscribed: "The person unsubscribed after this call, so they are kept unsubscribed.",
}

// KeptOf returns why a replay of the log was kept out; "" if it was not, or if the log does not keep it.
func KeptOf(r models.WebhookRequest, b LogBody) models.Kept {
	for kept, why := range keptWhy {
		if r.Outcome == models.OutcomeKeptOut && b.NoEvent == why {
			return kept
		}
	}
	return ""
}

// keepsOut says why a replay must not act on the person of its call, "" if it may: what happened after the call counts.
func (q Question) keepsOut() models.Kept {
	if q.Replay == nil {
		return ""
	}
	sent := models.IDTime(q.Replay.Of.ID)
	since := func(at *time.Time) bool { return at != nil && at.After(sent) }
	p, has := q.Contact, q.Contact != nil
	switch {
	case q.erasedSince():
		return models.KeptErased
	case q.MovedAt.After(sent): // the contact that has the address now, if any, is another one
		return models.KeptMoved
	case !q.Webhook.Type.HasTags() && has && (since(p.SubscribedAt) || since(p.UnconfirmedAt)):
		return models.KeptOn
	case !q.Webhook.Type.HasTags():
		return ""
	case q.Webhook.Type == models.TypeUnconfirmed && has && p.Status == models.StatusSubscribed && since(p.SubscribedAt):
		return models.KeptSubscribed
	case has && p.Status == models.StatusUnsubscribed && since(p.UnsubscribedAt):
		return models.KeptUnsubscribed
	}
	return ""
}

// erasedSince reports whether the person of a replay was erased after its call.
func (q Question) erasedSince() bool {
	return q.Replay != nil && q.ErasedAt.After(models.IDTime(q.Replay.Of.ID))
}

// statusAt returns the time from which a status counts that the call gives. That of a replay counts from its call, so that the replays of a
// person's later calls find the times in the order in which the person did things. It is never before the status that the contact has.
func (q Question) statusAt() time.Time {
	if q.Replay == nil {
		return q.Now
	}
	at := models.IDTime(q.Replay.Of.ID)
	if q.Contact != nil && q.Contact.StatusSince().After(at) {
		return q.Contact.StatusSince()
	}
	return at
}

// quiet takes the event out of the decision on a replay that is to fire none.
func (d *Decision) quiet(q Question) {
	if q.Replay != nil && !q.Replay.Events && d.Event != "" {
		d.Event, d.NoEvent = "", "The replay was started without events."
	}
}

// replays returns the links of the batch's replays to their calls.
func (b *batch) replays() (all []models.Replay) {
	for _, s := range b.logged() {
		if r := s.job.call.Replay; r != nil {
			all = append(all, models.Replay{WorkspaceID: s.job.call.Hash.WorkspaceID, OriginalID: r.Of.ID, RequestID: s.job.call.ID})
		}
	}
	return all
}

// erasedReplays returns the links of those of the batch's replays that are about people who were erased after their call.
func (b *batch) erasedReplays() (all []models.Replay) {
	for _, s := range b.logged() {
		if s.decision.Kept == models.KeptErased {
			all = append(all, models.Replay{WorkspaceID: s.job.call.Hash.WorkspaceID, OriginalID: s.job.call.Replay.Of.ID, RequestID: s.job.call.ID})
		}
	}
	return all
}

// replayOf returns the id of the call that this one repeats, nil for none.
func (c *Call) replayOf() *uuid.UUID {
	if c.Replay == nil {
		return nil
	}
	return &c.Replay.Of.ID
}
