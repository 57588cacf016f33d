package mail

import (
	"context"
	"log/slog"
	"mime"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is a workspace with two members and an automation, a mail server and a clock.
type world struct {
	schedule deliveries.Schedule // nil for the usual one
	*testing.T
	db      *store.DB
	ws      models.Workspace
	a       models.Automation
	members []models.User
	run     uuid.UUID // that tells
	post    *post
	clock   atomic.Int64
	log     lines
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{T: t, db: db, run: uuid.New(), post: startPost(t, &post{}, false, false)}
	w.clock.Store(time.Date(2026, 11, 30, 13, 5, 0, 0, time.UTC).UnixMicro())
	w.write(func(tx *gorm.DB) error {
		w.ws = models.Workspace{Slug: "books", Name: "Books", TimeZone: "Europe/Vienna", CreatedAt: w.now()}
		if err := tx.Create(&w.ws).Error; err != nil {
			return err
		}
		w.a = models.Automation{WorkspaceID: w.ws.ID, Name: "Welcome", Enabled: true, Definition: "{}", Revision: 1, CreatedAt: w.now(), UpdatedAt: w.now()}
		if err := tx.Create(&w.a).Error; err != nil {
			return err
		}
		for _, email := range []string{"ada@example.com", "otto@example.com"} {
			user := models.User{Email: email, CreatedAt: w.now()}
			if err := tx.Create(&user).Error; err != nil {
				return err
			}
			w.members = append(w.members, user)
			if err := tx.Create(&models.Membership{WorkspaceID: w.ws.ID, UserID: user.ID, Role: models.RoleAdmin, CreatedAt: w.now()}).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) now() time.Time { return time.UnixMicro(w.clock.Load()).UTC() }

func (w *world) later(d time.Duration) { w.clock.Add(d.Microseconds()) }

func (w *world) write(fn func(tx *gorm.DB) error) {
	w.Helper()
	if err := w.db.Write(context.Background(), fn); err != nil {
		w.Fatal(err)
	}
}

// tell has the automation tell a member so many times.
func (w *world) tell(member, times int) {
	w.Helper()
	for range times {
		w.write(func(tx *gorm.DB) error {
			return Tell(tx, w.now(), models.TeamMail{WorkspaceID: w.ws.ID, AutomationID: w.a.ID, UserID: w.members[member].ID, RunID: &w.run, Words: "a contact is subscribed (confirmed) through Shop", Waiting: 1})
		})
	}
}

func (w *world) sender() *Sender {
	public, _ := url.Parse("https://hooks.example.com")
	return NewSender(w.db, w.post.at(StartTLS), Options{PublicURL: public, Now: w.now, Schedule: w.schedule, Log: slog.New(slog.NewTextHandler(&w.log, nil))})
}

// send lets two replicas send at the same time, and returns the subjects of the mails that arrived since the last time, by address.
func (w *world) send() (subjects []string) {
	w.Helper()
	before := len(w.post.taken())
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := w.sender().Turn(w.Context()); err != nil {
				w.Error(err)
			}
		})
	}
	both.Wait()
	for _, m := range w.post.taken()[before:] {
		subject, err := new(mime.WordDecoder).DecodeHeader(m.mail.Header.Get("Subject"))
		if err != nil {
			w.Error(err)
		}
		subjects = append(subjects, m.to+" "+subject)
	}
	return subjects
}

func (w *world) wantSent(when string, want ...string) {
	w.Helper()
	if got := w.send(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.Fatalf("%s: got %q, want %q", when, got, want)
	}
}

type lines struct {
	mu sync.Mutex
	strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.Write(b)
}

// TestOneMailAnHourSumsUpTheRest follows an automation for some hours.
func TestOneMailAnHourSumsUpTheRest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.wantSent("nothing happened")
		w.tell(0, 1)
		w.wantSent("it happened once", "ada@example.com Welcome: A contact is subscribed (confirmed) through Shop")
		w.later(10 * time.Minute)
		w.tell(0, 11)
		w.later(49 * time.Minute)
		w.tell(0, 1)
		w.wantSent("within the hour")
		w.tell(1, 1)
		w.wantSent("the other member's first", "otto@example.com Welcome: A contact is subscribed (confirmed) through Shop")
		w.later(time.Minute)
		w.wantSent("after an hour", "ada@example.com Welcome: 12 more since 14:05")
		last := w.post.taken()[2]
		for _, part := range []string{"The automation “Welcome” of the workspace Books", "12 more since 14:05 (Europe/Vienna).", "The last time: A contact is subscribed (confirmed) through Shop.",
			"https://hooks.example.com/w/books/automations/", "Who it was the last time, and what the automation did: https://hooks.example.com/w/books/runs/" + w.run.String(), "at most once an hour"} {
			if text := last.plain(t); !strings.Contains(text, part) {
				t.Errorf("got the mail %s, want %q in it", text, part)
			}
		}
		w.later(30 * time.Hour)
		w.wantSent("nothing happened for a day")
		w.tell(0, 3)
		w.wantSent("three times", "ada@example.com Welcome: 3 times since 21:05")
		w.tell(0, 1)
		w.later(time.Hour)
		w.wantSent("once more", "ada@example.com Welcome: 1 more since 21:05")
	})
}

// TestAMailIsTriedAgain lets the server refuse for a while, and for good.
func TestAMailIsTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		code := 451
		w.post.refuse = func(to string) error {
			if code == 0 {
				return nil
			}
			return &smtp.SMTPError{Code: code, Message: "no place for " + to}
		}
		w.tell(0, 1)
		w.wantSent("refused for now")
		w.wantSent("right after")
		w.later(10 * time.Second)
		w.wantSent("refused a second time")
		code = 0
		w.tell(0, 1)
		w.wantSent("before the next try")
		w.later(6 * time.Minute)
		w.wantSent("the third try", "ada@example.com Welcome: 2 times since 14:05")
		w.tell(1, 1)
		code = 550
		w.wantSent("refused for good")
		code = 0
		w.later(30 * time.Hour)
		w.wantSent("it was given up")
		row, err := store.First[models.TeamMail](db.Read(t.Context()).Where("user_id = ?", w.members[1].ID))
		if err != nil || row.Waiting != 0 || row.Problem != string(ProblemRefused) {
			t.Errorf("got %+v (%v), want that it says why", row, err)
		}
		if log := w.log.String(); !strings.Contains(log, "problem=refused") || strings.Contains(log, "example.com") {
			t.Errorf("got the log %s, want the problem and no address", log)
		}
	})
}

// TestAServerThatStaysAwayIsGivenUp fails until the schedule ends. What happened in between is not sent in pieces.
func TestAServerThatStaysAwayIsGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.post.refuse = func(string) error { return &smtp.SMTPError{Code: 421, Message: "later"} }
		w.tell(0, 1)
		for range 10 {
			w.wantSent("the server is away")
			w.later(27 * time.Hour)
		}
		w.post.refuse = nil
		w.wantSent("it was given up")
		w.tell(0, 1)
		w.wantSent("the next time", "ada@example.com Welcome: A contact is subscribed (confirmed) through Shop")
	})
}

// TestMailsFollowTheScheduleThatIsSet sends by a schedule of one wait.
func TestMailsFollowTheScheduleThatIsSet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.schedule = deliveries.Schedule{time.Minute}
		w.post.refuse = func(string) error { return &smtp.SMTPError{Code: 421, Message: "later"} }
		w.tell(0, 1)
		w.tell(1, 1)
		w.wantSent("the server is away")
		w.write(func(tx *gorm.DB) error { // only one of both mails waits for the second attempt
			return tx.Model(&models.TeamMail{}).Where("user_id = ?", w.members[1].ID).Update("next_at", w.now().Add(10*time.Minute)).Error
		})
		w.later(2 * time.Minute)
		w.wantSent("it fails again, and is given up")
		w.post.refuse = nil
		w.later(10 * time.Minute)
		w.wantSent("the other one is tried again", "otto@example.com Welcome: A contact is subscribed (confirmed) through Shop")
	})
}

// TestNobodyIsToldWhoLeft removes a member, and then the automation.
func TestNobodyIsToldWhoLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.tell(0, 1)
		w.tell(1, 1)
		if err := db.RemoveMember(t.Context(), w.ws.ID, w.members[0].ID, w.members[1].ID, w.now()); err != nil {
			t.Fatal(err)
		}
		w.wantSent("one left", "ada@example.com Welcome: A contact is subscribed (confirmed) through Shop")
		w.tell(1, 1) // a run that began before
		w.tell(0, 1)
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Automation{}).Where("workspace_id = ? AND id = ?", w.ws.ID, w.a.ID).Update("deleted_at", w.now()).Error
		})
		w.later(2 * time.Hour)
		w.wantSent("the automation was deleted")
		var left int64
		if err := db.Read(t.Context()).Model(&models.TeamMail{}).Count(&left).Error; err != nil || left != 0 {
			t.Errorf("got %d rows (%v), want none", left, err)
		}
	})
}

// TestASenderThatDiesCostsItsLease takes a mail and never sends it.
func TestASenderThatDiesCostsItsLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.tell(0, 1)
		q := queue{db}
		due, err := q.due(t.Context(), w.now(), 10)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		dead, taken, err := q.take(t.Context(), due[0], w.now(), 2*time.Minute)
		if err != nil || !taken {
			t.Fatal(taken, err)
		}
		w.wantSent("another has it")
		w.later(2 * time.Minute)
		w.wantSent("the lease ended", "ada@example.com Welcome: A contact is subscribed (confirmed) through Shop")
		// the dead one comes back and notes what it knows: it is too late
		w.tell(0, 1)
		if err := q.finish(t.Context(), dead, ProblemConnect, false, w.now(), w.now()); err != nil {
			t.Fatal(err)
		}
		w.wantSent("within the hour")
		w.later(time.Hour)
		w.wantSent("after an hour", "ada@example.com Welcome: 1 more since 14:07")
	})
}

// TestAWrongClockHoldsNoMailBack tells while the clock is a year ahead.
func TestAWrongClockHoldsNoMailBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.later(365 * 24 * time.Hour)
		w.tell(0, 1)
		w.wantSent("a year ahead", "ada@example.com Welcome: A contact is subscribed (confirmed) through Shop")
		w.later(-365 * 24 * time.Hour)
		w.tell(0, 1)
		if got := w.send(); len(got) != 1 {
			t.Errorf("got %q, want one mail", got)
		}
	})
}
