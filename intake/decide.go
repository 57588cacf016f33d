package intake

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/senders"

	"github.com/google/uuid"
)

// Messages of the public endpoint, byte for byte as documented. The last two are additions of this program.
const (
	MessageDone       = "Acknowledged. The webhook has been processed."
	MessageNoAddress  = "Please provide an email address in the webhook data."
	MessageBadAddress = "Please provide a valid email address"
	MessageNoWebhook  = "It looks like the webhook you're trying to access doesn't exist."
	MessageNoContact  = "We were unable to find the contact."
	MessagePrefetch   = "This is a prefetch, so nothing was done. Please send the request itself."
	MessageBusy       = "The service is busy. Please send the request again in a moment."
)

// Webhook is a webhook at the time of a decision, with its tags and the merge tags of its workspace. Deleted tags and
// merge tags are not included, even if their purge is not finished.
type Webhook struct {
	models.Webhook
	Tags      []models.Tag      // that the webhook adds
	MergeTags []models.MergeTag // of its workspace
	Zone      *time.Location    // of its workspace; nil is UTC
	Reading   senders.Settings  // how it reads its calls
	Secrets   senders.Secrets   // with which it checks their signatures

	ignored map[string]string // reasonsIgnored of MergeTags, made with the catalog; nil if it was not
}

// Person is a contact with its tags. Only the ID and Name of a tag are set.
type Person struct {
	models.Contact
	Tags []models.Tag
}

// Question holds everything that a decision depends on.
type Question struct {
	Webhook    Webhook
	Hash       string // that the sender called
	Prefetch   bool   // the browser marked the call as a prefetch
	Refusal    *Refusal
	Verdict    *senders.Verdict // on the signature; nil if none is checked
	RepeatOf   uuid.UUID        // the call of the same delivery that was processed; zero for none
	Again      bool             // process it although RepeatOf is set
	Form       bool             // a browser sent it as a form
	Next       string           // the listed page that the form asks for, "" for none
	Submission Submission
	Replay     *Replay   // of a call of the log that is done once more; nil for all others
	ErasedAt   time.Time // when the person of a replay was erased last; zero for never
	MovedAt    time.Time // when a contact last got another address than that of a replay; zero for never
	Contact    *Person   // the contact with the address in the webhook's workspace; nil if there is none
	NoDefaults bool      // a field without a value stays without one
	Now        time.Time
}

// Decision says what a call does. It shares no memory with the Question's contact.
type Decision struct {
	Outcome   models.Outcome
	Answer    Answer
	Contact   *Person          // after a successful call; nil if the call deleted it or was refused
	Version   int64            // of the contact after the call; one more than its last version if the call deleted it; 0 if the call was refused
	TagsAdded []models.Tag     // the ones that the contact did not have before
	Event     models.EventType // "" for none
	NoEvent   string           // why a successful call fired none
	Kept      models.Kept      // why a replay was kept out
	Fields    []FieldFate      // the sent fields in their order, then the defaults
	MoreNames int              // ignored names beyond MaxIgnored, which are not in Fields

	ignored int // names in Fields so far
}

// Answer is the response to the sender.
type Answer struct {
	Status  int // HTTP status
	Message string
}

// Success reports whether the sender was told that all is well.
func (a Answer) Success() bool { return a.Status == 200 }

// acts reports whether the call did what the webhook is for.
func (d Decision) acts() bool {
	return d.Answer.Success() && !d.Outcome.Idle() && d.Outcome != models.OutcomeNoContact
}

// Decide applies CONTRACT "Order of checks" and "What each type does" to one call. It uses no database, no HTTP and no
// clock, and does not change the Question.
func Decide(q Question) Decision {
	if q.Refusal != nil {
		return Decision{Outcome: q.Refusal.Outcome, Answer: q.Refusal.Answer}
	}
	if outcome := closed(q.Webhook.Webhook, q.Hash); outcome != "" {
		return refuse(outcome, 404, MessageNoWebhook)
	}
	if q.Prefetch {
		return refuse(models.OutcomePrefetch, 400, MessagePrefetch)
	}
	if q.Verdict != nil && !q.Verdict.Passes() && q.Webhook.Reading.Enforces() {
		return refuse(models.OutcomeUnverified, 400, MessageUnverified)
	}
	if q.RepeatOf != uuid.Nil && !q.Again { // only a call that was processed is noted, so its answer was the same
		return idle(models.OutcomeRepeated)
	}
	if err := q.Submission.Err; err == ErrTooLarge {
		return refuse(models.OutcomeTooLarge, 413, err.Error())
	} else if err != nil {
		return refuse(models.OutcomeUnreadable, 400, err.Error())
	}
	switch {
	case q.Submission.Trapped:
		return idle(models.OutcomeHeldBack)
	case q.Submission.TestCall != "":
		return idle(models.OutcomeTestCall)
	case q.Submission.Skipped != nil:
		return idle(models.OutcomeSkipped)
	}
	address, err := q.Submission.Address()
	if err == models.ErrEmailMissing {
		return refuse(models.OutcomeNoAddress, 400, MessageNoAddress)
	} else if err != nil || q.Submission.Email.PlusMayBeLost() && !q.Webhook.Type.HasTags() {
		return refuse(models.OutcomeBadAddress, 400, MessageBadAddress)
	}
	if q.Contact == nil && !q.Webhook.Type.HasTags() && !q.erasedSince() {
		if q.Webhook.Reading.Answering().UnknownOK {
			return idle(models.OutcomeNoContact)
		}
		return refuse(models.OutcomeNoContact, 404, MessageNoContact)
	}
	if kept := q.keepsOut(); kept != "" {
		d := idle(models.OutcomeKeptOut)
		d.Kept, d.NoEvent = kept, keptWhy[kept]
		return d
	}
	d := Decision{Answer: Answer{Status: 200, Message: MessageDone}}
	switch q.Webhook.Type {
	case models.TypeUnsubscribed:
		d.unsubscribe(q)
	case models.TypeDelete:
		d.Outcome, d.Version = models.OutcomeDeleted, q.Contact.Version+1
		d.NoEvent = "Deleting a contact fires no event."
	default:
		d.subscribe(q, address)
	}
	d.quiet(q)
	return d
}

// idle is the decision on a call that rightly does nothing. The sender gets the answer of one that was processed.
func idle(outcome models.Outcome) Decision {
	return Decision{Outcome: outcome, Answer: Answer{Status: 200, Message: MessageDone}}
}

// closed returns the outcome of a call to a webhook that answers as if it did not exist, or "" if the webhook takes calls.
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
	return Decision{Outcome: outcome, Answer: Answer{Status: status, Message: message}}
}

// unsubscribe handles the UNSUBSCRIBED type: only the status changes, and the event fires on every call.
func (d *Decision) unsubscribe(q Question) {
	p := q.Contact.clone()
	if p.SetStatus(models.StatusUnsubscribed, q.statusAt()) {
		p.UpdatedAt = q.Now
	}
	p.touch(q)
	p.Version++
	d.Outcome, d.Event = models.OutcomeUnsubscribed, models.EventUnsubscribed
	d.Contact, d.Version = p, p.Version
	d.leaveFields(q, "UNSUBSCRIBED webhooks leave the fields as they are.")
}

// subscribe handles the SUBSCRIBED and UNCONFIRMED types.
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
		d.NoEvent = "The contact was Subscribed already, so the event did not fire again."
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

// settle sets the contact's status, fields and tags. turned reports whether the status changed, changed whether anything did.
func (d *Decision) settle(q Question, p *Person, status models.Status) (turned, changed bool) {
	turned = p.SetStatus(status, q.statusAt())
	filled := d.fillFields(q, p)
	d.TagsAdded = p.addTags(q.Webhook.Tags)
	changed = turned || filled || len(d.TagsAdded) > 0
	if changed {
		p.UpdatedAt = q.Now
	}
	return turned, changed
}

// touch stores the webhook and time of a processed call in the contact, for segments that ask for them. It does so even if
// the call changes nothing else. It does not count as a change: Version and UpdatedAt stay.
func (p *Person) touch(q Question) {
	webhook, at := q.Webhook.ID, q.Now
	p.TouchedWebhookID, p.TouchedAt = &webhook, &at
}

// newcomer returns a new contact, before its first call is applied.
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

// addTags adds the tags that the contact does not have yet, and returns them. The contact's tags stay sorted by id, as
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

// Address returns the address of a call in the stored form. The error is models.ErrEmailMissing or models.ErrEmailInvalid.
// CONTRACT "Order of checks" 3 and 4: an object or a list of several values is invalid, not missing. A list of one value
// counts as that value.
func (s Submission) Address() (string, error) {
	given := s.Email.Value
	switch {
	case !s.Email.Present || given.Empty():
		return "", models.ErrEmailMissing
	case given.Shape != models.Plain && !given.OneOfList():
		return "", models.ErrEmailInvalid
	case s.Email.FromForm:
		return models.ReadFormEmail(given.Last())
	}
	return models.ReadEmail(given.Last())
}
