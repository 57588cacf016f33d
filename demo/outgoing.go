package demo

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The tags that automations add.
const (
	tagWelcomed  = "welcomed"
	tagCatalogue = "send catalogue"
)

// crmAddress is where `campaignlark receive` takes deliveries.
const crmAddress = "http://127.0.0.1:8099/in"

// outgoing is what the shop's automations do and send. Until the end of the story the destinations are switched off, so that no server
// sends their deliveries.
type outgoing struct {
	runner  *automations.Runner
	rules   automations.Store
	places  deliveries.Store
	oldCRM  models.Destination // without a key for secrets there are no destinations
	crm     models.Destination // zero until the shop moves to it
	secret  string             // of crm
	welcome models.Automation
	sent    map[uuid.UUID]int // the messages to crm by id, each with its number from 0
	waits   *uuid.UUID        // the message that crm refuses to the end
}

// automate creates the destinations and the automations.
func (t *teller) automate(ctx context.Context) error {
	t.out = &outgoing{
		runner: automations.New(t.db, automations.Options{Now: t.now, Log: t.log, Only: t.workspace.ID}),
		rules:  automations.Store{DB: t.db, Now: t.now},
		places: deliveries.Store{DB: t.db, Cipher: t.cipher, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		sent:   map[uuid.UUID]int{},
	}
	var err error
	if t.cipher.HasKey() {
		if t.out.oldCRM, _, err = t.destination(ctx, "Old CRM", "https://crm.quillfeather.example/hooks/lark"); err != nil {
			return err
		}
	}
	if t.out.welcome, err = t.create(ctx, "Welcome new readers", t.welcomes(t.out.oldCRM)); err != nil {
		return err
	}
	_, err = t.create(ctx, "Catalogues for the post room", automations.Definition{
		Triggers: []automations.Trigger{{Type: models.EventSegmentEntered, SegmentIDs: []int64{t.groups["Printed catalogue"]}}},
		Steps:    []automations.Step{{Type: automations.StepAddTag, TagID: t.tags[tagCatalogue]}},
	})
	return err
}

// welcomes returns the automation that welcomes new readers a day after they came, and tells a CRM, if there is one.
func (t *teller) welcomes(crm models.Destination) automations.Definition {
	d := automations.Definition{
		Triggers: []automations.Trigger{{Type: models.EventConfirmed, WebhookIDs: []int64{t.hooks[hookShop].ID, t.hooks[hookConfirm].ID, t.hooks[hookEvents].ID, t.hooks[hookClub].ID}}},
		Steps: []automations.Step{
			{Type: automations.StepWait, Minutes: 24 * 60},
			{Type: automations.StepOnlyIf, Rule: &automations.Rule{Group: all(condition(rule.TypeStatus, rule.Is, string(models.StatusSubscribed)), t.interested())}},
			{Type: automations.StepAddTag, TagID: t.tags[tagWelcomed]},
		},
	}
	if crm.ID != 0 {
		d.Steps = append(d.Steps, automations.Step{Type: automations.StepCall, DestinationID: crm.ID})
	}
	return d
}

// interested is the condition that somebody told their interests.
func (t *teller) interested() rule.Filter {
	f := condition(rule.TypeField, rule.IsSet)
	f.Condition.FieldID = t.fields["interests"]
	return f
}

func (t *teller) create(ctx context.Context, name string, d automations.Definition) (models.Automation, error) {
	things, err := t.out.rules.ThingsOf(ctx, t.workspace)
	if err != nil {
		return models.Automation{}, err
	}
	for _, p := range d.Check(things) {
		err = errors.Join(err, errors.New(p.Place+": "+p.Message))
	}
	if err != nil {
		return models.Automation{}, err
	}
	return t.out.rules.Create(ctx, t.workspace.ID, t.user, name, d, true)
}

// destination creates a destination, and switches it off for the time of the story.
func (t *teller) destination(ctx context.Context, name, url string) (models.Destination, string, error) {
	d, secret, errs, err := t.out.places.Create(ctx, t.workspace.ID, t.user, deliveries.Form{Name: name, URL: url}, t.now())
	if err = firstError(errs, err); err != nil {
		return d, "", err
	}
	return d, secret, t.enable(ctx, d, false)
}

// enable switches a destination without an entry in the audit log.
func (t *teller) enable(ctx context.Context, d models.Destination, on bool) error {
	return t.db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", d.WorkspaceID, d.ID).UpdateColumn("enabled", on).Error
	})
}

// act does what the automations have to do now.
func (t *teller) act(ctx context.Context) error {
	if _, err := t.out.runner.Turn(ctx); err != nil {
		return err
	}
	return t.moveCRM(ctx)
}

// moveCRM moves the shop to another CRM, once it has sent something to the old one and a run under way will still call that: this run
// fails, because the old one is deleted.
func (t *teller) moveCRM(ctx context.Context) (err error) {
	if t.out.oldCRM.ID == 0 || t.out.crm.ID != 0 || len(t.out.sent) == 0 {
		return nil
	}
	var waiting []models.Contact
	if err := t.db.Read(ctx).Where("workspace_id = ? AND status = ? AND id IN (SELECT contact_id FROM automation_runs WHERE workspace_id = ? AND automation_id = ? AND ended_at IS NULL)",
		t.workspace.ID, models.StatusSubscribed, t.workspace.ID, t.out.welcome.ID).Find(&waiting).Error; err != nil {
		return err
	}
	if !slices.ContainsFunc(waiting, func(c models.Contact) bool { return c.Fields["interests"] != "" }) {
		return nil
	}
	clear(t.out.sent)
	if t.out.crm, t.out.secret, err = t.destination(ctx, "CRM", crmAddress); err != nil {
		return err
	}
	if err := t.out.rules.Update(ctx, t.out.welcome, t.user, t.out.welcome.Name, t.welcomes(t.out.crm)); err != nil {
		return err
	}
	return t.out.places.Delete(ctx, t.out.oldCRM, t.user, t.now())
}

// maxPieces bounds what happens between two calls.
const maxPieces = 10_000

// catchUp does what runs and deliveries have to do until a time, each at its time.
func (t *teller) catchUp(ctx context.Context, until time.Time) error {
	for range maxPieces {
		at, err := t.nextDue(ctx)
		if err != nil || at.IsZero() || at.After(until) {
			return err
		}
		t.clock.set(at)
		if err := t.act(ctx); err != nil {
			return err
		}
		to := t.out.crm
		if to.ID == 0 {
			to = t.out.oldCRM
		}
		if to.ID == 0 {
			continue
		}
		if err := t.out.places.Invent(ctx, to, models.Instant(t.now()), t.reply); err != nil {
			return err
		}
	}
	return errors.New("the automations of the story never end")
}

// nextDue returns when the next run or delivery is due, zero for none.
func (t *teller) nextDue(ctx context.Context) (at time.Time, err error) {
	var runs, messages []time.Time
	db := t.db.Read(ctx)
	if err := db.Model(&models.AutomationRun{}).Where("workspace_id = ? AND ended_at IS NULL", t.workspace.ID).Order("due_at").Limit(1).Pluck("due_at", &runs).Error; err != nil {
		return at, err
	}
	err = db.Model(&models.Delivery{}).Where("workspace_id = ? AND state = ?", t.workspace.ID, models.DeliveryPending).Order("next_at").Limit(1).Pluck("next_at", &messages).Error
	for _, one := range append(runs, messages...) {
		if at.IsZero() || one.Before(at) {
			at = one
		}
	}
	return at, err
}

// The CRM refuses a message that it first gets in this time before the end: its next try comes some hours after the end. In the last hour
// the CRM takes all others.
const (
	refusedFrom = 46 * time.Hour
	refusedTo   = 36 * time.Hour
	calmSpan    = time.Hour
)

// reply returns what the CRM answers to a message: mostly 200, sometimes 503 a few times before, and for two messages never anything good.
func (t *teller) reply(v models.Delivery) deliveries.Result {
	o := t.out
	n, known := o.sent[v.ID]
	if !known {
		n = len(o.sent)
		o.sent[v.ID] = n
	}
	left := t.plan.growth.to.Sub(t.now())
	if o.crm.ID != 0 && !known && o.waits == nil && left < refusedFrom && left > refusedTo {
		o.waits = &v.ID
	}
	r := deliveries.Result{Status: 200, Duration: time.Duration(40+dice(kindReply, n*16+v.Tries).ExpFloat64()*130) * time.Millisecond, Answer: []byte(`{"ok":true}`)}
	switch {
	case o.crm.ID == 0:
	case n == 1 || o.waits != nil && *o.waits == v.ID:
		r.Status, r.Code, r.Answer = 422, deliveries.CodeStatus, []byte(`{"error":"another account has this address"}`)
	case left < calmSpan:
	case n%5 == 0 && v.Tries <= n%3:
		r.Status, r.Code, r.Answer = 503, deliveries.CodeStatus, []byte("Back in a few minutes.")
	case n%7 == 4 && v.Tries == 0:
		r = deliveries.Result{Code: deliveries.CodeTimeout, Duration: 15 * time.Second}
	}
	return r
}

// endOutgoing does what is left to do at the end of the story, and lets the server send.
func (t *teller) endOutgoing(ctx context.Context, end time.Time) error {
	if err := t.catchUp(ctx, end); err != nil {
		return err
	}
	if err := t.tick(ctx); err != nil { // the steps have changed contacts
		return err
	}
	t.sum.Secret = t.out.secret
	to := cmp.Or(t.out.crm.ID, t.out.oldCRM.ID)
	if to == 0 {
		return nil
	}
	return t.enable(ctx, models.Destination{WorkspaceID: t.workspace.ID, ID: to}, true)
}
