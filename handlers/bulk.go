package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// maxPicked limits how many contacts can be ticked by hand: a few pages.
const maxPicked = 1000

// bulkForm is a bulk action before its job starts: which contacts, and what is done to them.
type bulkForm struct {
	visit  *visit
	query  contactQuery
	action models.BulkAction
	all    bool // all contacts that match the list's filter, not only ticked ones
	from   store.BulkCursor
	with   string // the tag, by id or name
	to     string // the status
	bulk   models.Bulk

	both        bool  // a tag is chosen and a new one typed
	asked       bool  // the form already asked for the tag or status
	total, done int64 // contacts, and those that the action would not change
}

// field reads one field of the URL or of a posted form; many reads all fields of one name.
type (
	field func(name string, or ...string) string
	many  func(name string) []string
)

// bulkForm reads the form and fixes which contacts it means: those that match now, without contacts added after the first question.
// Harmful actions on all that match also leave out what changed since the question that the form answers.
func (v *visit) bulkForm(get field, all many) (*bulkForm, error) {
	ctx, db := v.UserContext(), v.server.DB
	f := &bulkForm{visit: v, action: models.BulkAction(get("do")), all: get("all") != "", asked: len(all("with"))+len(all("to")) > 0, with: models.CleanName(cleanText(get("with"))), to: get("to")}
	if name := models.CleanName(cleanText(get("new_tag"))); name != "" {
		f.both, f.with = f.with != "" && f.with != name, name
	}
	var err error
	if f.query, err = v.contactQuery(get); err != nil {
		return nil, err
	}
	newest, err := db.NewestContact(ctx, v.Workspace.ID)
	if err != nil {
		return nil, models.In("bulk change: newest contact", err)
	}
	if asked, err := strconv.ParseInt(get("newest"), 10, 64); err == nil {
		newest = min(newest, max(asked, 0))
	}
	f.from = store.BulkCursor{Filter: f.query.filter, Before: newest + 1}
	if f.all && (f.action == models.BulkDelete || f.action == models.BulkStatus) {
		f.from.Asked = f.askedAt(get("asked"))
	}
	if !f.all {
		f.from.Filter = store.ContactFilter{IDs: readIDs(all("id"))}
	} else if f.from.Filter, err = db.ResolveFilter(ctx, v.Workspace.ID, f.query.filter); err != nil {
		return nil, models.In("bulk change: filter", err)
	}
	if f.all && f.query.filter.Rule != nil {
		f.from.Rule, f.from.RuleAt = f.query.rule.String(), models.Instant(v.server.now())
	}
	f.bulk = models.Bulk{Action: f.action, Which: "ticked in the list"}
	if f.all {
		counts, err := db.NavCounts(ctx, v.Workspace.ID, v.server.now())
		if err != nil {
			return nil, models.In("bulk change: counters", err)
		}
		f.from.Filter.Known = f.query.known(counts.Counted)
		f.bulk.Which = f.query.wordsKept()
	}
	return f, nil
}

// askedAt reads when the page asked the question that a form answers: now for one that does not say.
func (f *bulkForm) askedAt(text string) time.Time {
	now := models.Instant(f.visit.server.now())
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil && at.Before(now) {
		return models.Instant(at)
	}
	return now
}

// readIDs parses contact ids, sorts them from high to low and removes duplicates.
func readIDs(texts []string) store.IDList {
	ids := store.IDList{}
	for _, text := range texts {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	ids = slices.Compact(ids)
	return ids[:min(len(ids), maxPicked)]
}

// missing names what the person still has to choose, "" if nothing.
func (f *bulkForm) missing() string {
	if !f.all && len(f.from.Filter.IDs) == 0 {
		return "nobody"
	}
	switch f.action {
	case models.BulkAddTag, models.BulkRemoveTag:
		f.bulk.TagName = f.with
		if f.both {
			return "tag"
		}
		if t, found := models.FindTag(f.query.tags, f.with); found {
			f.bulk.Tag, f.bulk.TagName = t.ID, t.Name
		} else if f.with == "" || f.action == models.BulkRemoveTag || models.ValidateName(f.with) != "" {
			return "tag"
		}
	case models.BulkStatus:
		if f.bulk.Status = models.Status(strings.ToUpper(f.to)); !f.bulk.Status.Valid() {
			return "status"
		}
	case models.BulkDelete:
	default:
		return "nobody"
	}
	return ""
}

// bulkAsk asks for confirmation and shows how many contacts change.
func (s *Server) bulkAsk(v *visit) error {
	args := v.Context().QueryArgs()
	if args.Has("all") && args.Has("id") { // all includes the ticked ones
		args.Del("id")
		return v.Redirect(v.path("contacts", "bulk")+"?"+args.String(), 303)
	}
	f, err := v.bulkForm(v.Query, v.queryAll)
	if err != nil {
		return err
	}
	return f.show("")
}

// show asks the form's next question; wrong says what is wrong with the typed number.
func (f *bulkForm) show(wrong string) error {
	v := f.visit
	m := views.BulkModel{Action: v.path("contacts", "bulk"), Back: v.contactsHref(f.query, "", 0), Hidden: f.hidden(), Failed: wrong}
	var err error
	missing := f.missing()
	if missing != "nobody" {
		if f.total, f.done, err = v.server.DB.CountBulk(v.UserContext(), v.Workspace.ID, f.bulk, f.from); err != nil {
			return models.In("bulk change: count contacts", err)
		}
		if f.total == 0 {
			missing = "nobody"
		}
	}
	f.fill(&m, missing)
	if m.Page, err = v.page(views.SectionContacts, m.Question, views.Crumb{Text: "Contacts", Href: m.Back}, views.Crumb{Text: "Change several"}); err != nil {
		return err
	}
	if m.Post {
		if m.MayStart, err = v.mayStart(bulkChange(f.bulk, f.total-f.done)); err != nil {
			return err
		}
	}
	if wrong != "" || v.refill {
		m.Page.Failed = wrong != ""
		return v.again(views.BulkPage(m))
	}
	m.Page.Failed = m.Failed != "" || m.NewTagWrong != ""
	return v.show(views.BulkPage(m))
}

// hidden returns the fields that carry the form to the next page.
func (f *bulkForm) hidden() []views.HiddenField {
	fields := []views.HiddenField{{Name: "do", Value: string(f.action)}, {Name: "newest", Value: strconv.FormatInt(f.from.Before-1, 10)},
		{Name: "asked", Value: models.Instant(f.visit.server.now()).Format(time.RFC3339Nano)}}
	for _, name := range contactFilters {
		if f.query.said.Has(name) {
			fields = append(fields, views.HiddenField{Name: name, Value: f.query.said.Get(name)})
		}
	}
	if f.all {
		return append(fields, views.HiddenField{Name: "all", Value: "1"})
	}
	for _, id := range f.from.Filter.IDs {
		fields = append(fields, views.HiddenField{Name: "id", Value: strconv.FormatInt(id, 10)})
	}
	return fields
}

// fill writes the question.
func (f *bulkForm) fill(m *views.BulkModel, missing string) {
	people := views.Plural(f.total, "contact", "contacts")
	tags := []views.Option{{Label: "Choose a tag"}}
	tags = append(tags, f.query.tagOptions()[1:]...)
	choose := func(question, wrong string) {
		m.Question, m.Next, m.Sentences = question, "Continue", []string{"This is about " + people + "."}
		if m.Sentences = append(m.Sentences, f.which()...); f.asked && m.NewTagWrong == "" {
			m.Failed = wrong
		}
	}
	switch {
	case missing == "nobody":
		m.Question, m.Nobody = "Nobody is selected", "Tick contacts in the list, or select all that match. Then choose an action."
	case missing == "tag" && f.action == models.BulkAddTag:
		if m.Tags, m.NewTag = tags, true; f.with != "" {
			m.NewTagValue, m.NewTagWrong = f.with, models.ValidateName(f.with)
		}
		wrong := "Choose a tag or type a new one."
		if f.both {
			wrong = "Choose a tag or type a new one, not both. One is added at a time."
		}
		choose("Which tag should they get?", wrong)
	case missing == "tag":
		m.Tags = tags
		choose("Which tag should be taken off?", "Choose a tag.")
	case missing == "status":
		m.Statuses = statusOptions()
		choose("Which status should they have?", "Choose a status.")
	case f.action == models.BulkDelete:
		m.Question, m.Next, m.Danger = "Delete "+people+" for good? Type "+strconv.FormatInt(f.total, 10)+".", "Delete for good", true
		m.Sentences = append(f.which(),
			"They are deleted for good, with their fields, tags and segments. Their payloads, addresses and values are also erased from the request log, which still shows that the calls happened.",
			"Runs of automations for them end, and messages about them that wait are not sent. What has arrived at destinations stays there.",
			"A later call that subscribes one of these addresses creates a new contact.",
		)
		m.Post, m.Total = true, f.total
	default:
		f.fillChange(m, people)
	}
}

// which describes the filter in words. Contacts ticked by hand need none.
func (f *bulkForm) which() []string {
	if !f.all {
		return nil
	}
	var parts []string
	for _, name := range contactFilters {
		if words := f.query.words(name); words != "" {
			parts = append(parts, words)
		}
	}
	if parts == nil {
		return []string{"These are all contacts of this workspace."}
	}
	return []string{"These are all contacts that match: " + strings.Join(parts, ", ") + "."}
}

func (f *bulkForm) fillChange(m *views.BulkModel, people string) {
	m.Post = true
	m.Sentences = f.which()
	already, hidden := "", views.HiddenField{Name: "with", Value: f.with}
	switch f.action {
	case models.BulkAddTag:
		m.Question, m.Next, already = "Add the tag “"+f.bulk.TagName+"” to "+people+"?", "Add the tag", "Have the tag already"
		if f.bulk.Tag == 0 {
			m.Sentences = append(m.Sentences, "The tag is new and will be created.")
		}
	case models.BulkRemoveTag:
		m.Question, m.Next, already = "Take the tag “"+f.bulk.TagName+"” off "+people+"?", "Take the tag off", "Do not have the tag"
	default:
		m.Question, m.Next, already = "Make "+people+" "+strings.ToLower(f.bulk.Status.Name())+"?", "Change the status", "Have this status already"
		hidden = views.HiddenField{Name: "to", Value: string(f.bulk.Status)}
	}
	m.Hidden = append(m.Hidden, hidden, views.HiddenField{Name: "total", Value: strconv.FormatInt(f.total, 10)})
	switch {
	case f.done == f.total:
		m.Sentences = append(m.Sentences, "Nothing changes. "+already+": all of them.")
	case f.done > 0:
		m.Sentences = append(m.Sentences, already+": "+views.Count(f.done)+" of them. Nothing changes for these.")
	}
	m.Sentences = append(m.Sentences, "Contacts added from now on do not change. Segments are updated automatically.")
}

// bulkStart starts the confirmed action. To delete, the person has to type the number of contacts; the other actions carry the
// number that the page showed. If it is another one by now, the page asks again.
func (s *Server) bulkStart(v *visit) error {
	f, err := v.bulkForm(func(name string, _ ...string) string { return v.Form(name) }, v.FormAll)
	if err != nil {
		return err
	}
	if f.missing() != "" {
		f.asked = true
		return f.show("Please choose first.")
	}
	if v.refill {
		return f.show("")
	}
	ctx := v.UserContext()
	if f.total, f.done, err = s.DB.CountBulk(ctx, v.Workspace.ID, f.bulk, f.from); err != nil {
		return models.In("bulk change: count contacts", err)
	}
	if f.action == models.BulkDelete && typedNumber(v.Form("typed")) != strconv.FormatInt(f.total, 10) {
		return f.show("Nothing was deleted. Please type the number of contacts, " + strconv.FormatInt(f.total, 10) + ", to confirm.")
	}
	if f.total == 0 {
		return f.show("There is nobody left to change.")
	}
	if told := v.Form("total"); f.action != models.BulkDelete && told != strconv.FormatInt(f.total, 10) && (told != "" || f.all) {
		return f.show("Nothing was changed. The number of contacts is another one now: please check it and confirm again.")
	}
	if f.action == models.BulkAddTag && f.bulk.Tag == 0 {
		tags, wrong, err := s.DB.ResolveTagNames(ctx, v.Workspace.ID, v.User.ID, []string{f.with}, s.now())
		if err != nil {
			return models.In("bulk change: tags", err)
		}
		if wrong.Any() {
			return f.show(wrong["tags"])
		}
		f.bulk.Tag, f.bulk.TagName = tags[0].ID, tags[0].Name
	}
	job, err := s.DB.StartBulk(ctx, v.Workspace.ID, v.User.ID, f.bulk, f.from, f.total, s.now())
	if err != nil {
		return models.In("bulk change: start it", err)
	}
	return v.done(v.path("jobs", job.ID), "The change has started. It continues if you leave this page.")
}
