package handlers

import (
	"slices"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// tellCounts says whether the call is one of those that count for the webhook.
func (t *story) tellCounts(s *views.RequestStory) {
	if t.body.Mapped == nil || len(t.body.Mapped.Conditions) == 0 {
		return
	}
	if t.row.Idle() && s.Ended.Title != "" {
		s.Counts = views.Step{ID: "counts", Title: "Whether it counts: not looked at", State: views.StateSkip}
		return
	}
	s.Counts = views.Step{ID: "counts", Title: "It counts", State: views.StateDone, At: after(t.body.WaitedUs)}
	if t.row.Outcome == models.OutcomeSkipped {
		s.Counts.Title, s.Counts.State = "It does not count", views.StateIdle
	}
	for _, c := range t.body.Mapped.Conditions {
		s.Conditions = append(s.Conditions, views.RequestCondition{What: conditionPlace(c) + " " + mustBe(c), Stood: stood(c), Met: c.Met})
	}
}

// maxIgnoredNames is how many ignored values of a mapped call its page names.
const maxIgnoredNames = 8

// noteUnasked counts the values of the call that nothing asked for, and names the first.
func (t *story) noteUnasked(tree *senders.Tree, marks treeMarks) {
	asked := func(at senders.Place) bool { return marks.fates[at] != "" || marks.hints[at] != "" }
	for at := range tree.Leaves() {
		item := false
		for child := range tree.Children(at) {
			item = item || asked(child)
		}
		if item || asked(at) {
			continue
		}
		if t.unasked++; len(t.unaskedNames) < maxIgnoredNames {
			if p, ok := tree.Suggest(at); ok {
				t.unaskedNames = append(t.unaskedNames, models.NameInvisible(models.Shorten(p.String(), 100)))
			}
		}
	}
}

// tellIgnored adds one line for all the values that the mapping does not ask for.
func (t *story) tellIgnored(s *views.RequestStory) {
	n, names := t.unasked, t.unaskedNames
	if n == 0 {
		return
	}
	if n > len(names) && len(names) > 0 {
		names = append(slices.Clone(names), "…")
	}
	line := views.LedgerLine{Place: views.Plural(n, "other part", "other parts"), Sent: strings.Join(names, ", "), Fate: "unasked", Why: "No field takes its value from them."}
	if n == 1 {
		line.Why = "No field takes its value from it."
	}
	if t.canRead() {
		line.Link, line.LinkText = t.page("webhooks", t.webhook.ID, views.PartReading)+"?sample="+t.row.ID.String(), "Keep one"
	}
	s.Ledger = append(s.Ledger, line)
}

// conditionPlace names the place of a condition, or its places.
func conditionPlace(c intake.MappedTest) string {
	return models.NameInvisible(strings.Join(append([]string{c.Path}, c.Or...), " or "))
}

// mustBe says what a condition asks for: "is a or b".
func mustBe(c intake.MappedTest) string {
	if len(c.In) == 0 {
		return "is there"
	}
	return "is " + models.NameInvisible(strings.Join(c.In, " or "))
}

func stood(c intake.MappedTest) string { return models.NameInvisible(strings.Join(c.Stood, ", ")) }

// adviseSkipped says why the call was skipped.
func (t *story) adviseSkipped(issue *views.RequestIssue) {
	issue.Kind = views.KindIdle
	if t.body.Mapped == nil {
		return
	}
	i := slices.IndexFunc(t.body.Mapped.Conditions, func(c intake.MappedTest) bool { return !c.Met })
	if i < 0 {
		return
	}
	c := t.body.Mapped.Conditions[i]
	issue.Text = "It counts only when " + conditionPlace(c) + " " + mustBe(c) + "."
	issue.Advice, issue.AdviceCode = "Nothing stood there.", ""
	if len(c.Stood) > 0 {
		issue.Advice, issue.AdviceCode = "In this call it was:", stood(c)
	}
	if t.canRead() {
		issue.Link, issue.LinkText = t.page("webhooks", t.webhook.ID, views.PartReading)+"#counts", "Change which calls count"
	}
}

// lookForAddress looks for the address of a call that was refused without one: whether the present reading of its webhook finds it, and if
// not, which sender the call looks like, or that it has none. It returns the address that is found now, else "".
func (t *story) lookForAddress() string {
	missing := t.row.Outcome == models.OutcomeNoAddress
	if !missing && t.row.Outcome != models.OutcomeBadAddress || t.erased || t.body.Payload == "" || t.body.EmailPlus {
		return ""
	}
	tree, err := intake.LoggedTree(t.row, t.body)
	known := missing && err == nil && tree != nil && tree.Len() > 1
	if known && t.body.Mapped == nil {
		t.looksLike = senders.Recognise(func(name string) string { return headerIn(t.row, t.body, name) }, t.body.Encoding, tree)
	}
	if found := addressOfCall(t.row, t.body, t.settings); found != "" && !t.tried && t.webhook.ID != 0 && t.webhook.DeletedAt == nil {
		t.readsNow = true
		return found
	}
	if _, unfit := unfitBody(t.row, t.body); unfit { // what it holds was not read
		return ""
	}
	if m := t.settings.Mapping; known && t.body.Mapped != nil && m != nil && !t.body.Truncated {
		t.emptyAddress, t.noAddress = m.NoAddress(tree)
	}
	return ""
}

// adviseTryingAgain advises to try a refused call again that can be read now.
func (t *story) adviseTryingAgain() views.RequestIssue {
	if t.doneSince {
		return views.RequestIssue{Kind: views.KindIdle, Before: "Nothing more.", Text: "It can be read now, and a later call for the same address was processed."}
	}
	issue := views.RequestIssue{Kind: views.KindWarn, Before: "It can be read now.", Text: "This webhook reads its calls in another way since, and finds the address of this one."}
	if issue.Link = t.tryAgain(); issue.Link != "" {
		issue.LinkText = "Try it again"
	}
	return issue
}

// adviseSkipping advises to skip calls that have no e-mail address, as this one.
func (t *story) adviseSkipping(issue *views.RequestIssue) {
	if t.settings.Mapping.SkipNoAddress {
		issue.Before, issue.Text = "Nothing more.", "This webhook skips calls without an address now."
		return
	}
	issue.Before = "If such calls are all right, let the webhook skip them."
	issue.Text = "This call has no e-mail address."
	if !t.emptyAddress.IsZero() {
		issue.Text = "In this call " + models.NameInvisible(t.emptyAddress.String()) + " is there, but it is empty."
	}
	issue.Advice = "A skipped call changes nothing, and its sender gets the answer of a call that was processed."
	if t.canRead() {
		issue.Link, issue.LinkText = t.page("webhooks", t.webhook.ID, views.PartReading)+"?skip=1&sample="+t.row.ID.String()+"#counts", "Skip calls without an address"
		issue.Reads = true
	}
}

// elsewhere advises what else to do about a call that has no e-mail address where the webhook looks for it.
func (t *story) elsewhere() views.RequestIssue {
	issue := views.RequestIssue{Kind: views.KindWarn}
	t.adviseMapped(&issue)
	issue.Before = "Else tell the webhook where the address is in calls of this kind."
	t.linkReading(&issue)
	return issue
}

// adviseMapped says where the webhook looked for the address, and where this call may have it.
func (t *story) adviseMapped(issue *views.RequestIssue) {
	issue.Before = "Tell the webhook where the address is in calls of this kind."
	var tried, near []string
	for _, m := range t.body.Mapped.Missed {
		if m.Key != models.EmailKey {
			continue
		}
		tried = append(tried, models.NameInvisible(m.Path))
		for _, path := range m.Nearest {
			if path = models.NameInvisible(path); !slices.Contains(near, path) {
				near = append(near, path)
			}
		}
	}
	switch {
	case len(tried) > 0:
		issue.Text = "It looked at " + strings.Join(tried, ", then at ") + " and found nothing."
	default:
		issue.Text = "What stands there is empty."
	}
	if len(near) > 0 {
		issue.Advice, issue.AdviceCode = "The call has values that are most like it at:", strings.Join(near, ", ")
	}
}

// canRead reports whether the person can change how the webhook of the call reads its calls.
func (t *story) canRead() bool {
	return !t.support && t.visit.canChange() && t.webhook.ID != 0 && t.webhook.DeletedAt == nil
}

// linkReading says which sender the call looks like, and adds a link to the reading of the webhook with this call as its sample. There is no
// link for people who may not change the reading, nor if the call cannot be read.
func (t *story) linkReading(issue *views.RequestIssue) {
	s := t.looksLike
	if s != nil {
		issue.Before, issue.Text = "This looks like a call of "+s.InSentence()+".", "Its address is not where the plain format has it. Tell this webhook to read what "+s.System()+" sends."
		issue.Code, issue.After, issue.Advice, issue.AdviceCode = "", "", "", ""
	}
	if !t.canRead() || t.erased || t.body.Payload == "" {
		return
	}
	tree, err := intake.LoggedTree(t.row, t.body)
	if err != nil || tree == nil || tree.Len() <= 1 {
		return
	}
	link := t.page("webhooks", t.webhook.ID, views.PartReading) + "?sample=" + t.row.ID.String()
	issue.Reads = true
	if t.body.Mapped != nil {
		issue.Link, issue.LinkText = link, "Open its reading"
		return
	}
	if s != nil {
		issue.Link, issue.LinkText = link+"&use="+s.Key, "Read it as "+s.InSentence()
		return
	}
	issue.Link, issue.LinkText = link+"&use="+senders.Own, "Say where the address is"
	for _, at := range tree.Addresses(1) {
		if p, ok := tree.Suggest(at); ok && len(p.String()) <= 40 {
			issue.LinkText = "Read it from " + p.String()
		}
	}
}
