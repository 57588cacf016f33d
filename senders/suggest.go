package senders

import (
	"cmp"
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
		return step{kind: stepIndex, index: index}, true
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

// Nearest returns the paths of at most n values whose names are most like those of a path that finds nothing, the best first.
func (t *Tree) Nearest(p Path, n int) []Path { return newFinder(t).nearest(p, n) }

func (f *finder) nearest(p Path, n int) []Path {
	wanted := p.names()
	if len(wanted) == 0 {
		return nil
	}
	type candidate struct {
		path Path
		cost int
	}
	var best []candidate
	looked := 0
	for at, above := range f.leaves() {
		if looked++; looked > maxLooked {
			break
		}
		if cost, like := likeness(wanted, f.namesOf(above, at)); like {
			if path, ok := f.suggest(above, at); ok {
				best = append(best, candidate{path, cost})
			}
		}
	}
	slices.SortStableFunc(best, func(a, b candidate) int { return cmp.Compare(a.cost, b.cost) })
	var paths []Path
	for _, c := range best {
		if len(paths) < n && !slices.ContainsFunc(paths, c.path.Equal) {
			paths = append(paths, c.path)
		}
	}
	return paths
}

// maxLooked is how many values of a tree Nearest compares.
const maxLooked = 1000

// names returns the names of a path, outermost first.
func (p Path) names() (names []string) {
	for _, s := range p.steps {
		if s.kind == stepName {
			names = append(names, s.name)
		}
	}
	return names
}

// namesOf returns the names on the way to a value inside the values above.
func (t *Tree) namesOf(above []Place, at Place) (names []string) {
	for _, up := range append(above[1:len(above):len(above)], at) {
		if name := t.Name(up); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// likeness compares the names of a path with those on the way to a value. The last name counts most. It returns the cost of taking
// one for the other, and whether they are alike at all.
func likeness(wanted, there []string) (cost int, like bool) {
	if len(there) == 0 {
		return 0, false
	}
	last, name := spelling(wanted[len(wanted)-1]), spelling(there[len(there)-1])
	switch {
	case last == name:
	case len(last) >= 3 && len(name) >= 3 && (strings.Contains(name, last) || strings.Contains(last, name)):
		cost = 20 + max(len(last), len(name)) - min(len(last), len(name))
	default:
		distance := editDistance(last, name)
		if distance > 1+len(last)/4 {
			return 0, false
		}
		cost = 10 * distance
	}
	cost *= 4
	for _, name := range wanted[:len(wanted)-1] { // a value on a similar way is more likely
		if !slices.ContainsFunc(there, func(s string) bool { return spelling(s) == spelling(name) }) {
			cost++
		}
	}
	return cost + len(there), true
}

// spelling returns what is left of a name without case, blanks and signs between words.
func spelling(name string) string {
	const most = 60
	name = name[:min(len(name), most)]
	return models.Fold(betweenWords.Replace(strings.ToValidUTF8(name, "")))
}

var betweenWords = strings.NewReplacer(" ", "", "_", "", "-", "", ".", "")

// editDistance counts the letters to insert, delete or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			if a[i] != b[j] {
				before++
			}
			row[j+1] = min(before, above+1, row[j]+1)
			before = above
		}
	}
	return row[len(b)]
}
