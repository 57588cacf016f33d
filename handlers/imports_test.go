package handlers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/valyala/fasthttp"
	"gorm.io/gorm"
)

// postFile uploads a file as a browser does: the form's fields, then the file.
func (s *site) postFile(path, name, content string, fields ...string) answer {
	s.t.Helper()
	body, kind := s.multipart(name, strings.NewReader(content), fields...)
	return s.do("POST", path, body, http.Header{"Content-Type": {kind}})
}

func (s *site) multipart(name string, content io.Reader, fields ...string) (*bytes.Buffer, string) {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if len(fields) == 0 {
		fields = []string{"csrf", s.token()}
	}
	for i := 0; i < len(fields); i += 2 {
		form.WriteField(fields[i], fields[i+1])
	}
	if name != "" {
		part, _ := form.CreateFormFile("file", name)
		io.Copy(part, content)
	}
	form.Close()
	return &body, form.FormDataContentType()
}

// importJob stores an import of one contact that has a file of refused lines.
func (w *walk) importJob(who models.User) string {
	w.t.Helper()
	job, err := jobs.ReceiveImport(w.t.Context(), w.db, w.workspace.ID, who.ID, "one.csv", strings.NewReader("email\none@example.com\nnobody\n"), w.server.now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(func(tx *gorm.DB) error {
		_, err := store.AddJobFile(tx, job, store.JobFileRefused, 0, []byte("reason,line\r\n"))
		return err
	})
	return itoa(job.ID)
}

const fewContacts = "\ufeffE-Mail;First name;Shoe size;Tags\r\nanna@example.com;Anna;38;vip\r\nnobody;Bert;;\r\nGONE@example.com;Gone;x;\r\n"

func TestImportFromTheFileToTheContacts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		gone := s.addContact(1, "gone@example.com", nil)
		s.get("/w/books/contacts/import").want(t, 200, "Import contacts", "At most 64 MB")
		a := s.postFile("/w/books/contacts/import", `C:\my files\Kunden.csv`, fewContacts)
		columns := a.header.Get("Location")
		page := s.follow(a)
		page.want(t, 200, "Import Kunden.csv", "Read as UTF-8, with semicolons between the cells; the first line names the columns.", "38 · x", "Create merge tag “Shoe size”")

		again := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "semicolon", "header", "1", "column", "", "column", "", "column", "email", "column", "email")
		again.want(t, 422, "Column 3 goes there already")
		again = s.post(columns, "do", "check", "encoding", "utf-8", "comma", "semicolon", "column", "email")
		again.want(t, 422, "The file was read again.", "the first line is a contact")
		s.post(columns, "do", "read", "encoding", "utf-8", "comma", "semicolon", "header", "1").want(t, 422, "The file was read again.", "First name")

		a = s.post(columns, "do", "check", "encoding", "utf-8", "comma", "semicolon", "header", "1", "status", "UNCONFIRMED",
			"column", "email", "column", "field:1", "column", "new", "column", "tags", "new_tags", "autumn, winter")
		show := a.header.Get("Location")
		s.follow(a).want(t, 200, "Trying out Kunden.csv")
		s.work()
		s.get(show).want(t, 200, "Nothing has been changed yet", "“nobody” is not a valid e-mail address.", "Import 2 lines", "autumn", "winter", "vip", "Shoe size")
		s.get("/w/books/jobs").want(t, 200, "Waits for you")
		s.get("/w/books/contacts").wantNot(t, "anna@example.com")

		a = s.post(show)
		job := a.header.Get("Location")
		s.follow(a).want(t, 200, "Importing Kunden.csv")
		s.follow(s.post(show)).wantNot(t, "has started")
		s.work()
		s.get(job).want(t, 200, "1 contact was created, 1 line changed a contact", "1 line was refused")
		s.get(show).want(t, 200, "Download the lines to correct", "“nobody” is not a valid")
		s.get("/w/books/contacts").want(t, 200, "anna@example.com", "Unconfirmed", "autumn")
		s.get(fmt.Sprintf("/w/books/contacts/%d", gone.ID)).want(t, 200, "ines@example.com imported the contact from a file", "Changed: First name, Shoe size", "Gone")
		file := s.get(show + "/refused.csv")
		if file.status != 200 || !strings.HasPrefix(file.body, "\ufeffreason,line,E-Mail") || !strings.Contains(file.body, ",3,nobody,Bert,,") {
			t.Errorf("got the refused lines %d %q", file.status, file.body)
		}
		s.get(columns).want(t, 303)
		s.get("/w/books/settings/audit-log?kind=import").want(t, 200, "started the import of", "finished the import of", "Kunden.csv")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get(job).want(t, 200, "Importing Kunden.csv")
		viewer.get(job).wantNot(t, "Details")
	})
}

func TestImportSaysWhatWasNotStored(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "born", Label: "Born", Type: models.MergeTagDate})
		s.addMergeTag(models.MergeTag{Key: "orders", Label: "Orders", Type: models.MergeTagNumber})
		s.addMergeTag(models.MergeTag{Key: "post", Label: "By post", Type: models.MergeTagBoolean})
		columns := s.postFile("/w/books/contacts/import", "x.csv", "email,born,orders,post\na@example.com,32.13.2020,\"1,5\",maybe\nb@example.com,2020-02-03,1,yes\n").header.Get("Location")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1", "column", "field:2", "column", "field:3").header.Get("Location")
		s.work()
		s.get(show).want(t, 200, "“32.13.2020”: Not a date.", "“1,5”: Not a number.", "“maybe”: Neither yes nor no.")
		job := s.post(show).header.Get("Location")
		s.work()
		page := s.get(job)
		page.want(t, 200, "2 contacts were created", "3 values were not stored.", "Values not stored", "Download the lines to correct")
		page.wantNot(t, "refused.")
		if !strings.Contains(page.body, `href="`+show+`/refused.csv"`) {
			t.Error("the page of the work does not lead to the file")
		}
		s.get(show).want(t, 200, "All these lines", "Download the lines to correct")
		file := s.get(show + "/refused.csv").body
		if !strings.Contains(file, "Not stored: Born: “32.13.2020”: Not a date.") || !strings.Contains(file, "a@example.com,32.13.2020") || strings.Contains(file, "b@example.com") {
			t.Errorf("got the file %q, want the first line with its reasons", file)
		}
		if err := s.db.DropJobFiles(t.Context(), s.server.now().Add(8*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		s.get(job).wantNot(t, "Download the lines")
	})
}

func TestUploadsThatAreRefused(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		const path = "/w/books/contacts/import"
		s.postFile(path, "", "").want(t, 422, "Please choose a file.")
		s.postFile(path, "x.csv", "").want(t, 422, "This file is empty.")
		s.postFile(path, "x.csv", "email;name\n").want(t, 422, "There are no contacts in this file")
		s.postFile(path, "x.xlsx", "PK\x03\x04abc").want(t, 422, "save it as CSV")
		s.postFile(path, "x.csv", "email\n", "csrf", "wrong").want(t, 403, "has expired")
		s.postFile(path, "x.csv", "email\n", "other", strings.Repeat("x", maxFormField+1), "csrf", s.token()).want(t, 403)
		s.do("POST", path, strings.NewReader("--x\r\nbroken"), http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}).want(t, 403)
		s.do("POST", path, strings.NewReader("anything"), http.Header{"Content-Type": {"multipart/form-data"}}).want(t, 403)
		var many []string
		for range maxFormParts {
			many = append(many, "a", "b")
		}
		s.postFile(path, "x.csv", "email\n", append(many, "csrf", s.token())...).want(t, 403)
		a := s.as("").postFile(path, "x.csv", "email\n", "csrf", "none")
		next := url.QueryEscape(path + "?lost=1")
		if got := a.header.Get("Location"); a.status != 303 || got != "/login?next="+next {
			t.Errorf("without a session: got %d to %q, want to sign in and be told what became of the file", a.status, got)
		}
		s.get(path+"?lost=1").want(t, 200, "You were signed out. Please choose the file again.")
		s.get(path).wantNot(t, "You were signed out")
	})
}

// send posts a file of so many bytes over the network.
func (s *site) send(addr, path string, size int) answer {
	s.t.Helper()
	body, kind := s.multipart("big.csv", io.LimitReader(io.MultiReader(strings.NewReader("email\nanna@example.com\n"), blanks{}), int64(size)))
	r, _ := http.NewRequest("POST", "http://"+addr+path, body)
	r.Host = "lark.example"
	r.Header.Set("Content-Type", kind)
	if s.session != "" {
		r.AddCookie(&http.Cookie{Name: s.server.sessions.cookieName(), Value: s.session})
	}
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, string(text)}
}

// blanks are lines without end, 64 blanks each.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		if p[i] = ' '; i%64 == 0 {
			p[i] = '\n'
		}
	}
	return len(p), nil
}

func TestLargeUploads(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const path, large = "/w/books/contacts/import", bodyLimit + 1<<20
		addr := s.listen()
		for range uploadsAll + 1 { // each leaves its place to the next
			a := s.send(addr, path, large)
			a.want(t, 303)
			if !strings.HasSuffix(a.header.Get("Location"), "/columns") {
				t.Errorf("got %s, want the columns", a.header.Get("Location"))
			}
		}
		s.send(addr, path, uploadLimit+1).want(t, 413, "This file is too large", "at most 64 MB")
		if a := s.as("").send(addr, path, large); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/login") {
			t.Errorf("without a session: got %d, want to be asked to sign in", a.status)
		}
		outsider := s.as(s.signIn(s.addMember(s.addWorkspace("music"), "otto@example.com", models.RoleAdmin)))
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		outsider.send(addr, path, large).want(t, 404)
		viewer.send(addr, path, large).want(t, 403)
		manager := s.as(s.signIn(s.addMember(s.workspace, "max@example.com", models.RoleManager)))
		now := s.server.now()
		stalled := new(fasthttp.RequestHeader)
		if !s.server.uploads.enter(s.user.ID, stalled, now, now.Add(time.Minute)) {
			t.Fatal("there is no place")
		}
		s.send(addr, path, large).want(t, 503, "Too many uploads at this moment")
		manager.send(addr, path, large).want(t, 303) // a stalled upload of one person holds up nobody else
		for user := range int64(uploadsAll - 1) {
			s.server.uploads.enter(-1-user, new(fasthttp.RequestHeader), now, now.Add(time.Minute))
		}
		manager.send(addr, path, large).want(t, 503, "Too many uploads at this moment")
		if u := &s.server.uploads; !u.enter(s.user.ID, new(fasthttp.RequestHeader), now.Add(time.Minute), now.Add(2*time.Minute)) {
			t.Error("a stalled upload keeps its place after its time is over")
		}
		s.postFile(path, "small.csv", "email\nanna@example.com\n").want(t, 303)
	})
}

// begin sends the headers of a large upload and the beginning of its body.
func (s *site) begin(addr, path string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: lark.example\r\nCookie: %s=%s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n--x",
		path, s.server.sessions.cookieName(), s.session, uploadLimit)
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// until waits for a number of uploads under way.
func (s *site) until(uploads int) {
	s.t.Helper()
	count := func() int {
		s.server.uploads.mu.Lock()
		defer s.server.uploads.mu.Unlock()
		return len(s.server.uploads.all)
	}
	for end := time.Now().Add(20 * time.Second); count() != uploads; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("got %d uploads under way, want %d", count(), uploads)
		}
	}
}

// TestBrokenUploadsLeaveTheirPlaces holds that an upload whose connection is lost, or which is too slow, does not wait for the time
// that the whole file would take.
func TestBrokenUploadsLeaveTheirPlaces(t *testing.T) {
	const path = "/w/books/contacts/import"
	t.Run("lost", func(t *testing.T) {
		eachEndpoint(t, func(t *testing.T, s *site) {
			addr := s.listen()
			conn := s.begin(addr, path)
			s.until(1)
			conn.Close()
			s.until(0)
			s.send(addr, path, bodyLimit+1<<20).want(t, 303)
		})
	})
	t.Run("stalled", func(t *testing.T) {
		eachSite(t, func(t *testing.T, s *site) {
			s.server.uploads.start = 100 * time.Millisecond
			conn := s.begin(s.listen(), path)
			w, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || w.StatusCode != 408 {
				t.Fatalf("got %v (%v), want 408 for a stalled upload", w, err)
			}
			s.until(0)
		})
	})
}

func TestIsUpload(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/w/books/contacts/import": true, "/w//contacts/import": false, "/w/a/b/contacts/import": false, "/w/books/contacts/import/1": false,
		"/w/books/contacts/import?x": false, "/x/w/books/contacts/import": false, "/w/books?/contacts/import": false,
	} {
		if got := isUpload("POST", path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if isUpload("GET", "/w/books/contacts/import") {
		t.Error("a GET is no upload")
	}
}
