package handlers

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// lookAtReadings notes for each value that was refused whether it fits its merge tag now, and else which other readings of it fit.
func (t *story) lookAtReadings() {
	t.readings, t.fitsNow = make([][]senders.As, len(t.body.Fields)), make([]bool, len(t.body.Fields))
	if t.erased || t.body.Payload == "" || fateCount(t.body, intake.FateRefused) == 0 {
		return
	}
	tree, err := intake.LoggedTree(t.row, t.body)
	if err != nil || tree == nil {
		return
	}
	for i, f := range t.body.Fields {
		tag, known := t.mergeTags[f.MergeTag]
		if f.Fate != intake.FateRefused || f.Key == "" || !known {
			continue
		}
		if p, ok := placeOf(tree, f.Key); ok {
			fits := fittingReadings(tree, p, tag, t.visit.Workspace.Location())
			if t.fitsNow[i] = slices.Contains(fits, t.readingNow(f)); !t.fitsNow[i] {
				t.readings[i] = fits
			}
		}
	}
}

// readingNow returns how the webhook reads the value of a field now.
func (t *story) readingNow(f intake.FieldFate) senders.As {
	if t.settings.Mapping == nil {
		return senders.AsIs
	}
	sources := t.settings.Mapping.Fields[f.MergeTag]
	if i := slices.IndexFunc(sources, func(s senders.Source) bool { return s.Path.String() == f.Key }); i >= 0 {
		return sources[i].As
	}
	return senders.AsIs
}

// placeOf returns the path to a field of a call by its key in the log: the name of a value at the top, or a path of a mapping.
func placeOf(tree *senders.Tree, key string) (senders.Path, bool) {
	for child := range tree.Children(senders.Root) {
		if name := tree.Name(child); name == key || name == intake.ListKey(key) {
			return tree.Suggest(child)
		}
	}
	p, err := senders.ParsePath(key)
	return p, err == nil && len(tree.Find(p)) > 0
}

// fittingReadings lists the readings by which the value at a path fits a merge tag, in the order of the menu.
func fittingReadings(tree *senders.Tree, p senders.Path, tag models.MergeTag, zone *time.Location) (fits []senders.As) {
	for _, as := range readingsFor(tag.Type) {
		found := senders.Source{Path: p, As: as}.Read(tag.Key, tree)
		if !found.IsFound() || found.Wrong != "" || !plausible(as, found.Sent.Last()) {
			continue
		}
		if stored, err := tag.Read(found.Value, zone); err == nil && stored != "" {
			fits = append(fits, as)
		}
	}
	return fits
}

// plausible reports whether a text has as many digits as counts of a unit since 1970 have from the year 1973 to 5138. Any text is
// plausible for the other readings.
func plausible(as senders.As, text string) bool {
	whole, _, _ := strings.Cut(models.TrimBlanks(text), ".")
	switch digits := len(strings.TrimPrefix(whole, "-")); as {
	case senders.AsUnix:
		return 9 <= digits && digits <= 11
	case senders.AsUnixMS:
		return 12 <= digits && digits <= 14
	}
	return true
}

// readingSaid says how the webhook can read a value that was refused, "" if no reading fits.
func (t *story) readingSaid(i int) string {
	var names []string
	for _, as := range t.readings[i] {
		names = append(names, "“"+as.Name()+"”")
	}
	if len(names) == 0 {
		return ""
	}
	said := "The webhook can read it as " + strings.Join(names, " or as ")
	if len(names) > 1 {
		said += ": choose which one the sender means"
	}
	return said + "." + t.ownReadingSaid()
}

// ownReadingSaid says what a webhook with the plain format needs for a reading.
func (t *story) ownReadingSaid() string {
	if t.settings.Mapping != nil {
		return ""
	}
	return " For that, choose the reading “Any system”: what works now goes on working."
}

// readingLink leads to the reading of the webhook, with this call as its sample and the field of a merge tag chosen; "" if the person
// cannot change it. as is the reading that is chosen for the field; AsIs leaves it as it is.
func (t *story) readingLink(mergeTag string, as senders.As) string {
	if !t.canRead() || t.erased || t.body.Payload == "" || t.body.Truncated && t.body.Encoding == intake.EncodingJSON {
		return ""
	}
	query, place := url.Values{"sample": {t.row.ID.String()}}, "#fields"
	if t.settings.Mapping == nil {
		query.Set("use", senders.Own)
	}
	if mergeTag != "" {
		query.Set("field", mergeTag)
		place = "#" + views.SlotID(mergeTag)
	}
	if as != senders.AsIs {
		query.Set("as", string(as))
	}
	return withQuery(t.page("webhooks", t.webhook.ID, views.PartReading), query) + place
}

// readingRemedy leads to the reading of the webhook for a value that was refused and that another reading makes fit.
func (t *story) readingRemedy(i int) remedy {
	if len(t.readings[i]) == 0 {
		return remedy{}
	}
	as := senders.AsIs
	if len(t.readings[i]) == 1 {
		as = t.readings[i][0]
	}
	return remedy{t.readingLink(t.body.Fields[i].MergeTag, as), "Choose how it is read"}
}

// choose shows the field of a merge tag in the form. If as is a reading, the value of the sample is read so; a field without a place
// gets the value at the top of the sample that has its name.
func (f *readingForm) choose(key string, as senders.As) {
	i := slices.IndexFunc(f.tags, func(t models.MergeTag) bool { return t.Key == key })
	if i < 0 || !f.webhook.Type.HasTags() {
		return
	}
	f.chosen = key
	rows := slices.Clone(f.in.rows[key])
	if len(rows) == 0 {
		if p, ok := f.placeNamed(f.tags[i]); ok {
			rows, f.unsaved = []readingRow{{path: p.String()}}, true
		}
	}
	if as != senders.AsIs && slices.Contains(senders.Readings, as) {
		for n := range rows {
			if p, err := senders.ParsePath(rows[n].path); err == nil && f.sample.has(p) {
				rows[n].as, f.unsaved = string(as), true
				break
			}
		}
	}
	if len(rows) > 0 {
		f.in.rows[key] = rows
	}
}

// placeNamed returns the path to the value at the top of the sample that has the name of a merge tag.
func (f *readingForm) placeNamed(tag models.MergeTag) (senders.Path, bool) {
	if f.sample.tree == nil {
		return senders.Path{}, false
	}
	for child := range f.sample.tree.Children(senders.Root) {
		name := spelled(models.LookLatin(models.TrimInvisible(f.sample.tree.Name(child))))
		if name == spelled(tag.Key) || name == spelled(tag.Label) {
			return f.sample.tree.Suggest(child)
		}
	}
	return senders.Path{}, false
}

// has reports whether the sample has a value at a path that is not blank.
func (s sample) has(p senders.Path) bool {
	if s.tree == nil {
		return false
	}
	found := senders.Source{Path: p}.Read("", s.tree)
	return found.IsFound() && !found.Value.IsBlank()
}
