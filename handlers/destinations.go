package handlers

import (
	"errors"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/secrets"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// destinations returns the store of destinations and their deliveries.
func (v *visit) destinations() deliveries.Store {
	return deliveries.Store{DB: v.server.DB, Cipher: v.server.Cipher, Allow: v.server.Config.OutboundAllow, Callers: automations.Callers}
}

// isAdmin reports whether the person may change destinations and their secrets.
func (v *visit) isAdmin() bool { return v.Role.Includes(models.RoleAdmin) }

// destinationList lists the destinations, those that need a look first.
func (s *Server) destinationList(v *visit) error {
	all, err := v.destinations().List(v.UserContext(), v.Workspace.ID, s.now())
	if err != nil {
		return models.In("destinations: list", err)
	}
	p, err := v.page(views.SectionDestinations, "Destinations")
	if err != nil {
		return err
	}
	m := views.DestinationsModel{Page: p, IsAdmin: v.isAdmin()}
	for _, u := range all {
		m.Destinations = append(m.Destinations, v.destinationRow(u))
	}
	return v.show(views.DestinationsPage(m))
}

// destinationRow describes a destination for the list.
func (v *visit) destinationRow(u deliveries.Use) views.DestinationRow {
	row := views.DestinationRow{ID: u.ID, Name: u.Name, Host: deliveries.Host(u.URL), Health: v.healthOf(u), Arrived: u.Arrived, Waiting: u.Waiting, GivenUp: u.GivenUp, Failing: u.Failing}
	if u.Last != nil {
		row.Last, row.Status = u.Last.At, u.Last.Status
	}
	switch {
	case refusedNow(u):
		row.Problem = "This program may not send to the address of " + u.Name + "." + lastWords(u)
		row.Advice = v.whatWaits(u) + whoToAsk(u)
	case u.Failing:
		row.Problem = u.Name + " does not take messages since " + v.daySaidOf(*u.FailingSince) + "." + lastWords(u)
		if u.ArrivedAt == nil {
			row.Problem = u.Name + " has not taken a message yet." + lastWords(u)
		}
		row.Advice = v.whatWaits(u) + whoToAsk(u) + v.untilOffSaid(u, "it")
	case !u.Enabled && u.OffReason != "":
		row.Problem = u.Name + " was switched off. " + u.OffReason
		row.Advice = v.whatWaits(u)
	}
	return row
}

// destinationNew shows the form of a new destination.
func (s *Server) destinationNew(v *visit) error {
	m, err := v.destinationForm(models.Destination{}, deliveries.Form{}, v.edit(), nil)
	if err != nil {
		return err
	}
	return v.show(views.DestinationFormPage(m))
}

// destinationCreate stores a new destination and leads to its secret.
func (s *Server) destinationCreate(v *visit) error {
	f := deliveries.Form{Name: v.Form("name"), URL: v.Form("url"), Headers: v.Form("headers")}
	if v.refill {
		return v.destinationAgain(models.Destination{}, f, v.edit(), nil)
	}
	d, secret, errs, err := v.destinations().Create(v.UserContext(), v.Workspace.ID, v.User.ID, f, s.now())
	if errors.Is(err, secrets.ErrNoKey) {
		errs, err = models.FieldErrors{"name": secrets.ErrNoKey.Message}, nil
	}
	if err != nil {
		return models.In("destinations: create", err)
	}
	if errs.Any() {
		return v.destinationAgain(models.Destination{}, f, v.edit(), errs)
	}
	return v.showSecretNext(d, "created "+secret)
}

// showSecretNext redirects to the page that shows a new secret once.
func (v *visit) showSecretNext(d models.Destination, text string) error {
	to := v.path("destinations", d.ID, "secret")
	if err := v.leaveSecret(to, text); err != nil {
		return err
	}
	return v.Redirect(to, fiber.StatusSeeOther)
}

// destinationEdit shows the form of a destination.
func (s *Server) destinationEdit(v *visit) error {
	d, err := v.destination()
	if err != nil {
		return err
	}
	f, err := v.storedDestination(d)
	if err != nil {
		return err
	}
	m, err := v.destinationForm(d, f, v.editDestination(f), nil)
	if err != nil {
		return err
	}
	return v.show(views.DestinationFormPage(m))
}

// destinationUpdate changes a destination's name, address and own headers.
func (s *Server) destinationUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateDestination(v) })
}

func (s *Server) updateDestination(v *visit) error {
	d, err := v.destination()
	if errors.Is(err, models.ErrNotFound) {
		return v.destinationGone()
	}
	if err != nil {
		return err
	}
	stored, err := v.storedDestination(d)
	if err != nil {
		return err
	}
	e := v.editDestination(stored)
	f := deliveries.Form{Name: e.text("name"), URL: e.text("url"), Headers: e.text("headers")}
	if v.refill || e.clashes() {
		return v.destinationAgain(d, f, e, nil)
	}
	errs, err := v.destinations().Update(v.UserContext(), d, v.User.ID, f, s.now())
	if err != nil {
		return models.In("destinations: store", err)
	}
	if errs.Any() {
		return v.destinationAgain(d, f, e, errs)
	}
	return v.done(v.path("destinations", d.ID), "Saved.")
}

// storedDestination returns the content of a destination's form. The values of the headers are hidden.
func (v *visit) storedDestination(d models.Destination) (deliveries.Form, error) {
	headers, err := v.destinations().Headers(d)
	if deliveries.Lost(err) { // the form replaces them
		err = nil
	}
	return deliveries.Form{Name: d.Name, URL: d.URL, Headers: deliveries.HideHeaders(headers)}, models.In("destinations: own headers", err)
}

// editDestination compares the posted form with the destination.
func (v *visit) editDestination(stored deliveries.Form) editForm {
	return v.edit(editField{name: "name", label: "Name", stored: []string{stored.Name}, posted: v.FormAll("name")},
		editField{name: "url", label: "Address", stored: []string{stored.URL}, posted: v.FormAll("url")},
		editField{name: "headers", label: "Own headers", stored: []string{stored.Headers}, posted: v.FormAll("headers")})
}

func (v *visit) destinationForm(d models.Destination, f deliveries.Form, e editForm, errs models.FieldErrors) (views.DestinationFormModel, error) {
	title, crumbs := "Create destination", []views.Crumb{v.destinationsCrumb()}
	if d.ID != 0 {
		title, crumbs = "Edit destination", append(crumbs, views.Crumb{Text: d.Name, Href: v.path("destinations", d.ID)})
	}
	p, err := v.page(views.SectionDestinations, title, append(crumbs, views.Crumb{Text: title})...)
	m := views.DestinationFormModel{Page: p, ID: d.ID, Name: f.Name, URL: f.URL, Headers: f.Headers, Edit: e.state("destination", nil), Errors: errs, Hint: deliveries.URLHint(f.URL, v.server.Config.OutboundAllow...), Warning: deliveries.PlainWarning(f.URL), Plain: len(v.server.Config.OutboundAllow) > 0}
	m.Failed = errs.Any() || m.Edit.Changed
	if d.ID != 0 {
		_, lost := v.destinations().Headers(d)
		m.Lost = deliveries.Lost(lost)
	}
	return m, err
}

func (v *visit) destinationAgain(d models.Destination, f deliveries.Form, e editForm, errs models.FieldErrors) error {
	m, err := v.destinationForm(d, f, e, errs)
	if err != nil {
		return err
	}
	return v.again(views.DestinationFormPage(m))
}

// destinationGone shows the form of a new destination with the input for one that was deleted.
func (v *visit) destinationGone() error {
	f := deliveries.Form{Name: v.Form("name"), URL: v.Form("url"), Headers: v.Form("headers")}
	m, err := v.destinationForm(models.Destination{}, f, v.edit(), nil)
	if err != nil {
		return err
	}
	m.Failed, m.Edit = true, views.EditState{What: "destination", Deleted: true, List: v.path("destinations"), Instead: "It gets another secret."}
	return v.gone(views.DestinationFormPage(m))
}

func (v *visit) destinationsCrumb() views.Crumb {
	return views.Crumb{Text: "Destinations", Href: v.path("destinations")}
}

// destination returns the destination in the URL.
func (v *visit) destination() (models.Destination, error) {
	id, err := v.id()
	if err != nil {
		return models.Destination{}, err
	}
	d, err := v.destinations().Destination(v.UserContext(), v.Workspace.ID, id)
	return d, models.In("destinations: read it", err)
}

// destinationEnable switches a destination on.
func (s *Server) destinationEnable(v *visit) error {
	d, err := v.destination()
	if err != nil {
		return err
	}
	n, all, err := v.destinations().SwitchOn(v.UserContext(), d, v.User.ID, s.now())
	if err != nil {
		return models.In("destinations: switch it on", err)
	}
	if !all {
		return v.done(v.path("destinations", d.ID), "%s is on again. %s messages go out now. There are more: press “Try all now” for the others.", d.Name, views.Count(n))
	}
	return v.done(v.path("destinations", d.ID), "%s is on again. What waits for it goes out now.", d.Name)
}

// destinationDisableAsk asks before a destination is switched off.
func (s *Server) destinationDisableAsk(v *visit) error {
	_, m, err := v.destinationQuestion("Switch off")
	if err != nil {
		return err
	}
	return v.show(views.DestinationDisablePage(m))
}

// destinationDisable switches a destination off.
func (s *Server) destinationDisable(v *visit) error {
	d, err := v.destination()
	if err != nil {
		return err
	}
	if err := v.destinations().Enable(v.UserContext(), d, v.User.ID, false, s.now()); err != nil {
		return models.In("destinations: switch it off", err)
	}
	return v.done(v.path("destinations", d.ID), "%s is switched off.", d.Name)
}

// destinationDeleteAsk asks before a destination is deleted, and says what waits.
func (s *Server) destinationDeleteAsk(v *visit) error {
	_, m, err := v.destinationQuestion("Delete")
	if err != nil {
		return err
	}
	return v.show(views.DestinationDeletePage(m))
}

// destinationDelete deletes a destination, unless an automation calls it.
func (s *Server) destinationDelete(v *visit) error {
	d, m, err := v.destinationQuestion("Delete")
	if err != nil {
		return err
	}
	if m.Asked.Changed || len(m.Callers) > 0 {
		m.Failed = true
		return v.again(views.DestinationDeletePage(m))
	}
	if err := v.destinations().Delete(v.UserContext(), d, v.User.ID, s.now()); err != nil {
		return models.In("destinations: delete", err)
	}
	return v.done(v.path("destinations"), "%s is deleted.", d.Name)
}

// destinationQuestion describes a destination about which a page asks.
func (v *visit) destinationQuestion(title string) (models.Destination, views.DestinationQuestion, error) {
	d, err := v.destination()
	if err != nil {
		return d, views.DestinationQuestion{}, err
	}
	waiting, err := v.destinations().CountWaiting(v.UserContext(), d)
	if err != nil {
		return d, views.DestinationQuestion{}, models.In("destinations: count what waits", err)
	}
	m := views.DestinationQuestion{ID: d.ID, Name: d.Name, Waiting: waiting, Off: !d.Enabled}
	m.Asked = v.edit(editField{name: "name", label: "Name", stored: []string{d.Name}}).state("destination", nil)
	if m.Callers, err = v.callersOf(d); err != nil {
		return d, m, err
	}
	m.Page, err = v.page(views.SectionDestinations, title, v.destinationsCrumb(), views.Crumb{Text: d.Name, Href: v.path("destinations", d.ID)}, views.Crumb{Text: title})
	return d, m, err
}

// callersOf lists the automations that call a destination.
func (v *visit) callersOf(d models.Destination) (named []views.Named, err error) {
	all, err := v.destinations().CalledBy(v.server.DB.Read(v.UserContext()), d.WorkspaceID, d.ID)
	for _, a := range all {
		named = append(named, views.Named{ID: a.ID, Name: a.Name})
	}
	return named, models.In("destinations: automations that call it", err)
}
