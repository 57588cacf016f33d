package jobs

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var importNow = time.Date(2026, 11, 24, 14, 31, 7, 0, time.UTC)

// world is a workspace with a few merge tags and tags, and a runner that a test drives by hand.
type world struct {
	t         *testing.T
	db        *store.DB
	workspace int64
	now       time.Time
	runner    *Runner
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, now: importNow}
	ws := models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC", CreatedAt: w.now}
	w.write(func(tx *gorm.DB) error { return tx.Create(&ws).Error })
	w.workspace = ws.ID
	for _, m := range []models.MergeTag{
		{Key: "first_name", Label: "Given name", Type: models.MergeTagText},
		{Key: "orders", Label: "Orders", Type: models.MergeTagNumber},
		{Key: "likes", Label: "Likes", Type: models.MergeTagMultiple, Options: []string{"Poems", "Novels, long", "Maps"}},
		{Key: "country", Label: "Country", Type: models.MergeTagCountry, Default: "AT"},
	} {
		if _, errs, err := db.CreateMergeTag(t.Context(), w.workspace, 1, m, w.now); err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
	}
	w.restart()
	return w
}

func (w *world) write(fn func(tx *gorm.DB) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// restart creates another runner, like a restart of the program, after the lease of the previous one ends.
func (w *world) restart() {
	w.now = w.now.Add(2 * lease)
	w.runner = New(w.db, slog.New(slog.DiscardHandler), func() time.Time { return w.now })
}

func (w *world) receive(file string) models.Job {
	w.t.Helper()
	job, err := ReceiveImport(w.t.Context(), w.db, w.workspace, 1, "contacts.csv", strings.NewReader(file), w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return job
}

// check runs the dry run of a file with its spec, changed by the test.
func (w *world) check(job models.Job, change func(*ImportSpec)) (models.Job, ImportResult) {
	w.t.Helper()
	spec := models.ReadJobJSON[ImportSpec](job.Spec)
	if change != nil {
		change(&spec)
	}
	if err := CheckImport(w.t.Context(), w.db, job, spec, w.now); err != nil {
		w.t.Fatal(err)
	}
	return w.finish(job)
}

func (w *world) start(job models.Job) (models.Job, ImportResult) {
	w.t.Helper()
	if err := StartImport(w.t.Context(), w.db, job, 1, w.now); err != nil {
		w.t.Fatal(err)
	}
	return w.finish(job)
}

func (w *world) finish(job models.Job) (models.Job, ImportResult) {
	w.t.Helper()
	for {
		job, err := w.db.Job(w.t.Context(), w.workspace, job.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if job.State != models.JobRunning {
			return job, models.ReadJobJSON[ImportResult](job.Result)
		}
		if _, err := w.runner.Turn(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// contacts writes every contact, or those whose address has a prefix, as one line: address, status, fields, tags, version.
func (w *world) contacts(prefix ...string) []string {
	w.t.Helper()
	var emails []string
	err := w.db.Read(w.t.Context()).Model(&models.Contact{}).Where("workspace_id = ? AND email LIKE ?", w.workspace, strings.Join(prefix, "")+"%").Order("email").Pluck("email", &emails).Error
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for some := range slices.Chunk(emails, 200) {
		found, err := store.ContactsByEmail(w.db.Read(w.t.Context()), w.workspace, some)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, email := range some {
			c := found[email]
			var tags []string
			for _, t := range c.Tags {
				tags = append(tags, t.Name)
			}
			slices.Sort(tags)
			fields := strings.TrimPrefix(fmt.Sprintf("%q", c.Fields), "map")
			all = append(all, fmt.Sprintf("%s %s %s %q v%d", email, c.Status, fields, tags, c.Version))
		}
	}
	return all
}

func (w *world) refusedFile(job models.Job) string {
	w.t.Helper()
	text, err := io.ReadAll(store.OpenJobFile(w.db.Read(w.t.Context()), w.workspace, job.ID, store.JobFileRefused, 0))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func reasons(all []Problem) []string {
	var texts []string
	for _, p := range all {
		text := fmt.Sprintf("%d: ", p.Line)
		if p.Column != "" {
			text += p.Column + ": "
		}
		texts = append(texts, text+p.Reason)
	}
	return texts
}

const mixed = "Email;Status;Tags;created_at;given name;ORDERS;likes;Shoe size\r\n" +
	"anna@example.com;;vip, \"a, b\";2020;Anna;1,5;maps;38\r\n" + // a number that does not fit
	"BERT@example.com;UNSUBSCRIBED;;;Bert;2.50;\"novels, long, poems\";\r\n" +
	";;;;nobody;;;\r\n" +
	"not an address;;;;;;;\r\n" +
	"\r\n" +
	"long@example.com;;;;;;;;x\r\n" +
	"dora@example.com;;VIP;;\"Do\r\nra\";7;;41;;\r\n" +
	"gone@example.com;SUBSCRIBED;;;Gone;3;poems;\r\n" +
	"anna@example.com;;;;;12;;\r\n" +
	"'=1@example.com;;;;'=Fay;;;"

func TestImport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		gone, err := db.CreateContact(t.Context(), w.workspace, 1, "gone@example.com", models.ContactInput{Status: models.StatusUnsubscribed}, w.now)
		if err != nil {
			t.Fatal(err)
		}
		job, dry := w.check(w.receive(mixed), func(s *ImportSpec) {
			s.Columns[5].As = senders.AsIs
			s.Columns[7].To, s.Columns[7].Key = ColumnNew, "shoe_size"
			s.NewTags = []string{"autumn"}
		})
		if job.State != models.JobDraft || Phase(job) != ImportChecked {
			t.Fatalf("got %s, %s after the dry run", job.State, Phase(job))
		}
		same(t, "contacts after the dry run", w.contacts(), []string{`gone@example.com UNSUBSCRIBED [] [] v1`})
		same(t, "refusals", reasons(dry.Refusals), []string{
			"4: There is no e-mail address in this line.", "5: “not an address” is not a valid e-mail address.",
			"7: This line has 9 cells, and the file has 8 columns. There may be a separator too many, or a quotation mark is missing.",
		})
		same(t, "notes", reasons(dry.Notes), []string{
			"2: Orders: “1,5”: Not a number. Numbers look like 1250 or -3.75, without other signs.",
		})
		same(t, "new tags", dry.NewTags, []string{"autumn", "vip", "a, b"})

		job, done := w.start(job)
		dry.NewTags, done.NewTags = nil, nil
		if job.State != models.JobDone || models.JobJSON(dry) != models.JobJSON(done) {
			t.Errorf("got %s %s, want what the dry run said: %s", job.State, models.JobJSON(done), models.JobJSON(dry))
		}
		if done.Created != 4 || done.Updated != 2 || done.Refused != 3 || done.Stayed != 1 {
			t.Errorf("got %+v", done)
		}
		same(t, "contacts", w.contacts(), []string{
			`=1@example.com SUBSCRIBED ["country":"AT" "first_name":"=Fay"] ["autumn"] v1`,
			`anna@example.com SUBSCRIBED ["country":"AT" "first_name":"Anna" "likes":"Maps" "orders":"12" "shoe_size":"38"] ["a, b" "autumn" "vip"] v2`,
			`bert@example.com UNSUBSCRIBED ["country":"AT" "first_name":"Bert" "likes":"Poems\nNovels, long" "orders":"2.50"] ["autumn"] v1`,
			`dora@example.com SUBSCRIBED ["country":"AT" "first_name":"Do\nra" "orders":"7" "shoe_size":"41"] ["autumn" "vip"] v1`,
			`gone@example.com UNSUBSCRIBED ["first_name":"Gone" "likes":"Poems" "orders":"3"] ["autumn"] v2`,
		})
		w.checkTraces(job, gone)
		w.checkRefusedFile(job)
	})
}

// TestFilesWithFaultsLoseNobody imports files as people send them: each line is imported, refused or noted, and no other line
// stands in it.
func TestFilesWithFaultsLoseNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var people strings.Builder
		for i := range 100 {
			fmt.Fprintf(&people, "p%d@x.test,\u00eb\n", i)
		}
		for name, c := range map[string]struct {
			file            string
			created         int64
			refusals, notes []string
		}{
			"a quote that swallows people": {"email,first_name\na@x.test,\"open\n" + people.String() + "c@x.test,\"C\"\nd@x.test,D\n", 102,
				[]string{"2: The quotation mark that opens column 2 is not closed in this line, and what follows reads like other lines."}, nil},
			"bytes that are not UTF-8": {"email,first_name\nzoe@x.test,Zo\u00eb\nrene@x.test,Ren\xe9\nj\xe9@x.test,Je\n", 2,
				[]string{"4: email: \u201cj\ufffd@x.test\u201d: a character of this cell is not UTF-8. Save the file as UTF-8, or choose how its text is written."},
				[]string{"3: first_name: \u201cRen\ufffd\u201d: a character of this cell is not UTF-8. Save the file as UTF-8, or choose how its text is written."}},
			"a quote that swallows people in a valid row": {"email,first_name\nq0@x.test,\"open\nq1@x.test,B\nq2@x.test,C\"\nq3@x.test,D\n", 1, []string{
				"2: The quotation mark before “open” in column 2 is not closed in this line, and 2 lines inside it read like lines of this file. No line up to line 4 is imported.",
				"3: This line is inside the quotation mark that line 2 opens. Close it there, and import this line again.",
				"4: This line is inside the quotation mark that line 2 opens. Close it there, and import this line again."}, nil},
			"NUL": {"email,first_name,tags\nn0@x.test,Zo\x00e,\nn1@x.test,N,v\x00ip\nn\x002@x.test,N,\n", 2,
				[]string{"4: email: “n2@x.test”: this cell has a NUL character, a byte with the value 0 that cannot be seen. Remove it, or choose how the text of the file is written."}, nil},
			"NUL among many lines":       {"email,first_name\n" + strings.ReplaceAll(people.String(), "p", "np") + "n3@x.test,Zo\x00e\n", 101, nil, nil},
			"one column":                 {"email\ng1@x.test,more\ng2@x.test\n", 1, []string{"2: This line has 2 cells, and the file has 1 column. There may be a separator too many, or a quotation mark is missing."}, nil},
			"short rows":                 {"email,first_name,orders\nshort1@x.test\nshort2@x.test,S,\nshort3@x.test,S\n", 3, nil, nil},
			"texts written as formulas":  {"email,first_name\nformula@x.test,=\"01067\"\n", 1, nil, nil},
			"a mark of CP/M at the end":  {"email,first_name\nold@x.test,Old\n\x1a", 1, nil, nil},
			"pipes":                      {"email|first_name\npipe@x.test|a,b;c\n", 1, nil, nil},
			"line ends of three systems": {"email,first_name\nends@x.test,\"a\r\nb\rc\nd\"\n", 1, nil, nil},
		} {
			job, dry := w.check(w.receive(c.file), nil)
			same(t, name+": refusals", reasons(dry.Refusals), c.refusals)
			same(t, name+": notes", reasons(dry.Notes), c.notes)
			if nul := strings.Contains(c.file, "Zo\x00e"); nul && !strings.Contains(strings.Join(reasons(dry.Doubts), "\n"), "first_name: “Zoe”: this cell has a NUL character") {
				t.Errorf("%s: got the doubts %q, want the NUL character named", name, reasons(dry.Doubts))
			}
			if _, done := w.start(job); done.Created != c.created || done.Lines() != c.created+int64(len(c.refusals)) {
				t.Errorf("%s: got %+v, want %d created", name, done, c.created)
			}
		}
		stored := strings.Join(w.contacts(), "\n")
		for _, want := range []string{"zoe@x.test SUBSCRIBED [\"country\":\"AT\" \"first_name\":\"Zoë\"]", `rene@x.test SUBSCRIBED ["country":"AT"]`, `c@x.test SUBSCRIBED ["country":"AT" "first_name":"C"]`,
			`formula@x.test SUBSCRIBED ["country":"AT" "first_name":"01067"]`, `n0@x.test SUBSCRIBED ["country":"AT" "first_name":"Zoe"]`,
			`n1@x.test SUBSCRIBED ["country":"AT" "first_name":"N"] ["vip"]`, `n3@x.test SUBSCRIBED ["country":"AT" "first_name":"Zoe"]`, `old@x.test SUBSCRIBED ["country":"AT" "first_name":"Old"]`,
			`pipe@x.test SUBSCRIBED ["country":"AT" "first_name":"a,b;c"]`, `ends@x.test SUBSCRIBED ["country":"AT" "first_name":"a\nb\nc\nd"]`} {
			if !strings.Contains(stored, want) {
				t.Errorf("no contact is %s", want)
			}
		}
	})
}

// TestLinesToCorrectDoNotGrow imports a file of lines to correct again without a correction. The new file has the same columns and the
// same cells, unless a person imports the columns of the old file.
func TestLinesToCorrectDoNotGrow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		const head, refused = "\ufeffreason,line,email,first_name\r\n", "“nobody” is not a valid e-mail address.,2,nobody,N\r\nThere is no e-mail address in this line.,3,,\"two\r\nlines\"\r\n"
		for name, c := range map[string]struct {
			file   string
			change func(*ImportSpec)
			want   string
		}{
			"a first file":        {"email,first_name\nnobody,N\n,\"two\nlines\"\n", nil, head + refused},
			"its lines":           {head + refused, nil, head + refused},
			"grown before":        {"reason,line,reason,line,email,first_name\nx,2,x,2,nobody,N\n,3,x,3,,\"two\nlines\"\n", nil, head + refused},
			"a short line":        {"reason,line,email,first_name\nx,7\n", nil, head + "There is no e-mail address in this line.,2\r\n"},
			"a line not read":     {"reason,line,email,first_name\nx,7,a@x.test,\"open\n", nil, head + "The quotation mark that opens column 4 is never closed.,2,\"x,7,a@x.test,\"\"open\"\r\n"},
			"the reason imported": {"reason,line,email,first_name\nx,7,nobody,N\n", func(s *ImportSpec) { s.Columns[0].To = FieldColumn(2) }, "\ufeffreason,line,reason,line,email,first_name\r\n“nobody” is not a valid e-mail address.,2,x,7,nobody,N\r\n"},
			"other columns":       {"line,reason,email,first_name\n7,x,nobody,N\n", nil, "\ufeffreason,line,line,reason,email,first_name\r\n“nobody” is not a valid e-mail address.,2,7,x,nobody,N\r\n"},
		} {
			job, _ := w.start(first(w.check(w.receive(c.file), c.change)))
			if got := w.refusedFile(job); got != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
		}
	})
}

// checkTraces checks that an import leaves marks and audit entries, and no events.
func (w *world) checkTraces(job models.Job, gone models.Contact) {
	w.t.Helper()
	var events, marks int64
	w.db.Read(w.t.Context()).Model(&models.WebhookRequest{}).Where("event IS NOT NULL").Count(&events)
	w.db.Read(w.t.Context()).Model(&models.DirtyContact{}).Where("user_id = ?", job.UserID).Distinct("contact_id").Count(&marks)
	if events != 0 || marks != 5 {
		w.t.Errorf("got %d events and %d marked contacts, want 0 and 5", events, marks)
	}
	var notes []models.AuditEntry
	w.db.Read(w.t.Context()).Where("action IN ?", []string{models.ActionContactImported, models.ActionImportStarted, models.ActionImportDone}).Order("id").Find(&notes)
	count := map[string]int{}
	for _, n := range notes {
		if count[n.Action]++; n.SubjectID == gone.ID && n.Action == models.ActionContactImported {
			if c := n.ContactChange(); c.StatusAfter != "" || !slices.Equal(c.TagsAdded, []string{"autumn"}) || len(c.Fields) != 3 || c.Version != 2 {
				w.t.Errorf("got the note %+v", c)
			}
		}
		if strings.Contains(n.Detail, "Gone") || strings.Contains(n.Detail, "@") {
			w.t.Errorf("a value is in the audit log: %s", n.Detail)
		}
	}
	if count[models.ActionContactImported] != 5 || count[models.ActionImportStarted] != 1 || count[models.ActionImportDone] != 1 {
		w.t.Errorf("got the notes %v", count)
	}
	if err := w.db.DropJobFiles(w.t.Context(), w.now); err != nil {
		w.t.Fatal(err)
	}
	for name, want := range map[string]bool{store.JobFileSource: false, store.JobFilePeople: false, store.JobFileRefused: true} {
		if got, err := store.HasJobFile(w.db.Read(w.t.Context()), w.workspace, job.ID, name); got != want || err != nil {
			w.t.Errorf("the file %s is there: got %v, want %v (%v)", name, got, want, err)
		}
	}
}

func (w *world) checkRefusedFile(job models.Job) {
	w.t.Helper()
	text, marked := strings.CutPrefix(w.refusedFile(job), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = ';', -1 // as in the file
	rows, err := r.ReadAll()
	if err != nil || !marked || len(rows) != 5 {
		w.t.Fatalf("got the file %q (%v)", text, err)
	}
	same(w.t, "refused file", []string{strings.Join(rows[0], "|"), strings.Join(rows[1], "|"), strings.Join(rows[3], "|"), strings.Join(rows[4][1:], "|")}, []string{
		"reason|line|Email|Status|Tags|created_at|given name|ORDERS|likes|Shoe size",
		"Not stored: Orders: “1,5”: Not a number. Numbers look like 1250 or -3.75, without other signs.|2|anna@example.com||vip, \"a, b\"|2020|Anna|1,5|maps|38",
		"“not an address” is not a valid e-mail address.|5|not an address|||||||",
		"7|long@example.com||||||||x",
	})
	if err := w.db.DropJobFiles(w.t.Context(), w.now.Add(8*24*time.Hour)); err != nil {
		w.t.Fatal(err)
	}
	if got := w.refusedFile(job); got != "" {
		w.t.Errorf("after 8 days got %q, want nothing", got)
	}
}

// TestImportLeavesAStoredChoiceThatWasRemoved imports choices that are no options any more, for a contact that has them and for another.
func TestImportLeavesAStoredChoiceThatWasRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		has := models.ContactInput{Status: models.StatusSubscribed, Fields: map[string]string{"likes": "Poems\nLetters"}}
		for _, email := range []string{"a@example.com", "b@example.com"} {
			if _, err := db.CreateContact(t.Context(), w.workspace, 1, email, has, w.now); err != nil {
				t.Fatal(err)
			}
			has.Fields = nil
		}
		_, done := w.start(first(w.check(w.receive("email,likes\na@example.com,\"Poems\r\nLetters\"\nb@example.com,\"Poems\r\nLetters\"\n"), nil)))
		if done.Unchanged != 2 || len(done.Notes) != 1 || done.Notes[0].Line != 4 {
			t.Errorf("got %+v, want nothing changed, and only the second contact's cell noted", done)
		}
	})
}

func TestImportKeepsStatuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for _, s := range models.Statuses {
			for _, file := range []string{"plain", "told"} {
				email := strings.ToLower(string(s)) + "." + file + "@example.com"
				if _, err := db.CreateContact(t.Context(), w.workspace, 1, email, models.ContactInput{Status: s}, w.now); err != nil {
					t.Fatal(err)
				}
			}
		}
		lines := func(file string) string {
			return "mail\nnew." + file + "@example.com\nsubscribed." + file + "@example.com\nunconfirmed." + file + "@example.com\nunsubscribed." + file + "@example.com\n"
		}
		w.start(first(w.check(w.receive(lines("plain")), func(s *ImportSpec) { s.Status = models.StatusUnconfirmed })))
		w.start(first(w.check(w.receive(lines("told")), func(s *ImportSpec) { s.Resubscribe = true })))
		var got []string
		for _, line := range w.contacts() {
			got = append(got, strings.Join(strings.Fields(line)[:2], " "))
		}
		same(t, "statuses", got, []string{
			"new.plain@example.com UNCONFIRMED", "new.told@example.com SUBSCRIBED",
			"subscribed.plain@example.com SUBSCRIBED", "subscribed.told@example.com SUBSCRIBED",
			"unconfirmed.plain@example.com UNCONFIRMED", "unconfirmed.told@example.com UNCONFIRMED",
			"unsubscribed.plain@example.com UNSUBSCRIBED", "unsubscribed.told@example.com SUBSCRIBED",
		})
	})
}

// TestImportFindsTagsByTheWholeCell imports cells that are the name of a tag with a comma, beside cells that name several tags.
func TestImportFindsTagsByTheWholeCell(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		if _, errs, err := db.ResolveTagNames(t.Context(), w.workspace, 1, []string{"Vienna, Austria", "vip", `say "hello", you`}, w.now); err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
		lines := []string{"email\ttags", "a@x.test\tVienna, Austria", "b@x.test\t VIENNA, AUSTRIA ", "c@x.test\tVienna, Austria, vip", `d@x.test` + "\t" + `"say ""hello"", you"`,
			"e@x.test\tGraz, Austria", "f@x.test\t\"\"\"Graz, Austria\"\"\"", "g@x.test\tGraz, Austria", "h@x.test\tVienna,Austria"}
		job, dry := w.check(w.receive(strings.Join(lines, "\n")), nil)
		same(t, "new tags", dry.NewTags, []string{"Vienna", "Austria", "Graz", "Graz, Austria"})
		w.start(job)
		same(t, "contacts", w.contacts(), []string{
			`a@x.test SUBSCRIBED ["country":"AT"] ["Vienna, Austria"] v1`,
			`b@x.test SUBSCRIBED ["country":"AT"] ["Vienna, Austria"] v1`,
			`c@x.test SUBSCRIBED ["country":"AT"] ["Austria" "Vienna" "vip"] v1`,
			`d@x.test SUBSCRIBED ["country":"AT"] ["say \"hello\", you"] v1`,
			`e@x.test SUBSCRIBED ["country":"AT"] ["Austria" "Graz"] v1`,
			`f@x.test SUBSCRIBED ["country":"AT"] ["Graz, Austria"] v1`,
			`g@x.test SUBSCRIBED ["country":"AT"] ["Austria" "Graz"] v1`,
			`h@x.test SUBSCRIBED ["country":"AT"] ["Austria" "Vienna"] v1`,
		})
	})
}

// TestImportReadsTimesInTheWorkspacesZone imports a time without a zone.
func TestImportReadsTimesInTheWorkspacesZone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Workspace{}).Where("id = ?", w.workspace).Update("time_zone", "Europe/Vienna").Error
		})
		if _, errs, err := db.CreateMergeTag(t.Context(), w.workspace, 1, models.MergeTag{Key: "born", Label: "Born", Type: models.MergeTagDate}, w.now); err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
		_, done := w.start(first(w.check(w.receive("email,born\na@x.test,2026-01-15 00:30\nb@x.test,2026-01-15T00:30:00Z\nc@x.test,2026-01\n"), nil)))
		same(t, "contacts", w.contacts(), []string{
			`a@x.test SUBSCRIBED ["born":"2026-01-14T23:30:00Z" "country":"AT"] [] v1`,
			`b@x.test SUBSCRIBED ["born":"2026-01-15T00:30:00Z" "country":"AT"] [] v1`,
			`c@x.test SUBSCRIBED ["country":"AT"] [] v1`,
		})
		same(t, "notes", reasons(done.Notes), []string{"4: Born: “2026-01”: Not a date. The day is missing. Dates look like 1990-12-31."})
	})
}

// TestImportStatusOf gives a contact of each status each line, with and without "Subscribe again" and a column for the status.
func TestImportStatusOf(t *testing.T) {
	t.Parallel()
	const S, P, U = models.StatusSubscribed, models.StatusUnconfirmed, models.StatusUnsubscribed
	for _, c := range []struct {
		again, column    bool
		now, given, want models.Status
	}{
		{false, true, "", "", P}, {false, true, "", U, U}, {false, false, "", "", P},
		{false, true, S, "", S}, {false, true, S, U, U}, {false, true, U, "", U}, {false, true, U, S, U}, {false, false, U, "", U},
		{true, true, "", "", P}, {true, true, S, "", S}, {true, true, S, U, U}, {true, false, S, "", S},
		{true, true, U, S, S}, {true, true, U, U, U}, {true, true, U, "", U}, {true, false, U, "", P},
	} {
		spec := ImportSpec{Status: P, Resubscribe: c.again, Columns: []Column{{To: ColumnEmail}}}
		if c.column {
			spec.Columns = append(spec.Columns, Column{To: ColumnStatus})
		}
		if got := spec.statusOf(c.given, c.now); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestImportRefusesUnreadableStatuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		long := strings.Repeat("x", 50)
		job, done := w.start(first(w.check(w.receive("email,state of things\n1@example.com,cleaned\n2@example.com,Abgemeldet\n3@example.com, Opt-Out \n4@example.com,unsubscribed\n"+
			"5@example.com,bounced\n6@example.com,unConfirmed\n7@example.com,"+long+"\n8@example.com,\n"), func(s *ImportSpec) { s.Columns[1].To = ColumnStatus })))
		same(t, "refusals", reasons(done.Refusals), []string{
			"2: state of things: “cleaned” is no status. There are Subscribed, Unconfirmed and Unsubscribed.",
			"6: state of things: “bounced” is no status. There are Subscribed, Unconfirmed and Unsubscribed.",
			"8: state of things: “" + long[:40] + "…” is no status. There are Subscribed, Unconfirmed and Unsubscribed.",
		})
		same(t, "contacts", w.contacts(), []string{
			`2@example.com UNSUBSCRIBED ["country":"AT"] [] v1`, `3@example.com UNSUBSCRIBED ["country":"AT"] [] v1`, `4@example.com UNSUBSCRIBED ["country":"AT"] [] v1`,
			`6@example.com UNCONFIRMED ["country":"AT"] [] v1`, `8@example.com SUBSCRIBED ["country":"AT"] [] v1`,
		})
		if file := w.refusedFile(job); !strings.Contains(file, ",2,1@example.com,cleaned\r\n") {
			t.Errorf("got the file %q, want the refused lines", file)
		}
	})
}

// A reason that quotes a cell names the characters in it that cannot be seen, for a cell that looks right would not be believed.
func TestImportNamesCharactersThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		_, done := w.start(first(w.check(w.receive("email,state,orders,likes\nann@example.com\u200b,,,\nbo\u00a0b@example.com,,,\n3@example.com,sub\u00adscribed,,\n4@example.com,,1\u200b0,\n5@example.com,,,\u202eMaps\n"),
			func(s *ImportSpec) { s.Columns[1].To = ColumnStatus })))
		same(t, "refusals", reasons(done.Refusals), []string{
			"2: “ann@example.com‹zero-width space›” is not a valid e-mail address.", "3: “bo‹no-break space›b@example.com” is not a valid e-mail address.",
			"4: state: “sub‹soft hyphen›scribed” is no status. There are Subscribed, Unconfirmed and Unsubscribed.",
		})
		same(t, "notes", reasons(done.Notes), []string{
			"5: Orders: “1‹zero-width space›0”: Not a number. Numbers look like 1250 or -3.75, without other signs.",
			"6: Likes: \"‹right-to-left override›Maps\" is not one of the choices. They are: \"Poems\", \"Novels, long\", \"Maps\".",
		})
	})
}

func first(job models.Job, _ ImportResult) models.Job { return job }

func TestImportOfEveryEncoding(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		const text = "mail;first_name\r\nzoë@example.com;„Zoë“ Müller\r\n"
		want := []string{`zoë@example.com SUBSCRIBED ["country":"AT" "first_name":"„Zoë“ Müller"] [] v1`}
		utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
		latin, _ := charmap.Windows1252.NewEncoder().String(text)
		for i, file := range []string{utf16, latin, text, "\ufeff" + text} {
			job, result := w.start(first(w.check(w.receive(file), nil)))
			if job.State != models.JobDone || result.Created != int64(1-min(i, 1)) || result.Unchanged != int64(min(i, 1)) {
				t.Errorf("file %d: got %s %+v", i, job.State, result)
			}
			same(t, "contacts", w.contacts(), want)
		}
	})
}

// manyLines returns a file that names some people twice, far apart, and has refused lines.
func manyLines() string {
	var b strings.Builder
	b.WriteString("email,first_name,orders,tags\n")
	for i := range 1500 {
		switch {
		case i%97 == 13:
			b.WriteString("nobody,x,,\n")
		case i%11 == 3:
			fmt.Fprintf(&b, "p%d@example.com,\"Again\n%d\",,late\n", i/3, i)
		default:
			fmt.Fprintf(&b, "p%d@example.com,Name %d,%d,\"a, b\"\n", i, i, i)
		}
	}
	return b.String()
}

func TestImportResumesAfterARestart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		straight := newWorld(t, db)
		job, dry := straight.check(straight.receive(manyLines()), nil)
		job, done := straight.start(job)
		wantFile := straight.refusedFile(job)

		broken := *straight
		ws := models.Workspace{Slug: "again", Name: "Again", TimeZone: "UTC", CreatedAt: importNow}
		broken.write(func(tx *gorm.DB) error { return tx.Create(&ws).Error })
		broken.write(func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO merge_tags (workspace_id, key, label, type, options, default_value, created_at) SELECT ?, key, label, type, options, default_value, created_at FROM merge_tags WHERE workspace_id = ? ORDER BY id", ws.ID, straight.workspace).Error
		})
		broken.workspace = ws.ID
		job = broken.receive(manyLines())
		if err := CheckImport(t.Context(), db, job, models.ReadJobJSON[ImportSpec](job.Spec), broken.now); err != nil {
			t.Fatal(err)
		}
		job, result := broken.limp(job)
		if models.JobJSON(result) != models.JobJSON(dry) {
			t.Errorf("dry run: got %s, want %s", models.JobJSON(result), models.JobJSON(dry))
		}
		if err := StartImport(t.Context(), db, job, 1, broken.now); err != nil {
			t.Fatal(err)
		}
		job, result = broken.limp(job)
		if job.State != models.JobDone || models.JobJSON(result) != models.JobJSON(done) {
			t.Errorf("got %s %s, want %s", job.State, models.JobJSON(result), models.JobJSON(done))
		}
		same(t, "contacts", broken.contacts(), straight.contacts())
		if got := broken.refusedFile(job); got != wantFile {
			t.Errorf("got the refused lines %q, want %q", got, wantFile)
		}
	})
}

// limp runs a job while the program is ended repeatedly in the middle of a step, before or after its commit.
func (w *world) limp(job models.Job) (models.Job, ImportResult) {
	w.t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for {
		w.restart()
		ctx, end := context.WithCancel(w.t.Context())
		whole := w.runner.steps[models.JobImport]
		w.runner.steps[models.JobImport] = func(ctx context.Context, tx *gorm.DB, j *models.Job, now time.Time) error {
			if random.IntN(3) == 0 {
				end() // before this step's work
			}
			err := whole(ctx, tx, j, now)
			if random.IntN(3) == 0 {
				end() // before its commit
			}
			return err
		}
		_, _ = w.runner.Turn(ctx)
		end()
		found, err := w.db.Job(w.t.Context(), w.workspace, job.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if found.State != models.JobRunning {
			return found, models.ReadJobJSON[ImportResult](found.Result)
		}
	}
}

// noise returns random bytes, always the same.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.IntN(256))
	}
	return b
}

func TestImportOfAFileForExcel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("Sep=\t\nemail\tfirst_name\nc@example.com\tC,D;E\n")
		for _, file := range []string{"sep=;\r\nemail;first_name\r\na@example.com;A,B\r\nnobody;\r\n", "\ufeffsep=,\nb@example.com,B;;;\n", utf16} {
			if _, done := w.start(first(w.check(w.receive(file), func(s *ImportSpec) { s.Columns[1].To = FieldColumn(1) }))); done.Created != 1 || done.Noted != 0 {
				t.Errorf("%q: got %+v, want one contact", file, done)
			} else if done.Refused > 0 && done.Refusals[0].Line != 4 {
				t.Errorf("%q: got %+v, want line 4 refused", file, done)
			}
		}
		same(t, "contacts", w.contacts(), []string{
			`a@example.com SUBSCRIBED ["country":"AT" "first_name":"A,B"] [] v1`, `b@example.com SUBSCRIBED ["country":"AT" "first_name":"B;;;"] [] v1`,
			`c@example.com SUBSCRIBED ["country":"AT" "first_name":"C,D;E"] [] v1`,
		})
	})
}

func TestFilesWithoutATable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for file, want := range map[string]string{"": "empty", "PK\x03\x04rest": "workbook", "%PDF-1.7": "no table", "email\x00\x01\x02;a\n": "not a text file",
			string(noise(4000)): "not a text file", "email;name\r\n\r\n": "only the line that names the columns", "sep=;\r\nemail;name": "only the line that names", "\n \n": "no contacts"} {
			_, err := ReceiveImport(t.Context(), db, w.workspace, 1, "x", strings.NewReader(file), w.now)
			if store.ErrorCode(err) != models.CodeInvalid || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want it refused with %q", file, err, want)
			}
		}
	})
}

func TestDraftsExpire(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		job := w.receive("email\na@example.com\n")
		if err := db.DropJobFiles(t.Context(), w.now.Add(6*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if job, _ = w.check(job, nil); job.State != models.JobDraft {
			t.Fatalf("got %s, want the draft still there", job.State)
		}
		for range 2 {
			if err := db.DropJobFiles(t.Context(), w.now.Add(8*24*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		job, _ = w.finish(job)
		there, err := store.HasJobFile(db.Read(t.Context()), w.workspace, job.ID, store.JobFileSource)
		if job.State != models.JobStopped || there || err != nil {
			t.Errorf("got %s, file there %v (%v), want it stopped and gone", job.State, there, err)
		}
	})
}

// TestStartKeepsWhatChangedSinceThePageWasRead starts an import with a job that was read before its spec changed, as an
// erasure changes it.
func TestStartKeepsWhatChangedSinceThePageWasRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		job, _ := w.check(w.receive("email,first\nmarta@example.com,Marta\n"), func(s *ImportSpec) {
			s.Columns[1] = Column{Name: "first", To: ColumnNew, Key: "first_of_file"}
			s.NewTags = []string{"from a file"}
		})
		change := func(fn func(*ImportSpec)) {
			_, err := w.db.ChangeJob(t.Context(), w.workspace, job.ID, w.now, func(_ *gorm.DB, j *models.Job) error {
				spec := models.ReadJobJSON[ImportSpec](j.Spec)
				fn(&spec)
				j.Spec = models.JobJSON(spec)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		change(func(s *ImportSpec) { s.Header, s.File = false, "without the header" })
		if err := StartImport(t.Context(), w.db, job, 1, w.now); err != nil {
			t.Fatal(err)
		}
		started, err := w.db.Job(t.Context(), w.workspace, job.ID)
		spec := models.ReadJobJSON[ImportSpec](started.Spec)
		if err != nil || started.State != models.JobRunning || spec.Header || spec.File != "without the header" {
			t.Errorf("got %s %+v (%v), want the spec as it was changed", started.State, spec, err)
		}
		if spec.Columns[1].MergeTag() == 0 || len(spec.Tags) != 1 || len(spec.NewTags) != 0 {
			t.Errorf("got %+v, want the ids of what was made", spec)
		}

		job, _ = w.check(w.receive("email\nmarta@example.com\n"), nil)
		change(func(s *ImportSpec) { s.Columns = append(s.Columns, Column{To: ColumnNew, Key: "of_somebody_else"}) })
		if err := StartImport(t.Context(), w.db, job, 1, w.now); store.ErrorCode(err) != models.CodeConflict {
			t.Errorf("got %v, want that columns which the person did not see are not imported", err)
		}
	})
}

// TestChoicesOfAnOldPageAreNotStored checks and re-reads an import with a job that was read before an erasure changed it.
func TestChoicesOfAnOldPageAreNotStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		job := w.receive("email\nmarta@example.com\n")
		spec := models.ReadJobJSON[ImportSpec](job.Spec)
		if _, err := w.db.ChangeJob(t.Context(), w.workspace, job.ID, w.now, func(_ *gorm.DB, j *models.Job) error {
			changed := spec
			changed.File = "contacts.csv of nobody"
			j.Spec = models.JobJSON(changed)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := CheckImport(t.Context(), db, job, spec, w.now); store.ErrorCode(err) != models.CodeConflict {
			t.Errorf("got %v of the check, want a conflict", err)
		}
		if err := RemapImport(t.Context(), db, job, spec, w.now); store.ErrorCode(err) != models.CodeConflict {
			t.Errorf("got %v of the remapping, want a conflict", err)
		}
		now, err := w.db.Job(t.Context(), w.workspace, job.ID)
		if got := models.ReadJobJSON[ImportSpec](now.Spec).File; err != nil || got != "contacts.csv of nobody" || now.State != models.JobDraft {
			t.Errorf("got %q %s (%v), want what the erasure stored", got, now.State, err)
		}
	})
}

// TestAnImportNeedsFewStatements imports changes of 200 contacts, which on Postgres are one statement and not one each.
func TestAnImportNeedsFewStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var first, second strings.Builder
		first.WriteString("email,first_name\n")
		second.WriteString("email,first_name\n")
		for i := range 200 {
			fmt.Fprintf(&first, "a%d@example.com,Marta\n", i)
			fmt.Fprintf(&second, "a%d@example.com,\"M \\ \"\"%d\"\"\"\n", i, i)
		}
		job, _ := w.check(w.receive(first.String()), nil)
		w.start(job)
		job, _ = w.check(w.receive(second.String()), nil)
		statements, err := dbtest.CountStatements(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		_, result := w.start(job)
		if result.Updated != 200 {
			t.Fatalf("got %+v, want 200 updated", result)
		}
		if n := statements.Load(); db.Dialect == store.Postgres && n > 60 {
			t.Errorf("got %d statements for 200 contacts, want a few for each step", n)
		}
		for _, c := range w.contacts() {
			if !strings.Contains(c, `"first_name":"M \\ \"`) {
				t.Errorf("got %s, want its new value", c)
			}
		}
	})
}

// TestAnImportTakesIdsLast lets a call take a contact id while a step of an import waits to write its refused lines.
func TestAnImportTakesIdsLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, dbtest.PostgresURL(t))) // SQLite has one writer
	job, _ := w.check(w.receive("email,first_name\nmarta@example.com,Marta\nnobody,Nobody\n"), nil)
	if err := StartImport(t.Context(), w.db, job, 1, w.now); err != nil {
		t.Fatal(err)
	}
	var turned <-chan error
	w.write(func(tx *gorm.DB) error {
		if err := tx.Exec("LOCK TABLE job_files IN EXCLUSIVE MODE").Error; err != nil {
			return err
		}
		turned = dbtest.UntilItWaits(t, w.db, func() error { _, err := w.runner.Turn(t.Context()); return err })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := w.db.Write(ctx, func(tx *gorm.DB) error {
			_, err := store.ReserveContactIDs(tx, w.workspace, 1)
			return err
		})
		if err != nil {
			t.Errorf("got %v, want that a call need not wait for an id", err)
		}
		return nil
	})
	if err := <-turned; err != nil {
		t.Fatal(err)
	}
	if _, result := w.finish(job); result.Created != 1 || result.Refused != 1 || len(w.contacts()) != 1 {
		t.Errorf("got %+v, want one contact and one refused line", result)
	}
}
