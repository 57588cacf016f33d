package automations

import (
	"context"
	"slices"
	"strings"

	"campaignlark/mail"
	"campaignlark/models"
	"campaignlark/models/store"
)

// maxTold limits the members of one step.
const maxTold = 100

// NoMail says why nobody can be told by e-mail.
const NoMail = "E-mail is not set up on this server. Ask the person who runs it."

// checkTold returns what is wrong with a step that tells members. It ignores those who left the workspace while others remain.
func (s Step) checkTold(things Things) string {
	switch {
	case !things.Mail:
		return NoMail
	case len(s.UserIDs) == 0:
		return "Please choose who is told."
	case len(s.UserIDs) > maxTold:
		return "At most 100 people can be told. Please choose fewer."
	case len(s.told(things)) == 0:
		return "None of these people is a member of the workspace any more. Please choose others."
	}
	return ""
}

// Strangers reports whether the step tells somebody who is not a member of the workspace.
func (s Step) Strangers(things Things) bool {
	return slices.ContainsFunc(s.UserIDs, func(id int64) bool {
		return !slices.ContainsFunc(things.Members, func(m store.Member) bool { return m.UserID == id })
	})
}

// told returns the members that the step tells.
func (s Step) told(things Things) (all []store.Member) {
	for _, m := range things.Members {
		if slices.Contains(s.UserIDs, m.UserID) {
			all = append(all, m)
		}
	}
	return all
}

// MemberName is a member's name, or the address of one without a name.
func MemberName(m store.Member) string {
	if m.Name != "" {
		return m.Name
	}
	return models.ShowEmail(m.Email)
}

// toldWords names the members that a step tells: "Ada and Otto".
func (s Step) toldWords(things Things) (parts []Part) {
	told := s.told(things)
	if len(told) == 0 {
		if len(s.UserIDs) > 0 {
			return []Part{lost("somebody who left")}
		}
		return []Part{value("…")}
	}
	for i, m := range told {
		switch {
		case i > 0 && i == len(told)-1:
			parts = append(parts, plain(" and "))
		case i > 0:
			parts = append(parts, plain(", "))
		}
		parts = append(parts, value(models.Shorten(MemberName(m), 80)))
	}
	return parts
}

// Untold is a member whom an automation could not tell at the last try.
type Untold struct {
	Name string
	Why  string // the end of a sentence
}

// Untold lists the members whom an automation could not tell at the last try.
func (s Store) Untold(ctx context.Context, a models.Automation, things Things) (all []Untold, err error) {
	var rows []models.TeamMail
	if err := s.DB.Read(ctx).Where("workspace_id = ? AND automation_id = ? AND problem <> ''", a.WorkspaceID, a.ID).Order("user_id").Find(&rows).Error; err != nil {
		return nil, err
	}
	for _, row := range rows {
		for _, m := range things.Members {
			if m.UserID == row.UserID {
				all = append(all, Untold{MemberName(m), mail.Problem(row.Problem).Words()})
			}
		}
	}
	return all, nil
}

// tellTeam notes that members are to be told of the event. A mail holds the event's words and nothing of the contact.
func (x *execution) tellTeam(run *models.AutomationRun, s Step, event models.AutomationEvent) {
	told := s.told(x.things)
	switch {
	case !x.things.Mail:
		x.tell(run, s.ID, ResultNothing, Told{Words: "Nobody was told. " + NoMail})
		return
	case len(told) == 0:
		x.tell(run, s.ID, ResultNothing, Told{Words: "Nobody was told: the people chosen are not members of the workspace any more."})
		return
	}
	words := text(wordsOf(event, x.things))
	for _, m := range told {
		i := slices.IndexFunc(x.mails, func(t models.TeamMail) bool { return t.AutomationID == run.AutomationID && t.UserID == m.UserID })
		if i < 0 {
			i = len(x.mails)
			x.mails = append(x.mails, models.TeamMail{WorkspaceID: run.WorkspaceID, AutomationID: run.AutomationID, UserID: m.UserID})
		}
		x.mails[i].Words, x.mails[i].RunID = words, &run.ID
		x.mails[i].Waiting++
	}
	x.tell(run, s.ID, ResultDone, Told{Words: "Will be told by e-mail: " + text(s.toldWords(x.things)) + "."})
}

// wordsOf describes an event with the webhook, tag or segment that it is about.
func wordsOf(e models.AutomationEvent, things Things) []Part {
	t := Trigger{Type: e.Type}
	if e.WebhookID != 0 {
		t.WebhookIDs = []int64{e.WebhookID}
	}
	switch e.Type {
	case models.EventTagAdded, models.EventTagRemoved:
		t.TagIDs = []int64{e.SubjectID}
	case models.EventSegmentEntered, models.EventSegmentLeft:
		t.SegmentIDs = []int64{e.SubjectID}
	case models.EventWebhookFailing, models.EventWebhookSilent:
		t.WebhookIDs = []int64{e.SubjectID}
	}
	return t.Words(things)
}

func text(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String()
}
