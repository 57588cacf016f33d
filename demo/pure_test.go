package demo

import (
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
)

func TestPeopleHaveDistinctAddresses(t *testing.T) {
	t.Parallel()
	nobodys := regexp.MustCompile(`@(example\.(com|org|net)|[a-z0-9-]+\.example)$`)
	seen := map[string]int{}
	for i := range 3 * pairs {
		p := PersonAt(i)
		if other, twice := seen[p.Email]; twice {
			t.Fatalf("got %s for people %d and %d, want one address each", p.Email, other, i)
		}
		seen[p.Email] = i
		if stored, err := models.ReadEmail(p.Email); err != nil || stored != p.Email {
			t.Fatalf("got %q from %q (%v), want an address in its stored form", stored, p.Email, err)
		}
		if !nobodys.MatchString(p.Email) {
			t.Fatalf("got %s, want a domain reserved for examples", p.Email)
		}
	}
}

func TestValuesOfPeopleAreInTheirStoredForms(t *testing.T) {
	t.Parallel()
	tags := map[string]models.MergeTag{}
	types := map[models.MergeTagType]bool{}
	for _, m := range mergeTags() {
		if errs := m.Clean(nil).Validate(); errs.Any() {
			t.Fatalf("the merge tag %s: %v", m.Key, errs)
		}
		tags[m.Key], types[m.Type] = m.Clean(nil), true
	}
	if len(types) != len(models.MergeTagTypes) {
		t.Errorf("got %d types of merge tags, want all %d", len(types), len(models.MergeTagTypes))
	}
	for i := range 2000 {
		for key, value := range PersonAt(i).Fields {
			if stored, err := tags[key].Read(models.Text(value), nil); err != nil || stored != value {
				t.Fatalf("%s of person %d: got %q from %q (%v), want the same", key, i, stored, value, err)
			}
		}
	}
}

func TestEveryRunMakesTheSameData(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	p := newPlan(2000, 14, now, time.UTC)
	for i := range 500 {
		if a, b := PersonAt(i), PersonAt(i); !reflect.DeepEqual(a, b) {
			t.Fatalf("person %d: got %v and %v", i, a, b)
		}
		if a, b := p.call(i), newPlan(2000, 14, now, time.UTC).call(i); a != b {
			t.Fatalf("call %d: got %v and %v", i, a, b)
		}
	}
}

// TestTheTillFailsMoreThanUsual counts the till's calls at several ends of the story, on a quiet Sunday night too: since its update all fail, each
// with the address under one other name.
func TestTheTillFailsMoreThanUsual(t *testing.T) {
	t.Parallel()
	for _, now := range []time.Time{time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), time.Date(2026, 7, 19, 23, 0, 0, 0, time.UTC), time.Date(2026, 7, 20, 5, 0, 0, 0, time.UTC)} {
		for _, contacts := range []int{MinContacts, 4000} {
			p := newPlan(contacts, logDays, now, time.UTC)
			var u models.WebhookUsual
			for j := range p.calls {
				switch v := p.call(j); {
				case v.hook != hookTill:
				case v.at.After(now.Add(-24*time.Hour)) && v.trouble == otherName:
					u.Calls, u.Failures = u.Calls+1, u.Failures+1
					if body := string(v.request(PersonAt(v.person)).Body); !strings.Contains(body, "customer_email=") || strings.Contains(body, models.EmailKey) {
						t.Errorf("got the call %q, want the address as customer_email", body)
					}
				case v.at.After(now.Add(-24 * time.Hour)):
					u.Calls++
				case v.trouble == noAddress || v.trouble == otherName:
					t.Error("got a call without its address before the update")
				default:
					u.EarlierCalls++
				}
			}
			if is := u.Unusual(now); !is.Failing {
				t.Errorf("%d contacts at %v: got %+v, which fails as usual", contacts, now, u)
			}
		}
	}
}

func TestPeopleComeInTheirOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 10, 17, 33, 0, time.UTC)
	for _, contacts := range []int{MinContacts, 2000, 50_000} {
		p := newPlan(contacts, 14, now, time.UTC)
		last := now.AddDate(0, 0, -growthDays-1)
		for i := range p.people {
			at := p.came(i)
			if at.Before(last) || at.After(now) {
				t.Fatalf("person %d of %d came at %s, after %s and before now is right", i, contacts, at, last)
			}
			last = at
		}
		if share := float64(p.people-p.before) / float64(p.people); share < 0.01 || share > 0.2 {
			t.Errorf("of %d contacts %.2f came in the last days, want some and not most", contacts, share)
		}
	}
}

func TestHistoriesEndInTheirTime(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	came := until.AddDate(0, 0, -90)
	statuses := map[models.Status]int{}
	for i := range 2000 {
		c := history(i, PersonAt(i), came, until)
		statuses[c.Status]++
		for _, at := range []time.Time{c.UpdatedAt, c.StatusSince()} {
			if at.Before(came) || at.After(until) {
				t.Fatalf("contact %d: got %s, want a time between %s and %s", i, at, came, until)
			}
		}
		if fresh := history(i, PersonAt(i), until, until); fresh.Version != 1 || !fresh.UpdatedAt.Equal(until) {
			t.Fatalf("contact %d has changed before it came: %+v", i, fresh)
		}
	}
	for _, s := range models.Statuses {
		if statuses[s] < 50 {
			t.Errorf("got %d contacts that are %s, want some", statuses[s], s)
		}
	}
}

func TestHoldingGoesOnAfterAPanic(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	turns, ended, stopped := make(chan time.Time), make(chan struct{}), make(chan struct{})
	tries := 0
	extend := func() error {
		if tries++; tries == 1 {
			panic("ines@example.com")
		}
		return nil
	}
	go func() {
		defer close(stopped)
		keepHolding(extend, turns, ended, slog.New(slog.NewTextHandler(&log, nil)))
	}()
	turns <- time.Time{}
	turns <- time.Time{}
	close(ended)
	<-stopped
	if tries != 2 || !strings.Contains(log.String(), "pure_test.go") || strings.Contains(log.String(), "ines") {
		t.Errorf("got %d tries and the log %s, want two and the stack without the panic's value", tries, log.String())
	}
}

// TestTheDemoUnsubscribesFromAServer looks at every webhook whose calls take people off a list: the help says that its address belongs on a
// server, because links in mails are opened by scanners.
func TestTheDemoUnsubscribesFromAServer(t *testing.T) {
	t.Parallel()
	for i, h := range hooks {
		if h.kind.HasTags() {
			continue
		}
		r := visit{hook: i}.request(PersonAt(1))
		if r.Method != "POST" || h.agent == browser || strings.Contains(strings.ToLower(h.name), "link") {
			t.Errorf("%s: called with %s by %s, want a POST of a server", h.name, r.Method, h.agent)
		}
	}
}
