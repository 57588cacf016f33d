package handlers

import (
	"strconv"
	"strings"
	"time"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// supportShow explains one call of any workspace, masked until the person reveals it.
func (s *Server) supportShow(v *visit) error { return s.supportRequest(v, fiber.StatusOK, "", "") }

// supportReveal unmasks one call for this session and a short time. It writes the reason to the audit log before it shows anything.
func (s *Server) supportReveal(v *visit) error {
	row, err := v.anyRequest()
	if err != nil {
		return err
	}
	reason := models.TrimBlanks(v.Form("reason"))
	if v.refill {
		return s.supportRequest(v, v.refillStatus, reason, "")
	}
	if fault := models.ValidateRevealReason(reason); fault != "" {
		return s.supportRequest(v, fiber.StatusUnprocessableEntity, reason, fault)
	}
	now := s.now()
	reveals := addReveal(v.reveals(), row.ID.String(), now)
	err = s.DB.Reveal(v.UserContext(), row, v.User.ID, reason, models.TokenHash(v.session.ID), map[string]string{sessionReveals: reveals}, now)
	if err != nil {
		return models.In("support: note the reveal", err)
	}
	return v.Redirect(supportPath+"/"+row.ID.String(), fiber.StatusSeeOther)
}

// anyRequest returns the URL's call and sets the visit's workspace to the call's.
func (v *visit) anyRequest() (models.WebhookRequest, error) {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.WebhookRequest{}, models.ErrNotFound
	}
	row, workspace, err := v.server.DB.RequestAnywhere(v.UserContext(), id)
	v.Workspace = workspace
	return row, models.In("support: read the request", err)
}

// supportRequest shows one call; reason and fault belong to a refused reveal form.
func (s *Server) supportRequest(v *visit, status int, reason, fault string) error {
	row, err := v.anyRequest()
	if err != nil {
		return err
	}
	t := &story{visit: v, row: row, support: true}
	if err := t.read(); err != nil {
		return err
	}
	shownUntil := revealedUntil(v.reveals(), row.ID.String(), s.now())
	if shownUntil.IsZero() {
		t.mask()
	}
	at := models.IDTime(row.ID).UTC().Format("15:04:05") + " UTC"
	p, err := v.supportPage(views.SectionRequests, "Request "+at, views.Crumb{Text: "Find a request", Href: supportPath},
		views.Crumb{Text: v.Workspace.Name, Href: t.calls(requestQuery{})}, views.Crumb{Text: at})
	if err != nil {
		return err
	}
	p.Failed = fault != ""
	p.Beside = besideUTC(v.Workspace)
	m := t.model(p)
	followed, err := t.followed()
	if err != nil {
		return err
	}
	m.Support = &views.RequestSupport{Reply: t.reply(followed), Followed: followed, Reveal: t.here() + "/reveal", Reason: reason, Fault: fault, Until: shownUntil, Minutes: int(revealFor / time.Minute), Nothing: t.erased}
	return campaignlark.Render(v.Ctx, status, views.RequestPage(m))
}

// How long a reveal lasts, and how many a session keeps.
const (
	revealFor  = 15 * time.Minute
	maxReveals = 20
)

// reveals returns the calls that the session shows unmasked: ids with the Unix second at which each is masked again.
func (v *visit) reveals() string {
	text, _ := v.session.Values[sessionReveals].(string)
	return text
}

// addReveal adds a call to the reveals and drops the oldest of too many.
func addReveal(reveals, id string, now time.Time) string {
	all := []string{id + "=" + strconv.FormatInt(now.Add(revealFor).Unix(), 10)}
	for _, one := range strings.Fields(reveals) {
		if earlier, _, _ := strings.Cut(one, "="); earlier != id && len(all) < maxReveals && !revealedUntil(one, earlier, now).IsZero() {
			all = append(all, one)
		}
	}
	return strings.Join(all, " ")
}

// revealedUntil returns when a revealed call is masked again, zero if it is masked now.
func revealedUntil(reveals, id string, now time.Time) time.Time {
	for _, one := range strings.Fields(reveals) {
		revealed, until, _ := strings.Cut(one, "=")
		seconds, err := strconv.ParseInt(until, 10, 64)
		if revealed == id && err == nil && now.Before(time.Unix(seconds, 0)) {
			return time.Unix(seconds, 0)
		}
	}
	return time.Time{}
}
