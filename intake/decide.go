package intake

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"campaignlark/models"
)

// What the public endpoint answers, byte for byte as documented. The last two are this program's own.
const (
	MessageDone       = "Acknowledged. The webhook has been processed."
	MessageNoAddress  = "Please provide an email address in the webhook data."
	MessageBadAddress = "Please provide a valid email address"
	MessageNoWebhook  = "It looks like the webhook you're trying to access doesn't exist."
	MessageNoContact  = "We were unable to find the contact."
	MessagePrefetch   = "This is a prefetch, so nothing was done. Please send the request itself."
	MessageBusy       = "The service is busy. Please send the request again in a moment."
)

// Webhook is a webhook as it stands when a call is decided, with what its workspace knows. Tags and merge tags whose
// removal is under way are not among them.
type Webhook struct {
	models.Webhook
	Tags      []models.Tag      // those it adds
	MergeTags []models.MergeTag // of its workspace
}

// Person is a contact with its tags; of a tag only the id and the name count.
type Person struct {
	models.Contact
	Tags []models.Tag
}

// Question is everything that a decision rests on.
type Question struct {
	Webhook    Webhook
	Hash       string // the one that was called
	Prefetch   bool   // the call announced itself as a browser's prefetch
	Submission Submission
	Contact    *Person // who has the address in the webhook's workspace; nil for nobody
	Now        time.Time
}

// Decision is what a call does. Nothing in it is shared with the Question's contact.
type Decision struct {
	Outcome   models.Outcome
	Answer    Answer
	Contact   *Person          // after the call; nil when nobody has the address, or no more
	Version   int64            // of the contact after the call: one above its last when it was deleted, 0 when there was none
	TagsAdded []models.Tag     // those the contact did not have
	Event     models.EventType // "" for none
	NoEvent   string           // why a successful call fired none
	Fields    []FieldFate      // in the order given, then the defaults
	MoreNames int              // ignored names beyond MaxIgnored, which are not in Fields

	ignored int // names in Fields so far
}

// Answer is what the sender gets.
type Answer struct {
	Status  int // of HTTP
	Message string
}

// Success reports whether the call did what the webhook is for.
func (a Answer) Success() bool { return a.Status == 200 }

// Decide applies the contract to one call. CONTRACT "Order of checks" and "What each type does". It knows no database,
// no HTTP and no clock, and changes nothing it is given.
func Decide(q Question) Decision {
	if outcome := closed(q.Webhook.Webhook, q.Hash); outcome != "" {
		return refuse(outcome, 404, MessageNoWebhook)
	}
	if q.Prefetch {
		return refuse(models.OutcomePrefetch, 400, MessagePrefetch)
	}
	if err := q.Submission.Err; err == ErrTooLarge {
		return refuse(models.OutcomeTooLarge, 413, err.Error())
	} else if err != nil {
		return refuse(models.OutcomeUnreadable, 400, err.Error())
	}
	address, err := q.Submission.Address()
	if err == models.ErrEmailMissing {
		return refuse(models.OutcomeNoAddress, 400, MessageNoAddress)
	} else if err != nil {
		return refuse(models.OutcomeBadAddress, 400, MessageBadAddress)
	}
	if q.Contact == nil && !q.Webhook.Type.HasTags() {
		return refuse(models.OutcomeNoContact, 404, MessageNoContact)
	}
	d := Decision{Answer: Answer{200, MessageDone}}
	switch q.Webhook.Type {
	case models.TypeUnsubscribed:
		d.unsubscribe(q)
	case models.TypeDelete:
		d.Outcome, d.Version = models.OutcomeDeleted, q.Contact.Version+1
		d.NoEvent = "Deleting a contact fires no event."
	default:
		d.subscribe(q, address)
	}
	return d
}

// closed says why a webhook answers as if it did not exist, or "" when it is open.
func closed(w models.Webhook, hash string) models.Outcome {
	switch {
	case w.ID == 0 || w.DeletedAt != nil:
		return models.OutcomeWebhookGone
	case w.Hash != hash:
		return models.OutcomeHashRetired
	case !w.Enabled:
		return models.OutcomeDisabled
	}
	return ""
}

func refuse(outcome models.Outcome, status int, message string) Decision {
	return Decision{Outcome: outcome, Answer: Answer{status, message}}
}

// unsubscribe is the UNSUBSCRIBED type: the status alone changes, and the event always fires.
func (d *Decision) unsubscribe(q Question) {
	p := q.Contact.clone()
	if p.SetStatus(models.StatusUnsubscribed, q.Now) {
		p.UpdatedAt = q.Now
	}
	p.touch(q)
	p.Version++
	d.Outcome, d.Event = models.OutcomeUnsubscribed, models.EventUnsubscribed
	d.Contact, d.Version = p, p.Version
	d.leaveFields(q, "UNSUBSCRIBED webhooks leave the fields as they are.")
}

// subscribe is the SUBSCRIBED and UNCONFIRMED types.
func (d *Decision) subscribe(q Question, address string) {
	p := newcomer(q, address)
	if q.Contact != nil {
		p = q.Contact.clone()
	}
	status, event := models.StatusSubscribed, models.EventConfirmed
	if q.Webhook.Type == models.TypeUnconfirmed {
		status, event = models.StatusUnconfirmed, models.EventPending
	}
	turned, changed := d.settle(q, p, status)
	p.touch(q)
	if turned || event == models.EventPending {
		d.Event = event
	} else {
		d.NoEvent = "The contact was SUBSCRIBED already, so the event did not fire again."
	}
	if changed || d.Event != "" {
		p.Version++
	}
	d.Contact, d.Version = p, p.Version
	switch {
	case q.Contact == nil:
		d.Outcome = models.OutcomeCreated
	case !turned:
		d.Outcome = models.OutcomeUpdated
	case status == models.StatusSubscribed:
		d.Outcome = models.OutcomeResubscribed
	default:
		d.Outcome = models.OutcomeUnconfirmed
	}
}

// settle gives the contact its status, its values and its tags, and reports whether the status and whether anything changed.
func (d *Decision) settle(q Question, p *Person, status models.Status) (turned, changed bool) {
	turned = p.SetStatus(status, q.Now)
	filled := d.fillFields(q, p)
	d.TagsAdded = p.addTags(q.Webhook.Tags)
	changed = turned || filled || len(d.TagsAdded) > 0
	if changed {
		p.UpdatedAt = q.Now
	}
	return turned, changed
}

// touch notes the webhook and the moment of a processed call, whether it changed anything or not: segments can ask for
// it. It is no change, so the version and the instant of the last change stay.
func (p *Person) touch(q Question) {
	webhook, at := q.Webhook.ID, q.Now
	p.TouchedWebhookID, p.TouchedAt = &webhook, &at
}

// newcomer is a contact before its first call has done anything to it.
func newcomer(q Question, address string) *Person {
	source := q.Webhook.ID
	return &Person{Contact: models.Contact{
		WorkspaceID: q.Webhook.WorkspaceID, Email: address, Fields: map[string]string{}, SourceWebhookID: &source, CreatedAt: q.Now,
	}}
}

func (p *Person) clone() *Person {
	c := *p
	if c.Fields = maps.Clone(p.Fields); c.Fields == nil {
		c.Fields = map[string]string{}
	}
	c.Tags = slices.Clone(p.Tags)
	return &c
}

// addTags gives the contact the tags it does not have yet, and returns those. Tags stay in the order of their ids, as
// they are read.
func (p *Person) addTags(tags []models.Tag) []models.Tag {
	var added []models.Tag
	for _, t := range tags {
		if !p.hasTag(t.ID) {
			p.Tags, added = append(p.Tags, t), append(added, t)
		}
	}
	slices.SortFunc(p.Tags, func(a, b models.Tag) int { return cmp.Compare(a.ID, b.ID) })
	return added
}

func (p *Person) hasTag(id int64) bool {
	return slices.ContainsFunc(p.Tags, func(t models.Tag) bool { return t.ID == id })
}

// Address reads the address of a call. The error is models.ErrEmailMissing or models.ErrEmailInvalid. CONTRACT "Order
// of checks" 3 and 4: a list of several or an object is not missing but invalid; a list of one value is that value.
func (s Submission) Address() (string, error) {
	given := s.Email.Value
	switch {
	case !s.Email.Present || given.Shape == models.Null:
		return "", models.ErrEmailMissing
	case given.Shape != models.Plain && !given.OneOfList():
		return "", models.ErrEmailInvalid
	case s.Email.FromForm:
		return models.ReadFormEmail(given.Last())
	}
	return models.ReadEmail(given.Last())
}
