package handlers

import (
	"errors"
	"slices"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// memberList shows who is a member of the workspace, and who is invited.
func (s *Server) memberList(v *visit) error {
	members, err := s.DB.Members(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("members: list", err)
	}
	invitations, err := s.DB.Invitations(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("members: invitations", err)
	}
	m := views.MembersModel{IsAdmin: v.Role.Includes(models.RoleAdmin)}
	for _, member := range members {
		m.Members = append(m.Members, views.MemberRow{ID: member.UserID, Email: models.ShowEmail(member.Email), Name: member.Name, Role: member.Role.Word(),
			SeenAt: timeOrZero(member.SeenAt), You: member.UserID == v.User.ID, OnlyAdmin: onlyAdmin(members, member)})
	}
	for _, i := range invitations {
		m.Invitations = append(m.Invitations, views.InvitationRow{ID: i.ID, Email: models.ShowEmail(i.Email), Role: i.Role.Word(),
			Expired: !s.now().Before(i.ExpiresAt), ExpiresAt: i.ExpiresAt,
			LinkOver: !s.now().Before(i.LinkUntil()), LinkUntil: i.LinkUntil()})
	}
	if m.Page, err = v.page(views.SectionSettings, "Members", v.settingsCrumb(), views.Crumb{Text: "Members"}); err != nil {
		return err
	}
	return v.show(views.MembersPage(m))
}

// onlyAdmin reports whether m is the only admin.
func onlyAdmin(members []store.Member, m store.Member) bool {
	return m.Role == models.RoleAdmin && !slices.ContainsFunc(members, func(other store.Member) bool {
		return other.Role == models.RoleAdmin && other.UserID != m.UserID
	})
}

// memberNew shows the form that invites somebody.
func (s *Server) memberNew(v *visit) error {
	m, err := v.memberForm(views.MemberFormModel{Role: string(models.RoleViewer)})
	if err != nil {
		return err
	}
	return v.show(views.MemberFormPage(m))
}

// memberInvite invites somebody. The next page shows the link once, whether or not the person has an account.
func (s *Server) memberInvite(v *visit) error {
	email, role := v.Form("email"), v.Form("role")
	if v.refill {
		return v.memberAgain(views.MemberFormModel{Email: email, Role: role})
	}
	invitation, token, errs, err := s.DB.Invite(v.UserContext(), v.Workspace.ID, v.User.ID, email, models.Role(role), s.now())
	if err != nil {
		return models.In("members: invite", err)
	}
	if errs.Any() {
		return v.memberAgain(views.MemberFormModel{Email: email, Role: role, Errors: errs})
	}
	return v.invited(invitation, token)
}

// invited redirects to the page with an invitation's link.
func (v *visit) invited(i models.Invitation, token string) error {
	to := v.path("settings", "invitations", i.ID)
	if err := v.leaveSecret(to, token); err != nil {
		return err
	}
	return v.done(to, "The invitation was created. Its link is below.")
}

// invitationShow shows the link of an invitation once, to the person who made it.
func (s *Server) invitationShow(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	i, err := s.DB.Invitation(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("members: read the invitation", err)
	}
	token, err := v.takeSecret(v.path("settings", "invitations", id))
	if err != nil {
		return err
	}
	m := views.InvitationLinkModel{ID: id, Email: models.ShowEmail(i.Email), Role: i.Role.Word(), ExpiresAt: i.LinkUntil()}
	if token != "" {
		m.Link = s.Config.PublicURL.JoinPath(invitationsPath, token).String()
	}
	if m.Page, err = v.page(views.SectionSettings, "Invitation link", v.settingsCrumb(), v.membersCrumb(), views.Crumb{Text: "Invitation link"}); err != nil {
		return err
	}
	return v.show(views.InvitationLinkPage(m))
}

// invitationRenew replaces an invitation's link. The old link stops working.
func (s *Server) invitationRenew(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	invitation, token, err := s.DB.RenewInvitation(v.UserContext(), v.Workspace.ID, v.User.ID, id, s.now())
	if errors.Is(err, models.ErrNotFound) {
		return v.invitationGone()
	}
	if err != nil {
		return models.In("members: renew the invitation", err)
	}
	return v.invited(invitation, token)
}

// invitationCancel ends an invitation.
func (s *Server) invitationCancel(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	invitation, err := s.DB.CancelInvitation(v.UserContext(), v.Workspace.ID, v.User.ID, id, s.now())
	if errors.Is(err, models.ErrNotFound) {
		return v.invitationGone()
	}
	if err != nil {
		return models.In("members: cancel the invitation", err)
	}
	return v.done(v.path("settings", "members"), "The invitation of %s is cancelled. Its link does not work any more.", models.ShowEmail(invitation.Email))
}

// invitationGone says that an invitation was accepted, declined or cancelled after the list was shown.
func (v *visit) invitationGone() error {
	if err := v.flash(views.Flash{Kind: views.KindWarn, Text: "This invitation no longer exists: it was accepted, declined or cancelled."}); err != nil {
		return err
	}
	return v.Redirect(v.path("settings", "members"), fiber.StatusSeeOther)
}

// memberEdit shows the form of a member's role.
func (s *Server) memberEdit(v *visit) error {
	member, err := v.member()
	if err != nil {
		return err
	}
	m, err := v.memberForm(roleForm(member, string(member.Role), v.editRole(member), nil))
	if err != nil {
		return err
	}
	return v.show(views.MemberFormPage(m))
}

// errNoMember is shown to a person who changes the role of a member who left in between.
var errNoMember = &models.Error{Code: models.CodeNotFound, Message: "This person is not a member of the workspace any more, so no role was changed."}

// memberUpdate changes a member's role.
func (s *Server) memberUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateMember(v) })
}

func (s *Server) updateMember(v *visit) error {
	member, err := v.member()
	if err != nil {
		return goneIs(errNoMember, err)
	}
	e := v.editRole(member)
	role := models.Role(e.text("role"))
	if v.refill || e.clashes() {
		return v.memberAgain(roleForm(member, string(role), e, nil))
	}
	errs, err := s.DB.ChangeRole(v.UserContext(), v.Workspace.ID, v.User.ID, member, role, s.now())
	if errors.Is(err, store.ErrLastAdmin) {
		errs, err = models.FieldErrors{"role": store.ErrLastAdmin.Message}, nil
	}
	if err != nil {
		return models.In("members: change the role", err)
	}
	if errs.Any() {
		return v.memberAgain(roleForm(member, string(role), e, errs))
	}
	return v.done(v.path("settings", "members"), "The role of %s is %s now.", models.ShowEmail(member.Email), role.Word())
}

// editRole compares the posted form with the member's role.
func (v *visit) editRole(member store.Member) editForm {
	return v.edit(editField{name: "role", label: "Role", stored: []string{string(member.Role)}, posted: v.FormAll("role"),
		say: func(text string) string { return models.Role(text).Word() }})
}

func roleForm(member store.Member, role string, e editForm, errs models.FieldErrors) views.MemberFormModel {
	return views.MemberFormModel{ID: member.UserID, Email: models.ShowEmail(member.Email), Role: role, Edit: e.state("role", nil), Errors: errs}
}

// memberRemoveAsk asks an admin for confirmation and says what the member loses. Everybody may leave.
func (s *Server) memberRemoveAsk(v *visit) error {
	id, err := v.id()
	switch {
	case err != nil:
		return err
	case id == v.User.ID:
		return v.Redirect(v.path("settings", "members", "leave"), fiber.StatusSeeOther)
	case !v.Role.Includes(models.RoleAdmin):
		return errRole
	}
	return v.memberEnd(fiber.StatusOK, id)
}

// memberRemove removes a member.
func (s *Server) memberRemove(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	return v.endMember(id)
}

// memberLeaveAsk asks for confirmation before the person leaves the workspace.
func (s *Server) memberLeaveAsk(v *visit) error { return v.memberEnd(fiber.StatusOK, v.User.ID) }

// memberLeave ends the person's own membership.
func (s *Server) memberLeave(v *visit) error { return v.endMember(v.User.ID) }

func (v *visit) endMember(id int64) error {
	db := v.server.DB
	member, err := db.Member(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("members: read the member", err)
	}
	err = db.RemoveMember(v.UserContext(), v.Workspace.ID, v.User.ID, id, v.server.now())
	switch {
	case errors.Is(err, store.ErrLastAdmin):
		return v.memberEnd(fiber.StatusUnprocessableEntity, id)
	case err != nil:
		return models.In("members: remove the member", err)
	case id == v.User.ID:
		return v.done("/", "You have left %s.", v.Workspace.Name)
	}
	return v.done(v.path("settings", "members"), "%s is not a member any more.", models.ShowEmail(member.Email))
}

// memberEnd asks for confirmation before a membership ends. The only admin cannot leave or be removed.
func (v *visit) memberEnd(status int, id int64) error {
	members, err := v.server.DB.Members(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("members: list", err)
	}
	i := slices.IndexFunc(members, func(m store.Member) bool { return m.UserID == id })
	if i < 0 {
		return models.ErrNotFound
	}
	m := views.MemberEndModel{ID: id, Email: models.ShowEmail(members[i].Email), You: id == v.User.ID, OnlyAdmin: onlyAdmin(members, members[i])}
	title := "Remove member"
	if m.You {
		title = "Leave workspace"
	}
	if m.Page, err = v.page(views.SectionSettings, title, v.settingsCrumb(), v.membersCrumb(), views.Crumb{Text: title}); err != nil {
		return err
	}
	return campaignlark.Render(v.Ctx, status, views.MemberEndPage(m))
}

func (v *visit) member() (store.Member, error) {
	id, err := v.id()
	if err != nil {
		return store.Member{}, err
	}
	m, err := v.server.DB.Member(v.UserContext(), v.Workspace.ID, id)
	return m, models.In("members: read the member", err)
}

func (v *visit) memberForm(m views.MemberFormModel) (_ views.MemberFormModel, err error) {
	title := "Invite a person"
	m.Action = v.path("settings", "members")
	if m.ID != 0 {
		title, m.Action = "Change role", v.path("settings", "members", m.ID)
	}
	m.Page, err = v.page(views.SectionSettings, title, v.settingsCrumb(), v.membersCrumb(), views.Crumb{Text: title})
	m.Page.Failed = len(m.Errors) > 0 || m.Edit.Changed
	return m, err
}

func (v *visit) memberAgain(m views.MemberFormModel) error {
	m, err := v.memberForm(m)
	if err != nil {
		return err
	}
	return v.again(views.MemberFormPage(m))
}

func (v *visit) settingsCrumb() views.Crumb {
	return views.Crumb{Text: "Workspace settings", Href: v.path("settings")}
}

func (v *visit) membersCrumb() views.Crumb {
	return views.Crumb{Text: "Members", Href: v.path("settings", "members")}
}
