package senders

import (
	"maps"
	"slices"

	"campaignlark/models"
)

// MaxIgnored limits the values that Ignored names. CONTRACT "What each type does".
const MaxIgnored = 200

// maxNearest is how many values are named that are most like one that was not found, for each of maxNearestPaths paths.
const maxNearest, maxNearestPaths = 5, 3

// Result is what a mapping makes of one call.
type Result struct {
	Conditions []Check  // one for each condition, in order. That of SkipNoAddress is the last
	Address    Found    // its Key is models.EmailKey. A NUL in it is kept, so that a broken address does not become another one
	Fields     []Found  // the fields for which a path found something, by key
	DeliveryID string   // the text at its path, "" for none. Apply does not read headers
	Missed     []Missed // paths that found nothing, those of the address first
	Own        []Member // with AlsoKeys: plain values and lists at the top that no path asked for
	TooLarge   bool     // the call and the mapping were too large together: some paths were not followed to their end

	tree  *Tree
	asked []bool // by place: a path asked for it, or it is in Own
}

// Found is a value that a path found.
type Found struct {
	Key   string
	Path  Path
	As    As
	At    []Place
	Sent  models.Given // as it stood in the call
	Value models.Given // after its reading. Its Shape is List if there are several for a field of one: see One
	Wrong string       // a sentence if the value does not fit its reading. Value is then as it was sent
}

// IsFound reports whether a path found something.
func (f Found) IsFound() bool { return len(f.At) > 0 }

// One returns the value for a field that takes only one: of several the first that is not blank, or the last one if a form gave a
// name several times.
func (f Found) One() models.Given {
	if f.Value.Shape != models.List || len(f.Value.Texts) == 0 {
		return f.Value
	}
	i := slices.IndexFunc(f.Value.Texts, func(text string) bool { return !models.IsBlank(text) })
	return models.Text(f.Value.Texts[max(i, 0)])
}

// Check is a condition and whether the call met it.
type Check struct {
	Condition
	Or    []Path // of the condition that the call has an address: the other places of the address
	Met   bool
	At    []Place
	Stood []string // the texts that stood there
}

// Missed is a path that found nothing.
type Missed struct {
	Key     string // of the merge tag, or models.EmailKey
	Path    Path
	Nearest []Path // of the address only: where the call has e-mail addresses, then names that are alike
}

// Member is a value at the top of the payload.
type Member struct {
	Key   string
	At    Place
	Value models.Given
}

// Ignored is a value that no path asked for. Path is zero if no path leads there.
type Ignored struct {
	Path Path
	At   Place
}

// Unmet returns the first condition that the call did not meet, or nil. Such a call changes nothing.
func (r Result) Unmet() *Check {
	for i := range r.Conditions {
		if !r.Conditions[i].Met {
			return &r.Conditions[i]
		}
	}
	return nil
}

// Apply reads a call by the mapping. It looks at a bounded number of values, whatever the tree and the mapping are.
func (m Mapping) Apply(t *Tree) Result {
	a := newApplier(t)
	for _, c := range m.OnlyWhen {
		a.result.Conditions = append(a.result.Conditions, a.check(c, a.find(c.Path)))
	}
	a.result.Address = a.first(models.EmailKey, sourcesOf(m.Address))
	if m.SkipNoAddress && len(m.Address) > 0 {
		a.result.Conditions = append(a.result.Conditions, Check{Condition: Condition{Path: m.Address[0], Set: true}, Or: m.Address[1:],
			Met: !a.result.Address.Value.IsBlank(), At: a.result.Address.At})
	}
	for _, key := range slices.Sorted(maps.Keys(m.Fields)) {
		found := a.first(key, m.Fields[key])
		if found.IsFound() {
			found.Value.Texts = cleaned(found.Value.Texts)
			a.result.Fields = append(a.result.Fields, found)
		}
	}
	id, _ := a.take(m.DeliveryID.Path, a.find(m.DeliveryID.Path))
	if !models.IsBlank(id.Last()) {
		a.result.DeliveryID = models.ValidText(id.Last())
	}
	a.result.TooLarge = a.left < 0
	if a.result.Address.Value.IsBlank() {
		a.nameNearest()
	}
	if m.AlsoKeys {
		a.takeOwn()
	}
	return a.result
}

// NoAddress reports whether a call has no e-mail address: nothing, or nothing but blanks, stands where the mapping looks for it, and if
// no place of the address is in the call at all, the call has no e-mail address elsewhere either. empty is the place that the call has
// without a value; it is zero if there is none.
func (m Mapping) NoAddress(t *Tree) (empty Path, none bool) {
	a := newApplier(t)
	found := a.first(models.EmailKey, sourcesOf(m.Address))
	switch {
	case !found.Value.IsBlank() || a.left < 0:
		return Path{}, false
	case found.IsFound():
		return found.Path, true
	}
	return Path{}, len(t.Addresses(1)) == 0
}

// Read returns what a single source finds in a call, with the key of the field.
func (s Source) Read(key string, t *Tree) Found {
	a := newApplier(t)
	return a.first(key, []Source{s})
}

func sourcesOf(paths []Path) []Source {
	sources := make([]Source, len(paths))
	for i, p := range paths {
		sources[i].Path = p
	}
	return sources
}

func cleaned(texts []string) []string {
	for i, text := range texts {
		texts[i] = dropNUL(text)
	}
	return texts
}

func newApplier(t *Tree) applier {
	return applier{newFinder(t), Result{tree: t, asked: make([]bool, t.Len())}}
}

type applier struct {
	*finder
	result Result
}

// find is finder.find, and notes that a path asked for the places.
func (a *applier) find(p Path) []Place {
	at := a.finder.find(p)
	for _, place := range at {
		a.result.asked[place] = true
	}
	return at
}

// take returns what the places of a path hold. It reports false if that is too much.
func (f *finder) take(p Path, at []Place) (models.Given, bool) {
	for _, place := range at {
		if f.left -= int(f.end(place) - place); f.left < 0 {
			return models.Given{}, false
		}
	}
	return f.given(p, at), true
}

// maxStood is how many texts a Check keeps of what stood at its path.
const maxStood = 10

// check compares what stands at the places that the path of a condition finds.
func (f *finder) check(c Condition, at []Place) Check {
	value, _ := f.take(c.Path, at)
	check := Check{Condition: c, At: at, Met: c.Set && len(at) > 0 && !value.IsBlank()}
	for _, text := range value.Texts {
		if f.left -= len(c.In); f.left < 0 {
			break
		}
		text = dropNUL(text)
		check.Met = check.Met || slices.Contains(c.In, text)
		if len(check.Stood) < maxStood {
			check.Stood = append(check.Stood, text)
		}
	}
	return check
}

// first returns the value of the first source that finds one that is not blank, else the first blank one.
func (a *applier) first(key string, sources []Source) (blank Found) {
	for _, s := range sources {
		at := a.find(s.Path)
		value, ok := a.take(s.Path, at)
		if len(at) == 0 || !ok {
			a.result.Missed = append(a.result.Missed, Missed{Key: key, Path: s.Path})
			continue
		}
		found := Found{Key: key, Path: s.Path, As: s.As, At: at, Sent: value, Value: value}
		if found.Value.IsBlank() {
			if !blank.IsFound() {
				blank = found
			}
			continue
		}
		a.read(&found)
		return found
	}
	return blank
}

// read reads a value that was found as its source says.
func (a *applier) read(found *Found) {
	if found.As == AsIs || found.Value.Shape == models.Nested {
		return
	}
	texts, err := a.readAll(found)
	if err != nil {
		found.Wrong = err.Error()
		return
	}
	if found.As == AsSemicolon || found.As == AsPipe {
		found.Value.Shape = models.List
	}
	found.Value = models.Given{Texts: texts, Shape: found.Value.Shape, Bare: found.Value.Bare && found.As == AsDecimalComma}
}

// readingCost is how many values could be looked at in the time of one reading.
const readingCost = 50

// readAll returns the texts that were found as their source says.
func (a *applier) readAll(found *Found) (texts []string, err error) {
	if found.As == AsOptionText {
		for _, at := range found.At {
			for _, id := range a.Given(at).Texts {
				text, err := a.optionText(id, at)
				if err != nil {
					return nil, err
				}
				texts = append(texts, text)
			}
		}
		return texts, nil
	}
	for _, text := range found.Value.Texts {
		if a.left -= readingCost + len(text)/4; a.left < 0 {
			return nil, misfit("too_large", "This call holds too much to be read so.")
		}
		read, err := found.As.read(text)
		if err != nil {
			return nil, err
		}
		texts = append(texts, read...)
	}
	return texts, nil
}

// nameNearest adds to the first paths of the address what the call has that is most like them: texts that are e-mail addresses, then
// names that are alike.
func (a *applier) nameNearest() {
	f := newFinder(a.Tree)
	addresses := f.addressPaths(maxNearest)
	for i := range a.result.Missed[:min(len(a.result.Missed), maxNearestPaths)] {
		missed := &a.result.Missed[i]
		if missed.Key != models.EmailKey {
			break
		}
		missed.Nearest = slices.Clone(addresses)
		for _, p := range f.nearest(missed.Path, maxNearest) {
			if len(missed.Nearest) < maxNearest && !slices.ContainsFunc(missed.Nearest, p.Equal) {
				missed.Nearest = append(missed.Nearest, p)
			}
		}
	}
}

// takeOwn adds the plain values and lists at the top that no path asked for.
func (a *applier) takeOwn() {
	for at := range a.Children(Root) {
		if k := a.Kind(at); a.result.isAsked(at) || k == Object || k == List && !a.PlainList(at) {
			continue
		}
		value := a.Given(at)
		value.Texts = cleaned(value.Texts)
		a.result.Own = append(a.result.Own, Member{a.Name(at), at, value})
		a.result.asked[at] = true
	}
}

// isAsked reports whether a path asked for a value or something in it.
func (r *Result) isAsked(at Place) bool { return slices.Contains(r.asked[at:r.tree.end(at)], true) }

// Ignored returns the values that no path asked for and that are not in Own: at most MaxIgnored of them, and how many more there are.
func (r *Result) Ignored() (values []Ignored, more int) {
	f := newFinder(r.tree)
	next, until := Root, Root // the values up to until are in one that a path asked for
	for at, above := range f.leaves() {
		for ; next < f.end(at); next++ {
			if r.asked[next] {
				until = max(until, f.end(next))
			}
		}
		switch {
		case at < until:
		case len(values) == MaxIgnored:
			more++
		default:
			path, _ := f.suggest(above, at)
			values = append(values, Ignored{path, at})
		}
	}
	return values, more
}
