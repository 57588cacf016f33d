package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/e2e"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/valyala/fasthttp"
	"gorm.io/gorm"
)

const (
	searchers       = 16
	exporters       = 3
	pageSenders     = 16
	pagePeople      = 20_000 // that the senders call about
	contactsInLong  = 1_000_000
	contactsInShort = 20_000
	people          = "/w/my-workspace/contacts"
)

// TestPagesLeaveCallsAlone sends calls alone, and then while 16 people search all contacts, three export them and new segments are built.
func TestPagesLeaveCallsAlone(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { pages(t, dbtest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { pages(t, postgres(t).URL("campaignlark")) })
}

func pages(t *testing.T, url string) {
	a := e2e.NewAudience(t, url, tagsOfCalls)
	contacts := contactsInShort
	if long() {
		contacts = contactsInLong
	}
	fillContacts(t, a, contacts)
	p := start(t, url, map[string]string{"INTAKE_WAIT": "15s"})
	l := load{urls: []string{p.hook(a)}, n: pageSenders, who: func(int, int) string { return fmt.Sprintf("person%d@example.com", rand.IntN(pagePeople)) }}
	_, calls := rateOf(t, l, lasting(5*time.Second, time.Second)) // until plans and caches are there

	aloneRate, alone := rateOf(t, l, lasting(20*time.Second, time.Second))
	watchers := watch(t, a, p)
	rate, together := rateOf(t, l, lasting(30*time.Second, 3*time.Second))
	loaded := watchers()
	before, after := quantile(times(alone, fasthttp.StatusOK), 0.99), quantile(times(together, fasthttp.StatusOK), 0.99)
	wantTime(t, after <= 2*before, "p99 of calls: %v alone (%.0f/s), %v while people load pages (%.0f/s), %.2f times; want 2. %s", before.Round(time.Microsecond), aloneRate,
		after.Round(time.Microsecond), rate, float64(after)/float64(before), loaded)
	for _, c := range append(append(calls, alone...), together...) {
		if c.status != fasthttp.StatusOK {
			report(t, "%s: got %d %s, want 200", c.address, c.status, c.message)
		}
	}
	p.Stop()
}

// fillContacts adds contacts to the audience, subscribed ones with one tag.
func fillContacts(t *testing.T, a *e2e.Audience, n int) {
	t.Helper()
	numbers := "generate_series(1, ?) AS s (n)"
	if a.DB().Dialect == store.SQLite {
		numbers = "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ?) SELECT n FROM s) s"
	}
	ws, now := a.Workspace().ID, models.Instant(time.Now())
	must(t, a.DB().Write(t.Context(), func(tx *gorm.DB) error {
		if _, err := store.ReserveContactIDs(tx, ws, int64(n)); err != nil {
			return err
		}
		if err := tx.Exec(`INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at, subscribed_at)
			SELECT ?, n, 'reader' || n || '@books.example', 'SUBSCRIBED', '{"one":"shelf ' || (n % 1000) || '"}', 1, ?, ?, ? FROM `+numbers, ws, now, now, now, n).Error; err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO contact_tags (workspace_id, contact_id, tag_id)
			SELECT c.workspace_id, c.id, (SELECT min(id) FROM tags t WHERE t.workspace_id = c.workspace_id) FROM contacts c WHERE c.workspace_id = ?`, ws).Error
	}))
	if a.DB().Dialect == store.Postgres {
		must(t, a.DB().Read(t.Context()).Exec("VACUUM (ANALYZE)").Error) // as autovacuum does within a minute
	}
}

// watch lets people search, export and build segments until the function that it returns is called. That one returns how much they did.
func watch(t *testing.T, a *e2e.Audience, p *program) (end func() string) {
	t.Helper()
	var all sync.WaitGroup
	var searches, exported, builds, failures atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	repeat := func(count *atomic.Int64, once func() int) {
		all.Go(func() {
			for ctx.Err() == nil {
				if once() >= http.StatusInternalServerError {
					failures.Add(1)
				}
				count.Add(1)
			}
		})
	}
	admin := e2e.NewClient(t, p.URL)
	admin.SignIn(e2e.FirstAdmin["ADMIN_EMAIL"], e2e.FirstAdmin["ADMIN_PASSWORD"])
	for range searchers {
		repeat(&searches, func() int { return admin.Get(fmt.Sprintf("%s?q=r%d%%40nowhere", people, rand.IntN(1000))).Status })
	}
	for n := range exporters {
		who := models.NewUser{Email: fmt.Sprintf("export%d@example.com", n), Password: "the rains of castamere", WorkspaceID: a.Workspace().ID, Role: models.RoleManager}
		_, err := a.DB().CreateUser(t.Context(), who, models.Instant(time.Now()))
		must(t, err)
		c := e2e.NewClient(t, p.URL)
		c.SignIn(who.Email, who.Password)
		all.Go(func() {
			for ctx.Err() == nil {
				exported.Add(c.Download(ctx, people+".csv"))
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			n := builds.Add(1)
			rule := fmt.Sprintf(`{"condition":"AND","filters":[{"type":"email","operator":"contains","value":"%d"}]}`, n)
			admin.Post("/w/my-workspace/segments", "name", fmt.Sprintf("Segment %d", n), "rule", rule)
			waitForBuild(ctx, t, a)
		}
	})
	return func() string {
		stop()
		all.Wait()
		return fmt.Sprintf("They searched %d times, exported %d MB and created %d segments, one after the other; %d pages failed", searches.Load(), exported.Load()>>20, builds.Load(), failures.Load())
	}
}

// waitForBuild waits until no segment of the audience is being built, or until ctx ends.
func waitForBuild(ctx context.Context, t *testing.T, a *e2e.Audience) {
	t.Helper()
	for building := int64(1); building > 0 && ctx.Err() == nil; <-time.After(20 * time.Millisecond) {
		err := a.DB().Read(ctx).Model(&models.Segment{}).Where("workspace_id = ? AND built_at IS NULL", a.Workspace().ID).Count(&building).Error
		if err != nil && ctx.Err() == nil {
			t.Error(err)
			return
		}
	}
}
