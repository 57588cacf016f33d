package handlers

import (
	"strconv"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"
)

// addIssues adds what needs a look.
func (v *visit) addIssues(m *views.DestinationModel, u deliveries.Use) error {
	page := v.path("destinations", u.ID)
	if fault := v.destinations().CannotSign(u.Destination); fault != "" && u.Enabled {
		m.Issues = append(m.Issues, views.DestinationIssue{Kind: views.KindBad, Title: "Nothing is sent: this program cannot sign.", Text: " " + fault, Advice: v.whatWaits(u)})
	}
	if hint := deliveries.URLHint(u.URL, v.server.Config.OutboundAllow...); hint != "" && u.ArrivedAt == nil {
		m.Issues = append(m.Issues, views.DestinationIssue{Kind: views.KindWarn, Title: "It may not be possible to send anything there.", Text: " " + hint})
	}
	switch {
	case refusedNow(u):
		m.Issues = append(m.Issues, v.refusedIssue(m, u))
	case u.Failing:
		issue := views.DestinationIssue{Kind: views.KindBad, Title: v.sinceSaid(u), Text: " " + views.Plural(u.Failures, "try", "tries") + " failed." + lastWords(u) + " " + v.whatWaits(u),
			Advice: "Each message is tried again, less and less often, for " + aboutSaid(v.server.schedule().Whole()) + "." + v.untilOffSaid(u, "the destination") + whoToAsk(u)}
		if u.Waiting > 0 && m.CanChange {
			issue.Post, issue.Button = page+"/retry", views.Btn{Label: tryAllLabel(u.Waiting), Small: true}
		}
		m.Issues = append(m.Issues, issue)
	case !u.Enabled && u.OffReason != "":
		m.Issues = append(m.Issues, views.DestinationIssue{Kind: views.KindBad, Title: "It was switched off.", Text: " " + u.OffReason, Advice: v.whatWaits(u) + whoSwitchesOn(m.IsAdmin)})
	case !u.Enabled:
		who, err := v.destinations().SwitchedOffBy(v.UserContext(), u.Destination, v.server.now())
		if err != nil {
			return models.In("destination page: who switched it off", err)
		}
		if who != nil {
			m.Health.Note = "by " + personSaid(who.Name) + ", " + v.daySaidOf(who.At)
		}
		if u.Waiting > 0 {
			m.Issues = append(m.Issues, views.DestinationIssue{Kind: views.KindWarn, Title: "It is switched off while messages wait.", Text: " " + v.whatWaits(u), Advice: whoSwitchesOn(m.IsAdmin)})
		}
	}
	if u.GivenUp > 0 {
		m.Issues = append(m.Issues, v.givenUpIssue(m, u))
	}
	return nil
}

// refusedNow reports whether the last attempt led to an address that is not allowed.
func refusedNow(u deliveries.Use) bool {
	return u.Enabled && u.FailingSince != nil && u.Last != nil && deliveries.Code(u.Last.Error) == deliveries.CodeAddress
}

// refusedIssue says that this program may not send to the destination's address, and what to do.
func (v *visit) refusedIssue(m *views.DestinationModel, u deliveries.Use) views.DestinationIssue {
	issue := views.DestinationIssue{Kind: views.KindBad, Title: "This program may not send to its address.", Text: lastWords(u) + " " + v.whatWaits(u),
		Advice: "No message is given up for this. If the address is refused for 10 minutes, the destination is switched off, and messages wait." + whoToAsk(u)}
	if m.IsAdmin {
		issue.Button = views.Btn{Label: "Change the address", Small: true, Href: v.path("destinations", u.ID, "edit")}
	}
	return issue
}

// givenUpIssue says how many messages were given up in the last 30 days, and offers to send them again.
func (v *visit) givenUpIssue(m *views.DestinationModel, u deliveries.Use) views.DestinationIssue {
	page := v.path("destinations", u.ID)
	issue := views.DestinationIssue{Kind: views.KindWarn, Title: views.PluralUpTo(u.GivenUp, models.ExactCount, "message was", "messages were") + " given up.",
		Text: " That was in the last 30 days.", Button: views.Btn{Label: "Look at them", Small: true, Href: page + "?state=dead#deliveries"}}
	if m.CanChange && u.Enabled {
		from := v.server.now().Add(-deliveries.GivenUpIn).In(v.Workspace.Location()).Format(momentLayout)
		issue.Button = views.Btn{Label: "Send the " + views.CountUpTo(u.GivenUp, models.ExactCount) + " again…", Small: true, Href: page + "/replay?state=dead&when=range&from=" + from}
		if u.GivenUp == 1 {
			issue.Button.Label = "Send it again…"
		}
	}
	return issue
}

// sinceSaid says since when nothing has arrived.
func (v *visit) sinceSaid(u deliveries.Use) string {
	if u.ArrivedAt == nil {
		return "Nothing has arrived yet. The first try failed " + v.daySaidOf(*u.FailingSince) + "."
	}
	return "Nothing has arrived since " + v.daySaidOf(*u.FailingSince) + "."
}

// untilOffSaid says when a failing destination is switched off, after a blank; "" if nothing waits for it, so that nothing is tried.
func (v *visit) untilOffSaid(u deliveries.Use, it string) string {
	if u.Waiting == 0 {
		return ""
	}
	return " If every try fails until " + v.daySaidOf(u.FailingSince.Add(deliveries.FailsFor)) + ", " + it + " is switched off."
}

// whoToAsk says who can mend what fails, after a blank.
func whoToAsk(u deliveries.Use) string {
	if u.Last != nil && deliveries.Code(u.Last.Error) == deliveries.CodeAddress {
		return " Enter another address, or ask the people who run this program to name its network in OUTBOUND_ALLOW."
	}
	return " Ask the people who run " + deliveries.Host(u.URL) + "."
}

func tryAllLabel(waiting int64) string {
	if waiting == 1 {
		return "Try it now"
	}
	return "Try all " + views.CountUpTo(waiting, models.ExactCount) + " now"
}

func whoSwitchesOn(admin bool) string {
	if admin {
		return ""
	}
	return " An admin of the workspace can switch it on."
}

// personSaid names a person whose account may be gone.
func personSaid(name string) string {
	if name == "" {
		return "somebody"
	}
	return name
}

// aboutSaid writes about how long something takes: "about 3 days", "about 90 seconds".
func aboutSaid(span time.Duration) string {
	about := func(unit time.Duration, one, many string) string {
		n := int(span.Round(unit) / unit)
		if n == 1 {
			return "about 1 " + one
		}
		return "about " + strconv.Itoa(n) + " " + many
	}
	switch {
	case span >= 36*time.Hour:
		return about(24*time.Hour, "day", "days")
	case span >= 90*time.Minute:
		return about(time.Hour, "hour", "hours")
	case span >= 90*time.Second:
		return about(time.Minute, "minute", "minutes")
	}
	return about(time.Second, "second", "seconds")
}

// addTest adds the last test.
func (v *visit) addTest(m *views.DestinationModel, u deliveries.Use) error {
	row, err := v.destinations().LastTest(v.UserContext(), u.WorkspaceID, u.ID)
	if err != nil || row == nil {
		return models.In("destination page: last test", err)
	}
	m.Test = &views.LastTest{Href: v.path("deliveries", row.ID), At: models.IDTime(row.ID), Status: row.Status, Words: "on its way"}
	if row.Tries > 0 {
		m.Test.Words, m.Test.Took, m.Test.Tried = answerSaid(deliveries.Code(row.Error), row.Status), time.Duration(row.DurationUs)*time.Microsecond, true
	}
	return nil
}
