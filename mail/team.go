package mail

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
)

// Quiet is how long a member hears nothing more of an automation after a mail. The next mail sums up the events of that time.
const Quiet = time.Hour

// news is what a mail to a member of the team tells. Nothing of it comes from a sender or a contact.
type news struct {
	models.TeamMail
	Automation string
	Slug       string
	Workspace  string
	TimeZone   string
	Email      string // of the member
}

// summed reports whether the mail sums up what happened in the quiet time after the one before.
func (n news) summed() bool {
	return n.LastSentAt != nil && n.FirstAt.Sub(*n.LastSentAt) < Quiet
}

// howOften says how often it happened: "12 more since 14:05". "" for once, if no mail went before.
func (n news) howOften(now time.Time) string {
	since, what := n.FirstAt, " times since "
	if n.summed() {
		since, what = *n.LastSentAt, " more since "
	} else if n.Waiting == 1 {
		return ""
	}
	zone := models.Workspace{TimeZone: n.TimeZone}.Location()
	layout := "15:04"
	if since.In(zone).Format(time.DateOnly) != now.In(zone).Format(time.DateOnly) {
		layout = "2 January, 15:04"
	}
	return strconv.FormatInt(n.Waiting, 10) + what + since.In(zone).Format(layout)
}

// message writes the mail.
func (n news) message(public *url.URL, now time.Time) Message {
	words := models.Capital(n.Words)
	short, story := n.howOften(now), words+"."
	if short != "" {
		story = short + " (" + n.TimeZone + ").\nThe last time: " + words + "."
	} else {
		short = words
	}
	if n.AutomationID == 0 {
		return n.aboutDestinations(public, short, story)
	}
	text := []string{
		"The automation “" + n.Automation + "” of the workspace " + n.Workspace + " tells you:",
		story,
		n.links(public),
		"You get this mail because you were chosen in a step of the automation. It comes at most once an hour; the rest is summed up in the next one.",
	}
	return Message{
		ID: n.id(), To: n.Email,
		Subject: line(n.Automation + ": " + short), Text: strings.Join(text, "\n\n") + "\n",
	}
}

// links lead to the run, which names the contact, and to all runs of the automation.
func (n news) links(public *url.URL) string {
	page := public.JoinPath("w", n.Slug)
	all := "All runs of the automation: " + page.JoinPath("automations", strconv.FormatInt(n.AutomationID, 10)).String()
	if n.RunID == nil {
		return all
	}
	run, what := page.JoinPath("runs", n.RunID.String()).String(), "Who it was, and what the automation did: "
	if n.Waiting > 1 || n.summed() {
		what = "Who it was the last time, and what the automation did: "
	}
	return what + run + "\n" + all
}

// id is the same for the same mail.
func (n news) id() string {
	return fmt.Sprintf("team.%d.%d.%d.%d.%d", n.WorkspaceID, n.AutomationID, n.UserID, n.FirstAt.UnixMicro(), n.Waiting)
}

// line keeps a subject on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
