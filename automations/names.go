package automations

import (
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// kinds are the things that definitions refer to, as sentences name them.
var kinds = map[string]struct {
	subject string // in the audit log, which knows the names of deleted ones; "" for webhooks, which are kept
	find    func(Things, int64) (name string, deleted, found bool)
}{
	"tag": {models.SubjectTag, func(t Things, id int64) (string, bool, bool) {
		return find(t.Tags, id, func(x models.Tag) (int64, string, bool) { return x.ID, x.Name, false })
	}},
	"segment": {models.SubjectSegment, func(t Things, id int64) (string, bool, bool) {
		return find(t.Segments, id, func(x models.Segment) (int64, string, bool) { return x.ID, x.Name, false })
	}},
	"merge tag": {models.SubjectMergeTag, func(t Things, id int64) (string, bool, bool) {
		return find(t.MergeTags, id, func(x models.MergeTag) (int64, string, bool) { return x.ID, x.Label, false })
	}},
	"destination": {models.SubjectDestination, func(t Things, id int64) (string, bool, bool) {
		return find(t.Destinations, id, func(x models.Destination) (int64, string, bool) { return x.ID, x.Name, false })
	}},
	"webhook": {"", func(t Things, id int64) (string, bool, bool) {
		return find(t.Webhooks, id, func(x models.Webhook) (int64, string, bool) { return x.ID, x.Name, x.DeletedAt != nil })
	}},
}

func find[T any](all []T, id int64, of func(T) (int64, string, bool)) (name string, deleted, found bool) {
	for _, one := range all {
		if is, name, deleted := of(one); is == id {
			return name, deleted, true
		}
	}
	return "", false, false
}

// Lost reports whether a thing was deleted, or never existed, and returns its name if that is known.
func (t Things) Lost(kind string, id int64) (name string, lost bool) {
	name, deleted, found := kinds[kind].find(t, id)
	if !found {
		name = t.Deleted[rule.DeletedRef{Subject: kinds[kind].subject, ID: id}]
	}
	return name, id != 0 && (deleted || !found)
}

// name names a thing, "…" for none.
func (t Things) name(kind string, id int64) Part {
	switch name, gone := t.Lost(kind, id); {
	case id == 0:
		return value("…")
	case gone && name == "":
		return lost("a deleted " + kind)
	case gone:
		return lost(models.Shorten(name, 80) + " (deleted)")
	default:
		return value(models.Shorten(name, 80))
	}
}

// list names things: "a or b".
func (t Things) list(kind string, ids []int64) (parts []Part) {
	for i, id := range ids {
		if i > 0 {
			parts = append(parts, plain(" or "))
		}
		parts = append(parts, t.name(kind, id))
	}
	return parts
}

// listed is list after the kind: "the tag a or b". Without a name it is "a deleted tag".
func (t Things) listed(kind string, ids []int64) []Part {
	parts := t.list(kind, ids)
	if name, gone := t.Lost(kind, ids[0]); gone && name == "" {
		return parts
	}
	return append([]Part{plain("the " + kind + " ")}, parts...)
}

// missing lists the things that definitions refer to and that do not exist.
func (t Things) missing(ds []Definition) (all []rule.DeletedRef) {
	for _, d := range ds {
		for _, u := range d.Uses() {
			for kind, k := range kinds {
				if _, gone := t.Lost(kind, u.ID); k.subject == u.Subject && gone {
					all = append(all, rule.DeletedRef{Subject: u.Subject, ID: u.ID})
				}
			}
		}
	}
	return all
}

// lostWords says that the thing which a step uses was deleted, with its name if that is known.
func (t Things) lostWords(kind string, id int64) string {
	if name, _ := t.Lost(kind, id); name != "" {
		return "The " + kind + " “" + models.Shorten(name, 80) + "” was deleted."
	}
	return "The " + kind + " of this step was deleted."
}

// nameLost adds the names of deleted things that the definition refers to.
func (t *Things) nameLost(db *gorm.DB, workspace int64, d Definition) error {
	return models.In("names of what was deleted", segments.NameDeleted(db, workspace, &t.Schema, t.missing([]Definition{d})))
}
