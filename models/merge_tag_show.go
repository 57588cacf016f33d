package models

import "time"

// Show returns a stored value as people read it: "1,250", "Yes", "2 May 1990", a country by its name, choices with
// commas between them, one that holds a comma itself in quotation marks. An instant is shown in the time zone where; nil
// is UTC. A value that is not in its stored form is shown as it is.
func (m MergeTag) Show(stored string, where *time.Location) string {
	if where == nil {
		where = time.UTC
	}
	if show := m.Type.row().show; show != nil {
		return show(stored, where)
	}
	return stored
}
