package handlers

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// A form that is sent after the session ended is not lost. The answer is the sign-in page with the input in a hidden field, so
// nothing is stored for a stranger. After sign-in the new session keeps the input, sealed, and the browser goes to the form's
// page. There the form's own handler runs once in refill mode: it shows the filled-in form and changes nothing. The person checks
// it and saves it with a fresh token. Opening the page again shows it without the input. A form with the token of an earlier
// session is shown again in the same way, without a sign-in.
//
// A form names the account that filled it in and is shown only to that account. The name needs no seal: anyone who could change
// it can already read the form, and posts from other sites are refused.
//
// Refill mode cannot change anything. store.ReadOnly refuses every write, even in a handler that does not know refill mode, and
// the route's access is still checked. So neither a forged field nor a forgotten check bypasses the token.

const (
	refillKey = "refill"
	maxKept   = 64 << 10 // bytes of a form that survive the sign-in
)

const (
	afterSignIn = "You were signed out before this was saved. Here is what you filled in: look at it, and save it again."
	afterToken  = "This form had expired, so nothing was done. Here is what you filled in: look at it, and save it again."
)

var errOthers = &models.Error{Code: models.CodeForbidden, Message: "What was filled in before belonged to another account and was not kept."}

// noLongerOpen is the text on the error page shown in place of a form.
const noLongerOpen = "What you filled in was not kept: you can no longer open its page."

// whose is the form's field value for its person.
func whose(u models.User) string { return strconv.FormatInt(u.ID, 10) }

// notKept reports which fields are dropped: those of the old session and secrets.
func notKept(name string) bool {
	return name == "csrf" || name == "once" || name == "whose" || strings.Contains(name, "password") || strings.Contains(name, "token") || name == "secret"
}

// kept returns the input as one text, "" if it is empty or too large. Files are not kept.
func (v *visit) kept() string {
	v.FormAll("")
	fields := url.Values{}
	for name, values := range v.form {
		if !notKept(name) && (v.file == nil || name != "file") {
			fields[name] = values
		}
	}
	text := fields.Encode()
	if len(text) > maxKept {
		return ""
	}
	return text
}

// cameFrom returns the page on this site that a post came from, or "/".
func cameFrom(c *fiber.Ctx) string {
	u, err := url.Parse(c.Get(fiber.HeaderReferer))
	if err != nil || u.Host != string(c.Request().Host()) {
		return "/"
	}
	return localPath(u.RequestURI())
}

// askToSignInAgain answers a post after the session ended, with the sign-in page that keeps the form.
func (s *Server) askToSignInAgain(v *visit) error {
	kept := v.kept()
	if kept == "" {
		return errSignIn
	}
	return campaignlark.Render(v.Ctx, fiber.StatusUnauthorized, views.SignInPage(views.SignInModel{
		Next: cameFrom(v.Ctx), KeptPath: v.OriginalURL(), Kept: kept, KeptWhose: v.Form("whose"), Assets: assets(),
	}))
}

// keptForm is the session's key for a kept form of this page.
func keptForm(page string) string { return "a form for " + page }

// keepForm keeps the form that user sent before signing in, and redirects to its page. If somebody else filled it in, it is
// dropped and the page says so.
func (s *Server) keepForm(v *visit, user models.User, m views.SignInModel) error {
	path := localPath(m.KeptPath)
	var err error
	switch {
	case m.Kept == "" || len(m.Kept) > maxKept || path == "/":
	case m.KeptWhose != whose(user):
		err = v.flash(views.Flash{Kind: views.KindWarn, Text: errOthers.Message})
	default:
		err = v.leaveSecret(keptForm(m.Next), url.Values{"path": {path}, "kept": {m.Kept}}.Encode())
	}
	if err != nil {
		return err
	}
	return v.Redirect(m.Next, fiber.StatusSeeOther)
}

// notOpen adds to an error that the kept form is lost because the person may no longer use it.
func (v *visit) notOpen(err error) error {
	if !v.refill {
		return err
	}
	if lost := v.flash(views.Flash{Kind: views.KindWarn, Text: noLongerOpen}); lost != nil {
		return lost
	}
	return err
}

// refillForm shows the form that keepForm stored for this page. It returns false if there is none.
func (s *Server) refillForm(v *visit) (shown bool, err error) {
	text, err := v.takeSecret(keptForm(v.OriginalURL()))
	if text == "" || err != nil {
		return false, err
	}
	kept, _ := url.ParseQuery(text) // written by keepForm
	u, err := url.Parse(kept.Get("path"))
	if err != nil {
		return false, nil
	}
	page := v.OriginalURL()
	request := v.Request()
	request.PostArgs().Reset()
	request.PostArgs().Parse(kept.Get("kept"))
	request.URI().SetQueryString(u.RawQuery)
	v.Locals(refillKey, page)
	v.Method(fiber.MethodPost)
	v.Path(u.EscapedPath())
	return true, v.RestartRouting()
}

// setRefill starts refill mode: note is shown on the page, next is the redirect if there is no form.
func (v *visit) setRefill(note, next string, status int) {
	v.refill, v.refillNote, v.refillNext, v.refillStatus = true, note, next, status
	v.SetUserContext(store.ReadOnly(v.UserContext()))
}

// refilled runs a handler in refill mode. If the handler shows no form, the person is redirected to the page of the post, to do
// it again.
func (v *visit) refilled(handle func() error) error {
	err := handle()
	if !errors.Is(err, store.ErrReadOnly) {
		return err
	}
	if v.refillNote == afterToken {
		return errToken
	}
	if err := v.flash(views.Flash{Kind: views.KindWarn, Text: "You were signed out before this was done, so nothing was changed. Please do it again."}); err != nil {
		return err
	}
	return v.Redirect(v.refillNext, fiber.StatusSeeOther)
}
