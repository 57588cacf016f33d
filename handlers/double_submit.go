package handlers

import (
	"context"
	"crypto/sha256"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// A form that is sent twice acts once (UI.md "button"). Every page gives its forms a random value. That value, the URL and the
// input make the form's key. The first post with a key is handled. Duplicates wait and get the same redirect. An answer without a
// redirect (the form again, an error) releases the key. Other input makes another key.

const (
	onceWait  = 10 * time.Second // how long the second post waits for the first
	onceLook  = 20 * time.Millisecond
	onceGiven = 5 * time.Second // to store the answer, even if the request's own time is over
)

var errStillRunning = &models.Error{Code: models.CodeConflict, Message: "This form was sent twice, and the first one is still running. Check in a moment whether it is done."}

// formKey returns the posted form's key. It is nil if the form may act twice: it lacks our random value, or its button changes
// nothing.
func (v *visit) formKey() []byte {
	once := v.Form("once")
	if len(once) < 22 || len(once) > 64 || v.onlyShows() {
		return nil
	}
	sum := sha256.Sum256([]byte(v.OriginalURL() + "\n" + v.form.Encode()))
	return sum[:]
}

// once runs handle unless the same form was handled before.
func (s *Server) once(v *visit, handle func() error) error {
	key := v.formKey()
	if key == nil {
		return handle()
	}
	location, err := s.claimForm(v, key)
	if err != nil {
		return err
	}
	if location != "" {
		return v.sentTwice(location)
	}
	answered := ""
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.UserContext()), onceGiven)
		defer cancel()
		if err := s.DB.FinishForm(ctx, v.User.ID, key, answered); err != nil {
			s.Log.Error("a form's answer was not noted", "route", v.Route().Path, store.ErrorAttr(err))
		}
	}()
	if err := handle(); err != nil {
		return err
	}
	if v.Response().StatusCode() == fiber.StatusSeeOther {
		answered = string(v.Response().Header.Peek(fiber.HeaderLocation))
	}
	return nil
}

// claimForm claims the form for this request, or waits for the first request's redirect and returns it.
func (s *Server) claimForm(v *visit, key []byte) (location string, err error) {
	end := time.NewTimer(onceWait)
	defer end.Stop()
	look := time.NewTicker(onceLook)
	defer look.Stop()
	for given := true; ; {
		if given {
			claimed, location, err := s.DB.ClaimForm(v.UserContext(), v.User.ID, key, s.now())
			if err != nil || claimed || location != "" {
				return location, models.In("form sent twice: claim the form", err)
			}
		}
		select {
		case <-v.UserContext().Done():
			return "", errStillRunning
		case <-end.C:
			return "", errStillRunning
		case <-look.C:
		}
		location, err = s.DB.FormAnswer(v.UserContext(), v.User.ID, key)
		given = store.ErrorCode(err) == models.CodeNotFound
		if !given && (err != nil || location != "") {
			return location, models.In("form sent twice: read the answer", err)
		}
	}
}

// sentTwice redirects like the first answer. If the browser dropped that answer, as on a double click, its message is still in
// the session. If it was already shown, a new message says that the form was sent twice.
func (v *visit) sentTwice(location string) error {
	if err := v.server.openSession(v); err != nil {
		return err
	}
	if _, unread := v.session.Values[sessionFlash]; !unread {
		if err := v.flash(views.Flash{Text: "This form was sent twice. It was done once."}); err != nil {
			return err
		}
	}
	return v.Redirect(location, fiber.StatusSeeOther)
}
