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

// Audience is a workspace in a database on which the program runs. The test reads and writes it directly in the database.
type Audience struct {
	t    *testing.T
	url  string
	db   *store.DB
	ws   models.Workspace
	tags []models.Tag
	hook map[models.WebhookType]string // the hash of the one webhook of each type
}

// NewAudience creates the workspace my-workspace with its admin (FirstAdmin), the text merge tags one, two and three, n tags and
// a webhook of each type. The SUBSCRIBED and UNCONFIRMED webhooks add all tags.
func NewAudience(t *testing.T, url string, n int) *Audience {
	t.Helper()
	a := &Audience{t: t, url: url, db: dbtest.Open(t, url), hook: map[models.WebhookType]string{}}
	var err error
	a.ws, _, err = a.db.CreateFirstAdmin(t.Context(), models.FirstAdmin{
		WorkspaceName: "My workspace", TimeZone: "UTC", Email: FirstAdmin["ADMIN_EMAIL"], Password: FirstAdmin["ADMIN_PASSWORD"],
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

// FirstAdmin is the configuration that creates the first admin, by variable.
var FirstAdmin = map[string]string{"ADMIN_EMAIL": "tywin@example.com", "ADMIN_PASSWORD": "the rains of castamere"}

// DB returns the open database.
func (a *Audience) DB() *store.DB { return a.db }

// Workspace returns the workspace.
func (a *Audience) Workspace() models.Workspace { return a.ws }

// Hash returns the hash of the webhook of a type.
func (a *Audience) Hash(kind models.WebhookType) string { return a.hook[kind] }

var mergeTags = []string{"one", "two", "three"}

func (a *Audience) addHook(tx *gorm.DB, kind models.WebhookType, now time.Time) error {
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
