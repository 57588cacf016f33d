package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// knownContacts is the number of contacts that exist before anything is measured.
const knownContacts = 20_000

// mode is one way to run the pipeline.
type mode struct {
	name string
	args []string
}

var (
	grouped = mode{"grouped", nil}
	single  = mode{"one call per transaction, 16 workers", []string{"-batch", "1", "-workers", "16"}}
)

// benchIntake measures the endpoint with group commit and with one call in each transaction, in turns, and prints the ratio.
func benchIntake(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "campaignlark-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	postgres, err := dbtest.StartPostgres() // with its default durability
	if err != nil {
		return err
	}
	defer postgres.Stop()
	for _, database := range []struct{ name, url string }{
		{"SQLite", "sqlite://" + filepath.Join(dir, "bench.db")},
		{"Postgres", postgres.URL("campaignlark")},
	} {
		if err := benchDatabase(ctx, database.name, database.url); err != nil {
			return fmt.Errorf("%s: %w", database.name, err)
		}
	}
	return nil
}

func benchDatabase(ctx context.Context, name, url string) error {
	hash, err := prepare(ctx, url)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s, %d contacts, half of the calls about new ones\n", name, knownContacts)
	fmt.Printf("%12s  %-36s %10s %10s %10s %8s\n", "connections", "", "calls/s", "p50", "p99", "failed")
	for _, connections := range []int{1, 16, 64, 256} {
		var results [2]figures
		for i, m := range []mode{grouped, single} {
			if results[i], err = measure(ctx, url, hash, m, connections); err != nil {
				return err
			}
			f := results[i]
			fmt.Printf("%12d  %-36s %10.0f %10s %10s %8d\n", connections, m.name, f.PerSecond, f.P50.Round(10*time.Microsecond), f.P99.Round(10*time.Microsecond), f.Failed)
		}
		fmt.Printf("%12s  %-36s %9.2fx %9.2fx %9.2fx\n", "", "ratio", results[0].PerSecond/results[1].PerSecond,
			float64(results[0].P50)/float64(results[1].P50), float64(results[0].P99)/float64(results[1].P99))
	}
	return nil
}

// prepare fills an empty database and returns the hash of a SUBSCRIBED webhook with two tags.
func prepare(ctx context.Context, url string) (hash string, err error) {
	db, err := store.Open(ctx, url)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return "", err
	}
	now := models.Instant(time.Now())
	hash = models.NewHash()
	err = db.Write(ctx, func(tx *gorm.DB) error {
		ws := models.Workspace{Slug: "bench", Name: "Bench", TimeZone: "UTC", CreatedAt: now}
		if err := tx.Create(&ws).Error; err != nil {
			return err
		}
		if _, err := store.ReserveContactIDs(tx, ws.ID, knownContacts); err != nil {
			return err
		}
		hook := models.Webhook{WorkspaceID: ws.ID, Name: "Bench", Type: models.TypeSubscribed, Hash: hash, Enabled: true, CreatedAt: now, UpdatedAt: now}
		if err := tx.Create(&hook).Error; err != nil {
			return err
		}
		if err := tx.Create(&models.WebhookHash{Hash: hash, WorkspaceID: ws.ID, WebhookID: hook.ID, CreatedAt: now}).Error; err != nil {
			return err
		}
		for _, name := range []string{"shop", "customer"} {
			tag := models.Tag{WorkspaceID: ws.ID, Name: name, NameFolded: name, CreatedAt: now}
			if err := tx.Create(&tag).Error; err != nil {
				return err
			}
			if err := tx.Create(&models.WebhookTag{WorkspaceID: ws.ID, WebhookID: hook.ID, TagID: tag.ID}).Error; err != nil {
				return err
			}
		}
		for _, key := range []string{"first_name", "last_name"} {
			if err := tx.Create(&models.MergeTag{WorkspaceID: ws.ID, Key: key, Label: key, Type: models.MergeTagText, Options: []string{}, CreatedAt: now}).Error; err != nil {
				return err
			}
		}
		return insertContacts(tx, ws.ID, now)
	})
	if err != nil {
		return "", err
	}
	_, err = db.Pool().ExecContext(ctx, "ANALYZE") // else plans made for empty tables stay in use
	return hash, err
}

func insertContacts(tx *gorm.DB, workspaceID int64, now time.Time) error {
	contacts := make([]models.Contact, knownContacts)
	for i := range contacts {
		contacts[i] = models.Contact{WorkspaceID: workspaceID, ID: int64(i + 1), Email: strconv.Itoa(i) + "@example.com", Status: models.StatusSubscribed,
			Fields: map[string]string{"first_name": "Jaime"}, Version: 1, CreatedAt: now, UpdatedAt: now, SubscribedAt: &now}
	}
	return tx.CreateInBatches(&contacts, 500).Error
}

// measure starts a server in the given mode, puts one load on it and returns what the load has measured.
func measure(ctx context.Context, url, hash string, m mode, connections int) (f figures, err error) {
	addr, stop, err := startServer(ctx, url, m.args...)
	if err != nil {
		return f, err
	}
	defer stop()
	return callLoad(ctx, "http://"+addr+"/v1/inbound-webhooks/"+hash, knownContacts, connections, 4*time.Second)
}

// callLoad calls a webhook's URL from a separate process and returns what that process has measured.
func callLoad(ctx context.Context, target string, known, connections int, lasting time.Duration) (f figures, err error) {
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	load := exec.CommandContext(ctx, self, "load", "-url", target, "-connections", strconv.Itoa(connections), "-known", strconv.Itoa(known), "-for", lasting.String())
	load.Stderr = os.Stderr
	printed, err := load.Output()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(printed, &f)
}
