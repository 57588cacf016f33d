package store_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
)

func firstAdmin() models.FirstAdmin {
	return models.FirstAdmin{WorkspaceName: " Alder & Finch Books ", TimeZone: "Europe/Vienna", Email: "Ines@AlderFinch.example", Password: rightPassword}
}

func TestFirstAdminValidate(t *testing.T) {
	t.Parallel()
	if errs := firstAdmin().Validate(); errs.Any() {
		t.Errorf("got %v, want nothing wrong", errs)
	}
	errs := models.FirstAdmin{TimeZone: "Local", Email: "ines@alderfinch", Password: "short"}.Validate()
	for _, field := range []string{"workspace", "time_zone", "email", "password"} {
		if errs[field] == "" {
			t.Errorf("got nothing wrong with %s, want a sentence", field)
		}
	}
}

func TestEveryTimeZoneExists(t *testing.T) {
	t.Parallel()
	for _, name := range models.TimeZones {
		if _, err := time.LoadLocation(name); err != nil || !models.ValidTimeZone(name) {
			t.Errorf("%s: got %v, want a time zone that can be chosen", name, err)
		}
	}
	for _, name := range []string{"", "Local", "Europe/vienna", "../UTC"} {
		if models.ValidTimeZone(name) {
			t.Errorf("got %q as a time zone, want it refused", name)
		}
	}
}

func TestSetUpMakesWorkspaceAdminAndCounter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		token, err := db.NewSetupLink(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w, u, err := db.CompleteSetup(ctx, token, firstAdmin())
		if err != nil {
			t.Fatal(err)
		}
		if w.Name != "Alder & Finch Books" || w.Slug != "alder-finch-books" || w.TimeZone != "Europe/Vienna" || u.Email != "ines@alderfinch.example" {
			t.Errorf("got %+v and %s", w, u.Email)
		}
		m, err := store.First[models.Membership](db.Read(ctx).Where("workspace_id = ? AND user_id = ?", w.ID, u.ID))
		if err != nil || m.Role != models.RoleAdmin {
			t.Errorf("got role %q (%v), want admin", m.Role, err)
		}
		var next int64
		if err := db.Read(ctx).Raw("SELECT next_contact_id FROM workspace_counters WHERE workspace_id = ?", w.ID).Scan(&next).Error; err != nil || next != 1 {
			t.Errorf("got first contact id %d (%v), want 1", next, err)
		}
		if _, err := db.SignIn(ctx, u.Email, rightPassword, home, nine); err != nil {
			t.Errorf("got %v, want the new admin to sign in", err)
		}
	})
}

func TestSetupLinkIsTheNewestAndWorksOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		valid := func(token string, want bool) {
			t.Helper()
			if got, err := db.SetupLinkValid(ctx, token); got != want || err != nil {
				t.Errorf("got valid %v (%v), want %v", got, err, want)
			}
		}
		valid("", false)
		old, _ := db.NewSetupLink(ctx)
		valid(old, true)
		token, _ := db.NewSetupLink(ctx)
		valid(old, false)
		valid(token, true)
		valid(token, true) // a check does not use it up
		if _, _, err := db.CompleteSetup(ctx, old, firstAdmin()); !errors.Is(err, store.ErrSetupLink) {
			t.Errorf("got %v with the old link, want ErrSetupLink", err)
		}
		if _, _, err := db.CompleteSetup(ctx, token, firstAdmin()); err != nil {
			t.Fatal(err)
		}
		valid(token, false)
		if _, _, err := db.CompleteSetup(ctx, token, firstAdmin()); !errors.Is(err, store.ErrSetUp) {
			t.Errorf("got %v the second time, want ErrSetUp", err)
		}
		if _, err := db.NewSetupLink(ctx); !errors.Is(err, store.ErrSetUp) {
			t.Errorf("got %v for another link, want ErrSetUp", err)
		}
	})
}

func TestOfManyFirstAdminsThereIsOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		token, err := db.NewSetupLink(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var made atomic.Int64
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				f := firstAdmin()
				f.Email = string(rune('a'+i)) + "@example.com"
				create := func() (models.Workspace, models.User, error) { return db.CompleteSetup(ctx, token, f) }
				if i >= 4 { // and two programs that start with ADMIN_EMAIL
					create = func() (models.Workspace, models.User, error) { return db.CreateFirstAdmin(ctx, f) }
				}
				switch _, _, err := create(); {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, store.ErrSetUp):
					t.Errorf("got %v, want ErrSetUp", err)
				}
			})
		}
		all.Wait()
		var users, workspaces int64
		db.Read(ctx).Model(&models.User{}).Count(&users)
		db.Read(ctx).Model(&models.Workspace{}).Count(&workspaces)
		if made.Load() != 1 || users != 1 || workspaces != 1 {
			t.Errorf("got %d successes, %d users, %d workspaces, want one each", made.Load(), users, workspaces)
		}
	})
}

func TestSlugOfANameWithoutLatinLetters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		f := firstAdmin()
		f.WorkspaceName = "図書館"
		w, _, err := db.CreateFirstAdmin(t.Context(), f)
		if err != nil || w.Slug != "workspace-1" || w.Name != "図書館" {
			t.Errorf("got %q at %q (%v), want 図書館 at workspace-1", w.Name, w.Slug, err)
		}
	})
}

func TestPasswordChangeEndsSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		w, u, err := db.CreateFirstAdmin(ctx, firstAdmin())
		if err != nil {
			t.Fatal(err)
		}
		other, err := db.CreateUser(ctx, models.NewUser{Email: "otto@example.com", Password: rightPassword, WorkspaceID: w.ID, Role: models.RoleViewer}, nine)
		if err != nil {
			t.Fatal(err)
		}
		session := func(name string, user int64) []byte {
			s := store.Session{TokenHash: []byte(strings.Repeat(name, 32)), UserID: &user, Data: "{}", CreatedAt: nine, SeenAt: nine, ExpiresAt: nine.Add(time.Hour)}
			if err := db.CreateSession(ctx, s); err != nil {
				t.Fatal(err)
			}
			return s.TokenHash
		}
		alive := func(hash []byte, want bool) {
			t.Helper()
			if _, err := db.SessionByHash(ctx, hash, nine); (err == nil) != want {
				t.Errorf("session %c: got %v, want alive %v", hash[0], err, want)
			}
		}
		a, b, c := session("a", u.ID), session("b", u.ID), session("c", other.ID)
		if err := db.SetPassword(ctx, u.ID, "a lannister pays", a); err != nil {
			t.Fatal(err)
		}
		alive(a, true)
		alive(b, false)
		alive(c, true)
		if err := db.SetPassword(ctx, u.ID, "a lannister always pays", nil); err != nil {
			t.Fatal(err)
		}
		alive(a, false)
		alive(c, true)
		d := door{T: t, db: db}
		d.want("wrong", u.Email, rightPassword, home, nine)
		d.want("in", u.Email, "a lannister always pays", home, nine)
	})
}

func TestOneAccountPerAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, _, err := db.CreateFirstAdmin(t.Context(), firstAdmin())
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.CreateUser(t.Context(), models.NewUser{Email: "INES@alderfinch.example", Password: rightPassword, WorkspaceID: w.ID, Role: models.RoleAdmin}, nine)
		if !errors.Is(err, models.ErrEmailTaken) {
			t.Errorf("got %v, want ErrEmailTaken", err)
		}
	})
}
