package handlers

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
)

// contactValues are a contact as its form shows it. The form sends back the values it was filled with. So a field that the person
// did not change keeps the contact's current value.
type contactValues struct {
	Status string              `json:"status"`
	Fields map[string][]string `json:"fields"` // by key, as storedTexts gives them
	Tags   []string            `json:"tags"`   // ids
}

// storedValues are the values of the stored contact.
func (f *contactForm) storedValues() (contactValues, error) {
	now := contactValues{Status: string(f.contact.Status), Fields: map[string][]string{}, Tags: []string{}}
	for _, t := range f.mergeTags {
		now.Fields[t.Key] = storedTexts(t, f.contact.Fields[t.Key])
	}
	tags, err := f.visit.server.DB.ContactTags(f.visit.UserContext(), f.contact.WorkspaceID, f.contact.ID)
	for _, t := range tags {
		now.Tags = append(now.Tags, strconv.FormatInt(t.ID, 10))
	}
	return now, models.In("contact form: tags of the contact", err)
}

// merge gives what the person did not touch its present value. A form without the values it was filled with, as scripts post it,
// was filled with the present ones if its version is the present one; its tags count only if it has some.
func (f *contactForm) merge() error {
	now, err := f.storedValues()
	if err != nil {
		return err
	}
	f.now = now
	var filled contactValues
	switch err := json.Unmarshal([]byte(f.visit.Form("filled")), &filled); {
	case err == nil:
		f.filled = &filled
	case f.version == f.contact.Version:
		f.filled = &now
	}
	if f.visit.Form("filled") == "" && f.tags == nil && f.newTags == "" {
		f.tags = now.Tags
	}
	if f.filled == nil {
		return nil
	}
	if f.status == f.filled.Status {
		f.status = now.Status
	}
	for key, texts := range f.texts {
		if before, there := f.filled.Fields[key]; there && sameTexts(texts, before) {
			f.texts[key], f.untouched[key] = now.Fields[key], true
		}
	}
	tags := slices.Clone(now.Tags)
	for _, tag := range f.tags {
		if !slices.Contains(f.filled.Tags, tag) && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	removed := func(tag string) bool { return slices.Contains(f.filled.Tags, tag) && !slices.Contains(f.tags, tag) }
	f.tags = slices.DeleteFunc(tags, removed)
	return nil
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

// differences are what changed since the form was filled, a sentence each.
func (f *contactForm) differences(tagNames map[string]string) (all []string) {
	if f.filled == nil {
		return nil
	}
	if f.filled.Status != f.now.Status {
		all = append(all, "Status: "+models.Status(f.filled.Status).Name()+" is now "+models.Status(f.now.Status).Name()+".")
	}
	shown := func(texts []string) string {
		if text := strings.Join(texts, ", "); text != "" {
			return "“" + models.Shorten(models.CleanName(text), 100) + "”"
		}
		return "empty"
	}
	for _, t := range f.mergeTags {
		if before, there := f.filled.Fields[t.Key]; there && !sameTexts(before, f.now.Fields[t.Key]) {
			all = append(all, t.Label+": "+shown(before)+" is now "+shown(f.now.Fields[t.Key])+".")
		}
	}
	for _, side := range []struct {
		what     string
		had, has []string
	}{{"added", f.filled.Tags, f.now.Tags}, {"taken off", f.now.Tags, f.filled.Tags}} {
		var names []string
		for _, tag := range side.has {
			if !slices.Contains(side.had, tag) && tagNames[tag] != "" {
				names = append(names, tagNames[tag])
			}
		}
		if len(names) > 0 {
			all = append(all, "Tags "+side.what+": "+models.JoinTags(names)+".")
		}
	}
	return all
}
