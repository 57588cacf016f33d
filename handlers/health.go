package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
)

// readyTimeout is how long readiness waits for the database.
const readyTimeout = 2 * time.Second

// isHealth reports whether a path is one of the two that supervisors and load balancers ask.
func isHealth(path string) bool { return path == "/healthz" || path == "/readyz" }

// alive says that this process answers. A supervisor restarts a process that does not. A lost database is no reason to restart.
func (s *Server) alive(v *visit) error { return v.SendString("alive\n") }

// ready tells a load balancer whether to send requests here, and if not, why.
func (s *Server) ready(v *visit) error {
	if why := s.notReady(v.UserContext()); why != "" {
		return v.Status(fiber.StatusServiceUnavailable).SendString(why + "\n")
	}
	return v.SendString("ready\n")
}

// notReady says why this process takes no requests, "" if it does. The database may be newer than the program: during a rolling
// upgrade, new replicas apply migrations while old ones still serve.
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
