package handlers

import (
	"cmp"
	"context"
	"strings"
	"sync"

	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// slots count what people have open in this process, in total and per person.
type slots struct {
	most, each int // limits in total and per person
	mu         sync.Mutex
	all        int
	of         map[int64]int
}

// enter reserves a slot, or returns false if there is none. The caller of a reserved slot has to call leave.
func (s *slots) enter(userID int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.most || s.of[userID] >= s.each {
		return false
	}
	if s.of == nil {
		s.of = map[int64]int{}
	}
	s.all++
	s.of[userID]++
	return true
}

func (s *slots) leave(userID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[userID]--; s.of[userID] == 0 {
		delete(s.of, userID)
	}
}

// waiting waits for the first call of a webhook that succeeds.
type waiting struct {
	stream
	webhook models.Webhook
	page    views.Page
	seen    string // the id of the last call that the browser knows
}

// webhookWait streams events "came": one for each refused call of a webhook, and a last one for the first call that succeeds.
// ?seen= is the id of the last call on the page; a browser that reconnects sends Last-Event-ID. Clients that do not accept
// text/event-stream are redirected to the webhook's page.
func (s *Server) webhookWait(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	w, err := s.DB.Webhook(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("stream of calls: webhook", err)
	}
	if !v.streams() {
		return v.Redirect(v.path("webhooks", id), fiber.StatusSeeOther)
	}
	wait := &waiting{webhook: w, page: views.Page{Workspace: views.Workspace{Slug: v.Workspace.Slug}, Loc: v.Workspace.Location()},
		seen: cmp.Or(strings.Clone(v.Get("Last-Event-ID")), strings.Clone(v.Query("seen")))}
	wait.event = wait.came
	return v.openStream(&wait.stream)
}

// came returns the event for the first call that succeeded, which ends the stream, else for the newest call that the browser does
// not know, else "". After a database error it returns "", and run calls it again.
func (w *waiting) came(ctx context.Context) (event string, last bool) {
	after, _ := uuid.Parse(w.seen) // zero before the first call
	id, last, err := w.server.DB.NextCall(ctx, w.visit.Workspace.ID, w.webhook.ID, after)
	if err != nil {
		return "", false
	}
	call, err := w.server.DB.Request(ctx, w.visit.Workspace.ID, id)
	if err != nil {
		return "", false
	}
	w.seen = call.ID.String()
	w.page.Now = w.server.now()
	part := views.FirstCall(w.page, w.visit.requestRow(call, w.webhook))
	if !last {
		part = views.CallRefused(w.page, w.webhook.ID, *w.visit.refusedCall(call, w.webhook))
	}
	var page strings.Builder
	if err := part.Render(ctx, &page); err != nil {
		return "", false
	}
	return "id: " + w.seen + "\nevent: came\ndata: " + strings.ReplaceAll(page.String(), "\n", "\ndata: ") + "\n\n", last
}
