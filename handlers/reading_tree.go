package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// Limits of what a page shows of a payload.
const (
	maxTreeNodes  = 600
	maxTreePlaces = 200 // in a list of places
	maxTreeText   = 300 // characters of a value
)

// treeMarks is what a tree says of some of its values.
type treeMarks struct {
	to    map[senders.Place][]string // labels of the fields that take it
	hints map[senders.Place]string
	fates map[senders.Place]string // nil for a sample
}

// shownTree is a payload as pages show it.
type shownTree struct {
	nodes  []views.TreeNode
	more   string // what is left out
	places []views.OptionGroup
	listed map[senders.Place]string // paths of the values in places
	words  map[senders.Place]string // what a person calls a value
	called map[string]int           // how many values in places a person calls so
}

// treeWalk makes a shownTree.
type treeWalk struct {
	tree   *senders.Tree
	titles []senders.Title
	marks  treeMarks
	list   bool            // make the list of places too
	asked  []senders.Place // for a list of places: the lists of questions whose answers stand in another list
	given  []senders.Place // and those other lists
	nodes  int
	left   int // values that are left out
	places int
	seen   int // values that are marked, or in the list of places
	out    shownTree
	groups map[string]int // by label, the index in out.places
}

// showTree shows a payload. With list it also returns its values as a list of places.
func showTree(t *senders.Tree, titles []senders.Title, marks treeMarks, list bool) shownTree {
	w := treeWalk{tree: t, titles: titles, marks: marks, list: list, groups: map[string]int{}, out: shownTree{listed: map[senders.Place]string{}, words: map[senders.Place]string{}, called: map[string]int{}}}
	for _, title := range titles {
		if list && !title.From.IsZero() {
			w.asked, w.given = append(w.asked, t.Find(title.From)...), append(w.given, t.Find(title.List)...)
		}
	}
	w.out.nodes = w.children(senders.Root, "The call itself", "", 0)
	w.tellApart()
	if w.left > 0 {
		w.out.more = "… and " + views.Plural(w.left, "more value", "more values") + ", not shown here."
	}
	return w.out
}

// children shows what an object or list holds. group is the label for its values in a list of places, and title that of the item of a
// list around it, inside which they are deep levels down.
func (w *treeWalk) children(at senders.Place, group, title string, deep int) []views.TreeNode {
	nodes, index := []views.TreeNode{}, 0
	inList := w.isList(at)
	for _, child := range w.answersFirst(at) {
		name := w.tree.Name(child)
		if inList {
			if name == "" {
				name = strconv.Itoa(index)
			}
			name = "[" + name + "]"
		}
		index++
		if w.nodes >= maxTreeNodes {
			w.left++
			continue
		}
		w.nodes++
		node := views.TreeNode{Name: views.Visible(name)}
		if !w.isBranch(child) {
			w.leaf(&node, child, group, title, deep)
			nodes = append(nodes, node)
			continue
		}
		around, inside, below := title, views.Visible(name), deep+1
		if inList {
			inside = group
			node.Title = models.Shorten(views.Visible(w.titleInside(child)), 100)
			around, below = node.Title, 0
		}
		seen := w.seen
		node.Children = w.children(child, inside, around, below)
		node.Closed = w.seen == seen
		node.Count = w.count(child, len(node.Children))
		nodes = append(nodes, node)
	}
	return nodes
}

// answersFirst returns what a value holds. A part that has only the questions of a form stands behind the parts with the answers.
func (w *treeWalk) answersFirst(at senders.Place) []senders.Place {
	all := slices.Collect(w.tree.Children(at))
	if len(w.asked) == 0 || w.isList(at) {
		return all
	}
	holds := func(child senders.Place, places []senders.Place) bool {
		return slices.ContainsFunc(places, func(p senders.Place) bool { return w.tree.Holds(child, p) })
	}
	var first, last []senders.Place
	for _, child := range all {
		if holds(child, w.asked) && !holds(child, w.given) {
			last = append(last, child)
		} else {
			first = append(first, child)
		}
	}
	return append(first, last...)
}

func (w *treeWalk) isList(at senders.Place) bool {
	return w.tree.Kind(at) == senders.List || w.tree.Opened(at) && w.tree.Kind(at+1) == senders.List
}

// isBranch reports whether a value is shown with what it holds.
func (w *treeWalk) isBranch(at senders.Place) bool {
	if w.tree.Opened(at) {
		return true
	}
	k := w.tree.Kind(at)
	if k != senders.Object && k != senders.List || w.tree.PlainList(at) {
		return false
	}
	for range w.tree.Children(at) {
		return true
	}
	return false
}

// titleInside returns what a person calls the item of a list, "" for nothing. The first part of an item may be its title, and no part is its own
// title, so the second one is asked too.
func (w *treeWalk) titleInside(at senders.Place) string {
	asked := 0
	for child := range w.tree.Children(at) {
		if title := w.tree.TitleOf(w.titles, child); title != "" || asked == 1 {
			return title
		}
		asked++
	}
	return ""
}

func (w *treeWalk) count(at senders.Place, n int) string {
	if w.isList(at) {
		return "list of " + strconv.Itoa(n)
	}
	return views.Plural(n, "part", "parts")
}

func (w *treeWalk) leaf(node *views.TreeNode, at senders.Place, group, title string, deep int) {
	node.Value, node.Void = leafText(w.tree, at)
	if node.To, node.Hint = w.marks.to[at], w.marks.hints[at]; len(node.To) > 0 || node.Hint != "" {
		w.seen++
	}
	if w.marks.fates != nil {
		if node.Fate = w.marks.fates[at]; node.Fate == "" {
			node.Fate = "none"
		}
	}
	if !w.list {
		return
	}
	words := node.Name
	if title != "" {
		words = "“" + title + "”"
	}
	w.out.words[at] = words
	if p, ok := w.tree.Suggest(at); ok {
		node.Path = p.String()
	}
	if node.Path == "" || w.places >= maxTreePlaces || node.Void && w.tree.Kind(at) != senders.File || title != "" && describes(w.tree.Name(at), deep) {
		return
	}
	w.places++
	w.seen++
	w.out.listed[at] = node.Path
	i, known := w.groups[group]
	if !known {
		i = len(w.out.places)
		w.groups[group] = i
		w.out.places = append(w.out.places, views.OptionGroup{Label: group})
	}
	w.out.places[i].Options = append(w.out.places[i].Options, views.Option{Value: node.Path, Label: words})
	w.out.called[words]++
}

// tellApart completes the list of places with what stands there.
func (w *treeWalk) tellApart() {
	at := map[string]senders.Place{}
	for place, path := range w.out.listed {
		at[path] = place
	}
	for _, group := range w.out.places {
		for i, o := range group.Options {
			group.Options[i].Label = w.out.label(o.Label, o.Value) + " — " + models.Shorten(plainText(w.tree, at[o.Value]), 60)
		}
	}
}

// label returns the words for a place in a list. If other places have the same words, it tells them apart by the path: a closed list does not
// show the label of the group.
func (t shownTree) label(words, path string) string {
	if t.called[words] <= 1 {
		return words
	}
	path = models.Shorten(views.Visible(path), 100)
	if strings.HasPrefix(words, "“") {
		return words + " (" + path + ")"
	}
	return path
}

// describes reports whether a value of an item of a list says what the item is, and not what a person answered: by its name, and how
// many levels it is inside the item.
func describes(name string, deep int) bool {
	switch strings.ToLower(name) {
	case "id", "ref", "key", "type", "ids", "refs":
		return true
	case "label", "title", "question", "name":
		return deep == 0
	}
	return false
}

// plainText writes a value without the marks of its kind.
func plainText(t *senders.Tree, at senders.Place) string {
	switch given := t.Given(at); {
	case len(given.Texts) > 0 && !models.IsBlank(strings.Join(given.Texts, "")):
		return models.NameInvisible(strings.Join(given.Texts[:min(len(given.Texts), 20)], ", "))
	case t.Kind(at) == senders.Text:
		return "empty"
	}
	text, _ := leafText(t, at)
	return text
}

// leafText writes a value as it is shown, on one line.
func leafText(t *senders.Tree, at senders.Place) (text string, void bool) {
	switch t.Kind(at) {
	case senders.Text:
		return strconv.Quote(models.Shorten(t.Text(at), maxTreeText)), false
	case senders.Number, senders.Boolean:
		return models.Shorten(t.Text(at), maxTreeText), false
	case senders.Null:
		return "null", true
	case senders.File:
		return "file " + models.Shorten(views.Visible(t.Text(at)), 60) + ", " + views.Bytes(t.Size(at)), true
	case senders.Object:
		return "{}", true
	}
	var items []string
	for item := range t.Children(at) {
		if len(items) == 20 {
			items = append(items, "…")
			break
		}
		text, _ := leafText(t, item)
		items = append(items, text)
	}
	return "[" + strings.Join(items, ", ") + "]", len(items) == 0
}
