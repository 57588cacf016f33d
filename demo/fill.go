package demo

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"campaignlark/faults"
	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
	"campaignlark/segments"

	"gorm.io/gorm"
)

// Bounds of Options.Contacts.
const (
	MinContacts = 100
	MaxContacts = 1_000_000
)

// Options of Fill.
type Options struct {
	Contacts int       // at the end, MinContacts to MaxContacts
	LogDays  int       // the days that the request log keeps; calls cover at most the last 14
	User     int64     // the user in the audit log who set everything up; 0 is the command line
	Now      time.Time // when the story ends
	Log      *slog.Logger
	Cipher   secrets.Cipher     // of the secrets of webhooks; without a key no call is signed
	Progress func(contacts int) // called from time to time with the number of contacts; may be nil
}

// Summary counts what Fill has created. Secret signs the deliveries to the CRM; "" if there is none.
type Summary struct {
	Contacts, Calls, Failures int
	Secret                    string
}

// logDays is how many days the calls cover, at most.
const logDays = 14

// Fill fills an empty workspace: with contacts that came over about 11 months, and with the calls of the last days
// through the pipeline, each at its time.
func Fill(ctx context.Context, db *store.DB, workspace models.Workspace, o Options) (Summary, error) {
	now, loc := models.Instant(o.Now), workspace.Location()
	p := newPlan(o.Contacts, min(o.LogDays, logDays), now.Add(-2*time.Second), loc)
	if err := makeLogDays(ctx, db, p.log.from, now); err != nil {
		return Summary{}, err
	}
	clock := &clock{at: p.growth.from}
	w := &workshop{db: db, workspace: workspace, user: o.User, cipher: o.Cipher, tags: map[string]int64{}, fields: map[string]int64{}, now: clock.Now,
		segments: segments.New(db, segments.Options{Now: clock.Now, Log: o.Log, Only: workspace.ID})}
	free, err := hold(ctx, db, workspace.ID, cmp.Or(o.Log, slog.Default()))
	if err != nil {
		return Summary{}, err
	}
	defer free()
	pipeline := intake.New(db, intake.Options{Wait: time.Minute, Now: clock.Now, Log: o.Log, Cipher: o.Cipher})
	defer pipeline.Close(context.WithoutCancel(ctx))
	t := &teller{workshop: w, plan: p, clock: clock, pipeline: pipeline, progress: o.Progress, log: cmp.Or(o.Log, slog.Default())}
	if err := t.tell(ctx); err != nil {
		return t.sum, err
	}
	if err := db.NoteContactDay(ctx, workspace, now); err != nil {
		return t.sum, err
	}
	return t.sum, db.FoldWebhookCounts(ctx, p.log.from)
}

// hold keeps the tickers of a running server away from the workspace, whose clock is in the past, until free is called. If
// free is never called, the hold ends after a minute.
func hold(ctx context.Context, db *store.DB, workspace int64, log *slog.Logger) (free func(), err error) {
	extend := func() error { return db.HoldSegments(ctx, workspace, time.Now().Add(time.Minute)) }
	if err := faults.Catch(extend); err != nil {
		return nil, err
	}
	ended, every := make(chan struct{}), time.NewTicker(20*time.Second)
	var work sync.WaitGroup
	work.Go(func() { keepHolding(extend, every.C, ended, log) })
	return func() {
		every.Stop()
		close(ended)
		work.Wait()
		_ = db.HoldSegments(context.WithoutCancel(ctx), workspace, time.Time{}) // it ends within a minute in any case
	}, nil
}

// keepHolding extends the hold at each turn until ended is closed. If a turn fails, the next one extends it; two in a
// row may fail.
func keepHolding(extend func() error, turns <-chan time.Time, ended <-chan struct{}, log *slog.Logger) {
	for {
		select {
		case <-ended:
			return
		case <-turns:
			if err := faults.Catch(extend); err != nil {
				log.Warn("the workspace's segments were not held for another minute", store.ErrorAttr(err))
			}
		}
	}
}

// makeLogDays creates the days of the request log from the first call on.
func makeLogDays(ctx context.Context, db *store.DB, from, now time.Time) error {
	if err := db.EnsureLogDays(ctx, from); err != nil {
		return err
	}
	return db.EnsureLogDays(ctx, now)
}

// clock shows the current moment of the story. Each reading moves it on a little.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Duration(400+c.at.UnixMicro()%3700) * time.Microsecond)
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// teller makes everything happen in order.
type teller struct {
	*workshop
	plan     plan
	clock    *clock
	pipeline *intake.Pipeline
	progress func(int)
	log      *slog.Logger
	out      *outgoing
	coming   []newcomer // contacts waiting to be stored, at most bulk
	later    []visit    // future confirmations and repeats, by time
	edited   bool       // the rule has been edited
	sum      Summary
}

// newcomer is a contact without a call in the log.
type newcomer struct {
	models.Contact
	tags []string
}

// bulk is how many contacts one transaction stores: at most the number of addresses it may lock (store.LockAddresses).
const bulk = 256

func (t *teller) tell(ctx context.Context) error {
	if err := t.settle(ctx, t.plan.growth.from.Add(-12*24*time.Hour)); err != nil {
		return err
	}
	for i := range t.plan.before {
		if err := t.come(ctx, i, t.plan.log.from); err != nil {
			return err
		}
	}
	if err := t.store(ctx, false); err != nil {
		return err
	}
	t.clock.set(t.plan.log.from)
	if err := t.change(ctx, t.plan.log.from); err != nil {
		return err
	}
	if err := t.group(ctx); err != nil {
		return err
	}
	if err := t.tellPast(ctx); err != nil {
		return err
	}
	if err := t.automate(ctx); err != nil {
		return err
	}
	return t.recent(ctx)
}

// come adds the i-th person, with their history until then.
func (t *teller) come(ctx context.Context, i int, until time.Time) error {
	p := PersonAt(i)
	c := history(i, p, t.plan.came(i), until)
	c.WorkspaceID, *c.SourceWebhookID = t.workspace.ID, t.hooks[p.Came].ID
	c.TouchedWebhookID, c.TouchedAt = c.SourceWebhookID, &c.UpdatedAt
	t.coming = append(t.coming, newcomer{c, tagsOf(i, p)})
	if len(t.coming) < bulk {
		return nil
	}
	return t.store(ctx, i >= t.plan.before)
}

// store stores the waiting contacts. marked says whether to mark them for their segments.
func (t *teller) store(ctx context.Context, marked bool) error {
	if len(t.coming) == 0 {
		return nil
	}
	err := t.db.Write(ctx, func(tx *gorm.DB) error { return t.storeIn(tx, marked) })
	t.sum.Contacts += len(t.coming)
	t.coming = t.coming[:0]
	if t.progress != nil {
		t.progress(t.sum.Contacts)
	}
	return err
}

func (t *teller) storeIn(tx *gorm.DB, marked bool) error {
	var keys, ids []int64
	for _, n := range t.coming {
		keys = append(keys, models.AddressKey(t.workspace.ID, n.Email))
	}
	if err := store.LockAddresses(tx, keys...); err != nil {
		return err
	}
	id, err := store.ReserveContactIDs(tx, t.workspace.ID, int64(len(t.coming)))
	if err != nil {
		return err
	}
	var contacts []models.Contact
	var tags []models.ContactTag
	var names []store.NamedContact
	counts := models.ContactCounts{}
	for _, n := range t.coming {
		counts.Add(string(n.Status), 1)
		n.ID = id
		for _, name := range n.tags {
			tags = append(tags, models.ContactTag{WorkspaceID: t.workspace.ID, ContactID: id, TagID: t.tags[name]})
			counts.Add(models.TagCount(t.tags[name]), 1)
		}
		contacts, ids = append(contacts, n.Contact), append(ids, id)
		names = append(names, store.NamedContact{ID: id, After: n.Fields})
		id++
	}
	if err := tx.Create(&contacts).Error; err != nil {
		return err
	}
	if err := store.IndexNames(tx, t.workspace.ID, names...); err != nil {
		return err
	}
	if err := store.CountContacts(tx, t.workspace.ID, counts); err != nil {
		return err
	}
	if err := tx.CreateInBatches(&tags, 500).Error; err != nil || !marked {
		return err
	}
	return store.MarkContacts(tx, t.workspace.ID, 0, ids, contacts[len(contacts)-1].CreatedAt)
}

// recent tells the days in the request log: new people, confirmations, and all other calls, by time.
func (t *teller) recent(ctx context.Context) error {
	person, call := t.plan.before, 0
	for {
		next, from := visit{at: t.plan.growth.to}, 0
		if person < t.plan.people {
			next, from = visit{at: t.plan.came(person), hook: PersonAt(person).Came, person: person}, 1
		}
		if call < t.plan.calls {
			if v := t.plan.call(call); from == 0 || v.at.Before(next.at) {
				next, from = v, 2
			}
		}
		if len(t.later) > 0 && (from == 0 || t.later[0].at.Before(next.at)) {
			next, from = t.later[0], 3
		}
		err := t.edit(ctx, next.at)
		if err == nil {
			err = t.catchUp(ctx, next.at)
		}
		if err != nil {
			return err
		}
		switch from {
		case 0:
			return t.finish(ctx)
		case 1:
			err = t.arrive(ctx, next)
			person++
		case 2:
			err = t.send(ctx, next)
			call++
		case 3:
			t.later = t.later[1:]
			err = t.send(ctx, next)
		}
		if err != nil {
			return err
		}
	}
}

// arrive adds a person, with or without a call.
func (t *teller) arrive(ctx context.Context, v visit) error {
	if v.person%t.plan.each != 0 || v.hook == hookTill && t.plan.afterUpdate(v.at) { // its calls fail then
		return t.come(ctx, v.person, t.plan.growth.to)
	}
	if err := t.store(ctx, true); err != nil { // so that people who came earlier have lower ids
		return err
	}
	t.sum.Contacts++
	if confirms, ok := t.plan.confirmation(v.person, v.at); ok && v.hook == hookForm {
		t.wait(confirms)
	}
	return t.send(ctx, v)
}

// wait keeps a visit until its time.
func (t *teller) wait(v visit) {
	i := len(t.later)
	for i > 0 && v.at.Before(t.later[i-1].at) {
		i--
	}
	t.later = append(t.later, visit{})
	copy(t.later[i+1:], t.later[i:])
	t.later[i] = v
}

// repeatAfter is how long a sender waits before it sends a call again.
const repeatAfter = 75 * time.Second

// send makes a call, and updates the segments after it.
func (t *teller) send(ctx context.Context, v visit) error {
	who := v.person
	switch {
	case v.trouble == forged && !t.checks(v.hook):
		v.trouble = fine
	case v.trouble == nobody, v.trouble == forged:
		who += t.plan.people
	case v.trouble == twice && v.first.IsZero():
		again := v
		again.at, again.first = v.at.Add(repeatAfter), v.at
		if again.at.Before(t.plan.growth.to) {
			t.wait(again)
		}
	}
	t.clock.set(v.at)
	call := t.callOf(v, PersonAt(who))
	t.pipeline.Prepare(&call)
	answer, err := t.pipeline.Submit(ctx, call)
	if err != nil {
		return err
	}
	t.sum.Calls++
	if !answer.Success() {
		t.sum.Failures++
		return nil
	}
	if v.hook == hookErase {
		t.sum.Contacts--
	}
	t.clock.set(v.at.Add(time.Duration(200+v.person%700) * time.Millisecond))
	if v.at.Before(t.plan.prompt) && t.sum.Calls%10 != 0 {
		return t.act(ctx)
	}
	if err := t.tick(ctx); err != nil {
		return err
	}
	return t.act(ctx)
}

// editBefore is how long before the end a rule is edited.
const editBefore = 30 * time.Hour

// edit edits the rule of a segment when it is time.
func (t *teller) edit(ctx context.Context, now time.Time) error {
	at := t.plan.growth.to.Add(-editBefore)
	if t.edited || now.Before(at) {
		return nil
	}
	t.edited = true
	t.clock.set(at)
	return t.narrow(ctx, "Printed catalogue")
}

func (t *teller) finish(ctx context.Context) error {
	if err := t.store(ctx, true); err != nil {
		return err
	}
	t.clock.set(t.plan.growth.to)
	if err := t.tick(ctx); err != nil {
		return err
	}
	if err := t.act(ctx); err != nil {
		return err
	}
	return t.endOutgoing(ctx, t.plan.growth.to.Add(time.Second))
}
