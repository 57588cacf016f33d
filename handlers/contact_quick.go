package handlers

import (
	"campaignlark/models"
	"campaignlark/views"
)

// contactUnsubscribeAsk asks for confirmation before a contact is unsubscribed.
func (s *Server) contactUnsubscribeAsk(v *visit) error {
	c, err := v.contact()
	if err != nil {
		return err
	}
	email := models.ShowEmail(c.Email)
	p, err := v.page(views.SectionContacts, "Unsubscribe contact", views.Crumb{Text: "Contacts", Href: v.path("contacts")},
		views.Crumb{Text: email, Href: v.path("contacts", c.ID)}, views.Crumb{Text: "Unsubscribe"})
	if err != nil {
		return err
	}
	may, err := v.mayStart(changeOf(1, models.EventUnsubscribed))
	if err != nil {
		return err
	}
	return v.show(views.ContactUnsubscribePage(views.ContactDeleteModel{Page: p, ID: c.ID, Email: email, MayStart: may}))
}

// contactUnsubscribe makes a contact unsubscribed.
func (s *Server) contactUnsubscribe(v *visit) error {
	return v.quickChange("The contact is unsubscribed now.", func(in *models.ContactInput) { in.Status = models.StatusUnsubscribed })
}

// contactAddTags adds the posted tags, by name, to a contact. A name that cannot be a tag shows the page again.
func (s *Server) contactAddTags(v *visit) error {
	names := models.SplitNames(v.Form("new_tags"))
	wrong := models.ValidateNewTags(names)
	if len(names) == 0 {
		wrong = "Please type the name of a tag."
	}
	var tags []models.Tag
	if wrong == "" && !v.refill {
		if _, err := v.contact(); err != nil { // before tags are created for it
			return err
		}
		found, errs, err := s.DB.ResolveTagNames(v.UserContext(), v.Workspace.ID, v.User.ID, names, s.now())
		if err != nil {
			return models.In("add tags to a contact: find them", err)
		}
		tags, wrong = found, errs["tags"]
	}
	if wrong != "" || v.refill {
		return s.showContact(v, v.Form("new_tags"), wrong)
	}
	said := "The contact has the tag now."
	if len(tags) > 1 {
		said = "The contact has the tags now."
	}
	return v.quickChange(said, func(in *models.ContactInput) { in.Tags = append(in.Tags, tags...) })
}

// quickChange changes a contact as it is now, as its form would, and says so.
func (v *visit) quickChange(said string, change func(in *models.ContactInput)) error {
	ctx, db := v.UserContext(), v.server.DB
	return untilSeen(func() error {
		c, err := v.contact()
		if err != nil {
			return goneIs(errErased, err)
		}
		in := models.ContactInput{Status: c.Status}
		if in.Tags, err = db.ContactTags(ctx, c.WorkspaceID, c.ID); err != nil {
			return models.In("quick change: tags of the contact", err)
		}
		change(&in)
		changed, err := db.UpdateContact(ctx, c, v.User.ID, c.Version, in, v.server.now())
		if err != nil {
			return models.In("quick change: store", err)
		}
		if !changed {
			said = "Nothing was different, so nothing was changed."
		}
		return v.done(v.path("contacts", c.ID), "%s", said)
	})
}
