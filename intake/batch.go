package intake

import (
	"maps"
	"slices"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// wanted lists what a batch has to lock and read.
type wanted struct {
	addressKeys []int64 // to lock, in ascending order
	people      []personKey
	webhooks    []webhookKey
	workspaces  []int64
	deliveries  []deliveryKey
	replayed    []personKey // the people of replays
}

// reading holds the webhooks and contacts that a batch has read under its locks.
type reading struct {
	webhooks map[webhookKey]Webhook
	people   map[personKey]*Person

	deliveries map[deliveryKey]uuid.UUID // the calls of deliveries that were processed before, by their key
	erased     map[int64]time.Time       // when the people of replays were erased last, by the key of their address
	moved      map[personKey]time.Time   // when a contact last got another address than that of a replay
	listens    map[int64]models.Listens  // by workspace; none for those in which no automation listens
}

// life is one contact in a batch, from its reading or creation until its deletion. An address that comes back after a
// deletion gets a new life with a new id.
type life struct {
	before  *Person // as read; nil if the batch creates the contact
	now     *Person // after the calls decided so far
	id      int64   // 0 until one is reserved
	deleted bool
}

// step is one call of the batch with its decision.
type step struct {
	job      *job
	webhook  Webhook
	before   *Person
	decision Decision
	page     string    // to which the browser that sent the call is led, "" for none
	life     *life     // nil if the call was refused
	erased   bool      // this call or a later one of the batch deletes the person, or a replay is about somebody who was erased
	repeatOf uuid.UUID // the call of the same delivery that was processed; set too if this one was processed on purpose (Call.Again)
}

// batch holds the calls of one transaction and the contacts that they name.
type batch struct {
	reading
	now      time.Time
	steps    []*step
	lives    []*life               // all, in the order in which the calls name them
	current  map[personKey]*life   // the contact that has the address now; nil after its deletion
	noted    map[deliveryKey]*step // deliveries that the batch processes
	mentions map[personKey][]*step // the steps since the address's last deletion; the next deletion erases them
}

// want lists what the jobs need, each item once.
func want(jobs []*job) wanted {
	var w wanted
	people, webhooks, workspaces, deliveries := map[personKey]bool{}, map[webhookKey]bool{}, map[int64]bool{}, map[deliveryKey]bool{}
	for _, j := range jobs {
		if k := j.webhook(); !webhooks[k] {
			webhooks[k] = true
			w.webhooks = append(w.webhooks, k)
		}
		if k := j.key(); k.address != "" && !people[k] {
			people[k] = true
			w.people = append(w.people, k)
			w.addressKeys = append(w.addressKeys, j.addressKey)
		}
		if d := j.call.delivery; d != (deliveryKey{}) && !deliveries[d] {
			deliveries[d] = true
			w.deliveries = append(w.deliveries, d)
		}
		if k := j.key(); k.address != "" && j.call.Replay != nil {
			w.replayed = append(w.replayed, k)
		}
		if ws := j.call.Hash.WorkspaceID; !workspaces[ws] {
			workspaces[ws] = true
			w.workspaces = append(w.workspaces, ws)
		}
	}
	w.addressKeys = store.SortedAddressKeys(w.addressKeys)
	slices.Sort(w.workspaces)
	return w
}

// decide runs Decide on each job in turn. Each job sees its contact as the jobs before it left it. A panic is returned as
// an error.
func decide(jobs []*job, read reading, now time.Time) (b *batch, err error) {
	defer recovered(&err)
	b = &batch{reading: read, now: models.Instant(now), current: map[personKey]*life{}, mentions: map[personKey][]*step{}, noted: map[deliveryKey]*step{}}
	for _, j := range jobs {
		b.take(j)
	}
	return b, nil
}

func (b *batch) take(j *job) {
	key := j.key()
	l, earlier := b.lifeOf(key), b.processed(j.call.delivery)
	s := &step{job: j, webhook: b.webhooks[j.webhook()], life: l}
	if l != nil {
		s.before = l.now
	}
	s.decision = Decide(Question{
		Webhook: s.webhook, Hash: j.call.Hash.Hash, Prefetch: j.call.Prefetch, Refusal: j.call.Refusal, Submission: j.call.Submission,
		Verdict: j.call.Verdict, RepeatOf: earlier, Again: j.call.Again, Form: j.call.Form, Next: j.call.next, Replay: j.call.Replay, ErasedAt: b.erased[j.addressKey], MovedAt: b.moved[key],
		Contact: s.before, Now: b.now,
	})
	s.erased = s.decision.Kept == models.KeptErased
	s.page = j.call.page(s.webhook, s.decision.Answer, s.decision.Outcome)
	b.steps = append(b.steps, s)
	switch {
	case !s.decision.Answer.Success() || j.call.delivery == (deliveryKey{}):
	case earlier == uuid.Nil:
		b.noted[j.call.delivery] = s
	default: // the delivery keeps its first call, also if this one was processed on purpose
		s.repeatOf = earlier
	}
	if key.address != "" {
		b.mentions[key] = append(b.mentions[key], s)
	}
	switch {
	case !s.decision.acts():
		s.life = nil
	case s.decision.Outcome == models.OutcomeDeleted:
		l.deleted = true
		if b.erased == nil {
			b.erased = map[int64]time.Time{}
		}
		b.erased[j.addressKey] = b.now
		for _, m := range b.mentions[key] {
			m.erased = true
		}
		b.current[key], b.mentions[key] = nil, nil
	case l == nil:
		s.life = b.add(key, &life{now: s.decision.Contact})
	default:
		l.now = s.decision.Contact
	}
}

// processed returns the call that has processed a delivery, or the zero UUID.
func (b *batch) processed(d deliveryKey) uuid.UUID {
	if d == (deliveryKey{}) {
		return uuid.Nil
	}
	if s := b.noted[d]; s != nil {
		return s.job.call.ID
	}
	return b.deliveries[d]
}

// lifeOf returns the contact that has the address now, or nil.
func (b *batch) lifeOf(key personKey) *life {
	l, met := b.current[key]
	if met {
		return l
	}
	if p := b.people[key]; p != nil {
		return b.add(key, &life{before: p, now: p, id: p.ID})
	}
	return nil
}

func (b *batch) add(key personKey, l *life) *life {
	b.lives, b.current[key] = append(b.lives, l), l
	return l
}

// newcomers counts the contact ids that the batch needs in each workspace, in ascending order of the workspaces. Contacts
// that the batch creates and deletes again also need one.
func (b *batch) newcomers() []need {
	count := map[int64]int64{}
	for _, l := range b.lives {
		if l.id == 0 {
			count[l.now.WorkspaceID]++
		}
	}
	var needs []need
	for _, ws := range slices.Sorted(maps.Keys(count)) {
		needs = append(needs, need{ws, count[ws]})
	}
	return needs
}

type need struct{ workspace, ids int64 }

// number gives the newcomers their ids, in the order in which they came. ids are those of each workspace, as many as newcomers asks
// for.
func (b *batch) number(ids map[int64][]int64) {
	for _, l := range b.lives {
		if l.id == 0 {
			mine := ids[l.now.WorkspaceID]
			l.id, ids[l.now.WorkspaceID] = mine[0], mine[1:]
		}
	}
}

// recovered turns a panic into a refusedError, so that a fault in one call refuses that call and does not end the process.
// The error has the panic's text only if the runtime wrote it, because other texts could quote what was sent.
func recovered(err *error) {
	if fault := faults.Recovered(recover()); fault != nil {
		*err = &refusedError{fault}
	}
}
