package handlers

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// openAPI describes the public endpoint in OpenAPI 3.1. A test holds it against the real answers.
//
//go:embed openapi.json
var openAPI string

// openAPIServer stands in openAPI for the address of this installation.
const openAPIServer = `"https://campaignlark.example"`

// describe sends the description of the public endpoint; any site's tools may read it.
func (s *Server) describe(v *visit) error {
	v.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	v.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	v.Set("Cross-Origin-Resource-Policy", "cross-origin")
	here, _ := json.Marshal(strings.TrimSuffix(s.Config.PublicURL.String(), "/")) // a text always encodes
	return v.SendString(strings.Replace(openAPI, openAPIServer, string(here), 1))
}
