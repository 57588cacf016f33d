package handlers

import (
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// deliveryReplay sends one delivery again, or tries it now.
func (s *Server) deliveryReplay(v *visit) error {
	return v.changeDelivery("It is being sent now.", func(id uuid.UUID) error {
		return models.In("delivery: send again", v.destinations().Replay(v.UserContext(), v.Workspace.ID, v.User.ID, id, s.now()))
	})
}

// deliveryGiveUpAsk asks before a person gives up a delivery that waits.
func (s *Server) deliveryGiveUpAsk(v *visit) error {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.ErrNotFound
	}
	t, err := v.destinations().Delivery(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("delivery: read it", err)
	}
	switch {
	case t.State != models.DeliveryPending:
		return v.refusedAt(v.path("deliveries", id), deliveries.ErrEnded)
	case t.UnderWay(s.now()):
		return v.refusedAt(v.path("deliveries", id), deliveries.ErrUnderWay)
	}
	m := views.GiveUpModel{ID: t.ID.String(), To: t.Destination.Name, Arrived: t.ArrivedAt != nil, Later: t.Later}
	if m.Page, err = v.page(views.SectionDestinations, "Give up", v.destinationsCrumb(), views.Crumb{Text: eventSaid(t.EventType) + " to " + m.To, Href: v.path("deliveries", id)}, views.Crumb{Text: "Give up"}); err != nil {
		return err
	}
	return v.show(views.DeliveryGiveUpPage(m))
}

// deliveryGiveUp ends a delivery that waits.
func (s *Server) deliveryGiveUp(v *visit) error {
	return v.changeDelivery("It was given up and is not tried any more. You can send it again later.", func(id uuid.UUID) error {
		return models.In("delivery: give it up", v.destinations().GiveUp(v.UserContext(), v.Workspace.ID, v.User.ID, id, s.now()))
	})
}

// changeDelivery changes the delivery in the URL and shows its page, with what was done or why it could not be.
func (v *visit) changeDelivery(done string, change func(id uuid.UUID) error) error {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.ErrNotFound
	}
	to := v.path("deliveries", id)
	if err := change(id); err != nil {
		return v.refusedAt(to, err)
	}
	return v.done(to, "%s", done)
}
