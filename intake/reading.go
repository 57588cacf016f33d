package intake

import (
	"encoding/json"
	"fmt"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// scan reads the columns of one row. The rows of both databases have a Scan method of this type.
type scan func(dest ...any) error

// revision is the number of a workspace's revision.
type revision struct {
	workspace, number int64
	zone              *time.Location // of the workspace
}

// readingBuilder collects the rows that every batch reads: the revisions of the workspaces, and the contacts.
type readingBuilder struct {
	keep     *catalogs
	current  map[int64]*catalog // by workspace, of those that exist
	people   map[personKey]*Person
	tagIDs   map[personKey][]int64
	catalogs *catalogReader // of the workspaces whose catalog must be read

	deliveries map[deliveryKey]uuid.UUID
	erased     map[int64]time.Time
	moved      map[personKey]time.Time
	listens    map[int64]models.Listens
}

func newReading(keep *catalogs) *readingBuilder {
	return &readingBuilder{keep, map[int64]*catalog{}, map[personKey]*Person{}, map[personKey][]int64{}, newCatalogReader(keep.cipher), map[deliveryKey]uuid.UUID{}, nil, map[personKey]time.Time{}, nil}
}

// addRevision must come after the contacts: a tag that a contact got before is then in the catalog.
func (r *readingBuilder) addRevision(scan scan) error {
	var of models.Workspace
	var number int64
	var listens models.Listens
	if err := scan(&of.ID, &number, &of.TimeZone, &listens); err != nil {
		return err
	}
	if listens != 0 {
		if r.listens == nil {
			r.listens = map[int64]models.Listens{}
		}
		r.listens[of.ID] = listens
	}
	if known := r.keep.get(of.ID, number); known != nil {
		r.current[of.ID] = known
	} else {
		r.catalogs.want(revision{of.ID, number, of.Location()})
	}
	return nil
}

// stale returns the workspaces whose catalog must be read.
func (r *readingBuilder) stale() (workspaces []int64) {
	for workspace := range r.catalogs.fresh {
		workspaces = append(workspaces, workspace)
	}
	return workspaces
}

// addContact adds a contact with the ids of its tags.
func (r *readingBuilder) addContact(scan scan, tagIDs any, ids func() []int64) error {
	var p Person
	var fields string
	err := scan(&p.WorkspaceID, &p.ID, &p.Email, &p.Status, &fields, &p.Version, &p.SourceWebhookID,
		&p.CreatedAt, &p.UpdatedAt, &p.SubscribedAt, &p.UnconfirmedAt, &p.UnsubscribedAt, &p.TouchedWebhookID, &p.TouchedAt, tagIDs)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(fields), &p.Fields); err != nil {
		return &refusedError{fmt.Errorf("the fields of contact %d cannot be read", p.ID)} // the cause would quote them
	}
	key := personKey{p.WorkspaceID, p.Email}
	r.people[key], r.tagIDs[key] = &p, ids()
	return nil
}

// addDelivery adds a delivery that was processed before.
func (r *readingBuilder) addDelivery(scan scan) error {
	var d deliveryKey
	var key []byte
	var id uuid.UUID
	if err := scan(&d.workspace, &d.id, &key, &id); err != nil {
		return err
	}
	copy(d.key[:], key)
	r.deliveries[d] = id
	return nil
}

// addErasure adds when a person was erased.
func (r *readingBuilder) addErasure(scan scan) error {
	var who int64
	var at time.Time
	err := scan(&who, &at)
	if r.erased == nil {
		r.erased = map[int64]time.Time{}
	}
	r.erased[who] = at
	return err
}

// addMove adds when a contact got another address than that of a replay.
func (r *readingBuilder) addMove(scan scan) error {
	var from personKey
	var at time.Time
	err := scan(&from.workspace, &from.address, &at)
	if at.After(r.moved[from]) {
		r.moved[from] = at
	}
	return err
}

// done returns what w wants. Webhooks and contacts of a workspace that does not exist are missing.
func (r *readingBuilder) done(w wanted) reading {
	for workspace, c := range r.catalogs.fresh {
		r.current[workspace] = c
	}
	r.catalogs.done(r.keep)
	read := reading{map[webhookKey]Webhook{}, map[personKey]*Person{}, r.deliveries, r.erased, r.moved, r.listens}
	for _, k := range w.webhooks {
		if c := r.current[k.workspace]; c != nil {
			if hook, exists := c.webhooks[k.id]; exists {
				read.webhooks[k] = hook
			}
		}
	}
	for key, p := range r.people {
		if c := r.current[key.workspace]; c != nil {
			p.Tags = c.named(r.tagIDs[key])
			read.people[key] = p
		}
	}
	return read
}
