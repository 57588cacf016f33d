package handlers

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// parts writes the form as texts by part. Each field is in place.<key>, one place on each line.
func (in readingInput) parts() map[string]string {
	parts := map[string]string{partSender: in.sender}
	for key, rows := range in.rows {
		var lines []string
		for _, row := range rows {
			line := row.path
			if row.as != "" {
				line += " as " + row.as
			}
			lines = append(lines, line)
		}
		parts["place."+key] = strings.Join(lines, "\n")
	}
	if len(in.when) > 0 {
		parts[partWhen] = models.JobJSON(in.when)
	}
	switch in.delivery {
	case "header":
		parts[partDelivery] = "header " + in.header
	case "path":
		parts[partDelivery] = "path " + in.idPath
	}
	if in.alsoKeys {
		parts[partKeys] = "yes"
	}
	if in.skip {
		parts[partSkip] = "yes"
	}
	return parts
}

// readingOfParts reads what parts wrote.
func readingOfParts(parts map[string]string) readingInput {
	in := readingInput{sender: parts[partSender], rows: map[string][]readingRow{}, alsoKeys: parts[partKeys] != "", skip: parts[partSkip] != ""}
	for part, text := range parts {
		key, field := strings.CutPrefix(part, "place.")
		if !field || text == "" {
			continue
		}
		for line := range strings.SplitSeq(models.OneLineEnd(text), "\n") {
			row := readingRow{path: line}
			if i := strings.LastIndex(line, " as "); i >= 0 && slices.Contains(senders.Readings[1:], senders.As(line[i+4:])) {
				row.path, row.as = line[:i], line[i+4:]
			}
			in.rows[key] = append(in.rows[key], row)
		}
	}
	_ = json.Unmarshal([]byte(parts[partWhen]), &in.when) // a forged text has no conditions
	kind, text, _ := strings.Cut(parts[partDelivery], " ")
	switch kind {
	case "header":
		in.delivery, in.header = kind, text
	case "path":
		in.delivery, in.idPath = kind, text
	}
	return in
}

// editReading compares the posted form with what is stored. labels has the labels of merge tags by key.
func (v *visit) editReading(stored, posted readingInput, labels map[string]string) editForm {
	had, has := stored.parts(), posted.parts()
	names := partNames(had, has)
	var fields []editField
	for _, name := range names {
		fields = append(fields, editField{name: name, label: partLabel(name, labels), stored: []string{had[name]}, posted: []string{has[name]},
			say: func(text string) string {
				if said := partSaid(name, text); said == "" || !strings.HasPrefix(name, "place.") {
					return said
				}
				return "“" + partSaid(name, text) + "”"
			}})
	}
	return v.edit(fields...)
}

// typedAs notes which places were typed, as they were in posted.
func (in readingInput) typedAs(posted readingInput) readingInput {
	typed := map[string]bool{}
	for key, rows := range posted.rows {
		for _, row := range rows {
			typed[key+" "+row.path] = row.typed
		}
	}
	for key, rows := range in.rows {
		for i := range rows {
			rows[i].typed = typed[key+" "+rows[i].path]
		}
	}
	for i, w := range in.when {
		in.when[i].Typed = slices.ContainsFunc(posted.when, func(p readingWhen) bool { return p.Path == w.Path && p.Typed })
	}
	return in
}

// reading returns the form with what others changed in the parts that the person did not change.
func (e editForm) reading() readingInput {
	parts := map[string]string{}
	for _, f := range e.fields {
		parts[f.name] = e.text(f.name)
	}
	return readingOfParts(parts)
}

// readingChanges says for the audit log what differs between two readings.
func readingChanges(before, after readingInput, labels map[string]string) (changes []models.AuditChange) {
	had, has := before.parts(), after.parts()
	for _, name := range partNames(had, has) {
		if had[name] != has[name] {
			changes = append(changes, models.AuditChange{What: partLabel(name, labels), Before: partSaid(name, had[name]), After: partSaid(name, has[name])})
		}
	}
	return changes
}

// partNames lists the parts that a form can have, and the fields that one of the forms has.
func partNames(had, has map[string]string) []string {
	names := map[string]bool{partSender: true, partWhen: true, partSkip: true, partDelivery: true, partKeys: true}
	for _, parts := range []map[string]string{had, has} {
		for name := range parts {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// partLabel names a part of the form for people. labels has the labels of merge tags by key.
func partLabel(name string, labels map[string]string) string {
	switch name {
	case partSender:
		return "Who calls"
	case partWhen:
		return "Which calls count"
	case partSkip:
		return "Calls without an address"
	case partDelivery:
		return "What tells calls apart"
	case partKeys:
		return "Parts named like a merge tag’s key"
	}
	key := strings.TrimPrefix(name, "place.")
	return cmp.Or(labels[key], key)
}

// partSaid says a part of the form in words. text is what parts wrote; of a field without a place nothing is said.
func partSaid(name, text string) string {
	in := readingOfParts(map[string]string{name: text})
	switch name {
	case partSender:
		return senderName(text)
	case partWhen:
		return strings.TrimSuffix(strings.TrimSuffix(whenSaid(in, pathSaid), " Others are skipped."), ".")
	case partSkip:
		if in.skip {
			return "skipped"
		}
		return "refused"
	case partDelivery:
		return strings.TrimSuffix(repeatsSaid(in, pathSaid), ".")
	case partKeys:
		if in.alsoKeys {
			return "kept"
		}
		return "ignored"
	}
	var places []string
	for _, row := range in.rows[strings.TrimPrefix(name, "place.")] {
		place := models.Shorten(views.Visible(row.path), 100)
		if row.as != "" {
			place += ", read as “" + senders.As(row.as).Name() + "”"
		}
		places = append(places, place)
	}
	return strings.Join(places, "; else ")
}
