package handlers

import (
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"
)

// reply writes an answer to a customer who asks about the call: what happened and when, why, and what to do. It has no data of the person, so
// it may go through any mailbox.
func (t *story) reply(followed views.SupportFollowed) string {
	zone := t.visit.Workspace.Location()
	facts := t.outcome()
	lines := []string{"On " + models.IDTime(t.row.ID).In(zone).Format("Monday 2 January 2006 at 15:04:05") + " (" + zone.String() + ") " + t.calledWebhook() + "."}
	happened := facts.Title + "."
	if facts.OfAddress {
		happened = "The person " + facts.Title + "."
	}
	lines = append(lines, "What happened: "+happened, t.answerSaid())
	if n := t.notStored(); n > 0 {
		lines = append(lines, views.Plural(n, "value was", "values were")+" not stored, because the field cannot keep what was sent. The page of the call names each of them.")
	}
	if said := followedSaid(followed); said != "" {
		lines = append(lines, said)
	}
	if advice := t.replyAdvice(facts); advice != "" {
		lines = append(lines, "What you can do: "+advice)
	}
	page := t.visit.server.Config.PublicURL.JoinPath("w", t.visit.Workspace.Slug, "requests", t.row.ID.String())
	lines = append(lines, "You can read the whole call here until it is removed after "+views.Plural(t.visit.server.Config.LogRetentionDays, "day", "days")+": "+page.String())
	return strings.Join(lines, "\n\n")
}

// calledWebhook says which webhook was called.
func (t *story) calledWebhook() string {
	webhook := "a webhook of your workspace"
	if t.webhook.ID != 0 {
		webhook = "your webhook “" + models.WithoutAddresses(webhookName(t.webhook)) + "”"
	}
	if t.row.ReplayOf != nil {
		return "an earlier call to " + webhook + " was replayed: a member of your workspace had it processed again"
	}
	return webhook + " was called"
}

// answerSaid says what the sender got. A message that may quote what was sent is left out.
func (t *story) answerSaid() string {
	if t.row.ReplayOf != nil {
		return "The sender was not called or answered again."
	}
	text := "The sender was answered with " + views.Count(int64(answered(t.row, t.body)))
	if message := t.body.Message; message != "" && t.row.Outcome != models.OutcomeUnreadable {
		return text + ": " + models.WithoutAddresses(message)
	}
	return text + "."
}

// notStored counts the values that no field could keep.
func (t *story) notStored() (n int) {
	for _, f := range t.body.Fields {
		if f.Fate == intake.FateRefused {
			n++
		}
	}
	return n
}

// replyAdvice says what the customer can do: nothing more if the call was mended since, as the page says. Sentences that the page ends with a
// quotation are shortened.
func (t *story) replyAdvice(facts views.OutcomeFacts) string {
	if !t.row.Failed() && !t.row.Idle() {
		return ""
	}
	if t.readsNow {
		advice := t.adviseTryingAgain()
		return advice.Before + " " + advice.Text
	}
	parts := []string{strings.TrimSuffix(facts.Advice, ":")}
	if facts.Because != "" && !strings.HasSuffix(facts.Because, ":") {
		parts = append(parts, facts.Because)
	}
	text := strings.Join(parts, " ")
	if text != "" && !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
