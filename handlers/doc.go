// Package handlers is the program's HTTP side: every route and who may call it (routes.go), sessions, the public
// endpoint (inbound.go) and one file for each resource of the admin. It reads requests and chooses answers; rules and
// queries are elsewhere.
package handlers
