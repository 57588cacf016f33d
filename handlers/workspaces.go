package handlers

import (
	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// workspaceList lists the person's workspaces, and their deleted ones that are still being removed. With ?part=progress it sends
// only the part that changes.
func (s *Server) workspaceList(v *visit) error {
	going, err := s.DB.RemovalsOf(v.UserContext(), v.User.ID)
	if err != nil {
		return models.In("workspaces: removals", err)
	}
	var m views.WorkspacesModel
	for _, r := range going {
		m.Going = append(m.Going, views.JobRow{Name: "Removing “" + r.Name + "”", Running: true, Done: r.Done, Total: r.Total})
	}
	if v.Query("part") == "progress" {
		return v.show(views.WorkspacesGoing(m))
	}
	all, err := v.workspaces()
	if err != nil {
		return err
	}
	for _, w := range all {
		m.Workspaces = append(m.Workspaces, views.WorkspaceRow{Workspace: views.Workspace{Name: w.Name, Slug: w.Slug}, Role: w.Role.Word(), TimeZone: w.TimeZone, Created: w.CreatedAt})
	}
	if m.Page, err = v.ownPage(views.SectionWorkspaces, "Your workspaces"); err != nil {
		return err
	}
	return v.show(views.WorkspacesPage(m))
}

// workspaceNew shows the form of a new workspace.
func (s *Server) workspaceNew(v *visit) error {
	m, err := v.workspaceForm("", "", "UTC", nil)
	if err != nil {
		return err
	}
	return v.show(views.WorkspaceFormPage(m))
}

// workspaceCreate creates a workspace with the person as its admin.
func (s *Server) workspaceCreate(v *visit) error {
	if v.refill {
		return v.workspaceAgain(nil)
	}
	w, errs, err := s.DB.CreateWorkspace(v.UserContext(), v.User.ID, models.Workspace{Name: v.Form("name"), TimeZone: v.Form("time_zone"), Slug: v.Form("slug")}, s.now())
	if err != nil {
		return models.In("workspaces: create", err)
	}
	if errs.Any() {
		return v.workspaceAgain(errs)
	}
	v.Workspace = w
	return v.done(v.path(), "The workspace %s was created. You are its admin.", w.Name)
}

func (v *visit) workspaceAgain(errs models.FieldErrors) error {
	m, err := v.workspaceForm(v.Form("name"), v.Form("slug"), v.Form("time_zone"), errs)
	if err != nil {
		return err
	}
	return v.again(views.WorkspaceFormPage(m))
}

func (v *visit) workspaceForm(name, slug, timeZone string, errs models.FieldErrors) (views.WorkspaceFormModel, error) {
	p, err := v.ownPage(views.SectionWorkspaces, "Create workspace")
	p.Failed = errs.Any()
	p.Crumbs = []views.Crumb{{Text: "Your workspaces", Href: "/workspaces"}, {Text: "Create"}}
	return views.WorkspaceFormModel{Page: p, Name: name, Slug: slug, TimeZone: timeZone, TimeZones: timeZones(v.server.now()), Errors: errs}, err
}

// workspaceAsk asks for confirmation before the workspace is deleted, and says what is lost.
func (s *Server) workspaceAsk(v *visit) error { return v.askWorkspace(fiber.StatusOK, "", nil) }

// workspaceDelete deletes the workspace if its name was typed.
func (s *Server) workspaceDelete(v *visit) error {
	if typed := v.Form("name"); models.CleanName(typed) != v.Workspace.Name {
		return v.askWorkspace(fiber.StatusUnprocessableEntity, typed, models.FieldErrors{"name": "Please type the name of the workspace, “" + v.Workspace.Name + "”, to delete it."})
	}
	if err := s.DB.DeleteWorkspace(v.UserContext(), v.Workspace, v.User.ID, s.now()); err != nil {
		return models.In("workspaces: delete", err)
	}
	return v.done("/workspaces", "The workspace %s is deleted. What was in it is being removed now.", v.Workspace.Name)
}

func (v *visit) askWorkspace(status int, typed string, errs models.FieldErrors) error {
	losses, err := v.server.DB.Losses(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("workspaces: count what is lost", err)
	}
	p, err := v.page(views.SectionSettings, "Delete workspace", views.Crumb{Text: "Workspace settings", Href: v.path("settings")}, views.Crumb{Text: "Delete"})
	if err != nil {
		return err
	}
	p.Failed = errs.Any()
	m := views.WorkspaceDeleteModel{Page: p, Name: v.Workspace.Name, Typed: typed, Errors: errs}
	for _, l := range []struct {
		n, most   int64
		one, many string
	}{{losses.Contacts, store.MostLosses, "contact", "contacts"}, {losses.Webhooks, store.MostLosses, "webhook", "webhooks"},
		{losses.Requests, models.ExactCount, "request", "requests"}, {losses.Segments, store.MostLosses, "segment", "segments"},
		{losses.Members, store.MostLosses, "member", "members"}} {
		m.Losses = append(m.Losses, views.PluralUpTo(l.n, l.most, l.one, l.many))
	}
	return campaignlark.Render(v.Ctx, status, views.WorkspaceDeletePage(m))
}
