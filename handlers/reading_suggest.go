package handlers

import (
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
)

// suggested returns the form for a sender: its reading in the catalogue, and for merge tags of which it has no place, a value of the
// sample whose name is that of the merge tag. For a system that is not in the list, the address is the one in the sample.
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
		if p, ok := f.addressInSample(); ok {
			in.rows[models.EmailKey] = []readingRow{{path: p.String()}}
			if f.stored.Mapping == nil && p.String() != models.EmailKey { // calls in the documented format stay as good as they are
				in.rows[models.EmailKey] = append(in.rows[models.EmailKey], readingRow{path: models.EmailKey})
			}
		}
	}
	f.suggestFields(in, tags, titles)
	return in
}

// addressInSample returns the place of the address in the sample: where the documented format has it, else the first one.
func (f readingForm) addressInSample() (senders.Path, bool) {
	tree := f.sample.tree
	for child := range tree.Children(senders.Root) {
		if strings.EqualFold(tree.Name(child), models.EmailKey) && !tree.Given(child).IsBlank() {
			return tree.Suggest(child)
		}
	}
	if found := tree.Addresses(1); len(found) > 0 {
		return tree.Suggest(found[0])
	}
	return senders.Path{}, false
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
		if !ok || f.sample.tree.Kind(at) == senders.Null || isTitle(p, titles) {
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
		in.rows[key] = []readingRow{f.proposed(readingRow{path: path}, tags[key])}
	}
}

// proposeReadings proposes how values are read whose place was just chosen. picked has their keys and one empty text; a form that is sent
// without script has none of them, and its new places are those that are not stored.
func (f readingForm) proposeReadings(stored readingInput, picked []string) {
	for _, t := range f.tags {
		rows := slices.Clone(f.in.rows[t.Key])
		for i, row := range rows {
			isStored := slices.ContainsFunc(stored.rows[t.Key], func(s readingRow) bool { return s.path == row.path })
			if slices.Contains(picked, t.Key) || len(picked) == 0 && !isStored {
				rows[i] = f.proposed(row, t)
			}
		}
		if len(rows) > 0 {
			f.in.rows[t.Key] = rows
		}
	}
}

// proposed returns a row with the only reading by which the value of the sample fits the merge tag. If it fits already, or if several
// readings or none fit, the row stays as it is.
func (f readingForm) proposed(row readingRow, tag models.MergeTag) readingRow {
	p, err := senders.ParsePath(row.path)
	if err != nil || f.sample.tree == nil {
		return row
	}
	if fits := fittingReadings(f.sample.tree, p, tag, nil); len(fits) == 1 {
		row.as = string(fits[0])
	}
	return row
}

// spelled returns a name without case, blanks and signs between words.
func spelled(name string) string {
	return models.Fold(strings.NewReplacer(" ", "", "_", "", "-", "", ".", "", "?", "").Replace(name))
}

// isTitle reports whether a path leads into a list that holds the titles of other values: the questions of a form, not the answers.
func isTitle(p senders.Path, titles []senders.Title) bool {
	return slices.ContainsFunc(titles, func(t senders.Title) bool {
		return !t.From.IsZero() && strings.HasPrefix(p.String(), t.From.String()+"[")
	})
}
