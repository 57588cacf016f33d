package e2e

import (
	"fmt"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// audience is a workspace on whose database the program runs. The test reads and writes it directly in the database.
type audience struct {
	t    *testing.T
	url  string
	db   *store.DB
	ws   models.Workspace
	tags []models.Tag
	hook map[models.WebhookType]string // the hash of the one webhook of each type
}

// newAudience creates the workspace my-workspace with its admin (firstAdmin), the text merge tags one, two and three, n tags and
// a webhook of each type. The SUBSCRIBED and UNCONFIRMED webhooks add all tags.
func newAudience(t *testing.T, url string, n int) *audience {
	t.Helper()
	a := &audience{t: t, url: url, db: dbtest.Open(t, url), hook: map[models.WebhookType]string{}}
	var err error
	a.ws, _, err = a.db.CreateFirstAdmin(t.Context(), models.FirstAdmin{
		WorkspaceName: "My workspace", TimeZone: "UTC", Email: firstAdmin["ADMIN_EMAIL"], Password: firstAdmin["ADMIN_PASSWORD"],
	})
	if err != nil {
		t.Fatal(err)
	}
	now := models.Instant(time.Now())
	err = a.db.Write(t.Context(), func(tx *gorm.DB) error {
		for i := range n {
			name := fmt.Sprintf("tag %d", i+1)
			a.tags = append(a.tags, models.Tag{WorkspaceID: a.ws.ID, Name: name, NameFolded: name, CreatedAt: now})
		}
		if err := tx.Create(&a.tags).Error; err != nil {
			return err
		}
		for _, key := range mergeTags {
			tag := models.MergeTag{WorkspaceID: a.ws.ID, Key: key, Label: key, Type: models.MergeTagText, Options: []string{}, CreatedAt: now}
			if err := tx.Create(&tag).Error; err != nil {
				return err
			}
		}
		for _, kind := range models.WebhookTypes {
			if err := a.addHook(tx, kind, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var mergeTags = []string{"one", "two", "three"}

func (a *audience) addHook(tx *gorm.DB, kind models.WebhookType, now time.Time) error {
	hook := models.Webhook{WorkspaceID: a.ws.ID, Name: string(kind), Type: kind, Hash: models.NewHash(), Enabled: true, CreatedAt: now, UpdatedAt: now}
	if err := tx.Create(&hook).Error; err != nil {
		return err
	}
	a.hook[kind] = hook.Hash
	if kind.HasTags() {
		for _, tag := range a.tags {
			if err := tx.Create(&models.WebhookTag{WorkspaceID: a.ws.ID, WebhookID: hook.ID, TagID: tag.ID}).Error; err != nil {
				return err
			}
		}
	}
	return tx.Create(&models.WebhookHash{Hash: hook.Hash, WorkspaceID: a.ws.ID, WebhookID: hook.ID, CreatedAt: now}).Error
}

// start starts the program on the database.
func (a *audience) start() *Program {
	a.t.Helper()
	return Start(a.t, Settings{Env: map[string]string{"DATABASE_URL": a.url, "INTAKE_WAIT": "15s"}})
}

// rows reads the workspace's rows of a table.
func rows[T any](a *audience) []T {
	a.t.Helper()
	var all []T
	if err := a.db.Read(a.t.Context()).Where("workspace_id = ?", a.ws.ID).Find(&all).Error; err != nil {
		a.t.Fatal(err)
	}
	return all
}

// groupBy groups the items by their keys.
func groupBy[K comparable, T any](all []T, key func(T) K) map[K][]T {
	groups := map[K][]T{}
	for _, one := range all {
		groups[key(one)] = append(groups[key(one)], one)
	}
	return groups
}
