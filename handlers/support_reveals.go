package handlers

import (
	"net/url"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// revealsPath lists a person's own reveals.
const revealsPath = "/support/reveals"

// supportReveals lists the calls that the person has revealed, the newest first, with the reason of each.
func (s *Server) supportReveals(v *visit) error {
	p, err := v.supportPage(views.SectionSupport, "My reveals")
	if err != nil {
		return err
	}
	workspaces, err := s.DB.Workspaces(v.UserContext())
	if err != nil {
		return models.In("my reveals: workspaces", err)
	}
	before, _ := requestID(v.Query("before")) // one that cannot be read: the newest
	entries, err := s.DB.Reveals(v.UserContext(), v.User.ID, before)
	if err != nil {
		return models.In("my reveals: entries", err)
	}
	m := views.RevealsModel{Page: p}
	if len(entries) > store.RevealPageSize {
		entries = entries[:store.RevealPageSize]
		m.Older = withQuery(revealsPath, url.Values{"before": {entries[len(entries)-1].ID.String()}})
	}
	for _, e := range entries {
		row := views.RevealRow{At: e.At, Call: shortID(e.SubjectName), Href: supportPath + "/" + e.SubjectName}
		for _, w := range workspaces {
			if w.ID == e.WorkspaceID {
				row.Workspace, row.Zone = w.Name, besideUTC(w)
			}
		}
		for _, c := range e.Changes() {
			if c.What == "reason" {
				row.Reason = c.After
			}
		}
		m.Rows = append(m.Rows, row)
	}
	return v.show(views.RevealsPage(m))
}
