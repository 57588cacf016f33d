package handlers

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"

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
		s.get(job).want(t, 200, "1 contact was created, 1 line changed a contact. 1 line was refused.", "1 line was refused")
		s.get(show).want(t, 200, "Download the lines to correct", "“nobody” is not a valid")
		s.get("/w/books/contacts").want(t, 200, "anna@example.com", "Unconfirmed", "autumn")
		s.get(fmt.Sprintf("/w/books/contacts/%d", gone.ID)).want(t, 200, "ines@example.com imported the contact from Kunden.csv", "First name: Gone · Shoe size: x")
		file := s.get(show + "/refused.csv")
		if file.status != 200 || !strings.HasPrefix(file.body, "\ufeffreason;line;E-Mail") || !strings.Contains(file.body, ";3;nobody;Bert;;") {
			t.Errorf("got the refused lines %d %q", file.status, file.body)
		}
		s.get(columns).want(t, 303)
		s.get("/w/books/settings/audit-log?kind=import").want(t, 200, "started the import of", "finished the import of", "Kunden.csv")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get(job).want(t, 200, "Imported Kunden.csv")
		viewer.get(job).wantNot(t, "Details")
	})
}

// TestImportSaysWhichLinesRepeatAnAddress imports a file of more lines than one step reads, in which lines repeat an address of the same step, of an
// earlier one, and of a contact that does not change.
func TestImportSaysWhichLinesRepeatAnAddress(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		s.addContact(1, "old@example.com", nil)
		file := "email,first_name\nold@example.com,\nanna@example.com,Anna\nANNA@example.com,Anne\nnobody,\nnobody,\n"
		for i := range 300 {
			file += fmt.Sprintf("person%d@example.com,\n", i)
		}
		file += "anna@example.com,Annie\nold@example.com,\n"
		columns := s.postFile("/w/books/contacts/import", "fair.csv", file).header.Get("Location")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1").header.Get("Location")
		s.work()
		const said = "3 lines repeat an address that an earlier line has. Where they differ, the last line counts. Lines 4, 307, 308."
		s.get(show).want(t, 200, said)
		work := s.post(show).header.Get("Location")
		s.work()
		s.get(work).want(t, 200, said, "Lines that repeat an address 3")
		s.get(show).want(t, 200, said)
		if c := s.contact("anna@example.com"); c.Fields["first_name"] != "Annie" {
			t.Errorf("got %+v, want the name of the last line", c)
		}
	})
}

// TestImportAsksHowDatesAreWritten imports dates that begin with the day or the month, and nothing says which.
func TestImportAsksHowDatesAreWritten(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "born", Label: "Born", Type: models.MergeTagDate})
		s.addMergeTag(models.MergeTag{Key: "points", Label: "Points", Type: models.MergeTagNumber})
		columns := s.postFile("/w/books/contacts/import", "x.csv", "email,born,points\na@example.com,03/04/1990,\"1.250,50\"\n").header.Get("Location")
		page := s.get(columns)
		page.want(t, 200, "Dates are written", "Please choose", "Day.month.year: 3 April 1990", "Month/day/year: 4 March 1990", "Year-month-day (ISO)", "Numbers are written", "With a decimal comma: 1.250,50 is read as 1,250.50")
		fields := []string{"do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1", "column", "field:2"}
		s.post(columns, append(fields, "as-2", "choose", "as-3", "decimal_comma")...).want(t, 422, "Please choose how the dates are written: 03/04/1990 may be 3 April 1990 or 4 March 1990.")
		s.post(columns, append(fields, "as-2", "nonsense")...).want(t, 422, "Please choose how the dates are written")
		show := s.post(columns, append(fields, "as-2", "mdy", "as-3", "decimal_comma")...).header.Get("Location")
		s.work()
		s.post(show)
		s.work()
		s.get("/w/books/contacts/1").want(t, 200, "4 March 1990", "1,250.50")
	})
}

// TestAnImportMakesMergeTagsOfNumbersAndDates creates merge tags for columns, of the types that their values fit.
func TestAnImportMakesMergeTagsOfNumbersAndDates(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		columns := s.postFile("/w/books/contacts/import", "x.csv", "email;Points;Born;Postcode;Size\na@example.com;1.250,50;03.04.1990;01010;38\nb@example.com;2;1.2.1991;4020;M\n").header.Get("Location")
		page := s.get(columns)
		page.want(t, 200, "Create merge tag “Points”, a number Create merge tag “Points”, a text", "Create merge tag “Born”, a date Create merge tag “Born”, a text", "Create merge tag “Postcode”, a text", "Create merge tag “Size”, a text")
		page.wantNot(t, "Create merge tag “Postcode”, a n", "Create merge tag “Size”, a n")
		fields := []string{"do", "check", "encoding", "utf-8", "comma", "semicolon", "header", "1", "as-2", "decimal_comma", "as-3", "dmy", "column", "email", "column", "new:number", "column", "new:date"}
		s.post(columns, append(fields, "column", "new:number", "column", "new:country")...).want(t, 422, "This no longer exists. Please choose again.")
		s.post(columns, append(replaced(fields, "as-3", "choose"), "column", "new", "column", "")...).want(t, 422, "Please choose how the dates are written")
		show := s.post(columns, append(fields, "column", "new", "column", "")...).header.Get("Location")
		s.work()
		s.get(show).want(t, 200, "New merge tags: Points (number), Born (date), Postcode (text)")
		s.post(show)
		s.work()
		s.get("/w/books/contacts/1").want(t, 200, "Points 1,250.50", "Born 3 April 1990", "Postcode 01010")
		s.get("/w/books/merge-tags").want(t, 200, "Points", "Number", "Date", "Text")
	})
}

func TestImportSaysWhatWasNotStored(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "born", Label: "Born", Type: models.MergeTagDate})
		s.addMergeTag(models.MergeTag{Key: "orders", Label: "Orders", Type: models.MergeTagNumber})
		s.addMergeTag(models.MergeTag{Key: "post", Label: "By post", Type: models.MergeTagBoolean})
		columns := s.postFile("/w/books/contacts/import", "x.csv", "email,born,orders,post\na@example.com,32.13.2020,1.2.3,maybe\nb@example.com,2020-02-03,1,yes\n").header.Get("Location")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1", "column", "field:2", "column", "field:3").header.Get("Location")
		s.work()
		s.get(show).want(t, 200, "“32.13.2020”: Not a date.", "“1.2.3”: Not a number.", "“maybe”: Neither yes nor no.")
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

// TestLinesToCorrectOfAnImportThatChangesNothing imports a file again after one of its letters was lost.
func TestLinesToCorrectOfAnImportThatChangesNothing(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		s.imports("email,first_name\na@example.com,Zo\u00eb\nb@example.com,B\u00eba\n")
		columns := s.postFile("/w/books/contacts/import", "x.csv", "email,first_name\na@example.com,Zo\xeb\nb@example.com,B\u00eba\n").header.Get("Location")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1").header.Get("Location")
		s.work()
		s.get(show).want(t, 200, "There is nothing to import.", "Finish and get the lines to correct")
		s.post(show).want(t, 303)
		s.work()
		s.get(show).want(t, 200, "Download the lines to correct")
		if file := s.get(show + "/refused.csv").body; !strings.Contains(file, ",2,a@example.com,Zo\ufffd\r\n") || strings.Contains(file, "b@example.com") {
			t.Errorf("got the file %q, want the line with the lost letter", file)
		}
	})
}

// TestImportListsWhatNeedsALook imports values that a program did not fill in, first and then unchanged.
func TestImportListsWhatNeedsALook(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		const file = "email,first_name,tags,note\na@example.com,{{first_name}},NULL,x\nb@example.com,Bea,,\"x\nc@example.com,Cem\"\nd@example.com,\"Dora \"D\"\",,\ne@example.com,ZoÃ«,,\n"
		imported := func() (show, dry, job string) {
			columns := s.postFile("/w/books/contacts/import", "x.csv", file).header.Get("Location")
			show = s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "field:1", "column", "tags", "column", "").header.Get("Location")
			s.work()
			dry = s.get(show).body
			job = s.post(show).header.Get("Location")
			s.work()
			return show, dry, job
		}
		show, dry, job := imported()
		for _, want := range []string{"Needs a look", "“{{first_name}}” looks as if a program did not fill it in.", "“NULL” looks as if", "This cell has several lines", "Text follows a closing quotation mark.", "This cell is read as “Dora D&#34;&#34;”.", "These cells are imported. Look", "“ZoÃ«” looks like letters", "Import 4 lines"} {
			if !strings.Contains(dry, want) {
				t.Errorf("the dry run does not say %q", want)
			}
		}
		s.get(show).want(t, 200, "Needs a look", "Download the lines to correct")
		s.get(job).want(t, 200, "5 values need a look.", "Values that need a look", "Download the lines to correct")
		if file := s.get(show + "/refused.csv").body; !strings.Contains(file, "Needs a look: First name: “{{first_name}}” looks") || !strings.Contains(file, ",2,a@example.com,{{first_name}},NULL,x") {
			t.Errorf("got the file %q, want the lines with their reasons", file)
		}
		s.get("/w/books/contacts?q=a@example.com").want(t, 200, "NULL")
		if _, dry, _ := imported(); strings.Contains(dry, "Needs a look") || !strings.Contains(dry, "There is nothing to import.") {
			t.Errorf("the same file again: got %s, want nothing to look at", dry)
		}
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

// TestImportsAreNamedEverywhere follows an import to a contact's head and history, and to the segment that the contact entered.
func TestImportsAreNamedEverywhere(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		g := s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		s.tick()
		columns := s.postFile("/w/books/contacts/import", "fair.csv", "email\nanna@example.com\n").header.Get("Location")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "status", "SUBSCRIBED", "column", "email").header.Get("Location")
		s.work()
		job := s.post(show).header.Get("Location")
		s.work()
		s.tick()
		page := s.get("/w/books/contacts/1")
		page.want(t, 200, "imported from fair.csv", "ines@example.com imported the contact from fair.csv", "imported from fair.csv by ines@example.com")
		page.wantNot(t, "added by hand", "edited by")
		if n := strings.Count(page.body, `href="`+job+`"`); n != 3 {
			t.Errorf("got %d links to the import, want one in each place", n)
		}
		s.get("/w/books/segments/"+itoa(g.ID)).want(t, 200, "1 by imports", "imported from fair.csv by ines@example.com")
		s.write(func(tx *gorm.DB) error { return tx.Exec("DELETE FROM jobs").Error })
		page = s.get("/w/books/contacts/1")
		page.want(t, 200, "imported from fair.csv")
		if strings.Contains(page.body, job) {
			t.Error("the page links to an import that is no longer kept")
		}
	})
}
