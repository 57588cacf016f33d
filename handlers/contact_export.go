package handlers

import (
	"bufio"
	"context"
	"encoding/csv"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
)

// contactsExport sends the contacts that match the list's filter as CSV, newest first. It begins with a byte-order mark, so that spreadsheet
// programs read accents right, unless ?bom=0 is given. ?columns=list has the columns of the person's list instead of everything. Repeated ?id= are
// ticked contacts, without ?all=.
func (s *Server) contactsExport(v *visit) error {
	ctx, workspace := v.UserContext(), v.Workspace.ID
	q, err := v.contactQuery(v.Query)
	if err != nil {
		return err
	}
	which := q.wordsKept()
	if ids := v.queryAll("id"); len(ids) > 0 && v.Query("all") == "" {
		q.filter, which = store.ContactFilter{IDs: readIDs(ids)}, "ticked in the list"
	}
	filter, err := s.DB.ResolveFilter(ctx, workspace, q.filter)
	if err != nil {
		return models.In("contact export: filter", err)
	}
	columns, mergeTags, err := v.contactColumns()
	if err != nil {
		return err
	}
	head, row := models.ExportHead(mergeTags), func(c models.ListedContact) []string { return models.ExportRow(c, mergeTags) }
	if v.Query("columns") == "list" {
		head, row = models.ExportColumnsHead(columns), func(c models.ListedContact) []string { return models.ExportColumnsRow(c, columns, mergeTags) }
	}
	newest, err := s.DB.NewestContact(ctx, workspace)
	if err != nil {
		return models.In("contact export: newest contact", err)
	}
	note := func() error {
		return models.In("contact export: audit log", s.DB.NoteExport(ctx, workspace, v.User.ID, models.ActionContactsExported, which, s.now()))
	}
	marked := v.Query("bom") != "0"
	return v.stream(v.fileName("contacts", "csv"), "text/csv; charset=utf-8", note, func(w *bufio.Writer, step step) error {
		if marked {
			if _, err := w.WriteString(byteOrderMark); err != nil {
				return err
			}
		}
		file := csv.NewWriter(w)
		if err := file.Write(head); err != nil {
			return err
		}
		for before := newest + 1; before > 0; {
			err := step(func(ctx context.Context) error {
				found, next, err := s.DB.ExportStep(ctx, workspace, filter, before)
				if err != nil {
					return models.In("contact export: next contacts", err)
				}
				for _, c := range found {
					if err := file.Write(row(c)); err != nil {
						return err
					}
				}
				before = next
				file.Flush()
				return file.Error()
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// fileName names a download by its content, the workspace and today's date there.
func (v *visit) fileName(what, ending string) string {
	return what + "-" + v.Workspace.Slug + "-" + v.server.now().In(v.Workspace.Location()).Format(time.DateOnly) + "." + ending
}
