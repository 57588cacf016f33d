package handlers

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// contactQuery holds the list's whole state, read from a URL or a form: the filter and the cursor. The export and bulk actions
// use it too.
type contactQuery struct {
	filter       store.ContactFilter
	status       string // as the list's field has it, "" if unknown
	tag, segment string // the names of the filter's tag and segment
	file         string // of the import
	members      int64  // how many contacts the segment has
	tagValue     string // as the list's field has it
	segmentValue string
	unknown      string // says which status, tag or segment does not exist
	cursor       store.ContactCursor
	tags         []models.Tag
	segments     []models.Segment
	rule         rule.Group // of "More filters"; without filters if there is none or it cannot be used
	ruleWords    string     // the rule in words
	said         url.Values // the filter as it was given, for the chips and links
}

// contactFilters are the parameters of the list's filter.
var contactFilters = []string{"q", "in", "status", "tag", "segment", "import", "rule"}

// contactQuery reads contactFilters, before and after from get. in=address restricts q to addresses. A tag or segment is a name or an
// id; a status is as stored or as shown; a rule is JSON.
func (v *visit) contactQuery(get func(name string, or ...string) string) (contactQuery, error) {
	ctx := v.UserContext()
	q := contactQuery{said: url.Values{}}
	var err error
	if q.tags, err = v.server.DB.TagNames(ctx, v.Workspace.ID); err != nil {
		return q, models.In("contact filter: tags", err)
	}
	if q.segments, err = v.segments().List(ctx, v.Workspace.ID); err != nil {
		return q, models.In("contact filter: segments", err)
	}
	value := func(name string) string {
		given := get(name)
		if unreadable(given) {
			q.notThere("What was given for “%s” cannot be read.", name)
			q.said.Set(name, "\uFFFD") // so that a link or form does not leave it out
		}
		text := models.TrimBlanks(cleanText(given))
		if text != "" {
			q.said.Set(name, text)
		}
		return text
	}
	q.filter.Members = segments.Members{}
	q.filter.Search = value("q")
	if tooLong := tooLongToSearch("text", q.filter.Search); tooLong != "" {
		q.filter.Search = ""
		q.notThere("%s", tooLong)
	}
	if q.filter.Search != "" && get("in") == "address" {
		q.filter.Inside = true
		q.said.Set("in", "address")
	}
	q.readStatus(value("status"))
	q.readTag(value("tag"))
	q.readSegment(value("segment"))
	if err := v.readImport(&q, value("import")); err != nil {
		return q, err
	}
	if err := v.readRule(&q, value("rule")); err != nil {
		return q, err
	}
	if sort := store.ContactSort(get("sort")); slices.Contains(store.ContactSorts, sort) {
		q.filter.Sort = sort
		q.said.Set("sort", string(sort))
	}
	for name, id := range map[string]*int64{"before": &q.cursor.Before, "after": &q.cursor.After} {
		text, at, _ := strings.Cut(get(name), ".")
		*id, _ = strconv.ParseInt(text, 10, 64)
		if micro, err := strconv.ParseInt(at, 10, 64); err == nil {
			q.cursor.At = time.UnixMicro(micro)
		}
	}
	return q, nil
}

func (q *contactQuery) readStatus(text string) {
	if text == "" {
		return
	}
	status := models.Status(strings.ToUpper(text)) // shown and stored forms differ only in case
	if !status.Valid() {
		q.notThere("There is no status “%s”: contacts are subscribed, unconfirmed or unsubscribed.", text)
		return
	}
	q.filter.Status, q.status = status, string(status)
}

func (q *contactQuery) readTag(text string) {
	if text == "" {
		return
	}
	tag, found := models.FindTag(q.tags, text)
	if !found {
		q.notThere("There is no tag “%s” in this workspace.", text)
		return
	}
	q.filter.Tag, q.tag, q.tagValue = tag.ID, tag.Name, strconv.FormatInt(tag.ID, 10)
}

func (q *contactQuery) readSegment(text string) {
	if text == "" {
		return
	}
	id, err := strconv.ParseInt(text, 10, 64)
	at := slices.IndexFunc(q.segments, func(g models.Segment) bool { return err == nil && g.ID == id })
	if at < 0 {
		folded := models.Fold(models.CleanName(text))
		at = slices.IndexFunc(q.segments, func(g models.Segment) bool { return models.Fold(g.Name) == folded })
	}
	if at < 0 {
		q.notThere("There is no segment “%s” in this workspace.", text)
		return
	}
	g := q.segments[at]
	q.filter.Segment, q.segment, q.segmentValue, q.members = g.ID, g.Name, strconv.FormatInt(g.ID, 10), g.MemberCount
}

// readImport reads the id of an import. It is known for as long as its work is listed.
func (v *visit) readImport(q *contactQuery, text string) error {
	if text == "" {
		return nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		var job models.Job
		if job, err = v.server.DB.Job(v.UserContext(), v.Workspace.ID, id); err == nil && job.Kind == models.JobImport {
			q.filter.Import, q.file = id, models.ReadJobJSON[jobs.ImportSpec](job.Spec).File
			return nil
		}
		if err != nil && store.ErrorCode(err) != models.CodeNotFound {
			return models.In("contact filter: import", err)
		}
	}
	q.notThere("There is no import “%s” in this workspace. Imports are known for 30 days.", text)
	return nil
}

// known returns how many contacts match a filter with at most one condition: a status, a tag or a segment. It is 0 if that is not known.
func (q *contactQuery) known(counted models.ContactCounts) int64 {
	switch f := q.filter; {
	case f.Nobody || f.Search != "" || f.Import != 0 || f.Rule != nil:
	case f.Segment != 0 && f.Status == "" && f.Tag == 0:
		return q.members
	case f.Segment == 0 && f.Tag != 0 && f.Status == "":
		return counted[models.TagCount(f.Tag)]
	case f.Segment == 0 && f.Tag == 0 && f.Status != "":
		return counted[string(f.Status)]
	case f.Segment == 0 && f.Tag == 0:
		return counted.All()
	}
	return 0
}

// notThere records that a filter names something that does not exist, so it matches nobody.
func (q *contactQuery) notThere(sentence, text string) {
	q.filter.Nobody = true
	if q.unknown != "" {
		q.unknown += " "
	}
	q.unknown += fmt.Sprintf(sentence, shortened(text))
}

// encoded returns the filter as a URL's query string with its question mark, "" without a filter.
func (q contactQuery) encoded() string {
	if len(q.said) == 0 {
		return ""
	}
	return "?" + q.said.Encode()
}

// without returns the filter without one of its parts.
func (q contactQuery) without(name string) contactQuery {
	rest := q // with the names of the tag, the segment and the import
	rest.said = url.Values{}
	for key, values := range q.said {
		if key != name && (name != "q" || key != "in") {
			rest.said[key] = values
		}
	}
	return rest
}

// contactsHref links to the list with this filter. If at is not 0, name ("before" or "after") and at are the cursor.
func (v *visit) contactsHref(q contactQuery, name string, at int64) string {
	with := q.without(name)
	if at != 0 {
		with.said.Set(name, strconv.FormatInt(at, 10))
	}
	return v.path("contacts") + with.encoded()
}

// sortedHref is contactsHref for a sorted list: changed is when the contact at was changed last.
func (v *visit) sortedHref(q contactQuery, name string, at int64, changed time.Time) string {
	if at == 0 {
		return ""
	}
	with := q.without("")
	text := strconv.FormatInt(at, 10)
	if q.filter.Sort.ByChange() {
		text += "." + strconv.FormatInt(changed.UnixMicro(), 10)
	}
	with.said.Set(name, text)
	return v.path("contacts") + with.encoded()
}

// contactSorts are the orders of the list, as its field has them.
var contactSorts = []views.Option{{Label: "Newest first"}, {Value: string(store.ContactsOldest), Label: "Oldest first"}, {Value: string(store.ContactsChanged), Label: "Last changed first"},
	{Value: string(store.ContactsUnchanged), Label: "Changed longest ago first"}, {Value: string(store.ContactsByAddress), Label: "By address, A to Z"}, {Value: string(store.ContactsByAddressUp), Label: "By address, Z to A"}}

// contactChips lists the active filters; each links to the list without it.
func (v *visit) contactChips(q contactQuery) []views.Chip {
	var chips []views.Chip
	for _, name := range contactFilters {
		if words := q.words(name); words != "" {
			chips = append(chips, views.Chip{Label: words, Href: v.contactsHref(q.without(name), "", 0)})
		}
	}
	return chips
}

// words describes one part of the filter, "" if it is not set.
func (q contactQuery) words(name string) string {
	text := q.said.Get(name)
	if text == "" {
		return ""
	}
	switch name {
	case "q":
		return q.searched() + " has “" + models.NameInvisible(models.Shorten(text, 60)) + "”"
	case "in":
		return "" // words of q say it
	case "status":
		if q.filter.Status != "" {
			text = q.filter.Status.Name()
		}
		return "status is " + text
	case "tag":
		if q.tag != "" {
			text = q.tag
		}
		return "tag is " + text
	case "import":
		if q.file != "" {
			text = q.file
		}
		return "created by the import of " + models.NameInvisible(text)
	case "rule":
		if q.ruleWords == "" {
			return "conditions that cannot be used"
		}
		return models.NameInvisible(q.ruleWords)
	}
	if q.segment != "" {
		text = q.segment
	}
	return "in the segment " + text
}

// searched says what the search looks at.
func (q contactQuery) searched() string {
	if q.filter.Inside || strings.Contains(q.filter.Search, "@") {
		return "address"
	}
	return "name or address"
}

// wordsKept describes the filter for what is stored, such as the audit log. It leaves out the search text, which may be a name or an address.
func (q contactQuery) wordsKept() string {
	var parts []string
	if q.filter.Search != "" {
		parts = append(parts, q.searched()+" has what was searched for")
	}
	for _, name := range []string{"status", "tag", "segment", "import"} {
		if words := q.words(name); words != "" {
			parts = append(parts, words)
		}
	}
	if q.said.Has("rule") {
		parts = append(parts, "the conditions of “More filters” match") // which may name an address
	}
	if parts == nil {
		return "everybody"
	}
	return strings.Join(parts, ", ")
}

func (q contactQuery) tagOptions() []views.Option {
	options := []views.Option{{Label: "Any tag"}}
	for _, t := range q.tags {
		options = append(options, views.Option{Value: strconv.FormatInt(t.ID, 10), Label: t.Name})
	}
	return options
}

func (q contactQuery) segmentOptions() []views.Option {
	options := []views.Option{{Label: "Any segment"}}
	for _, g := range q.segments {
		options = append(options, views.Option{Value: strconv.FormatInt(g.ID, 10), Label: g.Name})
	}
	return options
}
