package models

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// FirstAdmin is what the set-up page asks for: the first workspace and its admin.
type FirstAdmin struct {
	WorkspaceName, TimeZone, Email, Password string
}

// Validate returns what is wrong, by the names that the fields have in the form.
func (f FirstAdmin) Validate() FieldErrors {
	errs := FieldErrors{}
	errs.Add("workspace", ValidateName(CleanName(f.WorkspaceName)))
	if !ValidTimeZone(f.TimeZone) {
		errs.Add("time_zone", "Please choose a time zone from the list.")
	}
	errs.Add("email", ValidateEmail(f.Email))
	errs.Add("password", ValidatePassword(f.Password))
	return errs
}

var (
	// ErrSetUp says that the program has an account already: nobody becomes the first admin any more.
	ErrSetUp = &Error{Code: CodeConflict, Message: "CampaignLark is set up already. Please sign in."}
	// ErrSetupLink says that the token is not the one of the newest set-up link.
	ErrSetupLink = &Error{Code: CodeForbidden, Message: "This set-up link does not work: a newer one was printed since, or it is incomplete. Use the line that the program printed when it last started."}
)

// setupLink is the one row of the newest set-up link.
type setupLink struct {
	ID        int
	TokenHash []byte
	CreatedAt time.Time
}

// TableName is needed because there is only one.
func (setupLink) TableName() string { return "setup_link" }

// NewSetupLink makes the token of a set-up link and ends the one before. The error is ErrSetUp when somebody has an
// account. Only the token's hash is stored.
func (d *DB) NewSetupLink(ctx context.Context) (token string, err error) {
	var b [32]byte
	rand.Read(b[:])
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockSetup(tx); err != nil {
			return err
		}
		if err := tx.Where("id = 1").Delete(&setupLink{}).Error; err != nil {
			return err
		}
		return tx.Create(&setupLink{ID: 1, TokenHash: setupHash(token)}).Error
	})
}

// SetupLinkValid says whether CompleteSetup would take the token now. It does not use the link up.
func (d *DB) SetupLinkValid(ctx context.Context, token string) (valid bool, err error) {
	err = d.Read(ctx).Raw("SELECT EXISTS (SELECT 1 FROM setup_link WHERE token_hash = ?) AND NOT EXISTS (SELECT 1 FROM users)",
		setupHash(token)).Scan(&valid).Error
	return valid, err
}

// CompleteSetup uses the set-up link up and makes its valid first admin. The errors are ErrSetUp and ErrSetupLink; of
// several calls at the same moment one succeeds.
func (d *DB) CompleteSetup(ctx context.Context, token string, f FirstAdmin) (Workspace, User, error) {
	return d.makeFirstAdmin(ctx, f, func(tx *gorm.DB) error {
		link := tx.Where("token_hash = ?", setupHash(token)).Delete(&setupLink{})
		if link.Error == nil && link.RowsAffected == 0 {
			return ErrSetupLink
		}
		return link.Error
	})
}

// CreateFirstAdmin makes the valid first admin without a link, and ends the one there may be. The error is ErrSetUp when
// somebody has an account.
func (d *DB) CreateFirstAdmin(ctx context.Context, f FirstAdmin) (Workspace, User, error) {
	return d.makeFirstAdmin(ctx, f, func(tx *gorm.DB) error { return tx.Where("id = 1").Delete(&setupLink{}).Error })
}

// makeFirstAdmin makes the workspace, its counter, the person and the membership in one transaction, when allow agrees.
func (d *DB) makeFirstAdmin(ctx context.Context, f FirstAdmin, allow func(tx *gorm.DB) error) (Workspace, User, error) {
	email, err := ReadEmail(f.Email)
	if err != nil {
		return Workspace{}, User{}, err
	}
	hash, err := HashPassword(ctx, f.Password)
	if err != nil {
		return Workspace{}, User{}, err
	}
	var workspace Workspace
	var user User
	err = d.Write(ctx, func(tx *gorm.DB) error {
		if err := lockSetup(tx); err != nil {
			return err
		}
		if err := allow(tx); err != nil {
			return err
		}
		workspace = Workspace{Name: CleanName(f.WorkspaceName), TimeZone: f.TimeZone}
		if err := createWorkspace(tx, &workspace); err != nil {
			return err
		}
		user = User{Email: email, PasswordHash: hash}
		return createMember(tx, &user, workspace.ID, RoleAdmin)
	})
	return workspace, user, err
}

// lockSetup makes this transaction the only one that sets the program up, until it ends, and refuses with ErrSetUp when
// somebody has an account. On SQLite there is one writer anyway.
func lockSetup(tx *gorm.DB) error {
	if tx.Name() == string(Postgres) {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?, 0)", LockSetup).Error; err != nil {
			return err
		}
	}
	// a statement of its own: it has to see what was committed while this one waited
	switch there, err := hasUsers(tx); {
	case err != nil:
		return err
	case there:
		return ErrSetUp
	}
	return nil
}

// createWorkspace stores a workspace under a slug that no other has, with its counter of contact ids.
func createWorkspace(tx *gorm.DB, w *Workspace) error {
	base := Slug(w.Name)
	var taken []string
	if err := tx.Raw("SELECT slug FROM workspaces").Scan(&taken).Error; err != nil {
		return err
	}
	w.Slug = freeSlug(base, taken)
	if err := tx.Create(w).Error; err != nil {
		return err
	}
	return tx.Exec("INSERT INTO workspace_counters (workspace_id, next_contact_id) VALUES (?, 1)", w.ID).Error
}

// freeSlug is base, or base with the first number that is free: acme, acme-2, acme-3. Without a base, for a name without
// Latin letters, there is always a number: workspace-1.
func freeSlug(base string, taken []string) string {
	used := map[string]bool{}
	for _, slug := range taken {
		used[slug] = true
	}
	slug, n := base, 1
	if base == "" {
		base, slug = "workspace", "workspace-1"
	}
	for used[slug] {
		n++
		slug = fmt.Sprintf("%s-%d", base, n)
	}
	return slug
}

func setupHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
