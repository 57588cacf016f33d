package models

import (
	"slices"
	"strconv"
	"time"
)

// Tag is a word on a contact. Its name is unique in the workspace, ignoring case.
type Tag struct {
	WorkspaceID int64
	ID          int64
	Name        string
	NameFolded  string
	CreatedAt   time.Time
	DeletedAt   *time.Time `gorm:"column:deleted_at"` // it is being purged from contacts
}

// ContactTag is a tag on a contact.
type ContactTag struct {
	WorkspaceID, ContactID, TagID int64
}

// TagNames returns the names of tags, in their order.
func TagNames(tags []Tag) []string {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Name
	}
	return names
}

// ValidateTag checks a tag's name as typed and returns it as it is stored.
func ValidateTag(name string) (string, FieldErrors) {
	name = CleanName(name)
	errs := FieldErrors{}
	errs.Add("name", ValidateName(name))
	return name, errs
}

func DistinctTags(tags []Tag) []Tag {
	var distinct []Tag
	seen := map[int64]bool{}
	for _, t := range tags {
		if !seen[t.ID] {
			seen[t.ID] = true
			distinct = append(distinct, t)
		}
	}
	return distinct
}

// FindTag finds a tag in known by its id, or else by its name, ignoring case.
func FindTag(known []Tag, text string) (Tag, bool) { return FindTagByName(known, text, true) }

// FindTagByName finds a tag by its id, if ids is set, or else by its name.
func FindTagByName(known []Tag, text string, ids bool) (Tag, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	if i := slices.IndexFunc(known, func(t Tag) bool { return ids && err == nil && t.ID == id }); i >= 0 {
		return known[i], true
	}
	folded := Fold(CleanName(text))
	if i := slices.IndexFunc(known, func(t Tag) bool { return t.NameFolded == folded }); i >= 0 {
		return known[i], true
	}
	return Tag{}, false
}
