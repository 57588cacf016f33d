package senders

import (
	"slices"
	"strconv"

	"campaignlark/models"
)

// maxVisits limits how many values of a tree a mapping looks at, in all its paths. A body of 1 MiB can have 500,000 values, and a
// mapping hundreds of paths.
const maxVisits = 1_000_000

// finder finds paths in one tree. Once left is used up it finds nothing more.
type finder struct {
	*Tree
	left  int                           // values that it may still look at
	texts map[listMember]map[string]int // how many items of a list have a text as that member, as far as it was asked
}

func newFinder(t *Tree) *finder { return &finder{Tree: t, left: maxVisits} }

// Find returns the places that a path names, in the order of the tree: none if the path finds nothing, several for a path with [*]
// and for a name that a form gave several times. A list is one place.
func (t *Tree) Find(p Path) []Place { return newFinder(t).find(p) }

func (f *finder) find(p Path) []Place {
	if p.IsZero() {
		return nil
	}
	at := []Place{Root}
	for _, s := range p.steps {
		var next []Place
		for _, place := range at {
			if f.left < 0 {
				return nil
			}
			next = f.step(next, s, place)
		}
		if at = next; len(at) == 0 || f.left < 0 {
			return nil
		}
	}
	return at
}

// spent reports whether the tree and the mapping were too large together, and notes that one more value is looked at.
func (f *finder) spent() bool {
	f.left--
	return f.left < 0
}

// step adds to found what a step leads to from a place.
func (f *finder) step(found []Place, s step, from Place) []Place {
	switch s.kind {
	case stepName:
		return f.named(found, s.name, from)
	case stepIndex:
		return f.item(found, s.index, from)
	}
	first, end := f.inside(from)
	for child := first; child < end; child = f.end(child) {
		if f.spent() {
			return found
		}
		if s.kind != stepAll && f.memberText(s.member, child) != text(s.text) {
			continue
		}
		found = append(found, child)
		if s.kind == stepPick {
			return found
		}
	}
	return found
}

// named adds the member of that name. Of several, all count in a form, and the last in JSON.
func (f *finder) named(found []Place, name string, from Place) []Place {
	if !f.form {
		if child := f.member(name, from); child >= 0 {
			found = append(found, child)
		}
		return found
	}
	if f.Kind(f.holder(from)) == Object {
		found = f.allNamed(found, name, from)
	}
	return found
}

// allNamed adds every member or item of that name.
func (f *finder) allNamed(found []Place, name string, from Place) []Place {
	first, end := f.inside(from)
	for child := first; child < end && !f.spent(); child = f.end(child) {
		if f.Name(child) == name {
			found = append(found, child)
		}
	}
	return found
}

// member returns the last member of that name, or -1.
func (f *finder) member(name string, from Place) Place {
	last := Place(-1)
	if f.Kind(f.holder(from)) != Object {
		return last
	}
	first, end := f.inside(from)
	for child := first; child < end; child = f.end(child) {
		if f.spent() {
			return -1
		}
		if f.Name(child) == name {
			last = child
		}
	}
	return last
}

// item adds the item with that index. In a list of a form the sender wrote the index, and may have left out others. In an object,
// it is the member with that number as its name.
func (f *finder) item(found []Place, index int, from Place) []Place {
	switch kind := f.Kind(f.holder(from)); {
	case kind == Object && index >= 0:
		return f.named(found, strconv.Itoa(index), from)
	case kind != List:
		return found
	case f.indexed(from) && index >= 0:
		return f.allNamed(found, strconv.Itoa(index), from)
	}
	first, end := f.inside(from)
	if index < 0 {
		for child := first; child < end && !f.spent(); child = f.end(child) {
			index++
		}
		if index < 0 {
			return found
		}
	}
	for child := first; child < end && !f.spent(); child = f.end(child) {
		if index == 0 {
			return append(found, child)
		}
		index--
	}
	return found
}

// optionalText is a text that may be missing.
type optionalText struct {
	text  string
	given bool
}

func text(s string) optionalText { return optionalText{s, true} }

// memberText returns the text of the member that names lead to, if that is plain.
func (f *finder) memberText(names []string, from Place) optionalText {
	for _, name := range names {
		if from = f.member(name, from); from < 0 {
			return optionalText{}
		}
	}
	if !f.Plain(from) {
		return optionalText{}
	}
	return text(f.Text(from))
}

// given returns what the places of a path hold, as merge tags read it. A name that a form gave several times is one value of several
// texts, of which the last counts. What [*] finds is a list. Lists in it are joined.
func (f *finder) given(p Path, at []Place) models.Given {
	if len(at) == 1 {
		return f.Given(at[0])
	}
	several := models.Given{Shape: models.Null}
	for _, place := range at {
		if f.Plain(place) {
			several.Texts = append(several.Texts, f.Text(place))
			several.Shape = models.List
			continue
		}
		switch g := f.Given(place); {
		case len(g.Texts) > 0:
			several.Texts = append(several.Texts, g.Texts...)
			several.Shape = models.List
		case len(several.Texts) == 0 && (g.Shape == models.Nested || several.Shape == models.Null):
			several.Shape = g.Shape
		}
	}
	if several.Shape == models.List && f.form && !slices.ContainsFunc(p.steps, func(s step) bool { return s.kind == stepAll || s.kind == stepFilter }) {
		several.Shape = models.Plain
	}
	return several
}
