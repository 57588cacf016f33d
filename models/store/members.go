package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Member is a person with their role in one workspace.
type Member struct {
	UserID int64
	Email  string
	Name   string // "" if the person gave none
	Role   models.Role
	SeenAt *time.Time // when they last opened a page of the workspace, to memberTouch; nil for never
}

// memberTouch is how far SeenAt may lag. A person who clicks through pages causes one write in that time.
const memberTouch = 5 * time.Minute

// ErrLastAdmin refuses a change that leaves a workspace without an admin.
var ErrLastAdmin = &models.Error{Code: models.CodeConflict, Message: "A workspace needs at least one admin, and this is the only one. Make somebody else an admin first."}

// Members lists the members of a workspace, by address.
func (d *DB) Members(ctx context.Context, workspaceID int64) (all []Member, err error) {
	return MembersIn(d.Read(ctx), workspaceID)
}

// MembersIn is Members in a transaction.
func MembersIn(tx *gorm.DB, workspaceID int64) (all []Member, err error) {
	return all, members(tx, workspaceID).Order("users.email").Find(&all).Error
}

// Member returns one member of a workspace, or ErrNotFound.
func (d *DB) Member(ctx context.Context, workspaceID, memberID int64) (Member, error) {
	return First[Member](members(d.Read(ctx), workspaceID).Where("users.id = ?", memberID))
}

// Admins lists the admins of a workspace, by address, at most as many.
func (d *DB) Admins(ctx context.Context, workspaceID int64, most int) (all []Member, err error) {
	return all, members(d.Read(ctx), workspaceID).Where("memberships.role = ?", models.RoleAdmin).Order("users.email").Limit(most).Find(&all).Error
}

func members(tx *gorm.DB, workspaceID int64) *gorm.DB {
	return tx.Table("memberships").Select("users.id AS user_id, users.email, users.name, memberships.role, memberships.seen_at").
		Joins("JOIN users ON users.id = memberships.user_id").Where("memberships.workspace_id = ?", workspaceID)
}

// MemberSeen records that a member opened a page of the workspace. seen is the recorded time; if it is recent, nothing
// is written.
func (d *DB) MemberSeen(ctx context.Context, workspaceID, memberID int64, seen *time.Time, now time.Time) error {
	if seen != nil && now.Sub(*seen) < memberTouch {
		return nil
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE memberships SET seen_at = ? WHERE workspace_id = ? AND user_id = ? AND (seen_at IS NULL OR seen_at < ?)",
			now, workspaceID, memberID, now).Error
	})
}

// ChangeRole gives a member another role. The errors are ErrNotFound, ErrLastAdmin, and ErrChanged if the member's role is no
// longer seen.Role. An unknown role is a FieldErrors under "role".
func (d *DB) ChangeRole(ctx context.Context, workspaceID, userID int64, seen Member, role models.Role, now time.Time) (models.FieldErrors, error) {
	errs := models.FieldErrors{}
	errs.Add("role", models.ValidateRole(role))
	if errs.Any() {
		return errs, nil
	}
	return nil, d.changeMember(ctx, workspaceID, seen.UserID, func(tx *gorm.DB, m Member) error {
		if m.Role != seen.Role {
			return models.ErrChanged
		}
		if m.Role == role {
			return nil
		}
		if err := tx.Exec("UPDATE memberships SET role = ? WHERE workspace_id = ? AND user_id = ?", role, workspaceID, seen.UserID).Error; err != nil {
			return err
		}
		return auditMember(tx, models.ActionMemberRoleChanged, workspaceID, userID, m, role, now)
	})
}

// RemoveMember ends a membership; members who remove themselves leave. The account stays. The errors are ErrNotFound
// and ErrLastAdmin.
func (d *DB) RemoveMember(ctx context.Context, workspaceID, userID, memberID int64, now time.Time) error {
	action := models.ActionMemberRemoved
	if userID == memberID {
		action = models.ActionMemberLeft
	}
	return d.changeMember(ctx, workspaceID, memberID, func(tx *gorm.DB, m Member) error {
		if err := tx.Exec("DELETE FROM memberships WHERE workspace_id = ? AND user_id = ?", workspaceID, memberID).Error; err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM team_mails WHERE workspace_id = ? AND user_id = ?", workspaceID, memberID).Error; err != nil {
			return err
		}
		return auditMember(tx, action, workspaceID, userID, m, "", now)
	})
}

// changeMember runs change on a member, with the workspace's members locked, and rolls back if no admin is left.
func (d *DB) changeMember(ctx context.Context, workspaceID, memberID int64, change func(tx *gorm.DB, m Member) error) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockMembers(tx, workspaceID); err != nil {
			return err
		}
		m, err := First[Member](members(tx, workspaceID).Where("users.id = ?", memberID))
		if err != nil {
			return err
		}
		if err := change(tx, m); err != nil {
			return err
		}
		var left bool
		err = tx.Raw("SELECT EXISTS (SELECT 1 FROM memberships WHERE workspace_id = ? AND role = ?)", workspaceID, models.RoleAdmin).Scan(&left).Error
		if err == nil && !left {
			err = ErrLastAdmin
		}
		return err
	})
}

// lockMembers locks the members and invitations of the workspace until tx ends. Read what depends on them in later
// statements. A deleted workspace is ErrNotFound.
func lockMembers(tx *gorm.DB, workspaceID int64) error {
	query := "SELECT id FROM workspaces WHERE id = ? AND deleted_at IS NULL"
	if tx.Name() == string(Postgres) {
		query += " FOR NO KEY UPDATE"
	}
	var id int64
	if err := tx.Raw(query, workspaceID).Scan(&id).Error; err != nil {
		return err
	}
	if id == 0 {
		return models.ErrNotFound
	}
	return nil
}

// auditMember records what userID did to m. after is the new role, "" for none.
func auditMember(tx *gorm.DB, action string, workspaceID, userID int64, m Member, after models.Role, now time.Time) error {
	return Audit(tx, models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: action, Subject: models.SubjectMember, SubjectID: m.UserID, SubjectName: m.Email},
		[]models.AuditChange{{What: "role", Before: m.Role.Word(), After: after.Word()}}, now)
}
