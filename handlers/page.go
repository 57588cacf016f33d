package handlers

import (
	"fmt"
	"strconv"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
)

// page builds the frame of a page: the person, the navigation's counts and the last action's message. Outside a workspace there
// are no counts.
func (v *visit) page(section, title string, crumbs ...views.Crumb) (views.Page, error) {
	s := v.server
	workspaces, err := v.workspaces()
	if err != nil {
		return views.Page{}, err
	}
	counts, err := s.DB.NavCounts(v.UserContext(), v.Workspace.ID, s.now())
	if err != nil {
		return views.Page{}, models.In("frame: navigation counts", err)
	}
	v.counts = counts
	repair, err := v.brokenAutomations(section)
	if err != nil {
		return views.Page{}, models.In("frame", err)
	}
	p := views.Page{
		Title: title, Section: section, Crumbs: crumbs,
		Workspace: views.Workspace{Name: v.Workspace.Name, Slug: v.Workspace.Slug},
		Role:      v.Role.Word(), UserEmail: v.User.Email, UserName: v.User.Name, Theme: v.User.Theme, Staff: v.User.Support,
		CSRF: maskedToken(v.session), Once: models.NewToken()[:22], Whose: whose(v.User), KeysOff: !v.User.SingleKeys, Flash: v.message(), Assets: assets(),
		Counts: navCounts(counts), Loc: v.Workspace.Location(), Now: s.now(),
	}
	if repair > 0 {
		p.Counts.BrokenAutomations = views.Count(repair)
	}
	if section == views.SectionDashboard {
		if p.Invited, err = v.invitedTo(); err != nil {
			return views.Page{}, err
		}
	}
	for _, w := range workspaces {
		p.Workspaces = append(p.Workspaces, views.Workspace{Name: w.Name, Slug: w.Slug})
	}
	return p, nil
}

// message returns the message at the top of a page: why a form was not saved, or the last action's result.
func (v *visit) message() *views.Flash {
	if v.refill {
		return &views.Flash{Kind: views.KindWarn, Text: v.refillNote, Unsaved: true}
	}
	return v.takeFlash()
}

func navCounts(c store.NavCounts) views.NavCounts {
	n := views.NavCounts{
		Webhooks: views.Count(c.Webhooks), Contacts: views.CountUpTo(c.Contacts, models.ExactCount),
		Segments: views.Count(c.Segments), Tags: views.Count(c.Tags), MergeTags: views.Count(c.MergeTags), Automations: views.Count(c.Automations),
	}
	if c.Counted != nil {
		n.Contacts = views.Count(c.Contacts)
	}
	if c.Failures > 0 {
		n.Failures = views.Count(c.Failures)
	}
	if c.FailingDestinations > 0 {
		n.FailingDestinations = views.Count(c.FailingDestinations)
	}
	return n
}

func (v *visit) show(component templ.Component) error {
	return campaignlark.Render(v.Ctx, fiber.StatusOK, component)
}

// again shows a form again with the person's input and an error at each field.
func (v *visit) again(component templ.Component) error {
	if v.refill {
		return campaignlark.Render(v.Ctx, v.refillStatus, component)
	}
	return campaignlark.Render(v.Ctx, fiber.StatusUnprocessableEntity, component)
}

// gone shows a form with the person's input after the edited thing was deleted. The status is 404.
func (v *visit) gone(component templ.Component) error {
	return campaignlark.Render(v.Ctx, fiber.StatusNotFound, component)
}

// path returns a path inside the visit's workspace.
func (v *visit) path(parts ...any) string {
	return views.Page{Workspace: views.Workspace{Slug: v.Workspace.Slug}}.Path(parts...)
}

// queryAll returns all values of one name in the URL.
func (v *visit) queryAll(name string) (all []string) {
	for _, value := range v.Context().QueryArgs().PeekMulti(name) {
		all = append(all, string(value))
	}
	return all
}

// done stores a message for the next page and redirects to it.
func (v *visit) done(to string, message string, args ...any) error {
	if err := v.flash(views.Flash{Text: fmt.Sprintf(message, args...)}); err != nil {
		return err
	}
	return v.Redirect(to, fiber.StatusSeeOther)
}

// id returns the number in the URL, or "not found" if it is not a number.
func (v *visit) id() (int64, error) {
	n, err := strconv.ParseInt(v.Params("id"), 10, 64)
	if err != nil || n < 1 {
		return 0, models.ErrNotFound
	}
	return n, nil
}

// ownPage builds the frame of a page outside a workspace. It uses the visit's workspace, else the person's first one, else the
// support side.
func (v *visit) ownPage(section, title string) (views.Page, error) {
	if v.Workspace.ID == 0 {
		if err := v.enterFirstWorkspace(); err != nil {
			return views.Page{}, err
		}
	}
	frame := v.page
	if v.Workspace.ID == 0 && v.User.Support {
		frame = v.supportPage
	}
	p, err := frame(section, title)
	if err == nil && (section == views.SectionAccount || section == views.SectionWorkspaces) {
		p.Invited, err = v.invitedTo()
	}
	return p, err
}

// canChange reports whether the person may change webhooks, contacts, tags, merge tags and segments.
func (v *visit) canChange() bool { return v.Role.Includes(models.RoleManager) }
