package intake

import (
	"time"

	"campaignlark/models"
)

// Line is one line of an import with everything that its decision depends on.
type Line struct {
	WorkspaceID int64
	MergeTags   []models.MergeTag // of the workspace
	Zone        *time.Location    // of the workspace; nil is UTC
	Submission  Submission
	Contact     *Person       // the contact with the address; nil if there is none
	Status      models.Status // that the contact gets
	Tags        []models.Tag  // that it gets
	Now         time.Time
}

// DecideLine applies the contract to one line of an import. Addresses, values, defaults and tags are handled as in a call.
// A line counts as a change by hand: it fires no event, sets no source webhook, gives no default to an existing contact, and
// raises the version only if something changed. The outcome is OutcomeCreated, OutcomeUpdated, OutcomeNoAddress or OutcomeBadAddress.
func DecideLine(l Line) Decision {
	address, err := l.Submission.Address()
	if err == models.ErrEmailMissing {
		return refuse(models.OutcomeNoAddress, 400, MessageNoAddress)
	} else if err != nil {
		return refuse(models.OutcomeBadAddress, 400, MessageBadAddress)
	}
	q := Question{Webhook: Webhook{Tags: l.Tags, MergeTags: l.MergeTags, Zone: l.Zone}, Submission: l.Submission, Contact: l.Contact, NoDefaults: l.Contact != nil, Now: l.Now}
	d := Decision{Outcome: models.OutcomeUpdated, Answer: Answer{Status: 200, Message: MessageDone}}
	var p *Person
	if l.Contact == nil {
		d.Outcome = models.OutcomeCreated
		p = &Person{Contact: models.Contact{WorkspaceID: l.WorkspaceID, Email: address, Fields: map[string]string{}, CreatedAt: l.Now}}
	} else {
		p = l.Contact.clone()
	}
	if _, changed := d.settle(q, p, l.Status); changed {
		p.Version++
	}
	d.Contact, d.Version = p, p.Version
	return d
}
