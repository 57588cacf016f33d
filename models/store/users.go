package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// HasUsers reports whether any account exists, which means that the program is set up.
func (d *DB) HasUsers(ctx context.Context) (bool, error) { return hasUsers(d.Read(ctx)) }

func hasUsers(tx *gorm.DB) (there bool, err error) {
	return there, tx.Raw("SELECT EXISTS (SELECT 1 FROM users)").Scan(&there).Error
}

// UserByEmail returns the person with this address in its stored form (ReadEmail).
func (d *DB) UserByEmail(ctx context.Context, email string) (models.User, error) {
	return First[models.User](d.Read(ctx).Where("email = ?", email))
}

// EmailOf returns a user's address, "" if there is no such user.
func (d *DB) EmailOf(ctx context.Context, userID int64) (email string, err error) {
	return email, d.Read(ctx).Model(&models.User{}).Where("id = ?", userID).Pluck("email", &email).Error
}

// CreateUser creates an account and its membership for the command line; n is valid. It ends an invitation of the
// address to the workspace. The error is ErrEmailTaken if the address has an account.
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

// SetPassword stores a new valid password. It ends all sessions of the person except keep (a session's token hash; nil
// keeps none) and deletes the count of failed sign-ins at the account.
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

// PasswordStands reports whether the person's password is still the one in user. Call it after storing their session.
// Then no session escapes a concurrent SetPassword: either that one sees the session, or this one sees the new
// password.
func (d *DB) PasswordStands(ctx context.Context, user models.User) (stands bool, err error) {
	query := "SELECT password_hash FROM users WHERE id = ?"
	if d.Dialect == Postgres {
		query += " FOR SHARE" // waits for a change in progress
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		var hash string
		err := tx.Raw(query, user.ID).Scan(&hash).Error
		stands = hash == user.PasswordHash
		return err
	})
	return stands, err
}

// SetSingleKeys turns single-key shortcuts on or off for a person.
func (d *DB) SetSingleKeys(ctx context.Context, userID int64, on bool) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&models.User{}).Where("id = ?", userID).Update("single_keys", on).Error
	})
}

// SetProfile stores what a person says about themselves; p is valid.
func (d *DB) SetProfile(ctx context.Context, userID int64, p models.Profile) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&models.User{}).Where("id = ?", userID).Updates(map[string]any{"name": p.Name, "theme": p.Theme}).Error
	})
}

// personName is the SQL of what pages call a person of the table users: the name, else the address.
const personName = "coalesce(nullif(users.name, ''), users.email)"

// RoleIn returns the person's role in the workspace, or ErrNotFound if they are not a member.
func (d *DB) RoleIn(ctx context.Context, workspaceID, userID int64) (models.Role, error) {
	m, err := First[models.Membership](d.Read(ctx).Where("workspace_id = ? AND user_id = ?", workspaceID, userID))
	return m.Role, err
}
