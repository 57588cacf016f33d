package handlers

import "campaignlark/segments/rule"

// editSegment compares the posted form with the segment. Two rules cannot be merged, so the rule is one field.
func (v *visit) editSegment(f segmentForm) editForm {
	posted := "not a rule"
	if f.broken == "" && len(f.faults) == 0 {
		posted = f.ruleSum(f.rule)
	}
	return v.edit(editField{name: "name", label: "Name", stored: []string{f.segment.Name}, posted: []string{f.name}},
		editField{name: "rule", label: "Rule", stored: []string{f.ruleSum(rule.OfSegment(f.segment))}, posted: []string{posted},
			said: "The rule was changed."})
}

// ruleSum returns a hash of a rule, which stands for it in the form's field "filled".
func (f segmentForm) ruleSum(g rule.Group) string {
	checked, _ := g.CheckFor(f.schema, f.segment.ID)
	return digest(checked.String())
}

// merge gives what the person did not touch its present value. It reports whether somebody else changed the name or the rule too.
func (f *segmentForm) merge(e editForm) (clashes bool) {
	theirs := segmentForm{segment: f.segment, schema: f.schema}
	theirs.rule = rule.OfSegment(f.segment)
	f.name = e.text("name")
	changes := e.threeWay["rule"]
	if !changes.touched() {
		f.rule, f.broken, f.faults, f.days = theirs.rule, "", nil, nil
	}
	f.edit = e.state("segment", nil)
	if changes.clashes() {
		f.theirs = theirs.sentence()
	}
	return e.clashes()
}
