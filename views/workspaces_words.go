package views

// removalWords describes the progress of removing a workspace: a percentage once its rows are counted, before that the current step.
func removalWords(j JobRow) string {
	switch {
	case j.Done == 0:
		return "Counting what has to be removed"
	case j.Total > 0:
		return number(min(99, j.Done*100/j.Total)) + " % done"
	}
	return number(j.Done) + " " + Plural(j.Done, "row", "rows") + " removed so far"
}
