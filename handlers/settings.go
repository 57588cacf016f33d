package handlers

import (
	"cmp"
	"errors"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"
)

// settings shows the workspace's name and time zone. Admins get a form.
func (s *Server) settings(v *visit) error {
	m, err := v.settingsForm(v.Workspace, v.editWorkspace(), nil)
	if err != nil {
		return err
	}
	return v.show(views.SettingsPage(m))
}

// settingsUpdate changes the workspace's name and time zone. The slug, part of every URL, does not change.
func (s *Server) settingsUpdate(v *visit) error {
	return untilSeen(func() error {
		err := s.updateSettings(v)
		if errors.Is(err, models.ErrChanged) {
			v.own = nil // read it again
			_, lost := s.enterWorkspace(v, v.Workspace.Slug)
			err = cmp.Or(lost, err)
		}
		return err
	})
}

func (s *Server) updateSettings(v *visit) error {
	e, w := v.editWorkspace(), v.Workspace
	w.Name, w.TimeZone = e.text("name"), e.text("time_zone")
	if v.refill || e.clashes() {
		return v.settingsAgain(w, e, nil)
	}
	errs, err := s.DB.UpdateWorkspace(v.UserContext(), v.Workspace, w, v.User.ID, segments.RebuildDates, s.now())
	if err != nil {
		return models.In("settings: store", err)
	}
	if errs.Any() {
		return v.settingsAgain(w, e, errs)
	}
	return v.done(v.path("settings"), "Saved.")
}

// editWorkspace compares the posted form with the workspace.
func (v *visit) editWorkspace() editForm {
	return v.edit(editField{name: "name", label: "Name", stored: []string{v.Workspace.Name}, posted: v.FormAll("name")},
		editField{name: "time_zone", label: "Time zone", stored: []string{v.Workspace.TimeZone}, posted: v.FormAll("time_zone")})
}

func (v *visit) settingsAgain(w models.Workspace, e editForm, errs models.FieldErrors) error {
	m, err := v.settingsForm(w, e, errs)
	if err != nil {
		return err
	}
	return v.again(views.SettingsPage(m))
}

// settingsWebhooks shows the settings' section Inbound Webhooks, which the documentation links to.
func (s *Server) settingsWebhooks(v *visit) error {
	all, err := s.DB.Webhooks(v.UserContext(), v.Workspace.ID, s.now())
	if err != nil {
		return models.In("settings: webhooks", err)
	}
	p, err := v.page(views.SectionSettings, "Inbound Webhooks", views.Crumb{Text: "Workspace settings", Href: v.path("settings")}, views.Crumb{Text: "Inbound Webhooks"})
	if err != nil {
		return err
	}
	m := views.WebhooksModel{Page: p, CanChange: v.canChange(), Total: len(all)}
	if m.Webhooks, err = v.webhookRows(all); err != nil {
		return err
	}
	return v.show(views.SettingsWebhooksPage(m))
}

func (v *visit) settingsForm(w models.Workspace, e editForm, errs models.FieldErrors) (views.SettingsModel, error) {
	p, err := v.page(views.SectionSettings, "Workspace settings")
	m := views.SettingsModel{Edit: e.state("workspace", nil), Page: p, IsAdmin: v.Role.Includes(models.RoleAdmin), Name: w.Name, TimeZone: w.TimeZone, Errors: errs, LogDays: v.server.Config.LogRetentionDays}
	m.Failed = errs.Any() || m.Edit.Changed
	m.Contacts = p.Counts.Contacts + " contacts"
	if p.Counts.Contacts == "1" {
		m.Contacts = "1 contact"
	}
	if m.IsAdmin {
		m.TimeZones = timeZones(v.server.now())
	}
	return m, err
}
