package handlers

import (
	"errors"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// accountForm shows the signed-in person's account.
func (s *Server) accountForm(v *visit) error {
	return v.account(fiber.StatusOK, models.Profile{Name: v.User.Name, Theme: v.User.Theme}, nil)
}

// accountProfile stores the person's name and theme.
func (s *Server) accountProfile(v *visit) error {
	e := v.editProfile()
	p := models.Profile{Name: models.CleanName(e.text("name")), Theme: e.text("theme")}
	if v.refill {
		return v.account(v.refillStatus, p, nil)
	}
	if e.clashes() {
		return v.account(fiber.StatusUnprocessableEntity, p, nil)
	}
	if errs := p.Validate(); errs.Any() {
		return v.account(fiber.StatusUnprocessableEntity, p, errs)
	}
	if err := s.DB.SetProfile(v.UserContext(), v.User.ID, p); err != nil {
		return models.In("account: store name and theme", err)
	}
	return v.done("/account", "Saved.")
}

// editProfile compares the posted name and theme with the stored ones, which the person may have changed in another window.
func (v *visit) editProfile() editForm {
	return v.edit(editField{name: "name", label: "Name", stored: []string{v.User.Name}, posted: v.FormAll("name")},
		editField{name: "theme", label: "Light or dark", stored: []string{v.User.Theme}, posted: v.FormAll("theme"), say: views.ThemeName})
}

// accountPost changes the person's password, ends all their other sessions, and gives this one a new token.
func (s *Server) accountPost(v *visit) error {
	current, password := v.Form("current_password"), v.Form("new_password")
	errs := models.FieldErrors{}
	if current == "" {
		errs.Add("current_password", "Please give your current password.")
	}
	errs.Add("new_password", models.ValidatePassword(password))
	if !errs.Any() && current == password {
		errs.Add("new_password", "This is the current password. Please choose another one.")
	}
	if errs.Any() {
		return v.accountAgain(fiber.StatusUnprocessableEntity, errs)
	}
	_, err := s.DB.SignIn(v.UserContext(), v.User.Email, current, s.clientAddress(v.Ctx), s.now())
	var tooMany *store.TooManyFailures
	switch {
	case errors.As(err, &tooMany):
		errs.Add("current_password", tooManyTries+" "+v.retryAfter(tooMany.Wait))
		return v.accountAgain(fiber.StatusTooManyRequests, errs)
	case errors.Is(err, store.ErrWrongPassword):
		errs.Add("current_password", "This is not your current password.")
		return v.accountAgain(fiber.StatusUnprocessableEntity, errs)
	case err != nil:
		return models.In("account: check the password", err)
	}
	if err := s.DB.SetPassword(v.UserContext(), v.User.ID, password, models.TokenHash(v.session.ID)); err != nil {
		return models.In("account: store the password", err)
	}
	if err := s.signIn(v, v.User); err != nil {
		return err
	}
	return v.done("/account", "Your password is changed, and you are signed out everywhere else.")
}

// accountKeys turns single-key shortcuts on or off for the person.
func (s *Server) accountKeys(v *visit) error {
	on := v.editKeys().text("single_keys") == "on"
	if err := s.DB.SetSingleKeys(v.UserContext(), v.User.ID, on); err != nil {
		return models.In("account: store the choice", err)
	}
	if on {
		return v.done("/account", "Single keys are on.")
	}
	return v.done("/account", "Single keys are off. Ctrl K still opens the search.")
}

// editKeys compares the posted choice with the stored one, which the person may have changed in another window.
func (v *visit) editKeys() editForm {
	stored := ""
	if v.User.SingleKeys {
		stored = "on"
	}
	return v.edit(editField{name: "single_keys", stored: []string{stored}, posted: v.FormAll("single_keys")})
}

// accountAgain shows the page again after a password that was refused.
func (v *visit) accountAgain(status int, errs models.FieldErrors) error {
	return v.account(status, models.Profile{Name: v.User.Name, Theme: v.User.Theme}, errs)
}

func (v *visit) account(status int, profile models.Profile, errs models.FieldErrors) error {
	p, err := v.ownPage(views.SectionAccount, "Your account")
	if err != nil {
		return err
	}
	p.Failed = errs.Any()
	return campaignlark.Render(v.Ctx, status, views.AccountPage(views.AccountModel{Page: p, Profile: profile, Edit: v.editProfile().state("profile", nil), Keys: v.editKeys().state("choice", nil), Errors: errs}))
}
