package intake

import (
	"encoding/json"
	"fmt"

	"campaignlark/models"
)

// scan reads the columns of one row. The rows of both databases have a Scan method of this type.
type scan func(dest ...any) error

// readingBuilder collects the rows that a batch reads. Webhooks must come before their tags, and contacts before theirs.
type readingBuilder struct {
	reading
	mergeTags map[int64][]models.MergeTag // by workspace
}

func newReading() *readingBuilder {
	return &readingBuilder{reading{map[webhookKey]Webhook{}, map[personKey]*Person{}}, map[int64][]models.MergeTag{}}
}

func (r *readingBuilder) addWebhook(scan scan) error {
	var w Webhook
	var of models.Workspace
	err := scan(&w.WorkspaceID, &w.ID, &w.Name, &w.Type, &w.Hash, &w.Enabled, &w.DeletedAt, &of.TimeZone)
	w.Zone = of.Location()
	r.webhooks[webhookKey{w.WorkspaceID, w.ID}] = w
	return err
}

func (r *readingBuilder) addWebhookTag(scan scan) error {
	var key webhookKey
	var t models.Tag
	err := scan(&key.workspace, &key.id, &t.ID, &t.Name)
	w := r.webhooks[key]
	w.Tags = append(w.Tags, t)
	r.webhooks[key] = w
	return err
}

func (r *readingBuilder) addMergeTag(scan scan) error {
	var t models.MergeTag
	var options string
	err := scan(&t.WorkspaceID, &t.ID, &t.Key, &t.Label, &t.Type, &options, &t.Default)
	if err == nil && options != "" {
		if err = json.Unmarshal([]byte(options), &t.Options); err != nil {
			return &refusedError{fmt.Errorf("the options of merge tag %d cannot be read: %w", t.ID, err)}
		}
	}
	r.mergeTags[t.WorkspaceID] = append(r.mergeTags[t.WorkspaceID], t)
	return err
}

func (r *readingBuilder) addContact(scan scan) error {
	var p Person
	var fields string
	err := scan(&p.WorkspaceID, &p.ID, &p.Email, &p.Status, &fields, &p.Version, &p.SourceWebhookID,
		&p.CreatedAt, &p.UpdatedAt, &p.SubscribedAt, &p.UnconfirmedAt, &p.UnsubscribedAt, &p.TouchedWebhookID, &p.TouchedAt)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(fields), &p.Fields); err != nil {
		return &refusedError{fmt.Errorf("the fields of contact %d cannot be read", p.ID)} // the cause would quote them
	}
	r.people[personKey{p.WorkspaceID, p.Email}] = &p
	return nil
}

func (r *readingBuilder) addContactTag(scan scan) error {
	var key personKey
	var t models.Tag
	err := scan(&key.workspace, &key.address, &t.ID, &t.Name)
	if p := r.people[key]; p != nil {
		p.Tags = append(p.Tags, t)
	}
	return err
}

// done gives each webhook the merge tags of its workspace and returns what was read.
func (r *readingBuilder) done() reading {
	for key, w := range r.webhooks {
		w.MergeTags = r.mergeTags[key.workspace]
		r.webhooks[key] = w
	}
	return r.reading
}
