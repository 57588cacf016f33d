package handlers

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/google/uuid"
)

// nested is the log's text for an object or a list of objects.
const nested = "(nested data)"

type remedy struct{ link, text string }

// remedy links to where the problem of field i can be fixed: how the webhook reads it, its merge tag, or a form that creates one. Viewers
// get none.
func (t *story) remedy(i int) remedy {
	f := t.body.Fields[i]
	if r := t.readingRemedy(i); r.link != "" {
		return r
	}
	switch {
	case !t.visit.canChange():
	case f.Shape == intake.ShapeObject && t.touchesFields() && (f.Fate == intake.FateRefused || f.Fate == intake.FateIgnored):
		return remedy{t.readingLink(f.MergeTag, senders.AsIs), "Choose a part of it"}
	case f.Fate == intake.FateRefused && t.mergeTags[f.MergeTag].ID != 0:
		return remedy{t.page("merge-tags", t.mergeTags[f.MergeTag].ID, "edit"), "Open merge tag"}
	case f.Fate == intake.FateIgnored && t.touchesFields() && f.Sent != nested:
		key := strings.ToLower(intake.ListKey(f.Key))
		if meant := t.meant(f.Key); meant != "" {
			return remedy{t.readingLink(meant, senders.AsIs), "Read it as " + t.mergeTags[meant].Label}
		}
		if !canBeKey(key) || t.mergeTags[key].ID != 0 {
			break
		}
		query := url.Values{"key": {key}, "label": {labelOf(key)}}
		query.Set("call", t.row.ID.String())
		return remedy{withQuery(t.page("merge-tags", "new"), query), "Create merge tag"}
	}
	return remedy{}
}

func canBeKey(key string) bool { return models.MergeTag{Key: key}.ValidateNew()["key"] == "" }

// meant returns the key of the merge tag that a sender means with another key: its label, or its key with characters that cannot be seen
// or that only look like others. It is "" if there is none.
func (t *story) meant(key string) string {
	key = intake.ListKey(key)
	for _, name := range []string{strings.ToLower(models.TrimInvisible(key)), models.LookLatin(strings.ToLower(key))} {
		if t.mergeTags[name].ID != 0 && name != strings.ToLower(key) {
			return name
		}
	}
	for _, m := range t.mergeTags {
		if m.Key != strings.ToLower(key) && models.Fold(m.Label) == models.Fold(key) {
			return m.Key
		}
	}
	return ""
}

// labelOf makes a label from a key: "newsletter_source" becomes "Newsletter source".
func labelOf(key string) string {
	text := strings.TrimSpace(strings.ReplaceAll(key, "_", " "))
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// maxIssues limits the fields named at the top; the story names the rest.
const maxIssues = 5

// issues returns a call's problems, each with its remedy, and their total number.
func (t *story) issues() (issues []views.RequestIssue, all int) {
	if t.row.Idle() {
		return []views.RequestIssue{t.failure()}, 1
	}
	if t.row.Failed() {
		issues = []views.RequestIssue{t.failure()}
		if t.noAddress && !t.settings.Mapping.SkipNoAddress {
			issues = append(issues, t.elsewhere())
		}
		if len(t.body.EmailUnused) > 0 {
			issues = append(issues, t.unusedAddresses())
		}
		if h, found := t.repeat(); found {
			issues = append(issues, t.issueOf(h))
		}
		return issues, len(issues)
	}
	if v := t.body.Verdict; v != nil && !v.Passes() {
		issues = append(issues, t.watched(*v))
	}
	if t.body.EmailPlus {
		issues = append(issues, t.lostPlus())
	}
	if len(t.body.EmailUnused) > 0 {
		issues = append(issues, t.unusedAddresses())
	}
	for i, f := range t.body.Fields {
		if f.Fate == intake.FateRefused {
			r := t.remedy(i)
			issue := views.RequestIssue{Kind: views.KindBad, Before: f.Label + " was not stored.", Text: f.Reason, Advice: "It was sent as",
				AdviceCode: models.NameInvisible(f.Sent), Link: r.link, LinkText: r.text}
			switch {
			case t.fitsNow[i]:
				issue.Text += " It fits now: try this call again."
				issue.Link, issue.LinkText = "", ""
				if issue.Link = t.tryAgain(); issue.Link != "" {
					issue.LinkText = "Try this call again"
				}
			case t.doubts[i] != "":
				issue.Text += " " + t.doubts[i]
			case len(t.readings[i]) > 0:
				issue.Text += " " + t.readingSaid(i)
			case f.Shape == intake.ShapeList && t.mergeTags[f.MergeTag].Type != models.MergeTagMultiple:
				issue.Text += " Let the sender send one value."
			case f.Shape == intake.ShapeObject:
				issue.Text += " Let the sender send its parts as separate fields, or choose the part to keep." + t.ownReadingSaid()
			}
			issues = append(issues, issue)
		} else if t.doubts[i] != "" {
			issues = append(issues, views.RequestIssue{Kind: views.KindWarn, Before: f.Label + " needs a look.", Text: t.doubts[i],
				Advice: "Check what the sender puts into this field. It was stored as it came:", AdviceCode: models.NameInvisible(f.Sent)})
		}
	}
	escaped, isEscaped := t.hint(hintEscaped)
	if isEscaped = isEscaped && t.touchesFields(); isEscaped {
		issues = append(issues, t.issueOf(escaped))
	}
	if t.touchesFields() && t.body.Mapped == nil { // a mapping leaves out what it does not ask for
		for i, f := range t.body.Fields {
			if _, name := cutEscape(f.Key); f.Fate == intake.FateIgnored && !t.isFine(f) && !(isEscaped && name != "") {
				issues = append(issues, t.ignoredField(i))
			}
		}
	}
	if all = len(issues); all > 0 && t.body.Mapped == nil {
		all += t.body.MoreNames
	}
	if all > maxIssues {
		issues = append(issues[:min(maxIssues, len(issues))], views.RequestIssue{Kind: views.KindWarn, Before: views.Plural(all-maxIssues, "more field needs", "more fields need"), Text: "a look.",
			Link: "#s3", LinkText: "What happened to each field"})
	}
	if h, found := t.repeat(); found {
		issues, all = append(issues, t.issueOf(h)), all+1
	}
	return issues, all
}

// repeat returns the hint that the call repeats another one.
func (t *story) repeat() (hint, bool) {
	for _, kind := range []hintKind{hintRepeated, hintSameID, hintDelivered} {
		if h, found := t.hint(kind); found {
			return h, true
		}
	}
	return hint{}, false
}

func (t *story) ignoredField(i int) views.RequestIssue {
	f, r := t.body.Fields[i], t.remedy(i)
	issue := views.RequestIssue{Kind: views.KindWarn, Code: models.NameInvisible(f.Key), After: "was ignored.", Text: f.Reason, Link: r.link, LinkText: r.text}
	if name := intake.FieldName(f); canBeFine(name) && t.canRead() && !t.tried {
		issue.Fine = name
	}
	seen := strings.ToLower(intake.ListKey(models.TrimInvisible(f.Key)))
	switch key := strings.ToLower(intake.ListKey(f.Key)); {
	case seen != key && t.mergeTags[seen].ID != 0:
		issue.Text, issue.Advice = "The field is named "+seen+" "+models.SayInvisible(f.Key)+".", "Let the sender rename it to "+seen+", or let the webhook read it under this name."+t.ownReadingSaid()
	case t.mergeTags[models.LookLatin(key)].ID != 0 && t.mergeTags[key].ID == 0:
		issue.Text, issue.Advice = "The name only looks like "+models.LookLatin(key)+": "+models.SayLookAlike(f.Key)+".", "Let the sender rename it to "+models.LookLatin(key)+", or let the webhook read it under this name."+t.ownReadingSaid()
	case f.Sent == nested:
		issue.Advice = "No merge tag can hold an object. Let the sender send its parts as separate fields, or choose the part to keep." + t.ownReadingSaid()
	case t.mergeTags[key].ID != 0:
		issue.Advice = "A merge tag of this key exists now: the next call is stored."
	case t.meant(f.Key) != "":
		issue.Advice = "Let the sender use this key, or let the webhook read the field under the name that it has." + t.ownReadingSaid()
	case models.ReservedKey(key):
		issue.Advice = "No merge tag can have this key, because every export has a column of this name. Let the sender name the field " + models.SuggestKey(key) + "."
	case !canBeKey(key):
		issue.Advice = "No merge tag can have this key. Let the sender use small letters, digits and underscores."
	}
	return issue
}

// failure says what to change so that the next call succeeds: the outcome's advice plus details of this call.
func (t *story) failure() views.RequestIssue {
	if t.readsNow {
		return t.adviseTryingAgain()
	}
	outcome := t.outcome()
	issue := views.RequestIssue{Kind: views.KindWarn, Before: outcome.Advice, Text: outcome.Because}
	if t.row.Idle() {
		issue.Kind = views.KindIdle
	}
	if calls := (requestQuery{webhook: strconv.FormatInt(t.row.WebhookID, 10), outcome: string(t.row.Outcome)}); t.webhook.ID != 0 {
		issue.Link, issue.LinkText = t.calls(calls), "Calls like this"
	}
	switch t.row.Outcome {
	case models.OutcomeSkipped:
		t.adviseSkipped(&issue)
	case models.OutcomeRepeated:
		t.adviseRepeated(&issue)
	case models.OutcomeNoAddress:
		if h, found := t.hint(hintUnfit); found {
			hinted := t.issueOf(h)
			issue.Before, issue.Text, issue.Advice = hinted.Before, hinted.Text, hinted.Advice
			if t.body.Mapped == nil {
				t.linkReading(&issue)
			}
			break
		}
		if t.noAddress {
			t.adviseSkipping(&issue)
			break
		}
		t.adviseNoAddress(&issue)
		t.linkReading(&issue)
	case models.OutcomeBadAddress:
		t.adviseBadAddress(&issue)
		if t.body.Mapped != nil {
			t.linkReading(&issue)
		}
	case models.OutcomeUnverified:
		t.adviseUnverified(&issue)
	case models.OutcomeNoContact:
		issue.Link, issue.LinkText = t.page("contacts"), "Contacts"
	case models.OutcomeUnreadable, models.OutcomeMalformed:
		issue.Text = t.body.Message
		if t.row.Outcome == models.OutcomeUnreadable {
			issue.Advice = "If you cannot change it yourself, pass this on to the people who run the sender."
		}
		if h, found := t.hint(hintUnfit); found {
			hinted := t.issueOf(h)
			issue.Before, issue.Text, issue.Advice = hinted.Before, hinted.Text, hinted.Advice
		}
	case models.OutcomeDisabled, models.OutcomeURLDiffers:
		t.linkWebhook(&issue)
	case models.OutcomeHashRetired:
		if !t.retiredAt.IsZero() {
			issue.Advice = "It was changed on " + t.retiredAt.In(t.zone()).Format("2 Jan 2006, 15:04") + "."
		}
		t.linkWebhook(&issue)
	}
	if issue.Link == "" {
		issue.LinkText = ""
	}
	return issue
}

// linkWebhook adds a link to the webhook's page.
func (t *story) linkWebhook(issue *views.RequestIssue) {
	if w := t.requestWebhook(); w.Href != "" {
		issue.Link, issue.LinkText = w.Href, "Open webhook"
	}
}

// lostPlus says what a blank before the address may mean.
func (t *story) lostPlus() views.RequestIssue {
	issue := views.RequestIssue{Kind: views.KindWarn, Before: "A blank came before the address and was cut.", Text: "In a form or in an address, a + that is not written as %2B arrives as a blank."}
	if t.row.Failed() {
		issue.Before = "A blank came before the address."
		issue.Text += " The call was refused, because with a + it is the address of another person."
	}
	issue.Advice = "If a blank was sent, let the sender leave it out. If a + was meant, it must send %2B."
	if t.row.Address != nil {
		issue.Advice = "If the sender meant the address below, it must send %2B in place of the +. If not, let it leave the blank out."
		issue.AdviceCode = "+" + shownAddress(*t.row.Address)
	}
	return issue
}

// unusedAddresses says that addresses of the call were not used.
func (t *story) unusedAddresses() views.RequestIssue {
	issue := views.RequestIssue{Kind: views.KindWarn, Before: "More than one address was sent.", Text: "A call is about one person. The last address counts; the others were not used."}
	if len(t.body.EmailUnused) == 1 {
		issue.Before, issue.Text = "Two addresses were sent.", "A call is about one person. The last address counts; the other one was not used."
	}
	issue.Advice, issue.AdviceCode = "Let the sender make one call for each person. Not used:", models.NameInvisible(strings.Join(t.body.EmailUnused, ", "))
	return issue
}

// adviseBadAddress shows what came as the address, and what is wrong with it.
func (t *story) adviseBadAddress(issue *views.RequestIssue) {
	if t.body.EmailPlus {
		*issue = t.lostPlus()
		return
	}
	if words := addressFaults[t.fault]; words.what != "" {
		issue.Before, issue.Text = words.do, words.what
	}
	if t.fault == faultInvisible {
		issue.Text = "The address came " + t.unseen + ", which cannot be seen:"
	}
	if t.fault != faultObject { // of which the log has no text
		issue.AdviceCode = models.NameInvisible(t.body.EmailSent)
	}
}

// adviseNoAddress replaces the outcome's advice if the call shows what its sender did wrong.
func (t *story) adviseNoAddress(issue *views.RequestIssue) {
	switch {
	case t.body.Mapped != nil:
		t.adviseMapped(issue)
	case t.body.EmailShape == intake.ShapeFile:
		issue.Before, issue.Text = "Let the sender send email_address as a text.", "It came as a file. Files are not read."
		issue.Advice = "In a form, the field for the address must not be one for files. In a program, leave out the file name."
	case t.body.EmailKey != "":
		issue.Before, issue.Text = "Let the sender fill in email_address.", "The field was sent, but it was empty."
	case len(t.hints) > 0 && t.hints[0].call == uuid.Nil:
		hinted := t.issueOf(t.hints[0])
		hinted.Link, hinted.LinkText = issue.Link, issue.LinkText
		*issue = hinted
	}
}
