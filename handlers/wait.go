package handlers

import (
	"bufio"
	"cmp"
	"context"
	"net"
	"strings"
	"sync"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// Limits of streams of server-sent events. Each stream queries the database every second.
const (
	streamLook     = time.Second
	streamBeat     = 5                // polls between heartbeats; a failed heartbeat shows that the browser has gone
	streamTime     = 5 * time.Minute  // then the browser reconnects
	streamWrite    = 10 * time.Second // how long one write may take
	streamsAll     = 200
	streamsAPerson = 4
)

// slots counts open streams in this process, in total and per person.
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

// waiting is one open stream. It must not use the request, which has ended when the stream starts.
type waiting struct {
	server  *Server
	conn    net.Conn
	visit   visit // User, Workspace and Role only
	session []byte
	webhook models.Webhook
	page    views.Page
	seen    string // the id of the last call that the browser knows
}

// webhookWait streams events "came": one for each refused call of a webhook, and a last one for the first call that succeeds.
// ?seen= is the id of the last call on the page; a browser that reconnects sends Last-Event-ID. Clients that do not accept
// text/event-stream are redirected to the webhook's page. Over the limit the answer is 204, which stops EventSource from
// reconnecting.
func (s *Server) webhookWait(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	w, err := s.DB.Webhook(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("stream of calls: webhook", err)
	}
	if !strings.Contains(v.Get(fiber.HeaderAccept), "text/event-stream") {
		return v.Redirect(v.path("webhooks", id), fiber.StatusSeeOther)
	}
	if !s.streams.enter(v.User.ID) {
		return v.SendStatus(fiber.StatusNoContent)
	}
	stream := &waiting{server: s, conn: v.Context().Conn(), session: models.TokenHash(v.session.ID), webhook: w,
		visit: visit{server: s, User: v.User, Workspace: v.Workspace, Role: v.Role},
		page:  views.Page{Workspace: views.Workspace{Slug: v.Workspace.Slug}, Loc: v.Workspace.Location()},
		seen:  cmp.Or(strings.Clone(v.Get("Last-Event-ID")), strings.Clone(v.Query("seen")))}
	v.Set(fiber.HeaderContentType, "text/event-stream")
	v.Set("X-Accel-Buffering", "no") // nginx passes each event on immediately
	v.Context().SetBodyStreamWriter(stream.run)
	return nil
}

// run looks for calls until one succeeds, the person loses access, the browser disconnects, or the program stops. It recovers a
// panic, which then costs only the stream.
func (w *waiting) run(out *bufio.Writer) {
	defer w.server.streams.leave(w.visit.User.ID)
	defer func() {
		if fault := faults.Recovered(recover()); fault != nil {
			w.server.logPanic("a stream", fault)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), streamTime)
	defer cancel()
	turn := time.NewTicker(streamLook)
	defer turn.Stop()
	for look := 0; !w.server.draining.Load(); look++ {
		allowed, err := w.allowed(ctx)
		if err == nil && !allowed || look%streamBeat == 0 && w.send(out, ": still waiting\n\n") != nil {
			return
		}
		if err == nil { // else the next look asks again, and until then nothing is shown
			if event, last := w.came(ctx); event != "" && (w.send(out, event) != nil || last) {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}

// send writes a part of the stream and extends the write deadline, because the server's own deadline is too short for streams.
func (w *waiting) send(out *bufio.Writer, text string) error {
	if err := w.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := out.WriteString(text); err != nil {
		return err
	}
	return out.Flush()
}

// allowed reports whether the session is still valid and its person still a member. The error is of the database.
func (w *waiting) allowed(ctx context.Context) (bool, error) {
	role, err := w.server.DB.RoleNow(ctx, w.session, w.visit.User.ID, w.visit.Workspace.ID, w.server.now())
	return role != "", err
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
