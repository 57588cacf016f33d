package torture

import (
	"sync/atomic"
	"testing"

	"campaignlark/internal/e2e"
	"campaignlark/models"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
	"gorm.io/gorm"
)

// tagsOfCalls is how many tags the webhooks of a test's audience add.
const tagsOfCalls = 2

// stored holds the rows of a workspace that calls of its SUBSCRIBED webhook leave.
type stored struct {
	contacts map[string]models.Contact // by address
	tags     map[int64]int             // their number, by contact
	log      map[uuid.UUID]models.WebhookRequest
}

// read reads what a workspace holds.
func read(t *testing.T, a *e2e.Audience) stored {
	t.Helper()
	s := stored{map[string]models.Contact{}, map[int64]int{}, map[uuid.UUID]models.WebhookRequest{}}
	table := func() *gorm.DB { return a.DB().Read(t.Context()).Where("workspace_id = ?", a.Workspace().ID) }
	var contacts []models.Contact
	var tags []struct {
		ContactID int64
		Count     int
	}
	var log []models.WebhookRequest
	for _, err := range []error{
		table().Find(&contacts).Error,
		table().Model(&models.ContactTag{}).Select("contact_id, count(*) AS count").Group("contact_id").Find(&tags).Error,
		table().Omit("body").Find(&log).Error,
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range contacts {
		if _, twice := s.contacts[c.Email]; twice {
			t.Errorf("%s has two contacts", c.Email)
		}
		s.contacts[c.Email] = c
	}
	for _, tag := range tags {
		s.tags[tag.ContactID] = tag.Count
	}
	for _, r := range log {
		s.log[r.ID] = r
	}
	return s
}

// checkRows compares calls for different addresses with everything that their workspace holds. A call with a 200 has its contact and its
// row in the log. A call with a 503 has neither, with two exceptions. If the database refused the call itself, its row says so and
// names nobody. If lost is true, the call may be stored completely, because only the answer to its commit was lost. No call got any
// other answer. checkRows returns how many calls the database refused.
func checkRows(t *testing.T, a *e2e.Audience, calls []call, lost bool) (refused int) {
	t.Helper()
	s := read(t, a)
	if len(s.log) == 0 {
		t.Error("no call was stored")
	}
	accepted := 0
	for _, c := range calls {
		contact, created := s.contacts[c.address]
		id, _ := uuid.Parse(c.id)
		row, logged := s.log[id]
		switch {
		case c.status != fasthttp.StatusOK && c.status != fasthttp.StatusServiceUnavailable:
			report(t, "%s: got %d %s, want 200 or 503", c.address, c.status, c.message)
		case c.status == fasthttp.StatusServiceUnavailable && c.again == "":
			report(t, "%s: got a 503 without Retry-After", c.address)
		case logged && !created && c.status == fasthttp.StatusServiceUnavailable && row.Outcome == models.OutcomeNotCommitted && row.Address == nil && row.ContactID == nil:
			refused++
		case created != logged:
			report(t, "%s: got %d, and a contact is %v, a row in the log %v; want both or none", c.address, c.status, created, logged)
		case !created && c.status == fasthttp.StatusOK:
			report(t, "%s: got 200, but nothing is stored", c.address)
		case created && c.status != fasthttp.StatusOK && !lost:
			report(t, "%s: got %d, but the call is stored", c.address, c.status)
		case created && !whole(contact, s.tags[contact.ID], row):
			report(t, "%s: got the contact %+v with %d tags and the row %+v, want them as the call says", c.address, contact, s.tags[contact.ID], row)
		}
		if created {
			accepted++
		}
	}
	if len(s.contacts) != accepted || len(s.tags) != accepted || len(s.log) != accepted+refused {
		t.Errorf("got %d contacts, %d with tags, and %d rows in the log, want %d, as many, and %d more", len(s.contacts), len(s.tags), len(s.log), accepted, refused)
	}
	var counted int64
	if err := a.DB().Read(t.Context()).Raw("SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = ?", a.Workspace().ID).Scan(&counted).Error; err != nil {
		t.Fatal(err)
	}
	if counted != int64(len(s.log)) {
		t.Errorf("the counters say %d calls, the log %d", counted, len(s.log))
	}
	return refused
}

// checkVersions compares calls that all got a 200 with everything that their workspace holds. Several calls may have been about one
// address: each raised the version of its contact by one and left a row in the log with that version.
func checkVersions(t *testing.T, a *e2e.Audience, calls []call) {
	t.Helper()
	s := read(t, a)
	versions := map[string]map[int64]bool{} // by address
	for _, c := range calls {
		if c.status != fasthttp.StatusOK {
			report(t, "%s: got %d %s, want 200", c.address, c.status, c.message)
			continue
		}
		contact := s.contacts[c.address]
		id, _ := uuid.Parse(c.id)
		row, logged := s.log[id]
		if !logged || row.Status != fasthttp.StatusOK || row.ContactID == nil || *row.ContactID != contact.ID {
			report(t, "%s: got 200, the contact %+v and the row %+v, want a row about the contact", c.address, contact, row)
			continue
		}
		if versions[c.address] == nil {
			versions[c.address] = map[int64]bool{}
		}
		versions[c.address][*row.ContactVersion] = true
	}
	total := 0
	for address, seen := range versions {
		if contact := s.contacts[address]; contact.Version != int64(len(seen)) || !seen[1] || !seen[contact.Version] || s.tags[contact.ID] != tagsOfCalls {
			report(t, "%s: got version %d and %d tags after calls that left %d versions", address, contact.Version, s.tags[contact.ID], len(seen))
		}
		total += len(seen)
	}
	if total != len(calls) || len(s.log) != len(calls) || len(s.contacts) != len(versions) {
		t.Errorf("%d calls about %d addresses left %d versions, %d rows in the log and %d contacts", len(calls), len(versions), total, len(s.log), len(s.contacts))
	}
}

// whole reports whether a contact, its number of tags and its row in the log are as one call to a SUBSCRIBED webhook leaves them.
func whole(c models.Contact, tags int, r models.WebhookRequest) bool {
	return c.Status == models.StatusSubscribed && c.Version == 1 && c.Fields["one"] == c.Email && tags == tagsOfCalls &&
		r.Status == fasthttp.StatusOK && r.Outcome == models.OutcomeCreated && r.Fired() == models.EventConfirmed && r.ContactID != nil && *r.ContactID == c.ID
}

// report fails the test. It does not print more failures than anybody reads.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	if failures.Add(1) <= 20 {
		t.Errorf(format, args...)
	} else {
		t.Fail()
	}
}

var failures atomic.Int64
