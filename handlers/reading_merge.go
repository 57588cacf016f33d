package handlers

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
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
	return parts
}

// readingOfParts reads what parts wrote.
func readingOfParts(parts map[string]string) readingInput {
	in := readingInput{sender: parts[partSender], rows: map[string][]readingRow{}, alsoKeys: parts[partKeys] != ""}
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
	names := map[string]bool{partSender: true, partWhen: true, partDelivery: true, partKeys: true}
	for _, parts := range []map[string]string{had, has} {
		for name := range parts {
			names[name] = true
		}
	}
	var fields []editField
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := editField{name: name, stored: []string{had[name]}, posted: []string{has[name]}}
		switch key, _ := strings.CutPrefix(name, "place."); name {
		case partSender:
			f.label, f.say = "Who calls", senderName
		case partWhen:
			f.said = "Which calls count was changed."
		case partDelivery:
			f.said = "What tells calls apart was changed."
		case partKeys:
			f.label, f.say = "Your own names", func(text string) string { return cmp.Or(text, "no") }
		default:
			f.label = cmp.Or(labels[key], key)
		}
		fields = append(fields, f)
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
	had[partSender], has[partSender] = senderName(had[partSender]), senderName(has[partSender])
	names := map[string]string{partSender: "Who calls", partWhen: "Which calls count", partDelivery: "What tells calls apart", partKeys: "Your own names"}
	for _, parts := range []map[string]string{had, has} {
		for name := range parts {
			if key, field := strings.CutPrefix(name, "place."); field {
				names[name] = cmp.Or(labels[key], key)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if had[name] != has[name] {
			changes = append(changes, models.AuditChange{What: names[name], Before: models.Shorten(had[name], 200), After: models.Shorten(has[name], 200)})
		}
	}
	return changes
}
