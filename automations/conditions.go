package automations

import (
	"slices"
	"strconv"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

// ask asks a rule whether the run goes on. No rule says yes.
func (x *execution) ask(run *models.AutomationRun, step int64, r *Rule) error {
	p := x.people[run.ContactID]
	if r == nil || len(r.Filters) == 0 {
		x.tell(run, step, ResultDone, Told{Words: "Started."})
		return nil
	}
	if p == nil {
		x.tell(run, step, ResultStopped, Told{Words: "There is no contact to look at."})
		run.Step-- // it ends here
		end(run, models.RunStopped, "There is no contact for its condition to look at.", x.now)
		return nil
	}
	matcher, err := rule.Compile(r.Group, x.things.Schema)
	if err != nil {
		x.fail(run, step, "Its condition cannot be asked: "+err.Error())
		return nil
	}
	why, err := x.explain(matcher, r.Group, p)
	if err != nil {
		return models.In("segments of the contact", err)
	}
	if why.Matched {
		x.tell(run, step, ResultDone, Told{Words: "The contact meets the condition.", Why: &why})
		return nil
	}
	x.tell(run, step, ResultStopped, Told{Words: "The contact does not meet the condition.", Why: &why})
	run.Step-- // it ends here
	reason := "The contact did not meet the condition of step " + strconv.Itoa(run.Step) + "."
	if step == 0 {
		reason = "The contact did not meet the condition at the start."
	}
	end(run, models.RunStopped, reason, x.now)
	return nil
}

// explain evaluates a rule for a contact as it is now.
func (x *execution) explain(matcher rule.Matcher, g rule.Group, p *person) (rule.Explanation, error) {
	subject := rule.SubjectOf(p.Contact, p.ids())
	if len(g.Segments()) > 0 {
		places, err := segments.PlacesIn(x.tx, p.WorkspaceID, p.ID)
		if err != nil {
			return rule.Explanation{}, err
		}
		subject.In = func(segment int64) bool {
			return slices.ContainsFunc(places, func(at segments.Place) bool { return at.ID == segment && at.In })
		}
	}
	return matcher.Explain(&subject, x.things.At(x.now)), nil
}
