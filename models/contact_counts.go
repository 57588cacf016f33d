package models

import (
	"encoding/json"
	"strconv"
)

// ContactCounts are how many contacts a workspace has, or the difference that a change makes: by status, and by tag under TagCount.
type ContactCounts map[string]int64

// TagCount is the key of a tag in ContactCounts.
func TagCount(id int64) string { return "tag " + strconv.FormatInt(id, 10) }

// Add adds n contacts; the zero Status is that of no contact.
func (c ContactCounts) Add(key string, n int64) {
	if key == "" {
		return
	}
	if c[key] += n; c[key] == 0 {
		delete(c, key)
	}
}

// AddAll adds the counts of others, as ContactCounts.Text has them.
func (c ContactCounts) AddAll(text string) {
	var others ContactCounts
	_ = json.Unmarshal([]byte(text), &others) // written by Text
	for key, n := range others {
		c.Add(key, n)
	}
}

// Text returns the stored form.
func (c ContactCounts) Text() string { return JobJSON(c) }

// All returns how many contacts there are.
func (c ContactCounts) All() (n int64) {
	for _, s := range Statuses {
		n += c[string(s)]
	}
	return n
}
