package handlers

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"campaignlark/models"
)

var (
	hrefs = regexp.MustCompile(`href="(/[^"#]*)`)
	forms = regexp.MustCompile(`<form[^>]*>`)
	posts = regexp.MustCompile(`method="post"`)
	sends = regexp.MustCompile(`action="(/[^"]*)"`)
)

// routeOf finds the route that answers a path.
func routeOf(method, path string) (route, bool) {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	i := slices.IndexFunc(routes, func(r route) bool {
		pattern := strings.Split(r.path, "/")
		return r.method == method && len(pattern) == len(parts) && !slices.ContainsFunc(pattern, func(p string) bool {
			return !strings.HasPrefix(p, ":") && p != parts[slices.Index(pattern, p)]
		})
	})
	if i < 0 {
		return route{}, false
	}
	return routes[i], true
}

// actions lists the routes of an answer's links and forms.
func (a answer) actions() (all []route) {
	for _, m := range hrefs.FindAllStringSubmatch(a.body, -1) {
		if r, ok := routeOf(http.MethodGet, m[1]); ok {
			all = append(all, r)
		}
	}
	for _, form := range forms.FindAllString(a.body, -1) {
		method := http.MethodGet
		if posts.MatchString(form) {
			method = http.MethodPost
		}
		if m := sends.FindStringSubmatch(form); m != nil {
			if r, ok := routeOf(method, m[1]); ok {
				all = append(all, r)
			}
		}
	}
	return all
}

// TestPagesOfferOnlyAllowedActions opens every page as each role and fails on links and forms that the role may not use.
func TestPagesOfferOnlyAllowedActions(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := &walk{site: s, people: map[string]person{}}
		var seen int
		for _, fill := range []func(){func() {}, func() { // first an empty workspace
			c := w.addContact(w.next(), "ann@example.com", nil)
			w.addTag("vip", c.ID)
			hook := w.addWebhook(models.TypeSubscribed, "vip")
			s.callJSON(hook, `{"email_address": "ann@example.com", "nobody_asked": "x"}`)
			s.callJSON(hook, `{"email_address": "no address"}`)
			w.segment(s.user)
		}} {
			fill()
			for _, caller := range []string{"viewer", "manager"} {
				who := w.person(caller, false)
				role := models.Role(caller)
				for _, r := range routes {
					if r.method != http.MethodGet || r.access < viewer || !role.Includes(r.access.role()) {
						continue
					}
					for _, to := range s.as(who.session).get(w.path(r, who.User)).actions() {
						seen++
						if to.access >= viewer && !role.Includes(to.access.role()) {
							t.Errorf("%s shows a %s the way to %s %s, which refuses it", r.path, caller, to.method, to.path)
						}
					}
				}
			}
		}
		if seen < 500 {
			t.Errorf("got %d links and forms, want hundreds: is the page read rightly?", seen)
		}
	})
}
