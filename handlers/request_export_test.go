package handlers

import (
	"encoding/json"
	"strings"
	"testing"

	"campaignlark/models"
)

// TestRequestFiltersCombine asks the list, its count and both downloads the same questions.
func TestRequestFiltersCombine(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, gone := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnsubscribed)
		s.callJSON(w, `{"email_address":"marta@example.com","city":"Köln","order":{"no":17}}`)
		s.callJSON(w, `{"email_address":"jonas@example.org","city":"=1+1"}`)
		s.callJSON(w, `{"mail":"100%_sure"}`)
		s.callJSON(gone, `{"email_address":"nobody@example.com","city":"Wien"}`)
		s.call("GET", w.Hash+"?email_address=lena%40example.com&city=k%C3%B6ln", "")
		for query, want := range map[string][]string{
			"":                            {"lena", "nobody", "", "jonas", "marta"},
			"status=404":                  {"nobody"},
			"method=GET":                  {"lena"},
			"method=POST&outcome=created": {"jonas", "marta"},
			"field=CITY":                  {"lena", "nobody", "jonas", "marta"},
			"field=city&value=K%C3%96LN":  {"lena", "marta"},
			"value=17":                    {"marta"},
			"field=order":                 {"marta"},
			"value=%25_":                  {""},
			"field=city&value=17":         nil,
			"field=city&status=200&webhook=" + itoa(w.ID) + "&when=1h": {"lena", "jonas", "marta"},
			"value=" + strings.Repeat("x", 400):                        nil,
			"value='%22%3B--":                                          nil,
			"q=marta&method=POST":                                      {"marta"},
		} {
			_, rows := readCSV(t, s.get("/w/books/requests.csv?bom=0&"+query))
			var got []string
			for _, r := range rows {
				name, _, _ := strings.Cut(r["email_address"], "@")
				got = append(got, name)
			}
			if strings.Join(got, " ") != strings.Join(want, " ") || len(got) != len(want) {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
			list := s.get("/w/books/requests?" + query)
			if len(want) == 0 {
				list.want(t, 200, "No request matches")
			} else {
				list.want(t, 200, itoa(int64(len(want)))+" request")
			}
			if lines := strings.Count(s.get("/w/books/requests.ndjson?"+query).body, `"outcome":`); lines != len(want) {
				t.Errorf("%s: got %d lines of NDJSON, want %d", query, lines, len(want))
			}
		}
		s.get("/w/books/requests?status=abc").want(t, 200, "is not the status of an answer")
		s.get("/w/books/requests.csv?status=abc").want(t, 422, "is not the status of an answer")
		s.get("/w/books/requests?value="+strings.Repeat("x", 10<<10)).want(t, 200, "The value is too long")
	})
}

func TestRequestsAreExportedSafely(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.call("POST", w.Hash, "=cmd|' /C calc'!A0", "Content-Type", "text/plain")
		a := s.get("/w/books/requests.csv")
		if !strings.HasPrefix(a.body, byteOrderMark) {
			t.Errorf("got %q, want a byte order mark", a.body[:min(20, len(a.body))])
		}
		if strings.Contains(a.body, ",=cmd") {
			t.Errorf("a spreadsheet would run a cell of %s", a.body)
		}
		var line exportedRequest
		if err := json.Unmarshal([]byte(s.get("/w/books/requests.ndjson").body), &line); err != nil || line.Outcome != models.OutcomeUnreadable || line.WebhookID != w.ID {
			t.Errorf("got %+v (%v)", line, err)
		}
		s.get("/w/books/settings/audit-log").want(t, 200, "exported requests:", "all calls")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/requests.csv").want(t, 403)
		viewer.get("/w/books/requests").wantNot(t, "NDJSON")
	})
}
