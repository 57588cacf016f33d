package intake

import (
	"maps"
	"slices"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
)

// wanted is what a batch has to read.
type wanted struct {
	addressKeys []int64 // sorted, as locks are taken
	people      []personKey
	webhooks    []webhookKey
	workspaces  []int64
}

// reading is what a batch read, under its locks.
type reading struct {
	webhooks map[webhookKey]Webhook
	people   map[personKey]*Person
}

// life is one contact as the batch knows it: read from the database or made in the batch, until it is deleted. Whoever
// comes back after a deletion has another life, with another id.
type life struct {
	before  *Person // as read; nil for one that the batch made
	now     *Person // as memory holds it
	id      int64   // 0 until one is reserved
	deleted bool
}

// step is one call of the batch, decided.
type step struct {
	job      *job
	webhook  Webhook
	before   *Person
	decision Decision
	life     *life // nil when the call speaks of no contact
	erased   bool  // the person was deleted by this call or by a later one of the batch
}

// batch is the calls of one transaction and what memory holds of the people they speak of.
type batch struct {
	reading
	now      time.Time
	steps    []*step
	lives    []*life               // all, in order of appearance
	current  map[personKey]*life   // who has an address now; nil after a deletion
	mentions map[personKey][]*step // the steps since the last deletion, to be erased by the next
}

// want lists what the jobs need, each once.
func want(jobs []*job) wanted {
	var w wanted
	people, webhooks, workspaces := map[personKey]bool{}, map[webhookKey]bool{}, map[int64]bool{}
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
		if ws := j.call.Hash.WorkspaceID; !workspaces[ws] {
			workspaces[ws] = true
			w.workspaces = append(w.workspaces, ws)
		}
	}
	w.addressKeys = store.SortedAddressKeys(w.addressKeys)
	slices.Sort(w.workspaces)
	return w
}

// decide runs the jobs one after the other through Decide, each on what the one before it left.
func decide(jobs []*job, read reading, now time.Time) (b *batch, err error) {
	defer recovered(&err)
	b = &batch{reading: read, now: models.Instant(now), current: map[personKey]*life{}, mentions: map[personKey][]*step{}}
	for _, j := range jobs {
		b.take(j)
	}
	return b, nil
}

func (b *batch) take(j *job) {
	key := j.key()
	l := b.lifeOf(key)
	s := &step{job: j, webhook: b.webhooks[j.webhook()], life: l}
	if l != nil {
		s.before = l.now
	}
	s.decision = Decide(Question{
		Webhook: s.webhook, Hash: j.call.Hash.Hash, Prefetch: j.call.Prefetch, Submission: j.call.Submission, Contact: s.before, Now: b.now,
	})
	b.steps = append(b.steps, s)
	if key.address != "" {
		b.mentions[key] = append(b.mentions[key], s)
	}
	switch {
	case !s.decision.Answer.Success():
		s.life = nil
	case s.decision.Outcome == models.OutcomeDeleted:
		l.deleted = true
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

// lifeOf is the contact that has an address now; nil for nobody.
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

// newcomers counts the ids that the batch needs, in the order of the workspaces; contacts that it deletes again are
// among them.
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

// number gives the newcomers of a workspace their ids, first and following.
func (b *batch) number(workspace, first int64) {
	for _, l := range b.lives {
		if l.id == 0 && l.now.WorkspaceID == workspace {
			l.id = first
			first++
		}
	}
}

// recovered turns a panic into an error, so that a fault in one call costs that call and not the process. Of the panic's
// own text only the runtime's is kept: another could quote what was sent.
func recovered(err *error) {
	if fault := faults.Recovered(recover()); fault != nil {
		*err = &refusedError{fault}
	}
}
