package senders

import (
	"cmp"
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
	b := pairsBuilder{branches: make([]branch, 1, 2*len(pairs)+16), items: make(map[itemKey]int32, bracketed(pairs))}
	for i := range pairs {
		b.add(&pairs[i])
	}
	p := jsonParser{values: make([]value, 0, len(b.branches))}
	t := &Tree{form: true}
	b.write(0, &p, t, 0)
	t.values = p.values
	return t
}

// bracketed counts the pairs whose names have brackets.
func bracketed(pairs []Pair) (n int) {
	for i := range pairs {
		if strings.HasSuffix(pairs[i].Name, "]") {
			n++
		}
	}
	return n
}

// pairsBuilder collects the pairs by their names. Names with the same beginning are in one branch.
type pairsBuilder struct {
	branches []branch          // the first is the whole form
	items    map[itemKey]int32 // those whose name is an index as a number is written
	named    map[branchKey]int32
	inner    []string // what cutBrackets returned last
}

// branch is a value, or what several names have in common.
type branch struct {
	name  string
	pair  *Pair // nil for one that holds others
	index int32 // that the name is, in a list
	next  int32 // the index that an empty pair of brackets gets here
	words bool  // a name inside is not an index

	first, last int32 // of the branches that it holds; 0 for none
	after       int32 // the next one in the branch that holds it; 0 for none
}

// itemKey holds no pointer: a large form has tens of thousands, which the garbage collector need not look at.
type itemKey struct{ in, index int32 }

type branchKey struct {
	in   int32
	name string
}

// add adds one pair.
func (b *pairsBuilder) add(p *Pair) {
	name := b.cutBrackets(p.Name)
	at, index := int32(0), int32(0)
	for i := -1; ; i++ {
		if i >= 0 {
			name, index = b.index(at, b.inner[i])
		}
		if i == len(b.inner)-1 {
			b.put(at, branch{name: name, index: index, pair: p})
			return
		}
		at = b.inside(at, name, index)
	}
}

// index returns the name of an item of the branch at, and the index that it is. Empty brackets get the index after the highest one.
func (b *pairsBuilder) index(at int32, name string) (string, int32) {
	in := &b.branches[at]
	if name == "" {
		name = strconv.Itoa(int(in.next))
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
func indexOf(name string) (int32, bool) {
	if name == "" || len(name) > 9 {
		return 0, false
	}
	i := int32(0) // nine digits always fit
	for _, c := range []byte(name) {
		if !isDigit(c) {
			return 0, false
		}
		i = 10*i + int32(c-'0')
	}
	return i, true
}

// inside returns the branch of that name inside the branch at.
func (b *pairsBuilder) inside(at int32, name string, index int32) int32 {
	if last := b.branches[at].last; last != 0 && b.branches[last].pair == nil && b.branches[last].name == name {
		return last
	}
	if digit := name != "" && isDigit(name[0]) && (name[0] != '0' || name == "0"); digit && at != 0 {
		if _, is := indexOf(name); is {
			child, ok := b.items[itemKey{at, index}]
			if !ok {
				child = b.put(at, branch{name: name, index: index})
				b.items[itemKey{at, index}] = child
			}
			return child
		}
	}
	key := branchKey{at, name}
	child, ok := b.named[key]
	if !ok {
		if b.named == nil {
			b.named = map[branchKey]int32{}
		}
		child = b.put(at, branch{name: name, index: index})
		b.named[key] = child
	}
	return child
}

func (b *pairsBuilder) put(at int32, child branch) int32 {
	n := int32(len(b.branches))
	b.branches = append(b.branches, child)
	in := &b.branches[at]
	if in.last == 0 {
		in.first = n
	} else {
		b.branches[in.last].after = n
	}
	in.last = n
	return n
}

// write adds the branch to the tree, inside levels of others.
func (b *pairsBuilder) write(at int32, p *jsonParser, t *Tree, level int) {
	br := &b.branches[at]
	if br.pair != nil {
		b.writePair(br, p, t, level)
		return
	}
	place := len(p.values)
	p.add(br.name, "", Object)
	if at != 0 && !br.words {
		p.values[place].kind = List
		b.sort(br)
	}
	for child := br.first; child != 0; child = b.branches[child].after {
		b.write(child, p, t, level+1)
	}
	p.close(place, true)
}

// sort brings the branches inside a list into the order of their indexes.
func (b *pairsBuilder) sort(br *branch) {
	sorted, before := true, int32(0)
	for child := br.first; child != 0 && sorted; child = b.branches[child].after {
		sorted, before = before <= b.branches[child].index, b.branches[child].index
	}
	if sorted {
		return
	}
	var inside []int32
	for child := br.first; child != 0; child = b.branches[child].after {
		inside = append(inside, child)
	}
	slices.SortStableFunc(inside, func(x, y int32) int { return cmp.Compare(b.branches[x].index, b.branches[y].index) })
	br.first, br.last = inside[0], inside[len(inside)-1]
	for i, child := range inside {
		b.branches[child].after = 0
		if i > 0 {
			b.branches[inside[i-1]].after = child
		}
	}
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

// cutBrackets splits fields[email][value]: it returns fields, and email and value in b.inner. It returns any other name whole.
func (b *pairsBuilder) cutBrackets(name string) (first string) {
	b.inner = b.inner[:0]
	whole := dropNUL(name)
	first, rest, found := strings.Cut(whole, "[")
	if !found || first == "" || !strings.HasSuffix(rest, "]") {
		return whole
	}
	for part := range strings.SplitSeq(rest[:len(rest)-1], "][") {
		if len(b.inner) == MaxDepth-2 || strings.IndexByte(part, '[') >= 0 || strings.IndexByte(part, ']') >= 0 {
			b.inner = b.inner[:0]
			return whole
		}
		b.inner = append(b.inner, part)
	}
	return first
}
