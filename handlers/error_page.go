package handlers

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// errorPage says what happened, whether the input was saved, and what to do. get means that the request only read a page and had
// no input.
func errorPage(status int, get bool, err error) views.ErrorModel {
	m := views.ErrorModel{Status: status}
	var known *models.Error
	if errors.As(err, &known) {
		m.Texts = []string{known.Message}
	}
	switch status {
	case fiber.StatusNotFound:
		if known != nil && known != models.ErrNotFound {
			m.Title, m.Search = "This is gone", true
			break
		}
		m.Title, m.Search = "There is nothing at this address", true
		m.Texts = []string{"It may have been deleted, it may belong to a workspace you are not in, or the address has a typing mistake."}
	case fiber.StatusForbidden:
		if m.Title = "This was not done"; get {
			m.Title = "You may not open this page"
		}
	case fiber.StatusMethodNotAllowed:
		m.Title, m.Texts = "This page cannot be called that way", []string{"Nothing was done. Go back and use the page’s own buttons."}
	case fiber.StatusRequestEntityTooLarge:
		m.Title, m.Texts = "That is too much for one form", []string{"Nothing was saved. What you typed is still in the form if you go back.", "Send less than 4 MB at a time."}
	case fiber.StatusConflict, fiber.StatusUnprocessableEntity:
		if m.Title = "This was not done"; get {
			m.Texts = append(m.Texts, "Go back to change what you asked for.")
			break
		}
		m.Title = "This was not saved"
		m.Texts = append(m.Texts, "What you typed is still in the form if you go back.")
	case fiber.StatusTooManyRequests:
		m.Title = "Too many tries"
		m.Texts = append(m.Texts, "Nothing was done. Please wait a little before you try again.")
	case fiber.StatusServiceUnavailable:
		m.Title, m.Texts = unavailable(err)
		m.Texts, m.Retry = append(m.Texts, notSaved(get)...), get
	default:
		if status < 500 {
			m.Title, m.Texts = "This request cannot be read", []string{"Nothing was done. Go back and try again."}
			break
		}
		m.Title, m.Retry = "Something broke on our side", get
		m.Texts = append(notSaved(get), "Webhook calls are processed separately and continue.")
	}
	switch {
	case errors.Is(err, errFileTooLarge):
		m.Title, m.Texts = "This file is too large", []string{errFileTooLarge.Message}
	case errors.Is(err, errUploadsBusy):
		m.Title, m.Texts = "Too many uploads at this moment", []string{errUploadsBusy.Message}
	}
	return m
}

// unavailable says why a page is unavailable: our own deadline, a full queue, or a lost database.
func unavailable(err error) (title string, texts []string) {
	var known *models.Error
	switch {
	case store.ErrorCode(err) == models.CodeTimeout:
		return "This took too long", []string{"The program ended this request because it needed more than " + strconv.Itoa(int(requestTimeout.Seconds())) + " seconds. A narrower filter or a shorter time usually helps. Webhook calls are not affected."}
	case errors.As(err, &known) && known.Code == models.CodeBusy:
		return "Too much at this moment", []string{known.Message}
	}
	return "The database is not answering", []string{"No page can be shown until it is back. Webhook calls are answered with 503 until then, and well-built senders try again."}
}

// notSaved tells the sender of a form that nothing was saved.
func notSaved(get bool) []string {
	if get {
		return nil
	}
	return []string{"Nothing you sent was saved. What you typed is still in the form if you go back."}
}

// frameTimeout limits how long an error page waits for its frame.
const frameTimeout = time.Second

// errorFrame builds the frame of a signed-in person around an error, or returns nil if building it fails: the error page must
// render without the database and the session.
func (s *Server) errorFrame(c *fiber.Ctx) (p *views.Page) {
	defer func() {
		if fault := faults.Recovered(recover()); fault != nil {
			s.logPanic("the frame of an error", fault)
			p = nil
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), frameTimeout)
	defer cancel()
	defer c.SetUserContext(c.UserContext())
	c.SetUserContext(ctx)
	v := &visit{Ctx: c, server: s}
	if c.Get(fiber.HeaderCookie) == "" || s.openSession(v) != nil {
		return nil
	}
	user, ok := v.session.Values[sessionUser].(models.User)
	if !ok {
		return nil
	}
	v.User = user
	if slug, _, _ := strings.Cut(strings.TrimPrefix(c.Path(), "/w/"), "/"); slug != c.Path() {
		_, _ = s.enterWorkspace(v, slug) // on failure any other workspace will do
	}
	page, err := v.ownPage("", "")
	if err != nil {
		return nil
	}
	return &page
}
