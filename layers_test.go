package campaignlark_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// drivers are the modules that pure packages must never depend on, not even through another package.
var drivers = []string{"gorm.io/", "github.com/jackc/pgx", "modernc.org/", "github.com/gofiber/", "github.com/valyala/fasthttp"}

// pure are the packages that must work without a database and without HTTP.
var pure = []string{"models", "senders", "segments/rule", "segments/calendar", "views"}

// houseRow is a row of CONTRIBUTING's table: folder, what is in it, what it must not know, what it may import.
var houseRow = regexp.MustCompile("(?m)^\\| `([a-z0-9/]+)/` \\|[^|\n]*\\|[^|\n]*\\|([^|\n]*)\\|$")

// TestImportsPointOneWay compares the imports of every package, tests left out, with CONTRIBUTING's table, and keeps drivers
// out of the pure packages.
func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string][]string{}
	for _, row := range houseRow.FindAllStringSubmatch(string(text), -1) {
		allowed[row[1]] = strings.FieldsFunc(row[2], func(r rune) bool { return r == ',' || r == ' ' || r == '`' })
	}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, "campaignlark/")
		if name == "campaignlark" {
			continue
		}
		may, there := allowed[name]
		if !there {
			t.Errorf("CONTRIBUTING's table has no row for %s/: say there what it holds, what it must not know and what it may import", name)
		}
		for _, imported := range own(p.Imports) {
			if !slices.Contains(may, imported) && !slices.Contains(may, "everything") {
				t.Errorf("%s imports %s, which CONTRIBUTING's table does not allow: move the code, or change the table with a reason", name, imported)
			}
		}
		for _, imported := range may {
			if imported != "everything" && !slices.Contains(own(p.Imports), imported) {
				t.Errorf("CONTRIBUTING's table lets %s import %s, but it does not: take it out of the table", name, imported)
			}
		}
		if slices.Contains(pure, name) {
			checkPure(t, name, p.Deps)
		}
	}
}

func checkPure(t *testing.T, name string, deps []string) {
	t.Helper()
	for _, dep := range deps {
		for _, driver := range drivers {
			if strings.HasPrefix(dep, driver) {
				t.Errorf("%s depends on %s: it must be pure", name, dep)
			}
		}
	}
}

// own returns the packages of this program among the imports, without its name in front. The root package only joins two
// libraries and is left out.
func own(imports []string) (names []string) {
	for _, path := range imports {
		if name, ok := strings.CutPrefix(path, "campaignlark/"); ok {
			names = append(names, name)
		}
	}
	return names
}

type listed struct {
	ImportPath    string
	Imports, Deps []string
}

func listPackages(t *testing.T) (all []listed) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p listed
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}
