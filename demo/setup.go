package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

// workshop is the workspace while it is being filled.
type workshop struct {
	db        *store.DB
	workspace models.Workspace
	user      int64            // the user who set it up
	hooks     []models.Webhook // by index in hooks
	cipher    secrets.Cipher   // of the secrets of webhooks
	oldHash   string           // the hash of the shop's webhook before its URL was changed
	tags      map[string]int64 // by name

	fields   map[string]int64 // merge tags by key
	groups   map[string]int64 // segments by name
	location *time.Location   // of the workspace
	now      func() time.Time // the current moment of the story
	segments *segments.Ticker // keeps the memberships up to date with the story
}

// settle creates what an admin creates before the first person comes: merge tags, tags and webhooks.
func (w *workshop) settle(ctx context.Context, at time.Time) error {
	for _, m := range mergeTags() {
		stored, errs, err := w.db.CreateMergeTag(ctx, w.workspace.ID, w.user, m, at)
		if err = firstError(errs, err); err != nil {
			return err
		}
		w.fields[m.Key] = stored.ID
	}
	for i, h := range hooks {
		form := models.WebhookForm{Name: h.name, Type: h.kind, NewTags: h.tags}
		made, errs, err := w.db.CreateWebhook(ctx, w.workspace.ID, w.user, form, at.Add(time.Duration(i)*26*time.Hour))
		if err = firstError(errs, err); err != nil {
			return err
		}
		w.hooks = append(w.hooks, made)
	}
	for i, h := range hooks {
		if h.sender == "" {
			continue
		}
		if err := w.read(ctx, i, at.Add(time.Duration(i)*26*time.Hour+10*time.Minute)); err != nil {
			return err
		}
	}
	if _, errs, err := w.db.ResolveTagNames(ctx, w.workspace.ID, w.user, moreTags, at); firstError(errs, err) != nil {
		return firstError(errs, err)
	}
	all, err := w.db.TagNames(ctx, w.workspace.ID)
	for _, t := range all {
		w.tags[t.Name] = t.ID
	}
	return err
}

// change applies each webhook's fate.
func (w *workshop) change(ctx context.Context, at time.Time) error {
	for i, h := range hooks {
		var err error
		switch made := &w.hooks[i]; h.fate {
		case addressChanged:
			w.oldHash = made.Hash
			made.Hash, err = w.db.RotateWebhook(ctx, *made, w.user, at)
		case switchedOff:
			err = w.db.EnableWebhook(ctx, *made, w.user, false, at)
		case deleted:
			err = w.db.DeleteWebhook(ctx, *made, w.user, nil, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// group creates the segments and builds their memberships.
func (w *workshop) group(ctx context.Context) error {
	store, made := segments.Store{DB: w.db, Now: w.now}, map[string]int64{}
	w.groups = made
	for _, s := range w.rules() {
		for _, name := range s.looksAt {
			s.rule.Filters = append(s.rule.Filters, condition(rule.TypeSegment, rule.In, fmt.Sprint(made[name])))
		}
		segment, err := store.Create(ctx, w.workspace.ID, w.user, s.name, s.rule)
		if err != nil {
			return fmt.Errorf("the segment %q: %w", s.name, err)
		}
		made[s.name] = segment.ID
	}
	return w.tick(ctx)
}

// narrow changes the rule of a segment so that it leaves out unsubscribed contacts.
func (w *workshop) narrow(ctx context.Context, name string) error {
	store := segments.Store{DB: w.db, Now: w.now}
	found, err := store.List(ctx, w.workspace.ID)
	if err != nil {
		return err
	}
	for _, g := range found {
		if g.Name != name {
			continue
		}
		root := rule.OfSegment(g)
		root.Filters = append(root.Filters, condition(rule.TypeStatus, rule.IsNot, string(models.StatusUnsubscribed)))
		if _, err := store.Update(ctx, w.workspace.ID, w.user, g.ID, g.Name, root); err != nil {
			return err
		}
	}
	return w.tick(ctx)
}

// tick updates the memberships to the current moment of the story.
func (w *workshop) tick(ctx context.Context) error {
	for {
		if busy, err := w.segments.Tick(ctx); err != nil || !busy {
			return err
		}
	}
}

// namedRule is a segment to create.
type namedRule struct {
	name    string
	rule    rule.Group
	looksAt []string // segments, created earlier, that its rule also requires
}

func condition(t rule.Type, o rule.Operator, values ...string) rule.Filter {
	c := rule.Condition{Type: t, Operator: o, Value: models.Given{Texts: values}}
	switch len(values) {
	case 0:
		c.Value.Shape = models.Null
	case 1:
	default:
		c.Value.Shape = models.List
	}
	return rule.Of(c)
}

func all(filters ...rule.Filter) rule.Group {
	return rule.Group{Join: rule.All, Filters: filters}
}

func anyOf(filters ...rule.Filter) rule.Filter {
	return rule.Filter{Group: &rule.Group{Join: rule.Any, Filters: filters}}
}

func (w *workshop) rules() []namedRule {
	tagged := func(names ...string) rule.Filter {
		var ids []string
		for _, name := range names {
			ids = append(ids, fmt.Sprint(w.tags[name]))
		}
		return condition(rule.TypeTags, rule.HasAny, ids...)
	}
	field := func(key string, operator rule.Operator, values ...string) rule.Filter {
		f := condition(rule.TypeField, operator, values...)
		f.Condition.FieldID = w.fields[key]
		return f
	}
	status := func(s models.Status) rule.Filter {
		return condition(rule.TypeStatus, rule.Is, string(s))
	}
	subscribed := status(models.StatusSubscribed)
	return []namedRule{
		{"Newsletter readers", all(subscribed, tagged("newsletter")), nil},
		{"New in the last 30 days", all(condition(rule.TypeCreatedAt, rule.InLastDays, "30")), nil},
		{"Customers in Austria", all(subscribed, tagged("customer"), field("country", rule.Is, "AT")), nil},
		{"Crime novels", all(subscribed, field("favourite_genre", rule.Is, "Crime")), nil},
		{"Printed catalogue", all(field("wants_catalogue", rule.Is, "true"), field("city", rule.IsSet)), nil},
		{"Book club and reading evenings", all(subscribed, tagged("book club", "event guest")), nil},
		{"Waiting for confirmation", all(status(models.StatusUnconfirmed)), nil},
		{"Customers without a birthday", all(tagged("customer"), field("birthday", rule.IsNotSet)), nil},
		{"Birthday within a fortnight", all(subscribed, field("birthday", rule.AnniversaryWithinDays, "14")), nil},
		{"Loyal customers", all(subscribed, anyOf(field("loyalty_points", rule.More, "500"), tagged("loyalty card", "gift voucher"))), nil},
		{"Loyal customers in the book club", all(), []string{"Loyal customers", "Book club and reading evenings"}},
	}
}

// firstError joins a store's errors into one.
func firstError(errs models.FieldErrors, err error) error {
	for field, sentence := range errs {
		err = errors.Join(err, fmt.Errorf("%s: %s", field, sentence))
	}
	return err
}
