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

// A form that is sent when the session has ended is not lost. The answer is the sign-in page, which carries what was
// filled in as a hidden field: nothing of a stranger is stored. After signing in it lies, sealed, in the new session, and
// the browser is led to the page where the form was. There, once, the form's own handler is run in refill mode, where it
// shows the form as it was filled in instead of acting; the person looks and saves, with a fresh token. To open the page
// again sends nothing: it is the page as ever. A form whose token is of an earlier session comes back the same way immediately.
//
// A form comes back only to the account that filled it in, which the form itself names. That needs no seal: whoever could
// write another name there has the form's text before them already, and posts of other sites are refused.
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

var errOthers = &models.Error{Code: models.CodeForbidden, Message: "What was filled in before belonged to another account and was not kept."}

// noLongerOpen is said on the error that stands where a form should have come back.
const noLongerOpen = "What you filled in was not kept: its page is not open to you any more."

// whose is what a form says of the person it was made for.
func whose(u models.User) string { return strconv.FormatInt(u.ID, 10) }

// notKept says which fields are not carried: what belongs to the old session, and what is secret.
func notKept(name string) bool {
	return name == "csrf" || name == "once" || name == "whose" || strings.Contains(name, "password") || strings.Contains(name, "token")
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

// askToSignInAgain answers a post of somebody whose session has ended: with the sign-in page, which keeps the form.
func (s *Server) askToSignInAgain(v *visit) error {
	kept := v.kept()
	if kept == "" {
		return errSignIn
	}
	return campaignlark.Render(v.Ctx, fiber.StatusUnauthorized, views.SignInPage(views.SignInModel{
		Next: cameFrom(v.Ctx), KeptPath: v.OriginalURL(), Kept: kept, KeptWhose: v.Form("whose"), Assets: assets(),
	}))
}

// keptForm is what the session keeps a form under for the page with this address.
func keptForm(page string) string { return "a form for " + page }

// keepForm keeps the form that user sent before signing in, and leads to the page where it was. One that somebody else
// filled in is dropped, which that page says.
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

// notOpen adds to an error of a form that should have come back, which the person may not use any more, that it is lost.
func (v *visit) notOpen(err error) error {
	if !v.refill {
		return err
	}
	if lost := v.flash(views.Flash{Kind: views.KindWarn, Text: noLongerOpen}); lost != nil {
		return lost
	}
	return err
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
	v.SetUserContext(store.ReadOnly(v.UserContext()))
}

// refilled runs a handler in refill mode. One that has no form to show would have acted: the person is led to the page
// that the post came from, to do it again.
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
