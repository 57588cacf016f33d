package senders

import (
	"slices"
	"strconv"
	"strings"
)

// Pair is one name with its text, or one file, of a query string or a form. Name and Text are valid UTF-8.
type Pair struct {
	Name string
	Text string // of a file: its name
	File bool
	Size int64 // of a file: how many bytes it has
}

// FromPairs makes a tree of the pairs of a query string or a form. Names with brackets nest: fields[email][value] is
// fields.email.value, and a[], a[0] and a[1] are items of the list a. In a list, the items come in the order of their indexes. Any
// other use of brackets is part of the name. A name that comes several times has several values.
func FromPairs(pairs []Pair) *Tree {
	b := pairsBuilder{branches: []branch{{}}, at: map[branchKey]int{}}
	for i := range pairs {
		b.add(&pairs[i])
	}
	p := jsonParser{values: make([]value, 0, len(b.branches))}
	t := &Tree{form: true}
	b.write(0, &p, t, 0)
	t.values = p.values
	return t
}

// pairsBuilder collects the pairs by their names. Names with the same beginning are in one branch.
type pairsBuilder struct {
	branches []branch // the first is the whole form
	at       map[branchKey]int
}

// branch is a value, or what several names have in common.
type branch struct {
	name   string
	index  int   // that the name is, in a list
	pair   *Pair // nil for one that holds others
	inside []int // the branches that it holds, in order
	next   int   // the index that an empty pair of brackets gets here
	words  bool  // a name inside is not an index
}

type branchKey struct {
	in   int
	name string
}

// add adds one pair.
func (b *pairsBuilder) add(p *Pair) {
	name, inner := cutBrackets(p.Name)
	at, index := 0, 0
	for i := -1; ; i++ {
		if i >= 0 {
			name, index = b.index(at, inner[i])
		}
		if i == len(inner)-1 {
			b.put(at, branch{name: name, index: index, pair: p})
			return
		}
		at = b.inside(at, name, index)
	}
}

// index returns the name of an item of the branch at, and the index that it is. Empty brackets get the index after the highest one.
func (b *pairsBuilder) index(at int, name string) (string, int) {
	in := &b.branches[at]
	if name == "" {
		name = strconv.Itoa(in.next)
	}
	i, ok := indexOf(name)
	if ok {
		in.next = max(in.next, i+1)
	} else {
		in.words = true
	}
	return name, i
}

// indexOf reads an index of at most nine digits.
func indexOf(name string) (int, bool) {
	if name == "" || len(name) > 9 || strings.Trim(name, "0123456789") != "" {
		return 0, false
	}
	i, _ := strconv.Atoi(name) // nine digits always fit
	return i, true
}

// inside returns the branch of that name inside the branch at.
func (b *pairsBuilder) inside(at int, name string, index int) int {
	key := branchKey{at, name}
	child, ok := b.at[key]
	if !ok {
		child = b.put(at, branch{name: name, index: index})
		b.at[key] = child
	}
	return child
}

func (b *pairsBuilder) put(at int, child branch) int {
	n := len(b.branches)
	b.branches = append(b.branches, child)
	b.branches[at].inside = append(b.branches[at].inside, n)
	return n
}

// write adds the branch to the tree, inside levels of others.
func (b *pairsBuilder) write(at int, p *jsonParser, t *Tree, level int) {
	br := &b.branches[at]
	if br.pair != nil {
		b.writePair(br, p, t, level)
		return
	}
	place := len(p.values)
	p.add(br.name, "", Object)
	if at != 0 && !br.words {
		p.values[place].kind = List
		byIndex := func(x, y int) int { return b.branches[x].index - b.branches[y].index }
		if !slices.IsSortedFunc(br.inside, byIndex) {
			slices.SortStableFunc(br.inside, byIndex)
		}
	}
	for _, child := range br.inside {
		b.write(child, p, t, level+1)
	}
	p.close(place, true)
}

func (b *pairsBuilder) writePair(br *branch, p *jsonParser, t *Tree, level int) {
	if !br.pair.File {
		p.add(br.name, br.pair.Text, Text)
		p.open(level)
		return
	}
	if t.sizes == nil {
		t.sizes = map[Place]int64{}
	}
	t.sizes[Place(len(p.values))] = br.pair.Size
	p.add(br.name, br.pair.Text, File)
}

// cutBrackets splits fields[email][value] into fields, email and value. It returns any other name whole.
func cutBrackets(name string) (first string, inner []string) {
	whole := dropNUL(name)
	first, rest, found := strings.Cut(whole, "[")
	if !found || first == "" || !strings.HasSuffix(rest, "]") {
		return whole, nil
	}
	inner = strings.Split(rest[:len(rest)-1], "][")
	if len(inner) > MaxDepth-2 || slices.ContainsFunc(inner, func(s string) bool { return strings.ContainsAny(s, "[]") }) {
		return whole, nil
	}
	return first, inner
}
