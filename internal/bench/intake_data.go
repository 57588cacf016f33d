package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

const (
	knownContacts  = 20_000 // of the first workspace, before anything is measured
	moreWorkspaces = 200
	hooksEach      = 5 // webhooks of each of these
)

// targets are files with hashes of webhooks, one on each line.
type targets struct{ one, many string }

// prepare lets the candidate create its schema, and fills the database: a SUBSCRIBED webhook with two tags and two merge tags, and
// the same in many other workspaces.
func prepare(ctx context.Context, c candidate, dir string) (t targets, err error) {
	p, err := c.start(ctx, c.url)
	if err != nil {
		return t, err
	}
	p.stop()
	db, err := store.Open(ctx, c.url)
	if err != nil {
		return t, err
	}
	defer db.Close()
	var hashes []string
	err = db.Write(ctx, func(tx *gorm.DB) error {
		for n := range 1 + moreWorkspaces {
			hooks := hooksEach
			if n == 0 {
				hooks = 1
			}
			mine, err := fillWorkspace(tx, n, hooks)
			if err != nil {
				return err
			}
			hashes = append(hashes, mine...)
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	name := strings.ReplaceAll(c.name, " ", "-") + "-" + string(db.Dialect)
	t = targets{filepath.Join(dir, name+"-one"), filepath.Join(dir, name+"-many")}
	if err := os.WriteFile(t.one, []byte(hashes[0]), 0o600); err != nil {
		return t, err
	}
	if err := os.WriteFile(t.many, []byte(strings.Join(hashes[1:], "\n")), 0o600); err != nil {
		return t, err
	}
	_, err = db.Pool().ExecContext(ctx, "ANALYZE") // plans made on empty tables would stay
	return t, err
}

// fillWorkspace stores a workspace and returns the hashes of its webhooks. The first one, number 0, has contacts.
func fillWorkspace(tx *gorm.DB, number, hooks int) (hashes []string, err error) {
	now := models.Instant(time.Now())
	ws := models.Workspace{Slug: fmt.Sprintf("bench-%d", number), Name: "Bench", TimeZone: "UTC", CreatedAt: now}
	if err := tx.Create(&ws).Error; err != nil {
		return nil, err
	}
	var tags []models.Tag
	for _, name := range []string{"shop", "customer"} {
		tags = append(tags, models.Tag{WorkspaceID: ws.ID, Name: name, NameFolded: name, CreatedAt: now})
	}
	if err := tx.Create(&tags).Error; err != nil {
		return nil, err
	}
	for _, key := range []string{"first_name", "last_name"} {
		if err := tx.Create(&models.MergeTag{WorkspaceID: ws.ID, Key: key, Label: key, Type: models.MergeTagText, Options: []string{}, CreatedAt: now}).Error; err != nil {
			return nil, err
		}
	}
	for range hooks {
		hook := models.Webhook{WorkspaceID: ws.ID, Name: "Bench", Type: models.TypeSubscribed, Hash: models.NewHash(), Enabled: true, CreatedAt: now, UpdatedAt: now}
		if err := tx.Create(&hook).Error; err != nil {
			return nil, err
		}
		if err := tx.Create(&models.WebhookHash{Hash: hook.Hash, WorkspaceID: ws.ID, WebhookID: hook.ID, CreatedAt: now}).Error; err != nil {
			return nil, err
		}
		for _, tag := range tags {
			if err := tx.Create(&models.WebhookTag{WorkspaceID: ws.ID, WebhookID: hook.ID, TagID: tag.ID}).Error; err != nil {
				return nil, err
			}
		}
		hashes = append(hashes, hook.Hash)
	}
	if number > 0 {
		return hashes, nil
	}
	if _, err := store.ReserveContactIDs(tx, ws.ID, knownContacts); err != nil {
		return nil, err
	}
	contacts := make([]models.Contact, knownContacts)
	for i := range contacts {
		contacts[i] = models.Contact{WorkspaceID: ws.ID, ID: int64(i + 1), Email: strconv.Itoa(i) + "@example.com", Status: models.StatusSubscribed,
			Fields: map[string]string{"first_name": "Jaime"}, Version: 1, CreatedAt: now, UpdatedAt: now, SubscribedAt: &now}
	}
	return hashes, tx.CreateInBatches(&contacts, 500).Error
}
