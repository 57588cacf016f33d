package handlers

import (
	"errors"
	"slices"
	"strconv"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// segments returns the segment store.
func (v *visit) segments() segments.Store {
	return segments.Store{DB: v.server.DB, Now: v.server.now}
}

func words(parts []rule.Part) []views.Word {
	all := make([]views.Word, len(parts))
	for i, p := range parts {
		all[i] = views.Word{Text: p.Text, Kind: string(p.Kind)}
	}
	return all
}

// segmentNew shows the form of a new segment, with one condition to start from. ?rule= prefills it with a rule's JSON, ?from= with the rule of
// another segment.
func (s *Server) segmentNew(v *visit) error {
	in := segmentInput{rule: firstRule()}
	if id, err := strconv.ParseInt(v.Query("from"), 10, 64); err == nil {
		g, err := v.segments().Get(v.UserContext(), v.Workspace.ID, id)
		if err != nil {
			return models.In("segment form: the segment to duplicate", err)
		}
		return v.openSegmentForm(models.Segment{}, segmentInput{name: models.Shorten("Copy of "+g.Name, models.MaxName-1), rule: rule.OfSegment(g)})
	}
	in.readRule(cleanText(v.Query("rule")))
	return v.openSegmentForm(models.Segment{}, in)
}

// segmentEdit shows the form of a segment.
func (s *Server) segmentEdit(v *visit) error {
	g, err := v.segment()
	if err != nil {
		return err
	}
	return v.openSegmentForm(g, segmentInput{name: g.Name, rule: rule.OfSegment(g)})
}

func (v *visit) openSegmentForm(g models.Segment, in segmentInput) error {
	schema, err := v.segments().SchemaOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("segment form: segments and what rules need", err)
	}
	f := segmentForm{segment: g, segmentInput: in, schema: schema, errs: models.FieldErrors{}}
	if g.ID != 0 {
		f.edit = v.editSegment(f).state("segment", nil)
	}
	f.tell() // shows why a rule is broken
	return v.showSegmentForm(f)
}

// segmentCreate stores a new segment, or shows the form again with a row added or removed.
func (s *Server) segmentCreate(v *visit) error {
	return v.postSegmentForm(models.Segment{}, func(in segmentInput) (models.Segment, error) {
		g, err := v.segments().Create(v.UserContext(), v.Workspace.ID, v.User.ID, in.name, in.rule)
		return g, models.In("segment form: create", err)
	})
}

// segmentUpdate stores a segment's name and rule, or shows the form again with a row added or removed.
func (s *Server) segmentUpdate(v *visit) error {
	return untilSeen(func() error {
		g, err := v.segment()
		if errors.Is(err, models.ErrNotFound) {
			return v.segmentGone()
		}
		if err != nil {
			return err
		}
		return v.postSegmentForm(g, func(in segmentInput) (models.Segment, error) {
			g, err := v.segments().UpdateSeen(v.UserContext(), g, v.User.ID, in.name, in.rule)
			return g, models.In("segment form: store", err)
		})
	})
}

// segmentGone shows the form of a new segment with the input for one that was deleted.
func (v *visit) segmentGone() error {
	schema, err := v.segments().SchemaOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("segment form: segments and what rules need", err)
	}
	f := segmentForm{segmentInput: v.segmentInput(schema), schema: schema, errs: models.FieldErrors{}}
	f.edit = views.EditState{What: "segment", Deleted: true, List: v.path("segments")}
	return v.showSegmentForm(f)
}

// postSegmentForm runs the form's button, for the segment g or a new one.
func (v *visit) postSegmentForm(g models.Segment, save func(segmentInput) (models.Segment, error)) error {
	schema, err := v.segments().SchemaOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("segment form: segments and what rules need", err)
	}
	in := v.segmentInput(schema)
	f := segmentForm{segment: g, segmentInput: in, schema: schema, errs: models.FieldErrors{}}
	f.edit.Filled = v.Form("filled")
	if in.onlyShape() {
		return v.showSegmentForm(f)
	}
	if g.ID != 0 && !in.previews() {
		f.refused = f.merge(v.editSegment(f)) && !v.refill
		in = f.segmentInput
	}
	if v.refill || f.refused {
		return v.showSegmentForm(f)
	}
	f.tell()
	if in.previews() && in.broken == "" {
		if f.preview, err = v.preview(f); err != nil {
			return err
		}
		return v.showSegmentForm(f)
	}
	f.errs.Add("name", models.ValidateName(in.name))
	if f.refused = f.errs.Any(); f.refused {
		return v.showSegmentForm(f)
	}
	saved, err := save(in)
	var problems rule.Problems
	if errors.As(err, &problems) { // found on saving: limits of all segments, or things deleted just now
		f.faults, f.refused = problems, true
		f.tell()
		return v.showSegmentForm(f)
	}
	if errors.Is(err, segments.ErrNameTaken) {
		f.errs.Add("name", segments.ErrNameTaken.Message)
		f.refused = true
		return v.showSegmentForm(f)
	}
	if err != nil {
		return err
	}
	return v.done(v.path("segments", saved.ID), savedWords(g.ID == 0), saved.Name)
}

// savedWords returns the message after saving.
func savedWords(created bool) string {
	if created {
		return "The segment %s was created. Its contacts are being found now."
	}
	return "The segment %s is saved."
}

// tell adds the rule's problems to the field errors.
func (f segmentForm) tell() {
	problems := f.faults
	if f.broken == "" {
		_, found := f.rule.CheckFor(f.schema, f.segment.ID)
		problems = append(slices.Clone(problems), found...)
	}
	for _, p := range problems {
		f.errs.Add(f.fieldOf(p), views.Visible(p.Message))
	}
}

// cycle describes how the rule refers back to its own segment, "" if it does not.
func (f segmentForm) cycle() string {
	_, all := f.rule.CheckFor(f.schema, f.segment.ID)
	_, others := f.rule.Check(f.schema)
	if len(all) == len(others) {
		return ""
	}
	return all[len(others)].Message
}

// segmentAsk asks for confirmation before a segment is deleted, and lists the segments that use it.
func (s *Server) segmentAsk(v *visit) error {
	_, m, err := v.segmentDeletion()
	if err != nil {
		return err
	}
	return v.show(views.SegmentDeletePage(m))
}

// segmentDelete deletes a segment. If another segment's rule uses it, the form has to force it.
func (s *Server) segmentDelete(v *visit) error {
	g, m, err := v.segmentDeletion()
	if err != nil {
		return err
	}
	if v.mustForce(&m.Page, &m.Users) {
		return v.again(views.SegmentDeletePage(m))
	}
	if err := v.segments().Delete(v.UserContext(), v.Workspace.ID, v.User.ID, g.ID, v.forced()); err != nil {
		return models.In("segment form: delete", err)
	}
	return v.done(v.path("segments"), "The segment %s is deleted.%s", g.Name, m.Users.Frozen())
}

func (v *visit) segmentDeletion() (models.Segment, views.SegmentDeleteModel, error) {
	g, p, err := v.segmentPart("Delete segment")
	if err != nil {
		return g, views.SegmentDeleteModel{}, err
	}
	m := views.SegmentDeleteModel{Page: p, ID: g.ID, Name: g.Name, Contacts: g.MemberCount}
	m.Users, err = v.usersOf("this segment", rule.SegmentRef(g), usesThing(models.SubjectSegment, g.ID))
	v.askAbout("segment", g.Name, &m.Users)
	return g, m, err
}

func (v *visit) segment() (models.Segment, error) {
	id, err := v.id()
	if err != nil {
		return models.Segment{}, err
	}
	g, err := v.segments().Get(v.UserContext(), v.Workspace.ID, id)
	return g, models.In("segment: read it", err)
}

// namedSegments returns the segments' names and ids for links.
func namedSegments(all []models.Segment) []views.Named {
	var named []views.Named
	for _, g := range all {
		named = append(named, views.Named{ID: g.ID, Name: g.Name})
	}
	return named
}
