package handlers

import (
	"errors"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// invitationsPath is where a person finds their invitations; below it are the links for people without an account.
const invitationsPath = "/invitations"

// invitationList shows a person the invitations that wait for them.
func (s *Server) invitationList(v *visit) error {
	page, err := v.ownPage(views.SectionInvitations, "Invitations")
	if err != nil {
		return err
	}
	all, err := s.DB.InvitationsFor(v.UserContext(), v.User.Email, s.now())
	if err != nil {
		return models.In("invitations: list", err)
	}
	m := views.InvitationsModel{Page: page}
	for _, i := range all {
		m.Invitations = append(m.Invitations, views.Invitation{ID: i.ID, Workspace: i.WorkspaceName, Role: string(i.Role),
			Inviter: models.ShowEmail(i.InviterEmail), ExpiresAt: i.ExpiresAt})
	}
	return v.show(views.InvitationsPage(m))
}

// invitedTo counts the invitations that wait for the person.
func (v *visit) invitedTo() (int64, error) {
	n, err := v.server.DB.CountInvitations(v.UserContext(), v.User.Email, v.server.now())
	return n, models.In("frame: count invitations", err)
}

// invitationAccept makes the person a member and leads to the workspace.
func (s *Server) invitationAccept(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	workspace, err := s.DB.AcceptInvitation(v.UserContext(), v.User, id, s.now())
	if errors.Is(err, models.ErrInvitation) {
		return v.invitationInvalid()
	}
	if err != nil {
		return models.In("invitations: accept", err)
	}
	v.Workspace = workspace
	return v.done(v.path(), "You are a member of %s now.", workspace.Name)
}

// invitationDecline ends an invitation when its person declines it.
func (s *Server) invitationDecline(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	err = s.DB.DeclineInvitation(v.UserContext(), v.User, id, s.now())
	if errors.Is(err, models.ErrInvitation) {
		return v.invitationInvalid()
	}
	if err != nil {
		return models.In("invitations: decline", err)
	}
	return v.done(invitationsPath, "The invitation is declined.")
}

// invitationInvalid says that an invitation does not count any more.
func (v *visit) invitationInvalid() error {
	if err := v.flash(views.Flash{Kind: views.KindWarn, Text: models.ErrInvitation.Message}); err != nil {
		return err
	}
	return v.Redirect(invitationsPath, fiber.StatusSeeOther)
}

// joinForm shows what the invitation of a link is, and asks for a password. Looking does not use it up, and does not tell
// whether the person has an account.
func (s *Server) joinForm(v *visit) error {
	m, err := v.joinModel()
	if err != nil {
		return v.joinClosed(m, err)
	}
	switch err := s.checkSession(v); { // somebody may be signed in: an inviter who tries the link out
	case err == nil && models.ShowEmail(v.User.Email) == m.Email:
		return v.Redirect(invitationsPath, fiber.StatusSeeOther) // their own: they accept it there
	case err == nil:
		m.SignedInAs = models.ShowEmail(v.User.Email)
	case !errors.Is(err, errSignIn):
		return err
	}
	return v.show(views.JoinPage(m))
}

// joinPost uses the link up: it makes the account with its password, the member, and signs the person in. A password that
// could not be one is refused first, so that trying a link without using it up does not tell whether there is an account.
func (s *Server) joinPost(v *visit) error {
	m, err := v.joinModel()
	if err != nil {
		return v.joinClosed(m, err)
	}
	password := v.Form("password")
	m.Errors = models.FieldErrors{}
	if sentence := models.ValidatePassword(password); sentence != "" {
		m.Errors["password"] = sentence
		return v.again(views.JoinPage(m))
	}
	if m.HasAccount {
		return v.joinClosed(m, nil)
	}
	workspace, user, err := s.DB.JoinByLink(v.UserContext(), v.Params("token"), password, s.now())
	if m.HasAccount = errors.Is(err, models.ErrEmailTaken); err != nil {
		return v.joinClosed(m, models.In("join: create the account", err))
	}
	if err := s.signIn(v, user); err != nil {
		return err
	}
	v.Workspace = workspace
	return v.done(v.path(), "You are a member of %s now.", workspace.Name)
}

func (v *visit) joinModel() (views.JoinModel, error) {
	token := v.Params("token")
	i, err := v.server.DB.InvitationByToken(v.UserContext(), token, v.server.now())
	return views.JoinModel{Token: token, Email: models.ShowEmail(i.Email), Workspace: i.WorkspaceName, Role: string(i.Role),
		Inviter: models.ShowEmail(i.InviterEmail), HasAccount: i.HasAccount, Assets: assets()}, models.In("join: invitation of a link", err)
}

// joinClosed answers a link that sets no password: to a person who has an account with the way in, and to any
// other link, whatever the reason, with what to do.
func (v *visit) joinClosed(m views.JoinModel, err error) error {
	switch {
	case m.HasAccount:
		return campaignlark.Render(v.Ctx, fiber.StatusConflict, views.JoinKnownPage(m))
	case errors.Is(err, models.ErrInvitation):
		return campaignlark.Render(v.Ctx, fiber.StatusNotFound, views.JoinClosedPage(views.JoinModel{Assets: assets()}))
	}
	return err
}
