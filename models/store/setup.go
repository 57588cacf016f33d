package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

var (
	// ErrSetUp says that the program already has an account, so no one can become the first admin.
	ErrSetUp = &models.Error{Code: models.CodeConflict, Message: "CampaignLark is set up already. Please sign in."}
	// ErrSetupLink says that the token is not that of the newest set-up link.
	ErrSetupLink = &models.Error{Code: models.CodeForbidden, Message: "This set-up link does not work: a newer one was printed since, or it is incomplete. Use the line that the program printed when it last started."}
)

// setupLink is the only row: the newest set-up link.
type setupLink struct {
	ID        int
	TokenHash []byte
	CreatedAt time.Time
}

// TableName is needed because the table's name is singular.
func (setupLink) TableName() string { return "setup_link" }

// NewSetupLink creates the token of a set-up link and ends the previous link. The error is ErrSetUp if any account
// exists. Only the token's hash is stored.
func (d *DB) NewSetupLink(ctx context.Context) (token string, err error) {
	token = models.NewToken()
	return token, d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockSetup(tx); err != nil {
			return err
		}
		if err := tx.Where("id = 1").Delete(&setupLink{}).Error; err != nil {
			return err
		}
		return tx.Create(&setupLink{ID: 1, TokenHash: models.TokenHash(token)}).Error
	})
}

// SetupLinkValid reports whether CompleteSetup would accept the token now. It does not use up the link.
func (d *DB) SetupLinkValid(ctx context.Context, token string) (valid bool, err error) {
	err = d.Read(ctx).Raw("SELECT EXISTS (SELECT 1 FROM setup_link WHERE token_hash = ?) AND NOT EXISTS (SELECT 1 FROM users)",
		models.TokenHash(token)).Scan(&valid).Error
	return valid, err
}

// CompleteSetup uses up the set-up link and creates the first admin; f is valid. The errors are ErrSetUp and
// ErrSetupLink. Of several calls at the same moment one succeeds.
func (d *DB) CompleteSetup(ctx context.Context, token string, f models.FirstAdmin) (models.Workspace, models.User, error) {
	return d.makeFirstAdmin(ctx, f, func(tx *gorm.DB) error {
		link := tx.Where("token_hash = ?", models.TokenHash(token)).Delete(&setupLink{})
		if link.Error == nil && link.RowsAffected == 0 {
			return ErrSetupLink
		}
		return link.Error
	})
}

// CreateFirstAdmin creates the first admin without a link and ends any existing link; f is valid. The error is ErrSetUp
// if any account exists.
func (d *DB) CreateFirstAdmin(ctx context.Context, f models.FirstAdmin) (models.Workspace, models.User, error) {
	return d.makeFirstAdmin(ctx, f, func(tx *gorm.DB) error { return tx.Where("id = 1").Delete(&setupLink{}).Error })
}

// makeFirstAdmin creates the workspace, its counter, the person and the membership in one transaction, unless allow
// returns an error.
func (d *DB) makeFirstAdmin(ctx context.Context, f models.FirstAdmin, allow func(tx *gorm.DB) error) (models.Workspace, models.User, error) {
	email, err := models.ReadEmail(f.Email)
	if err != nil {
		return models.Workspace{}, models.User{}, err
	}
	hash, err := models.HashPassword(ctx, f.Password)
	if err != nil {
		return models.Workspace{}, models.User{}, err
	}
	var workspace models.Workspace
	var user models.User
	err = d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockSetup(tx); err != nil {
			return err
		}
		if err := allow(tx); err != nil {
			return err
		}
		workspace = models.Workspace{Name: models.CleanName(f.WorkspaceName), TimeZone: f.TimeZone, Slug: f.Slug}
		if err := createWorkspace(tx, &workspace); err != nil {
			return err
		}
		user = models.User{Email: email, PasswordHash: hash}
		return createMember(tx, &user, workspace.ID, models.RoleAdmin)
	})
	return workspace, user, err
}

// lockSetup makes tx the only transaction that sets up the program, until it ends. It returns ErrSetUp if any account
// exists. SQLite has one writer and needs no lock.
func lockSetup(tx *gorm.DB) error {
	if tx.Name() == string(Postgres) {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?, 0)", LockSetup).Error; err != nil {
			return err
		}
	}
	// a separate statement, so that it sees commits from while this one waited
	switch there, err := hasUsers(tx); {
	case err != nil:
		return err
	case there:
		return ErrSetUp
	}
	return nil
}
