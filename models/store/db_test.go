package store_test

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestDuplicateKeyIsKnown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		make := func() error {
			return db.Write(t.Context(), func(tx *gorm.DB) error {
				return tx.Create(&models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC"}).Error
			})
		}
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if err := make(); !store.IsDuplicate(err) {
			t.Errorf("got %v, want a duplicate key", err)
		}
	})
}

func TestTimesComeBackAsTheyWent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		at := models.Instant(time.Date(2026, 3, 29, 1, 59, 59, 123456789, time.FixedZone("", 3600)))
		ws := models.Workspace{Slug: "w", Name: "W", TimeZone: "Europe/Vienna", CreatedAt: at}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&ws).Error }); err != nil {
			t.Fatal(err)
		}
		got, err := store.First[models.Workspace](db.Read(t.Context()).Where("created_at >= ? AND created_at < ?", at, at.Add(time.Microsecond)))
		if err != nil || !got.CreatedAt.Equal(at) {
			t.Errorf("got %v (%v), want %v", got.CreatedAt, err, at)
		}
	})
}

func TestIDsSortByTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 14, 31, 7, 412_345_000, time.UTC)
	early, late := models.NewID(at), models.NewID(at.Add(10*time.Microsecond))
	if early.String() >= late.String() {
		t.Errorf("got %s before %s, want the earlier one smaller", early, late)
	}
	if got := models.IDTime(early); !got.Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("got %v, want %v", got, at)
	}
	if models.IDAt(at).String() > early.String() {
		t.Errorf("the bound of %v lies above an id of that instant", at)
	}
	if early.Version() != 7 {
		t.Errorf("got version %d, want 7", early.Version())
	}
}
