package handlers

import (
	"fmt"
	"slices"

	"campaignlark/models"
	"campaignlark/views"
)

// contactColumns returns the columns that the person has chosen for the list of contacts, and the workspace's merge tags.
func (v *visit) contactColumns() ([]models.ContactColumn, []models.MergeTag, error) {
	mergeTags, err := v.server.DB.MergeTags(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return nil, nil, models.In("contact columns: merge tags", err)
	}
	own, err := v.workspaces()
	stored := ""
	for _, w := range own {
		if w.ID == v.Workspace.ID {
			stored = w.ContactColumns
		}
	}
	return models.ReadColumns(stored, mergeTags), mergeTags, models.In("contact columns: chosen ones", err)
}

// columnOptions lists all columns to choose from.
func columnOptions(chosen []models.ContactColumn, mergeTags []models.MergeTag) (options []views.Option) {
	for _, c := range models.AllColumns(mergeTags) {
		options = append(options, views.Option{Value: string(c), Label: columnLabel(c, mergeTags), Chosen: slices.Contains(chosen, c)})
	}
	return options
}

func columnLabel(c models.ContactColumn, mergeTags []models.MergeTag) string {
	for _, t := range mergeTags {
		if c == models.FieldColumn(t.Key) {
			return t.Label
		}
	}
	return map[models.ContactColumn]string{models.ColumnStatus: "Status", models.ColumnTags: "Tags", models.ColumnChanged: "Last changed", models.ColumnCreated: "Created"}[c]
}

// contactColumnsSet stores the columns that the person has chosen, and returns to the list.
func (s *Server) contactColumnsSet(v *visit) error {
	q, err := v.contactQuery(func(name string, _ ...string) string { return v.Form(name) })
	if err != nil {
		return err
	}
	mergeTags, err := s.DB.MergeTags(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("contact columns: merge tags", err)
	}
	chosen := []models.ContactColumn{}
	for _, c := range v.FormAll("column") {
		chosen = append(chosen, models.ContactColumn(c))
	}
	chosen = models.CleanColumns(chosen, mergeTags)
	list := v.path("contacts") + q.encoded()
	if len(chosen) > models.MaxContactColumns {
		text := fmt.Sprintf("Please choose at most %d columns, so that they fit on the page. You chose %d, and nothing was changed.", models.MaxContactColumns, len(chosen))
		if err := v.flash(views.Flash{Kind: views.KindWarn, Text: text}); err != nil {
			return err
		}
		return v.Redirect(list, 303)
	}
	if v.Form("do") == "usual" {
		chosen = nil
	} else if chosen == nil {
		chosen = []models.ContactColumn{}
	}
	if err := s.DB.SetContactColumns(v.UserContext(), v.Workspace.ID, v.User.ID, chosen); err != nil {
		return models.In("contact columns: store them", err)
	}
	return v.done(list, "You see these columns from now on. Other people keep theirs.")
}
