package segments_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
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

// spoil changes the stored bits of a chunk.
func (w *world) spoil(chunk int64, change func(bits []byte) []byte) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error {
		var row models.SegmentBits
		if err := tx.Where("workspace_id = ? AND chunk = ?", w.id, chunk).Find(&row).Error; err != nil {
			return err
		}
		if row.Bits == nil {
			return tx.Create(&models.SegmentBits{WorkspaceID: w.id, Chunk: chunk, Bits: change(nil)}).Error
		}
		return tx.Exec("UPDATE segment_bits SET bits = ? WHERE workspace_id = ? AND chunk = ?", change(row.Bits), w.id, chunk).Error
	})
}

// flip inverts the bit of a contact in a slot.
func (w *world) flip(slot int, contact int64) {
	w.t.Helper()
	w.spoil(contact/256, func(bits []byte) []byte {
		for len(bits) < (slot+1)*32 {
			bits = append(bits, 0)
		}
		bits[slot*32+int(contact%256)/8] ^= 1 << (contact % 8)
		return bits
	})
}

// verifyNow runs a verification, which must not fail.
func (w *world) verifyNow() segments.Verification {
	w.t.Helper()
	v, err := w.ticker.Verify(w.t.Context(), w.id, func(int64, int64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) check() models.SegmentCheck {
	w.t.Helper()
	check, err := store.First[models.SegmentCheck](w.db.Read(w.t.Context()).Where("workspace_id = ?", w.id))
	if err != nil {
		w.t.Fatal(err)
	}
	return check
}

// found formats a verification's differences by segment name.
func found(v segments.Verification) string {
	var parts []string
	for _, s := range v.Segments {
		parts = append(parts, fmt.Sprintf("%s %d/%d %s", s.Name, s.Differences, s.Compared, s.Left))
	}
	return strings.TrimSpace(strings.Join(parts, "; "))
}

func TestVerificationFindsAndRepairsDrift(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		readers := w.create("Readers", w.rule(ruletest.Subscribed))
		others := w.create("Others", w.rule(`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"}]}`))
		press := w.create("Press", w.rule(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, w.tags[2]))
		vienna := w.create("Vienna", w.rule(`{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"is_set"}]}`, w.fields["city"]))
		for id := int64(1); id <= 600; id += 3 {
			w.put(rule.Subject{ID: id, Status: models.Statuses[id%2*2], Tags: w.tags[2:]}, nil)
		}
		w.settle()
		if v := w.verifyNow(); v.Differences != 0 || v.Contacts != 200 || found(v) != "Others 0/200 ; Press 0/200 ; Readers 0/200 ; Vienna 0/200" {
			t.Fatalf("got %d differences, %s; want none in 200 contacts", v.Differences, found(v))
		}
		want := w.members(readers.ID)
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Tag{}).Where("id = ?", w.tags[2]).Update("deleted_at", ruletest.Noon).Error
		})
		readers, others, press = w.segment(readers.ID), w.segment(others.ID), w.segment(press.ID)
		w.flip(readers.Slot, 1)     // was not a member
		w.flip(readers.Slot, 4)     // was a member
		w.flip(others.Slot, 301)    // in another chunk
		w.flip(others.Slot, 2)      // no contact has this id
		w.flip(others.Slot, 90_000) // no contact is in this chunk
		w.flip(press.Slot, 302)     // a segment with a broken rule is frozen, but loses contacts that no longer exist
		w.flip(press.Slot, 304)     // it keeps the others
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE segments SET member_count = 7 WHERE workspace_id = ? AND id IN ?", w.id, []int64{readers.ID, vienna.ID}).Error
		})
		v := w.verifyNow()
		if got := found(v); v.Differences != 7 || got != "Others 3/200 ; Press 1/0 its rule cannot be evaluated; Readers 2/200 ; Vienna 1/200" {
			t.Errorf("got %d differences, %s", v.Differences, got)
		}
		if got := w.members(readers.ID); !slices.Equal(got, want) || w.segment(readers.ID).MemberCount != int64(len(want)) {
			t.Errorf("got %v and count %d, want %v again", got, w.segment(readers.ID).MemberCount, want)
		}
		if got := w.members(others.ID); len(got) != 100 || w.segment(others.ID).MemberCount != 100 {
			t.Errorf("got %d members and count %d, want 100", len(got), w.segment(others.ID).MemberCount)
		}
		if got := w.members(press.ID); len(got) != 199 || slices.Contains(got, 302) || w.segment(press.ID).MemberCount != 199 {
			t.Errorf("got %d members and count %d of the broken one, want 199", len(got), w.segment(press.ID).MemberCount)
		}
		if c := w.check(); c.Differences != 7 || c.FinishedAt == nil || c.NextChunk != c.TotalChunks {
			t.Errorf("got %+v, want a finished check with 7 differences", c)
		}
		w.wantRepairs(map[int64][2][]int64{readers.ID: {{4}, {1}}, others.ID: {{301}, {2}}, press.ID: {nil, {302}}})
		if v := w.verifyNow(); v.Differences != 0 || w.check().Differences != 0 {
			t.Errorf("got %d differences after the repair", v.Differences)
		}
		if w.segment(press.ID).VerifiedAt == nil || !w.segment(readers.ID).VerifiedAt.After(*w.segment(press.ID).VerifiedAt) {
			t.Errorf("got %v and %v, want the broken one verified before it broke", w.segment(readers.ID).VerifiedAt, w.segment(press.ID).VerifiedAt)
		}
	})
}

// wantRepairs compares the recorded moves of a repair, in the first span.
func (w *world) wantRepairs(want map[int64][2][]int64) {
	w.t.Helper()
	for segment, ids := range want {
		row, err := store.First[models.SegmentBulkChange](w.db.Read(w.t.Context()).
			Where("workspace_id = ? AND segment_id = ? AND cause = 'repair' AND span = 0", w.id, segment))
		entered, departed := row.Entered.IDs(0, 10), row.Departed.IDs(0, 10)
		if err != nil || !slices.Equal(entered, ids[0]) || !slices.Equal(departed, ids[1]) {
			w.t.Errorf("segment %d: got entered %v, departed %v (%v), want %v", segment, entered, departed, err, ids)
		}
	}
}

// Waiting changes are not drift: contacts with a mark, and a segment that is being built.
func TestWhatWaitsIsNoDrift(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		for _, id := range []int64{1, 2, 40_000} {
			w.put(rule.Subject{ID: id, Status: models.StatusSubscribed}, nil)
		}
		w.settle()
		for range 1200 { // more marks of another contact than one follow processes
			w.write(func(tx *gorm.DB) error { return mark(tx, w.id, 3, nil) })
		}
		w.put(rule.Subject{ID: 1, Status: models.StatusUnsubscribed}, nil)
		w.remove(2, nil)
		building := w.create("Later", w.rule(ruletest.Subscribed))
		if _, err := w.store.Update(t.Context(), w.id, 0, g.ID, "Readers", w.rule(`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"}]}`)); err != nil {
			t.Fatal(err)
		}
		v := w.verifyNow()
		if v.Differences != 0 || found(v) != "Later 0/0 it is being built; Readers 0/0 it is being built" {
			t.Errorf("got %d differences, %s; want none while they wait", v.Differences, found(v))
		}
		if w.segment(building.ID).VerifiedAt != nil {
			t.Error("a segment that is being built was said to be verified")
		}
		w.settle()
		if v := w.verifyNow(); v.Differences != 0 || found(v) != "Later 0/2 ; Readers 0/2" {
			t.Errorf("got %d differences, %s; want none afterwards", v.Differences, found(v))
		}
	})
}

// A chunk whose due time is too late is found before it has wrong bits.
func TestVerificationFindsWhatIsNotDueInTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Today", w.rule(`{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"in_last_days","value":"0"}]}`, w.fields["birthday"]))
		for _, id := range []int64{1, 2, 300} {
			w.put(rule.Subject{ID: id, Status: models.StatusSubscribed, Fields: map[string]string{"birthday": "2026-11-23"}}, nil)
		}
		w.settle()
		dues := func() (rows []models.SegmentDue) {
			if err := db.Read(t.Context()).Where("workspace_id = ?", w.id).Order("chunk").Find(&rows).Error; err != nil {
				t.Fatal(err)
			}
			return rows
		}
		want := dues()
		if len(want) != 2 || len(w.members(g.ID)) != 3 {
			t.Fatalf("got %v due and members %v, want two groups and all", want, w.members(g.ID))
		}
		w.write(func(tx *gorm.DB) error {
			if err := tx.Exec("DELETE FROM segment_due WHERE workspace_id = ? AND chunk = 0", w.id).Error; err != nil {
				return err
			}
			return tx.Exec("UPDATE segment_due SET due_at = ? WHERE workspace_id = ?", ruletest.Noon.Add(30*time.Hour), w.id).Error
		})
		if v := w.verifyNow(); v.Late != 2 || v.Differences != 2 || found(v) != "Today 0/3" {
			t.Errorf("got %d late of %d differences, %s; want both groups", v.Late, v.Differences, found(v))
		}
		if got := dues(); !slices.Equal(got, want) {
			t.Errorf("got %v due, want %v again", got, want)
		}
		if v := w.verifyNow(); v.Differences != 0 {
			t.Errorf("got %d differences after the repair", v.Differences)
		}
		later := segments.New(db, segments.Options{Now: func() time.Time { return ruletest.Noon.Add(12 * time.Hour) }})
		if v, err := later.Verify(t.Context(), w.id, func(int64, int64) {}); err != nil || v.Differences != 0 {
			t.Errorf("got %d differences (%v) the next day, want none: time only passed", v.Differences, err)
		}
		if got := w.members(g.ID); len(got) != 0 {
			t.Errorf("got members %v the next day, want none", got)
		}
	})
}

// A replica whose clock is behind does not undo what one whose clock is ahead did at midnight.
func TestClocksThatAreApartAreNoDrift(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		today := w.create("Today", w.rule(`{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"in_last_days","value":"0"}]}`, w.fields["birthday"]))
		others := w.create("Others", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]}`, today.ID))
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed, Fields: map[string]string{"birthday": "2026-11-23"}}, nil)
		w.settle()
		midnight := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC) // in Vienna
		replica := func(at time.Time) *segments.Ticker {
			return segments.New(db, segments.Options{Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)})
		}
		if _, err := replica(midnight.Add(time.Second)).Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		v, err := replica(midnight.Add(-time.Second)).Verify(t.Context(), w.id, func(int64, int64) {})
		if err != nil || v.Differences != 0 || len(w.members(today.ID)) != 0 || len(w.members(others.ID)) != 1 {
			t.Errorf("got %d differences (%v), members %v and %v; want none, nobody and contact 1", v.Differences, err, w.members(today.ID), w.members(others.ID))
		}
	})
}
