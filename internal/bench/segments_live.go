package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// benchFresh calls an otherwise idle program, and measures the time from each answer until the contact is in the segment.
func (b *segmentBench) benchFresh(ctx context.Context) error {
	const calls, limit = 200, 1500 * time.Millisecond
	live, err := b.openLive(ctx)
	if err != nil {
		return err
	}
	defer live.stop()
	waiting := map[int64]time.Time{} // contact → time of the answer to its call
	var mu sync.Mutex
	var took []time.Duration
	called := make(chan error, 1)
	go func() {
		random := rand.New(rand.NewPCG(5, 6))
		for _, contact := range someContacts(random, int64(knownAddresses*float64(live.v.contacts)))[:calls] {
			time.Sleep(time.Duration(40+random.IntN(60)) * time.Millisecond)
			if err := live.call(contact); err != nil {
				called <- err
				return
			}
			mu.Lock()
			waiting[contact] = time.Now()
			mu.Unlock()
		}
		called <- nil
	}()
	for done := false; !done || len(waiting) > 0; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-called:
			if err != nil {
				return err
			}
			done = true
		default:
		}
		mu.Lock()
		for contact, since := range waiting {
			in, err := b.store().Of(ctx, live.v.workspace.ID, contact)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(in, func(g models.Segment) bool { return g.ID == live.segment }) {
				took = append(took, time.Since(since))
				delete(waiting, contact)
			}
		}
		mu.Unlock()
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	b.limited("from an accepted call to its membership, 200 calls", fmt.Sprintf("p50 %6s p99 %6s%22s", short(p50), short(p99), ""), "", short(limit), p99 <= limit)
	return nil
}

// live is a running program on a million contacts. A call to its webhook adds a tag, which brings the contact into the segment.
type live struct {
	v       vocabulary
	ids     []int64
	segment int64
	url     string
	stop    func()
}

// openLive starts the program after the ticker has finished all its work.
func (b *segmentBench) openLive(ctx context.Context) (l live, err error) {
	if l.v, l.ids, err = b.built(ctx, segmentWorkspaces[0].slug); err != nil {
		return l, err
	}
	tag := l.v.tags[liveTag]
	err = b.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM webhook_tags WHERE workspace_id = ?", l.v.workspace.ID).Error; err != nil {
			return err
		}
		return tx.Create(&models.WebhookTag{WorkspaceID: l.v.workspace.ID, WebhookID: l.v.webhooks[0], TagID: tag}).Error
	})
	if err != nil {
		return l, err
	}
	rule, _ := rule.Parse(all(other("tags", "has_any", fmt.Sprintf("[%d]", tag))))
	segment, err := b.store().Create(ctx, l.v.workspace.ID, 0, fmt.Sprint("live ", time.Now().UnixNano()), rule)
	if err != nil {
		return l, err
	}
	l.segment = segment.ID
	if err := b.settle(ctx); err != nil {
		return l, err
	}
	hook, err := store.First[models.Webhook](b.db.Read(ctx).Where("workspace_id = ? AND id = ?", l.v.workspace.ID, l.v.webhooks[0]))
	if err != nil {
		return l, err
	}
	server, err := startServer(ctx, b.url)
	if err != nil {
		return l, err
	}
	l.url, l.stop = "http://"+server.addr+"/v1/inbound-webhooks/"+hook.Hash, server.stop
	time.Sleep(2 * time.Second) // for the work at the program's start
	return l, nil
}

// load loads the webhook for a time, half of the calls for existing contacts.
func (b *segmentBench) load(ctx context.Context, l live, lasting time.Duration) (figures, error) {
	return callLoad(ctx, "-url", l.url, "-known", strconv.Itoa(b.known()), "-connections", strconv.Itoa(liveConnections), "-for", lasting.String())
}

// call calls the webhook for an existing contact.
func (l live) call(contact int64) error {
	answer, err := http.Post(l.url, "application/json", bytes.NewReader(fmt.Appendf(nil, `{"email_address":"%d@example.com"}`, contact)))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("a call was answered with %d", answer.StatusCode)
	}
	return nil
}

// The load on the intake: number of connections, and durations.
const (
	liveConnections = 64
	liveFor         = 15 * time.Second
	turnFor         = 4 * time.Second
	turns           = 3
)

func (b *segmentBench) known() int {
	return int(knownAddresses * float64(segmentWorkspaces[0].contacts))
}

// benchLoad puts a load on the intake and measures how old the oldest mark gets.
func (b *segmentBench) benchLoad(ctx context.Context) error {
	const limit = 10 * time.Second
	live, err := b.openLive(ctx)
	if err != nil {
		return err
	}
	defer live.stop()
	loaded := make(chan error, 1)
	var f figures
	go func() {
		var err error
		f, err = b.load(ctx, live, liveFor)
		loaded <- err
	}()
	var oldest time.Duration
	var over []string
	began := time.Now()
	for {
		age, err := b.oldestMark(ctx, live.v)
		if err != nil {
			return err
		}
		oldest = max(oldest, age)
		if n := int(time.Since(began) / (3 * time.Second)); n >= len(over) {
			over = append(over, short(age))
		}
		select {
		case err := <-loaded:
			if err != nil {
				return err
			}
			b.limited(fmt.Sprintf("oldest mark while the intake takes %.0f calls/s", f.PerSecond), fmt.Sprintf("%10s, each 3 s: %v", short(oldest), over), "", short(limit), oldest <= limit)
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// oldestMark returns how long the oldest mark has waited, 0 if there is none.
func (b *segmentBench) oldestMark(ctx context.Context, v vocabulary) (time.Duration, error) {
	mark, err := store.First[models.CallMarks](b.db.Read(ctx).Where("workspace_id = ?", v.workspace.ID).Order("id"))
	if errors.Is(err, models.ErrNotFound) {
		return 0, nil
	}
	return time.Since(mark.At), err
}

// benchThroughput measures the calls per second of the intake, in turns, while no segment is built and while all are.
func (b *segmentBench) benchThroughput(ctx context.Context) error {
	const limit = 0.7
	live, err := b.openLive(ctx)
	if err != nil {
		return err
	}
	defer live.stop()
	var alone, beside float64
	for range turns {
		f, err := b.load(ctx, live, turnFor)
		if err != nil {
			return err
		}
		alone += f.PerSecond / turns
		building, stop := context.WithCancel(ctx)
		stopped := make(chan error, 1)
		go func() { stopped <- b.keepBuilding(building, live) }()
		f, err = b.load(ctx, live, turnFor)
		stop()
		if err := errors.Join(err, <-stopped); err != nil {
			return err
		}
		beside += f.PerSecond / turns
		if err := b.settled(ctx, live); err != nil {
			return err
		}
	}
	b.limited("the intake beside a build of all segments, and alone", fmt.Sprintf("%8.0f calls/s%12.0f calls/s%9s", beside, alone, ""), fmt.Sprintf("%.2fx", beside/alone),
		fmt.Sprintf("%.2fx", limit), beside/alone >= limit)
	return nil
}

// keepBuilding changes all rules, waits until they are built, and repeats that until ctx ends.
func (b *segmentBench) keepBuilding(ctx context.Context, l live) error {
	for wrapped := true; ctx.Err() == nil; wrapped = !wrapped {
		for i, c := range ruleCases {
			text := l.v.ruleText(c.rule, b.now, l.ids)
			if wrapped { // another rule that matches the same contacts
				text = all(text)
			}
			rule, problems := rule.Parse(text)
			if len(problems) > 0 {
				return problems
			}
			if _, err := b.store().Update(ctx, l.v.workspace.ID, 0, l.ids[i], c.name, rule); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		if err := b.settled(ctx, l); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// settled waits until the program builds no segment and no mark is left.
func (b *segmentBench) settled(ctx context.Context, l live) error {
	for {
		var n int64
		err := b.db.Read(ctx).Raw("SELECT (SELECT count(*) FROM segments WHERE workspace_id = @ws AND building_slot IS NOT NULL) + (SELECT count(*) FROM dirty_contacts WHERE workspace_id = @ws) + (SELECT count(*) FROM call_marks WHERE workspace_id = @ws)",
			map[string]any{"ws": l.v.workspace.ID}).Scan(&n).Error
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
