package models

import "time"

// Show formats a stored value for people: "1,250", "Yes", "2 May 1990", a country's name, choices separated by commas. A
// choice that contains a comma is put in quotation marks. Instants use the time zone where; nil is UTC. A value not in
// its stored form stays unchanged.
func (m MergeTag) Show(stored string, where *time.Location) string {
	if where == nil {
		where = time.UTC
	}
	if show := m.Type.row().show; show != nil {
		return show(stored, where)
	}
	return stored
}
