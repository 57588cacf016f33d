package handlers

import (
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/google/uuid"
)

// contactsFound lists the contacts that have or had the address that was searched for, beside its calls: a contact may have none.
func (f *finder) contactsFound() (all []views.SupportContact, err error) {
	if f.query.search == "" || f.query.filter.Address == "" || f.query.cursor != (models.Cursor{}) {
		return nil, nil
	}
	found, err := f.visit.server.DB.ContactsAnywhere(f.visit.UserContext(), f.workspace.ID, f.query.filter.Address)
	for _, c := range found {
		all = append(all, views.SupportContact{Workspace: c.Workspace, Href: supportContactPath(c.Slug, c.ID), Status: string(c.Status), Added: c.CreatedAt, Former: c.Former})
	}
	return all, models.In("support: contacts with the address", err)
}

func supportContactPath(slug string, id int64) string {
	return "/support/w/" + slug + "/contacts/" + strconv.FormatInt(id, 10)
}

// supportContact shows support staff what happened to a contact outside of calls: changes, runs and messages, without anything of the person.
func (s *Server) supportContact(v *visit) error {
	ctx := v.UserContext()
	id, err := strconv.ParseInt(v.Params("id"), 10, 64)
	if err != nil {
		return models.ErrNotFound
	}
	if v.Workspace, err = s.DB.WorkspaceBySlug(ctx, v.Params("slug")); err != nil {
		return models.In("support: workspace", err)
	}
	c, err := s.DB.Contact(ctx, v.Workspace.ID, id)
	if err != nil {
		return models.In("support: contact", err)
	}
	m := views.SupportContactModel{Status: string(c.Status), Added: c.CreatedAt}
	title := "Contact " + strconv.FormatInt(id, 10)
	if m.Page, err = v.supportPage(views.SectionRequests, title, views.Crumb{Text: "Find a request", Href: supportPath}, views.Crumb{Text: v.Workspace.Name}, views.Crumb{Text: title}); err != nil {
		return err
	}
	m.Page.Beside, m.Workspace = besideUTC(v.Workspace), v.Workspace.Name
	if m.Changes, err = v.supportChanges(c); err != nil {
		return err
	}
	runs, err := v.automations().Runs(ctx, c.WorkspaceID, automations.RunFilter{ContactID: c.ID}, listedRuns)
	if err != nil {
		return models.In("support: runs of the contact", err)
	}
	if m.Runs, err = v.supportRuns(runs); err != nil {
		return err
	}
	messages, err := v.destinations().OfContact(ctx, c.WorkspaceID, c.ID, uuid.Nil, listedDeliveries)
	if err != nil {
		return models.In("support: messages about the contact", err)
	}
	m.Messages = v.supportMessages(messages, uuid.Nil)
	return v.show(views.SupportContactPage(m))
}

// supportChanges lists the newest changes of a contact that no call made. It names merge tags and tags, and no values and no members.
func (v *visit) supportChanges(c models.Contact) (all []views.SupportChange, err error) {
	found, err := v.server.DB.ContactHistory(v.UserContext(), c, store.HistoryChanges, uuid.Nil)
	if err != nil {
		return nil, models.In("support: changes of the contact", err)
	}
	mergeTags, err := v.server.DB.MergeTags(v.UserContext(), c.WorkspaceID)
	if err != nil {
		return nil, models.In("support: merge tags", err)
	}
	labels := map[string]string{}
	for _, m := range mergeTags {
		labels[m.Key] = m.Label
	}
	for _, e := range found.Changes {
		change := e.ContactChange()
		one := views.SupportChange{At: e.At, What: whatChanged(e.Action, change), Before: string(change.StatusBefore), After: string(change.StatusAfter), TagsAdded: change.TagsAdded, TagsRemoved: change.TagsRemoved}
		if change.Address {
			one.Fields = append(one.Fields, "Address")
		}
		for _, key := range change.Fields {
			if label := labels[key]; label != "" {
				key = label
			}
			one.Fields = append(one.Fields, key)
		}
		all = append(all, one)
	}
	return all, nil
}

// whatChanged says what kind of change an entry of the audit log is.
func whatChanged(action string, c models.ContactChange) string {
	switch {
	case c.Automation != 0:
		return "Automation " + c.AutomationAs
	case action == models.ActionContactCreated:
		return "Added by a member"
	case action == models.ActionContactImported:
		return "Import"
	case action == models.ActionContactExported:
		return "Exported by a member"
	case action == models.ActionContactLost:
		return "A tag or merge tag was deleted"
	case action == models.ActionContactBulk && c.Import != 0:
		return "An import was taken back"
	case action == models.ActionContactBulk && c.Job != 0:
		return "Values of earlier calls"
	case action == models.ActionContactBulk:
		return "One change of several contacts"
	}
	return "Edited by a member"
}
