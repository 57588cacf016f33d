package handlers

import (
	"errors"
	"strings"

	"campaignlark/models"
	"campaignlark/views"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
)

// destinationSecret shows a new secret once, to the person who made it. Without one it asks whether to replace the secret, or with
// ?do=remove whether to remove the older one.
func (s *Server) destinationSecret(v *visit) error {
	d, err := v.destination()
	if err != nil {
		return err
	}
	text, err := v.takeSecret(v.path("destinations", d.ID, "secret"))
	if err != nil {
		return err
	}
	if text == "" {
		return v.askSecret(d, v.Query("do"), v.show)
	}
	m := views.DestinationSecretModel{ID: d.ID, Name: d.Name, URL: d.URL, On: d.Enabled, Ending: d.Ending, OlderEnding: v.destinations().OlderEnding(d)}
	m.Secret, m.Created = strings.CutPrefix(text, "created ")
	title := "The secret of " + d.Name + " is replaced"
	if m.Created {
		title = d.Name + " is created"
	}
	if m.Page, err = v.page(views.SectionDestinations, title, v.destinationsCrumb(), views.Crumb{Text: d.Name, Href: v.path("destinations", d.ID)}, views.Crumb{Text: "Secret"}); err != nil {
		return err
	}
	return v.show(views.DestinationSecretPage(m))
}

// askSecret asks whether to replace the secret, or to remove the older one.
func (v *visit) askSecret(d models.Destination, do string, answer func(templ.Component) error) error {
	m, err := v.secretQuestion(d)
	if err != nil {
		return err
	}
	if do == "remove" && m.Older {
		return answer(views.DestinationRemovePage(m))
	}
	return answer(views.DestinationRotatePage(m))
}

func (v *visit) secretQuestion(d models.Destination) (m views.DestinationSecretModel, err error) {
	m = views.DestinationSecretModel{ID: d.ID, Name: d.Name, Ending: d.Ending, Older: d.OlderSecret != nil, OlderEnding: v.destinations().OlderEnding(d)}
	m.Asked = v.edit(editField{name: "secret", said: "Its secrets were changed.", stored: []string{digest(string(d.Secret) + string(d.OlderSecret))}}).state("destination", nil)
	m.Page, err = v.page(views.SectionDestinations, "Secret", v.destinationsCrumb(), views.Crumb{Text: d.Name, Href: v.path("destinations", d.ID)}, views.Crumb{Text: "Secret"})
	return m, err
}

// destinationSecretChange replaces the secret, or removes the older one. If somebody else changed them after the page was opened, it asks
// again.
func (s *Server) destinationSecretChange(v *visit) error {
	return untilSeen(func() error {
		d, err := v.destination()
		if err != nil {
			return err
		}
		m, err := v.secretQuestion(d)
		if err != nil {
			return err
		}
		do := v.Form("do")
		if m.Asked.Changed || do != "rotate" && do != "remove" {
			return v.askSecret(d, do, v.again)
		}
		if do == "remove" {
			if d.OlderSecret == nil {
				return v.done(v.path("destinations", d.ID), "The older secret is gone already.")
			}
			if err := v.destinations().RemoveOlderSecret(v.UserContext(), d, v.User.ID, s.now()); err != nil {
				return models.In("destinations: remove the older secret", err)
			}
			return v.done(v.path("destinations", d.ID), "The older secret was removed. Only the one ending in %s signs.", d.Ending)
		}
		secret, err := v.destinations().RotateSecret(v.UserContext(), d, v.User.ID, s.now())
		if err != nil {
			return models.In("destinations: replace the secret", err)
		}
		return v.showSecretNext(d, secret)
	})
}

// destinationTest sends a test and leads to its page.
func (s *Server) destinationTest(v *visit) error {
	d, err := v.destination()
	if err != nil {
		return err
	}
	sent, err := v.destinations().SendTest(v.UserContext(), d, v.User.ID, s.now())
	if err != nil {
		return v.refusedAt(v.path("destinations", d.ID), models.In("destinations: send a test", err))
	}
	return v.done(v.path("deliveries", sent.ID), "The test is on its way.")
}

// destinationRetry tries all that waits now.
func (s *Server) destinationRetry(v *visit) error {
	d, err := v.destination()
	if err != nil {
		return err
	}
	n, all, err := v.destinations().TryAllNow(v.UserContext(), d, v.User.ID, s.now())
	if err != nil {
		return v.refusedAt(v.path("destinations", d.ID), models.In("destinations: try all now", err))
	}
	return v.sentAgain(v.path("destinations", d.ID), n, all, "tried now")
}

// sentAgain says how many messages are sent, and whether more are left.
func (v *visit) sentAgain(to string, n int64, all bool, what string) error {
	switch {
	case !all:
		return v.done(to, "%s is %s. There are more: press the button once more.", views.Plural(n, "message", "messages"), what)
	case n == 0:
		return v.done(to, "Nothing had to be done: no message waits, or each one is being tried right now.")
	case n == 1:
		return v.done(to, "1 message is %s.", what)
	}
	return v.done(to, "%s messages are %s.", views.Count(n), what)
}

// refusedAt redirects with the sentence of an error that says why something cannot be done now. Other errors stay.
func (v *visit) refusedAt(to string, err error) error {
	var e *models.Error
	if !errors.As(err, &e) || e.Code != models.CodeConflict {
		return err
	}
	if err := v.flash(views.Flash{Kind: views.KindWarn, Text: e.Message}); err != nil {
		return err
	}
	return v.Redirect(to, fiber.StatusSeeOther)
}
