package store_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestSQLiteKeepsNothingThatWasErased erases a contact and reads the bytes of the database's files, while a query reads an
// earlier version and after it.
func TestSQLiteKeepsNothingThatWasErased(t *testing.T) {
	t.Parallel()
	url := dbtest.SQLiteURL(t)
	db, path := dbtest.Open(t, url), strings.TrimPrefix(url, "sqlite://")
	files := func() (all []byte) {
		for _, name := range []string{path, path + "-wal"} {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	long := strings.Repeat("Zebedee", 3000) // on several pages, which become free
	person := models.Contact{WorkspaceID: 1, ID: 1, Email: "quinn@example.com", Status: models.StatusSubscribed, Fields: map[string]string{"note": long}, Version: 1}
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Create(&models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC"}).Error; err != nil {
			return err
		}
		return tx.Create(&person).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.EmptyWAL(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := files(); !bytes.Contains(got, []byte("quinn@example.com")) || !bytes.Contains(got, []byte("Zebedee")) {
		t.Fatal("the person is not in the files to begin with")
	}
	reader := db.Read(t.Context()).Begin()
	if err := reader.Exec("SELECT 1 FROM contacts").Error; err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return store.EraseContact(tx, person, 1, time.Now()) }); err != nil {
		t.Fatal(err)
	}
	if err := db.EmptyWAL(t.Context(), time.Now()); err != nil {
		t.Errorf("got %v while a query reads, want it left for the next time", err)
	}
	reader.Rollback()
	if err := db.EmptyWAL(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := files(); bytes.Contains(got, []byte("quinn")) || bytes.Contains(got, []byte("Zebedee")) {
		t.Error("the person is still in the files")
	}
	var wait int
	if err := db.Pool().QueryRow("PRAGMA busy_timeout").Scan(&wait); err != nil || wait != 5000 {
		t.Errorf("got a wait of %d ms (%v) afterwards, want 5000", wait, err)
	}
}
