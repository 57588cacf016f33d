package handlers

import (
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"
)

// segments is the store of the segments.
func (v *visit) segments() segments.Store {
	return segments.Store{DB: v.server.DB, Now: v.server.now}
}

func words(parts []segments.Part) []views.Word {
	all := make([]views.Word, len(parts))
	for i, p := range parts {
		all[i] = views.Word{Text: p.Text, Kind: string(p.Kind)}
	}
	return all
}

// segmentNew shows the form of a new segment, with one condition to start from.
func (s *Server) segmentNew(v *visit) error {
	return v.showSegmentForm(models.Segment{}, segmentInput{focus: -1, rule: segments.Group{Join: segments.All, Filters: []segments.Filter{firstCondition()}}}, nil)
}

// segmentEdit shows the form of a segment.
func (s *Server) segmentEdit(v *visit) error {
	g, err := v.segment()
	if err != nil {
		return err
	}
	return v.showSegmentForm(g, segmentInput{focus: -1, name: g.Name, rule: segments.RuleOf(g)}, nil)
}

// segmentCreate stores a new segment, or gives the form back with one condition more or less.
func (s *Server) segmentCreate(v *visit) error {
	in, problems := v.segmentInput()
	if in.onlyShape() || v.refill {
		return v.showSegmentForm(models.Segment{}, in, nil)
	}
	errs, err := v.saveSegment(in, problems, func() error {
		g, err := v.segments().Create(v.UserContext(), v.Workspace.ID, v.User.ID, in.name, in.rule)
		if err != nil {
			return err
		}
		if len(in.rule.Filters) == 0 {
			return v.done(v.path("segments", g.ID), "The segment %s is there. It has no condition yet, so nobody is in it.", g.Name)
		}
		return v.done(v.path("segments", g.ID), "The segment %s is there. Its contacts are being found now.", g.Name)
	})
	if errs.Any() {
		return v.showSegmentForm(models.Segment{}, in, errs)
	}
	return err
}

// segmentUpdate stores a segment's name and rule.
func (s *Server) segmentUpdate(v *visit) error {
	g, err := v.segment()
	if err != nil {
		return err
	}
	in, problems := v.segmentInput()
	if in.onlyShape() || v.refill {
		return v.showSegmentForm(g, in, nil)
	}
	errs, err := v.saveSegment(in, problems, func() error {
		g, err := v.segments().Update(v.UserContext(), v.Workspace.ID, v.User.ID, g.ID, in.name, in.rule)
		if err != nil {
			return err
		}
		if len(in.rule.Filters) == 0 {
			return v.done(v.path("segments", g.ID), "The segment %s is saved. It has no condition, so nobody is in it.", g.Name)
		}
		return v.done(v.path("segments", g.ID), "The segment %s is saved.", g.Name)
	})
	if errs.Any() {
		return v.showSegmentForm(g, in, errs)
	}
	return err
}

// saveSegment runs save when nothing is wrong with the name and the rule, which the field errors say otherwise.
func (v *visit) saveSegment(in segmentInput, problems segments.Problems, save func() error) (models.FieldErrors, error) {
	errs := models.FieldErrors{}
	errs.Add("name", models.ValidateName(in.name))
	if len(problems) == 0 {
		schema, err := v.segments().Schema(v.UserContext(), v.Workspace.ID)
		if err != nil {
			return nil, err
		}
		_, problems = in.rule.Check(schema)
	}
	for _, p := range problems {
		errs.Add(in.fieldOf(p), p.Message)
	}
	if errs.Any() {
		return errs, nil
	}
	return nil, save()
}

// segmentAsk asks before a segment is deleted.
func (s *Server) segmentAsk(v *visit) error {
	g, err := v.segment()
	if err != nil {
		return err
	}
	p, err := v.page(views.SectionSegments, "Delete segment", views.Crumb{Text: "Segments", Href: v.path("segments")},
		views.Crumb{Text: g.Name, Href: v.path("segments", g.ID)}, views.Crumb{Text: "Delete"})
	if err != nil {
		return err
	}
	return v.show(views.Confirm(views.Confirmation{
		Page: p, Question: "Delete the segment “" + g.Name + "”?",
		Losses: []string{"Its rule and who was in it are lost. The " + views.Plural(g.MemberCount, "contact", "contacts") + " in it stay as they are."},
		Action: v.path("segments", g.ID, "delete"), Deed: "Delete segment", Keep: v.path("segments", g.ID),
	}))
}

// segmentDelete deletes a segment.
func (s *Server) segmentDelete(v *visit) error {
	g, err := v.segment()
	if err != nil {
		return err
	}
	if err := v.segments().Delete(v.UserContext(), v.Workspace.ID, v.User.ID, g.ID); err != nil {
		return err
	}
	return v.done(v.path("segments"), "The segment %s is deleted.", g.Name)
}

func (v *visit) segment() (models.Segment, error) {
	id, err := v.id()
	if err != nil {
		return models.Segment{}, err
	}
	return v.segments().Get(v.UserContext(), v.Workspace.ID, id)
}

// namedSegments are segments to link to.
func namedSegments(all []models.Segment) []views.Named {
	var named []views.Named
	for _, g := range all {
		named = append(named, views.Named{ID: g.ID, Name: g.Name})
	}
	return named
}
