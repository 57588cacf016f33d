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
func (s *Server) accountForm(v *visit) error { return v.account(fiber.StatusOK, nil) }

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
		return v.account(fiber.StatusUnprocessableEntity, errs)
	}
	_, err := s.DB.SignIn(v.UserContext(), v.User.Email, current, s.clientAddress(v.Ctx), s.now())
	var tooMany *store.TooManyFailures
	switch {
	case errors.As(err, &tooMany):
		errs.Add("current_password", tooManyTries+" "+v.retryAfter(tooMany.Wait))
		return v.account(fiber.StatusTooManyRequests, errs)
	case errors.Is(err, store.ErrWrongPassword):
		errs.Add("current_password", "This is not your current password.")
		return v.account(fiber.StatusUnprocessableEntity, errs)
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

func (v *visit) account(status int, errs models.FieldErrors) error {
	p, err := v.ownPage(views.SectionAccount, "Your account")
	if err != nil {
		return err
	}
	p.Failed = errs.Any()
	return campaignlark.Render(v.Ctx, status, views.AccountPage(views.AccountModel{Page: p, Keys: v.editKeys().state("choice", nil), Errors: errs}))
}
