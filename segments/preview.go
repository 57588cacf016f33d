package segments

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// Limits of a preview.
const (
	previewExactly  = 20_000 // up to this number of contacts the first answer is exact
	previewChunks   = 64     // in one page, and in a whole estimate
	previewExamples = 10     // of the members, of those who enter and of those who leave, each
)

// Preview shows the members a rule would have, before it is saved. If it is not exact, its numbers are estimated from
// the contacts that were evaluated.
type Preview struct {
	Exact              bool
	Nothing            bool         // no condition is left to count
	LeftOut            rule.LeftOut // is not counted
	Looked             int64        // contacts evaluated
	Contacts           int64        // all contacts
	In                 int64        // would be members
	Enter, Leave, Stay int64        // compared with the current members
	Examples           []PreviewContact
	Entering, Leaving  []PreviewContact
	Took               time.Duration
}

// PreviewContact is an example.
type PreviewContact struct {
	ID    int64
	Email string
}

// Preview counts the members that the rule would have in a workspace with this schema, and compares them with the current
// members of segment; 0 is a new segment. It only reads, in pages, and stops early if ctx ends. It is exact if exact is
// set or the workspace is small.
func (s Store) Preview(ctx context.Context, workspace int64, schema rule.Schema, segment int64, root rule.Group, exact bool) (_ Preview, err error) {
	began, db := s.Now(), s.DB.Read(ctx)
	root, leftOut := root.WithoutFaults(schema, segment)
	p := &previewer{db: db, workspace: workspace, segment: segment, at: schema.At(began), asked: append(root.Segments(), segment)}
	p.LeftOut, p.Nothing = leftOut, len(root.Filters) == 0
	if p.Nothing {
		return p.Preview, nil
	}
	if p.matcher, err = rule.Compile(root, schema); err != nil {
		return Preview{}, &models.Error{Code: models.CodeInvalid, Message: err.Error(), Err: err}
	}
	if err := p.count(exact); err != nil {
		return Preview{}, err
	}
	if err := p.name(); err != nil {
		return Preview{}, err
	}
	p.Took = s.Now().Sub(began)
	return p.Preview, nil
}

// previewer counts in pages.
type previewer struct {
	Preview
	db        *gorm.DB
	workspace int64
	segment   int64
	asked     []int64 // the segments whose members are read: those that the rule refers to, and the segment itself
	matcher   rule.Matcher
	at        rule.Moment
	members   map[[2]int64]chunkBits // of the page, by segment and chunk
}

// count counts in all chunks, or in a sample that is spread evenly.
func (p *previewer) count(exact bool) error {
	var size struct{ Last, Few int64 }
	err := p.db.Raw(`SELECT coalesce((SELECT max(id) FROM contacts WHERE workspace_id = ?), -1) AS last,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = ? LIMIT ?) first_few) AS few`,
		p.workspace, p.workspace, previewExactly+1).Scan(&size).Error
	if err != nil {
		return err
	}
	chunks := size.Last/chunkSize + 1
	if size.Last < 0 {
		chunks = 0
	}
	p.Exact = exact || size.Few <= previewExactly || chunks <= previewChunks
	if !p.Exact {
		sample := make([]int64, previewChunks)
		for i := range sample {
			sample[i] = int64(2*i+1) * chunks / (2 * previewChunks)
		}
		if err := p.page(sample); err != nil {
			return err
		}
		p.scale(float64(chunks) / previewChunks)
		return nil
	}
	for from := int64(0); from < chunks; from += previewChunks {
		var page []int64
		for chunk := from; chunk < min(from+previewChunks, chunks); chunk++ {
			page = append(page, chunk)
		}
		if err := p.page(page); err != nil {
			return err
		}
	}
	p.Contacts = p.Looked
	return nil
}

// scale estimates the totals from a sample.
func (p *previewer) scale(by float64) {
	for _, n := range []*int64{&p.In, &p.Enter, &p.Leave, &p.Stay} {
		*n = int64(float64(*n)*by + .5)
	}
	p.Contacts = int64(float64(p.Looked)*by + .5)
}

// page counts in some chunks, in ascending order.
func (p *previewer) page(chunks []int64) error {
	var err error
	if p.members, err = membersIn(p.db, p.workspace, p.asked, chunks); err != nil {
		return err
	}
	which := inChunks(chunks)
	if first, last := chunks[0], chunks[len(chunks)-1]; last-first == int64(len(chunks)-1) {
		which = span(first*chunkSize, (last+1)*chunkSize)
	}
	if err := eachSubject(p.db, p.workspace, p.matcher.Needs(), which, p.look); err != nil {
		return err
	}
	return p.db.Statement.Context.Err()
}

// look evaluates and counts one contact.
func (p *previewer) look(subject *rule.Subject) {
	p.Looked++
	is := func(segment int64) bool {
		return p.members[[2]int64{segment, subject.ID / chunkSize}].has(0, subject.ID)
	}
	subject.In = is
	in, was := p.matcher.Match(subject, p.at), is(p.segment)
	if in {
		count(&p.In, &p.Examples, subject.ID)
	}
	switch {
	case in && was:
		p.Stay++
	case in:
		count(&p.Enter, &p.Entering, subject.ID)
	case was:
		count(&p.Leave, &p.Leaving, subject.ID)
	}
}

// count counts a contact and keeps the first few as examples.
func count(n *int64, examples *[]PreviewContact, contact int64) {
	*n++
	if len(*examples) < previewExamples {
		*examples = append(*examples, PreviewContact{ID: contact})
	}
}

// name fills in the addresses of the examples, without contacts that were deleted since.
func (p *previewer) name() error {
	lists := []*[]PreviewContact{&p.Examples, &p.Entering, &p.Leaving}
	var ids []int64
	for _, list := range lists {
		for _, c := range *list {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var contacts []models.Contact
	err := store.Among(p.db.Select("id", "email").Where("workspace_id = ?", p.workspace), "id", ids).Find(&contacts).Error
	emails := make(map[int64]string, len(contacts))
	for _, c := range contacts {
		emails[c.ID] = c.Email
	}
	for _, list := range lists {
		for i, c := range *list {
			(*list)[i].Email = emails[c.ID]
		}
		*list = slices.DeleteFunc(*list, func(c PreviewContact) bool { return c.Email == "" })
	}
	return err
}
