package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"campaignlark/models"
	"campaignlark/models/store"
)

// setUp prepares an empty database: it creates the configured admin, or prints a one-time link to the set-up page on standard
// output. A new link replaces the previous one.
func (p program) setUp(ctx context.Context, c Config, db *store.DB) error {
	if there, err := db.HasUsers(ctx); err != nil || there {
		return models.In("set up: look for an account", err)
	}
	if c.AdminEmail != "" {
		workspace, _, err := db.CreateFirstAdmin(ctx, models.FirstAdmin{
			WorkspaceName: "My workspace", TimeZone: "UTC", Email: c.AdminEmail, Password: c.AdminPassword,
		})
		if err == nil {
			p.log.Info("created the first admin", "workspace", workspace.Slug)
		}
		return ignoreSetUp(err)
	}
	token, err := db.NewSetupLink(ctx)
	if err == nil {
		link := c.PublicURL.JoinPath("setup")
		link.RawQuery = url.Values{"token": {token}}.Encode()
		fmt.Fprintf(p.stdout, "Set up CampaignLark with this one-time link: %s\n", link)
	}
	return ignoreSetUp(models.In("set up: make the link", err))
}

// ignoreSetUp drops the error of a replica that lost the race to set the database up.
func ignoreSetUp(err error) error {
	if errors.Is(err, store.ErrSetUp) {
		return nil
	}
	return err
}
