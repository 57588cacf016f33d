package handlers

import (
	"errors"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// setupForm shows the set-up page to anyone with the link that the program printed. Opening the page does not use up the link.
func (s *Server) setupForm(v *visit) error {
	token := v.Query("token")
	valid, err := s.DB.SetupLinkValid(v.UserContext(), token)
	if err != nil {
		return models.In("set up: check the link", err)
	}
	if !valid {
		return s.setupClosed(v)
	}
	return v.show(views.SetupPage(views.SetupModel{Token: token, TimeZone: "UTC", Zones: timeZones(s.now()), Assets: assets()}))
}

// setupPost creates the first workspace and its admin, and signs them in.
func (s *Server) setupPost(v *visit) error {
	token := v.Form("token")
	valid, err := s.DB.SetupLinkValid(v.UserContext(), token)
	if err != nil {
		return models.In("set up: check the link", err)
	}
	if !valid {
		return s.setupClosed(v)
	}
	f := models.FirstAdmin{WorkspaceName: v.Form("workspace"), Slug: v.Form("slug"), TimeZone: v.Form("time_zone"), Email: v.Form("email"), Password: v.Form("password")}
	if errs := f.Validate(); errs.Any() {
		return v.again(views.SetupPage(views.SetupModel{Token: token, Workspace: f.WorkspaceName, Slug: f.Slug, TimeZone: f.TimeZone, Email: f.Email,
			Zones: timeZones(s.now()), Errors: errs, Assets: assets()}))
	}
	workspace, user, err := s.DB.CompleteSetup(v.UserContext(), token, f)
	switch {
	case errors.Is(err, store.ErrSetUp), errors.Is(err, store.ErrSetupLink): // another request was faster
		return s.setupClosed(v)
	case err != nil:
		return models.In("set up: create the first admin", err)
	}
	if err := s.signIn(v, user); err != nil {
		return err
	}
	v.Workspace = workspace
	return v.Redirect(v.path(), fiber.StatusSeeOther)
}

// setupClosed says why there is no set-up page: it is already done, or the link is not the newest.
func (s *Server) setupClosed(v *visit) error {
	there, err := s.DB.HasUsers(v.UserContext())
	if err != nil {
		return models.In("set up: look for an account", err)
	}
	return campaignlark.Render(v.Ctx, fiber.StatusForbidden, views.SetupClosedPage(views.SetupClosedModel{Done: there, Assets: assets()}))
}
