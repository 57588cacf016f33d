package senders

import (
	"iter"
	"strings"

	"campaignlark/models"
)

// MaxDepth is how many levels of objects and lists a payload may have, the outermost object being the first. CONTRACT "Payload".
const MaxDepth = 32

// maxOpened is how often a text that holds JSON is opened inside a text that holds JSON, the outer one being the first. It bounds
// the work for a text of n bytes to 3n.
const maxOpened = 2

// Kind says what a value of a payload is.
type Kind uint8

// The kinds of a value.
const (
	Object Kind = iota
	List
	Text
	Number // its Text is the literal
	Boolean
	Null
	File
)

var kindNames = [...]string{"object", "list", "text", "number", "boolean", "null", "file"}

// String returns the kind as one word.
func (k Kind) String() string { return kindNames[k] }

// Tree is a decoded payload in its order. Its values are numbered from 0, the payload itself, each before what it holds.
// A text that holds a JSON object or list has this object or list as its only child. A Tree does not change and may be used by
// several goroutines.
type Tree struct {
	values []value
	sizes  map[Place]int64 // of files
	form   bool            // a repeated name means several values. In JSON the last one counts
}

// Place is the number of a value in its tree.
type Place int

// Root is the place of the whole payload.
const Root Place = 0

// value is one value of a tree. Many small ones make up a large payload, so its size matters.
type value struct {
	name string // in the object that holds it; in a list of a form the index that the sender wrote
	text string
	end  int32 // the number after those of all that it holds
	kind Kind
}

const valueSize = 40 // bytes

// Len returns how many values the tree has, objects and lists included. Places go from 0 to Len()-1.
func (t *Tree) Len() int { return len(t.values) }

// Kind returns what the value is.
func (t *Tree) Kind(at Place) Kind { return t.values[at].kind }

// Name returns the name of the value in its object, or "" for an item of a list. In a form, an item has the index that the sender
// wrote as its name.
func (t *Tree) Name(at Place) string { return t.values[at].name }

// Text returns a text, the literal of a number, "true" or "false", or the name of a file. It is "" for other values.
func (t *Tree) Text(at Place) string { return t.values[at].text }

// Size returns the size of a file in bytes.
func (t *Tree) Size(at Place) int64 { return t.sizes[at] }

// Memory estimates the memory of the tree in bytes, without the payload's own text, which the values share.
func (t *Tree) Memory() int { return valueSize * cap(t.values) }

// Opened reports whether the value is a text that holds a JSON object or list.
func (t *Tree) Opened(at Place) bool {
	return t.values[at].kind == Text && int(t.values[at].end) > int(at)+1
}

// holder returns the object or list that a text holds, and any other value itself.
func (t *Tree) holder(at Place) Place {
	if t.Opened(at) {
		return at + 1
	}
	return at
}

// Children returns the members of an object or the items of a list, in their order. For a text that holds JSON they are those of
// the object or list in it. Other values have none.
func (t *Tree) Children(at Place) iter.Seq[Place] {
	first, end := t.inside(at)
	return func(yield func(Place) bool) {
		for child := first; child < end; child = t.end(child) {
			if !yield(child) {
				return
			}
		}
	}
}

// inside returns the first place that Children returns, and the one after the last. The next one after a place is its end.
func (t *Tree) inside(at Place) (first, end Place) {
	at = t.holder(at)
	return at + 1, t.end(at)
}

func (t *Tree) end(at Place) Place { return Place(t.values[at].end) }

// Holds reports whether a value is at or inside the value at.
func (t *Tree) Holds(at, inside Place) bool { return at <= inside && inside < t.end(at) }

// Plain reports whether the value is a text, a number or a boolean.
func (t *Tree) Plain(at Place) bool {
	k := t.values[at].kind
	return k == Text || k == Number || k == Boolean
}

// PlainList reports whether the value is a list without objects and lists in it.
func (t *Tree) PlainList(at Place) bool {
	if t.values[at].kind != List {
		return false
	}
	first, end := t.inside(at)
	for child := first; child < end; child = t.end(child) {
		if k := t.Kind(child); k == Object || k == List {
			return false
		}
	}
	return true
}

// indexed reports whether the items of a list have the indexes that the sender of a form wrote.
func (t *Tree) indexed(list Place) bool {
	list = t.holder(list)
	return list+1 < t.end(list) && t.Name(list+1) != ""
}

// Given returns the value as merge tags read it: an object and a list that holds one are nested. CONTRACT "Payload".
func (t *Tree) Given(at Place) models.Given {
	switch v := t.values[at]; v.kind {
	case Text:
		return models.Text(v.text)
	case Number, Boolean:
		return models.Given{Texts: []string{v.text}, Bare: true}
	case Null:
		return models.Given{Shape: models.Null}
	case File:
		return models.Given{Shape: models.File}
	case List:
		if texts, plain := t.itemTexts(at); plain {
			return models.Given{Shape: models.List, Texts: texts}
		}
	}
	return models.Given{Shape: models.Nested}
}

// itemTexts returns the texts of the plain items of a list. It reports false for a list that holds an object or a list.
func (t *Tree) itemTexts(at Place) ([]string, bool) {
	if !t.PlainList(at) {
		return nil, false
	}
	first, end := t.inside(at)
	if first == end {
		return nil, true
	}
	texts := make([]string, 0, end-first)
	for child := first; child < end; child = t.end(child) {
		if t.Plain(child) {
			texts = append(texts, t.Text(child))
		}
	}
	return texts, true
}

func dropNUL(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// Leaves returns the values that a merge tag could take, in order: plain values, files, null, and lists of these. Of a text that
// holds other JSON they are what is in it.
func (t *Tree) Leaves() iter.Seq[Place] {
	return func(yield func(Place) bool) {
		for at := range t.leaves() {
			if !yield(at) {
				return
			}
		}
	}
}

// leaves returns each leaf with the values that hold it, as above does. The slice is only valid until the next one.
func (t *Tree) leaves() iter.Seq2[Place, []Place] {
	return func(yield func(Place, []Place) bool) {
		var above []Place
		for at := Root; int(at) < len(t.values); {
			for len(above) > 0 && t.end(above[len(above)-1]) <= at {
				above = above[:len(above)-1]
			}
			holder := t.holder(at)
			if kind := t.Kind(holder); kind == Object || kind == List && !t.PlainList(holder) {
				above = append(above, at)
				at = holder + 1
				continue
			}
			if !yield(at, above) {
				return
			}
			at = t.end(at)
		}
	}
}
