package handlers

import (
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

// docs shows the help to everyone. The examples use a signed-in person's own webhook address and merge tags.
func (s *Server) docs(v *visit) error {
	m := views.DocsModel{Assets: assets(), Days: s.Config.LogRetentionDays, Address: s.webhookURL("YOUR-HASH"), Type: string(models.TypeSubscribed),
		MergeTags: views.ExampleMergeTags}
	if user, ok := v.session.Values[sessionUser].(models.User); ok {
		v.User = user
		if err := s.ownDocs(v, &m); err != nil {
			return err
		}
	}
	return v.show(views.DocsPage(m))
}

// ownDocs fills the help's examples from the person's workspace: the one in ?workspace=, else the first one.
func (s *Server) ownDocs(v *visit, m *views.DocsModel) error {
	ctx := v.UserContext()
	if slug := cleanText(v.Query("workspace")); slug != "" {
		if _, err := s.enterWorkspace(v, slug); ignoreNotFound(err) != nil {
			return err
		}
	}
	p, err := v.ownPage(views.SectionHelp, "Help")
	if err != nil {
		return err
	}
	m.Page = &p
	if v.Workspace.ID == 0 {
		return nil
	}
	w, err := s.DB.ExampleWebhook(ctx, v.Workspace.ID)
	if ignoreNotFound(err) != nil {
		return models.In("help: example webhook", err)
	}
	if err == nil {
		m.Webhook, m.WebhookID, m.Type, m.Address = w.Name, w.ID, string(w.Type), s.webhookURL(w.Hash)
		if m.Masked = !v.canChange(); m.Masked {
			m.Address = s.webhookURL(strings.Repeat("•", 12)) // masked for viewers (DESIGN "Doors")
		}
	}
	m.CanBuild = v.canChange()
	own, err := s.DB.MergeTags(ctx, v.Workspace.ID)
	if len(own) > 0 {
		m.MergeTags, m.Own = own, true
	}
	return models.In("help: merge tags", err)
}
