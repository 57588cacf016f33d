package senders

import "slices"

// Title says where the title of an item of a list stands: what a person calls it. With From it stands in another list, whose items
// have the same text under Match as this one under By.
type Title struct {
	List  Path   `json:"list"`
	Title string `json:"title"` // the member that is the title
	From  Path   `json:"from,omitzero"`
	By    Path   `json:"by,omitzero"`     // in the item
	Match string `json:"match,omitempty"` // in the other list
}

// TitleOf returns what a person calls the item of a list that holds the value, or "": by the titles of a sender, else by the member
// of the item that names it best for a person.
func (t *Tree) TitleOf(titles []Title, at Place) string {
	f := newFinder(t)
	if at > Root && t.Opened(at-1) {
		at--
	}
	above := append(f.above(at), at)
	for i := len(above) - 1; i > 0; i-- {
		list, item := above[i-1], above[i]
		for _, title := range titles {
			if slices.Contains(f.find(title.List), list) {
				return f.titleOf(title, item)
			}
		}
		if f.Kind(f.holder(list)) != List {
			continue
		}
		for _, name := range []string{"label", "question", "title", "name", "key", "ref"} {
			if member := f.member(name, item); member >= 0 && member != at && f.Kind(member) == Text {
				return f.Text(member)
			}
		}
	}
	return ""
}

func (f *finder) titleOf(title Title, item Place) string {
	if title.From.IsZero() {
		return f.memberText([]string{title.Title}, item).text
	}
	by := f.memberText(title.By.names(), item)
	for _, list := range f.find(title.From) {
		for other := range f.Children(list) {
			if by.given && !f.spent() && f.memberText([]string{title.Match}, other) == by {
				return f.memberText([]string{title.Title}, other).text
			}
		}
	}
	return ""
}

// TitleAt returns what a person calls the item of a list that a path chooses by a member, although the payload does not have the item: the
// question to which no answer was given. Only a sender that writes titles apart from the items has it. It is "" if there is none, or if several
// titles fit.
func (t *Tree) TitleAt(titles []Title, p Path) (title string) {
	f := newFinder(t)
	for _, of := range titles {
		n := len(of.List.steps)
		if of.From.IsZero() || len(p.steps) <= n || !(Path{steps: p.steps[:n]}).Equal(of.List) || p.steps[n].kind != stepPick {
			continue
		}
		pick := p.steps[n]
		found := 0
		for _, list := range f.find(of.From) {
			for other := range f.Children(list) {
				if !f.spent() && f.memberText(pick.member[len(pick.member)-1:], other) == text(pick.text) {
					title, found = f.memberText([]string{of.Title}, other).text, found+1
				}
			}
		}
		if found == 1 {
			return title
		}
	}
	return ""
}
