package senders

import (
	"slices"
	"strings"

	"campaignlark/models"
)

// namings are the members that name an item of a list, the sturdiest first: a sender keeps a reference when a form is changed, and
// a label often not.
var namings = []string{"ref", "key", "name", "id", "type", "label", "question"}

// maxNaming is how long, in bytes, a text that names an item may be.
const maxNaming = 120

// Suggest returns the sturdiest path to a value. It names an item of a list by a member that no other item has alike, and by its
// place in the list only if there is none. It reports false for a value that no path finds, such as a member of which another one
// of the same name follows.
func (t *Tree) Suggest(at Place) (Path, bool) {
	if at > Root && t.Opened(at-1) {
		at-- // the text that holds it
	}
	f := newFinder(t)
	return f.suggest(f.above(at), at)
}

// above returns the objects and lists that hold the value, from the outermost on. A text that holds JSON counts in place of the
// object or list in it.
func (f *finder) above(at Place) (places []Place) {
	for up := Root; up != at && f.holder(up) != at; {
		places = append(places, up)
		for child := range f.Children(up) {
			if f.spent() {
				return nil
			}
			if child <= at && at < f.end(child) {
				up = child
				break
			}
		}
	}
	return places
}

// suggest is Suggest for a value inside the values above.
func (f *finder) suggest(above []Place, at Place) (Path, bool) {
	sturdy, byPlace := Path{}, Path{}
	for i, holder := range above {
		child := at
		if i+1 < len(above) {
			child = above[i+1]
		}
		s, ok := f.toChild(holder, child)
		if !ok {
			return Path{}, false
		}
		byPlace.steps = append(byPlace.steps, s)
		if s.kind == stepIndex {
			if named, ok := f.naming(holder, child, at); ok {
				s = named
			}
		}
		sturdy.steps = append(sturdy.steps, s)
	}
	for _, p := range []Path{sturdy, byPlace} {
		if !p.IsZero() && p.check() == nil && slices.Contains(f.find(p), at) {
			return p, true
		}
	}
	return Path{}, false
}

// toChild returns the step from an object or list to what it holds, an item by its index.
func (f *finder) toChild(holder, child Place) (step, bool) {
	if f.Kind(f.holder(holder)) == Object {
		s := step{kind: stepName, name: f.Name(child)}
		return s, f.form || f.member(s.name, holder) == child
	}
	if f.indexed(holder) {
		index, _ := indexOf(f.Name(child))
		return step{kind: stepIndex, index: int(index)}, true
	}
	index := 0
	for other := range f.Children(holder) {
		if other == child {
			return step{kind: stepIndex, index: index}, true
		}
		if f.spent() {
			break
		}
		index++
	}
	return step{}, false
}

// naming returns the step to an item by a member that no other item of the list has alike. The member does not hold the value at,
// since that differs from call to call.
func (f *finder) naming(list, item, at Place) (step, bool) {
	for _, name := range namings {
		for _, member := range f.namingMembers(item, at, name) {
			value := f.memberText(member, item)
			if !value.given || models.IsBlank(value.text) || len(value.text) > maxNaming || strings.IndexByte(value.text, 0) >= 0 {
				continue
			}
			if f.only(list, member, value.text) {
				return step{kind: stepPick, member: member, text: value.text}, true
			}
		}
	}
	return step{}, false
}

// only reports whether no other item of a list has the same text as that member.
func (f *finder) only(list Place, member []string, text string) bool {
	key := listMember{list, strings.Join(member, "\x00")}
	texts, counted := f.texts[key]
	if !counted {
		texts = map[string]int{}
		for item := range f.Children(list) {
			if f.spent() {
				return false
			}
			if other := f.memberText(member, item); other.given {
				texts[other.text]++
			}
		}
		if f.texts == nil {
			f.texts = map[listMember]map[string]int{}
		}
		f.texts[key] = texts
	}
	return texts[text] == 1
}

// listMember is a member of the items of a list.
type listMember struct {
	list   Place
	member string
}

// namingMembers returns the members of that name: of the item, and of the objects in it that do not hold the value at.
func (f *finder) namingMembers(item, at Place, name string) (members [][]string) {
	if own := f.member(name, item); own >= 0 && own != at {
		members = append(members, []string{name})
	}
	for child := range f.Children(item) {
		inside := child <= at && at < f.end(child)
		if f.Kind(child) == Object && !inside && f.member(name, child) >= 0 {
			members = append(members, []string{f.Name(child), name})
		}
	}
	return members
}
