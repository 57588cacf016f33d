package handlers

import (
	"bufio"
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"campaignlark/faults"
	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
)

// Limits of streams of server-sent events.
const (
	streamLook     = time.Second
	streamBeat     = 5                // looks between heartbeats; a failed heartbeat shows that the browser has gone
	streamTime     = 5 * time.Minute  // then the browser reconnects
	streamWrite    = 10 * time.Second // how long one write may take
	streamsAll     = 200
	streamsAPerson = 4
)

// streams are the open streams of this process. If a person opens too many, the oldest of them gives way: it belongs to a page that the
// person has probably left.
type streams struct {
	most, each int // limits in total and per person
	mu         sync.Mutex
	all        int
	of         map[int64][]*stream // by person, the oldest first
}

// enter adds a stream, or returns false if there is no room. A stream that was added has to leave.
func (s *streams) enter(st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := s.of[st.visit.User.ID]
	if len(mine) >= s.each {
		close(mine[0].full)
		s.remove(mine[0])
	} else if s.all >= s.most {
		return false
	}
	if s.of == nil {
		s.of = map[int64][]*stream{}
	}
	s.all++
	s.of[st.visit.User.ID] = append(s.of[st.visit.User.ID], st)
	return true
}

func (s *streams) leave(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(st)
}

// remove removes a stream if it is still there.
func (s *streams) remove(st *stream) {
	person := st.visit.User.ID
	i := slices.Index(s.of[person], st)
	if i < 0 {
		return
	}
	s.all--
	if s.of[person] = slices.Delete(s.of[person], i, i+1); len(s.of[person]) == 0 {
		delete(s.of, person)
	}
}

// stream is one open stream of server-sent events. It must not use the request, which has ended when the stream starts.
type stream struct {
	server  *Server
	conn    net.Conn
	visit   visit // User, Workspace and Role only
	session []byte
	full    chan struct{} // closed when a newer stream takes the place

	staff bool                                                // it is for support staff, in all workspaces
	wake  <-chan struct{}                                     // something may have happened; nil for a look each second
	event func(ctx context.Context) (event string, last bool) // what to send now; "" for nothing
	end   func()                                              // after the stream; nil for nothing
}

// streams reports whether the client wants server-sent events.
func (v *visit) streams() bool {
	return strings.Contains(v.Get(fiber.HeaderAccept), "text/event-stream")
}

// openStream answers with a stream. Without room the answer is 204: the page asks every few seconds instead.
func (v *visit) openStream(st *stream) error {
	st.server, st.conn, st.session, st.full = v.server, v.Context().Conn(), models.TokenHash(v.session.ID), make(chan struct{})
	st.visit = visit{server: v.server, User: v.User, Workspace: v.Workspace, Role: v.Role}
	if !v.server.streams.enter(st) {
		st.close()
		return v.SendStatus(fiber.StatusNoContent)
	}
	v.Set(fiber.HeaderContentType, "text/event-stream")
	v.Set("X-Accel-Buffering", "no") // nginx passes each event on immediately
	v.Context().SetBodyStreamWriter(st.run)
	return nil
}

func (st *stream) close() {
	if st.end != nil {
		st.end()
	}
}

// run sends events until the last one, the person loses access, the browser disconnects, a newer stream takes the place, or the program
// stops. It recovers a panic, which then costs only the stream.
func (st *stream) run(out *bufio.Writer) {
	defer st.close()
	defer st.server.streams.leave(st)
	defer func() {
		if fault := faults.Recovered(recover()); fault != nil {
			st.server.logPanic("a stream", fault)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), streamTime)
	defer cancel()
	turn := time.NewTicker(streamLook)
	defer turn.Stop()
	for look := 0; !st.server.draining.Load(); look++ {
		allowed, err := st.allowed(ctx)
		if err == nil && !allowed || look%streamBeat == 0 && st.send(out, ": still waiting\n\n") != nil {
			return
		}
		if err == nil { // else the next look asks again, and until then nothing is shown
			if event, last := st.event(ctx); event != "" && (st.send(out, event) != nil || last) {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-st.full:
			_ = st.send(out, "event: full\ndata:\n\n") // so that the browser does not reconnect
			return
		case <-turn.C:
		case <-st.wake:
		}
	}
}

// send writes a part of the stream and extends the write deadline, because the server's own deadline is too short for streams.
func (st *stream) send(out *bufio.Writer, text string) error {
	if err := st.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := out.WriteString(text); err != nil {
		return err
	}
	return out.Flush()
}

// allowed reports whether the session is still valid, and its person still a member or one of the support staff. The error is of the database.
func (st *stream) allowed(ctx context.Context) (bool, error) {
	if st.staff {
		return st.server.DB.StaffNow(ctx, st.session, st.visit.User.ID, st.server.now())
	}
	role, err := st.server.DB.RoleNow(ctx, st.session, st.visit.User.ID, st.visit.Workspace.ID, st.server.now())
	return role != "", err
}
