package handlers

import (
	"bytes"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/sessions"
)

// visit is one request with what the guard knows about its caller. User, Workspace and Role are set if the route needs them.
type visit struct {
	*fiber.Ctx
	server    *Server
	session   *sessions.Session
	request   *http.Request // this request as gorilla's sessions see it
	User      models.User
	Workspace models.Workspace
	Role      models.Role
	form      url.Values
	file      *upload              // from a multipart form, after its fields
	counts    store.NavCounts      // set by page
	own       []store.OwnWorkspace // set by workspaces
	fine      models.FineFields    // set by loadFine
	broken    []automations.Listed // that are on and need a repair; set by page on the dashboard and on the pages of automations

	refill                 bool // show the form as it was filled in and change nothing (refill.go)
	refillNote, refillNext string
	refillStatus           int
}

// guard runs the handler if the route's access allows the caller.
func (s *Server) guard(r route, c *fiber.Ctx) error {
	v := &visit{Ctx: c, server: s}
	next, restarted := v.Locals(refillKey).(string)
	if restarted && r.access < signedIn {
		return models.ErrNotFound // not a form for signed-in people
	}
	if r.access == anyone || r.access == caller {
		return r.handle(s, v)
	}
	if err := checkOrigin(c); err != nil {
		return err
	}
	if err := s.openSession(v); err != nil {
		return err
	}
	if err := checkFields(v); err != nil {
		return err
	}
	if r.access == visitor {
		return r.handle(s, v)
	}
	switch err := s.checkSession(v); {
	case err == errSignIn && v.Method() == fiber.MethodPost:
		return s.askToSignInAgain(v)
	case err == errToken && restarted:
		v.setRefill(afterSignIn, next, fiber.StatusOK)
	case err == errToken && v.kept() != "" && v.Form("whose") != whose(v.User):
		return errOthers
	case err == errToken && v.kept() != "":
		v.setRefill(afterToken, "", fiber.StatusForbidden)
	case err != nil:
		return err
	case restarted:
		return errToken // kept() never sends the token: this form is not ours
	case v.Method() == fiber.MethodGet:
		if shown, err := s.refillForm(v); shown || err != nil {
			return err
		}
	}
	if r.access == support && !v.User.Support {
		return v.notOpen(errSupport)
	}
	if r.access >= viewer {
		if err := s.checkMember(v, r.access.role()); err != nil {
			return v.notOpen(err)
		}
	}
	handle := func() error { return r.handle(s, v) }
	switch {
	case v.refill:
		return v.refilled(handle)
	case v.Method() == fiber.MethodPost:
		return s.once(v, handle)
	}
	return handle()
}

var (
	errSignIn  = &models.Error{Code: models.CodeForbidden, Message: "Please sign in."}
	errForeign = &models.Error{Code: models.CodeForbidden, Message: "This form was sent from another site, so nothing was done. Open the page here and send it again."}
	errToken   = &models.Error{Code: models.CodeForbidden, Message: "This form has expired, so nothing was done. Open the page again and send it once more."}
	errSupport = &models.Error{Code: models.CodeForbidden, Message: "This page is for support staff only."}
	errRole    = &models.Error{Code: models.CodeForbidden, Message: "Your role in this workspace does not allow this. Ask an admin of the workspace."}
)

// checkOrigin refuses posts from pages of other sites.
func checkOrigin(c *fiber.Ctx) error {
	r := &http.Request{Method: c.Method(), Host: string(c.Request().Host()), URL: &url.URL{}, Header: http.Header{}}
	for _, name := range []string{"Origin", "Sec-Fetch-Site"} {
		if value := c.Get(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	if http.NewCrossOriginProtection().Check(r) != nil {
		return errForeign
	}
	return nil
}

// Limits of the fields of a posted form. A field takes some 200 bytes of memory, and only two in the body.
const (
	maxFormFields     = 100_000
	maxStrangerFields = 1_000 // of people who are not signed in
)

// checkFields refuses a form with too many fields before it is read.
func checkFields(v *visit) error {
	most := maxStrangerFields
	if _, known := v.session.Values[sessionUser].(models.User); known {
		most = maxFormFields
	}
	kind := v.Get(fiber.HeaderContentType)
	form := strings.EqualFold(kind[:min(len(kind), len(fiber.MIMEApplicationForm))], fiber.MIMEApplicationForm)
	if form && bytes.Count(v.Request().Body(), []byte("&")) >= most {
		return fiber.ErrRequestEntityTooLarge
	}
	return nil
}

// checkSession reads who is signed in and checks that a post carries the session's token.
func (s *Server) checkSession(v *visit) error {
	user, ok := v.session.Values[sessionUser].(models.User)
	if !ok {
		return errSignIn
	}
	v.User = user
	if v.Method() == fiber.MethodPost && !isFormToken(v.session, v.Form("csrf")) {
		return errToken
	}
	return nil
}

// checkMember checks that the person is a member of the URL's workspace with a sufficient role.
func (s *Server) checkMember(v *visit, least models.Role) error {
	seen, err := s.enterWorkspace(v, v.Params("slug"))
	if err != nil {
		return err
	}
	if !v.Role.Includes(least) {
		return s.roleError(v)
	}
	if v.refill {
		return nil
	}
	return models.In("guard: note the visit", s.DB.MemberSeen(v.UserContext(), v.Workspace.ID, v.User.ID, seen, s.now()))
}

// namedAdmins is how many admins an error names.
const namedAdmins = 3

// roleError refuses a person and says whom to ask.
func (s *Server) roleError(v *visit) error {
	admins, err := s.DB.Admins(v.UserContext(), v.Workspace.ID, namedAdmins)
	if err != nil || len(admins) == 0 {
		return errRole
	}
	var names []string
	for _, a := range admins {
		names = append(names, nameAndAddress(a.Name, a.Email))
	}
	return &models.Error{Code: errRole.Code, Message: strings.TrimSuffix(errRole.Message, ".") + ", such as " + models.AnyOf(names) + "."}
}

// enterWorkspace sets the visit's workspace by slug. Workspaces without the person as a member are not found. It returns when the
// person's last visit was noted.
func (s *Server) enterWorkspace(v *visit, slug string) (seen *time.Time, err error) {
	own, err := v.workspaces()
	if err != nil {
		return nil, err
	}
	for _, w := range own {
		if w.Slug == slug {
			v.Workspace, v.Role = w.Workspace, w.Role
			return w.SeenAt, nil
		}
	}
	return nil, models.ErrNotFound
}

// workspaces returns the person's workspaces, by name.
func (v *visit) workspaces() (all []store.OwnWorkspace, err error) {
	if v.own == nil {
		v.own, err = v.server.DB.WorkspacesOf(v.UserContext(), v.User.ID)
	}
	return v.own, models.In("guard: workspaces", err)
}

// Form returns the text of a posted field without NUL and with U+FFFD for invalid UTF-8. It ignores the query string.
func (v *visit) Form(name string) string {
	if all := v.FormAll(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// FormAll returns every text of a posted field, in order.
func (v *visit) FormAll(name string) []string {
	if v.form == nil {
		v.form = url.Values{}
		for key, value := range v.Ctx.Request().PostArgs().All() {
			text := cleanText(string(value))
			if text == "" && len(value) > 0 {
				text = "\uFFFD" // an empty field may mean everything
			}
			v.form.Add(cleanText(string(key)), text)
		}
		v.readMultipart()
	}
	return v.form[name]
}

// cleanText makes a browser's text storable in both databases.
func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// clientAddress returns the client's address: the connection's, or behind trusted proxies the last one in X-Forwarded-For that is
// not a proxy's. Clients can forge the addresses left of it.
func (s *Server) clientAddress(c *fiber.Ctx) netip.Addr {
	addr, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return netip.Addr{}
	}
	addr = addr.Unmap()
	if !s.trusts(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(forwardedFor(c), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap().WithZone("")
	}
	return addr
}

func forwardedFor(c *fiber.Ctx) []string {
	var lines []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		lines = append(lines, string(line))
	}
	return lines
}

func (s *Server) trusts(addr netip.Addr) bool {
	for _, p := range s.Config.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
