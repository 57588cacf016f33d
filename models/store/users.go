package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// HasUsers reports whether anybody has an account: the program is set up.
func (d *DB) HasUsers(ctx context.Context) (bool, error) { return hasUsers(d.Read(ctx)) }

func hasUsers(tx *gorm.DB) (there bool, err error) {
	return there, tx.Raw("SELECT EXISTS (SELECT 1 FROM users)").Scan(&there).Error
}

// UserByEmail returns the person with the address, given in its stored form (ReadEmail).
func (d *DB) UserByEmail(ctx context.Context, email string) (models.User, error) {
	return First[models.User](d.Read(ctx).Where("email = ?", email))
}

// CreateUser makes a valid account with its membership, by the command line. The error is ErrEmailTaken when the address
// has one. An invitation into the workspace ends.
func (d *DB) CreateUser(ctx context.Context, n models.NewUser, now time.Time) (models.User, error) {
	hash, err := models.HashPassword(ctx, n.Password)
	if err != nil {
		return models.User{}, err
	}
	user := models.User{PasswordHash: hash, Support: n.Support, CreatedAt: now}
	if user.Email, err = models.ReadEmail(n.Email); err != nil {
		return models.User{}, err
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		user.ID = 0
		if n.WorkspaceID == 0 {
			return tx.Create(&user).Error
		}
		if err := lockMembers(tx, n.WorkspaceID); err != nil {
			return err
		}
		if err := tx.Create(&user).Error; err != nil {
			return err
		}
		return join(tx, user, models.Invitation{WorkspaceID: n.WorkspaceID, Email: user.Email, Role: n.Role}, 0, now)
	})
	if IsDuplicate(err) {
		return models.User{}, models.ErrEmailTaken
	}
	return user, err
}

func createMember(tx *gorm.DB, user *models.User, workspaceID int64, role models.Role) error {
	if err := tx.Create(user).Error; err != nil {
		return err
	}
	return tx.Create(&models.Membership{WorkspaceID: workspaceID, UserID: user.ID, Role: role}).Error
}

// SetPassword gives the person a new, valid password and ends every session of theirs but keep (a session's token hash;
// nil ends them all). Failed sign-ins at the account are forgotten.
func (d *DB) SetPassword(ctx context.Context, userID int64, password string, keep []byte) error {
	hash, err := models.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	if keep == nil {
		keep = []byte{} // no session has an empty hash
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		user, err := First[models.User](tx.Where("id = ?", userID))
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE users SET password_hash = ? WHERE id = ?", hash, userID).Error; err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM sign_in_failures WHERE who = ?", signInKey(countAccount, user.Email)).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?", userID, keep).Error
	})
}

// PasswordStands reports whether the person still has the password they were read with. Asked after their session was
// stored, it leaves no gap beside SetPassword: either that one sees the session, or this one the new password.
func (d *DB) PasswordStands(ctx context.Context, user models.User) (stands bool, err error) {
	query := "SELECT password_hash FROM users WHERE id = ?"
	if d.Dialect == Postgres {
		query += " FOR SHARE" // waits for a change that is under way
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		var hash string
		err := tx.Raw(query, user.ID).Scan(&hash).Error
		stands = hash == user.PasswordHash
		return err
	})
	return stands, err
}

// SetSingleKeys switches single keys on or off on the person's pages.
func (d *DB) SetSingleKeys(ctx context.Context, userID int64, on bool) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&models.User{}).Where("id = ?", userID).Update("single_keys", on).Error
	})
}

// RoleIn returns the person's role in the workspace, or ErrNotFound when they are not a member.
func (d *DB) RoleIn(ctx context.Context, workspaceID, userID int64) (models.Role, error) {
	m, err := First[models.Membership](d.Read(ctx).Where("workspace_id = ? AND user_id = ?", workspaceID, userID))
	return m.Role, err
}
