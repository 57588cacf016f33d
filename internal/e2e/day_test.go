package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrowserDayOfAWorkspace goes through a day of a workspace in the browser: an admin and a manager work, a shop calls a
// webhook, and support staff look for a call.
func TestBrowserDayOfAWorkspace(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		d := &day{t: t, env: map[string]string{"DATABASE_URL": url}}
		d.program = Start(t, Settings{Env: d.env})
		d.setUp()
		d.invite()
		d.create()
		d.call()
		d.support()
		d.bring()
		d.many()
		d.erase()
		d.lookBack()
	})
}

// day is one workspace and the people in it.
type day struct {
	t       *testing.T
	env     map[string]string
	program *Program
	ines    *Page // the admin
	tomasz  *Page // the manager she invites
	address string
	request string // the page of the call that went wrong
}

// picture takes screenshots of the page in both widths and themes if SHOTS is set.
func (d *day) picture(p *Page, name string) {
	if os.Getenv("SHOTS") == "" {
		return
	}
	for _, width := range []int64{Narrow, Wide} {
		p.Width(width)
		for _, theme := range []string{"dark", "light"} {
			p.Theme(theme)
			p.Shot(fmt.Sprintf("day-%s-%s-%d", name, theme, width))
		}
	}
}

func (d *day) setUp() {
	p := NewPage(d.t, d.program.URL)
	d.ines = p
	p.Open(d.program.Setup)
	p.Enter("Name of the workspace", "Alder & Finch Books")
	p.Enter("Time zone", "Vienna")
	p.Enter("Your e-mail address", "ines@alderfinch.example")
	p.Enter("Password", "a word for every book")
	p.Follow("Create workspace")
	p.Sees("Alder & Finch Books")
	d.picture(p, "first")
}

func (d *day) invite() {
	p := d.ines
	p.Follow("Workspace settings")
	p.Follow("Members")
	p.Follow("Invite a person")
	p.Enter("E-mail address", "tomasz@alderfinch.example")
	p.Click("Manager")
	p.Follow("Invite")
	p.Sees("This link is shown this once.")
	d.picture(p, "invited")
	link := p.Value("#link")
	d.tomasz = NewPage(d.t, d.program.URL)
	d.tomasz.Open(link)
	d.tomasz.Sees("Join Alder & Finch Books")
	d.tomasz.Enter("Choose a password", "finches and their nests")
	d.tomasz.Follow("Join and sign in")
	d.tomasz.Sees("Alder & Finch Books")
	p.Follow("To the members")
	p.Sees("tomasz@alderfinch.example")
	p.Sees("Manager")
	d.picture(p, "members")
}

func (d *day) create() {
	p := d.tomasz
	p.Follow("Merge tags")
	p.Follow("Create merge tag")
	p.Enter("Key", "first_name")
	p.Enter("Label", "First name")
	p.Follow("Create merge tag")
	p.Follow("Inbound Webhooks")
	p.Follow("Create Webhook")
	p.Enter("Name", "Shop: customer created")
	p.Click("SUBSCRIBED")
	p.Enter("New tags, separated by commas", "customer")
	p.Follow("Save")
	p.Sees("Waiting for the first call")
	d.picture(p, "waiting")
	d.address = p.Value("#url")
}

// call calls the webhook as the shop. The waiting page must show the first call without a reload.
func (d *day) call() {
	callForm(d.t, d.address, "email_address", "marta.kowalska@example.com", "first_name", "Marta")
	d.tomasz.Sees("The first call has arrived")
	d.picture(d.tomasz, "came")
	callForm(d.t, d.address, "email_address", "jonas@@example.com", "first_name", "Jonas")
	p := d.tomasz
	p.Follow("Requests")
	p.Sees("jonas@@example.com")
	d.picture(p, "requests")
	p.Follow("Dashboard")
	p.Sees("Failed calls")
	d.picture(p, "dashboard")
	p.Follow("The address is not valid")
	p.FollowIn("main table tbody tr a")
	p.Sees("Refused: the address is not valid")
	d.request = p.Path()
}

// support finds a customer's call as support staff, masked first and then revealed.
func (d *day) support() {
	_, printed, log := Run(d.t, Settings{Env: d.env, Args: []string{"user", "create", "--email", "sam@campaignlark.example", "--support"}})
	_, password, found := strings.Cut(strings.TrimSpace(printed), "shown this once: ")
	if !found {
		d.t.Fatalf("no password was printed: %s%s", printed, log)
	}
	p := NewPage(d.t, d.program.URL)
	p.SignIn("sam@campaignlark.example", password, "/")
	p.Sees("Find a request")
	p.Enter("E-mail address, webhook URL or request id", "marta.kowalska@example.com")
	p.Follow("Find")
	p.Sees("Alder & Finch Books")
	d.picture(p, "support")
	p.FollowIn("tbody td a[href]")
	p.Sees("Addresses and values are masked.")
	p.SeesNot("marta.kowalska")
	d.picture(p, "support-masked")
	p.Click("Reveal values")
	p.Enter("Reason", "Ticket 4711")
	p.Follow("Reveal for 15 minutes")
	p.Sees("marta.kowalska@example.com")
	d.picture(p, "support-revealed")
}

// bring imports 10,000 lines. Three of them are refused.
func (d *day) bring() {
	var file strings.Builder
	file.WriteString("E-mail,First name,Tags\r\n")
	for i := range 9_997 {
		fmt.Fprintf(&file, "reader%d@example.com,Reader %d,catalogue\r\n", i+1, i+1)
	}
	file.WriteString("nobody,No,catalogue\r\n,Nobody,catalogue\r\na@b@example.com,Two,catalogue\r\n")
	path := filepath.Join(d.t.TempDir(), "readers.csv")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		d.t.Fatal(err)
	}
	p := d.tomasz
	p.Follow("Contacts")
	p.Follow("Import")
	p.Attach("File", path)
	p.Follow("Upload")
	p.Sees("Say where each column goes.")
	d.picture(p, "import-columns")
	p.Follow("Try it out")
	p.Sees("Import 9,997 lines")
	p.Sees("Refused lines")
	d.picture(p, "import-tried")
	p.Follow("Import 9,997 lines")
	p.Sees("9,997 contacts were created")
	p.Follow("Details")
	d.picture(p, "import-done")
	if refused := p.Download("Download the lines to correct"); !strings.Contains(refused, "a@b@example.com") || strings.Count(refused, "\n") != 4 {
		d.t.Errorf("got the refused lines %q, want a header and three lines", refused)
	}
}

// many adds a tag to all contacts that match a filter, and exports them.
func (d *day) many() {
	p := d.tomasz
	p.Follow("Contacts")
	p.Sees("9,998 contacts")
	d.picture(p, "contacts")
	p.Open(p.Path() + "?tag=catalogue")
	p.Sees("9,997")
	p.Tick("Select all on this page")
	p.Sees("50 selected")
	p.Tick("All 9,997 that match")
	p.Follow("Add tag")
	p.Enter("Or a new tag", "autumn 2026")
	p.Follow("Continue")
	p.Sees("9,997 contacts")
	d.picture(p, "bulk")
	p.Follow("Add the tag")
	p.Sees("was added to 9,997 contacts")
	d.picture(p, "bulk-done")
	p.Open(strings.Split(p.Path(), "/jobs")[0] + "/contacts?tag=autumn+2026")
	p.Sees("9,997")
	p.Click("Export")
	file := p.Download("Everything about these contacts")
	if lines := strings.Count(file, "\n"); lines != 9_998 || !strings.HasPrefix(strings.TrimPrefix(file, "\ufeff"), "email,status,tags,created_at,first_name") {
		d.t.Errorf("got an export of %d lines that begins %.60q, want 9998 with a header", lines, file)
	}
}

// erase erases a person. The request log must no longer show the address.
func (d *day) erase() {
	p := d.tomasz
	p.Follow("Contacts")
	p.Enter("Name or address", "marta.kowalska@example.com")
	p.Follow("Filter")
	p.Follow("marta.kowalska@example.com")
	d.picture(p, "contact")
	p.Click("More actions")
	p.Follow("Erase for good")
	d.picture(p, "erase")
	p.Follow("Erase for good")
	p.Sees("The contact is gone for good.")
	p.Follow("Requests")
	p.SeesNot("marta.kowalska")
}

// lookBack finds the day's actions in the audit log.
func (d *day) lookBack() {
	p := d.ines
	p.Follow("Workspace settings")
	p.Follow("Audit log")
	for _, text := range []string{"tomasz@alderfinch.example", "sam@campaignlark.example", "Ticket 4711", "Shop: customer created"} {
		p.Sees(text)
	}
	p.SeesNot("marta.kowalska")
	d.picture(p, "audit")
}
