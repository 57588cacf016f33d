package handlers

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"
)

// readingForm is what the page of a reading rests on.
type readingForm struct {
	webhook models.Webhook
	stored  senders.Settings
	tags    []models.MergeTag
	calls   []models.WebhookRequest // the last ones, newest first
	in      readingInput
	sample  sample
	edit    views.EditState
	errs    models.FieldErrors
	unsaved bool
	paste   bool   // the box to paste a call is open
	typed   bool   // the form has input of a person that is not saved
	more    string // the key of the field that gets one more place
}

var errNoWebhook = &models.Error{Code: models.CodeNotFound, Message: "This webhook does not exist any more: somebody deleted it. What you chose here was not saved."}

// readingShow shows how a webhook reads its calls. ?sender= explains a sender of the list, and ?use= fills the form with its reading.
func (s *Server) readingShow(v *visit) error {
	f, err := v.readingForm()
	if err != nil {
		return err
	}
	use, sender := v.Query("use"), v.Query("sender")
	if !v.canChange() {
		return v.showReadingFacts(f)
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
	if f.sample, err = v.readingSample(f.webhook, v.Form("sample"), f.calls, senders.FindSender(v.Form("sender"))); err != nil {
		return err
	}
	posted, errs := v.postedReading(stored, f.suggested)
	if posted.sender != senders.Standard && posted.sender != senders.Own && senders.FindSender(posted.sender) == nil {
		return v.showSenders(f, "", "Please choose who calls this webhook: a sender of the list, any system, or the plain format.")
	}
	e := v.editReading(stored, posted, f.labels())
	f.in, f.errs, f.edit = posted, errs, e.state("webhook", nil)
	if v.readingShows(&f) && !v.refill {
		f.edit.Filled, f.edit.Changed, f.edit.Changes = cmp.Or(v.Form("filled"), f.edit.Filled), false, nil
		f.unsaved, f.typed = true, true
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
	now := s.now()
	if err := s.DB.SetReading(v.UserContext(), f.webhook, v.User.ID, settings.String(), readingChanges(stored, f.in, f.labels()), now); err != nil {
		return models.In("reading: store", err)
	}
	return v.done(v.path("webhooks", f.webhook.ID, views.PartReading), "Saved. Calls are read so from now on.")
}

// readingShows does what a button asks that changes nothing stored. It reports false for Save.
func (v *visit) readingShows(f *readingForm) bool {
	do, argument, _ := strings.Cut(v.Form("do"), ".")
	switch do {
	case "show", "sample":
	case "paste", samplePasted:
		f.paste = true
		if do == samplePasted {
			f.sample = pastedSample(v.Form("pasted"))
		}
	case "more":
		f.more = argument
	case "when":
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
	f.calls, err = db.LastRequests(ctx, f.webhook.WorkspaceID, store.RequestFilter{WebhookID: f.webhook.ID}, lastCalls)
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

// suggested returns the form for a sender: its reading in the catalogue, and for merge tags of which it has no place, a value of the
// sample whose name is that of the merge tag. For a system that is not in the list, the address is the first one in the sample.
func (f readingForm) suggested(sender string) readingInput {
	settings := senders.Settings{Sender: sender, Mapping: &senders.Mapping{AlsoKeys: true}}
	var titles []senders.Title
	if s := senders.FindSender(sender); s != nil {
		m := s.MappingFor(!f.webhook.Type.HasTags())
		settings.Mapping, titles = &m, s.Titles
	}
	in := readingInputOf(settings)
	tags := map[string]models.MergeTag{}
	if f.webhook.Type.HasTags() {
		for _, t := range f.tags {
			tags[t.Key] = t
		}
	}
	maps.DeleteFunc(in.rows, func(key string, _ []readingRow) bool { return key != models.EmailKey && tags[key].Key == "" })
	if f.sample.tree == nil || sender == senders.Standard {
		return in
	}
	if sender == senders.Own {
		for _, at := range f.sample.tree.Addresses(1) {
			if p, ok := f.sample.tree.Suggest(at); ok {
				in.rows[models.EmailKey] = []readingRow{{path: p.String()}}
			}
		}
	}
	f.suggestFields(in, tags, titles)
	return in
}

// suggestFields adds places for merge tags that have none: values that a title or a name gives to the merge tag.
func (f readingForm) suggestFields(in readingInput, tags map[string]models.MergeTag, titles []senders.Title) {
	named := map[string]string{} // paths by the key of the merge tag
	looked := 0
	for at := range f.sample.tree.Leaves() {
		if looked++; looked > maxTreePlaces {
			break
		}
		names := []string{f.sample.tree.Name(at), f.sample.tree.TitleOf(titles, at)}
		p, ok := f.sample.tree.Suggest(at)
		if !ok || f.sample.tree.Kind(at) == senders.Null {
			continue
		}
		for key, t := range tags {
			of := func(name string) bool {
				return name != "" && (spelled(name) == spelled(key) || spelled(name) == spelled(t.Label))
			}
			ref := strings.Contains(p.String(), "ref="+key+"]") || strings.Contains(p.String(), "key="+key+"]")
			if (slices.ContainsFunc(names, of) || ref) && len(in.rows[key]) == 0 && named[key] == "" && !describes(f.sample.tree.Name(at), 1) {
				named[key] = p.String()
			}
		}
	}
	for key, path := range named {
		in.rows[key] = []readingRow{{path: path}}
	}
}

// spelled returns a name without case, blanks and signs between words.
func spelled(name string) string {
	return models.Fold(strings.NewReplacer(" ", "", "_", "", "-", "", ".", "", "?", "").Replace(name))
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
	m.Failed = f.errs.Any() || f.edit.Changed
	return v.again(views.ReadingPage(m))
}

func (v *visit) showReadingForm(f readingForm) error {
	m, err := v.readingModel(f)
	if err != nil {
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
		m.Facts.When, m.Facts.Repeats, m.Facts.Keys = whenSaid(in), repeatsSaid(in), keysSaid(in)
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

// showSenders shows the list of senders, with the one of the key chosen explained. wrong says why nothing was saved, or is "".
func (v *visit) showSenders(f readingForm, chosen, wrong string) error {
	m, err := v.readingPage(f)
	if err != nil {
		return err
	}
	c := &views.SenderChoice{Now: senderName(f.stored.Sender), Plain: f.stored.Mapping == nil, Error: wrong}
	if name := v.Query("sample"); name != "" {
		if _, ok := requestID(name); ok {
			c.Sample = name
		}
	}
	c.Filled = v.editReading(readingInputOf(f.stored), readingInputOf(f.stored), nil).state("webhook", nil).Filled
	c.Looks = f.looks()
	if chosen == "" && c.Looks != nil {
		chosen = c.Looks.Key
	}
	for _, g := range senders.Groups {
		group := views.SenderGroup{Name: g.Name}
		for _, s := range senders.Catalogue() {
			if s.Group == g.Key {
				group.Senders = append(group.Senders, views.SenderName{Key: s.Key, Name: s.Name, Calls: s.Calls, Current: s.Key == chosen})
			}
		}
		if len(group.Senders) > 0 {
			c.Groups = append(c.Groups, group)
		}
	}
	if s := senders.FindSender(chosen); s != nil {
		c.Chosen = &views.SenderShown{Key: s.Key, Name: s.Name, Does: s.Does, Cannot: s.Cannot, SetUp: s.SetUp, Script: strings.Join(s.Script, "\n")}
		if len(s.Samples) > 0 {
			c.Chosen.Example = string(s.Samples[0].Body)
		}
	}
	m.Choose, m.Failed = c, wrong != ""
	if wrong != "" {
		return v.again(views.ReadingPage(m))
	}
	return v.show(views.ReadingPage(m))
}

// looks says which sender the newest calls look like, nil if it is none or if the webhook reads this sender already.
func (f readingForm) looks() *views.SenderLooks {
	var looks *views.SenderLooks
	for _, row := range f.calls {
		s, refused := recognised(row), row.Outcome == models.OutcomeNoAddress
		if s == nil || looks != nil && s.Key != looks.Key {
			break
		}
		if looks == nil {
			looks = &views.SenderLooks{Key: s.Key, Name: s.Name}
		}
		looks.Calls++
		if refused {
			looks.Refused++
		}
	}
	if looks != nil && looks.Key == f.stored.Sender {
		return nil
	}
	return looks
}

// recognised returns the sender whose marks a call of the log has, or nil.
func recognised(row models.WebhookRequest) *senders.Sender {
	if len(row.Body) > store.ListedBody {
		return nil
	}
	body, err := intake.DecodeLogBody(row.Body)
	if err != nil || body.Payload == "" {
		return nil
	}
	tree, err := intake.LoggedTree(row, body)
	if err != nil || tree == nil {
		return nil
	}
	return senders.Recognise(func(name string) string { return headerIn(row, body, name) }, body.Encoding, tree)
}

// headerIn returns a header of a call of the log, as far as the log keeps it.
func headerIn(row models.WebhookRequest, body intake.LogBody, name string) string {
	switch {
	case strings.EqualFold(name, "User-Agent") && row.UserAgent != nil:
		return *row.UserAgent
	case strings.EqualFold(name, "Content-Type"):
		return row.ContentType
	}
	return headerOf(body, name)
}
