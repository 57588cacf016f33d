package handlers

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// openAPI describes the public endpoint in OpenAPI 3.1. A test compares it with the real answers.
//
//go:embed openapi.json
var openAPI string

// openAPIServer is the placeholder in openAPI for this installation's address.
const openAPIServer = `"https://campaignlark.example"`

// describe sends the description of the public endpoint. Pages of any site may read it.
func (s *Server) describe(v *visit) error {
	v.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	v.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	v.Set("Cross-Origin-Resource-Policy", "cross-origin")
	here, _ := json.Marshal(s.base) // a string always encodes
	return v.SendString(strings.Replace(openAPI, openAPIServer, string(here), 1))
}
