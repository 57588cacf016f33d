package jobs

import (
	"slices"
	"strings"
	"testing"

	"campaignlark/models"
)

func TestGuessColumns(t *testing.T) {
	t.Parallel()
	tags := []models.MergeTag{
		{ID: 1, Key: "first_name", Label: "Given name", Type: models.MergeTagText}, {ID: 2, Key: "status", Label: "Membership", Type: models.MergeTagText},
		{ID: 3, Key: "mail", Label: "Letters by post", Type: models.MergeTagText},
	}
	for _, c := range []struct {
		file   string
		header bool
		want   []string
	}{
		{"email,status,tags,created_at,first_name,status\na@x.com,SUBSCRIBED,,,,\n", true, []string{"email", "status", "tags", "", "field:1", "field:2"}},
		{"E-Mail,FIRST_NAME,shoe size\na@x.com,b,c\n", true, []string{"email", "field:1", ""}},
		{"given NAME;Email Address\nb;a@x.com\n", true, []string{"field:1", "email"}},
		{"First Name\tcontact\nb\ta@x.com\n", true, []string{"field:1", "email"}},
		{"b;a@x.com\nc;\n", false, []string{"", "email"}},
		{"mail,Mail\n1,a@x.com\n", true, []string{"field:3", "email"}},
		{"name\nb\n", true, []string{""}},
		{"", false, nil},
	} {
		comma := guessComma([]byte(c.file), true, UTF8)
		rows := firstRows([]byte(c.file), true, UTF8, comma, sampleRows)
		if got := guessHeader(rows); got != c.header {
			t.Errorf("%q: got header %v", c.file, got)
		}
		if got := guessColumns(rows, c.header, tags); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.file, got, c.want)
		}
	}
}

func TestGuessComma(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]rune{
		"":                               ',',
		"one\ntwo\n":                     ',',
		"a;b\n1,5;2\n":                   ';',
		"a,b,c\n\"x;y\",2,3\n":           ',',
		"a\tb\n\"1;2,3\"\t2\n":           '\t',
		"name;note\nA;b, c, d\nE;f, g\n": ';',
	} {
		if got := guessComma([]byte(file), true, UTF8); got != want {
			t.Errorf("%q: got %q, want %q", file, got, want)
		}
	}
}

// TestOwnFilesAreRecognized reads files that this program wrote, in a workspace whose merge tags have the names of its columns.
func TestOwnFilesAreRecognized(t *testing.T) {
	t.Parallel()
	var tags []models.MergeTag
	for i, key := range []string{"created_at", "email", "status", "tags", "reason", "line"} {
		tags = append(tags, models.MergeTag{ID: int64(i + 1), Key: key, Label: key})
	}
	export := models.ExportHead(tags)
	fields := []string{"email", "status", "tags", "", "field:1", "field:2", "field:3", "field:4", "field:5", "field:6"}
	if got := guessColumns([]Row{{Cells: export}}, true, tags); !slices.Equal(got, fields) {
		t.Errorf("got %q of an export, want %q", got, fields)
	}
	if got := guessColumns([]Row{{Cells: append(slices.Clone(refusedHead), export...)}}, true, tags); !slices.Equal(got, append([]string{"", ""}, fields...)) {
		t.Errorf("got %q of an export's refused lines", got)
	}
	other := []Row{{Cells: []string{"created_at", "reason", "email", "line"}}}
	if got := guessColumns(other, true, tags); !slices.Equal(got, []string{"field:1", "field:5", "email", "field:6"}) {
		t.Errorf("got %q of another file", got)
	}
	for _, names := range [][]string{export, export[:4], append(slices.Clone(refusedHead), export...)} {
		if !isExport(names) {
			t.Errorf("got %q as the columns of another program", names)
		}
	}
	for _, names := range [][]string{other[0].Cells, refusedHead, export[:3], {"reason", "line", "email", "tags"}} {
		if isExport(names) {
			t.Errorf("got %q as the columns of an export", names)
		}
	}
}

func TestFirstRowsOfPartOfAFile(t *testing.T) {
	t.Parallel()
	head := []byte("a,b\n\n1,2\n3,")
	if got := firstRows(head, false, UTF8, ',', 9); len(got) != 2 || strings.Join(got[1].Cells, "|") != "1|2" {
		t.Errorf("got %v, want the row that may go on left out", got)
	}
	if got := firstRows(head, true, UTF8, ',', 9); len(got) != 3 {
		t.Errorf("got %v, want three rows", got)
	}
}
