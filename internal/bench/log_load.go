package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// load calls a new webhook for a while, with new addresses over as many connections as the plain scenario of the intake. It returns the
// webhook and the figures.
func (b *logBench) load(ctx context.Context) (w models.Webhook, f figures, err error) {
	now := models.Instant(time.Now())
	w = models.Webhook{WorkspaceID: b.ws.ID, Name: "Bench", Type: models.TypeSubscribed, Hash: models.NewHash(), Enabled: true, CreatedAt: now, UpdatedAt: now}
	err = b.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&w).Error; err != nil {
			return err
		}
		return tx.Create(&models.WebhookHash{Hash: w.Hash, WorkspaceID: w.WorkspaceID, WebhookID: w.ID, CreatedAt: now}).Error
	})
	if err != nil {
		return w, f, err
	}
	f, err = callLoad(ctx, "-url", b.browser.base+"/v1/inbound-webhooks/"+w.Hash, "-addresses", "new", "-connections", strconv.Itoa(plain.connections), "-for", b.lasting.String())
	if err == nil && f.Failed > 0 {
		err = fmt.Errorf("%d calls failed", f.Failed)
	}
	return w, f, err
}

// beside measures the load alone and with something else, in turns, and returns the median of the rounds' ratios.
// The two loads of a round follow each other, so that a machine that slows down between rounds changes no ratio.
func (b *logBench) beside(ctx context.Context, begin func(ctx context.Context) (end func() error, err error)) (ratio float64, err error) {
	var ratios []float64
	for range b.rounds {
		_, alone, err := b.load(ctx)
		if err != nil {
			return 0, err
		}
		end, err := begin(ctx)
		if err != nil {
			return 0, err
		}
		_, with, err := b.load(ctx)
		if err := errors.Join(err, end()); err != nil {
			return 0, err
		}
		ratios = append(ratios, with.PerSecond/alone.PerSecond)
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2], nil
}

const (
	viewers     = 50
	eachViewers = 4 // lists that one person can follow at a time
)

// benchLive measures the intake while people follow the list of requests: each page renews itself as static/js/live.js does.
func (b *logBench) benchLive(ctx context.Context) error {
	people, err := b.addPeople(ctx, (viewers+eachViewers-1)/eachViewers)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	renewed := 0
	ratio, err := b.beside(ctx, func(ctx context.Context) (func() error, error) {
		ctx, leave := context.WithCancel(ctx)
		var all sync.WaitGroup
		var failed error
		for i := range viewers {
			all.Go(func() {
				n, err := b.follow(ctx, people[i/eachViewers])
				mu.Lock()
				defer mu.Unlock()
				if renewed += n; err != nil && ctx.Err() == nil {
					failed = err
				}
			})
		}
		return func() error { leave(); all.Wait(); return failed }, nil
	})
	if err != nil {
		return err
	}
	b.atLeast(fmt.Sprintf("intake with %d pages that follow the list, against none (%d renewals)", viewers, renewed), ratio, leastLive)
	return nil
}

// addPeople adds admins to the workspace and signs them in.
func (b *logBench) addPeople(ctx context.Context, n int) (people []*http.Client, err error) {
	admin, err := store.First[models.User](b.db.Read(ctx).Where("email = ?", pageAdmin))
	if err != nil {
		return nil, err
	}
	for i := range n {
		email := fmt.Sprintf("viewer%d-%d@example.com", i, time.Now().UnixNano())
		err := b.db.Write(ctx, func(tx *gorm.DB) error {
			user := models.User{Email: email, PasswordHash: admin.PasswordHash, CreatedAt: models.Instant(time.Now())}
			if err := tx.Create(&user).Error; err != nil {
				return err
			}
			return tx.Create(&models.Membership{WorkspaceID: b.ws.ID, UserID: user.ID, Role: models.RoleViewer, CreatedAt: user.CreatedAt}).Error
		})
		if err != nil {
			return nil, err
		}
		jar, _ := cookiejar.New(nil)
		person := browser{base: b.browser.base, http: &http.Client{Jar: jar}}
		if got, err := person.visit(page{path: "/login", form: url.Values{"email": {email}, "password": {pagePassword}}}); err != nil || got.status != http.StatusOK {
			return nil, fmt.Errorf("signing in was answered with %d (%w)", got.status, err)
		}
		people = append(people, person.http)
	}
	return people, nil
}

// follow follows the list until ctx ends. It returns how often the page was renewed.
func (b *logBench) follow(ctx context.Context, person *http.Client) (renewed int, err error) {
	list := "/w/" + b.ws.Slug + "/requests"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.browser.base+list+"/live?seen="+models.NewID(time.Now()).String(), nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept", "text/event-stream")
	stream, err := person.Do(request)
	if err != nil {
		return 0, err
	}
	defer stream.Body.Close()
	if stream.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("a page that follows the list was answered with %d", stream.StatusCode)
	}
	tab := browser{base: b.browser.base, http: person}
	lines, rest := bufio.NewScanner(stream.Body), time.Now()
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "event: came") || time.Now().Before(rest) {
			continue
		}
		from := time.Now()
		if _, err := tab.visit(page{path: list}); err != nil {
			return renewed, err
		}
		renewed++
		rest = time.Now().Add(min(max(300*time.Since(from), 5*time.Second), time.Minute))
	}
	return renewed, nil
}

// benchReplay replays the calls of a load, whose contacts are deleted first, and compares the speed with that of the load. Then it replays
// them again, with pauses and runners that are broken off, and looks for calls that were done twice.
func (b *logBench) benchReplay(ctx context.Context) error {
	if err := b.db.EnsureLogDays(ctx, time.Now()); err != nil {
		return err
	}
	if err := untilDone(b.runner().Turn, ctx); err != nil { // jobs of the fill, such as the search for people who were erased
		return err
	}
	w, f, err := b.load(ctx)
	if err != nil {
		return err
	}
	if err := b.forgetContacts(ctx); err != nil {
		return err
	}
	job, err := b.startReplay(ctx, w)
	if err != nil {
		return err
	}
	from := time.Now()
	if err := untilDone(b.runner().Turn, ctx); err != nil {
		return err
	}
	took := time.Since(from)
	if job, err = b.db.Job(ctx, b.ws.ID, job.ID); err != nil {
		return err
	}
	result := models.ReadJobJSON[models.ReplayResult](job.Result)
	if created := result.Outcomes[models.OutcomeCreated]; created != int64(f.All) || job.State != models.JobDone {
		return fmt.Errorf("the replay of %d calls is %s with %v", f.All, job.State, result.Outcomes)
	}
	speed := float64(f.All) / took.Seconds()
	b.atLeast(fmt.Sprintf("replay of %d calls at %.0f calls/s, against the intake at %.0f calls/s", f.All, speed, f.PerSecond), speed/f.PerSecond, leastReplay)
	return b.interruptReplay(ctx, w, f.All)
}

// forgetContacts deletes the contacts that loads have created, past the program.
func (b *logBench) forgetContacts(ctx context.Context) error {
	return b.db.Write(ctx, func(tx *gorm.DB) error {
		ours := tx.Table("contacts").Select("id").Where("workspace_id = ? AND email LIKE 'new-%@example.com'", b.ws.ID)
		for _, table := range []string{"contact_tags", "contact_words"} {
			if err := tx.Exec("DELETE FROM "+table+" WHERE workspace_id = ? AND contact_id IN (?)", b.ws.ID, ours).Error; err != nil {
				return err
			}
		}
		return tx.Exec("DELETE FROM contacts WHERE workspace_id = ? AND id IN (?)", b.ws.ID, ours).Error
	})
}

func (b *logBench) runner() *jobs.Runner {
	runner := jobs.New(b.db, slog.New(slog.DiscardHandler), time.Now)
	runner.Intake = b.browser.intake
	return runner
}

func (b *logBench) startReplay(ctx context.Context, w models.Webhook) (models.Job, error) {
	now := models.Instant(time.Now())
	from := store.ReplayCursor{Filter: store.RequestFilter{WebhookID: w.ID, To: now}}
	job, _, err := b.db.StartReplay(ctx, b.ws.ID, 1, models.ReplaySpec{Which: "bench"}, from, 0, now)
	return job, err
}

// interruptReplay replays the calls of w again, while it pauses and resumes the job and breaks its runners off.
func (b *logBench) interruptReplay(ctx context.Context, w models.Webhook, calls int) error {
	<-time.After(5 * time.Millisecond) // the filter ends after the last replay
	job, err := b.startReplay(ctx, w)
	if err != nil {
		return err
	}
	interrupted := 0
	for !job.Finished() {
		short, end := context.WithTimeout(ctx, time.Duration(20*(1+interrupted))*time.Millisecond)
		_, _ = b.runner().Turn(short) // it is broken off on purpose
		end()
		if interrupted++; interrupted%3 == 0 {
			if _, err := b.db.PauseJob(ctx, b.ws.ID, job.ID, time.Now()); err != nil {
				return err
			}
			if _, err := b.db.ResumeJob(ctx, b.ws.ID, job.ID); err != nil {
				return err
			}
		}
		if err := b.freeJob(ctx, job); err != nil {
			return err
		}
		if job, err = b.db.Job(ctx, b.ws.ID, job.ID); err != nil {
			return err
		}
	}
	var found struct{ Replays, Originals int }
	err = b.db.Read(ctx).Raw("SELECT count(*) AS replays, count(DISTINCT original_id) AS originals FROM replays WHERE workspace_id = ?", b.ws.ID).Scan(&found).Error
	if err != nil {
		return err
	}
	// each call once more, and no replay
	b.limited(fmt.Sprintf("replay that was broken off or paused %d times: calls done twice or left out", interrupted), strconv.Itoa(found.Replays-2*calls), "0",
		found.Replays == 2*calls && found.Originals == calls)
	return nil
}

// freeJob ends the lease of a runner that was broken off, as if its time had passed.
func (b *logBench) freeJob(ctx context.Context, job models.Job) error {
	return b.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE jobs SET lease_until = ?, tries = 0 WHERE workspace_id = ? AND id = ? AND state = 'running'", models.Instant(time.Now()), job.WorkspaceID, job.ID).Error
	})
}

// benchRetention deletes the oldest day of the log alone, and then another one in each round while calls come.
func (b *logBench) benchRetention(ctx context.Context) error {
	kept, from := logDays-1, time.Now()
	if err := b.db.DropOldLog(ctx, time.Now(), kept); err != nil {
		return err
	}
	took := time.Since(from)
	ratio, err := b.beside(ctx, func(ctx context.Context) (func() error, error) {
		kept--
		days, gone := kept, make(chan error, 1)
		go func() {
			<-time.After(time.Second + b.lasting/3) // after the warm-up
			gone <- b.db.DropOldLog(ctx, time.Now(), days)
		}()
		return func() error { return <-gone }, nil
	})
	if err != nil {
		return err
	}
	b.limited("retention of a day, while nothing else happens", short(took), short(mostRetention), took <= mostRetention)
	b.atLeast("intake while a day is deleted, against none", ratio, leastBeside)
	return nil
}
