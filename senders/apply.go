package senders

import (
	"maps"
	"slices"

	"campaignlark/models"
)

// MaxIgnored limits the values that Result.Ignored names. CONTRACT "What each type does".
const MaxIgnored = 200

// maxNearest is how many values are named that are most like one that was not found, for each of maxNearestPaths paths.
const maxNearest, maxNearestPaths = 5, 3

// Result is what a mapping makes of one call.
type Result struct {
	Conditions []Check  // one for each condition, in order
	Address    Found    // its Key is models.EmailKey. A NUL in it is kept, so that a broken address does not become another one
	Fields     []Found  // the fields for which a path found something, by key
	DeliveryID string   // what its path found, "" for none. A header is the caller's to read
	Missed     []Missed // paths that found nothing, those of the address first
	Own        []Member // with AlsoKeys: plain values and lists at the top that no path asked for
	Ignored    []Ignored
	More       int  // ignored values beyond those
	TooLarge   bool // the call and the mapping were too large together: some paths were not followed to their end
}

// Found is a value that a path found.
type Found struct {
	Key   string
	Path  Path
	As    As
	At    []Place
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
	Met   bool
	At    []Place
	Stood []string // the texts that stood there
}

// Missed is a path that found nothing.
type Missed struct {
	Key     string // of the merge tag, or models.EmailKey
	Path    Path
	Nearest []Path // of the address only: what the call has that is most like it
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
	a := applier{finder: newFinder(t)}
	for _, c := range m.OnlyWhen {
		a.check(c)
	}
	a.result.Address = a.first(models.EmailKey, sourcesOf(m.Address))
	for _, key := range slices.Sorted(maps.Keys(m.Fields)) {
		found := a.first(key, m.Fields[key])
		if found.IsFound() {
			found.Value.Texts = cleaned(found.Value.Texts)
			a.result.Fields = append(a.result.Fields, found)
		}
	}
	if at := a.find(m.DeliveryID.Path); len(at) > 0 {
		a.used = append(a.used, at...)
		a.result.DeliveryID = models.ValidText(a.given(m.DeliveryID.Path, at).Last())
	}
	a.result.TooLarge = a.left < 0
	names := newFinder(t)
	if !a.result.Address.IsFound() || a.result.Address.Value.IsBlank() {
		a.nameNearest(names)
	}
	a.rest(names, m.AlsoKeys)
	return a.result
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

type applier struct {
	*finder
	result Result
	used   []Place // places that a path asked for
}

func (a *applier) check(c Condition) {
	at := a.find(c.Path)
	a.used = append(a.used, at...)
	check := Check{Condition: c, At: at}
	for _, place := range at {
		value := a.Given(place)
		check.Stood = append(check.Stood, cleaned(value.Texts)...)
		check.Met = check.Met || c.Set && !value.IsBlank()
	}
	if !c.Set {
		check.Met = slices.ContainsFunc(check.Stood, func(text string) bool { return slices.Contains(c.In, text) })
	}
	a.result.Conditions = append(a.result.Conditions, check)
}

// first returns the value of the first source that finds one that is not blank, else the first blank one.
func (a *applier) first(key string, sources []Source) (blank Found) {
	for _, s := range sources {
		at := a.find(s.Path)
		if len(at) == 0 {
			a.result.Missed = append(a.result.Missed, Missed{Key: key, Path: s.Path})
			continue
		}
		a.used = append(a.used, at...)
		found := Found{Key: key, Path: s.Path, As: s.As, At: at, Value: a.given(s.Path, at)}
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
		read, err := found.As.read(text)
		if err != nil {
			return nil, err
		}
		texts = append(texts, read...)
	}
	return texts, nil
}

// nameNearest adds to the first paths of the address what the call has that is most like them.
func (a *applier) nameNearest(f *finder) {
	for i := range a.result.Missed[:min(len(a.result.Missed), maxNearestPaths)] {
		if missed := &a.result.Missed[i]; missed.Key == models.EmailKey {
			missed.Nearest = f.nearest(missed.Path, maxNearest)
		}
	}
}

// rest adds the values that no path asked for.
func (a *applier) rest(f *finder, alsoKeys bool) {
	slices.Sort(a.used)
	asked, until := a.used, Root // the values up to until are in one that a path asked for
	for at, above := range a.leaves() {
		for len(asked) > 0 && asked[0] <= at {
			until = max(until, a.end(asked[0]))
			asked = asked[1:]
		}
		switch inside := len(asked) > 0 && asked[0] < a.end(at); {
		case at < until, inside:
		case alsoKeys && len(above) == 1:
			value := a.Given(at)
			value.Texts = cleaned(value.Texts)
			a.result.Own = append(a.result.Own, Member{a.Name(at), at, value})
		case len(a.result.Ignored) == MaxIgnored:
			a.result.More++
		default:
			path, _ := f.suggest(above, at)
			a.result.Ignored = append(a.result.Ignored, Ignored{path, at})
		}
	}
}
