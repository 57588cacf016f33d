package store_test

import (
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestDatabasesAcceptEveryValue fails if a table's CHECK rejects a value that the program uses. A new value needs a
// migration of both databases. SQLite cannot change a CHECK, so the table is built again, as in 00009_first_builds.sql.
func TestDatabasesAcceptEveryValue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books").ID
		insert := func(what any, name string) {
			t.Helper()
			if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(what).Error }); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, kind := range models.WebhookTypes {
			insert(&models.Webhook{WorkspaceID: ws, Name: string(kind), Type: kind, Hash: models.NewHash(), CreatedAt: noon, UpdatedAt: noon}, "webhook of the type "+string(kind))
		}
		for _, m := range models.MergeTagTypes {
			insert(&models.MergeTag{WorkspaceID: ws, Key: string(m), Label: string(m), Type: m, Options: []string{}, CreatedAt: noon}, "merge tag of the type "+string(m))
		}
		for i, s := range models.Statuses {
			insert(&models.Contact{WorkspaceID: ws, ID: int64(i + 1), Email: string(s) + "@example.com", Status: s, Fields: map[string]string{}, Version: 1, CreatedAt: noon, UpdatedAt: noon}, "contact of the status "+string(s))
		}
		for i, r := range models.Roles {
			user := models.User{Email: string(r) + "@example.com", CreatedAt: noon}
			insert(&user, "user")
			insert(&models.Membership{WorkspaceID: ws, UserID: user.ID, Role: r, CreatedAt: noon}, "member with the role "+string(r))
			insert(&models.Invitation{WorkspaceID: ws, Email: string(r) + "@example.org", Role: r, TokenHash: []byte{byte(i)}, CreatedAt: noon, ExpiresAt: noon}, "invitation with the role "+string(r))
		}
	})
}
