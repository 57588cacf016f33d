package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// fillSegments creates the workspaces of segmentWorkspaces in an empty database. This is not measured, so it inserts rows in
// bulk, without the checks of the program's own writes.
func fillSegments(ctx context.Context, databaseURL string, now time.Time) error {
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return err
	}
	for _, w := range segmentWorkspaces {
		v, err := makeVocabulary(ctx, db, w.slug, w.contacts, now)
		if err != nil {
			return err
		}
		source := newContactSource(w.contacts, now)
		if db.Dialect == store.Postgres {
			err = copyContacts(ctx, db, v, source)
		} else {
			err = insertContactsFast(ctx, db, v, source)
		}
		if err != nil {
			return err
		}
	}
	_, err = db.Pool().ExecContext(ctx, map[store.Dialect]string{store.Postgres: "VACUUM ANALYZE", store.SQLite: "ANALYZE"}[db.Dialect])
	return err
}

// vocabulary holds the ids that a workspace's rules use, by name.
type vocabulary struct {
	workspace models.Workspace
	contacts  int64
	fields    map[string]int64
	tags      map[string]int64
	webhooks  []int64 // in the order of segmentWebhooks
}

// makeVocabulary creates a workspace without contacts and returns its vocabulary.
func makeVocabulary(ctx context.Context, db *store.DB, slug string, contacts int64, now time.Time) (v vocabulary, err error) {
	err = db.Write(ctx, func(tx *gorm.DB) error {
		ws := models.Workspace{Slug: slug, Name: slug, TimeZone: "Europe/Vienna", CreatedAt: now}
		if err := tx.Create(&ws).Error; err != nil {
			return err
		}
		if _, err := store.ReserveContactIDs(tx, ws.ID, contacts); err != nil {
			return err
		}
		for _, m := range segmentFields {
			m.WorkspaceID, m.CreatedAt = ws.ID, now
			if m.Options == nil {
				m.Options = []string{}
			}
			if err := tx.Create(&m).Error; err != nil {
				return err
			}
		}
		for _, name := range segmentTags {
			if err := tx.Create(&models.Tag{WorkspaceID: ws.ID, Name: name, NameFolded: name, CreatedAt: now}).Error; err != nil {
				return err
			}
		}
		for _, name := range segmentWebhooks {
			hook := models.Webhook{WorkspaceID: ws.ID, Name: name, Type: models.TypeSubscribed, Hash: models.NewHash(), Enabled: true, CreatedAt: now, UpdatedAt: now}
			if err := tx.Create(&hook).Error; err != nil {
				return err
			}
			if err := tx.Create(&models.WebhookHash{Hash: hook.Hash, WorkspaceID: ws.ID, WebhookID: hook.ID, CreatedAt: now}).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	return readVocabulary(ctx, db, slug)
}

// readVocabulary reads the vocabulary of a workspace that makeVocabulary has created.
func readVocabulary(ctx context.Context, db *store.DB, slug string) (v vocabulary, err error) {
	if v.workspace, err = store.First[models.Workspace](db.Read(ctx).Where("slug = ?", slug)); err != nil {
		return v, err
	}
	for _, w := range segmentWorkspaces {
		if w.slug == slug {
			v.contacts = w.contacts
		}
	}
	v.fields, v.tags = map[string]int64{}, map[string]int64{}
	var fields []models.MergeTag
	var tags []models.Tag
	var hooks []models.Webhook
	for _, into := range []any{&fields, &tags, &hooks} {
		if err := db.Read(ctx).Where("workspace_id = ?", v.workspace.ID).Order("id").Find(into).Error; err != nil {
			return v, err
		}
	}
	for _, m := range fields {
		v.fields[m.Key] = m.ID
	}
	for _, t := range tags {
		v.tags[t.Name] = t.ID
	}
	for _, h := range hooks {
		v.webhooks = append(v.webhooks, h.ID)
	}
	return v, nil
}

// hook returns the id of the webhook at an index of segmentWebhooks, nil for -1.
func (v vocabulary) hook(place int) *int64 {
	if place < 0 {
		return nil
	}
	return &v.webhooks[place]
}

var filledColumns = []string{"workspace_id", "id", "email", "status", "fields", "version", "source_webhook_id", "created_at", "updated_at", "subscribed_at",
	"touched_webhook_id", "touched_at"}

// row returns the contact's values in the order of filledColumns.
func (v vocabulary) row(c filledContact) []any {
	var touched *time.Time
	if c.touched >= 0 {
		touched = &c.at
	}
	return []any{v.workspace.ID, c.id, c.email, c.status, c.fields, int64(1), v.hook(c.source), c.created, c.updated, c.subscribed, v.hook(c.touched), touched}
}

// copyContacts copies the contacts into Postgres, 50,000 at a time.
func copyContacts(ctx context.Context, db *store.DB, v vocabulary, source *contactSource) error {
	conn, err := db.Pool().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error {
		c := driverConn.(*stdlib.Conn).Conn()
		if _, err := c.Exec(ctx, "SET session_replication_role = replica"); err != nil { // do not check foreign keys
			return err
		}
		defer c.Exec(ctx, "SET session_replication_role = DEFAULT")
		var contacts, tags [][]any
		for id := int64(1); id <= source.of; id++ {
			contact := source.next(id)
			contacts = append(contacts, v.row(contact))
			for _, tag := range contact.tags {
				tags = append(tags, []any{v.workspace.ID, id, v.tags[segmentTags[tag]]})
			}
			if len(contacts) < 50_000 && id < source.of {
				continue
			}
			if _, err := c.CopyFrom(ctx, pgx.Identifier{"contacts"}, filledColumns, pgx.CopyFromRows(contacts)); err != nil {
				return err
			}
			if _, err := c.CopyFrom(ctx, pgx.Identifier{"contact_tags"}, []string{"workspace_id", "contact_id", "tag_id"}, pgx.CopyFromRows(tags)); err != nil {
				return err
			}
			contacts, tags = contacts[:0], tags[:0]
		}
		return nil
	})
}

// insertContactsFast inserts the contacts into SQLite in one transaction that does not wait for the disk.
func insertContactsFast(ctx context.Context, db *store.DB, v vocabulary, source *contactSource) error {
	pool := db.Pool() // has one connection
	for _, pragma := range []string{"synchronous = OFF", "foreign_keys = OFF", "cache_size = -400000"} {
		if _, err := pool.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	contacts, err := tx.PrepareContext(ctx, `INSERT INTO contacts (workspace_id, id, email, status, fields, version, source_webhook_id, created_at, updated_at,
		subscribed_at, touched_webhook_id, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	tags, err := tx.PrepareContext(ctx, "INSERT INTO contact_tags (workspace_id, contact_id, tag_id) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	if err := insertEach(ctx, contacts, tags, v, source); err != nil {
		return err
	}
	return tx.Commit()
}

func insertEach(ctx context.Context, contacts, tags *sql.Stmt, v vocabulary, source *contactSource) error {
	for id := int64(1); id <= source.of; id++ {
		c := source.next(id)
		if _, err := contacts.ExecContext(ctx, v.row(c)...); err != nil {
			return fmt.Errorf("contact %d: %w", id, err)
		}
		for _, tag := range c.tags {
			if _, err := tags.ExecContext(ctx, v.workspace.ID, id, v.tags[segmentTags[tag]]); err != nil {
				return err
			}
		}
	}
	return nil
}
