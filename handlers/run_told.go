package handlers

import (
	"strings"
	"time"

	"campaignlark/automations"
	"campaignlark/models"
)

// toldSaid says for a step that tells members what became of its e-mails: "Ada was told on Mon 30 November, 14:05."
func (v *visit) toldSaid(mails []models.TeamMail, of automations.Step, s automations.StepStory, things automations.Things) string {
	if s.Result != automations.ResultDone {
		return ""
	}
	var said []string
	for _, m := range of.ToldSince(mails, s.At, things) {
		switch {
		case m.Sent != nil:
			said = append(said, m.Name+" was told "+v.daySaidOf(*m.Sent)+".")
		case m.Next != nil && m.Why != "":
			said = append(said, m.Name+" is not told yet: "+m.Why+". The next try is "+v.daySaidOf(*m.Next)+".")
		case m.Next != nil && m.Next.After(v.server.now().Add(time.Minute)):
			said = append(said, m.Name+" is told in the next mail, "+v.daySaidOf(*m.Next)+".")
		case m.Next != nil:
			said = append(said, m.Name+" is told in a moment.")
		case m.Why != "":
			said = append(said, m.Name+" could not be told: "+m.Why+".")
		}
	}
	return strings.Join(said, " ")
}
