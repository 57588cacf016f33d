package jobs

import (
	"slices"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
)

// guessed returns the guesses about a whole file.
func guessed(file string, tags []models.MergeTag) ImportSpec {
	spec := ImportSpec{Comma: guessComma([]byte(file), true, UTF8)}
	rows := firstRows([]byte(file), true, UTF8, spec.Comma, sampleBytes)
	spec.Header = guessHeader(rows)
	spec.Guess(rows, tags)
	return spec
}

func TestGuessHowDatesAndNumbersAreWritten(t *testing.T) {
	t.Parallel()
	const dmy, mdy, is, ask, comma = senders.AsDMY, senders.AsMDY, senders.AsIs, AsUnchosen, senders.AsDecimalComma
	for file, want := range map[string][]senders.As{
		"email,born\na@x.com,31/12/1990\nb@x.com,01/02/1990\n":                   {is, dmy},
		"email,born\na@x.com,12/31/1990\nb@x.com,1/2/1990\n":                     {is, mdy},
		"email,born\na@x.com,03/04/1990\nb@x.com,01/02/1990\n":                   {is, ask},
		"email;born\na@x.com;03/04/1990\n":                                       {is, dmy},
		"email,born\na@x.com,03.04.1990\n":                                       {is, dmy},
		"email,born\na@x.com,1990-04-03\nb@x.com,\n":                             {is, is},
		"email,born,since\na@x.com,03/04/1990,4/20/2020 2:30 PM\n":               {is, mdy, mdy},
		"email,born\na@x.com,13/13/1990\nb@x.com,hello\nc@x.com,1\n":             {is, is},
		"email,born\na@x.com,99/99/1990\nb@x.com,31/12/1990\nc@x.com,1/2/1990\n": {is, dmy},
		"email;points\na@x.com;1.250,50\nb@x.com;3\n":                            {is, comma},
		"email;points\na@x.com;1.250\n":                                          {is, comma},
		"email;points\na@x.com;12.5\n":                                           {is, is},
		"email,points\na@x.com,\"12,5\"\n":                                       {is, comma},
		"email,points\na@x.com,1.250\n":                                          {is, is},
		"email,points\na@x.com,\"1,250\"\n":                                      {is, is},
		"email,points\na@x.com,1250\n":                                           {is, is},
		"email,status,tags,created_at,born\na@x.com,,,,31/12/1990\n":             {is, is, is, is, is}, // an export
	} {
		var got []senders.As
		for _, c := range guessed(file, nil).Columns {
			got = append(got, c.As)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", file, got, want)
		}
	}
}

func TestTypeOfANewMergeTag(t *testing.T) {
	t.Parallel()
	const text, number, date = models.MergeTagText, models.MergeTagNumber, models.MergeTagDate
	for _, c := range []struct {
		values string
		want   models.MergeTagType
	}{
		{"", text}, {"38|41", number}, {"38|x", text}, {"1.5|-2", number}, {"1,5|12.250,00", number}, {"1.5|12.250,00", text}, {"0|0.5", number},
		{"01010|4020", text}, {"+43660123", text}, {"1990-04-03", date}, {"03/04/1990|31/12/1990", date}, {"3.4.1990|1990-04-03", date}, {"1990-04-03|soon", text}, {"1990", number}, {"yes|no", text},
	} {
		var values []string
		if c.values != "" {
			values = strings.Split(c.values, "|")
		}
		if got := TypeOf(values); got != c.want {
			t.Errorf("%q: got %s, want %s", c.values, got, c.want)
		}
	}
}

func TestGuessColumnsOfSeveralLanguages(t *testing.T) {
	t.Parallel()
	tags := []models.MergeTag{
		{ID: 1, Key: "first_name", Label: "First name", Type: models.MergeTagText}, {ID: 2, Key: "last_name", Label: "Last name", Type: models.MergeTagText},
		{ID: 3, Key: "birthday", Label: "Birthday", Type: models.MergeTagDate}, {ID: 4, Key: "loyalty", Label: "Loyalty points", Type: models.MergeTagNumber},
		{ID: 5, Key: "city", Label: "City", Type: models.MergeTagText}, {ID: 6, Key: "catalogue", Label: "Wants the catalogue", Type: models.MergeTagBoolean},
	}
	const all = "email field:1 field:2 field:3 field:4 field:5"
	for head, want := range map[string]string{
		"Email,First Name,Surname,Date of birth,Points,Town":                    all,
		"E-Mail-Adresse,Vorname,Nachname,Geburtsdatum,Treuepunkte,Ort":          all,
		"Adresse e-mail,Prénom,Nom,Date de naissance,Points de fidélité,Ville":  all,
		"Correo electrónico,Nombre,Apellidos,Fecha de nacimiento,Puntos,Ciudad": all,
		"Indirizzo e-mail,Nome,Cognome,Data di nascita,Punti,Città":             all,
		"contact,GIVEN_NAME,Familienname,DOB,loyalty points,PLZ":                "email field:1 field:2 field:3 field:4 ",
		"e-mail,surname,last_name,x,y,the catalogue":                            "email  field:2   ", // the exact name wins; Linz is no yes or no
		"e-mail,Points,b,c,d,e":         "email     ", // the values are no numbers
		"e-mail,b,c,Points,d,e":         "email     ",
		"e-mail,b,c,Status,Etiquetas,e": "email   status tags ",
		"e-mail,b,c,Estado,d,e":         "email     ", // the values are no statuses
	} {
		var got []string
		for _, c := range guessed(head+"\na@x.com,Ann,Lee,31/12/1990,1250,Linz\n", tags).Columns {
			got = append(got, c.To)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", head, strings.Join(got, " "), want)
		}
	}
}

// TestImportReadsAGermanSheet imports dates with the day first and numbers with a comma. The lines to correct keep the semicolons, and are
// read in the same way when they are imported again.
func TestImportReadsAGermanSheet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for _, m := range []models.MergeTag{{Key: "birthday", Label: "Birthday", Type: models.MergeTagDate}, {Key: "points", Label: "Points", Type: models.MergeTagNumber}} {
			if _, errs, err := db.CreateMergeTag(t.Context(), w.workspace, 1, m, w.now); err != nil || errs.Any() {
				t.Fatal(err, errs)
			}
		}
		const sheet = "\ufeffE-Mail-Adresse;Vorname;Geburtsdatum;Punkte\r\na@x.test;Jürgen;3.4.1990;1.250,50\r\n\r\nb@x.test;Bea;1988-05-13;-3\r\nc@x.test;Cy;31.2.1990;12.5\r\nnobody;\"D; E\";1.1.2000;\r\n"
		job, _ := w.start(first(w.check(w.receive(sheet), nil)))
		same(t, "contacts", w.contacts(), []string{
			`a@x.test SUBSCRIBED ["birthday":"1990-04-03" "country":"AT" "first_name":"Jürgen" "points":"1250.50"] [] v1`,
			`b@x.test SUBSCRIBED ["birthday":"1988-05-13" "country":"AT" "first_name":"Bea" "points":"-3"] [] v1`,
			`c@x.test SUBSCRIBED ["country":"AT" "first_name":"Cy"] [] v1`,
		})
		const refused = "\ufeffreason;line;E-Mail-Adresse;Vorname;Geburtsdatum;Punkte\r\n" +
			"Not stored: Birthday: “31.2.1990”: There is no such day, read as day, month, year. Not stored: Points: “12.5”: This is not a number with a decimal comma, such as 1.234,50.;5;c@x.test;Cy;31.2.1990;12.5\r\n" +
			"“nobody” is not a valid e-mail address.;6;nobody;\"D; E\";1.1.2000;\r\n"
		if got := w.refusedFile(job); got != refused {
			t.Errorf("got the lines to correct %q, want %q", got, refused)
		}
		corrected := strings.NewReplacer("31.2.1990", "28.2.1990", ";12.5", ";12,5", "nobody;", "d@x.test;").Replace(refused)
		w.start(first(w.check(w.receive(corrected), nil)))
		same(t, "corrected contacts", w.contacts()[2:], []string{
			`c@x.test SUBSCRIBED ["birthday":"1990-02-28" "country":"AT" "first_name":"Cy" "points":"12.5"] [] v2`,
			`d@x.test SUBSCRIBED ["birthday":"2000-01-01" "country":"AT" "first_name":"D; E"] [] v1`,
		})
	})
}

// TestGuessesOfStrangeFiles guesses the form of files as people have them.
func TestGuessesOfStrangeFiles(t *testing.T) {
	t.Parallel()
	wide, cells := "email", "a@x.test"
	for range 119 {
		wide, cells = wide+",3/4/1990", cells+",03/04/1990"
	}
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for name, c := range map[string]struct {
			file    string
			columns int
		}{
			"120 columns":         {wide + "\n" + cells + "\n", 120},
			"one column":          {"a@x.test\r\n\r\nb@x.test\r\n", 1},
			"one column of names": {"E-Mail\n\n\na@x.test", 1},
			"names without words": {";;email;\n;;a@x.test;\n", 4},
			"quotes":              {"\"email\",\"say \"\"hi\"\"\"\n\"a@x.test\",\"03/04/1990\"\n", 2},
			"UTF-16":              {"\xff\xfee\x00m\x00a\x00i\x00l\x00\t\x00x\x00\n\x00a\x00@\x00x\x00.\x00d\x00e\x00\t\x001\x00.\x001\x00.\x002\x000\x000\x000\x00", 2},
		} {
			spec := models.ReadJobJSON[ImportSpec](w.receive(c.file).Spec)
			if len(spec.Columns) != c.columns || !slices.ContainsFunc(spec.Columns, func(c Column) bool { return c.To == ColumnEmail }) {
				t.Errorf("%s: got %+v, want %d columns and one with the address", name, spec.Columns, c.columns)
			}
		}
	})
}

func TestMostlyOf(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]models.MergeTagType{
		"1.234,50|99,90|0,00|abc": models.MergeTagNumber, "1.5.1990|2.6.1991|soon": models.MergeTagDate, "38|M|L": models.MergeTagText,
		"0664.123|1,5|2,5": models.MergeTagNumber, "+43|1,5|2,5": models.MergeTagText, "01010|1,5|2,5": models.MergeTagText, "abc|def|1,5": models.MergeTagText,
	} {
		if got := MostlyOf(strings.Split(values, "|")); got != want {
			t.Errorf("%q: got %s, want %s", values, got, want)
		}
	}
}
