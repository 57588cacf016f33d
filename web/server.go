package main

import (
	"context"
	"log/slog"
	"net"

	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
)

// newServer makes what answers on the listener.
func newServer(Config, *models.DB, *slog.Logger) server {
	return bare{fiber.New(fiber.Config{DisableStartupMessage: true})}
}

type bare struct{ app *fiber.App }

func (b bare) Serve(ln net.Listener) error        { return b.app.Listener(ln) }
func (b bare) Drain()                             {}
func (b bare) Shutdown(ctx context.Context) error { return b.app.ShutdownWithContext(ctx) }
