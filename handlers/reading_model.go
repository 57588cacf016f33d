package handlers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// readingModel builds the page with the form.
func (v *visit) readingModel(f readingForm) (views.ReadingModel, error) {
	m, err := v.readingPage(f)
	if err != nil {
		return m, err
	}
	settings, _ := f.in.settings(nil)
	titles, sender := f.titles(), senders.FindSender(f.in.sender)
	form := &views.ReadingForm{Sender: f.in.sender, SenderName: senderName(f.in.sender), Unsaved: f.unsaved, Typed: f.typed, Edit: f.edit, Errors: f.errs, Ask: f.asks, AskLost: f.asksLost,
		Delivery: f.in.delivery, Header: f.in.header, IDPath: f.in.idPath,
		AlsoKeys: f.in.alsoKeys, KeysSaid: keysSaid(f.in), Skip: f.in.skip, CountsOpen: f.counts || f.errs["counts"] != ""}
	form.Sample = views.ReadingSample{Name: f.sample.name, Title: cmp.Or(f.sample.title, "A call to look at"), At: f.sample.at, Wrong: f.sample.wrong,
		Paste: f.paste || f.sample.name == samplePasted, Pasted: f.sample.pasted, Choices: v.sampleChoices(f.sample, f.calls, sender)}
	if f.sample.name == "" {
		form.Sample.Wrong = "No call has come yet. Let your system send one and open this page again: it is refused, and that does no harm. Or paste one here."
	}
	var shown shownTree
	var kept readValues
	if f.sample.tree != nil {
		marks := f.marks(settings)
		shown = showTree(f.sample.tree, titles, marks, true)
		form.Places, form.Sample.Tree, form.Sample.More = shown.places, shown.nodes, shown.more
		if f.sample.cut {
			form.Sample.More = strings.TrimSpace("The log keeps only the first 64 KB of this call. " + form.Sample.More)
		}
		kept = v.keptOf(f, settings)
		form.Consent = f.consent(shown)
	}
	named := func(path string) string { return f.placeOf(path, false, shown).Words }
	form.WhenSaid, form.Repeats = whenSaid(f.in, named), repeatsSaid(f.in, named)
	preview, err := v.previewReading(f, settings)
	if err != nil {
		return m, err
	}
	form.Preview = preview.page
	v.addSlots(form, f, shown, kept, preview)
	for _, w := range f.in.when {
		form.When = append(form.When, views.ReadingWhen{Place: f.placeOf(w.Path, w.Typed, shown), Typed: w.Path, Is: w.Is, In: w.In})
	}
	form.NoTags, form.NewTag = len(f.tags) == 0, f.webhook.Type.HasTags()
	m.Form = form
	m.Empty, m.URL = f.sample.name == "" && f.unsaved && !f.typed && !f.errs.Any(), v.server.webhookURL(f.webhook.Hash)
	m.Reach = reachSaid(v.server.Config.PublicURL)
	return m, nil
}

// titles says where the sender that is set up writes the titles of the items of its lists.
func (f readingForm) titles() []senders.Title {
	if s := senders.FindSender(f.in.sender); s != nil {
		return s.Titles
	}
	return nil
}

// addSlots adds the fields to the form: those that have a place or an error first.
func (v *visit) addSlots(form *views.ReadingForm, f readingForm, shown shownTree, kept readValues, preview readingPreview) {
	tags := map[string]models.MergeTag{}
	for _, t := range f.tags {
		tags[t.Key] = t
	}
	keys := append([]string{models.EmailKey}, fieldOrder(f.in, f.tags)...)
	if f.webhook.Type.HasTags() {
		keys = append(keys, tagKeys(f.tags)...)
	}
	seen := map[string]bool{}
	few := len(f.tags) <= 8
	for _, key := range keys {
		if seen[key] {
			continue
		}
		seen[key] = true
		slot := v.readingSlot(f, key, tags[key], shown, kept, preview)
		if key == models.EmailKey || len(f.in.rows[key]) > 0 || slot.Error != "" || f.more == key || f.chosen == key || few {
			form.Slots = append(form.Slots, slot)
		} else {
			form.Others = append(form.Others, slot)
		}
	}
}

func (v *visit) readingSlot(f readingForm, key string, tag models.MergeTag, shown shownTree, kept readValues, preview readingPreview) views.ReadingSlot {
	slot := views.ReadingSlot{Key: key, Label: cmp.Or(tag.Label, key), Note: slotNote(tag), Error: f.errs["place."+key]}
	if key == models.EmailKey {
		slot.Label, slot.Note = "E-mail address", "needed"
	} else if tag.Key == "" {
		slot.Note = "its merge tag was deleted"
	}
	rows := f.in.rows[key]
	if f.more == key || len(rows) == 0 {
		rows = append(slices.Clone(rows), readingRow{typed: f.more == key})
	}
	for _, row := range rows {
		r := views.ReadingRow{Place: f.placeOf(row.path, row.typed, shown), Typed: row.path, As: row.as}
		r.AsList = v.asOptions(f, key, tag, row)
		r.AsOpen = key != models.EmailKey && row.path != "" && (row.as != "" || tag.Type == models.MergeTagDate || kept.problems[key] != "")
		slot.Rows = append(slot.Rows, r)
	}
	if byName := f.in.alsoKeys && tag.Key != "" && len(f.in.rows[key]) == 0; byName {
		slot.ByName, slot.Kept, slot.Problem = true, kept.values[key], kept.problems[key]
	}
	if f.sample.tree != nil && len(f.in.rows[key]) > 0 {
		slot.Kept, slot.Problem = kept.values[key], kept.problems[key]
		slot.Missing = slot.Kept == "" && slot.Problem == ""
		if slot.Missing && key != models.EmailKey {
			slot.Seen = "Where it is missing, what is stored stays."
			if preview.of > 1 {
				slot.Seen = "There in " + views.OfLast(preview.seen[key], preview.of, "call", "calls") + ". " + slot.Seen
			}
		}
	}
	return slot
}

// slotNote says in a word or two what a merge tag takes.
func slotNote(t models.MergeTag) string {
	switch t.Type {
	case models.MergeTagText, "":
		return ""
	case models.MergeTagSingle:
		return "one of " + strconv.Itoa(len(t.Options))
	case models.MergeTagMultiple:
		return "several of " + strconv.Itoa(len(t.Options))
	}
	return strings.ToLower(t.Type.Name())
}

// placeOf returns what a list of places shows for a path. The path stands in place of the one that the list has for the same value.
func (f readingForm) placeOf(path string, typed bool, shown shownTree) views.ChosenPlace {
	switch {
	case typed:
		return views.ChosenPlace{Path: views.TypedPlace}
	case path == "":
		return views.ChosenPlace{}
	}
	chosen := views.ChosenPlace{Path: path, Words: models.Shorten(views.Visible(path), 100)}
	if holderName(path) != "" {
		chosen.Words = placeWords(lastName(path), path)
	}
	if p, err := senders.ParsePath(path); err == nil && f.sample.tree != nil {
		for _, at := range f.sample.tree.Find(p) {
			if chosen.Instead = shown.listed[at]; chosen.Instead != "" {
				chosen.Label, chosen.Words = "", placeWords(shown.words[at], path)
				return chosen
			}
			if words := shown.words[at]; words != "" && chosen.Label == "" {
				chosen.Words = placeWords(words, path)
				chosen.Label = shown.label(words, path) + " — " + models.Shorten(plainText(f.sample.tree, at), 60)
			}
		}
	}
	if p, err := senders.ParsePath(path); err == nil && f.sample.tree != nil && chosen.Label == "" {
		if title := f.sample.tree.TitleAt(f.titles(), p); title != "" {
			title = "“" + models.Shorten(views.Visible(title), 100) + "”"
			chosen.Words, chosen.Label = placeWords(title, path), title+" — not in this call"
		}
	}
	if chosen.Label == "" {
		chosen.Label = lastName(path) + " — at " + models.Shorten(views.Visible(path), 100)
	}
	return chosen
}

// placeWords says where a value is: as the answer to a question, or by its name in what holds it.
func placeWords(words, path string) string {
	if strings.HasPrefix(words, "“") {
		return "the answer to " + words
	}
	if holder := holderName(path); holder != "" {
		return words + " in " + views.Visible(holder)
	}
	return words
}

// lastName returns the end of a path, for a list of places.
func lastName(path string) string {
	return models.Shorten(views.Visible(path[strings.LastIndexByte(path, '.')+1:]), 60)
}

// marks says which fields take a value of the sample, and which values decide something.
func (f readingForm) marks(settings senders.Settings) treeMarks {
	marks := treeMarks{to: map[senders.Place][]string{}, hints: map[senders.Place]string{}}
	if settings.Mapping == nil {
		return marks
	}
	labels := f.labels()
	r := settings.Mapping.Apply(f.sample.tree)
	for _, found := range append([]senders.Found{r.Address}, r.Fields...) {
		for _, at := range found.At {
			marks.to[at] = append(marks.to[at], cmp.Or(labels[found.Key], found.Key))
		}
	}
	for _, own := range r.Own {
		if labels[own.Key] != "" {
			marks.to[own.At] = append(marks.to[own.At], labels[own.Key])
		}
	}
	for _, check := range r.Conditions {
		for _, at := range check.At {
			marks.hints[at] = "which calls count"
		}
	}
	for _, at := range f.sample.tree.Find(settings.Mapping.DeliveryID.Path) {
		marks.hints[at] = "tells repeats apart"
	}
	return marks
}

// readValues is what a webhook would keep of the sample, by key.
type readValues struct{ values, problems map[string]string }

// keptOf decides the sample as a call, for a person who is not a contact yet.
func (v *visit) keptOf(f readingForm, settings senders.Settings) readValues {
	k := readValues{map[string]string{}, map[string]string{}}
	if settings.Mapping == nil {
		return k
	}
	all := settings
	all.Mapping = &senders.Mapping{Address: settings.Mapping.Address, Fields: settings.Mapping.Fields, AlsoKeys: settings.Mapping.AlsoKeys}
	s := f.sample.read(all)
	address, err := s.Address()
	switch {
	case err == nil:
		k.values[models.EmailKey] = shownAddress(address)
	case err == models.ErrEmailInvalid:
		k.problems[models.EmailKey] = "“" + models.NameInvisible(models.Shorten(s.Email.Value.Last(), 100)) + "” is not an e-mail address."
	}
	d := intake.Decide(v.question(f.webhook, f.tags, s, nil))
	if !d.Answer.Success() { // without an address, or of a type that needs a contact: the fields are read all the same
		s.Email = intake.Email{Key: models.EmailKey, Value: models.Text("somebody@example.com"), Present: true}
		d = intake.Decide(v.question(f.webhook, f.tags, s, nil))
	}
	zone, tags := v.Workspace.Location(), map[string]models.MergeTag{}
	for _, t := range f.tags {
		tags[t.Key] = t
	}
	for _, field := range d.Fields {
		switch {
		case field.MergeTag == "":
		case field.Fate == intake.FateRefused:
			k.problems[field.MergeTag] = field.Reason
		case field.After != "":
			k.values[field.MergeTag] = models.NameInvisible(models.Shorten(tags[field.MergeTag].Show(field.After, zone), 200))
		}
	}
	return k
}

// question asks what a call would do now.
func (v *visit) question(w models.Webhook, tags []models.MergeTag, s intake.Submission, contact *intake.Person) intake.Question {
	w.Enabled, w.DeletedAt = true, nil
	return intake.Question{Webhook: intake.Webhook{Webhook: w, MergeTags: tags, Zone: v.Workspace.Location()}, Hash: w.Hash, Submission: s,
		Contact: contact, NoDefaults: true, Now: v.server.now()}
}

// readingsFor lists the ways in which values of a merge tag's type are read.
func readingsFor(t models.MergeTagType) []senders.As {
	switch t {
	case models.MergeTagNumber:
		return []senders.As{senders.AsIs, senders.AsDecimalComma}
	case models.MergeTagDate:
		return []senders.As{senders.AsIs, senders.AsUnix, senders.AsUnixMS, senders.AsDMY, senders.AsMDY}
	case models.MergeTagMultiple:
		return []senders.As{senders.AsIs, senders.AsOptionText, senders.AsSemicolon, senders.AsPipe, senders.AsHTML}
	case models.MergeTagBoolean:
		return []senders.As{senders.AsIs}
	case models.MergeTagText, models.MergeTagSingle:
		return []senders.As{senders.AsIs, senders.AsOptionText, senders.AsHTML}
	}
	return []senders.As{senders.AsIs, senders.AsOptionText}
}

// asOptions lists the ways to read a value, each with what comes out of it for the sample.
func (v *visit) asOptions(f readingForm, key string, tag models.MergeTag, row readingRow) (options []views.Option) {
	ways := readingsFor(tag.Type)
	if !slices.Contains(ways, senders.As(row.as)) && slices.Contains(senders.Readings, senders.As(row.as)) {
		ways = append(ways, senders.As(row.as))
	}
	path, err := senders.ParsePath(row.path)
	for _, as := range ways {
		label := as.Name()
		if err == nil && f.sample.tree != nil && tag.Key != "" {
			label += v.comesOut(f.sample.tree, tag, senders.Source{Path: path, As: as})
		}
		options = append(options, views.Option{Value: string(as), Label: label})
	}
	return options
}

// comesOut says what a value of the sample becomes, after a colon; "" if the sample has none.
func (v *visit) comesOut(t *senders.Tree, tag models.MergeTag, source senders.Source) string {
	found := source.Read(tag.Key, t)
	if !found.IsFound() || found.Value.IsBlank() {
		return ""
	}
	zone := v.Workspace.Location()
	stored, err := tag.Read(found.Value, zone)
	if found.Wrong != "" || err != nil || stored == "" {
		return ": does not fit"
	}
	return ": " + models.NameInvisible(models.Shorten(tag.Show(stored, zone), 60))
}

// pathSaid shows a path as it is, where no call is at hand that says what people call the place.
func pathSaid(path string) string { return models.Shorten(views.Visible(path), 100) }

// whenSaid says which calls count. named says what people call the place at a path.
func whenSaid(in readingInput, named func(path string) string) string {
	var parts []string
	for _, w := range in.when {
		values := strings.FieldsFunc(models.OneLineEnd(w.In), func(r rune) bool { return r == '\n' })
		switch part := named(w.Path); {
		case w.Path == "":
		case w.Is == "set":
			parts = append(parts, part+" is there")
		default:
			parts = append(parts, part+" is "+models.Shorten(views.Visible(strings.Join(values, " or ")), 200))
		}
	}
	if in.skip {
		parts = append(parts, addressSaid(in, named)+" is there")
	}
	if len(parts) == 0 {
		return "Every call."
	}
	return "Only those in which " + strings.Join(parts, ", and ") + ". Others are skipped."
}

// addressSaid names the places of the address.
func addressSaid(in readingInput, named func(path string) string) string {
	var places []string
	for _, row := range in.rows[models.EmailKey] {
		places = append(places, named(row.path))
	}
	return cmp.Or(models.Shorten(strings.Join(places, " or "), 200), "the e-mail address")
}

func repeatsSaid(in readingInput, named func(path string) string) string {
	switch {
	case in.delivery == "header" && in.header != "":
		return "The header " + models.Shorten(views.Visible(in.header), 100) + " tells calls apart."
	case in.delivery == "path" && in.idPath != "":
		return named(in.idPath) + " tells calls apart."
	}
	return "Nothing tells calls apart."
}

func keysSaid(in readingInput) string {
	if in.alsoKeys {
		return "A part named like a merge tag’s key is kept too."
	}
	return "Not used. A part named like a merge tag’s key is ignored."
}
