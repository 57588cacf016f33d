package automations

import (
	"context"
	"slices"
	"time"

	"campaignlark/mail"
	"campaignlark/models"
)

// TeamMails returns what an automation has told or will tell members by e-mail, by member.
func (s Store) TeamMails(ctx context.Context, workspace, automation int64) (all []models.TeamMail, err error) {
	return all, s.DB.Read(ctx).Where("workspace_id = ? AND automation_id = ?", workspace, automation).Order("user_id").Find(&all).Error
}

// MemberTold says whether a member has got the mail about what a step told.
type MemberTold struct {
	Name string
	Sent *time.Time // when a mail went out since; nil if none did
	Next *time.Time // when the next one may go out; nil if none is to
	Why  string     // why the last try failed, the end of a sentence; "" if it did not
}

// ToldSince says for each member that the step tells what became of the mail about a step that was done at that time.
func (s Step) ToldSince(mails []models.TeamMail, at time.Time, things Things) (all []MemberTold) {
	if s.Type != StepTellTeam {
		return nil
	}
	for _, m := range s.told(things) {
		i := slices.IndexFunc(mails, func(t models.TeamMail) bool { return t.UserID == m.UserID })
		if i < 0 {
			continue
		}
		told, row := MemberTold{Name: MemberName(m)}, mails[i]
		switch {
		case row.LastSentAt != nil && !row.LastSentAt.Before(at):
			told.Sent = row.LastSentAt
		case row.Waiting > 0:
			told.Next = &row.NextAt
		}
		if told.Sent == nil && row.Problem != "" {
			told.Why = mail.Problem(row.Problem).Words()
		}
		all = append(all, told)
	}
	return all
}
