package segments_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// clock is the time of a workspace and its tickers. While it runs, each reading is a microsecond later, so later writes
// have later instants.
type clock struct {
	sync.Mutex
	at   time.Time
	runs bool
}

func (c *clock) Now() time.Time {
	c.Lock()
	defer c.Unlock()
	if c.runs {
		c.at = c.at.Add(time.Microsecond)
	}
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.at = c.at.Add(d)
}

// audience is a workspace that changes at random, and what its segments should be. Its contacts are read from their
// rows, which are the truth.
type audience struct {
	*world
	g      *ruletest.Generator
	clock  *clock
	rules  map[int64]string         // as stored, by segment
	frozen map[int64]map[int64]bool // the members of a segment when its rule broke, or that of one it refers to
	broken map[int64]bool           // segments whose own rule uses something deleted
	ids    []int64                  // of contacts
	lastID int64
	zones  []since // of the workspace, in order of time
}

// since is a time zone and the instant from which it applies.
type since struct {
	at   time.Time
	zone *time.Location
}

func newAudience(t *testing.T, db *store.DB, seed uint64) *audience {
	t.Helper()
	a := &audience{world: newWorld(t, db), rules: map[int64]string{}, frozen: map[int64]map[int64]bool{}, broken: map[int64]bool{}}
	a.g = a.generatorFor(seed)
	a.clock = &clock{at: a.g.Now(), runs: true}
	a.zones = []since{{at: a.clock.at, zone: a.g.Zone}}
	a.store.Now, a.ticker = a.clock.Now, segments.New(db, segments.Options{Now: a.clock.Now})
	return a
}

// beside returns another audience in the same workspace that changes other contacts and other segments at the same
// time.
func (a *audience) beside(seed uint64) *audience {
	b, g := *a, *a.g
	g.Rand = rand.New(rand.NewPCG(seed, 3))
	b.g, b.rules, b.frozen, b.broken, b.ids, b.lastID = &g, map[int64]string{}, map[int64]map[int64]bool{}, map[int64]bool{}, nil, a.lastID+1
	return &b
}

// change makes one random change by a person, a sender or time.
func (a *audience) change() {
	a.t.Helper()
	switch n := a.g.IntN(100); {
	case n < 30 || len(a.ids) == 0:
		a.add()
	case n < 48:
		a.overwrite([]rule.Subject{a.g.Subject(ruletest.Pick(a.g.Rand, a.ids))})
	case n < 54:
		i := a.g.IntN(len(a.ids))
		a.remove(a.ids[i], nil)
		a.ids = slices.Delete(a.ids, i, i+1)
	case n < 64 && len(a.rules) < 10 || len(a.rules) == 0:
		a.edit(0)
	case n < 72:
		a.edit(ruletest.Pick(a.g.Rand, ruletest.SortedKeys(a.rules)))
	case n < 80:
		a.clock.pass(a.g.Duration())
	case n < 85:
		a.cutTick()
	default:
		if _, err := a.ticker.Tick(a.t.Context()); err != nil {
			a.t.Fatal(err)
		}
	}
}

// add creates a contact; ids are spread over many chunks, with gaps.
func (a *audience) add() {
	a.t.Helper()
	a.lastID += 2 + 2*a.g.Int64N(100)
	s := a.g.Subject(a.lastID)
	s.Email = fmt.Sprint("c", s.ID, ".", s.Email)
	c := row(a.id, s)
	a.write(func(tx *gorm.DB) error {
		if err := tx.Create(&c).Error; err != nil {
			return err
		}
		for _, tag := range s.Tags {
			if err := tx.Create(&models.ContactTag{WorkspaceID: a.id, ContactID: s.ID, TagID: tag}).Error; err != nil {
				return err
			}
		}
		return mark(tx, a.id, s.ID, nil)
	})
	a.ids = append(a.ids, s.ID)
}

// edit gives a segment another rule, or creates one if id is 0. A rule that would make a segment refer to itself is
// refused.
func (a *audience) edit(id int64) {
	a.t.Helper()
	// A rule that refers to a broken segment is refused.
	a.g.Segments = slices.DeleteFunc(ruletest.SortedKeys(a.rules), func(other int64) bool { return other == id || a.frozen[other] != nil })
	root := a.g.Rule(3)
	if id == 0 {
		segment := a.create(a.name(), a.world.rule("%s", root))
		a.rules[segment.ID] = rule.OfSegment(segment).String()
		return
	}
	cycle := a.reaches(ruletest.ReadWritten(root), id)
	segment, err := a.store.Update(a.t.Context(), a.id, 0, id, a.name(), a.world.rule("%s", root))
	for deadline := time.Now().Add(time.Minute); err != nil && !cycle && time.Now().Before(deadline); { // the error may come from an old rule that is being replaced
		a.world.settle()
		segment, err = a.store.Update(a.t.Context(), a.id, 0, id, a.name(), a.world.rule("%s", root))
	}
	if cycle != (err != nil) || cycle && store.ErrorCode(err) != models.CodeInvalid {
		a.t.Fatalf("got %v, want an error: %v, for segment %d with the rule %s among %v", err, cycle, id, root, a.rules)
	}
	if err == nil {
		a.rules[id] = rule.OfSegment(segment).String()
		delete(a.frozen, id)
		delete(a.broken, id)
		follow := a.follow()
		for frozen := range a.frozen {
			if !follow[frozen] {
				delete(a.frozen, frozen)
			}
		}
	}
}

// follow returns the broken segments and those that refer to one of them, which are frozen too.
func (a *audience) follow() map[int64]bool {
	frozen := maps.Clone(a.broken)
	for n := -1; n < len(frozen); {
		n = len(frozen)
		for id, rule := range a.rules {
			looks := func(w ruletest.Written) bool { return w.Type == "segment" && frozen[int64(w.Number())] }
			if ruletest.ReadWritten(rule).Any(looks) {
				frozen[id] = true
			}
		}
	}
	return frozen
}

// reaches reports whether a rule refers to a segment, directly or through others.
func (a *audience) reaches(w ruletest.Written, segment int64) bool {
	if w.Type == "segment" {
		id := int64(w.Number())
		rule, there := a.rules[id]
		return id == segment || there && a.reaches(ruletest.ReadWritten(rule), segment)
	}
	return slices.ContainsFunc(w.Filters, func(inner ruletest.Written) bool { return a.reaches(inner, segment) })
}

// cutTick interrupts a tick at a random point: when it reads the clock, or a moment later.
func (a *audience) cutTick() {
	ctx, cut := context.WithTimeout(a.t.Context(), time.Duration(a.g.IntN(3000))*time.Microsecond)
	defer cut()
	now := a.clock.Now
	if a.g.IntN(2) == 0 {
		now = func() time.Time { cut(); return a.clock.Now() }
	}
	segments.New(a.db, segments.Options{Log: slog.New(slog.DiscardHandler), Now: now}).Tick(ctx)
	// An interrupted tick may hold the workspace's lock for a moment, and the next tick would then find nothing to do.
	a.write(func(tx *gorm.DB) error {
		if tx.Name() != string(store.Postgres) {
			return nil
		}
		return tx.Exec("SELECT pg_advisory_xact_lock(?, ?)", store.LockSegments, a.id).Error
	})
}

// breakOne deletes a field, a tag, a webhook or a segment. The segments whose rules use it freeze.
func (a *audience) breakOne() {
	a.t.Helper()
	a.settle()
	members := a.g.Memberships(a.rules, a.frozen, a.subjects(), a.clock.at)
	var uses func(w ruletest.Written) bool
	switch n := a.g.IntN(4); {
	case n == 0:
		i := a.g.IntN(len(a.g.Fields))
		gone := a.g.Fields[i]
		a.g.Fields = slices.Delete(slices.Clone(a.g.Fields), i, i+1)
		a.delete("merge_tags", gone.ID, rule.MergeTagRef(gone))
		uses = func(w ruletest.Written) bool { return w.FieldID == gone.ID }
	case n == 1 && len(a.g.Tags) > 1:
		gone := a.g.Tags[0]
		a.g.Tags = a.g.Tags[1:]
		a.delete("tags", gone, rule.TagRef(models.Tag{ID: gone}))
		uses = func(w ruletest.Written) bool {
			return w.Type == "tags" && w.Value != nil && slices.Contains(w.Texts(), fmt.Sprint(gone))
		}
	case n == 2 && len(a.g.Webhooks) > 1:
		gone := a.g.Webhooks[0]
		a.g.Webhooks = a.g.Webhooks[1:]
		a.delete("webhooks", gone, rule.WebhookRef(models.Webhook{ID: gone}))
		uses = func(w ruletest.Written) bool {
			return (w.Type == "created_by" || w.Type == "touched_by") && w.Value != nil && w.Number() == int(gone)
		}
	default:
		gone := ruletest.Pick(a.g.Rand, ruletest.SortedKeys(a.rules))
		if err := a.store.Delete(a.t.Context(), a.id, 0, gone, true); err != nil {
			a.t.Fatal(err)
		}
		uses = func(w ruletest.Written) bool { return w.Type == "segment" && w.Number() == int(gone) }
		delete(a.frozen, gone)
		delete(a.broken, gone)
		delete(a.rules, gone)
	}
	for id, rule := range a.rules {
		if ruletest.ReadWritten(rule).Any(uses) {
			a.broken[id] = true
		}
	}
	for id := range a.follow() {
		if a.frozen[id] == nil {
			a.frozen[id] = map[int64]bool{}
			for _, contact := range members[id] {
				a.frozen[id][contact] = true
			}
		}
	}
}

// delete marks a thing that rules can refer to as deleted; later it is purged from contacts.
func (a *audience) delete(table string, id int64, thing rule.Reference) {
	a.t.Helper()
	now := models.Instant(a.clock.Now())
	a.write(func(tx *gorm.DB) error {
		err := tx.Exec("UPDATE "+table+" SET deleted_at = ? WHERE workspace_id = ? AND id = ?", now, a.id, id).Error
		return errors.Join(err, segments.Freeze(thing, a.id, true)(tx))
	})
	for range 2 {
		if err := errors.Join(a.db.PurgeTags(a.t.Context(), now), a.db.PurgeMergeTags(a.t.Context(), now)); err != nil {
			a.t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
}

// move changes the workspace's time zone.
func (a *audience) move() {
	a.t.Helper()
	a.settle()
	seen := models.Workspace{Name: "W", TimeZone: a.g.Zone.String()}
	a.g.Zone = ruletest.Pick(a.g.Rand, ruletest.Zones)
	now := models.Instant(a.clock.Now())
	a.zones = append(a.zones, since{at: now, zone: a.g.Zone})
	w := models.Workspace{ID: a.id, Name: "W", TimeZone: a.g.Zone.String()}
	if errs, err := a.db.UpdateWorkspace(a.t.Context(), seen, w, 0, segments.RebuildDates, now); err != nil || errs.Any() {
		a.t.Fatal(err, errs)
	}
}

// zone returns the workspace's time zone at an instant.
func (a *audience) zone(at time.Time) (zone *time.Location) {
	for _, s := range a.zones {
		if !s.at.After(at) {
			zone = s.zone
		}
	}
	return zone
}

// settle ticks until nothing is left to do, and then once more with the clock stopped, so that everything due is done.
func (a *audience) settle() {
	a.t.Helper()
	a.world.settle()
	a.clock.runs = false
	a.world.settle()
	a.clock.runs = true
}

// verify compares every membership and count with a full, naive evaluation and with the recorded moves. The daily
// verification must find no drift.
func (a *audience) verify() {
	a.t.Helper()
	a.settle()
	a.agrees(a.g, a.rules, a.frozen, a.clock.at)
	a.told()
	var drift int64
	if err := a.db.Read(a.t.Context()).Model(&models.SegmentCheck{}).Where("differences > 0").Count(&drift).Error; err != nil || drift > 0 {
		a.t.Fatalf("got drift in the last verification (%v)", err)
	}
}

// eachSeed runs f with a new database for each of n seeds.
func eachSeed(t *testing.T, n uint64, f func(t *testing.T, db *store.DB, seed uint64)) {
	if testing.Short() {
		n = 1
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) { f(t, db, seed) })
		})
	}
}

// TestMembershipAgreesWithAFullEvaluation changes an audience at random and compares repeatedly.
func TestMembershipAgreesWithAFullEvaluation(t *testing.T) {
	t.Parallel()
	eachSeed(t, 3, func(t *testing.T, db *store.DB, seed uint64) {
		a := newAudience(t, db, seed)
		for i := range 4 {
			for range 40 {
				a.change()
			}
			a.verify()
			if a.breakOne(); i%2 == 1 {
				a.move()
				a.verify()
			}
		}
		a.verify()
	})
}

// TestTwoTickersOnOneDatabase lets replicas tick while two people change contacts, edit rules and interrupt ticks, and
// time passes.
func TestTwoTickersOnOneDatabase(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	a := newAudience(t, dbtest.Open(t, url), 7)
	b := a.beside(8)
	other := segments.New(dbtest.Open(t, url), segments.Options{Now: a.clock.Now})
	done := make(chan struct{})
	var replicas, people sync.WaitGroup
	for _, ticker := range []*segments.Ticker{a.ticker, other, other} {
		replicas.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if _, err := ticker.Tick(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for _, person := range []*audience{a, b} {
		people.Go(func() {
			for range 80 {
				person.change()
			}
		})
	}
	people.Wait()
	close(done)
	replicas.Wait()
	a.verify()
	b.verify()
}
