package handlers

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// logAt logs a call to a webhook at each of the clock times of today. Those marked with "replay " repeat another call.
func (s *site) logAt(w models.Webhook, times ...string) {
	s.t.Helper()
	s.write(func(tx *gorm.DB) error {
		return tx.Model(&models.Workspace{}).Where("id = ?", w.WorkspaceID).Update("time_zone", "UTC").Error
	})
	day := s.server.now().Format("2006-01-02 ")
	for _, text := range times {
		clock, replay := strings.CutPrefix(text, "replay ")
		at, err := time.Parse("2006-01-02 15:04", day+clock)
		if err != nil {
			s.t.Fatal(err)
		}
		row := models.WebhookRequest{WorkspaceID: s.workspace.ID, ID: models.NewID(at), WebhookID: w.ID, Method: "POST", Outcome: models.OutcomeCreated, Status: 200}
		if first := uuid.Must(uuid.NewV7()); replay {
			row.ReplayOf = &first
		}
		s.write(func(tx *gorm.DB) error { return tx.Create(&row).Error })
	}
}

var chartRow = regexp.MustCompile(`(?s)<th scope="row">\s*<a href="([^"]*)">[^<]*?(\d\d:\d\d)?</a>\s*</th>((?:\s*<td class="r">\d+</td>)+)`)

// bars returns the chart's bars that are not empty: how many calls each has, and the list that it leads to.
func (a answer) bars() (calls map[string]int, lists map[string]string) {
	calls, lists = map[string]int{}, map[string]string{}
	for _, row := range chartRow.FindAllStringSubmatch(a.body, -1) {
		for _, n := range regexp.MustCompile(`>(\d+)<`).FindAllStringSubmatch(row[3], -1) {
			if n, _ := strconv.Atoi(n[1]); n > 0 {
				calls[row[2]], lists[row[2]] = calls[row[2]]+n, html.UnescapeString(row[1])
			}
		}
	}
	return calls, lists
}

// The chart above the list counts what is listed, in any time that can be chosen, and each bar leads to a list of exactly its calls.
func TestTheChartCountsWhatTheListLists(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w, other := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnconfirmed)
		s.logAt(w, "04:20", "05:10", "05:50", "replay 05:55", "07:15", "08:05", "08:25", "08:35", "09:05", "11:00")
		s.logAt(other, "05:40", "08:40")
		day := s.server.now().Format("2006-01-02T")
		between := func(from, to string) string { return "when=range&from=" + day + from + "&to=" + day + to }
		for _, c := range []struct {
			name, query, count string
			bars               map[string]int
		}{
			{"a time that ends within an hour", between("05:30", "08:30"), "6 requests", map[string]int{"05:40": 1, "05:50": 1, "05:55": 1, "07:15": 1, "08:05": 1, "08:25": 1}},
			{"some hours", between("04:30", "08:30"), "7 requests", map[string]int{"05:00": 4, "07:00": 1, "08:00": 2}},
			{"of a webhook", between("04:30", "08:30") + "&webhook=" + itoa(w.ID), "6 requests", map[string]int{"05:00": 3, "07:00": 1, "08:00": 2}},
			{"of an outcome", between("04:30", "08:30") + "&outcome=created", "7 requests", map[string]int{"05:00": 4, "07:00": 1, "08:00": 2}},
			{"without replays", between("04:30", "08:30") + "&replays=no", "6 requests", map[string]int{"05:00": 3, "07:00": 1, "08:00": 2}},
			{"a part of an hour", between("08:20", "08:37"), "2 requests", map[string]int{"08:25": 1, "08:35": 1}},
			{"a day", "when=24h", "12 requests", map[string]int{"04:00": 1, "05:00": 4, "07:00": 1, "08:00": 4, "09:00": 1, "11:00": 1}},
			{"any time", "", "12 requests", map[string]int{"": 12}},
			{"a time without calls", between("09:30", "10:30"), "Nothing matches these filters", map[string]int{}},
			{"a time to come", between("13:00", "15:00"), "Nothing matches these filters", map[string]int{}},
		} {
			page := s.get("/w/books/requests?" + c.query)
			page.want(t, 200, c.count)
			bars, lists := page.bars()
			if len(bars) != len(c.bars) {
				t.Errorf("%s: got bars %v, want %v", c.name, bars, c.bars)
			}
			for name, n := range c.bars {
				if bars[name] != n {
					t.Errorf("%s: the bar %q has %d calls, want %d", c.name, name, bars[name], n)
					continue
				}
				s.get(lists[name]).want(t, 200, strconv.Itoa(n)+map[bool]string{true: " request ", false: " requests "}[n == 1])
			}
		}
		if page := s.get("/w/books/requests?" + between("13:00", "15:00")); strings.Contains(page.body, `class="chart`) {
			t.Error("a time without calls has a chart")
		}
	})
}

// With more calls than the list counts, the chart counts whole hours and says so. It shows no hour outside the chosen time.
func TestTheChartOfManyCallsSaysWhatItLeavesOut(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.logAt(w, "05:10")
		s.manyCallsAt(w, "05:20", models.ExactCount+1)
		day := s.server.now().Truncate(24 * time.Hour)
		s.write(func(tx *gorm.DB) error {
			for hour, n := range map[int]int{4: 7, 5: models.ExactCount + 2, 7: 9} {
				err := tx.Exec("INSERT INTO webhook_counts (workspace_id, webhook_id, hour, outcome, failed, calls, last_call) VALUES (?, ?, ?, ?, ?, ?, ?)",
					w.WorkspaceID, w.ID, day.Add(time.Duration(hour)*time.Hour), models.OutcomeCreated, false, n, day).Error
				if err != nil {
					return err
				}
			}
			return nil
		})
		page := s.get("/w/books/requests?when=range&from=" + day.Format("2006-01-02T") + "05:05&to=" + day.Format("2006-01-02T") + "05:50")
		page.want(t, 200, "10,000+ requests", "The newest 10,000 calls that match")
		page = s.get("/w/books/requests?when=range&from=" + day.Format("2006-01-02T") + "05:05&to=" + day.Format("2006-01-02T") + "10:00")
		page.want(t, 200, "10,000+ requests", "These are many calls, so the chart counts whole hours and leaves out replays.", "05:00 0 10,002", "07:00 0 9")
		page.wantNot(t, "04:00 0 7")
	})
}

// manyCallsAt logs n calls to a webhook within a minute.
func (s *site) manyCallsAt(w models.Webhook, clock string, n int) {
	s.t.Helper()
	at, err := time.Parse("2006-01-02 15:04", s.server.now().Format("2006-01-02 ")+clock)
	if err != nil {
		s.t.Fatal(err)
	}
	rows := make([]models.WebhookRequest, n)
	for i := range rows {
		rows[i] = models.WebhookRequest{WorkspaceID: s.workspace.ID, ID: models.NewID(at.Add(time.Duration(i) * time.Millisecond)), WebhookID: w.ID, Method: "POST", Outcome: models.OutcomeCreated, Status: 200}
	}
	s.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 1000).Error })
}
