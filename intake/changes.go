package intake

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// changes holds the rows that a batch writes: the difference between what it has read and what its calls make of it. The
// fields are in the order of writing.
type changes struct {
	now     time.Time
	erased  []erasure
	created []models.Contact
	updated []models.Contact
	tags    []models.ContactTag
	unnamed []models.UnindexedNames  // new contacts with names, one row for each workspace
	gained  []models.ContactWord     // by changes of names
	lost    []models.ContactWord     // by changes of names, and with erased contacts
	sizes   []sizeChange             // of workspaces
	marks   []models.CallMarks       // one for each workspace
	log     []models.WebhookRequest  // without bodies: see logged
	bodies  func() ([][]byte, error) // of the log rows, in their order; waits until they are encoded. nil if no row has one
	counts  []count

	deliveries []models.WebhookDelivery // that were processed
	repeats    []models.WebhookDelivery // with one more repeat
	replays    []models.Replay
	events     []models.AutomationEvent // for which an automation listens

	aboutErased []models.Replay // replays about people who were erased: their calls lose what they hold
}

// sizeChange is the difference that a batch makes to how many contacts a workspace has.
type sizeChange struct {
	workspace int64
	counts    models.ContactCounts
}

// erasure identifies a contact that the batch deletes for good.
type erasure struct {
	workspace, contact, addressKey int64
	address                        string
	former                         []store.FormerAddress // read when the contact is erased
}

// addFormer reads the next row of store.FormerAddressesSQL.
func (e *erasure) addFormer(scan scan) error {
	f := store.FormerAddress{WorkspaceID: e.workspace, ContactID: e.contact}
	err := scan(&f.Address, &f.ChangedAt)
	e.former = append(e.former, f)
	return err
}

// logged returns the log rows with their bodies. It waits until the bodies are encoded.
func (c *changes) logged() ([]models.WebhookRequest, error) {
	if c.bodies == nil {
		return c.log, nil
	}
	bodies, err := c.bodies()
	if err != nil {
		return nil, err
	}
	for i := range c.log {
		c.log[i].Body = bodies[i]
	}
	return c.log, nil
}

// forgotten holds the arguments of store.ForgetSQL for the people that a batch erases in one workspace.
type forgotten struct {
	workspace int64
	spec      string
	at        time.Time
}

// forgotten groups the erased people by workspace.
func (c *changes) forgotten() (all []forgotten) {
	addressKeys := map[int64][]int64{}
	for _, e := range c.erased {
		addressKeys[e.workspace] = append(addressKeys[e.workspace], e.addressKey)
		for _, f := range e.former {
			addressKeys[e.workspace] = append(addressKeys[e.workspace], f.AddressKey())
		}
	}
	for _, workspace := range slices.Sorted(maps.Keys(addressKeys)) {
		all = append(all, forgotten{workspace, models.JobJSON(models.ForgetSpec{AddressKeys: addressKeys[workspace]}), models.ForgetAt(c.now)})
	}
	return all
}

// count is a row of webhook_counts. Its calls are added to those of the rows with the same key.
type count struct {
	countKey
	calls    int64
	lastCall time.Time
}

type countKey struct {
	workspace, webhook int64
	hour               time.Time
	outcome            models.Outcome
	failed             bool
}

// changes returns the rows of the batch. Every life must have its id. now is the time just before the commit, at which the
// calls' durations end.
func (b *batch) changes(now time.Time) (c changes, err error) {
	defer recovered(&err)
	c.now = b.now
	sizes := map[int64]models.ContactCounts{}
	for _, l := range b.lives {
		c.addContact(l)
		workspace := l.now.WorkspaceID
		if sizes[workspace] == nil {
			sizes[workspace] = models.ContactCounts{}
		}
		l.count(sizes[workspace])
	}
	for _, workspace := range slices.Sorted(maps.Keys(sizes)) {
		if len(sizes[workspace]) > 0 {
			c.sizes = append(c.sizes, sizeChange{workspace, sizes[workspace]})
		}
	}
	slices.SortFunc(c.created, byID)
	slices.SortFunc(c.updated, byID)
	c.unnamed = unindexedNames(c.created)
	marked := map[int64][]models.CallMark{} // by workspace
	for _, s := range b.logged() {
		row := s.logRow(now)
		c.log = append(c.log, row)
		if s.decision.acts() {
			marked[row.WorkspaceID] = append(marked[row.WorkspaceID], models.CallMark{ContactID: s.life.id, RequestID: row.ID})
		}
	}
	for _, workspace := range slices.Sorted(maps.Keys(marked)) {
		c.marks = append(c.marks, models.CallMarks{WorkspaceID: workspace, Packed: models.PackCallMarks(marked[workspace]), At: b.now})
	}
	c.counts = countCalls(c.log)
	c.noteDeliveries(b)
	c.replays, c.aboutErased = b.replays(), b.erasedReplays()
	c.events = b.outbox()
	return c, nil
}

// noteDeliveries adds the deliveries that the batch processed, and the repeats of others.
func (c *changes) noteDeliveries(b *batch) {
	for _, s := range b.logged() {
		d := s.job.call.delivery
		row := models.WebhookDelivery{WorkspaceID: d.workspace, WebhookID: d.id, Key: d.key[:], RequestID: s.job.call.ID, At: b.now}
		switch {
		case s.repeatOf != uuid.Nil:
			row.LastRepeat = &s.job.call.ID
			c.repeats = append(c.repeats, row)
		case b.noted[d] == s:
			c.deliveries = append(c.deliveries, row)
		}
	}
}

// logged returns the steps that have a log row. Those of a deleted workspace have none.
func (b *batch) logged() []*step {
	return slices.DeleteFunc(slices.Clone(b.steps), func(s *step) bool { return s.webhook.ID == 0 })
}

func byID(x, y models.Contact) int {
	return cmp.Or(cmp.Compare(x.WorkspaceID, y.WorkspaceID), cmp.Compare(x.ID, y.ID))
}

// addContact adds the changes of one contact.
func (c *changes) addContact(l *life) {
	p := *l.now
	p.ID = l.id
	c.addWords(l)
	switch {
	case l.deleted: // even if the batch created it: earlier calls may have named the person
		c.erased = append(c.erased, erasure{workspace: p.WorkspaceID, contact: p.ID, addressKey: models.AddressKey(p.WorkspaceID, p.Email), address: p.Email})
		return
	case l.before == nil:
		c.created = append(c.created, p.Contact)
	case l.now != l.before: // a processed call touches the contact even if it changes nothing
		c.updated = append(c.updated, p.Contact)
	}
	for _, t := range p.Tags { // calls only add tags
		if l.before == nil || !l.before.hasTag(t.ID) {
			c.tags = append(c.tags, models.ContactTag{WorkspaceID: p.WorkspaceID, ContactID: p.ID, TagID: t.ID})
		}
	}
}

// count adds the difference that the calls made to how many contacts there are.
func (l *life) count(sizes models.ContactCounts) {
	if l.before == l.now && !l.deleted {
		return
	}
	add := func(p *Person, n int64) {
		sizes.Add(string(p.Status), n)
		for _, t := range p.Tags {
			sizes.Add(models.TagCount(t.ID), n)
		}
	}
	if l.before != nil {
		add(l.before, -1)
	}
	if !l.deleted {
		add(l.now, 1)
	}
}

// addWords adds the changes of the words of a contact's name. The words of new contacts are many, and are added later: see
// store.IndexNewNames.
func (c *changes) addWords(l *life) {
	if l.before == nil {
		return
	}
	var after map[string]string
	before := l.before.Fields
	if !l.deleted {
		after = l.now.Fields
	}
	lost, gained := models.NameChange(before, after)
	for _, word := range lost {
		c.lost = append(c.lost, models.ContactWord{WorkspaceID: l.now.WorkspaceID, Word: word, ContactID: l.id})
	}
	for _, word := range gained {
		c.gained = append(c.gained, models.ContactWord{WorkspaceID: l.now.WorkspaceID, Word: word, ContactID: l.id})
	}
}

// unindexedNames returns the rows that name the new contacts with names. created is sorted by workspace and id.
func unindexedNames(created []models.Contact) (rows []models.UnindexedNames) {
	for i := range created {
		p := &created[i]
		if !models.HasName(p.Fields) {
			continue
		}
		if n := len(rows); n == 0 || rows[n-1].WorkspaceID != p.WorkspaceID {
			rows = append(rows, models.UnindexedNames{WorkspaceID: p.WorkspaceID})
		}
		rows[len(rows)-1].Add(p.ID)
	}
	return rows
}

// countCalls returns the rows that add the calls of these log rows to webhook_counts. A replay is no further call, because the call that it
// repeats is counted. If it did not fail, a row without calls in the hour of that call says that the webhook has done what it is for. One that
// erased a contact is counted, because the dashboard counts erasures by these rows.
func countCalls(log []models.WebhookRequest) []count {
	at := map[countKey]int{}
	var counts []count
	for _, r := range log {
		arrived, calls := models.IDTime(r.ID), int64(1)
		switch {
		case r.ReplayOf != nil && r.Failed():
			continue
		case r.ReplayOf != nil && r.Outcome != models.OutcomeDeleted:
			arrived, calls = models.IDTime(*r.ReplayOf), 0
		}
		key := countKey{r.WorkspaceID, r.WebhookID, arrived.Truncate(time.Hour), r.Outcome, r.Failed()}
		i, ok := at[key]
		if !ok {
			i = len(counts)
			at[key] = i
			counts = append(counts, count{countKey: key})
		}
		counts[i].calls += calls
		if arrived.After(counts[i].lastCall) {
			counts[i].lastCall = arrived
		}
	}
	return counts
}
