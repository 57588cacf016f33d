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

// Limits of the streams of server-sent events. Each stream asks the database every second.
const (
	streamLook     = time.Second
	streamBeat     = 5                // polls between heartbeats; a failed heartbeat shows that the browser has gone
	streamTime     = 5 * time.Minute  // then the browser connects again
	streamWrite    = 10 * time.Second // how long one write may take
	streamsAll     = 200
	streamsAPerson = 4
)

// slots counts what is open in this process, in all and of each person.
type slots struct {
	most, each int // how many there may be
	mu         sync.Mutex
	all        int
	of         map[int64]int
}

// enter reports whether one more may be opened; then leave has to follow.
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

// waiting is one open stream. It holds nothing of its request: that is over when the stream begins.
type waiting struct {
	server  *Server
	conn    net.Conn
	visit   visit // User, Workspace and Role only
	session []byte
	webhook models.Webhook
	page    views.Page
	seen    string // the id of the last call that the browser knows of
}

// webhookWait streams events "came": one for each refused call of a webhook, and the last one for the first call that
// succeeds. ?seen= names the last call that the page shows; a browser that reconnects sends Last-Event-ID. Clients that do not
// accept text/event-stream are redirected to the webhook's page. Over the limit the answer is 204, which stops EventSource
// from reconnecting.
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

// run looks for calls until one has succeeded, the person may not know of it any more, the browser has gone, or the
// program goes. A panic here would end the process: it costs the stream only.
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
		if !w.allowed(ctx) || look%streamBeat == 0 && w.send(out, ": still waiting\n\n") != nil {
			return
		}
		if event, last := w.came(ctx); event != "" && (w.send(out, event) != nil || last) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}

// send writes a piece of the stream. The server's own deadline is for answers that end.
func (w *waiting) send(out *bufio.Writer, text string) error {
	if err := w.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := out.WriteString(text); err != nil {
		return err
	}
	return out.Flush()
}

// allowed reports whether the session still lives and its person is still a member.
func (w *waiting) allowed(ctx context.Context) bool {
	role, err := w.server.DB.RoleNow(ctx, w.session, w.visit.User.ID, w.visit.Workspace.ID, w.server.now())
	return err == nil && role != ""
}

// came is the event of the first call that succeeded, which is the last one, or else of the newest call that the browser
// does not know; "" for neither. A database that does not answer for once is asked again.
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
