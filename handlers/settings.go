package handlers

import (
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"
)

// settings shows the workspace's name and time zone. Admins get a form.
func (s *Server) settings(v *visit) error {
	m, err := v.settingsForm(v.Workspace, nil)
	if err != nil {
		return err
	}
	return v.show(views.SettingsPage(m))
}

// settingsUpdate changes the workspace's name and time zone. The slug, part of every URL, does not change.
func (s *Server) settingsUpdate(v *visit) error {
	w := v.Workspace
	w.Name, w.TimeZone = v.Form("name"), v.Form("time_zone")
	if v.refill {
		return v.settingsAgain(w, nil)
	}
	errs, err := s.DB.UpdateWorkspace(v.UserContext(), w, v.User.ID, segments.RebuildDates, s.now())
	if err != nil {
		return models.In("settings: store", err)
	}
	if errs.Any() {
		return v.settingsAgain(w, errs)
	}
	return v.done(v.path("settings"), "Saved.")
}

func (v *visit) settingsAgain(w models.Workspace, errs models.FieldErrors) error {
	m, err := v.settingsForm(w, errs)
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
	for _, u := range all {
		m.Webhooks = append(m.Webhooks, webhookRow(u))
	}
	return v.show(views.SettingsWebhooksPage(m))
}

func (v *visit) settingsForm(w models.Workspace, errs models.FieldErrors) (views.SettingsModel, error) {
	p, err := v.page(views.SectionSettings, "Workspace settings")
	p.Failed = errs.Any()
	m := views.SettingsModel{Page: p, IsAdmin: v.Role.Includes(models.RoleAdmin), Name: w.Name, TimeZone: w.TimeZone, Errors: errs, LogDays: v.server.Config.LogRetentionDays}
	m.Contacts = p.Counts.Contacts + " contacts"
	if p.Counts.Contacts == "1" {
		m.Contacts = "1 contact"
	}
	if m.IsAdmin {
		m.TimeZones = timeZones(v.server.now())
	}
	return m, err
}
