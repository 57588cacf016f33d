package handlers

import "testing"

func TestStyleguideIsForDevelopment(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/styleguide").want(t, 404)
		s.server.Config.Development = true
		s.as("").get("/styleguide").want(t, 200, "Style guide", "Delete for good", "Waiting for the first call")
		s.get("/styleguide?theme=dark").want(t, 200)
	})
}
