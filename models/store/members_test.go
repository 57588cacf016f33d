package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// team is a workspace with its first admin.
type team struct {
	*testing.T
	db    *store.DB
	w     models.Workspace
	admin models.User
}

func eachTeam(t *testing.T, f func(m team)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, admin, err := db.CreateFirstAdmin(t.Context(), firstAdmin())
		if err != nil {
			t.Fatal(err)
		}
		f(team{T: t, db: db, w: w, admin: admin})
	})
}

func (m team) add(email string, role models.Role) models.User {
	m.Helper()
	u, err := m.db.CreateUser(m.Context(), models.NewUser{Email: email, Password: rightPassword, WorkspaceID: m.w.ID, Role: role}, nine)
	if err != nil {
		m.Fatal(err)
	}
	return u
}

// invite invites an address as a viewer and returns the invitation and the token of its link.
func (m team) invite(email string) (models.Invitation, string) {
	m.Helper()
	i, token, errs, err := m.db.Invite(m.Context(), m.w.ID, m.admin.ID, email, models.RoleViewer, nine)
	if err != nil || errs.Any() {
		m.Fatalf("%s: got %v %v, want an invitation", email, errs, err)
	}
	return i, token
}

// wantMembers fails unless these are the members, each written as "address role".
func (m team) wantMembers(want ...string) {
	m.Helper()
	all, err := m.db.Members(m.Context(), m.w.ID)
	if err != nil {
		m.Fatal(err)
	}
	var got []string
	for _, one := range all {
		got = append(got, one.Email+" "+string(one.Role))
	}
	if !slices.Equal(got, want) {
		m.Errorf("got the members %q, want %q", got, want)
	}
}

// wantNoted fails unless the audit log has these entries about members, oldest first, each written as "action name
// before>after".
func (m team) wantNoted(want ...string) {
	m.Helper()
	var all []models.AuditEntry
	err := m.db.Read(m.Context()).Where("workspace_id = ? AND subject = ?", m.w.ID, models.SubjectMember).Order("at, id").Find(&all).Error
	if err != nil {
		m.Fatal(err)
	}
	var got []string
	for _, e := range all {
		line := e.Action + " " + e.SubjectName
		for _, c := range e.Changes() {
			line += " " + c.Before + ">" + c.After
		}
		got = append(got, line)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		m.Errorf("got the entries %q, want %q", got, want)
	}
}

func TestMembersChangeAndGo(t *testing.T) {
	eachTeam(t, func(m team) {
		ctx := m.Context()
		otto, vera := m.add("otto@example.com", models.RoleManager), m.add("vera@example.com", models.RoleViewer)
		m.wantMembers("ines@alderfinch.example admin", "otto@example.com manager", "vera@example.com viewer")
		if errs, err := m.db.ChangeRole(ctx, m.w.ID, m.admin.ID, store.Member{UserID: otto.ID, Role: models.RoleManager}, models.RoleAdmin, nine); err != nil || errs.Any() {
			m.Errorf("got %v %v, want another admin", errs, err)
		}
		if errs, err := m.db.ChangeRole(ctx, m.w.ID, m.admin.ID, store.Member{UserID: otto.ID, Role: models.RoleAdmin}, "owner", nine); err != nil || errs["role"] == "" {
			m.Errorf("got %v %v, want a sentence about the role", errs, err)
		}
		if _, err := m.db.ChangeRole(ctx, m.w.ID, m.admin.ID, store.Member{UserID: 999}, models.RoleViewer, nine); !errors.Is(err, models.ErrNotFound) {
			m.Errorf("got %v for somebody else, want ErrNotFound", err)
		}
		if err := m.db.RemoveMember(ctx, m.w.ID, otto.ID, vera.ID, nine); err != nil {
			m.Error(err)
		}
		if err := m.db.RemoveMember(ctx, m.w.ID, m.admin.ID, m.admin.ID, nine); err != nil {
			m.Error(err)
		}
		if err := m.db.RemoveMember(ctx, m.w.ID, otto.ID, otto.ID, nine); !errors.Is(err, store.ErrLastAdmin) {
			m.Errorf("got %v, want the last admin to stay", err)
		}
		if _, err := m.db.ChangeRole(ctx, m.w.ID, otto.ID, store.Member{UserID: otto.ID, Role: models.RoleAdmin}, models.RoleManager, nine); !errors.Is(err, store.ErrLastAdmin) {
			m.Errorf("got %v, want the last admin to stay one", err)
		}
		m.wantMembers("otto@example.com admin")
		m.wantNoted("member.added otto@example.com >Manager", "member.added vera@example.com >Viewer", "member.role_changed otto@example.com Manager>Admin",
			"member.removed vera@example.com Viewer>", "member.left ines@alderfinch.example Admin>")
		if _, err := m.db.UserByEmail(ctx, "vera@example.com"); err != nil {
			m.Errorf("got %v, want vera's account to stay", err)
		}
	})
}

// TestOfTwoAdminsOneStays lets two admins remove each other's rights at the same moment.
func TestOfTwoAdminsOneStays(t *testing.T) {
	eachTeam(t, func(m team) {
		otto := m.add("otto@example.com", models.RoleAdmin)
		for round := range 8 {
			var both sync.WaitGroup
			var errs [2]error
			both.Go(func() {
				_, errs[0] = m.db.ChangeRole(m.Context(), m.w.ID, m.admin.ID, store.Member{UserID: otto.ID, Role: models.RoleAdmin}, models.RoleViewer, nine)
			})
			both.Go(func() {
				_, errs[1] = m.db.ChangeRole(m.Context(), m.w.ID, otto.ID, store.Member{UserID: m.admin.ID, Role: models.RoleAdmin}, models.RoleManager, nine)
			})
			both.Wait()
			refused := 0
			for _, err := range errs {
				if errors.Is(err, store.ErrLastAdmin) {
					refused++
				} else if err != nil {
					m.Fatal(err)
				}
			}
			if refused != 1 {
				m.Fatalf("round %d: got %d refusals (%v), want one", round, refused, errs)
			}
			for _, u := range []models.User{m.admin, otto} { // make both admins again; the one who still is does not change
				seen, err := m.db.Member(m.Context(), m.w.ID, u.ID)
				if err != nil {
					m.Fatal(err)
				}
				if _, err := m.db.ChangeRole(m.Context(), m.w.ID, 0, seen, models.RoleAdmin, nine); err != nil {
					m.Fatal(err)
				}
			}
		}
	})
}

// TestAChangeOfMembersWaitsForAnother removes one admin's rights while another transaction, not yet committed, removes
// the other's.
func TestAChangeOfMembersWaitsForAnother(t *testing.T) {
	eachTeam(t, func(m team) {
		otto := m.add("otto@example.com", models.RoleAdmin)
		var done <-chan error
		err := m.db.Write(m.Context(), func(tx *gorm.DB) error {
			if err := store.LockMembers(tx, m.w.ID); err != nil {
				return err
			}
			done = dbtest.UntilItWaits(m.T, m.db, func() error {
				_, err := m.db.ChangeRole(m.Context(), m.w.ID, otto.ID, store.Member{UserID: m.admin.ID, Role: models.RoleAdmin}, models.RoleViewer, nine)
				return err
			})
			return tx.Exec("UPDATE memberships SET role = ? WHERE workspace_id = ? AND user_id = ?", models.RoleViewer, m.w.ID, otto.ID).Error
		})
		if err != nil {
			m.Fatal(err)
		}
		if err := <-done; !errors.Is(err, store.ErrLastAdmin) {
			m.Errorf("got %v, want the last admin to stay", err)
		}
	})
}

func TestALinkMakesAnAccountOnce(t *testing.T) {
	eachTeam(t, func(m team) {
		ctx := m.Context()
		_, token := m.invite("Otto@Example.com ")
		offer, err := m.db.InvitationByToken(ctx, token, nine)
		if err != nil || offer.WorkspaceName != m.w.Name || offer.InviterEmail != m.admin.Email || offer.Role != models.RoleViewer || offer.HasAccount {
			m.Errorf("got %+v (%v), want the offer with workspace, inviter and role", offer, err)
		}
		var both sync.WaitGroup
		var errs [2]error
		for i := range errs {
			both.Go(func() { _, _, errs[i] = m.db.JoinByLink(ctx, token, rightPassword, nine) })
		}
		both.Wait()
		if errs[0] != nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		if errs[0] != nil || !errors.Is(errs[1], models.ErrInvitation) {
			m.Errorf("got %v, want one to join and one ErrInvitation", errs)
		}
		m.wantMembers("ines@alderfinch.example admin", "otto@example.com viewer")
		m.wantNoted("member.invited otto@example.com >Viewer", "member.joined otto@example.com >Viewer")
		door{T: m.T, db: m.db}.want("in", "otto@example.com", rightPassword, home, nine)
	})
}

func TestALinkEnds(t *testing.T) {
	eachTeam(t, func(m team) {
		ctx := m.Context()
		dead := func(why, token string, at time.Time) {
			m.Helper()
			if _, err := m.db.InvitationByToken(ctx, token, at); !errors.Is(err, models.ErrInvitation) {
				m.Errorf("%s: got %v, want ErrInvitation", why, err)
			}
			if _, _, err := m.db.JoinByLink(ctx, token, rightPassword, at); !errors.Is(err, models.ErrInvitation) {
				m.Errorf("%s: got %v on joining, want ErrInvitation", why, err)
			}
		}
		dead("made up", strings.Repeat("a", 43), nine)
		dead("empty", "", nine)
		i, token := m.invite("otto@example.com")
		dead("too old", token, nine.Add(48*time.Hour))
		_, renewed, err := m.db.RenewInvitation(ctx, m.w.ID, m.admin.ID, i.ID, nine.Add(time.Hour))
		if err != nil || renewed == "" || renewed == token {
			m.Fatalf("got %v, want another link", err)
		}
		dead("renewed", token, nine)
		if _, err := m.db.InvitationByToken(ctx, renewed, nine.Add(48*time.Hour)); err != nil {
			m.Errorf("got %v, want the new link to live 48 hours from when it was made", err)
		}
		if _, err := m.db.CancelInvitation(ctx, m.w.ID, m.admin.ID, i.ID, nine); err != nil {
			m.Fatal(err)
		}
		dead("cancelled", renewed, nine)
		m.wantNoted("member.invited otto@example.com >Viewer", "invitation.linked otto@example.com >Viewer", "invitation.cancelled otto@example.com Viewer>")
		for _, change := range []func() error{
			func() error { _, err := m.db.CancelInvitation(ctx, m.w.ID, m.admin.ID, i.ID, nine); return err },
			func() error { _, _, err := m.db.RenewInvitation(ctx, m.w.ID, m.admin.ID, i.ID, nine); return err },
		} {
			if err := change(); !errors.Is(err, models.ErrNotFound) {
				m.Errorf("got %v for what is cancelled, want ErrNotFound", err)
			}
		}
	})
}

func TestNobodyIsInvitedTwice(t *testing.T) {
	eachTeam(t, func(m team) {
		ctx := m.Context()
		m.invite("otto@example.com")
		for email, says := range map[string]string{"OTTO@example.com": "is invited already", m.admin.Email: "is a member already", "otto": "not an e-mail address", " ": "give an e-mail address"} {
			_, token, errs, err := m.db.Invite(ctx, m.w.ID, m.admin.ID, email, models.RoleAdmin, nine)
			if err != nil || token != "" || !strings.Contains(errs["email"], says) {
				m.Errorf("%q: got %v %v, want %q", email, errs, err, says)
			}
		}
		_, token, errs, err := m.db.Invite(ctx, m.w.ID, m.admin.ID, "otto@example.com", models.RoleAdmin, nine.Add(models.InvitationLife))
		if err != nil || errs.Any() || token == "" {
			m.Errorf("got %v %v, want a new invitation when the old one has expired", errs, err)
		}
	})
}

// TestALinkSetsNoPasswordOfAnAccount creates the account after the link.
func TestALinkSetsNoPasswordOfAnAccount(t *testing.T) {
	eachTeam(t, func(m team) {
		ctx := m.Context()
		_, token := m.invite("otto@example.com")
		otto, err := m.db.CreateUser(ctx, models.NewUser{Email: "otto@example.com", Password: rightPassword, Support: true}, nine)
		if err != nil {
			m.Fatal(err)
		}
		if _, _, err := m.db.JoinByLink(ctx, token, "somebody else's words", nine); !errors.Is(err, models.ErrEmailTaken) {
			m.Errorf("got %v, want ErrEmailTaken", err)
		}
		door{T: m.T, db: m.db}.want("in", otto.Email, rightPassword, home, nine)
		m.wantMembers("ines@alderfinch.example admin")
		all, err := m.db.InvitationsFor(ctx, otto.Email, nine)
		if err != nil || len(all) != 1 || !all[0].HasAccount {
			m.Fatalf("got %v (%v), want the invitation to wait", all, err)
		}
		if w, err := m.db.AcceptInvitation(ctx, otto, all[0].ID, nine); err != nil || w.ID != m.w.ID {
			m.Errorf("got %+v (%v), want otto to have joined", w, err)
		}
		m.wantMembers("ines@alderfinch.example admin", "otto@example.com viewer")
	})
}

func TestSomebodyWithAnAccountAcceptsOrDeclines(t *testing.T) {
	eachTeam(t, func(m team) {
		ctx := m.Context()
		account := func(email string) models.User {
			u, err := m.db.CreateUser(ctx, models.NewUser{Email: email, Password: rightPassword}, nine)
			if err != nil {
				m.Fatal(err)
			}
			return u
		}
		otto, vera := account("otto@example.com"), account("vera@example.com")
		i, token := m.invite(otto.Email)
		if _, _, err := m.db.JoinByLink(ctx, token, "somebody else's words", nine); !errors.Is(err, models.ErrEmailTaken) {
			m.Errorf("got %v for the link of somebody with an account, want ErrEmailTaken", err)
		}
		if _, err := m.db.AcceptInvitation(ctx, vera, i.ID, nine); !errors.Is(err, models.ErrInvitation) {
			m.Errorf("got %v for another's invitation, want ErrInvitation", err)
		}
		if n, err := m.db.CountInvitations(ctx, otto.Email, nine); n != 1 || err != nil {
			m.Errorf("got %d (%v), want 1 invitation", n, err)
		}
		if n, err := m.db.CountInvitations(ctx, otto.Email, nine.Add(models.InvitationLife)); n != 0 || err != nil {
			m.Errorf("got %d (%v), want none that is too old", n, err)
		}
		if _, err := m.db.AcceptInvitation(ctx, otto, i.ID, nine); err != nil {
			m.Error(err)
		}
		if _, err := m.db.AcceptInvitation(ctx, otto, i.ID, nine); !errors.Is(err, models.ErrInvitation) {
			m.Errorf("got %v the second time, want ErrInvitation", err)
		}
		j, _ := m.invite(vera.Email)
		if err := m.db.DeclineInvitation(ctx, vera, j.ID, nine); err != nil {
			m.Error(err)
		}
		m.wantMembers("ines@alderfinch.example admin", "otto@example.com viewer")
		m.wantNoted("member.invited otto@example.com >Viewer", "member.joined otto@example.com >Viewer",
			"member.invited vera@example.com >Viewer", "invitation.cancelled vera@example.com Viewer>")
	})
}

func TestLastSeenIsStoredOncePerInterval(t *testing.T) {
	eachTeam(t, func(m team) {
		seen := func(at, want time.Time) {
			m.Helper()
			before, err := m.db.Member(m.Context(), m.w.ID, m.admin.ID)
			if err == nil {
				err = m.db.MemberSeen(m.Context(), m.w.ID, m.admin.ID, before.SeenAt, at)
			}
			after, _ := m.db.Member(m.Context(), m.w.ID, m.admin.ID)
			if err != nil || after.SeenAt == nil || !after.SeenAt.Equal(want) {
				m.Errorf("at %v: got last here %v (%v), want %v", at, after.SeenAt, err, want)
			}
		}
		seen(nine, nine)
		seen(nine.Add(4*time.Minute), nine)
		seen(nine.Add(5*time.Minute), nine.Add(5*time.Minute))
	})
}
