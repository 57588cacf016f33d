package handlers

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// home redirects to the person's first workspace. Without one, support staff go to the requests and others to their invitations.
func (s *Server) home(v *visit) error {
	if err := v.enterFirstWorkspace(); err != nil {
		return err
	}
	to := invitationsPath
	switch {
	case v.Workspace.ID != 0:
		to = v.path()
	case v.User.Support:
		to = supportPath
	}
	return v.Redirect(to, fiber.StatusSeeOther)
}

// signInForm shows the sign-in page. Signed-in people go on to next; before set-up everyone goes to /setup.
func (s *Server) signInForm(v *visit) error {
	next := localPath(v.Query("next"))
	switch err := s.checkSession(v); {
	case err == nil:
		return v.Redirect(next, fiber.StatusSeeOther)
	case !errors.Is(err, errSignIn):
		return err
	}
	if there, err := s.DB.HasUsers(v.UserContext()); err != nil {
		return models.In("sign in: look for an account", err)
	} else if !there {
		return v.Redirect("/setup", fiber.StatusSeeOther)
	}
	return v.show(views.SignInPage(views.SignInModel{Next: next, Assets: assets()}))
}

// signInPost signs a person in, or shows the form again: 422 for wrong input, 429 after too many failures.
func (s *Server) signInPost(v *visit) error {
	errs := models.FieldErrors{}
	m := views.SignInModel{Email: v.Form("email"), Next: localPath(v.Form("next")), KeptPath: v.Form("kept_path"), Kept: v.Form("kept"), KeptWhose: v.Form("kept_whose"), Errors: errs, Assets: assets()}
	password := v.Form("password")
	if models.IsBlank(m.Email) {
		errs.Add("email", "Please give your e-mail address.")
	}
	if password == "" {
		errs.Add("password", "Please give your password.")
	}
	if errs.Any() {
		return v.again(views.SignInPage(m))
	}
	user, err := s.DB.SignIn(v.UserContext(), m.Email, password, s.clientAddress(v.Ctx), s.now())
	if err == nil {
		err = s.startSession(v, user)
	}
	var tooMany *store.TooManyFailures
	switch {
	case err == nil:
		return s.keepForm(v, user, m)
	case errors.As(err, &tooMany):
		m.Fault, m.Advice = tooManyTries, v.retryAfter(tooMany.Wait)
		return campaignlark.Render(v.Ctx, fiber.StatusTooManyRequests, views.SignInPage(m))
	case errors.Is(err, store.ErrWrongPassword):
		m.Fault, m.Advice = store.ErrWrongPassword.Message, "Please try again. After five wrong tries in a row you have to wait a little."
		errs.Add("password", "Please type it once more.")
		return v.again(views.SignInPage(m))
	}
	return models.In("sign in: check the password", err)
}

const tooManyTries = "Too many wrong tries."

// startSession starts a session after a correct password. If the password was changed in the same moment, the sign-in fails.
func (s *Server) startSession(v *visit, user models.User) error {
	if err := s.signIn(v, user); err != nil {
		return err
	}
	still, err := s.DB.PasswordStands(v.UserContext(), user)
	if err != nil || still {
		return models.In("sign in: read the password again", err)
	}
	if err := v.signOut(); err != nil {
		return err
	}
	return store.ErrWrongPassword
}

// retryAfter sets the Retry-After header and returns the waiting time in words.
func (v *visit) retryAfter(wait time.Duration) string {
	seconds := int((wait + time.Second - 1) / time.Second)
	v.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds))
	words := views.Plural(seconds, "second", "seconds")
	if seconds > 60 {
		words = views.Plural((seconds+59)/60, "minute", "minutes")
	}
	return "Please wait " + words + ", then try again. Passwords entered before that are not checked."
}

// signOutPost ends the session.
func (s *Server) signOutPost(v *visit) error {
	if err := v.signOut(); err != nil {
		return err
	}
	return v.Redirect("/login", fiber.StatusSeeOther)
}

// localPath returns next if it is a path on this site, else "/". Browsers read //host and /\host as another site, and ignore tabs
// and line ends.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsFunc(next, func(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }) {
		return "/"
	}
	return next
}

// enterFirstWorkspace sets the visit's workspace to the person's first one by name, for pages outside any workspace. It sets none
// if the person is not a member of any.
func (v *visit) enterFirstWorkspace() error {
	all, err := v.workspaces()
	if err == nil && len(all) > 0 {
		v.Workspace, v.Role = all[0].Workspace, all[0].Role
	}
	return err
}
