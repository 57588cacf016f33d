package handlers

import (
	"strings"
	"testing"
)

func TestAliveAndReady(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		nobody := s.as("")
		nobody.get("/healthz").want(t, 200, "alive")
		nobody.get("/readyz").want(t, 200, "ready")

		s.server.Config.SchemaVersion = 1 << 40
		nobody.get("/readyz").want(t, 503, "the database is not up to date")
		s.server.Config.SchemaVersion = 1
		nobody.get("/readyz").want(t, 200, "ready")

		s.server.Drain()
		nobody.get("/readyz").want(t, 503, "stopping; send requests elsewhere")
		nobody.get("/healthz").want(t, 200, "alive")
	})
}

func TestReadinessWithoutTheDatabase(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.db.Close()
		a := s.as("").get("/readyz")
		a.want(t, 503, "the database does not answer")
		if len(a.body) > 100 || strings.Contains(a.body, "<") || a.header.Get("Set-Cookie") != "" {
			t.Errorf("got %q, want a short text and no cookie", a.body)
		}
		s.as("").get("/healthz").want(t, 200, "alive")
	})
}
