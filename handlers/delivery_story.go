package handlers

import (
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"
)

// tellState adds the verdict, what can be done, and what comes next.
func (v *visit) tellState(m *views.DeliveryModel, t deliveries.Told) error {
	to, may := t.Destination.Name, v.canChange() && t.Destination.Enabled && !m.Gone && len(t.Body) > 0
	m.ReplayLabel, m.CanReplay = "Send again", may
	m.CanEnable = v.isAdmin() && !t.Destination.Enabled && !m.Gone && (t.State == models.DeliveryPending || t.State == models.DeliveryDead)
	switch t.State {
	case models.DeliveryArrived:
		m.Kind, m.Verdict, m.Next = views.KindGood, "Delivered to "+to, v.sentAgainSaid(t)
	case models.DeliveryDead:
		return v.tellGivenUp(m, t)
	case models.DeliveryDropped:
		m.Kind, m.Verdict, m.Next, m.CanReplay = views.KindIdle, "Dropped: it is not sent", t.Reason, false
	case models.DeliveryPending:
		return v.tellWaiting(m, t)
	}
	return nil
}

// sentAgainSaid says that a delivery that had arrived was sent again in vain; "" if it was not.
func (v *visit) sentAgainSaid(t deliveries.Told) string {
	if t.Reason == "" || t.ArrivedAt == nil || len(t.Attempts) == 0 {
		return t.Reason
	}
	last := t.Attempts[len(t.Attempts)-1]
	if !last.ByHand || last.Error == "" {
		return "It arrived " + v.atSaid(*t.ArrivedAt) + ". " + t.Reason
	}
	return "It arrived " + v.atSaid(*t.ArrivedAt) + "; sent again by hand " + v.atSaid(last.At) + ", and that failed."
}

// tellGivenUp says why a delivery was given up, and by whom. The receiver is named only if an attempt reached it.
func (v *visit) tellGivenUp(m *views.DeliveryModel, t deliveries.Told) error {
	m.Kind, m.Verdict, m.Next = views.KindBad, "Given up: "+t.Destination.Name+" did not take it", t.Reason
	switch {
	case deliveries.GivenUpByHand(t.Delivery):
		who, err := v.destinations().GivenUpBy(v.UserContext(), t.Delivery)
		if err != nil {
			return models.In("delivery page: who gave it up", err)
		}
		m.Verdict, m.Next = "Given up by a person", v.givenUpSaid(t, who)
	case lastCode(t).Ours():
		m.Verdict = "Given up: this program could not send it"
	case lastCode(t) == deliveries.CodeAddress:
		m.Verdict = "Given up: this program may not send to its address"
	}
	return nil
}

// lastCode says why the last attempt of a delivery failed.
func lastCode(t deliveries.Told) deliveries.Code {
	if len(t.Attempts) == 0 {
		return deliveries.CodeNone
	}
	return deliveries.Code(t.Attempts[len(t.Attempts)-1].Error)
}

func (v *visit) givenUpSaid(t deliveries.Told, who *deliveries.Person) string {
	said := "Somebody gave it up"
	if who != nil && who.Name != "" {
		said = who.Name + " gave it up"
	}
	if t.EndedAt != nil {
		said += " " + v.atSaid(*t.EndedAt)
	}
	if t.Tries == 0 {
		return said + ", before it was sent."
	}
	return said + "."
}

func (v *visit) tellWaiting(m *views.DeliveryModel, t deliveries.Told) error {
	to, under := t.Destination.Name, t.UnderWay(v.server.now())
	m.Kind, m.Verdict, m.ReplayLabel, m.CanGive = views.KindWarn, "Not delivered yet: "+to+" did not take it", "Try now", v.canChange() && !under
	m.CanReplay = m.CanReplay && !under && t.Earlier == 0
	v.tellOrder(m, t)
	if m.Gone {
		m.Kind, m.Verdict, m.CanGive = views.KindIdle, "Being dropped: "+to+" was deleted", false
		m.Next = "What waited for it is not sent any more."
		return nil
	}
	switch {
	case t.ArrivedAt != nil:
		m.Verdict = "Being sent again: " + to + " had taken it " + v.atSaid(*t.ArrivedAt)
	case t.Earlier > 0:
		m.Verdict = "It waits for an earlier message to " + to
	case t.Tries == 0:
		m.Verdict = "On its way to " + to
	case lastCode(t).Ours():
		m.Verdict = "Not delivered yet: this program could not send it"
	case lastCode(t) == deliveries.CodeAddress:
		m.Verdict = "Not delivered yet: this program may not send to its address"
	}
	if !t.Destination.Enabled {
		if t.Tries == 0 && t.ArrivedAt == nil {
			m.Verdict = "It waits: " + to + " is switched off"
		}
		m.Next = to + " is switched off. It goes out when it is on again."
		if t.Destination.OffReason != "" {
			m.Next = to + " was switched off. " + t.Destination.OffReason + " It goes out when it is on again."
		}
		return nil
	}
	if fault := v.destinations().CannotSign(t.Destination); fault != "" {
		m.Verdict, m.Next, m.CanReplay, m.Soon = "It waits: this program cannot sign it", fault, false, false
		return nil
	}
	switch {
	case under:
		m.Next = "It is being tried right now."
		m.Ahead = append(m.Ahead, views.Step{ID: "now", Title: "Attempt " + views.Count(t.Tries+1) + handSaid(t.Asked) + ": under way", State: views.StatePending})
	case t.Earlier > 0:
		m.Next = "It goes out as soon as the earlier message has arrived or was given up."
	default:
		m.Next = v.nextTrySaid(t.NextAt)
		v.tellAhead(m, t)
	}
	return nil
}

// handSaid follows the number of an attempt.
func handSaid(byHand bool) string {
	if byHand {
		return ", by hand"
	}
	return ""
}

// tellOrder says which messages about the contact wait for each other.
func (v *visit) tellOrder(m *views.DeliveryModel, t deliveries.Told) {
	switch {
	case t.Earlier > 0:
		m.Order, m.FirstHref = "it waits for "+views.Plural(t.Earlier, "earlier message", "earlier messages")+" about this contact", v.path("deliveries", t.First)
	case t.Later == 1:
		m.Order = "1 later message about this contact waits behind it"
	case t.Later > 1:
		m.Order = views.Count(t.Later) + " later messages about this contact wait behind it"
	}
}

// tellAhead adds the next attempt, the ones after it, and when the delivery is given up. An attempt by hand does not count in the schedule,
// which goes on after it.
func (v *visit) tellAhead(m *views.DeliveryModel, t deliveries.Told) {
	ahead := func(id, title, at, state, lead string) {
		m.Ahead = append(m.Ahead, views.Step{ID: id, Title: title, At: at, State: state, Lead: lead})
	}
	title := "Attempt " + views.Count(t.Tries+1) + handSaid(t.Asked)
	if t.NextAt.After(v.server.now()) {
		title += " " + v.inSaid(t.NextAt)
	}
	ahead("next", title, v.clockSaid(t.NextAt), views.StatePlanned, "")
	last := t.NextAt
	switch {
	case !lastCode(t).Counts() && (!t.Asked || t.ResumeAt != nil):
		ahead("end", "If its address is refused for 10 minutes, "+t.Destination.Name+" is switched off", "", views.StateSkip, "The message is not given up: it waits until an admin has changed the address and switched "+t.Destination.Name+" on.")
		return
	case t.Asked && t.ResumeAt == nil && t.ArrivedAt != nil:
		ahead("end", "If it fails, it counts as arrived all the same", "", views.StateSkip, "")
		return
	case t.Asked && t.ResumeAt == nil:
		ahead("end", "Given up, if it fails", "", views.StateSkip, "It then stands under “Given up” and can be sent again by hand.")
		return
	case t.Asked:
		last = *t.ResumeAt
		ahead("resume", "If it fails, attempt "+views.Count(t.Tries+2)+" as planned", v.clockSaid(last), views.StateSkip, "")
	}
	schedule := v.server.schedule()
	if left := schedule[min(max(t.Tries-t.ByHand, 0), len(schedule)):]; len(left) > 0 {
		ahead("then", "Then after "+waitsSaid(left), "", views.StateSkip, "")
		for _, wait := range left {
			last = last.Add(wait)
		}
	}
	ahead("end", "Given up "+v.untilEndSaid(last)+", if none arrives", "", views.StateSkip, "It then stands under “Given up” and can be sent again by hand.")
}
