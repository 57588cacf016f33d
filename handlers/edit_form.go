package handlers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

// Several people, and calls, change the same things. An edit form sends back the values that it was filled with, in its field
// "filled". So a field that the person did not change keeps its present value, and only what both changed has to be decided: the
// form is shown again with the differences, filled with the present values, and saving again decides it.

// threeWay is one field of an edit form: the texts that it was filled with, those that were posted, and those that are stored now.
type threeWay struct{ filled, posted, stored []string }

// touched reports whether the person changed the field.
func (t threeWay) touched() bool { return !sameTexts(t.posted, t.filled) }

// changed reports whether somebody else changed the field.
func (t threeWay) changed() bool { return !sameTexts(t.stored, t.filled) }

// clashes reports whether both changed the field, each in another way.
func (t threeWay) clashes() bool {
	return t.touched() && t.changed() && !sameTexts(t.posted, t.stored)
}

// value returns the texts to store: those posted if the person changed the field, else the stored ones.
func (t threeWay) value() []string {
	if t.touched() {
		return t.posted
	}
	return t.stored
}

// items returns the items of a list to store. It starts with the posted items, removes those that others removed, and adds those that
// others added.
func (t threeWay) items() []string {
	posted, stored, filled := setOf(t.posted), setOf(t.stored), setOf(t.filled)
	items := []string{}
	for _, text := range t.posted {
		if stored[text] || !filled[text] {
			items = append(items, text)
		}
	}
	for _, text := range t.stored {
		if !filled[text] && !posted[text] {
			items = append(items, text)
		}
	}
	return items
}

func setOf(texts []string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		set[text] = true
	}
	return set
}

// sameTexts reports whether the texts of a field are those it was filled with: browsers write line ends in their own way, and
// send the choices of a list in its order.
func sameTexts(sent, filled []string) bool {
	normal := func(texts []string) []string {
		all := map[string]bool{}
		for _, text := range texts {
			if text != "" {
				all[models.OneLineEnd(text)] = true
			}
		}
		return slices.Sorted(maps.Keys(all))
	}
	return slices.Equal(normal(sent), normal(filled))
}

// editField is a field of an edit form.
type editField struct {
	name, label string
	stored      []string
	posted      []string
	say         func(text string) string // how people read the texts; nil quotes them
	said        string                   // says that others changed it, if the texts cannot be read
	tags        bool                     // the texts are ids of tags, which are independent of each other
}

// tagField is the field for the tags of a contact or a webhook.
func tagField(stored []models.Tag, posted []string) editField {
	f := editField{name: "tags", posted: posted, tags: true}
	for _, t := range stored {
		f.stored = append(f.stored, strconv.FormatInt(t.ID, 10))
	}
	return f
}

// editForm is a posted edit form, compared with what is stored.
type editForm struct {
	fields   []editField
	threeWay map[string]threeWay // by name
}

// edit compares the posted form with what is stored. A form that does not say what a field was filled with, as scripts post it, was
// filled with the stored value.
func (v *visit) edit(fields ...editField) editForm {
	e, filled := editForm{fields: fields, threeWay: map[string]threeWay{}}, v.filled()
	for _, f := range fields {
		t := threeWay{filled: f.stored, posted: f.posted, stored: f.stored}
		if texts, said := filled[f.name]; said {
			t.filled = texts
		}
		e.threeWay[f.name] = t
	}
	return e
}

// filled returns what the posted form says that it was filled with, by field; nil if it does not say.
func (v *visit) filled() (filled map[string][]string) {
	if json.Unmarshal([]byte(v.Form("filled")), &filled) != nil {
		return nil
	}
	return filled
}

// text returns what the field with a name should be: the person's text, or the stored one if the person did not change it.
func (e editForm) text(name string) string {
	return models.Given{Texts: e.threeWay[name].value()}.Last()
}

// clashes reports whether somebody else changed a field that the person changed too. Tags never clash.
func (e editForm) clashes() bool {
	return slices.ContainsFunc(e.fields, func(f editField) bool { return !f.tags && e.threeWay[f.name].clashes() })
}

// state returns what the form says about concurrent changes. what names the thing, such as "contact"; tagNames has the names of the
// tags by id, for a form with tags.
func (e editForm) state(what string, tagNames map[string]string) views.EditState {
	if len(e.fields) == 0 {
		return views.EditState{} // the form creates something
	}
	s := views.EditState{What: what, Filled: filledWith(e.fields...)}
	for _, f := range e.fields {
		t := e.threeWay[f.name]
		if f.tags {
			s.Changes = append(s.Changes, tagChanges(t, tagNames)...)
		} else if t.changed() {
			s.Changes = append(s.Changes, f.change(t))
		}
	}
	s.Changed = len(s.Changes) > 0
	return s
}

// tagChanges says which tags others added and took off.
func tagChanges(t threeWay, tagNames map[string]string) (all []string) {
	for _, side := range []struct {
		what     string
		had, has []string
	}{{"added", t.filled, t.stored}, {"taken off", t.stored, t.filled}} {
		var names []string
		had := setOf(side.had)
		for _, id := range side.has {
			name := tagNames[id]
			if name == "" {
				name = "one that was deleted"
			}
			if !had[id] && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			all = append(all, "Tags "+side.what+": "+models.JoinTags(names)+".")
		}
	}
	return all
}

// change says how others changed the field.
func (f editField) change(t threeWay) string {
	if f.said != "" {
		return f.said
	}
	return f.label + ": " + f.words(t.filled) + " is now " + f.words(t.stored) + "."
}

// words returns texts as people read them, shortened.
func (f editField) words(texts []string) string {
	text := strings.Join(texts, ", ")
	quoted := f.say == nil
	if !quoted {
		text = f.say(text)
	}
	text = models.NameInvisible(models.Shorten(text, 100))
	switch {
	case text == "":
		return "empty"
	case quoted:
		return "“" + text + "”"
	}
	return text
}

// filledWith returns the value of the field "filled": the stored texts by field.
func filledWith(fields ...editField) string {
	filled := map[string][]string{}
	for _, f := range fields {
		filled[f.name] = append([]string{}, f.stored...)
	}
	return models.JobJSON(filled)
}

// digest returns a short text that stands for a long one in the field "filled".
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// maxRounds limits how often an edit starts again because others change the same thing at the same moment.
const maxRounds = 5

// untilSeen runs update, which reads a thing and changes it, until nobody else changed or deleted the thing in between.
func untilSeen(update func() error) (err error) {
	for range maxRounds {
		err = update()
		if !errors.Is(err, models.ErrChanged) && !errors.Is(err, models.ErrNotFound) {
			break
		}
	}
	return err
}

// goneIs returns gone in place of "not found", and every other error as it is.
func goneIs(gone *models.Error, err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return gone
	}
	return err
}
