package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/jobs"
	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

const (
	imported  = 100_000 // contacts of an import
	importFor = 12 * time.Second
)

// besideImport measures calls and the lag of segments alone, beside an import, and beside an import each of whose contacts starts an
// automation that calls a destination.
func (b *automationsBench) besideImport(ctx context.Context, program string) error {
	url := "sqlite://" + filepath.Join(b.dir, "import.db")
	if b.dialect == store.Postgres {
		server, err := dbtest.StartPostgres()
		if err != nil {
			return err
		}
		defer server.Stop()
		if url, err = server.Create("import"); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return err
	}
	var hashes []string
	if err := db.Write(ctx, func(tx *gorm.DB) (err error) { hashes, err = fillWorkspace(tx, 0, 1, 1000); return err }); err != nil {
		return err
	}
	file := filepath.Join(b.dir, "import-one")
	if err := os.WriteFile(file, []byte(hashes[0]), 0o600); err != nil {
		return err
	}
	ws, err := store.First[models.Workspace](db.Read(ctx))
	if err != nil {
		return err
	}
	known, _ := rule.Parse(all(other("status", "eq", `"SUBSCRIBED"`)))
	if _, err := (segments.Store{DB: db, Now: time.Now}).Create(ctx, ws.ID, 0, "Subscribed", known); err != nil {
		return err
	}
	p, err := startProgram(program)(ctx, url)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.settle(); err != nil {
		return err
	}
	for _, what := range []string{"alone", "beside an import", "beside an import that starts an automation"} {
		job := models.Job{}
		switch what {
		case "beside an import that starts an automation":
			if err := b.addAutomation(ctx, db, file); err != nil {
				return err
			}
			fallthrough
		case "beside an import":
			if job, err = startImport(ctx, db, ws.ID, what); err != nil {
				return err
			}
		}
		f, lag, err := loadAndLag(ctx, db, "-url", "http://"+p.addr+"/v1/inbound-webhooks/", "-hashes", file, "-known", "1000", "-connections", "8", "-for", importFor.String())
		if err != nil {
			return err
		}
		if job.ID != 0 {
			if job, err = db.Job(ctx, ws.ID, job.ID); err != nil {
				return err
			}
		}
		var started int64
		if err := db.Read(ctx).Table("automation_runs").Count(&started).Error; err != nil {
			return err
		}
		fmt.Printf("calls %-45s %6.0f a second, p50 %8s, p99 %8s; segments behind by at most %8s; %6d imported, %6d runs\n", what, f.PerSecond, f.P50.Round(10*time.Microsecond), f.P99.Round(10*time.Microsecond),
			lag.Round(time.Millisecond), job.Done, started)
		for deadline := time.Now().Add(3 * time.Minute); job.ID != 0 && !job.Finished(); <-time.After(100 * time.Millisecond) {
			if job, err = db.Job(ctx, ws.ID, job.ID); err != nil || time.Now().After(deadline) {
				return errors.Join(err, fmt.Errorf("the import is %s", job.State))
			}
		}
	}
	return nil
}

// startImport starts an import of contacts that are not known yet.
func startImport(ctx context.Context, db *store.DB, workspace int64, name string) (models.Job, error) {
	var text strings.Builder
	text.WriteString("email,first_name\n")
	for i := range imported {
		fmt.Fprintf(&text, "%d-%d@example.org,Jaime\n", len(name), i)
	}
	job, err := jobs.ReceiveImport(ctx, db, workspace, 0, "contacts.csv", strings.NewReader(text.String()), time.Now())
	if err != nil {
		return job, err
	}
	spec := models.ReadJobJSON[jobs.ImportSpec](job.Spec)
	spec.Status = models.StatusSubscribed
	if err := jobs.CheckImport(ctx, db, job, spec, time.Now()); err != nil {
		return job, err
	}
	for deadline := time.Now().Add(2 * time.Minute); jobs.Phase(job) != jobs.ImportChecked; <-time.After(20 * time.Millisecond) { // the program does it
		if job, err = db.Job(ctx, workspace, job.ID); err != nil || time.Now().After(deadline) {
			return job, errors.Join(err, fmt.Errorf("the check of the import is %s", job.State))
		}
	}
	return job, jobs.StartImport(ctx, db, job, 0, time.Now())
}

// loadAndLag puts a load on a program. It also returns how long the oldest change by a call waited for the segments.
func loadAndLag(ctx context.Context, db *store.DB, flags ...string) (f figures, lag time.Duration, err error) {
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		f, err = callLoad(ctx, flags...)
	}()
	for {
		select {
		case <-loaded:
			return f, lag, err
		case <-time.After(50 * time.Millisecond):
			mark, markErr := store.First[models.CallMarks](db.Read(ctx).Order("id"))
			if markErr == nil {
				lag = max(lag, time.Since(mark.At))
			}
		}
	}
}
