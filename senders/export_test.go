package senders

// Visits returns how many values of a tree were looked at to find a path.
func Visits(t *Tree, p Path) int {
	f := newFinder(t)
	f.find(p)
	return maxVisits - f.left
}
