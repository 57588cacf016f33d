package jobs

import (
	"slices"
	"strings"

	"campaignlark/models"
)

// sameColumn groups the names that files of several countries give to one column, as spelled returns them. A merge tag with a name of a group gets
// a column with any other name of it.
var sameColumn = [][]string{
	{"firstname", "givenname", "forename", "fname", "vorname", "rufname", "prenom", "nombre", "nombredepila", "nome", "primeironome", "voornaam", "imie", "fornavn", "fornamn", "etunimi", "jmeno"},
	{"lastname", "surname", "familyname", "lname", "nachname", "familienname", "zuname", "nom", "nomdefamille", "apellido", "apellidos", "cognome", "sobrenome", "apelido", "achternaam", "nazwisko",
		"efternamn", "etternavn", "efternavn", "sukunimi", "prijmeni"},
	{"name", "fullname", "contactname", "vollstandigername", "nomcomplet", "nombrecompleto", "nombreyapellidos", "nomecompleto", "nomeecognome"},
	{"birthday", "dateofbirth", "birthdate", "dob", "born", "geburtsdatum", "geburtstag", "gebdatum", "geb", "datedenaissance", "naissance", "anniversaire", "fechadenacimiento", "nacimiento", "cumpleanos",
		"datadinascita", "nascita", "compleanno", "datadenascimento", "aniversario", "geboortedatum", "dataurodzenia"},
	{"points", "loyaltypoints", "bonuspoints", "rewardpoints", "punkte", "treuepunkte", "bonuspunkte", "pointsdefidelite", "pointsfidelite", "puntos", "puntosdefidelidad", "punti", "puntifedelta", "pontos"},
	{"phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "cellphone", "telefon", "telefonnummer", "handy", "handynummer", "mobil", "mobilnummer", "portable", "telefono", "movil", "cellulare", "telefone", "celular"},
	{"city", "town", "stadt", "ort", "wohnort", "ville", "ciudad", "localidad", "citta", "comune", "cidade", "plaats", "miasto"},
	{"zip", "zipcode", "postcode", "postalcode", "plz", "postleitzahl", "codepostal", "codigopostal", "cap", "kodpocztowy"},
	{"street", "streetaddress", "strasse", "rue", "calle", "indirizzo", "rua", "straat", "ulica"},
	{"country", "land", "pays", "pais", "paese", "nazione", "kraj"},
	{"company", "companyname", "organisation", "organization", "firma", "unternehmen", "entreprise", "societe", "empresa", "azienda", "societa"},
	{"salutation", "anrede", "civilite", "tratamiento"},
	{"gender", "sex", "geschlecht", "sexe", "sexo", "sesso"},
	{"language", "sprache", "langue", "idioma", "lingua", "taal", "jezyk"},
	{"customernumber", "customerno", "customerid", "kundennummer", "kundennr", "numeroclient", "numerodecliente", "numerocliente", "codicecliente"},
}

// spelled returns a name in small letters, without accents, blanks and signs: "Prénom" is "prenom", "Date of birth" is "dateofbirth".
func spelled(name string) string { return strings.Join(models.PlainWords(name), "") }

// guessBySense guesses columns that no merge tag names exactly: by names that mean the same, or by a word of a merge tag's name. The values have to
// fit the merge tag.
func guessBySense(rows []Row, columns []string, tags []models.MergeTag) {
	for i := range columns {
		name := models.TrimBlanks(rows[0].Cells[i])
		if columns[i] != "" || name == "" {
			continue
		}
		values := ColumnValues(rows, true, i)
		if spelledStatus[spelled(name)] && !slices.Contains(columns, ColumnStatus) && allStatuses(values) {
			columns[i] = ColumnStatus
			continue
		}
		for _, t := range append(sameSense(name, tags), sharesWords(name, tags)...) {
			if to := FieldColumn(t.ID); !slices.Contains(columns, to) && fitsTag(t, values) {
				columns[i] = to
				break
			}
		}
	}
}

// spelledStatus has names of a column with the status, besides "status".
var spelledStatus = map[string]bool{"subscriptionstatus": true, "subscription": true, "statut": true, "estado": true, "stato": true}

// allStatuses reports whether each value is a status that an import reads.
func allStatuses(values []string) bool {
	for _, v := range values {
		var e entry
		if e.readStatus("", v); e.refused != "" {
			return false
		}
	}
	return len(values) > 0
}

// sameSense returns the merge tags with another name of the same group as name.
func sameSense(name string, tags []models.MergeTag) (same []models.MergeTag) {
	for _, group := range sameColumn {
		if !slices.Contains(group, spelled(name)) {
			continue
		}
		for _, t := range tags {
			if slices.Contains(group, spelled(t.Label)) || slices.Contains(group, spelled(t.Key)) {
				same = append(same, t)
			}
		}
	}
	return same
}

// sharesWords returns the merge tag, other than a text, with a name that contains all words of name; nil if there are several.
func sharesWords(name string, tags []models.MergeTag) (found []models.MergeTag) {
	words := models.PlainWords(name)
	for _, t := range tags {
		has := models.PlainWords(t.Label)
		missing := slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(has, w) })
		if t.Type != models.MergeTagText && len(words) > 0 && !missing {
			found = append(found, t)
		}
	}
	if len(found) > 1 {
		return nil
	}
	return found
}

// fitsTag reports whether at least half of the values fit a merge tag, in some way of writing them. Any values fit a text.
func fitsTag(t models.MergeTag, values []string) bool {
	if t.Type == models.MergeTagText {
		return true
	}
	if readings := ReadingsOf(t.Type); readings != nil {
		return fitting(t.Type, values, readings...)*2 >= len(values)
	}
	n := 0
	for _, v := range values {
		if _, err := t.Read(models.Text(v), nil); err == nil {
			n++
		}
	}
	return n*2 >= len(values)
}
