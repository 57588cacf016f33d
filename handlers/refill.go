package handlers

import (
	"errors"
	"net/url"
	"strings"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// A form that is sent when the session has ended is not lost. The answer is the sign-in page, which carries what was
// filled in as a hidden field: nothing of a stranger is stored. After signing in it lies, sealed, in the new session, and
// the browser is led to the page where the form was. There, once, the form's own handler is run in refill mode, where it
// shows the form as it was filled in instead of acting; the person looks and saves, with a fresh token. To open the page
// again sends nothing: it is the page as ever. A form whose token is of an earlier session comes back the same way at once.
//
// Refill mode cannot act: whatever would write is refused by models.ReadOnly, also in a handler that does not know it,
// and the access that the route asks for is checked as ever. So neither a forged field nor a forgotten line is a way
// past the token.

const (
	refillKey = "refill"
	maxKept   = 64 << 10 // bytes of a form that are carried through the sign-in
)

const (
	afterSignIn = "You were signed out before this was saved. Here is what you filled in: look at it, and save it again."
	afterToken  = "This form had expired, so nothing was done. Here is what you filled in: look at it, and save it again."
)

// notKept says which fields are not carried: what belongs to the old session, and what is secret.
func notKept(name string) bool {
	return name == "csrf" || name == "once" || strings.Contains(name, "password") || strings.Contains(name, "token")
}

// kept is what was filled in, in one text; "" where there is nothing to keep, or too much. Files are not kept.
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

// cameFrom is the page here that a post came from, or "/".
func cameFrom(c *fiber.Ctx) string {
	u, err := url.Parse(c.Get(fiber.HeaderReferer))
	if err != nil || u.Host != string(c.Request().Host()) {
		return "/"
	}
	return localPath(u.RequestURI())
}

// askWhoAgain answers a post of somebody whose session has ended: with the sign-in page, which keeps the form.
func (s *Server) askWhoAgain(v *visit) error {
	kept := v.kept()
	if kept == "" {
		return errSignIn
	}
	return campaignlark.Render(v.Ctx, fiber.StatusUnauthorized, views.SignInPage(views.SignInModel{
		Next: cameFrom(v.Ctx), KeptPath: v.OriginalURL(), Kept: kept, Assets: assets(),
	}))
}

// keptForm is what the session keeps a form under for the page with this address.
func keptForm(page string) string { return "a form for " + page }

// keepForm keeps the form that was sent to path before the person signed in, and leads to next, the page where it was.
func (s *Server) keepForm(v *visit, path, kept, next string) error {
	if path = localPath(path); kept != "" && len(kept) <= maxKept && path != "/" {
		if err := v.leaveSecret(keptForm(next), url.Values{"path": {path}, "kept": {kept}}.Encode()); err != nil {
			return err
		}
	}
	return v.Redirect(next, fiber.StatusSeeOther)
}

// refillForm shows the form that keepForm left for this page, and says false where there is none.
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

// setRefill puts the visit into refill mode: what the page says, where to go when there is no form, and the status.
func (v *visit) setRefill(note, next string, status int) {
	v.refill, v.refillNote, v.refillNext, v.refillStatus = true, note, next, status
	v.SetUserContext(models.ReadOnly(v.UserContext()))
}

// refilled runs a handler in refill mode. One that has no form to show would have acted: the person is led to the page
// that the post came from, to do it again.
func (v *visit) refilled(handle func() error) error {
	err := handle()
	if !errors.Is(err, models.ErrReadOnly) {
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
