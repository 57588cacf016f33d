package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// callers call every route: nobody, an admin of another workspace, support staff without a workspace, and the members of the
// workspace "books" by role.
var callers = []string{"nobody", "stranger", "support", "viewer", "manager", "admin"}

// How the guard can answer a caller.
const (
	in       = "in"      // the handler answered
	toSignIn = "sign in" // 303 to /login
	refused  = "refused" // 403: not with this role
	notThere = "no 404"  // 404: this person must not know of the page
)

// doors is the guard's answer to each caller, by access class and in the order of callers. A new class needs a line.
var doors = map[access][]string{
	anyone:   {in, in, in, in, in, in},
	caller:   {in, in, in, in, in, in},
	visitor:  {in, in, in, in, in, in},
	signedIn: {toSignIn, in, in, in, in, in},
	support:  {toSignIn, refused, in, refused, refused, refused},
	viewer:   {toSignIn, notThere, notThere, in, in, in},
	manager:  {toSignIn, notThere, notThere, refused, in, in},
	admin:    {toSignIn, notThere, notThere, refused, refused, in},
}

// asksMore lists the routes whose handler requires more than their class, with the stricter class.
var asksMore = map[string]access{
	"GET /w/:slug/settings/members/:id/remove": admin, // for their own id, members are redirected to leaving
}

// answersOf lists the statuses of allowed calls that differ from the usual ones: 200 for a page, 303 or 422 for a post with
// nothing but its token.
var answersOf = map[string][]int{
	"GET /":                                 {303},
	"GET /login":                            {200, 303}, // redirects if signed in
	"GET /w/:slug/contacts/import/:id":      {200, 303}, // redirects to the columns first
	"GET /w/:slug/contacts/import/:id/undo": {200, 303}, // redirects to an import that has not ended
	"GET /w/:slug/deliveries/:id/give-up":   {200, 303}, // redirects to a message that does not wait any more
	"GET /setup":                            {403},      // the program is already set up
	"POST /setup":                           {403},
	"GET " + inboundPath:                    {400},
	"POST " + inboundPath:                   {400},
	"OPTIONS " + inboundPath:                {204},

	"GET /w/:slug/webhooks/:id/wait": {303}, // without Accept: text/event-stream
	"GET /w/:slug/requests/live":     {303}, // likewise
	"GET /support/requests/live":     {303}, // likewise
}

// samples creates the value of a path parameter, by the path segment before it and its name. It runs for each call, because a
// call may delete what it created. A route with a new kind of parameter needs a line.
var samples = map[string]func(w *walk, who models.User) string{
	"static/:name":           func(w *walk, _ models.User) string { return strings.TrimPrefix(assets().CSS, "/static/") },
	"inbound-webhooks/:hash": func(w *walk, _ models.User) string { return w.addWebhook(models.TypeSubscribed).Hash },
	"webhooks/:id":           func(w *walk, _ models.User) string { return itoa(w.addWebhook(models.TypeSubscribed).ID) },
	"tags/:id":               func(w *walk, _ models.User) string { return itoa(w.addTag(w.name("tag")).ID) },
	"merge-tags/:id": func(w *walk, _ models.User) string {
		return itoa(w.addMergeTag(models.MergeTag{Key: w.name("key"), Label: w.name("Label "), Type: "text"}).ID)
	},
	"members/:id": func(w *walk, _ models.User) string {
		return itoa(w.addMember(w.workspace, w.name("member")+"@example.com", models.RoleViewer).ID)
	},
	"invitations/:id": func(w *walk, who models.User) string { id, _ := w.invitation(who.Email, true); return id },
	"invitations/:token": func(w *walk, _ models.User) string {
		_, token := w.invitation(w.name("guest")+"@example.com", false)
		return token
	},
	"segments/:id": (*walk).segment,
	"automations/:id": func(w *walk, _ models.User) string {
		return strings.TrimPrefix(w.addAutomation(w.name("automation")), "/w/books/automations/")
	},
	"runs/:id":        (*walk).run,
	"changes/:change": (*walk).change,
	"contacts/:id": func(w *walk, _ models.User) string {
		id := w.next()
		return itoa(w.addContact(id, w.name("contact")+"@example.com", nil).ID)
	},
	"destinations/:id": (*walk).destination,
	"deliveries/:id":   (*walk).delivery,
	"requests/:id":     (*walk).request,
	"import/:id":       (*walk).importJob,
	"jobs/:id": func(w *walk, who models.User) string {
		return itoa(w.addJob(models.NewJob(w.workspace.ID, who.ID, models.JobBulk, struct{}{})).ID)
	},
}

// walk is a site that creates things for the callers.
type walk struct {
	*site
	made   int64
	people map[string]person
}

func (w *walk) next() int64              { w.made++; return w.made }
func (w *walk) name(start string) string { return start + itoa(w.next()) }

func (w *walk) run(models.User) string {
	now := w.server.now()
	automation, _ := strconv.ParseInt(strings.TrimPrefix(w.addAutomation(w.name("automation")), "/w/books/automations/"), 10, 64)
	run := models.AutomationRun{WorkspaceID: w.workspace.ID, ID: models.NewID(now), AutomationID: automation, Revision: 1, EventID: models.NewID(now), State: models.RunWaiting, Step: 1, DueAt: now.Add(time.Hour)}
	w.write(func(tx *gorm.DB) error { return tx.Create(&run).Error })
	return run.ID.String()
}

func (w *walk) segment(models.User) string {
	now := w.server.now()
	segment := models.Segment{WorkspaceID: w.workspace.ID, Name: w.name("segment"), Rule: `{"condition":"AND","filters":[]}`, CreatedAt: now, UpdatedAt: now, BuiltAt: &now}
	w.write(func(tx *gorm.DB) error { return tx.Create(&segment).Error })
	return itoa(segment.ID)
}

// change creates a wave in the latest segment.
func (w *walk) change(models.User) string {
	now, id := w.server.now(), models.NewID(w.server.now())
	w.write(func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO segment_bulk_changes (workspace_id, id, segment_id, span, entered, departed, cause, at) SELECT ?, ?, max(id), 0, ?, ?, 'time', ? FROM segments",
			w.workspace.ID, id, models.NewSegmentSet([]int64{1}), models.SegmentSet{}, now).Error
	})
	return id.String()
}

func (w *walk) request(models.User) string {
	r := models.WebhookRequest{WorkspaceID: w.workspace.ID, ID: models.NewID(w.server.now()), WebhookID: 1, Method: "POST", Outcome: models.OutcomeNoAddress, Status: 422}
	w.write(func(tx *gorm.DB) error { return tx.Create(&r).Error })
	return r.ID.String()
}

func (w *walk) destination(models.User) string { return itoa(w.addDestination(w.name("CRM ")).ID) }

// delivery creates one that was given up.
func (w *walk) delivery(models.User) string {
	return w.addDelivery(w.addDestination(w.name("CRM ")), models.Delivery{State: models.DeliveryDead}, `{"id":"evt_1"}`).ID.String()
}

// invitation stores an invitation to the workspace. If old is set, it is for a person with an account, who needs no link.
func (w *walk) invitation(email string, old bool) (id, token string) {
	token = models.NewToken()
	i := models.Invitation{WorkspaceID: w.workspace.ID, Email: email, Role: models.RoleViewer, TokenHash: models.TokenHash(token), InvitedBy: w.user.ID,
		CreatedAt: w.server.now(), ExpiresAt: w.server.now().Add(time.Hour)}
	if old {
		i.TokenHash = nil
	}
	w.write(func(tx *gorm.DB) error {
		if err := tx.Where("workspace_id = ? AND email = ?", i.WorkspaceID, email).Delete(&models.Invitation{}).Error; err != nil {
			return err
		}
		return tx.Create(&i).Error
	})
	return itoa(i.ID), token
}

// person is a signed-in person.
type person struct {
	models.User
	session string
}

// person returns a caller. fresh creates a new person for calls that may change the caller.
func (w *walk) person(caller string, fresh bool) person {
	if caller == "nobody" {
		return person{User: models.User{Email: "nobody@example.com"}}
	}
	if who, known := w.people[caller]; known && !fresh {
		return who
	}
	user := w.addPerson(caller)
	who := person{user, w.signIn(user)}
	if !fresh {
		w.people[caller] = who
	}
	return who
}

func (w *walk) addPerson(caller string) models.User {
	email := w.name(caller) + "@example.com"
	switch caller {
	case "stranger":
		return w.addMember(w.addWorkspace(w.name("music")), email, models.RoleAdmin)
	case "support":
		user := models.User{Email: email, PasswordHash: "none", Support: true, CreatedAt: w.server.now()}
		w.write(func(tx *gorm.DB) error { return tx.Create(&user).Error })
		return user
	}
	return w.addMember(w.workspace, email, models.Role(caller))
}

// path returns a route's path with an existing thing for each parameter.
func (w *walk) path(r route, who models.User) string {
	w.t.Helper()
	parts := strings.Split(r.path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") {
			continue
		}
		if part == ":slug" {
			parts[i] = w.workspace.Slug
			continue
		}
		sample := samples[parts[i-1]+"/"+part]
		if sample == nil {
			w.t.Fatalf("%s %s: nobody knows what stands for %s; add %q to samples in handlers/routes_test.go", r.method, r.path, part, parts[i-1]+"/"+part)
		}
		parts[i] = sample(w, who)
	}
	return strings.Join(parts, "/")
}

// call calls a route as one of the callers; a post has only the session's token. changes says that the call may change or delete
// its subject or the caller.
func (w *walk) call(r route, caller string, changes bool) answer {
	w.t.Helper()
	who := w.person(caller, changes)
	s, path := w.as(who.session), w.path(r, who.User)
	if r.method == http.MethodPost {
		return s.post(path)
	}
	return s.do(r.method, path, nil, nil)
}

// metAt classifies a route's answer to a caller who should get want.
func metAt(r route, a answer, want string) string {
	login := strings.HasPrefix(a.header.Get("Location"), "/login")
	usual := map[string][]int{"GET": {200}, "POST": {303, 422}}[r.method]
	if special, ok := answersOf[r.method+" "+r.path]; ok {
		usual = special
	}
	switch {
	case a.status == 303 && login && r.path == "/logout":
		return want // signing out and redirecting to sign-in look the same
	case a.status == 303 && login:
		return toSignIn
	case a.status == 403 && (strings.Contains(a.body, strings.TrimSuffix(errRole.Message, ".")) || strings.Contains(a.body, errSupport.Message)):
		return refused
	case slices.Contains(usual, a.status):
		return in
	case a.status == 404:
		return notThere
	}
	return fmt.Sprintf("%d: %s", a.status, a.text())
}

// TestEveryRouteForEveryCaller calls every route as every caller and prints the answers.
func TestEveryRouteForEveryCaller(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.server.Config.Development = true // for the style guide
		w := &walk{site: s, people: map[string]person{}}
		table := fmt.Sprintf("\n%-60s", "route") + strings.Join(callers, "  ")
		for _, r := range routes {
			who := r.access
			if more, ok := asksMore[r.method+" "+r.path]; ok {
				who = more
			}
			want, known := doors[who]
			if !known {
				t.Fatalf("%s %s: its access class says nothing yet; add a line to doors in handlers/routes_test.go", r.method, r.path)
			}
			table += fmt.Sprintf("\n%-60s", r.method+" "+r.path)
			for i, caller := range callers {
				a := w.call(r, caller, r.method == http.MethodPost && want[i] == in)
				met := metAt(r, a, want[i])
				if met != want[i] {
					t.Errorf("%s %s as %s: got %q, want %q", r.method, r.path, caller, met, want[i])
				}
				table += fmt.Sprintf("%-*d", len(caller)+2, a.status)
			}
		}
		t.Log(table)
	})
}

// TestEveryRouteIsInTheTable fails if Fiber has a route that the table does not list.
func TestEveryRouteIsInTheTable(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		listed := map[string]bool{}
		for _, r := range routes {
			listed[r.method+" "+r.path] = true
			listed["HEAD "+r.path] = listed["HEAD "+r.path] || r.answersHead()
		}
		for _, r := range s.server.app.GetRoutes(true) {
			if !listed[r.Method+" "+r.Path] {
				t.Errorf("Fiber answers %s %s, which routes in handlers/routes.go does not list", r.Method, r.Path)
			}
		}
	})
}

// audited counts the audit log's entries.
func (s *site) audited() (entries int64) {
	s.t.Helper()
	if err := s.db.Read(s.t.Context()).Model(&models.AuditEntry{}).Count(&entries).Error; err != nil {
		s.t.Fatal(err)
	}
	return entries
}

// TestHeadIsAnsweredLikeGet calls every route with both verbs, as an allowed person, nobody and support staff. HEAD has the same
// status, type and redirect, no body, and writes nothing. The public endpoint, downloads and streams refuse HEAD.
func TestHeadIsAnsweredLikeGet(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.server.Config.Development = true
		w := &walk{site: s, people: map[string]person{}}
		for _, r := range routes {
			if r.method != http.MethodGet {
				continue
			}
			for _, caller := range []string{"admin", "nobody", "support"} {
				who := w.person(caller, false)
				s, path := w.as(who.session), w.path(r, who.User)
				noted := s.audited()
				head := s.do("HEAD", path, nil, nil)
				if head.body != "" || s.audited() != noted {
					t.Errorf("HEAD %s as %s: got the body %q and %d new audit entries, want none", r.path, caller, head.body, s.audited()-noted)
				}
				if !r.answersHead() {
					if head.status != 405 || !strings.Contains(head.header.Get("Allow"), "GET") {
						t.Errorf("HEAD %s as %s: got %d with Allow %q, want 405", r.path, caller, head.status, head.header.Get("Allow"))
					}
					continue
				}
				get := s.get(path)
				for _, name := range []string{"Content-Type", "Location", "Cache-Control"} {
					if got, want := head.header.Get(name), get.header.Get(name); got != want {
						t.Errorf("HEAD %s as %s: got %s %q, want %q", r.path, caller, name, got, want)
					}
				}
				if head.status != get.status {
					t.Errorf("HEAD %s as %s: got %d, want %d", r.path, caller, head.status, get.status)
				}
			}
		}
	})
}

// TestPostsFromOtherSitesAreRefused posts to every route of the admin pages without the session's token, and from another site.
func TestPostsFromOtherSitesAreRefused(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := &walk{site: s, people: map[string]person{}}
		foreign := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"}}
		for _, r := range routes {
			if r.method != http.MethodPost || r.access == caller {
				continue
			}
			path := w.path(r, s.user)
			if a := s.do("POST", path, nil, foreign); a.status != 403 || !strings.Contains(a.text(), "another site") {
				t.Errorf("POST %s from another site: got %d, want 403; %s", r.path, a.status, a.text())
			}
			if a := s.post(path, "csrf", "wrong"); r.access != visitor && (a.status != 403 || !strings.Contains(a.text(), "has expired")) {
				t.Errorf("POST %s without the token: got %d, want 403; %s", r.path, a.status, a.text())
			}
		}
	})
}

// A page's URL with a slash at its end redirects to the page and never to another site.
func TestTrailingSlashRedirects(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		for path, want := range map[string]string{"/w/books/": "/w/books", "/w/books/tags//?q=a": "/w/books/tags?q=a"} {
			if a := s.get(path); a.status != 308 || a.header.Get("Location") != want {
				t.Errorf("GET %s: got %d to %q, want 308 to %q", path, a.status, a.header.Get("Location"), want)
			}
		}
		if a := s.post("/w/books/tags/", "name", "vip"); a.status != 404 {
			t.Errorf("got %d for a post, want 404", a.status)
		}
		hash := s.addWebhook(models.TypeSubscribed).Hash
		for _, path := range []string{inboundPrefix + hash + "/", "//evil.example/", "/\\evil.example/"} {
			if a := s.get(path); a.status == 308 || strings.Contains(a.header.Get("Location"), "evil.example") && !strings.HasPrefix(a.header.Get("Location"), "/login") {
				t.Errorf("GET %s: got %d to %q, want no redirection", path, a.status, a.header.Get("Location"))
			}
		}
	})
}
