package views

// removalWords says how far the removal of a workspace is: a share once its rows are counted, before that what happens.
func removalWords(j JobRow) string {
	switch {
	case j.Done == 0:
		return "Counting what has to be removed"
	case j.Total > 0:
		return number(min(99, j.Done*100/j.Total)) + " % done"
	}
	return number(j.Done) + " " + Plural(j.Done, "row", "rows") + " removed so far"
}
