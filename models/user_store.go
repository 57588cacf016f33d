package models

import (
	"context"

	"gorm.io/gorm"
)

// HasUsers says whether anybody has an account: the program is set up.
func (d *DB) HasUsers(ctx context.Context) (bool, error) { return hasUsers(d.Read(ctx)) }

func hasUsers(tx *gorm.DB) (there bool, err error) {
	return there, tx.Raw("SELECT EXISTS (SELECT 1 FROM users)").Scan(&there).Error
}

// UserByEmail returns the person with the address, given in its stored form (ReadEmail).
func (d *DB) UserByEmail(ctx context.Context, email string) (User, error) {
	return First[User](d.Read(ctx).Where("email = ?", email))
}

// Workspaces lists every workspace that is not deleted, the oldest first.
func (d *DB) Workspaces(ctx context.Context) (all []Workspace, err error) {
	return all, d.Read(ctx).Where("deleted_at IS NULL").Order("id").Find(&all).Error
}

// NewUser is an account to be made, a member of one workspace from the start.
type NewUser struct {
	Email, Password string
	WorkspaceID     int64
	Role            Role
}

// Validate returns what is wrong, by "email", "password" and "role".
func (n NewUser) Validate() FieldErrors {
	errs := FieldErrors{}
	errs.Add("email", ValidateEmail(n.Email))
	errs.Add("password", ValidatePassword(n.Password))
	if n.Role != RoleAdmin && n.Role != RoleManager && n.Role != RoleViewer {
		errs.Add("role", "Please choose admin, manager or viewer.")
	}
	return errs
}

// ValidateEmail returns what is wrong with an address that a person typed, as one sentence, or "".
func ValidateEmail(email string) string {
	switch _, err := ReadEmail(email); err {
	case nil:
		return ""
	case ErrEmailMissing:
		return "Please give an e-mail address."
	}
	return "This is not an e-mail address. Please check it; it looks like name@example.com."
}

// ErrEmailTaken refuses a second account with the same address.
var ErrEmailTaken = &Error{Code: CodeConflict, Message: "There is an account with this e-mail address already."}

// CreateUser makes a valid account with its membership. The error is ErrEmailTaken when the address has one.
func (d *DB) CreateUser(ctx context.Context, n NewUser) (User, error) {
	hash, err := HashPassword(ctx, n.Password)
	if err != nil {
		return User{}, err
	}
	user := User{PasswordHash: hash}
	if user.Email, err = ReadEmail(n.Email); err != nil {
		return User{}, err
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		user.ID = 0
		return createMember(tx, &user, n.WorkspaceID, n.Role)
	})
	if IsDuplicate(err) {
		return User{}, ErrEmailTaken
	}
	return user, err
}

func createMember(tx *gorm.DB, user *User, workspaceID int64, role Role) error {
	if err := tx.Create(user).Error; err != nil {
		return err
	}
	return tx.Create(&Membership{WorkspaceID: workspaceID, UserID: user.ID, Role: role}).Error
}

// SetPassword gives the person a new, valid password and ends every session of theirs but keep (a session's token hash;
// nil ends them all). Failed sign-ins at the account are forgotten.
func (d *DB) SetPassword(ctx context.Context, userID int64, password string, keep []byte) error {
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return err
	}
	if keep == nil {
		keep = []byte{} // no session has an empty hash
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		user, err := First[User](tx.Where("id = ?", userID))
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

// PasswordStands says whether the person still has the password they were read with. Asked after their session was
// stored, it leaves no gap beside SetPassword: either that one sees the session, or this one the new password.
func (d *DB) PasswordStands(ctx context.Context, user User) (stands bool, err error) {
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

// RoleIn returns the person's role in the workspace, or ErrNotFound when they are not a member.
func (d *DB) RoleIn(ctx context.Context, workspaceID, userID int64) (Role, error) {
	m, err := First[Membership](d.Read(ctx).Where("workspace_id = ? AND user_id = ?", workspaceID, userID))
	return m.Role, err
}
