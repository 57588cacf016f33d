package handlers

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// readCSV parses an export; each row maps column names to values.
func readCSV(t *testing.T, a answer) (head []string, rows []map[string]string) {
	t.Helper()
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Fatalf("got %d %s, want 200 text/csv: %s", a.status, a.header.Get("Content-Type"), a.text())
	}
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, byteOrderMark))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

// addSegment creates a segment and builds it.
func (s *site) addSegment(name, root string) models.Segment {
	s.t.Helper()
	store := segments.Store{DB: s.db, Now: s.server.now}
	parsed, wrong := rule.Parse(root)
	if wrong != nil {
		s.t.Fatal(wrong)
	}
	g, err := store.Create(s.t.Context(), s.workspace.ID, s.user.ID, name, parsed)
	if err != nil {
		s.t.Fatal(err)
	}
	s.recalculate()
	return g
}

// recalculate brings every segment up to date.
func (s *site) recalculate() {
	s.t.Helper()
	ticker := segments.New(s.db, segments.Options{Log: s.server.Log, Now: s.server.now})
	for busy := true; busy; {
		var err error
		if busy, err = ticker.Tick(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestExportMatchesTheFilteredList(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "bio", Label: "About", Type: models.MergeTagText})
		s.addMergeTag(models.MergeTag{Key: "points", Label: "Points", Type: models.MergeTagNumber})
		for id := int64(1); id <= 600; id++ {
			s.addContact(id, "c"+itoa(id)+"@example.com", func(c *models.Contact) {
				if id%3 == 0 {
					c.SetStatus(models.StatusUnsubscribed, c.CreatedAt)
				}
			})
		}
		tag := s.addTag("Vienna, Austria", 3, 4, 600)
		s.addTag("vip", 3)
		gone := s.addSegment("Gone", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"UNSUBSCRIBED"}]}`)

		a := s.get("/w/books/contacts.csv")
		head, rows := readCSV(t, a)
		if want := []string{"email", "status", "tags", "created_at", "bio", "points"}; !slices.Equal(head, want) {
			t.Errorf("got the columns %q, want %q", head, want)
		}
		if len(rows) != 600 || rows[0]["email"] != "c600@example.com" || rows[599]["email"] != "c1@example.com" {
			t.Errorf("got %d rows, want all 600, the newest first", len(rows))
		}
		if got, want := rows[597]["tags"], `"Vienna, Austria", vip`; got != want {
			t.Errorf("got the tags %s, want %s", got, want)
		}
		if at, err := time.Parse(time.RFC3339, rows[0]["created_at"]); err != nil || s.server.now().Sub(at) > time.Hour {
			t.Errorf("got created_at %q (%v), want an instant of today", rows[0]["created_at"], err)
		}
		if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=contacts-books-2") || !strings.HasSuffix(got, ".csv") {
			t.Errorf("got Content-Disposition %q", got)
		}
		for query, want := range map[string]int{
			"q=C60":                                 2, // c60 and c600
			"q=c600%40example.com":                  1,
			"status=UNSUBSCRIBED":                   200,
			"status=unsubscribed":                   200,
			"tag=vienna%2C+austria":                 3,
			"tag=" + itoa(tag.ID):                   3,
			"tag=vip&status=Unsubscribed":           1,
			"segment=gone":                          200,
			"segment=" + itoa(gone.ID) + "&tag=VIP": 1,
			"segment=gone&tag=" + itoa(tag.ID):      2,
			"segment=gone&status=subscribed":        0,
			"segment=gone&q=c600%40example.com":     1,
			"segment=gone&q=c599%40example.com":     0,
			"segment=gone&q=c3":                     39,
			"tag=nothing":                           0,
			"segment=99":                            0,
			"status=gone":                           0,
		} {
			if _, rows := readCSV(t, s.get("/w/books/contacts.csv?"+query)); len(rows) != want {
				t.Errorf("%s: got %d rows, want %d", query, len(rows), want)
			}
			page := s.get("/w/books/contacts?" + query)
			says := itoa(int64(want)) + " of 600 contacts"
			page.want(t, 200, says)
		}
		var noted []models.AuditEntry
		s.db.Read(t.Context()).Where("action = ?", models.ActionContactsExported).Order("id").Find(&noted)
		for _, e := range noted {
			if strings.Contains(e.SubjectName, "600") || e.UserID != s.user.ID {
				t.Errorf("the audit log says %q by %d, want no words that were searched for, and who did it", e.SubjectName, e.UserID)
			}
		}
		if len(noted) != 18 || noted[0].SubjectName != "everybody" {
			t.Errorf("got %d notes in the audit log, want one for each export", len(noted))
		}
	})
}

func TestExportIsSafeInSpreadsheetsAndReversible(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "bio", Label: "About", Type: models.MergeTagText})
		s.addMergeTag(models.MergeTag{Key: "points", Label: "Points", Type: models.MergeTagNumber})
		hostile := []string{"=1+1", "+43 1", "-5", "@x", "\t=1", "\r\n=1", "'=1", "'tis", "a,b\"c\nd", " =1", "＝1"}
		for i, text := range hostile {
			s.addContact(int64(i+1), "=c"+itoa(int64(i))+"@example.com", func(c *models.Contact) {
				c.Fields = map[string]string{"bio": text, "points": "-1.50"}
			})
		}
		s.addTag("=tag", 1)
		marked, plain := s.get("/w/books/contacts.csv"), s.get("/w/books/contacts.csv?bom=0")
		if marked.body != byteOrderMark+plain.body {
			t.Errorf("got %q, want a byte-order mark before %q", marked.body, plain.body)
		}
		_, rows := readCSV(t, marked)
		slices.Reverse(rows)
		for i, row := range rows {
			text := strings.ReplaceAll(hostile[i], "\r\n", "\n") // the reader of this test joins line ends
			if got := models.Undefuse(row["bio"]); got != text {
				t.Errorf("got %q back from the cell %q, want %q", got, row["bio"], text)
			}
			if row["points"] != "-1.50" || row["email"] != "'=c"+itoa(int64(i))+"@example.com" {
				t.Errorf("got %q and %q, want the number as it is and the address defused", row["points"], row["email"])
			}
			if strings.ContainsAny(row["bio"][:1], "=+-@\t\r\n") {
				t.Errorf("a spreadsheet would run the cell %q", row["bio"])
			}
		}
		if got := rows[0]["tags"]; got != "'=tag" {
			t.Errorf("got the tags %q, want them defused", got)
		}
	})
}

// failingReads makes every read of contacts after the first n fail.
func failingReads(t *testing.T, db *store.DB, n int) {
	t.Helper()
	seen := 0
	err := db.Read(t.Context()).Callback().Query().Before("gorm:query").Register("test:fail", func(tx *gorm.DB) {
		if tx.Statement.Table == "contacts" {
			if seen++; seen > n {
				tx.AddError(errors.New("the database went away"))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFailedExportCutsTheConnection(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for id := int64(1); id <= 600; id++ {
			s.addContact(id, "c"+itoa(id)+"@example.com", nil)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go s.server.Serve(ln)
		t.Cleanup(func() { s.server.Shutdown(context.Background()) })
		r, _ := http.NewRequest("GET", "http://"+ln.Addr().String()+"/w/books/contacts.csv", nil)
		r.AddCookie(&http.Cookie{Name: s.server.sessions.cookieName(), Value: s.session})
		failingReads(t, s.db, 1)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return // cut before the first byte
		}
		defer answer.Body.Close()
		if text, err := io.ReadAll(answer.Body); err == nil {
			t.Errorf("got %d lines that end like a whole file, want a cut connection", strings.Count(string(text), "\n"))
		}
	})
}

// download starts to fetch the contacts as a file and returns a function that reads the rest.
func (s *site) download(addr string) (rest func() (string, error)) {
	s.t.Helper()
	r, err := http.NewRequest("GET", "http://"+addr+"/w/books/contacts.csv", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = "lark.example"
	r.AddCookie(&http.Cookie{Name: s.server.sessions.cookieName(), Value: s.session})
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { w.Body.Close() })
	if w.StatusCode != 200 {
		s.t.Fatalf("got %d, want the file", w.StatusCode)
	}
	return func() (string, error) {
		text, err := io.ReadAll(w.Body)
		return string(text), err
	}
}

// longContacts makes the workspace's export larger than the buffers of an unread connection.
func (s *site) longContacts() {
	s.t.Helper()
	tag, _, err := s.db.CreateMergeTag(s.t.Context(), s.workspace.ID, 0, models.MergeTag{Key: "note", Label: "Note", Type: models.MergeTagText}, s.server.now())
	if err != nil {
		s.t.Fatal(err)
	}
	note := strings.Repeat("long ", 1500)
	var all []models.Contact
	for id := range int64(3000) {
		all = append(all, models.Contact{WorkspaceID: s.workspace.ID, ID: id + 1, Email: "c" + itoa(id) + "@example.com", Status: models.StatusSubscribed,
			Fields: map[string]string{tag.Key: note}, Version: 1, CreatedAt: s.server.now(), UpdatedAt: s.server.now()})
	}
	s.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&all, 100).Error })
}

// TestExportNeedsAManager checks that only managers can export, one file at a time, and that losing the role stops an export.
func TestExportNeedsAManager(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.longContacts()
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/contacts.csv").want(t, 403)
		viewer.get("/w/books/contacts").wantNot(t, "Export")
		s.get("/w/books/contacts").want(t, 200, "Export")

		max := s.addMember(s.workspace, "max@example.com", models.RoleManager)
		manager, addr := s.as(s.signIn(max)), s.listen()
		rest := manager.download(addr)
		manager.get("/w/books/contacts.csv").want(t, 503, "Too much at this moment", "Another download of contacts is running")
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Membership{}).Where("user_id = ?", max.ID).Update("role", models.RoleViewer).Error
		})
		if text, err := rest(); err == nil {
			t.Errorf("got a whole file of %d lines after the person became a viewer, want a cut one", strings.Count(text, "\n"))
		}
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Membership{}).Where("user_id = ?", max.ID).Update("role", models.RoleManager).Error
		})
		if text, err := manager.download(addr)(); err != nil || strings.Count(text, "\n") != 3001 {
			t.Errorf("got %d lines (%v), want the whole file once the first download is over", strings.Count(text, "\n"), err)
		}
	})
}
