package handlers

import (
	"campaignlark/models"
	"campaignlark/views"
)

// styleguide shows every component in every state, without sign-in. The page exists only if DEVELOPMENT is set.
func (s *Server) styleguide(v *visit) error {
	if !s.Config.Development {
		return models.ErrNotFound
	}
	return v.show(views.StyleguidePage(views.Styleguide{Assets: assets(), Now: s.now(), Theme: cleanText(v.Query("theme"))}))
}
