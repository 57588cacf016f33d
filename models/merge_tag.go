package models

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// EmailKey is the payload field with the address. No merge tag can have this key.
const EmailKey = "email_address"

// MergeTag is a field that contacts of a workspace can have. Key and type never change.
type MergeTag struct {
	WorkspaceID int64
	ID          int64
	Key         string // the name of the field in a payload
	Label       string // the name of the field on pages
	Type        MergeTagType
	Options     []string `gorm:"serializer:json;not null"` // the choices, in order; empty for other types
	Default     string   `gorm:"column:default_value"`     // in its stored form, "" for none
	CreatedAt   time.Time
	DeletedAt   *time.Time `gorm:"column:deleted_at"` // it is being purged from contacts
}

// TableName is read by GORM.
func (MergeTag) TableName() string { return "merge_tags" }

const (
	maxOptions          = 200
	maxOptionCharacters = 100
	maxOptionBytes      = 1000
)

var mergeTagKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// ParseOptions reads the options of a form's text area, one per line, and skips blank lines.
func ParseOptions(text string) []string {
	options := []string{}
	for line := range strings.Lines(text) {
		if option := CleanName(line); option != "" {
			options = append(options, option)
		}
	}
	return options
}

// Clean returns the merge tag of a form as it is stored: cleaned texts, options only for a type that has them, the
// default in its stored form (see Read). Invalid input stays as typed, so that Validate can report it.
func (m MergeTag) Clean(where *time.Location) MergeTag {
	m.Key, m.Label = TrimBlanks(m.Key), CleanName(m.Label)
	options := []string{}
	if m.Type.HasOptions() {
		for _, option := range m.Options {
			options = append(options, CleanName(option))
		}
	}
	m.Options = options
	if stored, err := m.Read(Text(m.Default), where); err == nil {
		m.Default = stored
	}
	return m
}

// Validate returns what is wrong with the merge tag of a form, after Clean, by the form's field names: key, label,
// type, options, default_value. Only the store can tell whether the key is free.
func (m MergeTag) Validate() FieldErrors {
	errs := FieldErrors{}
	switch {
	case m.Key == "":
		errs.Add("key", "Please give it a key, such as first_name.")
	case m.Key == EmailKey:
		errs.Add("key", "email_address is the contact's own address. Please choose another key.")
	case !mergeTagKey.MatchString(m.Key):
		errs.Add("key", "Please use only small letters, digits and underscores, at most 50, starting with a letter, such as first_name.")
	}
	errs.Add("label", validateLength("label", m.Label))
	if !m.Type.Valid() {
		errs.Add("type", "Please choose a type.")
		return errs
	}
	if m.Type.HasOptions() {
		errs.Add("options", validateOptions(m.Options))
	}
	if _, err := m.Read(Text(m.Default), nil); err != nil && errs["options"] == "" {
		errs.Add("default_value", "This default does not fit. "+err.Error())
	}
	return errs
}

// ReservedKey reports whether every export has a column with this name. No new merge tag can have such a key; older ones may.
func ReservedKey(key string) bool { return slices.Contains(ExportHead(nil), key) }

// ValidateNew is Validate for a merge tag that is created.
func (m MergeTag) ValidateNew() FieldErrors {
	errs := m.Validate()
	if ReservedKey(m.Key) {
		errs.Add("key", fmt.Sprintf("Every export of contacts has a column “%s” already. Please choose another key, such as %s.", m.Key, SuggestKey(m.Key)))
	}
	return errs
}

// validateOptions returns one sentence about what is wrong with the options of a choice, or "".
func validateOptions(options []string) string {
	if len(options) == 0 {
		return "Please list the choices, one a line."
	}
	if len(options) > maxOptions {
		return fmt.Sprintf("Please list at most %d choices. There are %d.", maxOptions, len(options))
	}
	var names []string
	for i, option := range options {
		name := optionName(option)
		switch first := slices.Index(names, name); {
		case name == "":
			return fmt.Sprintf("Choice %d is empty. Please give it a name or take it out.", i+1)
		case strings.ContainsAny(option, optionSeparator+"\r"):
			return fmt.Sprintf("Choice %d has more than one line. Please write each choice on a line of its own.", i+1)
		case CountCharacters(option) > maxOptionCharacters, len(option) > maxOptionBytes:
			return fmt.Sprintf("Please make choice %d %d characters or shorter.", i+1, maxOptionCharacters)
		case first >= 0:
			return fmt.Sprintf("Choices %d and %d are the same. Please take one out.", first+1, i+1)
		}
		names = append(names, name)
	}
	return ""
}

// SuggestKey returns the key closest to a name, "" for a name without Latin letters: "first_name" for "First name",
// "customer_status" for "Status".
// Calls that send the name itself as key fill the field only if both differ just in case.
func SuggestKey(name string) string {
	key := LowerASCII(name)
	if !mergeTagKey.MatchString(key) {
		key = strings.ReplaceAll(Slug(strings.ReplaceAll(name, "_", " ")), "-", "_")
		key = strings.TrimLeft(key, "0123456789_")
	}
	if ReservedKey(key) {
		return "customer_" + key
	}
	return key
}
