package handlers

import (
	"regexp"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// invite invites somebody and returns the secret path of the link on the next page.
func (s *site) invite(email, role string) string {
	s.t.Helper()
	page := s.follow(s.post("/w/books/settings/members", "email", email, "role", role))
	page.want(s.t, 200, email+" is invited", "shown this once", "48 hours")
	link := regexp.MustCompile(`http://lark\.example(/invitations/[\w-]{43})`).FindStringSubmatch(page.body)
	if link == nil {
		s.t.Fatalf("the page shows no link: %s", page.text())
	}
	return link[1]
}

// invitationPath returns the path of an admin's action on an invitation.
func (s *site) invitationPath(email, action string) string {
	s.t.Helper()
	i, err := store.First[models.Invitation](s.db.Read(s.t.Context()).Where("email = ?", email))
	if err != nil {
		s.t.Fatal(err)
	}
	return "/w/books/settings/invitations/" + itoa(i.ID) + action
}

func TestInviteSomebodyNew(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/settings/members").want(t, 200, "ines@example.com you Admin", "the only admin")
		s.get("/w/books/settings/members/new").want(t, 200, "Reads everything and changes nothing", "Creates, changes and deletes webhooks", "invites and removes people")
		s.post("/w/books/settings/members", "email", "otto", "role", "").want(t, 422, "This is not an e-mail address", "Please choose admin, manager or viewer")
		link := s.invite("otto@example.com", "manager")
		again := s.get(s.invitationPath("otto@example.com", ""))
		again.want(t, 200, "cannot be shown again")
		if strings.Contains(again.body, link) {
			t.Error("the link is shown again")
		}
		s.get("/w/books/settings/members").want(t, 200, "otto@example.com Manager Invited until", "New link", "Cancel")
		s.post("/w/books/settings/members", "email", "Otto@example.com", "role", "viewer").want(t, 422, "otto@example.com is invited already")

		guest := s.as("")
		page := guest.get(link)
		page.want(t, 200, "Join Books", "ines@example.com invites you to the workspace Books as Manager")
		if got := page.header.Get("Referrer-Policy"); got != "strict-origin" {
			t.Errorf("got the Referrer-Policy %q, want one that keeps the path", got)
		}
		s.get(link).want(t, 200, "You are signed in as ines@example.com")
		guest.post(link, "password", "short").want(t, 422, "10 characters or longer")
		a := guest.post(link, "password", rightPassword)
		a.leadsTo(t, "/w/books")
		otto := s.as(guest.cookie(a))
		otto.get("/w/books").want(t, 200, "You are a member of Books now.", "Manager")
		guest.get(link).want(t, 404, "This invitation link does not work", "ask the person who invited you")
		guest.post(link, "password", rightPassword).want(t, 404, "This invitation link does not work")
		otto.get("/w/books/settings/members").want(t, 200, "ines@example.com Admin", "otto@example.com you Manager now")
	})
}

// TestInvalidLinksGetTheSameAnswer compares the answers to every kind of invalid link.
func TestInvalidLinksGetTheSameAnswer(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		old := s.invite("otto@example.com", "viewer")
		s.follow(s.post(s.invitationPath("otto@example.com", "/renew"))).want(t, 200, "shown this once")
		s.get("/w/books/settings/audit-log").want(t, 200, "made a new link for otto@example.com")
		cancelled := s.invite("vera@example.com", "viewer")
		s.follow(s.post(s.invitationPath("vera@example.com", "/cancel"))).want(t, 200, "The invitation of vera@example.com is cancelled.")
		expired := s.invite("mo@example.com", "viewer")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE invitations SET expires_at = ? WHERE email = ?", s.server.now(), "mo@example.com").Error
		})
		s.get("/w/books/settings/members").want(t, 200, "mo@example.com Viewer Expired")
		late := s.invite("lea@example.com", "viewer")
		s.get("/w/books/settings/members").want(t, 200, "lea@example.com Viewer Invited until", ", its link until")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE invitations SET created_at = ? WHERE email = ?", s.server.now().Add(-models.LinkLife), "lea@example.com").Error
		})
		s.get("/w/books/settings/members").want(t, 200, "lea@example.com Viewer Invited until", ", its link has expired")
		unknown := s.as("").get("/invitations/" + models.NewToken())
		unknown.want(t, 404, "This invitation link does not work")
		for why, link := range map[string]string{"replaced": old, "cancelled": cancelled, "expired": expired, "older than a link lives": late, "short": "/invitations/x"} {
			if a := s.as("").get(link); a.status != 404 || a.body != unknown.body {
				t.Errorf("%s: got %d and %s, want the answer to an unknown link", why, a.status, a.text())
			}
		}
	})
}

// TestAnInvitationDoesNotTellWhoHasAnAccount invites a person with an account and one without, and compares the pages that the
// inviting admin sees.
func TestAnInvitationDoesNotTellWhoHasAnAccount(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMember(s.addWorkspace("music"), "known@example.com", models.RoleAdmin)
		secret := regexp.MustCompile(`[\w-]{43}`)
		seen := func(email, path string) string {
			text := strings.ReplaceAll(secret.ReplaceAllString(s.get(path).text(), "SECRET"), email, "THEM")
			return regexp.MustCompile(`invitations/\d+`).ReplaceAllString(text, "invitations/N")
		}
		pages := map[string][]string{}
		for _, email := range []string{"known@example.com", "never@example.com"} {
			link := s.invite(email, "viewer")
			pages["link"] = append(pages["link"], seen(email, link))
			refused := s.as("").post(link, "password", "short")
			refused.want(t, 422, "10 characters or longer")
			pages["bad password"] = append(pages["bad password"], strings.ReplaceAll(refused.text(), email, "THEM"))
			pages["list"] = append(pages["list"], seen(email, "/w/books/settings/members"))
			s.follow(s.post(s.invitationPath(email, "/renew"))).want(t, 200, email+" is invited", "shown this once")
			pages["again"] = append(pages["again"], seen(email, s.invitationPath(email, "")))
			s.post(s.invitationPath(email, "/cancel")).want(t, 303)
			s.get("/w/books/settings/members")
		}
		for page, texts := range pages {
			if texts[0] != texts[1] {
				t.Errorf("%s: got for a person with an account %s, want as for one without %s", page, texts[0], texts[1])
			}
		}
	})
}

func TestInviteSomebodyWithAnAccount(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		music := s.addWorkspace("music")
		mo := s.addMember(music, "mo@example.com", models.RoleAdmin)
		link := s.invite("mo@example.com", "viewer")
		s.as("").get(link).want(t, 200, "Join Books", "Do you have an account for mo@example.com already?")
		them := s.as(s.signIn(mo))
		them.get(link).leadsTo(t, "/invitations")
		them.get("/w/music").want(t, 200, "You are invited to 1 workspace.")
		them.get("/account").want(t, 200, "You are invited to 1 workspace.")
		them.get("/w/music/tags").wantNot(t, "You are invited")
		them.get("/w/books").want(t, 404)
		them.get("/invitations").want(t, 200, "ines@example.com invites you to the workspace Books as Viewer", "Accept", "Decline")
		i, err := store.First[models.Invitation](s.db.Read(t.Context()).Where("email = ?", mo.Email))
		if err != nil {
			t.Fatal(err)
		}
		path := "/invitations/" + itoa(i.ID)
		s.follow(s.post(path+"/accept")).want(t, 200, "This invitation is no longer valid") // it is for somebody else
		them.post(path+"/accept").leadsTo(t, "/w/books")
		list := s.get("/w/books/settings/members")
		list.want(t, 200, "ines@example.com you Admin now", "mo@example.com Viewer just now")
		list.wantNot(t, "never")
		s.get("/w/books/settings/audit-log").want(t, 200, "mo@example.com joined Role: Viewer")
		them.get("/w/books").want(t, 200, "You are a member of Books now.", "Viewer")
		s.post("/w/books/settings/members", "email", "mo@example.com", "role", "admin").want(t, 422, "mo@example.com is a member already")
	})
}

// Signed-in people see their open invitations, support staff on the support pages too.
func TestOpenInvitationsAreAnnounced(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		noor.get("/support/requests").wantNot(t, "You are invited")
		s.post("/w/books/settings/members", "email", "noor@support.example", "role", "viewer").want(t, 303)
		for _, path := range []string{"/support/requests", "/workspaces", "/account"} {
			a := noor.get(path)
			a.want(t, 200, "You are invited to 1 workspace.")
			a.wantHref(t, "/invitations", "/workspaces")
		}
		noor.get("/invitations").wantNot(t, "You are invited to 1")
		mo := s.as(s.signIn(s.addMember(s.addWorkspace("music"), "mo@example.com", models.RoleViewer)))
		s.post("/w/books/settings/members", "email", "mo@example.com", "role", "viewer").want(t, 303)
		mo.get("/workspaces").want(t, 200, "You are invited to 1 workspace.")
	})
}

// TestALinkForAnAccountLeadsToSignIn creates the account after the link.
func TestALinkForAnAccountLeadsToSignIn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		link := s.invite("otto@example.com", "viewer")
		otto := models.User{Email: "otto@example.com", PasswordHash: "none", CreatedAt: s.server.now()}
		s.write(func(tx *gorm.DB) error { return tx.Create(&otto).Error })
		guest := s.as("")
		guest.get(link).want(t, 200, "Do you have an account for otto@example.com already?", "Sign in")
		guest.post(link, "password", rightPassword).want(t, 409, "You have an account already")
		if again, err := s.db.UserByEmail(t.Context(), otto.Email); err != nil || again.PasswordHash != "none" {
			t.Errorf("got %v, want the password as it was", err)
		}
		me := s.as(s.signIn(otto))
		offered := me.follow(me.get("/"))
		offered.want(t, 200, "invites you to the workspace Books as Viewer")
		offered.wantHref(t, "/workspaces")
		i, err := store.First[models.Invitation](s.db.Read(t.Context()).Where("email = ?", otto.Email))
		if err != nil {
			t.Fatal(err)
		}
		me.follow(me.post("/invitations/"+itoa(i.ID)+"/decline")).want(t, 200, "The invitation is declined.", "You have no invitations")
		me.get("/account").want(t, 200, "Change your password")
	})
}

func TestRolesChangeAtTheNextRequest(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		otto := s.addMember(s.workspace, "otto@example.com", models.RoleManager)
		them, path := s.as(s.signIn(otto)), "/w/books/settings/members/"+itoa(otto.ID)
		them.get("/w/books/tags/new").want(t, 200)
		s.get(path+"/edit").want(t, 200, "otto@example.com", "Manager")
		s.post(path, "role", "owner").want(t, 422, "Please choose admin, manager or viewer")
		s.follow(s.post(path, "role", "viewer")).want(t, 200, "The role of otto@example.com is Viewer now.")
		them.get("/w/books/tags/new").want(t, 403, "Your role")
		s.get(path+"/remove").want(t, 200, "Remove otto@example.com from Books?", "cannot open this workspace any more")
		s.follow(s.post(path+"/remove")).want(t, 200, "otto@example.com is not a member any more.")
		them.get("/w/books/tags").want(t, 404)
		them.follow(them.get("/")).want(t, 200, "You have no invitations", "otto@example.com")
		s.get(path+"/edit").want(t, 404)
	})
}

func TestLeaveWorkspace(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		me := "/w/books/settings/members/" + itoa(s.user.ID)
		s.get("/w/books/settings/members/leave").want(t, 200, "You cannot leave yet", "Make somebody else an admin first")
		s.post("/w/books/settings/members/leave").want(t, 422, "You cannot leave yet")
		s.post(me+"/remove").want(t, 422, "You cannot leave yet")
		s.post(me, "role", "viewer").want(t, 422, "A workspace needs at least one admin")
		viewer := s.addMember(s.workspace, "vera@example.com", models.RoleViewer)
		vera := s.as(s.signIn(viewer))
		vera.get("/w/books/settings/members/"+itoa(viewer.ID)+"/remove").leadsTo(t, "/w/books/settings/members/leave")
		vera.get(me+"/remove").want(t, 403, "Your role")
		list := vera.get("/w/books/settings/members")
		list.want(t, 200, "Leave")
		list.wantNot(t, "Invite a person", "Change role", "Remove")
		vera.get("/w/books/settings/members/leave").want(t, 200, "Leave Books?", "an admin has to invite you again")
		vera.post("/w/books/settings/members/leave").leadsTo(t, "/")
		vera.follow(vera.get("/")).want(t, 200, "You have left Books.")
		s.addMember(s.workspace, "otto@example.com", models.RoleAdmin)
		s.post("/w/books/settings/members/leave").leadsTo(t, "/")
	})
}
