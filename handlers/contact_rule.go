package handlers

import (
	"net/url"
	"slices"
	"strconv"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// maxRuleInURL is how many bytes a rule may take in the address of the list. Servers in front of the program take addresses of 8 KB.
const maxRuleInURL = 4000

// readRule reads the rule of the list's filter, the JSON of a segment's rule.
func (v *visit) readRule(q *contactQuery, text string) error {
	if text == "" {
		return nil
	}
	schema, err := v.segments().SchemaWith(v.UserContext(), v.Workspace, q.segments)
	if err != nil {
		return models.In("contact filter: what rules need", err)
	}
	root, problems := rule.Parse(text)
	if len(problems) == 0 {
		root, problems = root.Check(schema)
	}
	message := problems.Error()
	if message == "" {
		prepared, err := v.segments().Unstored(schema, root)
		if q.filter.Rule = prepared; err != nil {
			message = err.Error()
		}
	}
	if message != "" {
		q.notThere("The conditions of “More filters” cannot be used. %s", views.Visible(message))
		return nil
	}
	q.rule, q.ruleWords = root, rule.PlainText(rule.Sentence(root, schema)[1:])
	q.said.Set("rule", root.String())
	return nil
}

// contactRule shows the rule builder for the list's filter.
func (s *Server) contactRule(v *visit) error {
	q, err := v.contactQuery(v.Query)
	if err != nil {
		return err
	}
	in := segmentInput{rule: firstRule()}
	if in.readRule(q.said.Get("rule")); in.broken != "" {
		in = segmentInput{rule: firstRule(), faults: rule.Problems{{Message: "The conditions in the address of the list cannot be read, so this starts from a new one."}}}
	}
	return v.openContactRule(q, in)
}

// contactRuleSet leads to the list with the rule that was built, or shows the builder again.
func (s *Server) contactRuleSet(v *visit) error {
	q, err := v.contactQuery(func(name string, _ ...string) string { return v.Form(name) })
	if err != nil {
		return err
	}
	q = q.without("rule") // it is in the builder
	if applied := cleanText(v.Form("applied")); applied != "" {
		q.said.Set("rule", applied)
	}
	return v.openContactRule(q, segmentInput{})
}

// openContactRule does what the builder's button asks for, or shows the builder with in if none was pressed.
func (v *visit) openContactRule(q contactQuery, in segmentInput) error {
	schema, err := v.segments().SchemaOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("contact filter: segments and what rules need", err)
	}
	posted := v.Method() == fiber.MethodPost
	if posted {
		in = v.segmentInput(schema)
	}
	f := segmentForm{segmentInput: in, schema: schema, errs: models.FieldErrors{}}
	if v.refill || posted && in.onlyShape() {
		return v.showContactRule(q, f)
	}
	if posted && len(in.rule.Filters) == 0 && in.broken == "" && !in.previews() {
		return v.Redirect(v.path("contacts")+q.without("rule").encoded(), 303)
	}
	f.tell()
	if in.previews() && in.broken == "" {
		if f.preview, err = v.preview(f); err != nil {
			return err
		}
		return v.showContactRule(q, f)
	}
	checked, _ := in.rule.Check(schema)
	if len(url.QueryEscape(checked.String())) > maxRuleInURL {
		f.errs.Add("rule", "These conditions are too long for a filter. Please use fewer or shorter ones"+v.orSegment()+".")
	}
	if f.refused = posted && f.errs.Any(); f.refused || !posted {
		return v.showContactRule(q, f)
	}
	with := q.without("rule")
	with.said.Set("rule", checked.String())
	return v.Redirect(v.path("contacts")+with.encoded(), 303)
}

// orSegment offers a segment instead of a filter, to those who can create one.
func (v *visit) orSegment() string {
	if !v.canChange() {
		return ""
	}
	return ", or save them as a segment"
}

// showContactRule sends the builder for the list's filter.
func (v *visit) showContactRule(q contactQuery, f segmentForm) error {
	rest := q.without("rule")
	p, err := v.page(views.SectionContacts, "More filters", views.Crumb{Text: "Contacts", Href: v.path("contacts") + q.encoded()}, views.Crumb{Text: "More filters"})
	if err != nil {
		return err
	}
	p.Failed = f.refused
	m := views.ContactRuleModel{Action: v.path("contacts", "filter"), Back: v.path("contacts") + q.encoded(), CanSave: v.canChange()}
	if m.Builder, err = v.builder(p, f); err != nil {
		return err
	}
	for _, name := range slices.Concat(contactFilters, []string{"sort"}) {
		if words := rest.words(name); words != "" && name != "sort" {
			m.With = append(m.With, words)
		}
		if rest.said.Has(name) {
			m.Hidden = append(m.Hidden, views.HiddenField{Name: name, Value: rest.said.Get(name)})
		}
	}
	if q.said.Has("rule") {
		m.Hidden = append(m.Hidden, views.HiddenField{Name: "applied", Value: q.said.Get("rule")}) // for the way back
	}
	return campaignlark.Render(v.Ctx, v.formStatus(f.refused), views.ContactRulePage(m))
}

// asSegment returns the list's filter as a rule of a segment. whole is false if a rule cannot say all of it.
func (q contactQuery) asSegment() (root rule.Group, whole bool) {
	root = rule.Group{Join: rule.All}
	add := func(t rule.Type, o rule.Operator, value string) {
		root.Filters = append(root.Filters, rule.Of(rule.Condition{Type: t, Operator: o, Value: models.Text(value)}))
	}
	f := q.filter
	if f.Status != "" {
		add(rule.TypeStatus, rule.Is, string(f.Status))
	}
	if f.Tag != 0 {
		add(rule.TypeTags, rule.HasAny, strconv.FormatInt(f.Tag, 10))
	}
	if f.Segment != 0 {
		add(rule.TypeSegment, rule.In, strconv.FormatInt(f.Segment, 10))
	}
	switch own := q.rule; {
	case len(own.Filters) == 0:
	case own.Join == rule.All || len(root.Filters) == 0:
		root.Join, root.Filters = own.Join, append(root.Filters, own.Filters...)
	default:
		root.Filters = append(root.Filters, rule.Filter{Group: &own})
	}
	return root, f.Search == "" && f.Import == 0
}

// saveAsSegment links to the form of a new segment with the list's filter, if a rule can say a part of it.
func (v *visit) saveAsSegment(q contactQuery) (label, href string) {
	root, whole := q.asSegment()
	if len(root.Filters) == 0 || q.filter.Nobody || !v.canChange() {
		return "", ""
	}
	label = "Save as segment"
	if !whole {
		label = "Save as segment, without the search"
		if q.filter.Search == "" {
			label = "Save as segment, without the import"
		}
	}
	return label, v.path("segments", "new") + "?" + url.Values{"rule": {root.String()}}.Encode()
}
