package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

// A call that was only tried is told as a call of the log is, and then put into "would": all these words are here.

// wouldTitles are the titles of a call's page, and what they are for a call that was only tried.
var wouldTitles = []string{
	"is a new contact", "would be a new contact",
	"was subscribed again", "would be subscribed again",
	"was updated", "would be updated",
	"was unsubscribed", "would be unsubscribed",
	"is now ", "would be ",
	"A contact was deleted", "A contact would be deleted",
	"Refused: ", "Would be refused: ",
	"Skipped: ", "Would be skipped: ",
	"Repeated: this call had been processed", "Would be a repeat: this call was processed",
	"Repeated: this call had come", "Would be a repeat: this call came",
	"Repeated: ", "Would be a repeat: ",
	"A test call: ", "Would be a test call: ",
	"Held back: ", "Would be held back: ",
	"Kept out: ", "Would be kept out: ",
	"Nobody has this address, so nothing was done", "Nobody has this address, so nothing would be done",
	"Not stored: ", "Would not be stored: ",
}

// wouldWords are the other words of the page.
var wouldWords = strings.NewReplacer(
	"Nothing was changed.", "Nothing would be changed.",
	"The call stopped here: ", "The call would stop here: ",
	"Address read", "The address",
	"A contact with it was already here.", "A contact with it is here already.",
	"No contact had it.", "No contact has it.",
	"; the call subscribed them again.", "; the call would subscribe them again.",
	"; the call made them ", "; the call would make them ",
	"What happened to each field", "What would happen to each field",
	"was ignored.", "would be ignored.",
	"were ignored.", "would be ignored.",
	"was not stored.", "would not be stored.",
	"It was sent as", "It is sent as",
	"It was stored as it came:", "It would be stored as it came:",
	"Only the address was sent.", "Only the address is sent.",
	"so the default was filled in.", "so the default would be filled in.",
	"The contact had no value", "The contact has no value",
	"Everything from here to the event was committed together.", "",
	"The contact is gone for good", "The contact would be gone for good",
	"Fired by this call.", "It would fire.",
	"Fired, because the status was not Subscribed before.", "It would fire, because the status is not Subscribed.",
	"Fired, because the contact is new.", "It would fire, because the contact is new.",
	"Fired. This event fires with every such call.", "It would fire. It fires with every such call.",
	"The contact was Subscribed already, so the event did not fire again.", "The contact is Subscribed already, so the event would not fire again.",
	"Answered", "The answer",
	"After everything above was safely stored.", "After everything above is safely stored.",
	"so the call was handled like any other.", "so the call would be handled like any other.",
	"Nothing else was looked at.", "Nothing else would be looked at.",
	"Known as a test call", "It would be known as a test call",
	"it was not refused.", "it would not be refused.",
	"The browser was led to this page.", "A browser would be led to this page.",
	"The browser was led there.", "A browser would be led there.",
	"so the browser was not led there.", "so a browser would not be led there.",
	titleAgain, "It would be processed again, on purpose",
	"Its delivery had been processed before", "Its delivery was processed before",
	"The answer was the one of a call that is processed.", "The answer is the one of a call that is processed.",
	"and this one was not read again.", "and this one would not be read again.",
	"So nothing was done for this person.", "So nothing would be done for this person.",
	"So what it says was not taken over.", "So what it says would not be taken over.",
	"Nothing was done again, and the sender got the answer of the first call.", "Nothing would be done again, and the sender would get the answer of the first call.",
)

// wouldBe puts the title of a call's page into "would".
func wouldBe(title string) string {
	for i := 0; i < len(wouldTitles); i += 2 {
		if rest, is := strings.CutPrefix(title, wouldTitles[i]); is {
			return wouldTitles[i+1] + rest
		}
	}
	return title
}

// wouldBe describes a call that was only tried, with the steps that it would reach.
func (t *story) wouldBe() views.RequestModel {
	if before := t.body.Before; t.row.Outcome == models.OutcomeDeleted && before != nil {
		t.row.Address = &before.Email
	}
	m := t.model(views.Page{})
	m.Verdict, m.Lead = wouldBe(m.Verdict), wouldWords.Replace(m.Lead)
	if t.row.Outcome == models.OutcomeDeleted && t.row.Address != nil {
		m.Address, m.Verdict = shownAddress(*t.row.Address), "would be deleted for good"
	}
	m.Stops = slices.DeleteFunc(m.Stops, func(s views.Stop) bool { return s.Label == "Received" || s.Label == "Segments" })
	for i := range m.Stops {
		switch stop := &m.Stops[i]; {
		case stop.Label == "Answered":
			stop.Label, stop.Note = "Answer", strconv.Itoa(answered(t.row, t.body))
		case stop.State == views.StateSkip || stop.Href == "#counts" && stop.State == views.StateDone: // its step is left out
			stop.Href = "#result"
		}
	}
	for i := range m.Issues {
		issue := &m.Issues[i]
		for _, text := range []*string{&issue.Before, &issue.After, &issue.Text, &issue.Advice} {
			*text = wouldWords.Replace(*text)
		}
		issue.Link = t.ofStart(issue.Link)
	}
	t.tellWouldBe(&m.Story)
	return m
}

// tellWouldBe puts the steps into "would". It leaves out the arrival of the call, the steps that it would not reach, and the conditions if
// it meets all of them.
func (t *story) tellWouldBe(s *views.RequestStory) {
	s.Received, s.Segments = views.Step{}, views.Step{}
	for _, step := range s.Steps() {
		step.Title, step.Lead, step.At = wouldWords.Replace(step.Title), wouldWords.Replace(step.Lead), ""
		if step.State == views.StateSkip || step.ID == s.Counts.ID && step.State == views.StateDone {
			*step = views.Step{}
		}
	}
	for _, text := range []*string{&s.AddressText, &s.More, &s.Ended.Text, &s.Ended.More} {
		*text = wouldWords.Replace(*text)
	}
	for i := range s.Ledger {
		s.Ledger[i].Why = wouldWords.Replace(s.Ledger[i].Why)
		s.Ledger[i].Link = t.ofStart(s.Ledger[i].Link)
	}
}

// ofStart changes a link that shows this call: the log does not have it, so the link shows the call with which it started.
func (t *story) ofStart(link string) string {
	return strings.ReplaceAll(link, "sample="+t.row.ID.String(), "sample="+t.startedFrom)
}
