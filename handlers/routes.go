package handlers

import (
	"slices"

	"campaignlark/models"

	"github.com/gofiber/fiber/v2"
)

// access says who may call a route. The guard (guard.go) checks it before the handler runs.
type access int

const (
	anyone   access = iota // reads no session: assets, readiness
	caller                 // other systems, at the public endpoint
	visitor                // a person with or without a session; a post must come from this site
	signedIn               // a person with a session; a post carries the session's token
	support                // support staff; a post carries the session's token
	viewer                 // a member of the workspace in the URL; a post carries the session's token
	manager                // a viewer who may also change webhooks, contacts, tags, merge tags and segments
	admin                  // a manager who may also change everything else
)

// role is the lowest role that a workspace's route accepts.
func (a access) role() models.Role {
	switch a {
	case viewer:
		return models.RoleViewer
	case manager:
		return models.RoleManager
	}
	return models.RoleAdmin
}

type handler func(*Server, *visit) error

type route struct {
	method, path string
	access       access
	handle       handler
}

// routes lists every route of the program in matching order.
var routes = []route{
	{"GET", "/healthz", anyone, (*Server).alive},
	{"GET", "/readyz", anyone, (*Server).ready},
	{"GET", "/openapi.json", anyone, (*Server).describe},
	{"GET", "/docs", visitor, (*Server).docs},
	{"GET", "/static/:name", anyone, (*Server).asset},
	{"GET", "/styleguide", anyone, (*Server).styleguide},

	{"GET", inboundPath, caller, (*Server).inbound},
	{"POST", inboundPath, caller, (*Server).inbound},
	{"OPTIONS", inboundPath, caller, (*Server).preflight},

	{"GET", "/", signedIn, (*Server).home},
	{"GET", "/login", visitor, (*Server).signInForm},
	{"POST", "/login", visitor, (*Server).signInPost},
	{"POST", "/logout", signedIn, (*Server).signOutPost},
	{"GET", "/setup", visitor, (*Server).setupForm},
	{"POST", "/setup", visitor, (*Server).setupPost},
	{"GET", "/account", signedIn, (*Server).accountForm},
	{"POST", "/account", signedIn, (*Server).accountPost},
	{"POST", "/account/profile", signedIn, (*Server).accountProfile},
	{"POST", "/account/keys", signedIn, (*Server).accountKeys},

	{"GET", invitationsPath, signedIn, (*Server).invitationList},
	{"POST", invitationsPath + "/:id/accept", signedIn, (*Server).invitationAccept},
	{"POST", invitationsPath + "/:id/decline", signedIn, (*Server).invitationDecline},
	{"GET", invitationsPath + "/:token", visitor, (*Server).joinForm},
	{"POST", invitationsPath + "/:token", visitor, (*Server).joinPost},

	{"GET", "/w/:slug/webhooks", viewer, (*Server).webhookList},
	{"POST", "/w/:slug/webhooks", manager, (*Server).webhookCreate},
	{"GET", "/w/:slug/webhooks/new", manager, (*Server).webhookNew},
	{"GET", "/w/:slug/webhooks/:id", viewer, (*Server).webhookShow},
	{"POST", "/w/:slug/webhooks/:id", manager, (*Server).webhookUpdate},
	{"GET", "/w/:slug/webhooks/:id/edit", manager, (*Server).webhookEdit},
	{"GET", "/w/:slug/webhooks/:id/reading", viewer, (*Server).readingShow},
	{"POST", "/w/:slug/webhooks/:id/reading", manager, (*Server).readingUpdate},
	{"GET", "/w/:slug/webhooks/:id/console", manager, (*Server).consoleShow},
	{"POST", "/w/:slug/webhooks/:id/console", manager, (*Server).consoleRun},
	{"POST", "/w/:slug/webhooks/:id/fields", manager, (*Server).webhookFineField},
	{"POST", "/w/:slug/webhooks/:id/enable", manager, (*Server).webhookEnable},
	{"GET", "/w/:slug/webhooks/:id/disable", manager, (*Server).webhookDisableAsk},
	{"POST", "/w/:slug/webhooks/:id/disable", manager, (*Server).webhookDisable},
	{"GET", "/w/:slug/webhooks/:id/rotate", manager, (*Server).webhookRotateAsk},
	{"POST", "/w/:slug/webhooks/:id/rotate", manager, (*Server).webhookRotate},
	{"GET", "/w/:slug/webhooks/:id/delete", manager, (*Server).webhookDeleteAsk},
	{"POST", "/w/:slug/webhooks/:id/delete", manager, (*Server).webhookDelete},

	{"GET", "/w/:slug/webhooks/:id/signature", viewer, (*Server).signatureShow},
	{"POST", "/w/:slug/webhooks/:id/signature", admin, (*Server).signatureUpdate},
	{"GET", "/w/:slug/webhooks/:id/answers", viewer, (*Server).answersShow},
	{"POST", "/w/:slug/webhooks/:id/answers", manager, (*Server).answersUpdate},

	{"GET", "/w/:slug/destinations", viewer, (*Server).destinationList},
	{"POST", "/w/:slug/destinations", admin, (*Server).destinationCreate},
	{"GET", "/w/:slug/destinations/new", admin, (*Server).destinationNew},
	{"GET", "/w/:slug/destinations/:id", viewer, (*Server).destinationShow},
	{"POST", "/w/:slug/destinations/:id", admin, (*Server).destinationUpdate},
	{"GET", "/w/:slug/destinations/:id/edit", admin, (*Server).destinationEdit},
	{"POST", "/w/:slug/destinations/:id/test", manager, (*Server).destinationTest},
	{"POST", "/w/:slug/destinations/:id/retry", manager, (*Server).destinationRetry},
	{"GET", "/w/:slug/destinations/:id/replay", manager, (*Server).resendAsk},
	{"POST", "/w/:slug/destinations/:id/replay", manager, (*Server).resendStart},
	{"POST", "/w/:slug/destinations/:id/enable", admin, (*Server).destinationEnable},
	{"GET", "/w/:slug/destinations/:id/disable", admin, (*Server).destinationDisableAsk},
	{"POST", "/w/:slug/destinations/:id/disable", admin, (*Server).destinationDisable},
	{"GET", "/w/:slug/destinations/:id/secret", admin, (*Server).destinationSecret},
	{"POST", "/w/:slug/destinations/:id/secret", admin, (*Server).destinationSecretChange},
	{"GET", "/w/:slug/destinations/:id/delete", admin, (*Server).destinationDeleteAsk},
	{"POST", "/w/:slug/destinations/:id/delete", admin, (*Server).destinationDelete},
	{"GET", "/w/:slug/deliveries", viewer, (*Server).deliveryList},
	{"GET", "/w/:slug/deliveries/:id", viewer, (*Server).deliveryShow},
	{"POST", "/w/:slug/deliveries/:id/replay", manager, (*Server).deliveryReplay},
	{"GET", "/w/:slug/deliveries/:id/give-up", manager, (*Server).deliveryGiveUpAsk},
	{"POST", "/w/:slug/deliveries/:id/give-up", manager, (*Server).deliveryGiveUp},

	{"GET", "/w/:slug/settings", viewer, (*Server).settings},
	{"POST", "/w/:slug/settings", admin, (*Server).settingsUpdate},
	{"GET", "/w/:slug/settings/members", viewer, (*Server).memberList},
	{"POST", "/w/:slug/settings/members", admin, (*Server).memberInvite},
	{"GET", "/w/:slug/settings/members/new", admin, (*Server).memberNew},
	{"GET", "/w/:slug/settings/members/leave", viewer, (*Server).memberLeaveAsk},
	{"POST", "/w/:slug/settings/members/leave", viewer, (*Server).memberLeave},
	{"GET", "/w/:slug/settings/members/:id/edit", admin, (*Server).memberEdit},
	{"POST", "/w/:slug/settings/members/:id", admin, (*Server).memberUpdate},
	{"GET", "/w/:slug/settings/members/:id/remove", viewer, (*Server).memberRemoveAsk},
	{"POST", "/w/:slug/settings/members/:id/remove", admin, (*Server).memberRemove},
	{"GET", "/w/:slug/settings/invitations/:id", admin, (*Server).invitationShow},
	{"POST", "/w/:slug/settings/invitations/:id/renew", admin, (*Server).invitationRenew},
	{"POST", "/w/:slug/settings/invitations/:id/cancel", admin, (*Server).invitationCancel},
	{"GET", "/w/:slug/settings/inbound-webhooks", viewer, (*Server).settingsWebhooks},
	{"GET", "/w/:slug/settings/audit-log", admin, (*Server).auditLog},
	{"GET", "/w/:slug/settings/delete", admin, (*Server).workspaceAsk},
	{"POST", "/w/:slug/settings/delete", admin, (*Server).workspaceDelete},

	{"GET", "/workspaces", signedIn, (*Server).workspaceList},
	{"POST", "/workspaces", signedIn, (*Server).workspaceCreate},
	{"GET", "/workspaces/new", signedIn, (*Server).workspaceNew},

	{"GET", "/w/:slug/segments", viewer, (*Server).segmentList},
	{"POST", "/w/:slug/segments", manager, (*Server).segmentCreate},
	{"GET", "/w/:slug/segments/new", manager, (*Server).segmentNew},
	{"GET", "/w/:slug/segments/:id", viewer, (*Server).segmentShow},
	{"POST", "/w/:slug/segments/:id", manager, (*Server).segmentUpdate},
	{"GET", "/w/:slug/segments/:id/changes", viewer, (*Server).segmentHistory},
	{"GET", "/w/:slug/segments/:id/changes/:change", viewer, (*Server).segmentMany},
	{"GET", "/w/:slug/segments/:id/edit", manager, (*Server).segmentEdit},
	{"GET", "/w/:slug/segments/:id/delete", manager, (*Server).segmentAsk},
	{"POST", "/w/:slug/segments/:id/delete", manager, (*Server).segmentDelete},

	{"GET", "/w/:slug/automations", viewer, (*Server).automationList},
	{"POST", "/w/:slug/automations", manager, (*Server).automationCreate},
	{"GET", "/w/:slug/automations/new", manager, (*Server).automationNew},
	{"GET", "/w/:slug/automations/:id", viewer, (*Server).automationShow},
	{"POST", "/w/:slug/automations/:id", manager, (*Server).automationUpdate},
	{"GET", "/w/:slug/automations/:id/edit", manager, (*Server).automationEdit},
	{"POST", "/w/:slug/automations/:id/enable", manager, (*Server).automationEnable},
	{"GET", "/w/:slug/automations/:id/retry", manager, (*Server).automationRetryAsk},
	{"POST", "/w/:slug/automations/:id/retry", manager, (*Server).automationRetry},
	{"GET", "/w/:slug/automations/:id/disable", manager, (*Server).automationDisableAsk},
	{"POST", "/w/:slug/automations/:id/disable", manager, (*Server).automationDisable},
	{"POST", "/w/:slug/automations/:id/copy", manager, (*Server).automationCopy},
	{"GET", "/w/:slug/automations/:id/delete", manager, (*Server).automationDeleteAsk},
	{"POST", "/w/:slug/automations/:id/delete", manager, (*Server).automationDelete},
	{"GET", "/w/:slug/runs/:id", viewer, (*Server).runShow},
	{"POST", "/w/:slug/runs/:id/stop", manager, (*Server).runStop},
	{"POST", "/w/:slug/runs/:id/retry", manager, (*Server).runRetry},

	{"GET", "/w/:slug/tags", viewer, (*Server).tagList},
	{"POST", "/w/:slug/tags", manager, (*Server).tagCreate},
	{"GET", "/w/:slug/tags/new", manager, (*Server).tagNew},
	{"GET", "/w/:slug/tags/:id/edit", manager, (*Server).tagEdit},
	{"POST", "/w/:slug/tags/:id", manager, (*Server).tagUpdate},
	{"GET", "/w/:slug/tags/:id/delete", manager, (*Server).tagAsk},
	{"POST", "/w/:slug/tags/:id/delete", manager, (*Server).tagDelete},

	{"GET", "/w/:slug/merge-tags", viewer, (*Server).mergeTagList},
	{"POST", "/w/:slug/merge-tags", manager, (*Server).mergeTagCreate},
	{"GET", "/w/:slug/merge-tags/new", manager, (*Server).mergeTagNew},
	{"GET", "/w/:slug/merge-tags/:id/edit", manager, (*Server).mergeTagEdit},
	{"GET", "/w/:slug/merge-tags/:id/fill", manager, (*Server).fillAsk},
	{"POST", "/w/:slug/merge-tags/:id/fill", manager, (*Server).fillStart},
	{"POST", "/w/:slug/merge-tags/usual", manager, (*Server).mergeTagsUsual},
	{"POST", "/w/:slug/merge-tags/:id", manager, (*Server).mergeTagUpdate},
	{"GET", "/w/:slug/merge-tags/:id/delete", manager, (*Server).mergeTagAsk},
	{"POST", "/w/:slug/merge-tags/:id/delete", manager, (*Server).mergeTagDelete},

	{"GET", "/w/:slug", viewer, (*Server).dashboard},
	{"POST", "/w/:slug/first-steps/hide", viewer, (*Server).stepsHide},
	{"GET", "/w/:slug/search", viewer, (*Server).search},
	{"GET", "/w/:slug/keys", viewer, (*Server).keys},
	{"GET", "/w/:slug/webhooks/:id/wait", viewer, (*Server).webhookWait},
	{"GET", "/w/:slug/requests", viewer, (*Server).requestList},
	{"GET", "/w/:slug/requests.csv", manager, (*Server).requestsCSV},
	{"GET", "/w/:slug/requests.ndjson", manager, (*Server).requestsNDJSON},
	{"POST", "/w/:slug/failures/dismiss", manager, (*Server).failuresDismiss},
	{"GET", "/w/:slug/requests/live", viewer, (*Server).requestsLive},
	{"GET", "/w/:slug/requests/replay", manager, (*Server).replayAsk},
	{"POST", "/w/:slug/requests/replay", manager, (*Server).replayStart},
	{"GET", "/w/:slug/requests/:id", viewer, (*Server).requestShow},
	{"POST", "/w/:slug/requests/:id/reveal", manager, (*Server).requestReveal},

	{"GET", supportPath, support, (*Server).supportList},
	{"GET", supportPath + "/live", support, (*Server).supportLive},
	{"GET", revealsPath, support, (*Server).supportReveals},
	{"GET", supportPath + "/:id", support, (*Server).supportShow},
	{"GET", "/support/w/:slug/contacts/:id", support, (*Server).supportContact},
	{"POST", supportPath + "/:id/reveal", support, (*Server).supportReveal},

	{"GET", "/w/:slug/contacts", viewer, (*Server).contactList},
	{"POST", "/w/:slug/contacts", manager, (*Server).contactCreate},
	{"GET", "/w/:slug/contacts.csv", manager, (*Server).contactsExport},
	{"POST", "/w/:slug/contacts/columns", viewer, (*Server).contactColumnsSet},
	{"GET", "/w/:slug/contacts/filter", viewer, (*Server).contactRule},
	{"POST", "/w/:slug/contacts/filter", viewer, (*Server).contactRuleSet},
	{"GET", "/w/:slug/contacts/bulk", manager, (*Server).bulkAsk},
	{"POST", "/w/:slug/contacts/bulk", manager, (*Server).bulkStart},
	{"GET", "/w/:slug/contacts/new", manager, (*Server).contactNew},
	{"GET", "/w/:slug/contacts/import", manager, (*Server).importForm},
	{"POST", "/w/:slug/contacts/import", manager, (*Server).importReceive},
	{"GET", "/w/:slug/contacts/import/:id", manager, (*Server).importShow},
	{"POST", "/w/:slug/contacts/import/:id", manager, (*Server).importStart},
	{"GET", "/w/:slug/contacts/import/:id/columns", manager, (*Server).importColumns},
	{"POST", "/w/:slug/contacts/import/:id/columns", manager, (*Server).importCheck},
	{"GET", "/w/:slug/contacts/import/:id/undo", manager, (*Server).importUndoAsk},
	{"POST", "/w/:slug/contacts/import/:id/undo", manager, (*Server).importUndoStart},
	{"GET", "/w/:slug/contacts/import/:id/refused.csv", manager, (*Server).importRefused},
	{"GET", "/w/:slug/contacts/:id", viewer, (*Server).contactShow},
	{"POST", "/w/:slug/contacts/:id", manager, (*Server).contactUpdate},
	{"GET", "/w/:slug/contacts/:id/edit", manager, (*Server).contactEdit},
	{"GET", "/w/:slug/contacts/:id/export.json", manager, (*Server).personExport},
	{"GET", "/w/:slug/contacts/:id/delete", manager, (*Server).contactAsk},
	{"POST", "/w/:slug/contacts/:id/delete", manager, (*Server).contactDelete},
	{"GET", "/w/:slug/contacts/:id/unsubscribe", manager, (*Server).contactUnsubscribeAsk},
	{"POST", "/w/:slug/contacts/:id/unsubscribe", manager, (*Server).contactUnsubscribe},
	{"POST", "/w/:slug/contacts/:id/tags", manager, (*Server).contactAddTags},

	{"GET", "/w/:slug/jobs", viewer, (*Server).jobList},
	{"GET", "/w/:slug/jobs/:id", viewer, (*Server).jobShow},
	{"POST", "/w/:slug/jobs/:id/stop", manager, (*Server).jobStop},
	{"POST", "/w/:slug/jobs/:id/pause", manager, (*Server).jobPause},
	{"POST", "/w/:slug/jobs/:id/resume", manager, (*Server).jobResume},
}

// register adds the routes to Fiber. It uses Add because Get would also answer HEAD everywhere.
func (s *Server) register() {
	for _, r := range routes {
		s.app.Add(r.method, r.path, func(c *fiber.Ctx) error { return s.guard(r, c) })
		if r.answersHead() {
			s.app.Add(fiber.MethodHead, r.path, func(c *fiber.Ctx) error { return s.guard(r, c) })
		}
	}
}

// streamed lists the routes whose GET starts a stream. Exports also add an entry to the audit log.
var streamed = []string{
	"/w/:slug/contacts.csv", "/w/:slug/requests.csv", "/w/:slug/requests.ndjson", "/w/:slug/contacts/:id/export.json", "/w/:slug/contacts/import/:id/refused.csv", "/w/:slug/webhooks/:id/wait",
}

// answersHead reports whether HEAD is answered like GET, without the body. Streams and the public endpoint answer 405 (CONTRACT
// "Route and verbs").
func (r route) answersHead() bool {
	return r.method == fiber.MethodGet && r.access != caller && !slices.Contains(streamed, r.path)
}

// isPageRead reports whether a request only reads a page.
func isPageRead(c *fiber.Ctx) bool {
	return c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
}

// Pages lists the path patterns of all pages for signed-in people, such as "/w/:slug/tags/:id/edit".
func Pages() (patterns []string) {
	for _, r := range routes {
		if r.method == fiber.MethodGet && r.access >= signedIn {
			patterns = append(patterns, r.path)
		}
	}
	return patterns
}
