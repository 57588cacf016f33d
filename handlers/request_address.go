package handlers

import (
	"slices"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
)

// addressFault is what is wrong with an address that is not valid.
type addressFault string

const (
	faultOther     addressFault = ""
	faultList      addressFault = "list"
	faultObject    addressFault = "object"
	faultNumber    addressFault = "number" // a number, true or false
	faultUnfilled  addressFault = "unfilled"
	faultInvisible addressFault = "invisible"
	faultEscaped   addressFault = "escaped"
	faultSeveral   addressFault = "several"
	faultNamed     addressFault = "named"
	faultNoAt      addressFault = "no_at"
	faultBytes     addressFault = "bytes"
	faultNUL       addressFault = "nul"
)

// addressFaults says what is wrong, and what to change at the sender.
var addressFaults = map[addressFault]struct{ do, what string }{
	faultOther:     {},
	faultList:      {"Let the sender send one e-mail address as a text.", "A list was sent; one text is needed."},
	faultObject:    {"Let the sender send one e-mail address as a text.", "An object, or a list of objects, was sent; one text is needed."},
	faultNumber:    {"Let the sender send the e-mail address as a text.", "A number, or true or false, was sent:"},
	faultUnfilled:  {"Let the sender fill in the address.", "It sent a placeholder, or what programs write for a missing value:"},
	faultInvisible: {"Let the sender remove what cannot be seen.", "The address came with a character that cannot be seen:"},
	faultEscaped:   {"Let the sender escape the address only once.", "It was escaped once too often: %40 stands where @ belongs:"},
	faultSeveral:   {"Let the sender send one address in each call.", "Several addresses came in one text:"},
	faultNamed:     {"Let the sender send the address alone.", "Something else came with it, such as the person's name:"},
	faultNoAt:      {"Let the sender send the e-mail address in this field.", "What came has no @:"},
	faultBytes:     {"Let the sender send the text in UTF-8.", "A character of it could not be read; it is shown as \uFFFD:"},
	faultNUL:       {"Let the sender leave out the NUL character.", "A NUL character, which no text may hold, stands in the address; it is shown as " + intake.NULMark + ":"},
}

// addressFaultOf finds out what is wrong with the address of a call.
func addressFaultOf(b intake.LogBody) addressFault {
	sent := models.TrimBlanks(b.EmailSent)
	switch b.EmailShape {
	case intake.ShapeList:
		return faultList
	case intake.ShapeObject:
		return faultObject
	case intake.ShapeNumber, intake.ShapeBoolean:
		return faultNumber
	}
	bare := strings.TrimPrefix(sent, "mailto:")
	if _, inside, found := strings.Cut(bare, "<"); found {
		bare, _, _ = strings.Cut(inside, ">")
	}
	_, err := models.ReadEmail(bare)
	switch {
	case models.LooksUnfilled(sent):
		return faultUnfilled
	case strings.Contains(sent, intake.NULMark):
		return faultNUL
	case strings.Contains(sent, "\uFFFD"):
		return faultBytes
	case models.SayInvisible(sent) != "":
		return faultInvisible
	case strings.Count(sent, "@") > 1 && strings.ContainsAny(sent, ",; "):
		return faultSeveral
	case bare != sent && err == nil:
		return faultNamed
	case !strings.Contains(sent, "@") && strings.Contains(sent, "%40"):
		return faultEscaped
	case !strings.Contains(sent, "@"):
		return faultNoAt
	}
	return faultOther
}

// look finds out what the sender probably does wrong, before anything is masked.
func (t *story) look() {
	t.hints = hintsOf(t.row, t.body)
	t.misnamed = misnamedAddress(t.row, t.body)
	lines := sentLines(t.row, t.body)
	t.onlyFiles = slices.ContainsFunc(lines, func(l sentLine) bool { return l.file }) && !slices.ContainsFunc(lines, func(l sentLine) bool { return l.field })
	if t.row.Outcome == models.OutcomeBadAddress {
		t.fault = addressFaultOf(t.body)
		t.unseen = models.SayInvisible(models.TrimBlanks(t.body.EmailSent))
	}
}

// lookAtFields notes which values need a look, and why. It checks refused values of every type and stored texts.
func (t *story) lookAtFields() {
	t.doubts = make([]string, len(t.body.Fields))
	for i, f := range t.body.Fields {
		kept := (f.Fate == intake.FateStored || f.Fate == intake.FateUnchanged) && t.mergeTags[f.MergeTag].Type == models.MergeTagText
		if kept && f.Shape == intake.ShapeList || f.Shape == "" && (kept || f.Fate == intake.FateRefused) { // a list that was kept has one text
			t.doubts[i] = doubtOf(f.Sent)
		}
	}
}

// doubtOf says why a text that was sent for a field needs a look, "" if it does not. The words hold nothing of the text.
func doubtOf(sent string) string {
	switch {
	case models.LooksUnfilled(sent):
		return "It looks as if the sender did not fill it in: it is a placeholder, or what programs write for a missing value."
	case models.LooksMisread(sent):
		return "It looks like letters with accents that were read in a wrong encoding. Let the sender write the text in UTF-8, and name no other charset in the Content-Type."
	case strings.Contains(sent, "\uFFFD"):
		return "A character of it could not be read, and is lost; \uFFFD stands in its place. Let the sender write the text in UTF-8."
	}
	return ""
}
