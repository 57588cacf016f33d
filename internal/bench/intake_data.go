package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
	"campaignlark/senders"

	"gorm.io/gorm"
)

const (
	knownContacts  = 20_000 // of the first workspace, before anything is measured
	manyWorkspaces = 200
	hooksEach      = 5 // webhooks of each of these
)

// targets are files with hashes of webhooks, one on each line.
type targets struct{ one, many, large, typeform, stripe string }

func (t targets) oneWebhook() string     { return t.one }
func (t targets) manyWebhooks() string   { return t.many }
func (t targets) largeWorkspace() string { return t.large }
func (t targets) typeformHook() string   { return t.typeform }
func (t targets) stripeHook() string     { return t.stripe }

// prepare lets the candidate create its schema, and fills the database: a SUBSCRIBED webhook with two tags and two merge tags, the
// same in many other workspaces, and in one with as many contacts as many says.
func prepare(ctx context.Context, c candidate, dir string, many int) (t targets, err error) {
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
	name := strings.ReplaceAll(c.name, " ", "-") + "-" + string(db.Dialect)
	t = targets{filepath.Join(dir, name+"-one"), filepath.Join(dir, name+"-many"), filepath.Join(dir, name+"-large"), filepath.Join(dir, name+"-typeform"), filepath.Join(dir, name+"-stripe")}
	number := 0
	for _, group := range []struct {
		file                        string
		workspaces, hooks, contacts int
	}{{t.one, 1, 1, knownContacts}, {t.many, manyWorkspaces, hooksEach, 0}, {t.large, 1, 1, many}, {t.typeform, 1, 1, 0}, {t.stripe, 1, 1, 0}} {
		var hashes []string
		for range group.workspaces {
			err := db.Write(ctx, func(tx *gorm.DB) error {
				mine, err := fillWorkspace(tx, number, group.hooks, group.contacts)
				hashes = append(hashes, mine...)
				return err
			})
			if err != nil {
				return t, err
			}
			number++
		}
		if err := os.WriteFile(group.file, []byte(strings.Join(hashes, "\n")), 0o600); err != nil {
			return t, err
		}
	}
	if c.mapped {
		for key, file := range map[string]string{typeformKey: t.typeform, stripeKey: t.stripe} {
			if err := setSender(ctx, db, file, key); err != nil {
				return t, err
			}
		}
	}
	if c.fill != nil {
		if err := c.fill(ctx, db, t.one); err != nil {
			return t, err
		}
	}
	_, err = db.Pool().ExecContext(ctx, "ANALYZE") // plans made on empty tables would stay
	return t, err
}

// setSender lets the webhook whose hash is in a file read the calls of a sender of the catalogue, and check its signature if it signs.
func setSender(ctx context.Context, db *store.DB, file, key string) error {
	hash, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	call, sender, err := sampleCall(key)
	if err != nil {
		return err
	}
	hook, err := store.First[models.Webhook](db.Read(ctx).Where("hash = ?", string(hash)))
	if err != nil {
		return err
	}
	settings := senders.Settings{Sender: key, Mapping: &sender.Mapping}
	if call.Secret != "" {
		settings.Signature = &senders.SignatureSettings{Scheme: *sender.Signature, Mode: senders.SignatureEnforce}
		cipher, err := secrets.Load(secretKey, "")
		if err != nil {
			return err
		}
		sealed, err := cipher.Seal(call.Secret, secrets.Row{WorkspaceID: hook.WorkspaceID, OwnerID: hook.ID, Purpose: secrets.WebhookSignature})
		if err != nil {
			return err
		}
		if err := db.AddWebhookSecret(ctx, hook, 1, models.WebhookSecret{Sealed: sealed, Ending: secrets.Ending(call.Secret)}, false, time.Now()); err != nil {
			return err
		}
		hook.ReadingRevision++
	}
	return db.SetReading(ctx, hook, 1, settings.String(), nil, time.Now())
}

// fillWorkspace stores a workspace and returns the hashes of its webhooks.
func fillWorkspace(tx *gorm.DB, number, hooks, contacts int) (hashes []string, err error) {
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
		if err := tx.Omit("Reading", "ReadingRevision").Create(&hook).Error; err != nil { // programs of before have no such columns
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
	if contacts == 0 {
		return hashes, nil
	}
	if _, err := store.ReserveContactIDs(tx, ws.ID, int64(contacts)); err != nil {
		return nil, err
	}
	err = tx.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at, subscribed_at)
		SELECT w.id, n.i, (n.i - 1) || '@example.com', 'SUBSCRIBED', '{"first_name":"Jaime"}', 1, w.created_at, w.created_at, w.created_at
		FROM n JOIN workspaces w ON w.id = ?`, contacts, ws.ID).Error
	if err != nil {
		return nil, err
	}
	return hashes, tx.Exec(`INSERT INTO contact_tags (workspace_id, contact_id, tag_id)
		SELECT c.workspace_id, c.id, t.id FROM contacts c JOIN tags t ON t.workspace_id = c.workspace_id WHERE c.workspace_id = ?`, ws.ID).Error
}
