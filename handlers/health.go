package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
)

// readyTimeout is how long readiness waits for the database.
const readyTimeout = 2 * time.Second

// alive says that this process answers. A supervisor that gets no answer restarts it; that the database is away is
// no reason to.
func (s *Server) alive(v *visit) error { return v.SendString("alive\n") }

// ready reports whether a load balancer should send requests here, and if not why.
func (s *Server) ready(v *visit) error {
	if why := s.notReady(v.UserContext()); why != "" {
		return v.Status(fiber.StatusServiceUnavailable).SendString(why + "\n")
	}
	return v.SendString("ready\n")
}

// notReady is why this process wants no more requests, "" when it does. A database that is newer than the program is
// fine: while replicas are upgraded one after the other, the new one has applied its migrations and the old one still serves.
func (s *Server) notReady(ctx context.Context) string {
	if s.draining.Load() {
		return "stopping; send requests elsewhere"
	}
	if s.Intake.Full() {
		return "the queue is full"
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	switch version, err := s.DB.SchemaVersion(ctx); {
	case err != nil:
		return "the database does not answer"
	case version < s.Config.SchemaVersion:
		return "the database is not up to date"
	}
	return ""
}
