package handlers

import (
	"errors"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// invitationsPath lists a person's invitations; the links for people without an account are below it.
const invitationsPath = "/invitations"

// invitationList shows a person their open invitations.
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

// invitedTo counts the person's open invitations.
func (v *visit) invitedTo() (int64, error) {
	n, err := v.server.DB.CountInvitations(v.UserContext(), v.User.Email, v.server.now())
	return n, models.In("frame: count invitations", err)
}

// invitationAccept makes the person a member and redirects to the workspace.
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

// invitationDecline ends an invitation that the invited person declines.
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

// invitationInvalid says that an invitation is no longer valid.
func (v *visit) invitationInvalid() error {
	if err := v.flash(views.Flash{Kind: views.KindWarn, Text: models.ErrInvitation.Message}); err != nil {
		return err
	}
	return v.Redirect(invitationsPath, fiber.StatusSeeOther)
}

// joinForm shows a link's invitation and asks for a password. Opening it does not use up the link or tell whether the person has
// an account.
func (s *Server) joinForm(v *visit) error {
	m, err := v.joinModel()
	if err != nil {
		return v.joinClosed(m, err)
	}
	switch err := s.checkSession(v); { // e.g. an inviter who tries the link
	case err == nil && models.ShowEmail(v.User.Email) == m.Email:
		return v.Redirect(invitationsPath, fiber.StatusSeeOther) // the person is invited: they accept it there
	case err == nil:
		m.SignedInAs = models.ShowEmail(v.User.Email)
	case !errors.Is(err, errSignIn):
		return err
	}
	return v.show(views.JoinPage(m))
}

// joinPost uses up the link: it creates the account and the membership, and signs the person in. It refuses an invalid password
// first: otherwise an invalid one would tell, without using up the link, whether the account exists.
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

// joinClosed answers a link that sets no password. A person with an account is told to sign in. Any other link gets the same
// answer, whatever the reason.
func (v *visit) joinClosed(m views.JoinModel, err error) error {
	switch {
	case m.HasAccount:
		return campaignlark.Render(v.Ctx, fiber.StatusConflict, views.JoinKnownPage(m))
	case errors.Is(err, models.ErrInvitation):
		return campaignlark.Render(v.Ctx, fiber.StatusNotFound, views.JoinClosedPage(views.JoinModel{Assets: assets()}))
	}
	return err
}
