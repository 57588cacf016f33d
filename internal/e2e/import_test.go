package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportInABrowser imports a small file, inspects every page on the way, and downloads the refused lines.
func TestImportInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	importFile(t, p, p.Inspect)
}

func TestImportWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	importFile(t, NewPlainPage(t, program.URL), nil)
}

func importFile(t *testing.T, p *Page, inspect func(name string)) {
	path := filepath.Join(t.TempDir(), "readers.csv")
	file := "E-Mail;Town;Tags\r\nanna@example.com;Wien;vip\r\nnobody;Graz;\r\nbert@example.com;\"Linz; Urfahr\";\"vip, autumn\"\r\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	look := func(name string) {
		if inspect != nil {
			inspect(name)
		}
	}
	sees := p.Sees // the page follows the job; without script the test reloads it
	if inspect == nil {
		sees = p.SeesAgain
	}
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/contacts")
	p.Follow("Import contacts")
	look("import-file")
	p.Attach("File", path)
	p.Follow("Upload")
	p.Sees("Read as UTF-8, with semicolons between the cells")
	p.Enter("Town", "Create merge tag “Town”, a text")
	p.Enter("Status of new contacts", "Unconfirmed")
	look("import-columns")
	p.Follow("Try it out")
	sees("Nothing has been changed yet")
	p.Sees("“nobody” is not a valid e-mail address.")
	look("import-checked")
	p.Follow("Import 2 lines")
	sees("2 contacts were created")
	look("import-done")
	p.Follow("Details")
	look("import-details")
	if inspect != nil {
		if got := p.Download("Download the lines to correct"); !strings.Contains(got, "nobody;Graz") {
			t.Errorf("got the refused lines %q", got)
		}
	}
	p.Open("/w/my-workspace/contacts")
	p.Sees("bert@example.com")
	p.Sees("Unconfirmed")
	p.Sees("autumn")
}
