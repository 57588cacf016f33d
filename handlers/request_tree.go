package handlers

import (
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// readTree makes the tree of a call that was read by a mapping, or that was refused because no address was found in its nested data, before
// anything is masked. The payload of other calls is shown as lines.
func (t *story) readTree() {
	missing := t.row.Outcome == models.OutcomeNoAddress && t.body.Encoding == intake.EncodingJSON
	if t.body.Mapped == nil && !missing || t.body.Payload == "" {
		return
	}
	tree, err := intake.LoggedTree(t.row, t.body)
	if err != nil || tree == nil {
		return
	}
	if t.body.Mapped == nil {
		t.readUnmapped(tree)
		return
	}
	var titles []senders.Title
	if s := senders.FindSender(t.body.Mapped.Sender); s != nil {
		titles = s.Titles
	}
	t.places = map[string]string{}
	marks := t.fatesIn(func(path string) []senders.Place {
		p, err := senders.ParsePath(path)
		if err != nil {
			return nil
		}
		found := tree.Find(p)
		for _, at := range found {
			if title := tree.TitleOf(titles, at); title != "" {
				t.places[path] = "the answer to “" + models.Shorten(views.Visible(title), 100) + "”"
			} else if name, holder := tree.Name(at), holderName(path); name != "" && holder != "" {
				t.places[path] = views.Visible(name) + " in " + views.Visible(holder)
			}
		}
		return found
	})
	for _, at := range tree.Find(t.deliveryPath()) {
		if marks.hints[at] == "" && tree.Text(at) == t.body.Mapped.DeliveryID {
			marks.hints[at] = "tells repeats apart"
			if marks.fates[at] == "" {
				marks.fates[at] = "used"
			}
		}
	}
	for at := range tree.Children(senders.Root) {
		if used := t.usedFor(tree.Name(at)); used != "" && marks.fates[at] == "" {
			marks.hints[at], marks.fates[at] = used, "used"
		}
	}
	t.noteUnasked(tree, marks)
	shown := showTree(tree, titles, marks, false)
	t.tree = &shown
}

// readUnmapped shows a refused call with nested data as a tree, with what looks like the address.
func (t *story) readUnmapped(tree *senders.Tree) {
	flat := true
	for at := range tree.Children(senders.Root) {
		kind := tree.Kind(at)
		flat = flat && kind != senders.Object && (kind != senders.List || tree.PlainList(at))
	}
	if flat {
		return
	}
	var titles []senders.Title
	if t.looksLike != nil {
		titles = t.looksLike.Titles
	}
	marks := treeMarks{hints: map[senders.Place]string{}}
	for _, at := range tree.Addresses(maxShownAddresses) {
		marks.hints[at] = "looks like the address"
	}
	shown := showTree(tree, titles, marks, false)
	t.tree = &shown
}

// maxShownAddresses is how many values of a refused call are marked as looking like the address.
const maxShownAddresses = 3

// deliveryPath returns where the webhook finds the ids of deliveries, zero if that is no place of a call.
func (t *story) deliveryPath() senders.Path {
	if t.settings.Mapping == nil || t.body.Mapped.DeliveryID == "" {
		return senders.Path{}
	}
	return t.settings.Mapping.DeliveryID.Path
}

// fatesIn returns the marks of the values of a call that was read by a mapping. find returns the values at a path.
func (t *story) fatesIn(find func(path string) []senders.Place) treeMarks {
	marks := treeMarks{to: map[senders.Place][]string{}, hints: map[senders.Place]string{}, fates: map[senders.Place]string{}}
	for _, f := range t.body.Fields {
		if f.MergeTag == "" || f.Key == "" {
			continue
		}
		for _, at := range find(f.Key) {
			marks.to[at] = append(marks.to[at], f.Label)
			marks.fates[at] = treeFate(f.Fate)
		}
	}
	if !t.row.Outcome.Idle() {
		for _, at := range find(t.body.EmailKey) {
			marks.to[at], marks.fates[at] = append(marks.to[at], "E-mail address"), "stored"
			if t.outcome().Reached == views.ReachedAddress {
				marks.fates[at] = "refused"
			}
		}
	}
	for _, c := range t.body.Mapped.Conditions {
		for _, path := range append([]string{c.Path}, c.Or...) {
			for _, at := range find(path) {
				marks.hints[at] = "which calls count"
				if marks.fates[at] == "" {
					marks.fates[at] = "used"
				}
			}
		}
	}
	return marks
}

// usedFor says what the webhook reads a field for that it does not keep, "" for nothing.
func (t *story) usedFor(name string) string {
	switch answers := t.settings.Answering(); {
	case answers.TrapField != "" && name == answers.TrapField:
		return "only robots fill it in"
	case name == intake.RedirectKey && len(answers.AllowedOrigins) > 0:
		return "the page to go to"
	}
	return ""
}

// holderName returns the name before the last one of a path of plain names, "" if there is none.
func holderName(path string) string {
	if strings.ContainsAny(path, "[\"") {
		return ""
	}
	names := strings.Split(path, ".")
	if len(names) < 2 {
		return ""
	}
	return names[len(names)-2]
}

// shownTree returns the tree, or nil if another view of the payload was chosen.
func (t *story) shownTree() *views.RequestTree {
	if show := t.visit.Query("show"); t.tree == nil || show == "raw" || show == "headers" {
		return nil
	}
	return &views.RequestTree{Nodes: t.tree.nodes, More: t.tree.more, Unread: t.body.Mapped == nil}
}

// treeFate returns the mark of a value in a tree.
func treeFate(f intake.Fate) string {
	switch f {
	case intake.FateStored, intake.FateDefault:
		return "stored"
	case intake.FateUnchanged, intake.FateLeft:
		return "same"
	case intake.FateRefused:
		return "refused"
	}
	return "none"
}

// maskTree masks the values of a tree, the titles, which the sender wrote, and names that do not look like names.
func maskTree(nodes []views.TreeNode, names fieldNames) {
	for i := range nodes {
		n := &nodes[i]
		if !strings.HasPrefix(n.Name, "[") {
			n.Name = names.shown(n.Name, mask)
		}
		n.Title = ""
		if n.Children == nil {
			n.Value = mask
		}
		maskTree(n.Children, names)
	}
}
