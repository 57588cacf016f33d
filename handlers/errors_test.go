package handlers

import (
	"context"
	"errors"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
)

func TestErrorPagesSayWhatHappened(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		lost := s.get("/w/books/webhooks/99999")
		lost.want(t, 404, "404 There is nothing at this address", "typing mistake", "Find a request by its id or address", "Inbound Webhooks", "Answer 404, request id "+lost.requestID())
		s.get("/nowhere").want(t, 404, "There is nothing at this address", "Workspace settings")
		s.get("/w/music").want(t, 404, "There is nothing at this address", "Books")
		s.as("").get("/nowhere").want(t, 404, "There is nothing at this address", "Go to the start")
		s.as("").get("/nowhere").wantNot(t, "Workspace settings", "Books")

		vera := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		vera.get("/w/books/webhooks/new").want(t, 403, "You may not open this page", "Your role in this workspace does not allow this", "Dashboard")
		s.post("/w/books/tags", "name", "vip", "csrf", "wrong").want(t, 403)
		s.do("PUT", "/w/books/tags", nil, nil).want(t, 405, "This page cannot be called that way", "Nothing was done")
		s.do("FOO", "/w/books/tags", nil, nil).want(t, 405, "This page cannot be called that way")
		s.server.app.Post("/large", func(c *fiber.Ctx) error { return fiber.ErrRequestEntityTooLarge })
		s.post("/large").want(t, 413, "That is too much for one form", "Nothing was saved", "still in the form if you go back")
		s.server.app.Post("/rule", func(c *fiber.Ctx) error {
			return &models.Error{Code: models.CodeInvalid, Message: "The rule is too long."}
		})
		s.post("/rule").want(t, 422, "This was not saved", "The rule is too long.", "still in the form if you go back")
	})
}

// TestEndpointAnswersEveryDelayAlike checks that a deadline, a full queue and a lost database get the same answer.
func TestEndpointAnswersEveryDelayAlike(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for name, err := range map[string]error{
			"slow": models.In("webhook of a hash", context.DeadlineExceeded),
			"full": models.In("submit", intake.ErrBusy),
			"away": &models.Error{Code: models.CodeUnavailable, Message: "a secret"},
		} {
			s.server.app.Get(inboundPrefix+"x/"+name, func(*fiber.Ctx) error { return err })
			got := s.call("GET", "x/"+name, "")
			if got.wantEnvelope(t, 503, intake.MessageBusy); got.header.Get("Retry-After") != "2" {
				t.Errorf("%s: got Retry-After %q, want 2", name, got.header.Get("Retry-After"))
			}
		}
	})
}

// Error pages work with and without the database, and never show the cause.
func TestErrorPagesNeedNoDatabase(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.server.app.Get("/broken", func(c *fiber.Ctx) error { return errors.New("a secret of the program") })
		s.server.app.Get("/panic", func(c *fiber.Ctx) error { panic("another secret") })
		s.server.app.Get("/limit", func(c *fiber.Ctx) error { return fiber.ErrTooManyRequests })
		s.server.app.Get("/away", func(c *fiber.Ctx) error {
			return &models.Error{Code: models.CodeUnavailable, Message: "a third secret"}
		})
		s.server.app.Get("/slow", func(c *fiber.Ctx) error {
			ctx, cancel := context.WithTimeout(c.UserContext(), 0)
			defer cancel()
			var n int
			return models.In("contacts", s.db.Read(ctx).Raw("SELECT count(*) FROM contacts").Scan(&n).Error)
		})
		s.server.app.Get("/full", func(c *fiber.Ctx) error {
			return &models.Error{Code: models.CodeBusy, Message: "Many people are signing in at this moment."}
		})
		s.get("/slow").want(t, 503, "This took too long", "more than 20 seconds", "Webhook calls are not affected")
		s.get("/slow").wantNot(t, "The database is not answering")
		s.get("/full").want(t, 503, "Too much at this moment", "Many people are signing in")
		limit := s.get("/limit")
		limit.want(t, 429, "Too many tries", "Nothing was done")
		if limit.header.Get("Retry-After") == "" {
			t.Error("a 429 came without Retry-After")
		}
		for range 2 {
			for _, path := range []string{"/broken", "/panic"} {
				page := s.get(path)
				page.want(t, 500, "Something broke on our side", "Webhook calls are processed separately", "Try again", page.requestID())
				page.wantNot(t, "secret")
			}
			away := s.get("/away")
			away.want(t, 503, "The database is not answering", "answered with 503 until then", "Try again", away.requestID())
			away.wantNot(t, "secret", "Workspace settings")
			if away.header.Get("Retry-After") == "" {
				t.Error("a 503 came without Retry-After")
			}
			if s.session == "" {
				break
			}
			s.get("/broken").want(t, 500, "Workspace settings")
			s.db.Close() // the second round runs without the database
			s = s.as("")
		}
		s.get("/login").want(t, 500)
	})
}
