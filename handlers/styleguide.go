package handlers

import (
	"campaignlark/models"
	"campaignlark/views"
)

// styleguide shows every component in every state, to anybody, where DEVELOPMENT is set; elsewhere there is no such page.
func (s *Server) styleguide(v *visit) error {
	if !s.Config.Development {
		return models.ErrNotFound
	}
	return v.show(views.StyleguidePage(views.Styleguide{Assets: assets(), Now: s.now(), Theme: cleanText(v.Query("theme"))}))
}
