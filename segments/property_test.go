package segments_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"campaignlark/dbtest"
	"campaignlark/models"
	"campaignlark/segments"
)

// audience is a workspace beside the plain model of what it ought to hold.
type audience struct {
	*world
	random   *rand.Rand
	schema   segments.Schema
	contacts map[int64]segments.Subject
	rules    map[int64]segments.Group
	lastID   int64
}

func newAudience(t *testing.T, db *models.DB, seed uint64) *audience {
	t.Helper()
	w := newWorld(t, db)
	return &audience{world: w, random: rand.New(rand.NewPCG(seed, 0)), schema: w.schema(), contacts: map[int64]segments.Subject{}, rules: map[int64]segments.Group{}}
}

func (a *audience) rule() segments.Group { return randomRule(a.random, a.schema, 3) }

func (a *audience) change() {
	a.t.Helper()
	switch n := a.random.IntN(100); {
	case n < 35: // ids lie in many chunks, with holes
		a.lastID += 1 + a.random.Int64N(400)
		a.save(a.lastID)
	case n < 55 && len(a.contacts) > 0:
		a.save(a.contact())
	case n < 65 && len(a.contacts) > 0:
		id := a.contact()
		a.remove(id, nil)
		delete(a.contacts, id)
	case n < 75 && len(a.rules) < 8:
		rule := a.rule()
		a.rules[a.create("S", rule).ID] = rule
	case n < 82 && len(a.rules) > 0:
		id, rule := a.segmentID(), a.rule()
		if _, err := a.store.Update(a.t.Context(), a.id, 0, id, "T", rule); err != nil {
			a.t.Fatal(err)
		}
		a.rules[id] = rule
	case n < 85 && len(a.rules) > 0:
		id := a.segmentID()
		if err := a.store.Delete(a.t.Context(), a.id, 0, id, true); err != nil {
			a.t.Fatal(err)
		}
		delete(a.rules, id)
	default:
		if _, err := a.ticker.Tick(a.t.Context()); err != nil {
			a.t.Fatal(err)
		}
	}
}

func (a *audience) save(id int64) {
	a.t.Helper()
	tags := make([]int64, len(a.schema.Tags))
	for i, tag := range a.schema.Tags {
		tags[i] = tag.ID
	}
	subject := randomSubject(a.random, id, tags)
	a.put(subject, nil)
	a.contacts[id] = subject
}

func (a *audience) contact() int64   { return pick(a.random, sortedKeys(a.contacts)) }
func (a *audience) segmentID() int64 { return pick(a.random, sortedKeys(a.rules)) }

func sortedKeys[V any](m map[int64]V) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// verify compares every membership and count with a full, naive evaluation.
func (a *audience) verify() {
	a.t.Helper()
	of := map[int64][]int64{}
	for _, id := range sortedKeys(a.rules) {
		rule, problems := a.rules[id].Check(a.schema)
		if len(problems) > 0 {
			a.t.Fatal(problems)
		}
		want := []int64{}
		for _, contact := range sortedKeys(a.contacts) {
			if naive(a.schema, rule, a.contacts[contact]) {
				want = append(want, contact)
				of[contact] = append(of[contact], id)
			}
		}
		slices.Reverse(want)
		if got := a.members(id); !slices.Equal(got, want) {
			a.t.Fatalf("segment %d, %s: got members %v, want %v", id, rule, got, want)
		}
		if got := a.segment(id); got.MemberCount != int64(len(want)) || got.BuildingSlot != nil || got.BrokenReason != "" {
			a.t.Fatalf("got %+v, want %d members and a finished build", got, len(want))
		}
	}
	for contact := range a.contacts {
		in, err := a.store.Of(a.t.Context(), a.id, contact)
		got := map[int64]bool{}
		for _, segment := range in {
			got[segment.ID] = true
		}
		if err != nil || !slices.Equal(sortedKeys(got), of[contact]) {
			a.t.Fatalf("contact %d: got segments %v (%v), want %v", contact, got, err, of[contact])
		}
	}
}

func TestMembershipAgreesWithAFullEvaluation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *models.DB) {
		a := newAudience(t, db, 3)
		for range 4 {
			for range 60 {
				a.change()
			}
			a.settle()
			a.verify()
		}
	})
}

// TestChangesTellTheWholeStory replays who entered and left, and compares with who is in.
func TestChangesTellTheWholeStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *models.DB) {
		a := newAudience(t, db, 5)
		rule := a.rule()
		for len(rule.Filters) == 0 {
			rule = a.rule()
		}
		id := a.create("S", rule).ID
		a.settle()
		for i := range 60 {
			switch {
			case i%7 == 6:
				contact := a.contact()
				a.remove(contact, nil)
				delete(a.contacts, contact)
			case i%2 == 1:
				a.save(a.contact())
			default:
				a.lastID++
				a.save(a.lastID)
			}
			if i%3 == 0 {
				a.settle()
			}
		}
		a.settle()
		var changes []models.SegmentChange
		if err := db.Read(t.Context()).Where("workspace_id = ? AND segment_id = ?", a.id, id).Order("id").Find(&changes).Error; err != nil {
			t.Fatal(err)
		}
		in := map[int64]bool{}
		for _, change := range changes {
			if in[change.ContactID] == change.Entered {
				t.Fatalf("contact %d: got entered %v twice in a row", change.ContactID, change.Entered)
			}
			if in[change.ContactID] = change.Entered; !change.Entered {
				delete(in, change.ContactID)
			}
		}
		want := sortedKeys(in)
		slices.Reverse(want)
		if got := a.members(id); !slices.Equal(got, want) || len(changes) == 0 {
			t.Errorf("got members %v, want %v as %d changes tell", got, want, len(changes))
		}
	})
}

// TestTwoTickersOnOneDatabase lets two replicas tick while contacts change and rules are edited.
func TestTwoTickersOnOneDatabase(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	a := newAudience(t, dbtest.Open(t, url), 7)
	other := segments.New(dbtest.Open(t, url), segments.Options{Now: a.store.Now})
	done := make(chan struct{})
	var replicas sync.WaitGroup
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
	for range 120 {
		a.change()
	}
	close(done)
	replicas.Wait()
	a.settle()
	a.verify()
}
