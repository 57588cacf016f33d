package store

import (
	"context"
	"errors"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// OfferedInvitation is an invitation as the invited person sees it.
type OfferedInvitation struct {
	models.Invitation
	WorkspaceName string
	InviterEmail  string
	HasAccount    bool // the invited person has an account: they sign in to accept, and the link sets no password
}

// offered selects valid invitations to workspaces that are not deleted.
func offered(tx *gorm.DB, now time.Time) *gorm.DB {
	return tx.Table("invitations").
		Select("invitations.*, workspaces.name AS workspace_name, inviter.email AS inviter_email, users.id IS NOT NULL AS has_account").
		Joins("JOIN workspaces ON workspaces.id = invitations.workspace_id AND workspaces.deleted_at IS NULL").
		Joins("JOIN users AS inviter ON inviter.id = invitations.invited_by").
		Joins("LEFT JOIN users ON users.email = invitations.email").
		Where("invitations.expires_at > ?", now)
}

// InvitationsFor lists the open invitations for a stored address, the oldest first.
func (d *DB) InvitationsFor(ctx context.Context, email string, now time.Time) (all []OfferedInvitation, err error) {
	return all, offered(d.Read(ctx), now).Where("invitations.email = ?", email).Order("invitations.id").Find(&all).Error
}

// CountInvitations counts what InvitationsFor lists.
func (d *DB) CountInvitations(ctx context.Context, email string, now time.Time) (n int64, err error) {
	return n, offered(d.Read(ctx), now).Where("invitations.email = ?", email).Count(&n).Error
}

// InvitationByToken finds the invitation of a link. The error is ErrInvitation if the link is not valid.
func (d *DB) InvitationByToken(ctx context.Context, token string, now time.Time) (OfferedInvitation, error) {
	i, err := First[OfferedInvitation](offered(d.Read(ctx), now).Where("invitations.token_hash = ? AND invitations.created_at > ?", models.TokenHash(token), now.Add(-models.LinkLife)))
	if errors.Is(err, models.ErrNotFound) {
		err = models.ErrInvitation
	}
	return i, err
}

// AcceptInvitation makes a person a member with the role of their invitation. An existing member keeps their role. The
// error is ErrInvitation if the invitation is not valid.
func (d *DB) AcceptInvitation(ctx context.Context, user models.User, id int64, now time.Time) (w models.Workspace, err error) {
	return w, d.takeInvitation(ctx, user.Email, id, now, func(tx *gorm.DB, i models.Invitation) error {
		if w, err = First[models.Workspace](tx.Where("id = ?", i.WorkspaceID)); err != nil {
			return err
		}
		return join(tx, user, i, user.ID, now)
	})
}

// DeclineInvitation ends an invitation because the invited person declines it. The error is ErrInvitation if it is not
// valid.
func (d *DB) DeclineInvitation(ctx context.Context, user models.User, id int64, now time.Time) error {
	return d.takeInvitation(ctx, user.Email, id, now, func(tx *gorm.DB, i models.Invitation) error { return cancelInvitation(tx, user.ID, i, now) })
}

// takeInvitation runs use on a valid invitation for the address, with its workspace's members locked.
func (d *DB) takeInvitation(ctx context.Context, email string, id int64, now time.Time, use func(tx *gorm.DB, i models.Invitation) error) error {
	err := d.Write(ctx, func(tx *gorm.DB) error {
		waiting := tx.Where("id = ? AND email = ? AND expires_at > ?", id, email, now)
		return takeLocked(tx, waiting, use)
	})
	if errors.Is(err, models.ErrNotFound) {
		return models.ErrInvitation
	}
	return err
}

// takeLocked reads an invitation, locks its workspace's members and reads it again, because it may be gone by then.
func takeLocked(tx, waiting *gorm.DB, use func(tx *gorm.DB, i models.Invitation) error) error {
	waiting = waiting.Session(&gorm.Session{})
	i, err := First[models.Invitation](waiting)
	if err != nil {
		return err
	}
	if err := lockMembers(tx, i.WorkspaceID); err != nil {
		return err
	}
	if i, err = First[models.Invitation](waiting); err != nil {
		return err
	}
	return use(tx, i)
}

// JoinByLink uses up a link: it creates an account for the invited address, with a valid password, and makes it a
// member of the workspace. The errors are ErrInvitation, and ErrEmailTaken if the person has an account by now: then
// the link sets no password and the invitation stays open.
func (d *DB) JoinByLink(ctx context.Context, token, password string, now time.Time) (w models.Workspace, user models.User, err error) {
	hash, err := models.HashPassword(ctx, password)
	if err != nil {
		return w, user, err
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		waiting := tx.Where("token_hash = ? AND created_at > ?", models.TokenHash(token), now.Add(-models.LinkLife))
		return takeLocked(tx, waiting, func(tx *gorm.DB, i models.Invitation) error {
			if w, err = First[models.Workspace](tx.Where("id = ?", i.WorkspaceID)); err != nil {
				return err
			}
			user = models.User{Email: i.Email, PasswordHash: hash, CreatedAt: now}
			if err := tx.Create(&user).Error; err != nil {
				return err
			}
			return join(tx, user, i, user.ID, now)
		})
	})
	switch {
	case errors.Is(err, models.ErrNotFound):
		err = models.ErrInvitation
	case IsDuplicate(err):
		err = models.ErrEmailTaken
	}
	return w, user, err
}

// join makes a person a member of the invitation's workspace, unless they are one, and ends the invitation. by is the
// acting user.
func join(tx *gorm.DB, user models.User, i models.Invitation, by int64, now time.Time) error {
	if err := tx.Where("workspace_id = ? AND email = ?", i.WorkspaceID, i.Email).Delete(&models.Invitation{}).Error; err != nil {
		return err
	}
	_, err := First[Member](members(tx, i.WorkspaceID).Where("users.id = ?", user.ID))
	if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	member, action := models.Membership{WorkspaceID: i.WorkspaceID, UserID: user.ID, Role: i.Role, CreatedAt: now}, models.ActionMemberAdded
	if by == user.ID { // they have the page open
		member.SeenAt, action = &now, models.ActionMemberJoined
	}
	if err := tx.Create(&member).Error; err != nil {
		return err
	}
	return Audit(tx, models.AuditEntry{WorkspaceID: i.WorkspaceID, UserID: by, Action: action, Subject: models.SubjectMember, SubjectID: user.ID, SubjectName: user.Email},
		[]models.AuditChange{{What: "role", After: i.Role.Word()}}, now)
}
