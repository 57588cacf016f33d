package handlers

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"
)

// readingForm is what the page of a reading rests on.
type readingForm struct {
	webhook  models.Webhook
	stored   senders.Settings
	tags     []models.MergeTag
	last     []models.WebhookRequest // the last calls, newest first
	calls    []models.WebhookRequest // those of them that may be looked at: not what was sent without a valid signature
	in       readingInput
	sample   sample
	edit     views.EditState
	errs     models.FieldErrors
	unsaved  bool
	paste    bool   // the box to paste a call is open
	typed    bool   // the form has input of a person that is not saved
	counts   bool   // the part about which calls count is open
	chosen   string // the key of the field to which a link led
	more     string // the key of the field that gets one more place
	asks     *views.ReadingSignature
	asksLost bool // whether saving would refuse calls that were processed
}

var errNoWebhook = &models.Error{Code: models.CodeNotFound, Message: "This webhook does not exist any more: somebody deleted it. What you chose here was not saved."}

// readingShow shows how a webhook reads its calls. ?sender= explains a sender of the list. ?use= fills the form with its reading, and
// ?skip= with the condition that a call has an address. ?field= is the key of the merge tag to show, and ?as= how its value is read. ?kept= asks
// for the form as it was left for a new merge tag.
func (s *Server) readingShow(v *visit) error {
	f, err := v.readingForm()
	if err != nil {
		return err
	}
	use, sender := v.Query("use"), v.Query("sender")
	if !v.canChange() {
		return v.showReadingFacts(f)
	}
	if shown, err := v.showKeptReading(f); shown || err != nil {
		return err
	}
	if use == "" && (sender != "" || f.stored.Mapping == nil) {
		return v.showSenders(f, sender, "")
	}
	f.in = readingInputOf(f.stored)
	if f.sample, err = v.readingSample(f.webhook, v.Query("sample"), f.calls, senders.FindSender(cmp.Or(use, f.stored.Sender))); err != nil {
		return err
	}
	f.paste = f.sample.tree == nil && f.sample.wrong == ""
	if use != "" {
		if use != senders.Own && senders.FindSender(use) == nil {
			return models.ErrNotFound
		}
		f.in, f.unsaved = f.suggested(use), true
	}
	f.choose(v.Query("field"), senders.As(v.Query("as")))
	if v.Query("skip") != "" && !f.in.skip {
		f.in.skip, f.unsaved, f.counts = true, true, true
	}
	f.edit = v.editReading(readingInputOf(f.stored), readingInputOf(f.stored), f.labels()).state("webhook", nil)
	return v.showReadingForm(f)
}

// readingUpdate stores how a webhook reads its calls, or shows the form again for a button that only shows something.
func (s *Server) readingUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateReading(v) })
}

func (s *Server) updateReading(v *visit) error {
	f, err := v.readingForm()
	if err != nil {
		return goneIs(errNoWebhook, err)
	}
	stored := readingInputOf(f.stored)
	e, err := v.fillIn(&f)
	if err != nil {
		return err
	}
	posted, errs := f.in, f.errs
	if posted.sender != senders.Standard && posted.sender != senders.Own && senders.FindSender(posted.sender) == nil {
		return v.showSenders(f, "", "Please choose who calls this webhook: a sender of the list, any system, or the plain format.")
	}
	if v.readingShows(&f) && !v.refill {
		v.leaveUnsaved(&f)
		switch v.Form("do") {
		case "tag":
			return v.createTagFor(f)
		case "show":
			f.proposeReadings(stored, v.FormAll("picked"))
		}
		return v.showReadingForm(f)
	}
	if !errs.Any() {
		f.in = e.reading().typedAs(posted)
	}
	if v.refill || e.clashes() || errs.Any() {
		return v.readingAgain(f)
	}
	settings, errs := f.in.settings(func(key string) bool { return f.labels()[key] != "" })
	if f.errs = errs; errs.Any() {
		return v.readingAgain(f)
	}
	settings.Signature, settings.Answers = f.stored.Signature, f.answers(settings.Sender)
	changes := readingChanges(stored, f.in, f.labels())
	if q := f.questionSignature(settings.Sender); q != nil {
		switch v.Form("signature") {
		case signatureKept:
		case signatureDropped:
			return v.storeReadingUnsigned(f, settings, changes)
		default:
			f.asks, f.typed = q, true
			return v.readingAgain(f)
		}
	}
	if v.Form("asks") != "" && v.Form("lost") != lostRefused && settings.Mapping != nil { // a script is not asked
		preview, err := v.previewReading(f, settings)
		if err != nil {
			return err
		}
		if f.asksLost = preview.page != nil && preview.page.Lost > 0; f.asksLost {
			f.typed = true
			return v.readingAgain(f)
		}
	}
	if err := s.DB.SetReading(v.UserContext(), f.webhook, v.User.ID, settings.String(), changes, s.now()); err != nil {
		return models.In("reading: store", err)
	}
	back := v.path("webhooks", f.webhook.ID, views.PartReading)
	if f.sample.name == v.Form("sample") && canShowAgain(f.sample.name) {
		back += "?sample=" + f.sample.name
	}
	return v.done(back, "Saved. Calls are read so from now on.")
}

// fillIn fills the form in as it was posted, and compares it with what is stored.
func (v *visit) fillIn(f *readingForm) (e editForm, err error) {
	if f.sample, err = v.readingSample(f.webhook, v.Form("sample"), f.calls, senders.FindSender(v.Form("sender"))); err != nil {
		return e, err
	}
	stored := readingInputOf(f.stored)
	f.in, f.errs = v.postedReading(stored, f.suggested)
	e = v.editReading(stored, f.in, f.labels())
	f.edit = e.state("webhook", nil)
	return e, nil
}

// leaveUnsaved marks a posted form that is shown again and not saved.
func (v *visit) leaveUnsaved(f *readingForm) {
	f.edit.Filled, f.edit.Changed, f.edit.Changes = cmp.Or(v.Form("filled"), f.edit.Filled), false, nil
	f.unsaved, f.typed = true, true
	if stored := readingInputOf(f.stored); f.in.skip != stored.skip || !slices.Equal(f.in.when, stored.when) {
		f.counts = true
	}
}

// answers returns what the webhook was told about its answers. For a new sender that asks whether the address works, they say yes.
func (f readingForm) answers(sender string) *senders.Answers {
	s := senders.FindSender(sender)
	if s == nil || sender == f.stored.Sender || len(s.TestCalls) == 0 {
		return f.stored.Answers
	}
	answers := f.stored.Answering()
	answers.TestCallsOK = true
	return &answers
}

// readingShows does what a button asks that changes nothing stored. It reports false for Save.
func (v *visit) readingShows(f *readingForm) bool {
	do, argument, _ := strings.Cut(v.Form("do"), ".")
	switch do {
	case "show", "sample", "tag":
	case "paste", samplePasted:
		f.paste = true
		if do == samplePasted {
			f.sample = pastedSample(v.Form("pasted"))
		}
	case "more":
		f.more = argument
	case "skip":
		f.in.skip, f.counts = true, true
	case "consent":
		f.in.when, f.counts = append(f.in.when, f.onlyWithConsent(argument)), true
	case "when":
		f.counts = true
		if argument == "add" {
			f.in.when = append(f.in.when, readingWhen{Is: "in", Typed: false})
		} else if n, err := strconv.Atoi(strings.TrimPrefix(argument, "remove.")); err == nil && 0 <= n && n < len(f.in.when) {
			f.in.when = slices.Delete(f.in.when, n, n+1)
		}
	default:
		return false
	}
	return true
}

// readingForm reads what the page rests on.
func (v *visit) readingForm() (f readingForm, err error) {
	if f.webhook, err = v.webhook(); err != nil {
		return f, err
	}
	ctx, db := v.UserContext(), v.server.DB
	if f.stored, err = senders.ParseSettings(f.webhook.Reading); err != nil {
		return f, models.In("reading: settings", err)
	}
	if f.tags, err = db.MergeTags(ctx, f.webhook.WorkspaceID); err != nil {
		return f, models.In("reading: merge tags", err)
	}
	f.last, err = db.LastRequests(ctx, f.webhook.WorkspaceID, store.RequestFilter{WebhookID: f.webhook.ID}, lastCalls)
	f.calls = slices.DeleteFunc(slices.Clone(f.last), func(r models.WebhookRequest) bool { return r.Outcome == models.OutcomeUnverified })
	return f, models.In("reading: last calls", err)
}

// labels returns the labels of the merge tags by key, and that of the address.
func (f readingForm) labels() map[string]string {
	labels := map[string]string{models.EmailKey: "E-mail address"}
	for _, t := range f.tags {
		labels[t.Key] = t.Label
	}
	return labels
}

func (v *visit) readingPage(f readingForm) (views.ReadingModel, error) {
	p, err := v.page(views.SectionWebhooks, f.webhook.Name+": Reading", views.Crumb{Text: "Inbound Webhooks", Href: v.path("webhooks")},
		views.Crumb{Text: f.webhook.Name, Href: v.path("webhooks", f.webhook.ID)}, views.Crumb{Text: "Reading"})
	return views.ReadingModel{Page: p, CanChange: v.canChange(), Top: v.webhookTop(f.webhook, views.PartReading)}, err
}

// webhookTop is the top of a page of a webhook.
func (v *visit) webhookTop(w models.Webhook, part string) views.WebhookTop {
	return views.WebhookTop{ID: w.ID, Name: w.Name, Type: string(w.Type), On: w.Enabled, Sender: callerOf(w), Part: part, CanChange: v.canChange()}
}

// callerOf names the system that calls a webhook, "" if it reads the plain format.
func callerOf(w models.Webhook) string {
	settings, err := senders.ParseSettings(w.Reading)
	if err != nil || settings.Mapping == nil {
		return ""
	}
	return senderName(settings.Sender)
}

func (v *visit) readingAgain(f readingForm) error {
	m, err := v.readingModel(f)
	if err != nil {
		return err
	}
	m.Failed = f.errs.Any() || f.edit.Changed || f.asks != nil || f.asksLost
	return v.again(views.ReadingPage(m))
}

func (v *visit) showReadingForm(f readingForm) error {
	m, err := v.readingModel(f)
	if err != nil {
		return err
	}
	if m.TakeUp, err = v.takeUp(f); err != nil {
		return err
	}
	return v.show(views.ReadingPage(m))
}

// showReadingFacts shows the reading to people who may not change it.
func (v *visit) showReadingFacts(f readingForm) error {
	m, err := v.readingPage(f)
	if err != nil {
		return err
	}
	in, labels := readingInputOf(f.stored), f.labels()
	m.Facts = &views.ReadingFacts{Sender: senderName(in.sender)}
	for _, key := range fieldOrder(in, f.tags) {
		fact := views.ReadingFact{Label: cmp.Or(labels[key], key)}
		for _, row := range in.rows[key] {
			fact.Places = append(fact.Places, row.path)
		}
		m.Facts.Fields = append(m.Facts.Fields, fact)
	}
	if f.stored.Mapping != nil {
		m.Facts.When, m.Facts.Repeats, m.Facts.Keys = whenSaid(in, pathSaid), repeatsSaid(in, pathSaid), keysSaid(in)
	}
	return v.show(views.ReadingPage(m))
}

// fieldOrder lists the keys that have a place: the address, then in the order of the merge tags, then those of which the merge tag is
// gone.
func fieldOrder(in readingInput, tags []models.MergeTag) (keys []string) {
	left := maps.Clone(in.rows)
	for _, key := range append([]string{models.EmailKey}, tagKeys(tags)...) {
		if len(left[key]) > 0 {
			keys = append(keys, key)
		}
		delete(left, key)
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		if len(left[key]) > 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

func tagKeys(tags []models.MergeTag) (keys []string) {
	for _, t := range tags {
		keys = append(keys, t.Key)
	}
	return keys
}
