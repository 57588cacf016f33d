package store

import (
	"context"
	"errors"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Invitations lists a workspace's invitations, expired ones too, by address.
func (d *DB) Invitations(ctx context.Context, workspaceID int64) (all []models.Invitation, err error) {
	return all, d.Read(ctx).Where("workspace_id = ?", workspaceID).Order("email").Find(&all).Error
}

// Invitation returns one invitation of a workspace, or ErrNotFound.
func (d *DB) Invitation(ctx context.Context, workspaceID, id int64) (models.Invitation, error) {
	return First[models.Invitation](d.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, id))
}

// Invite invites a person to a workspace by email address, as typed. The token is the secret of the link and is shown once.
// Input errors are FieldErrors under "email" or "role".
func (d *DB) Invite(ctx context.Context, workspaceID, userID int64, email string, role models.Role, now time.Time) (models.Invitation, string, models.FieldErrors, error) {
	errs := models.FieldErrors{}
	errs.Add("email", models.ValidateEmail(email))
	errs.Add("role", models.ValidateRole(role))
	if errs.Any() {
		return models.Invitation{}, "", errs, nil
	}
	stored, err := models.ReadEmail(email)
	if err != nil {
		return models.Invitation{}, "", nil, err
	}
	var invitation models.Invitation
	var token string
	err = d.Write(ctx, func(tx *gorm.DB) error {
		invitation = models.Invitation{WorkspaceID: workspaceID, Email: stored, Role: role, InvitedBy: userID}
		token, errs, err = invite(tx, &invitation, now)
		return err
	})
	return invitation, token, errs, err
}

// invite stores a new invitation unless the person is already a member or invited. It runs the same queries whether or not
// the address has an account, so that its duration does not reveal it.
func invite(tx *gorm.DB, i *models.Invitation, now time.Time) (token string, errs models.FieldErrors, err error) {
	if err := lockMembers(tx, i.WorkspaceID); err != nil {
		return "", nil, err
	}
	switch _, err := First[Member](members(tx, i.WorkspaceID).Where("users.email = ?", i.Email)); {
	case err == nil:
		return "", models.FieldErrors{"email": models.ShowEmail(i.Email) + " is a member already. You can change the role in the list of members."}, nil
	case !errors.Is(err, models.ErrNotFound):
		return "", nil, err
	}
	old, err := First[models.Invitation](tx.Where("workspace_id = ? AND email = ?", i.WorkspaceID, i.Email))
	switch {
	case err == nil && now.Before(old.ExpiresAt):
		return "", models.FieldErrors{"email": models.ShowEmail(i.Email) + " is invited already. In the list of members you can make a new link or cancel the invitation."}, nil
	case err == nil:
		err = deleteInvitation(tx, old)
	case errors.Is(err, models.ErrNotFound):
		err = nil
	}
	if err != nil {
		return "", nil, err
	}
	token = i.Renew(now)
	if err := tx.Create(i).Error; err != nil {
		return "", nil, err
	}
	return token, nil, auditInvitation(tx, models.ActionMemberInvited, i.InvitedBy, *i, models.AuditChange{What: "role", After: i.Role.Word()}, now)
}

// RenewInvitation gives an invitation more time and a new link; the old link stops working. The token is as with
// Invite. The error is ErrNotFound if there is no such invitation.
func (d *DB) RenewInvitation(ctx context.Context, workspaceID, userID, id int64, now time.Time) (invitation models.Invitation, token string, err error) {
	err = d.changeInvitation(ctx, workspaceID, id, func(tx *gorm.DB, i models.Invitation) error {
		token, invitation = i.Renew(now), i
		err := tx.Model(&models.Invitation{}).Where("workspace_id = ? AND id = ?", workspaceID, id).
			Updates(map[string]any{"token_hash": i.TokenHash, "created_at": i.CreatedAt, "expires_at": i.ExpiresAt}).Error
		if err != nil {
			return err
		}
		return auditInvitation(tx, models.ActionInvitationLinked, userID, i, models.AuditChange{What: "role", After: i.Role.Word()}, now)
	})
	invitation.TokenHash = nil // no caller needs it
	return invitation, token, err
}

// CancelInvitation ends an invitation and returns it. The error is ErrNotFound if there is no such invitation.
func (d *DB) CancelInvitation(ctx context.Context, workspaceID, userID, id int64, now time.Time) (invitation models.Invitation, err error) {
	return invitation, d.changeInvitation(ctx, workspaceID, id, func(tx *gorm.DB, i models.Invitation) error {
		invitation = i
		return cancelInvitation(tx, userID, i, now)
	})
}

func (d *DB) changeInvitation(ctx context.Context, workspaceID, id int64, change func(tx *gorm.DB, i models.Invitation) error) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockMembers(tx, workspaceID); err != nil {
			return err
		}
		i, err := First[models.Invitation](tx.Where("workspace_id = ? AND id = ?", workspaceID, id))
		if err != nil {
			return err
		}
		return change(tx, i)
	})
}

func cancelInvitation(tx *gorm.DB, userID int64, i models.Invitation, now time.Time) error {
	if err := deleteInvitation(tx, i); err != nil {
		return err
	}
	return auditInvitation(tx, models.ActionInvitationCancelled, userID, i, models.AuditChange{What: "role", Before: i.Role.Word()}, now)
}

func deleteInvitation(tx *gorm.DB, i models.Invitation) error {
	return tx.Where("workspace_id = ? AND id = ?", i.WorkspaceID, i.ID).Delete(&models.Invitation{}).Error
}

func auditInvitation(tx *gorm.DB, action string, userID int64, i models.Invitation, change models.AuditChange, now time.Time) error {
	return Audit(tx, models.AuditEntry{WorkspaceID: i.WorkspaceID, UserID: userID, Action: action, Subject: models.SubjectMember, SubjectName: i.Email}, []models.AuditChange{change}, now)
}
