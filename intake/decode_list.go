package intake

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
)

// ListKey returns the key that a key with brackets feeds: colors for colors[], colors[0] and colors[…]. Any other key, such as
// form[email], feeds itself. CONTRACT "Payload".
func ListKey(key string) string {
	name, index := cutIndex(key)
	if index == noIndex {
		return strings.TrimSuffix(key, ManyKeys)
	}
	return name
}

// FieldName returns the name by which a field of the log is fine to ignore: its list's name, folded, with one blank for each run of blanks.
// It is "" for a field without a name.
func FieldName(f FieldFate) string {
	return strings.Join(strings.Fields(models.Fold(ListKey(f.Key))), " ")
}

// ManyKeys ends the key under which the log shows several, such as colors[0] and colors[1].
const ManyKeys = "[…]"

// What cutIndex returns in place of an index.
const (
	noIndex   = -1 // the key has no brackets
	nextIndex = -2 // nothing stands in the brackets
)

// cutIndex cuts the brackets off a key such as colors[2] or colors[]. An index has at most nine digits.
func cutIndex(key string) (name string, index int) {
	name, rest, found := strings.Cut(key, "[")
	digits, ended := strings.CutSuffix(rest, "]")
	if !found || !ended || name == "" || len(digits) > 9 || strings.Trim(digits, "0123456789") != "" {
		return key, noIndex
	}
	if digits == "" {
		return name, nextIndex
	}
	index, _ = strconv.Atoi(digits) // at most nine digits always fit
	return name, index
}

// member is a key with brackets.
type member struct {
	at, index int // its place among the fields, and the one in its list
}

// listMembers returns the places of the keys with brackets, by the key that they feed, in the order of their indexes. An empty
// pair of brackets comes after the highest index before it.
func listMembers(fields []Field) map[string][]member {
	var lists map[string][]member
	var highest map[string]int
	for i, f := range fields {
		name, index := cutIndex(f.Key)
		if index == noIndex {
			continue
		}
		if lists == nil {
			lists, highest = map[string][]member{}, map[string]int{}
		}
		if index == nextIndex {
			index = highest[name]
		}
		highest[name] = max(highest[name], index+1)
		lists[name] = append(lists[name], member{i, index})
	}
	for _, members := range lists {
		slices.SortStableFunc(members, func(a, b member) int { return a.index - b.index })
	}
	return lists
}

// joinMembers makes one field of the members of a list, as if the key had come several times. Null counts as not sent.
func joinMembers(fields []Field, name string, members []member) Field {
	joined := Field{Key: fields[members[0].at].Key, feeds: name}
	joined.Value.Shape = models.Null
	for _, m := range members {
		f := fields[m.at]
		if f.Key != joined.Key {
			joined.Key = name + ManyKeys
		}
		switch {
		case f.Value.Shape == models.Null:
		case joined.Value.Empty():
			joined.Value = f.Value
			joined.Value.Texts = slices.Clone(f.Value.Texts)
		case f.Value.Shape == models.File: // a text counts more
		default:
			joined.Value.Bare = false
			joined.Value.Shape = max(joined.Value.Shape, f.Value.Shape)
			joined.Value.Texts = append(joined.Value.Texts, f.Value.Texts...)
		}
	}
	if joined.Value.Shape == models.Nested {
		joined.Value.Texts = nil
	}
	return joined
}

// joinLists returns the fields with each list as one field, in the place of its last member.
func joinLists(fields []Field) []Field {
	lists := listMembers(fields)
	if lists == nil {
		return fields
	}
	last := map[string]int{}
	for name, members := range lists {
		for _, m := range members {
			last[name] = max(last[name], m.at)
		}
	}
	joined := make([]Field, 0, len(fields))
	for i, f := range fields {
		name, index := cutIndex(f.Key)
		switch {
		case index == noIndex:
			joined = append(joined, f)
		case last[name] == i:
			joined = append(joined, joinMembers(fields, name, lists[name]))
		}
	}
	return joined
}
