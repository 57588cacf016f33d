package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestTheLogNamesTheChoreAndItsQuery takes a table away, and reads in the log which of a chore's queries misses it.
func TestTheLogNamesTheChoreAndItsQuery(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("ALTER TABLE tags RENAME TO tags_away").Error })
		if err != nil {
			t.Fatal(err)
		}
		var log lines
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			program{log: slog.New(slog.NewTextHandler(&log, nil))}.keepHouse(ctx, chores(Config{LogRetentionDays: 30}, db), time.Now)
			close(ended)
		}()
		const want = `chore="take deleted tags off contacts" operation="list deleted tags" code=internal`
		for deadline := time.Now().Add(20 * time.Second); !strings.Contains(log.text(), want); <-time.After(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("got the log %s, want %s", log.text(), want)
			}
		}
		cancel()
		<-ended
		if strings.Contains(log.text(), "tags_away") {
			t.Errorf("got the log %s, want no text of the database", log.text())
		}
	})
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.String()
}
