package jobs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// readAll reads every row and writes each as "line: cell|cell", a fault with an exclamation mark.
func readAll(t *testing.T, r *RowReader) []string {
	t.Helper()
	var all []string
	for {
		row, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%d: %s", row.Line, strings.Join(row.Cells, "|"))
		if row.Fault != "" {
			text = fmt.Sprintf("%d! %s", row.Line, row.Fault)
		}
		all = append(all, text)
	}
}

func TestRowReader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file  string
		comma rune
		want  []string
	}{
		"nothing":                {"", ',', nil},
		"plain":                  {"a,b\n1,2\n", ',', []string{"1: a|b", "2: 1|2"}},
		"no line end at the end": {"a,b\n1,2", ',', []string{"1: a|b", "2: 1|2"}},
		"CRLF":                   {"a,b\r\n1,2\r\n", ',', []string{"1: a|b", "2: 1|2"}},
		"CR":                     {"a,b\r1,2\r", ',', []string{"1: a|b", "2: 1|2"}},
		"blank lines":            {"a\n\n\nb\n", ',', []string{"1: a", "2: ", "3: ", "4: b"}},
		"semicolons":             {"a;b,c;d\n", ';', []string{"1: a|b,c|d"}},
		"tabs":                   {"a\tb\t\n", '\t', []string{"1: a|b|"}},
		"quoted":                 {`"a,b","c ""d"" e",""` + "\nx\n", ',', []string{`1: a,b|c "d" e|`, "2: x"}},
		"lines in quotes":        {"\"a\r\nb\rc\nd\",e\nf\n", ',', []string{"1: a\nb\nc\nd|e", "5: f"}},
		"quote inside a cell":    {"5\" pipe,a \"b\" c\nx\n", ',', []string{`1: 5" pipe|a "b" c`, "2: x"}},
		"a quote swallows lines": {"email,name\na@x.test,\"open\nb@x.test,B\nc@x.test,\"C\"\nd@x.test,D\n", ',', []string{"1: email|name",
			"2! The quotation mark that opens column 2 is not closed in this line, and what follows reads like other lines.", "3: b@x.test|B", "4: c@x.test|C", "5: d@x.test|D"}},
		"one of many quotes": {"\"a@x.test\",\"open\n\"b@x.test\",\"B\"\n", ',', []string{
			"1! The quotation mark that opens column 2 is not closed in this line, and what follows reads like other lines.", "2: b@x.test|B"}},
		"a closing quote too late": {"a@x.test,\"open\nb@x.test,B,\"\nc@x.test,C\n", ',', []string{"1: a@x.test|open\nb@x.test,B,", "3: c@x.test|C"}},
		"the mark of an old end":   {"a,b\n1,2\n\x1a\x1a", ',', []string{"1: a|b", "2: 1|2"}},
		"a mark behind a quote":    {"a,\"two\nlines\"\x1a", ',', []string{"1: a|two\nlines"}},
		"the mark behind a cell":   {"a,b\n1,2\x1a", ',', []string{"1: a|b", "2: 1|2"}},
		"a blank after a quote":    {"\"two\nlines\" ,x\n", ',', []string{"1: two\nlines|x"}},
		"text after a quote":       {"\"a\"b\"c,d\nx\n", ',', []string{`1: ab"c|d`, "2: x"}},
		"quote never closed":       {"a,\"b\nc,d\ne,f\n", ',', []string{"1! The quotation mark that opens column 2 is never closed.", "2: c|d", "3: e|f"}},
		"quote opens at the end":   {"a\n\"", ',', []string{"1: a", "2! The quotation mark that opens column 1 is never closed."}},
		"byte-order mark":          {"\xef\xbb\xbfa,b\n", ',', []string{"1: a|b"}},
		"a mark before a quote":    {"\xef\xbb\xbf\"a,b\"\n", ',', []string{"1: a,b"}},
		"bytes that are no text":   {"a\xff,\x00b\n", ',', []string{"1: a\uFFFD|\x00b"}},
		"a line over the limit":    {strings.Repeat("x", maxRow+5) + "\r\na\n", ',', []string{"1! This line is longer than 1 MB.", "2: a"}},
		"a line just in the limit": {strings.Repeat("x", maxRow-1) + "\na\n", ',', []string{"1: " + strings.Repeat("x", maxRow-1), "2: a"}},
	} {
		got := readAll(t, NewRowReader(strings.NewReader(c.file), UTF8, c.comma, Place{}))
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: got %q, want %q", name, short(got), short(c.want))
		}
	}
}

// TestAQuoteThatSwallowsPeople reads rows of which the number of columns is known: a row of the wrong width that holds addresses
// in later lines is read line by line, one of the right width is what its quotes say.
func TestAQuoteThatSwallowsPeople(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"a@x.test,\"open,X\nb@x.test,B,\"\nc@x.test,C,Z\n": {
			"1! The quotation mark that opens column 2 is not closed in this line, and what follows reads like other lines.",
			"2! The quotation mark that opens column 3 is never closed.", "3: c@x.test|C|Z"},
		"a@x.test,\"to jo@x.test\nal@x.test\",Z\nb@x.test,B,Z\n": {"1: a@x.test|to jo@x.test\nal@x.test|Z", "3: b@x.test|B|Z"},
		"\"a@x.test,A,X\n\",b@x.test,Z\nc@x.test,C,Z\n": {
			"1! This line has 3 cells, the file has 3 columns, and it is not clear where column 1 ends. A quotation mark or separators may be missing.", "3: c@x.test|C|Z"},
		"a@x.test,\"Anna,x=\"y\"\nb@x.test,B,Z\n": {
			"1! This line has 2 cells, the file has 3 columns, and it is not clear where column 2 ends. A quotation mark or separators may be missing.", "2: b@x.test|B|Z"},
		"a@x.test,\"two\nlines of al@x.test\"\nb@x.test,B,Z\n": {
			"1! This line has 2 cells, the file has 3 columns, and it is not clear where column 2 ends. A quotation mark or separators may be missing.", "3: b@x.test|B|Z"},
		"a@x.test,\"two\nlines\"\nb@x.test,B,Z\n": {"1: a@x.test|two\nlines", "3: b@x.test|B|Z"},
	} {
		r := NewRowReader(strings.NewReader(file), UTF8, ',', Place{})
		r.Columns = 3
		if got := readAll(t, r); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%q: got %q, want %q", file, got, want)
		}
	}
}

// TestAQuotationMarkLeftOpenInAValidRow reads valid rows with a cell that holds lines like rows: two or more are refused line by line,
// unless the column with the addresses is not known, as in this program's own exports.
func TestAQuotationMarkLeftOpenInAValidRow(t *testing.T) {
	t.Parallel()
	inside := "This line is inside the quotation mark that line %d opens. Close it there, and import this line again."
	open := "The quotation mark before “%s” in column %d is not closed in this line, and %d lines inside it read like lines of this file. No line up to line %d is imported."
	for file, c := range map[string]struct {
		columns, email int
		want           []string
	}{
		"a@x.test,\"open\nb@x.test,B\nc@x.test,C\"\nd@x.test,D\n": {2, 1, []string{
			"1! " + fmt.Sprintf(open, "open", 2, 2, 3), "2! " + fmt.Sprintf(inside, 1), "3! " + fmt.Sprintf(inside, 1), "4: d@x.test|D"}},
		"a@x.test,A\r\nb@x.test,\"open\r\nc@x.test,\"\"\r\n\r\nd@x.test,\"\r\ne@x.test,E": {2, 1, []string{
			"1: a@x.test|A", "2! " + fmt.Sprintf(open, "open", 2, 2, 5), "3! " + fmt.Sprintf(inside, 2), "4: ", "5! " + fmt.Sprintf(inside, 2), "6: e@x.test|E"}},
		"A,a@x.test,\"open\nB,b@x.test,x\nC,c@x.test,\"\x1a": {3, 2, []string{
			"1! " + fmt.Sprintf(open, "open", 3, 2, 3), "2! " + fmt.Sprintf(inside, 1), "3! " + fmt.Sprintf(inside, 1)}},
		"\"open\nb@x.test,B,x\nc@x.test,C\",,\nd@x.test,D,\n": {3, 1, []string{"1: open\nb@x.test,B,x\nc@x.test,C||", "4: d@x.test|D|"}},
		"\"a@x.test\nb@x.test\"\nc@x.test\n":                  {1, 1, []string{"1! " + fmt.Sprintf(open, "a@x.test", 1, 2, 2), "2! " + fmt.Sprintf(inside, 1), "3: c@x.test"}},
		"\"a@x.test\"x,y\n":                                   {1, 1, []string{"1! This line has 2 cells, the file has 1 column, and it is not clear where column 1 ends. A quotation mark or separators may be missing."}},
		"\"a\"@x.test\n":                                      {2, 1, []string{"1! This line has 1 cell, the file has 2 columns, and it is not clear where column 1 ends. A quotation mark or separators may be missing."}},
		"A,a@x.test,\"open\n\"\",b@x.test,\"\"\nC,c@x.test,\"\nD,d@x.test,\n": {3, 2, []string{
			"1! " + fmt.Sprintf(open, "open", 3, 2, 3), "2! " + fmt.Sprintf(inside, 1), "3! " + fmt.Sprintf(inside, 1), "4: D|d@x.test|"}},
		"a@x.test,\"one\nb@x.test,B\"\n":             {2, 1, []string{"1: a@x.test|one\nb@x.test,B"}},
		"a@x.test,\"own\nb@x.test,B\nc@x.test,C\"\n": {2, 0, []string{"1: a@x.test|own\nb@x.test,B\nc@x.test,C"}},
		"a@x.test,\"to\nB,b@x.test\nC,c@x.test\"\n":  {2, 1, []string{"1: a@x.test|to\nB,b@x.test\nC,c@x.test"}},
	} {
		r := NewRowReader(strings.NewReader(file), UTF8, ',', Place{})
		r.Columns, r.Email = c.columns, c.email
		if got := readAll(t, r); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%q: got\n%s\nwant\n%s", file, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestCellsThatHoldAddressesNeedALook reads cells of several lines. Each that may hold other rows needs a look.
func TestCellsThatHoldAddressesNeedALook(t *testing.T) {
	t.Parallel()
	const one, two = "This cell has several lines, and one of them reads like another line of the file. Is a quotation mark missing?", "This cell has several lines, and 2 of them read like other lines of the file. Is a quotation mark missing?"
	for file, want := range map[string]string{
		"a@x.test,\"open\nb@x.test\"":               one,
		"a@x.test,\"open\nb@x.test\nc@x.test\"":     two,
		"a@x.test,\"open\nb@x.test,B\nC,c@x.test\"": two,
		"a@x.test,\"b@x.test\nwrote\"":              "",
		"a@x.test,\"open\nwrite to b@x.test\"":      "",
	} {
		r := NewRowReader(strings.NewReader(file), UTF8, ',', Place{})
		r.Columns, r.Email = 2, 1
		row, err := r.Next()
		got := ""
		for _, d := range row.Doubts {
			got += d.Reason
		}
		if err != nil || row.Fault != "" || got != want {
			t.Errorf("%q: got %q (%q, %v), want %q", file, got, row.Fault, err, want)
		}
	}
}

func TestEncodingOfAFileWithFaults(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]TextEncoding{
		"Zo\u00eb\nRen\xe9\n":               UTF8, // one bad byte in a file of UTF-8
		"Ren\xe9\nZo\xeb\n":                 Windows1252,
		"\xe9,\xe9,\xe9,\xe9,\xe9,\u00e9\n": Windows1252, // nearly all are not UTF-8
		"Zo\u00eb\xe9":                      UTF8,
		"plain\xe9":                         Windows1252,
		"\u00eb\u00eb\u00eb\xc3":            UTF8, // cut off within a character
		"a\xff\xfe\u00eb\u00eb\u00eb\u00eb": UTF8,
	} {
		if got := guess([]byte(file)); got != want {
			t.Errorf("%q: got %s, want %s", file, got, want)
		}
	}
}

func TestBadBytesAreKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		text TextEncoding
		want []int
	}{
		{"a,Ren\xe9 \xe9,\xff,\uFFFD,\u00e9\n", UTF8, []int{1, 2}},
		{"\"a\",\"Ren\xe9\"\n", UTF8, []int{1}},
		{"a\x00,\x00\x00\xd8\n\x00", UTF16LE, []int{1}},
		{"\x00a\x00,\xff\xfd\x00\n", UTF16BE, nil},
		{"a,Ren\xe9\n", Windows1252, nil},
		{"M\x81ller,Ren\x82\n", Windows1252, []int{0}}, // ü of MS-DOS
		{"a,A\x00n\x00\n", UTF8, nil},                  // NUL is a character
	} {
		row, err := NewRowReader(strings.NewReader(c.file), c.text, ',', Place{}).Next()
		if err != nil || !slices.Equal(row.Bad, c.want) {
			t.Errorf("%q: got %v of %q (%v), want %v", c.file, row.Bad, row.Cells, err, c.want)
		}
	}
}

func TestAnUnclosedQuoteCostsOneLine(t *testing.T) {
	t.Parallel()
	got := readAll(t, NewRowReader(strings.NewReader("\"b\n"+strings.Repeat("y\n", maxRow/2)+"z"), UTF8, ',', Place{}))
	if len(got) != maxRow/2+2 || got[1] != "2: y" || !strings.HasPrefix(got[0], "1! The quotation mark") {
		t.Errorf("got %d rows, the first %q", len(got), got[:2])
	}
}

func short(rows []string) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r[:min(len(r), 80)])
	}
	return all
}

// guess examines a file one byte at a time.
func guess(file []byte) TextEncoding {
	var g textGuess
	for i := range file {
		g.Write(file[i : i+1])
	}
	return g.encoding()
}

const someText = "e-mail;name\r\n\"zoë@example.com\";\"Zoë \"\"Z\"\" 🦜\"\r\n"

func TestEveryEncodingReadsAlike(t *testing.T) {
	t.Parallel()
	encode := func(e interface{ String(string) (string, error) }, text string) string {
		out, err := e.String(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	latin := strings.ReplaceAll(someText, " 🦜", "")
	for _, c := range []struct {
		name, file string
		want       TextEncoding
		bird       string
	}{
		{"UTF-8", someText, UTF8, " 🦜"},
		{"UTF-8 with a mark", "\ufeff" + someText, UTF8, " 🦜"},
		{"UTF-16, little", encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), someText), UTF16LE, " 🦜"},
		{"UTF-16, big", encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder(), someText), UTF16BE, " 🦜"},
		{"UTF-16, little, no mark", encode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder(), someText), UTF16LE, " 🦜"},
		{"UTF-16, big, no mark", encode(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder(), someText), UTF16BE, " 🦜"},
		{"Windows-1252", encode(charmap.Windows1252.NewEncoder(), latin), Windows1252, ""},
	} {
		if got := guess([]byte(c.file)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if got := guessComma([]byte(c.file), true, c.want); got != ';' {
			t.Errorf("%s: got the comma %q", c.name, got)
		}
		got := readAll(t, NewRowReader(iotest.OneByteReader(strings.NewReader(c.file)), c.want, ';', Place{}))
		want := []string{"1: e-mail|name", `2: zoë@example.com|Zoë "Z"` + c.bird}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: got %q, want %q", c.name, got, want)
		}
	}
}

func TestRowReaderSaysWhenItsSourceFails(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	r := NewRowReader(io.MultiReader(strings.NewReader("a,b\nc"), iotest.ErrReader(away)), UTF8, ',', Place{})
	for range 3 {
		if _, err := r.Next(); err == away {
			return
		}
	}
	t.Error("got rows to the end, want the source's error")
}

// FuzzRowReader reads anything, whole and again from every place between two rows: the rows are the same, every byte is
// passed, and nothing stands still.
func FuzzRowReader(f *testing.F) {
	for _, s := range []string{someText, "a,b\r\r\n\"c\n\",\"\n", "\xff\xfea\x00\r\x00\n\x00\"\x00", "\xfe\xff\xd8\x00", "\"\"\"\n\"\"\"\r", "a@x.test,\"b\nc@x.test\"\x1a\x1a", "a@x.test,\"b\nc@x.test,\",d\n",
		"a@x.test,\"b\nc@x.test,d\ne@x.test,f\"\x1a", "a@x.test,\"b\r\nc@x.test,\"\"\r\n\r\ne@x.test,f\"\r\ng@x.test,g\r\n"} {
		f.Add([]byte(s), uint8(0), uint8(0), uint8(0))
		f.Add([]byte(s), uint8(2), uint8(1), uint8(3))
		f.Add([]byte(s), uint8(0), uint8(0), uint8(22)) // two columns, the first has the addresses
	}
	f.Fuzz(func(t *testing.T, file []byte, encoding, comma, columns uint8) {
		text, c := TextEncodings[int(encoding)%len(TextEncodings)], Commas[int(comma)%len(Commas)]
		reader := func(src io.Reader, at Place) *RowReader {
			r := NewRowReader(src, text, c, at)
			r.Columns, r.Email = int(columns)%5, int(columns)%7
			return r
		}
		whole := readAll(t, reader(bytes.NewReader(file), Place{}))
		var again []string
		place := Place{}
		for {
			r := reader(iotest.HalfReader(bytes.NewReader(file[place.Offset:])), place)
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if r.Place().Offset <= place.Offset || r.Place().Lines < place.Lines {
				t.Fatalf("stands still at %v", r.Place())
			}
			place = r.Place()
			text := fmt.Sprintf("%d: %s", row.Line, strings.Join(row.Cells, "|"))
			if row.Fault != "" {
				text = fmt.Sprintf("%d! %s", row.Line, row.Fault)
			}
			again = append(again, text)
		}
		if strings.Join(whole, "\n") != strings.Join(again, "\n") {
			t.Errorf("got %q, from place to place %q", whole, again)
		}
		if place.Offset != int64(len(file)) && len(whole) > 0 {
			t.Errorf("got to %d of %d bytes", place.Offset, len(file))
		}
		guess(file)
		guessComma(file, true, text)
	})
}
