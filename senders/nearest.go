package senders

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"campaignlark/models"
)

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

// maxLooked is how many values of a tree Nearest and Addresses look at.
const maxLooked = 1000

// Addresses returns the places of at most n texts that are e-mail addresses, in their order.
func (t *Tree) Addresses(n int) (places []Place) {
	for at := range t.addresses() {
		if len(places) == n {
			break
		}
		places = append(places, at)
	}
	return places
}

// addresses returns each text that is an e-mail address, with the values that hold it.
func (t *Tree) addresses() iter.Seq2[Place, []Place] {
	return func(yield func(Place, []Place) bool) {
		looked := 0
		for at, above := range t.leaves() {
			if looked++; looked > maxLooked {
				return
			}
			text := t.Text(at)
			if t.Kind(at) != Text || len(text) > models.MaxRawEmail || !strings.Contains(text, "@") {
				continue
			}
			if _, err := models.ReadFormEmail(text); err == nil && !yield(at, above) {
				return
			}
		}
	}
}

// addressPaths returns the paths of at most n texts that are e-mail addresses.
func (f *finder) addressPaths(n int) (paths []Path) {
	for at, above := range f.addresses() {
		if path, ok := f.suggest(above, at); ok {
			paths = append(paths, path)
		}
		if len(paths) == n {
			break
		}
	}
	return paths
}

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
