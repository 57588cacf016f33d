package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

// busy is a workspace with concurrent calls, edits and ticks and a fast clock.
type busy struct {
	t         *testing.T
	db        *store.DB
	workspace models.Workspace
	user      models.User
	hooks     []models.Webhook
	tag       models.Tag
	segments  []int64
	passed    atomic.Int64 // nanoseconds more than have passed
	done      atomic.Bool
	calls     atomic.Int64
	called    chan struct{} // not empty if a call was answered since the last receive
	work      sync.WaitGroup
}

// now runs ahead of the real clock.
func (b *busy) now() time.Time { return time.Now().Add(time.Duration(b.passed.Load())) }

func newBusy(t *testing.T, db *store.DB) *busy {
	t.Helper()
	b := &busy{t: t, db: db, called: make(chan struct{}, 1)}
	var err error
	b.workspace, b.user, err = db.CreateFirstAdmin(t.Context(), models.FirstAdmin{WorkspaceName: "Books", TimeZone: "Europe/Vienna", Email: "ines@example.com", Password: "rains of castamere"})
	if err != nil {
		t.Fatal(err)
	}
	if b.tag, _, err = db.CreateTag(t.Context(), b.workspace.ID, b.user.ID, "vip", models.Instant(b.now())); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []models.WebhookType{models.TypeSubscribed, models.TypeSubscribed, models.TypeUnconfirmed, models.TypeUnsubscribed, models.TypeDelete} {
		form := models.WebhookForm{Name: fmt.Sprint("Hook ", len(b.hooks)), Type: kind}
		if len(b.hooks) == 0 {
			form.Tags = []string{b.tag.Name}
		}
		hook, errs, err := db.CreateWebhook(t.Context(), b.workspace.ID, b.user.ID, form, models.Instant(b.now()))
		if err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
		b.hooks = append(b.hooks, hook)
	}
	return b
}

// during runs f again and again until the test is over.
func (b *busy) during(f func(r *rand.Rand)) {
	seed := rand.Uint64()
	b.work.Go(func() {
		for r := rand.New(rand.NewPCG(seed, 1)); !b.done.Load() && !b.t.Failed(); {
			f(r)
		}
	})
}

// call makes a call to one of the webhooks about one of a few people.
func (b *busy) call(p *intake.Pipeline, r *rand.Rand) {
	hook, at := b.hooks[r.IntN(len(b.hooks))], b.now()
	if hook.Type == models.TypeDelete && r.IntN(4) > 0 {
		hook = b.hooks[0]
	}
	_, err := p.Submit(context.Background(), intake.Call{ID: models.NewID(at), ArrivedAt: at, Method: "GET",
		Hash:       models.WebhookHash{Hash: hook.Hash, WorkspaceID: b.workspace.ID, WebhookID: hook.ID},
		Submission: intake.Decode(intake.Request{Method: "GET", Query: fmt.Sprintf("email_address=p%d@example.com", r.IntN(300))})})
	if err != nil {
		b.t.Error(err)
	}
	b.calls.Add(1)
	select {
	case b.called <- struct{}{}:
	default:
	}
	b.passed.Add(int64(10 * time.Second))
}

// edit gives one of two segments another rule; another segment looks at the first.
func (b *busy) edit(store segments.Store, r *rand.Rand) {
	rules := b.rules()
	id := b.segments[r.IntN(2)]
	if _, err := store.Update(b.t.Context(), b.workspace.ID, b.user.ID, id, fmt.Sprint("Edited ", id), b.rule(rules[r.IntN(len(rules))])); err != nil {
		b.t.Error(err)
	}
}

// rules are the segments' rules, from status and tags to conditions that passing time changes.
func (b *busy) rules() []string {
	return []string{
		`{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`,
		`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"}]}`,
		fmt.Sprintf(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[%d]}]}`, b.tag.ID),
		fmt.Sprintf(`{"condition":"OR","filters":[{"type":"tags","operator":"has_none","value":[%d]},{"type":"status","operator":"eq","value":"UNSUBSCRIBED"}]}`, b.tag.ID),
		`{"condition":"AND","filters":[{"type":"created_at","operator":"in_last_hours","value":"1"}]}`,
		`{"condition":"OR","filters":[{"type":"subscribed_at","operator":"in_last_hours","value":"1"},{"type":"changed_at","operator":"more_than_days_ago","value":"0"}]}`,
		fmt.Sprintf(`{"condition":"AND","filters":[{"type":"touched_by","operator":"eq","value":%d,"days":0}]}`, b.hooks[1].ID),
		fmt.Sprintf(`{"condition":"AND","filters":[{"type":"created_by","operator":"ne","value":%d}]}`, b.hooks[0].ID),
	}
}

func (b *busy) rule(text string) rule.Group {
	g, problems := rule.Parse(text)
	if len(problems) > 0 {
		b.t.Fatal(problems)
	}
	return g
}

// TestBusyWorkspaceHasNoDrift verifies again and again while calls come in, people edit rules, replicas tick and time passes.
func TestBusyWorkspaceHasNoDrift(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			b := newBusy(t, dbtest.Open(t, url))
			members := segments.Store{DB: b.db, Now: b.now}
			for i, rule := range b.rules() {
				g, err := members.Create(t.Context(), b.workspace.ID, b.user.ID, fmt.Sprint("S", i), b.rule(rule))
				if err != nil {
					t.Fatal(err)
				}
				b.segments = append(b.segments, g.ID)
			}
			for i, rule := range []string{ // they follow in the same step
				fmt.Sprintf(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":%d},{"type":"segment","operator":"not_in","value":%d}]}`, b.segments[0], b.segments[4]),
				fmt.Sprintf(`{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]}`, b.segments[6]),
			} {
				if _, err := members.Create(t.Context(), b.workspace.ID, b.user.ID, fmt.Sprint("Of others ", i), b.rule(rule)); err != nil {
					t.Fatal(err)
				}
			}
			quiet := segments.Options{Now: b.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			pipeline := intake.New(b.db, intake.Options{Now: b.now, Wait: time.Minute, Log: quiet.Log})
			t.Cleanup(func() { pipeline.Close(context.Background()) })
			for range 8 {
				b.during(func(r *rand.Rand) {
					b.call(pipeline, r)
					if r.IntN(100) == 0 {
						b.edit(members, r)
					}
				})
			}
			for range 2 {
				of := b.db // SQLite: one process
				if of.Dialect == store.Postgres {
					of = dbtest.Open(t, url) // Postgres: several
				}
				ticker := segments.New(of, quiet)
				b.during(func(*rand.Rand) {
					if _, err := ticker.Tick(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			verifier := segments.New(dbtest.Open(t, url), quiet)
			verify := func() segments.Verification {
				v, err := verifier.Verify(t.Context(), b.workspace.ID, func(int64, int64) {})
				if err != nil || v.Differences != 0 {
					t.Errorf("got %d differences (%v) in %+v", v.Differences, err, v)
				}
				return v
			}
			for n := 0; (n < 6 || b.calls.Load() < 800) && !t.Failed(); n++ {
				select {
				case <-b.called: // without pauses, one process writing to an SQLite file blocks the other
				case <-time.After(20 * time.Second):
				}
				verify()
			}
			b.done.Store(true)
			b.work.Wait()
			b.settle(verifier)
			v := verify()
			for _, s := range v.Segments {
				if s.Compared != v.Contacts || v.Contacts == 0 {
					t.Errorf("%s: got %d of %d contacts compared (%s), want all at the end", s.Name, s.Compared, v.Contacts, s.Left)
				}
			}
		})
	}
}

// settle ticks until no mark is left.
func (b *busy) settle(ticker *segments.Ticker) {
	b.t.Helper()
	for left := true; left; {
		var err error
		if left, err = ticker.Tick(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
}
