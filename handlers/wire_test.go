package handlers

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"campaignlark/models"
)

// mostBytes limits what the first visit of a page sends, in bytes: the page, the stylesheet, the script and the icon.
const mostBytes = 60_000

var takesGzip = http.Header{"Accept-Encoding": {"gzip, deflate, br, zstd"}, "Accept": {"text/html"}}

// unpacked returns the answer's text, whether it was compressed or not.
func (a answer) unpacked(t *testing.T) string {
	t.Helper()
	if a.header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	packed, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fill gives the workspace more of everything than a list shows on one page.
func (s *site) fill() {
	s.t.Helper()
	const rows = 60
	long := "a name that is about as long as names get in practice "
	var tags []string
	for i := range int64(rows) {
		tags = append(tags, s.addTag(long[:20]+itoa(i)).Name)
		s.addMergeTag(models.MergeTag{Key: "field_" + itoa(i), Label: long[:30] + itoa(i), Type: models.MergeTagText})
	}
	s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
	for id := range int64(rows) {
		s.addContact(id+1000, "somebody."+itoa(id)+"@example.com", func(c *models.Contact) {
			c.Fields = map[string]string{"first_name": "Name " + itoa(id), "field_1": long, "field_2": long}
		})
	}
	for i := range int64(rows) {
		w := s.addWebhook(models.TypeSubscribed, tags[i], tags[0], tags[1])
		body := `{"email_address":"somebody.` + itoa(i) + `@example.com","first_name":"New","unknown":"` + long + `","field_3":"` + long + `"}`
		s.call("POST", w.Hash, body, "Content-Type", "application/json")
	}
	for i := range int64(rows) {
		s.post("/w/books/tags/"+itoa(i+1), "name", "renamed "+itoa(i)).want(s.t, 303)
	}
}

var assetURL = regexp.MustCompile(`"(/static/[^"]+)"`)

// eachPage opens every page of a workspace with full lists as a browser does. show gets each page once.
func (s *site) eachPage(show func(path string, a answer)) {
	s.t.Helper()
	s.server.Config.Development = true
	s.fill()
	w := &walk{site: s, people: map[string]person{}}
	for _, r := range routes {
		if r.method != http.MethodGet || r.access == caller || r.access == anyone || !r.answersHead() {
			continue
		}
		who := "admin"
		if r.access == support {
			who = "support"
		}
		person := w.person(who, false)
		path := w.path(r, person.User)
		if a := w.as(person.session).do("GET", path, nil, takesGzip); a.status != http.StatusSeeOther {
			show(path, a)
		}
	}
}

// TestFirstVisitIsSmall adds up what a browser without a cache loads for a page.
func TestFirstVisitIsSmall(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		loaded := map[string]int{}
		s.eachPage(func(path string, a answer) {
			if got := a.header.Get("Content-Encoding"); got != "gzip" {
				t.Errorf("%s: got Content-Encoding %q, want gzip", path, got)
			}
			sent, files := len(a.body), map[string]bool{}
			for _, found := range assetURL.FindAllStringSubmatch(a.unpacked(t), -1) {
				url := found[1]
				if loaded[url] == 0 {
					loaded[url] = len(s.as("").do("GET", url, nil, takesGzip).body)
				}
				if !files[url] {
					files[url] = true
					sent += loaded[url]
				}
			}
			if len(files) != 3 {
				t.Errorf("%s: got %d files, want stylesheet, script and icon", path, len(files))
			}
			t.Logf("%s: %d bytes, %d of them the page", path, sent, len(a.body))
			if sent > mostBytes {
				t.Errorf("%s: got %d bytes, want at most %d", path, sent, mostBytes)
			}
		})
	})
}

// TestOnlyPagesAreCompressed asks for what is no page. Downloads must flow, and senders get what the documentation shows.
func TestOnlyPagesAreCompressed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addContacts(60)
		hash := s.addWebhook(models.TypeSubscribed).Hash
		for _, path := range []string{"/w/books/contacts.csv", "/w/books/contacts/1/export.json", inboundPrefix + hash, inboundPrefix + "nothing", "/healthz"} {
			if a := s.do("GET", path, nil, takesGzip); a.header.Get("Content-Encoding") != "" || a.body == "" {
				t.Errorf("%s: got Content-Encoding %q and %d bytes, want plain text", path, a.header.Get("Content-Encoding"), len(a.body))
			}
		}
		plain := s.get("/w/books/tags")
		for accept, want := range map[string]string{"": "", "identity": "", "gzip;q=0": "", "br": "", "gzip": "gzip"} {
			a := s.do("GET", "/w/books/tags", nil, http.Header{"Accept-Encoding": {accept}})
			if got := a.header.Get("Content-Encoding"); got != want || a.header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("Accept-Encoding %q: got %q, varying by %q, want %q", accept, got, a.header.Get("Vary"), want)
			}
			if got := len(a.unpacked(t)); got != len(plain.body) {
				t.Errorf("Accept-Encoding %q: got %d bytes of page, want %d", accept, got, len(plain.body))
			}
		}
		for from, want := range map[string]string{"cross-site": "", "same-site": "gzip", "same-origin": "gzip", "none": "gzip"} {
			a := s.do("GET", "/w/books/contacts?q=guess", nil, http.Header{"Accept-Encoding": {"gzip"}, "Sec-Fetch-Site": {from}})
			if got := a.header.Get("Content-Encoding"); got != want {
				t.Errorf("a page that was asked for from %s: got %q, want %q", from, got, want)
			}
		}
	})
}

// TestTokenDiffersInEachAnswer opens a page twice: nothing in it that stays secret may be guessed from the size of the answers. Both
// tokens are good, the plain one of older pages too, and nothing else.
func TestTokenDiffersInEachAnswer(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.get("/w/books/tags/new")
		first, second := page.hidden("csrf"), s.get("/w/books/tags/new").hidden("csrf")
		if first == second || bytes.Contains([]byte(page.body), []byte(s.token())) {
			t.Errorf("got the tokens %q and %q, want two that differ from each other and from the session's", first, second)
		}
		other := s.as(s.signIn(s.addMember(s.workspace, "otto@example.com", models.RoleAdmin)))
		for i, token := range []string{first, second, s.token(), first} {
			s.post("/w/books/tags", "name", "tag "+itoa(int64(i)), "csrf", token).want(t, 303)
		}
		for _, token := range []string{"", "x", first[1:], first[:len(first)-4], first + "AAAA", strings.Repeat("A", len(first)), strings.Repeat("A", 43), other.token(), other.get("/w/books/tags/new").hidden("csrf")} {
			s.post("/w/books/tags", "name", "refused", "csrf", token).want(t, 403)
		}
	})
}
