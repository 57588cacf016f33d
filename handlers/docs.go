package handlers

import (
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

// docs is the help, for everyone. Who is signed in sees their own webhook's address and merge tags in the examples.
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

// ownDocs puts what the person's workspace has into the help: that of ?workspace=, else the first one.
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
			m.Address = s.webhookURL(strings.Repeat("•", 12)) // DESIGN "Doors": viewers see it masked
		}
	}
	m.CanBuild = v.canChange()
	own, err := s.DB.MergeTags(ctx, v.Workspace.ID)
	if len(own) > 0 {
		m.MergeTags, m.Own = own, true
	}
	return models.In("help: merge tags", err)
}
