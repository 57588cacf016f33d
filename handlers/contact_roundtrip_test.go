package handlers

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"campaignlark/jobs"
	"campaignlark/models"

	"gorm.io/gorm"
)

// drawn is a workspace with odd merge tags, tags and contacts.
type drawn struct {
	*rand.Rand
	mergeTags []models.MergeTag
	tags      []string
	contacts  []models.ListedContact
}

// oddKeys are keys that exports, files of lines to correct and other programs' files give to other columns.
var oddKeys = []string{"email", "status", "tags", "created_at", "reason", "line", "mail", "tag", "e_mail", "emailaddress", "first_name", "note", "birthday", "likes", "country", "code"}

var oddTexts = []string{"Anna", "=1+1", "+43 1", "-", "-5", "@x", "'", "'tis", "'=x", "''=x", `="007"`, `"`, `""`, `say "hi"`, "a,b", "a;b", "a|b", "a\tb", "a\nb", "\nb", "a\n", "\n\n=", " ", " a", "a ", "\u00a0",
	"🦜", "שלום", "\u202eabc", "\ufeff", "\u2028", "\u0085", "\x01", "\x0b", "\x1a", "\x7f", "\ufffd", "e\u0301", "＝x", "＠x", "\t", "007", "1e3", "1.50", "TRUE", "NULL", "{{first_name}}", `\N`, `\.`, "x\njo@b.test,y,z", "jo@b.test",
	"email,status,tags,created_at", "sep=;", "\\", "<b>", "%41", "SUM(A1)", "x\ufeff", "two\nlines of jo@b.test"}

var oddTags = []string{"vip", "a", "b", "a, b", `say "hi"`, `"`, `""`, ",", `"a", b`, "=x", "'=x", "''=x", "+1", "-1", "@x", "'tis", "x;y", "x|y", "NULL", "🦜", "שלום", "007", `="x"`, "tags", "\ufeff.", "x\\"}

func draw(random *rand.Rand, contacts int) drawn {
	d := drawn{Rand: random}
	for _, n := range d.Perm(len(oddKeys))[:1+d.IntN(len(oddKeys))] {
		m := models.MergeTag{Key: oddKeys[n], Label: strings.ToUpper(oddKeys[(n+1)%len(oddKeys)]), Type: models.MergeTagTypes[d.IntN(len(models.MergeTagTypes))]}
		if d.IntN(3) == 0 {
			m.Type = models.MergeTagText
		}
		if m.Type.HasOptions() {
			m.Options = []string{"Maps", "Novels, long", "Novels", "long", "=x", "'=x", `say "hi"`, ",", "a, b", "007", "NULL"}
		}
		d.mergeTags = append(d.mergeTags, m)
	}
	for _, n := range d.Perm(len(oddTags))[:d.IntN(len(oddTags)+1)] {
		d.tags = append(d.tags, oddTags[n])
	}
	seen := map[string]bool{}
	for len(d.contacts) < contacts {
		if c := d.contact(); c.Email != "" && !seen[c.Email] {
			seen[c.Email] = true
			d.contacts = append(d.contacts, c)
		}
	}
	return d
}

func (d *drawn) pick(from []string) string { return from[d.IntN(len(from))] }

// contact draws a contact whose values are in their stored forms.
func (d *drawn) contact() (c models.ListedContact) {
	c.Email, _ = models.ReadEmail(d.pick([]string{"", "=", "'=", "+", "-", "'", "zoë", "{", "0", "''+", "|"}) + fmt.Sprintf("c%d", d.IntN(10_000)) + d.pick([]string{"@x.test", "@Bücher.example", "@0.test"}))
	c.SetStatus(models.Statuses[d.IntN(len(models.Statuses))], models.Instant(c.CreatedAt))
	c.Fields = map[string]string{}
	for _, m := range d.mergeTags {
		if stored, err := m.Read(models.Text(d.value(m)), nil); err == nil && stored != "" && d.IntN(5) > 0 {
			c.Fields[m.Key] = stored
		}
	}
	for _, name := range d.tags {
		if d.IntN(4) == 0 {
			c.Tags = append(c.Tags, models.Tag{Name: name})
		}
	}
	if d.IntN(3) == 0 { // their names in one cell are the name of another tag
		c.Tags = slices.DeleteFunc(c.Tags, func(t models.Tag) bool { return t.Name != "a" && t.Name != "b" })
	}
	return c
}

func (d *drawn) value(m models.MergeTag) string {
	switch m.Type {
	case models.MergeTagNumber:
		return d.pick([]string{"0", "-5", "1.50", "1e3", "-0.10", "123456789012345678901234567890"})
	case models.MergeTagBoolean:
		return d.pick([]string{"true", "no"})
	case models.MergeTagDate:
		return d.pick([]string{"1990-12-31", "2026-01-15T10:30:00Z", "2026-01-15T10:30:00.123456789+02:00", "0001-01-01"})
	case models.MergeTagSingle:
		return d.pick(m.Options)
	case models.MergeTagMultiple:
		return d.pick(m.Options) + "\n" + d.pick(m.Options)
	case models.MergeTagCountry:
		return d.pick([]string{"AT", "NA", "NO", "Germany"})
	}
	text := ""
	for range 1 + d.IntN(4) {
		text += d.pick(oddTexts)
	}
	if d.IntN(50) == 0 {
		text = strings.Repeat(text+"x", 2000/len(text+"x"))
	}
	return text
}

// workspaceOf creates a workspace with the drawn merge tags and tags, and the contacts if with is set. Some merge tags have a
// default then, which contacts without a value must not get.
func (s *site) workspaceOf(slug string, d drawn, with bool) *site {
	s.t.Helper()
	other := *s
	other.workspace = s.addWorkspace(slug)
	s.write(func(tx *gorm.DB) error {
		return tx.Create(&models.Membership{WorkspaceID: other.workspace.ID, UserID: s.user.ID, Role: models.RoleAdmin, CreatedAt: s.server.now()}).Error
	})
	for _, m := range d.mergeTags {
		if with && m.Type == models.MergeTagCountry {
			m.Default = "CH"
		}
		other.addOldMergeTag(m)
	}
	ids := map[string]int64{}
	for _, name := range d.tags {
		ids[name] = other.addTag(name).ID
	}
	if !with {
		return &other
	}
	for n, c := range d.contacts {
		id := int64(n + 1)
		other.addContact(id, c.Email, func(stored *models.Contact) { stored.Fields, stored.Status = c.Fields, c.Status })
		for _, tag := range c.Tags {
			s.write(func(tx *gorm.DB) error {
				return tx.Create(&models.ContactTag{WorkspaceID: other.workspace.ID, ContactID: id, TagID: ids[tag.Name]}).Error
			})
		}
	}
	return &other
}

// addOldMergeTag adds a merge tag of a time when it could have the key of an export's column.
func (s *site) addOldMergeTag(m models.MergeTag) {
	s.t.Helper()
	key := m.Key
	m.Key = models.SuggestKey(key)
	if m = s.addMergeTag(m); m.Key != key {
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.MergeTag{}).Where("workspace_id = ? AND id = ?", m.WorkspaceID, m.ID).Update("key", key).Error
		})
	}
}

// imports imports a file as it is, with all guesses, and returns what the import did.
func (s *site) imports(file string) jobs.ImportResult {
	s.t.Helper()
	base := "/w/" + s.workspace.Slug
	columns := s.postFile(base+"/contacts/import", "contacts.csv", file).header.Get("Location")
	fields := []string{"do", "check"}
	for name, values := range formFields(s.get(columns).body) {
		for _, value := range values {
			fields = append(fields, name, value)
		}
	}
	a := s.post(columns, fields...)
	if a.status != 303 {
		s.t.Fatalf("got %d of the columns, want 303: %s", a.status, a.text())
	}
	show := a.header.Get("Location")
	s.work()
	s.post(show).want(s.t, 303)
	s.work()
	var id int64
	fmt.Sscan(show[strings.LastIndex(show, "/")+1:], &id)
	job, err := s.db.Job(s.t.Context(), s.workspace.ID, id)
	if err != nil || job.State != models.JobDone {
		s.t.Fatalf("got the import %s (%v), want it done", job.State, err)
	}
	return models.ReadJobJSON[jobs.ImportResult](job.Result)
}

// export returns a workspace's export, and its head and sorted rows without the times of creation.
func (s *site) export() (file string, rows []string) {
	s.t.Helper()
	a := s.get("/w/" + s.workspace.Slug + "/contacts.csv")
	a.want(s.t, 200)
	all, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, cells := range all {
		rows = append(rows, fmt.Sprintf("%q", slices.Delete(cells, 3, 4)))
	}
	slices.Sort(rows[1:])
	return a.body, rows
}

// TestAnExportImportsAsItWas exports drawn workspaces. The file imported where it comes from changes nothing; in an empty workspace
// it makes the same contacts.
func TestAnExportImportsAsItWas(t *testing.T) {
	rounds := uint64(30)
	if testing.Short() {
		rounds = 12
	}
	eachSite(t, func(t *testing.T, s *site) {
		contacts := 0
		for round := range rounds {
			d := draw(rand.New(rand.NewPCG(round, 3)), 1+int(round)%7*10)
			contacts += len(d.contacts)
			from := s.workspaceOf(fmt.Sprintf("from-%d", round), d, true)
			file, rows := from.export()
			marks, events := s.marks(), s.events()
			got := from.imports(file)
			if want := (jobs.ImportResult{Unchanged: int64(len(d.contacts))}); models.JobJSON(got) != models.JobJSON(want) {
				t.Errorf("round %d: got %s of the own export, want only %d lines that change nothing", round, models.JobJSON(got), want.Unchanged)
			}
			if again, _ := from.export(); again != file || s.marks() != marks || s.events() != events {
				t.Errorf("round %d: the import changed something, or left %d marks and %d events", round, s.marks()-marks, s.events()-events)
			}
			to := s.workspaceOf(fmt.Sprintf("to-%d", round), d, false)
			if got := to.imports(file); got.Created != int64(len(d.contacts)) || got.Lines() != got.Created || got.Noted != 0 || s.events() != events {
				t.Errorf("round %d: got %s in an empty workspace, want %d contacts", round, models.JobJSON(got), len(d.contacts))
			}
			if _, copied := to.export(); !slices.Equal(copied, rows) {
				t.Errorf("round %d: got in an empty workspace\n%s\nwant\n%s", round, strings.Join(copied, "\n"), strings.Join(rows, "\n"))
			}
			if t.Failed() {
				t.Fatalf("the merge tags %+v, the export %q", d.mergeTags, file)
			}
		}
		t.Logf("%d workspaces with %d contacts", rounds, contacts)
	})
}

// TestAnExportKeepsATextWithLinesLikeItsOwn exports and imports a text that looks as if a quotation mark had been left open.
func TestAnExportKeepsATextWithLinesLikeItsOwn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "note", Label: "Note", Type: models.MergeTagText})
		s.addContact(1, "anna@example.com", func(c *models.Contact) {
			c.Fields = map[string]string{"note": "see\njo@b.test,SUBSCRIBED,,2026-11-24T14:31:07Z,x\nal@b.test,SUBSCRIBED,,2026-11-24T14:31:07Z,y"}
		})
		file, _ := s.export()
		if got := s.imports(file); got.Unchanged != 1 || got.Lines() != 1 {
			t.Errorf("got %s, want one line that changes nothing", models.JobJSON(got))
		}
		if got := s.imports(strings.Replace(file, "created_at", "joined", 1)); got.Created != 0 || got.Refused != 3 {
			t.Errorf("got %s of another program's file, want three lines refused", models.JobJSON(got))
		}
	})
}

// TestAnExportOfAllMergeTagsImports exports and imports as many columns as there can be.
func TestAnExportOfAllMergeTagsImports(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		fields := map[string]string{}
		for n := range models.MaxMergeTags {
			key := fmt.Sprintf("field_%d", n)
			s.addMergeTag(models.MergeTag{Key: key, Label: key, Type: models.MergeTagText})
			fields[key] = "value " + key
		}
		s.addContact(1, "anna@example.com", func(c *models.Contact) { c.Fields = fields })
		file, _ := s.export()
		if got := s.imports(file); got.Unchanged != 1 || got.Lines() != 1 {
			t.Errorf("got %s, want one line that changes nothing", models.JobJSON(got))
		}
	})
}
