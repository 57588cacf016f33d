package intake

import (
	"errors"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// bare returns a log row that holds nothing about a person and nothing of the payload.
func (j *job) bare(outcome models.Outcome, status int, now time.Time) models.WebhookRequest {
	return models.WebhookRequest{
		WorkspaceID: j.call.Hash.WorkspaceID, ID: j.call.ID, WebhookID: j.call.Hash.WebhookID,
		Method: j.call.Method, ContentType: j.call.ContentType, Outcome: outcome, Status: status,
		DurationUs: max(0, now.Sub(j.call.ArrivedAt).Microseconds()), Size: j.call.Size, ReplayOf: j.call.replayOf(),
	}
}

// logRow returns the log row of a decided call, without its body. The call's duration ends at now.
func (s *step) logRow(now time.Time) models.WebhookRequest {
	j, d := s.job, s.decision
	row := j.bare(d.Outcome, d.Answer.Status, now)
	if s.life != nil {
		row.ContactID, row.ContactVersion = &s.life.id, &d.Version
	}
	if d.Event != "" {
		row.Event = &d.Event
	}
	if s.erased {
		return row
	}
	row.ClientAddress, row.UserAgent = &j.call.ClientAddress, &j.call.UserAgent
	if j.logged != "" {
		key := models.AddressKey(row.WorkspaceID, j.logged)
		row.AddressKey, row.Address = &key, &j.logged
	}
	return row
}

// encodeBodies starts to encode the bodies of the batch's log rows, in a goroutine, and returns a function that waits for them. They
// depend on the decisions alone, so that the database can work on other rows at the same time. A body is nil if its row was erased.
func (b *batch) encodeBodies() func() ([][]byte, error) {
	var bodies [][]byte
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer recovered(&err)
		var scratch []byte
		for _, s := range b.logged() {
			var stored []byte
			if !s.erased {
				body := s.logBody(len(b.steps))
				stored, scratch = body.encode(scratch)
			}
			bodies = append(bodies, stored)
		}
	}()
	return func() ([][]byte, error) {
		<-done
		return bodies, err
	}
}

// leftAt returns when a person unsubscribed whose status a call changed to another one, in Unix seconds; 0 for all others.
func leftAt(before, after *Person) int64 {
	if before == nil || after == nil || before.Status != models.StatusUnsubscribed || after.Status == before.Status || before.UnsubscribedAt == nil {
		return 0
	}
	return before.UnsubscribedAt.Unix()
}

// logBody returns the body of the call's log row. Prefetches and bodies that are too large have an empty Submission, so
// their rows have no payload (CONTRACT "What each type does").
func (s *step) logBody(group int) LogBody {
	j, d := s.job, s.decision
	b := LogBody{
		Headers: j.call.Headers, WebhookType: s.webhook.Type, Message: d.Answer.Message,
		Page: shortenBytes(s.page, maxLoggedValue), TriedBy: j.call.TriedBy, WaitedUs: max(0, j.claimed.Sub(j.call.ArrivedAt).Microseconds()), GroupSize: group,
	}
	sub := j.call.Submission
	b.Payload, b.Truncated, b.Encoding = sub.Payload, sub.Truncated, sub.Encoding
	if sub.Email.Present {
		b.EmailKey, b.EmailAt = shortenBytes(sub.Email.Key, maxLoggedName), sub.Email.At
		sent := sub.Email.Value
		if sent.Shape == models.Plain && len(sent.Texts) > 1 {
			sent = models.Text(sent.Last())
		}
		b.EmailSent = shortenBytes(sentText(sent), maxLoggedValue)
		for _, text := range sub.Email.Unused {
			b.EmailUnused = append(b.EmailUnused, shortenBytes(text, maxLogAddress))
		}
		b.EmailShape, b.EmailPlus = shapeOf(sub.Email.Value), sub.Email.PlusMayBeLost()
	}
	var unread *DecodeError
	if errors.As(sub.Err, &unread) {
		b.Unread = unread.Kind
	}
	b.QueryKey = shortenBytes(sub.QueryKey, maxLoggedName)
	b.Fields, b.MoreNames, b.Mapped, b.Verdict = d.Fields, d.MoreNames, sub.Mapped, j.call.Verdict
	if s.repeatOf != uuid.Nil {
		b.RepeatOf = s.repeatOf.String()
	}
	if d := j.call.delivery; d != (deliveryKey{}) {
		b.Delivery = d.key[:]
	}
	if s.life != nil {
		b.Before, b.After = logContact(s.before), logContact(d.Contact)
		b.LeftAt = leftAt(s.before, d.Contact)
	}
	b.TagsAdded = models.TagNames(d.TagsAdded)
	b.Event, b.NoEvent = d.Event, d.NoEvent
	return b
}
