package handlers

import (
	"slices"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
)

func TestSentLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, encoding, contentType, payload string
		want                                 []string
	}{
		{"JSON", intake.EncodingJSON, "", `{"a" : "x<y", "b":{ "c": [1, 2] },"n":1.50}`, []string{"{", `  "a": "x<y",`, `  "b": {"c":[1,2]},`, `  "n": 1.50`, "}"}},
		{"empty object", intake.EncodingJSON, "", `{}`, []string{"{", "}"}},
		{"cut off", intake.EncodingJSON, "", `{"a":1,"b":"xy`, []string{"{", `  "a": 1`, `,"b":"xy`}},
		{"trailing data", intake.EncodingJSON, "", `{"a":1} x`, []string{"{", `  "a": 1`, "}", " x"}},
		{"no object", intake.EncodingJSON, "", "[1,\n2]", []string{"[1,", "2]"}},
		{"query", intake.EncodingQuery, "", "b=2&email_address=a%40b.co&c=x+y&c=z", []string{"b = 2", "email_address = a@b.co", "c = x y", "c = z"}},
		{"form in another charset", intake.EncodingURLEncoded, "application/x-www-form-urlencoded; charset=iso-8859-1", "Pr%E9nom=Ren%E9", []string{"Prénom = René"}},
		{"form decoded already", intake.EncodingURLEncoded, "application/x-www-form-urlencoded; charset=iso-8859-1", "n=René", []string{"n = René"}},
		{"multipart", intake.EncodingMultipart, "", "a = 1\nb = (file \"x.png\", 5 bytes, not kept)\n", []string{"a = 1", "b = (file \"x.png\", 5 bytes, not kept)"}},
	} {
		var got []string
		for _, line := range sentLines(models.WebhookRequest{ContentType: c.contentType}, intake.LogBody{Encoding: c.encoding, Payload: c.payload}) {
			got = append(got, line.shown+line.text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// In JSON only the last line of a repeated key has a fate. A name that the log only counted is marked ignored.
func TestMarks(t *testing.T) {
	t.Parallel()
	s := &story{row: models.WebhookRequest{Outcome: models.OutcomeUpdated, Status: 200}, body: intake.LogBody{
		Encoding: intake.EncodingJSON, Payload: `{"a":1,"email_address":"x@y.z","a":2,"b":3}`, EmailKey: "email_address",
		Fields: []intake.FieldFate{{Key: "a", Fate: intake.FateStored}},
	}}
	var got []string
	lines, _ := s.prettyLines()
	for _, line := range lines {
		got = append(got, strings.TrimSpace(line.Key)+":"+line.Fate)
	}
	want := []string{":", `"a":`, `"email_address":stored`, `"a":stored`, `"b":ignored`, ":"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestALongLineIsCut: the decoded view cuts a long value and says where all of it is. What is copied has all of it.
func TestALongLineIsCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 2_000)
	s := &story{body: intake.LogBody{Encoding: intake.EncodingJSON, Payload: `{"note":"` + long + `","b":1}`}}
	lines, source := s.prettyLines()
	if text := lines[1].Text; len(text) > maxLineText+100 || !strings.HasSuffix(text, "(see As received)") {
		t.Errorf("got a line of %d bytes, which ends %q", len(text), text[max(0, len(text)-40):])
	}
	if !strings.Contains(source, long) {
		t.Error("what is copied is cut")
	}
}

// FuzzSentLines checks that every way of reading a payload ends, with bounded output.
func FuzzSentLines(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":{"b":[]},"a":null} x`, "a=1&b=%zz&%FF", "a = b\n", "\ufeff{", "[[[[",
		`{"a":{"b":["x@y.zz"]}}`, `a={"b":"{\"c\":\"x@y.zz\"}"}`, "a=1&amp;b=2", "email_address =1", "<a>", "\x1f\ufffd\x08", `{"type":"ping"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		payload = models.ValidText(payload)
		for _, encoding := range []string{intake.EncodingJSON, intake.EncodingQuery, intake.EncodingURLEncoded, intake.EncodingMultipart, ""} {
			s := &story{row: models.WebhookRequest{Outcome: models.OutcomeNoAddress}, body: intake.LogBody{Encoding: encoding, Payload: payload}}
			if lines, _ := s.prettyLines(); len(lines) > maxPayloadLines+1 || len(lines) > len(payload)+2 {
				t.Errorf("got %d lines of %d bytes", len(lines), len(payload))
			}
			if keys := keysOf(s.row, s.body); len(keys) > maxPayloadLines {
				t.Errorf("got %d keys", len(keys))
			}
			for _, outcome := range []models.Outcome{models.OutcomeNoAddress, models.OutcomeUnreadable, models.OutcomeBadAddress, models.OutcomeUpdated} {
				s.row.Outcome, s.body.EmailSent = outcome, payload
				s.look()
				for _, h := range s.hints {
					if issue := s.issueOf(h.masked(s.body, fieldNames{})); issue.Before == "" || issue.Text == "" {
						t.Errorf("%s: got no words for the hint %s", outcome, h.kind)
					}
				}
				s.marks(sentLines(s.row, s.body))
			}
		}
	})
}
