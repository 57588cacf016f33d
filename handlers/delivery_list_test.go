package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// listed returns the ids of the messages that a page lists, in their order.
func listedIDs(a answer) (ids []string) {
	for _, part := range strings.Split(a.body, `class="open" href="/w/books/deliveries/`)[1:] {
		ids = append(ids, part[:36])
	}
	return ids
}

func TestMessagesAreFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		crm, shop := s.addDestination("CRM"), s.addDestination("Shop")
		ada, luca := s.addContact(1, "ada@example.org", nil), s.addContact(2, "luca@example.org", nil)
		now := s.server.now()
		automation := models.Automation{WorkspaceID: s.workspace.ID, Name: "Welcome", Definition: `{}`, Revision: 1, CreatedAt: now, UpdatedAt: now}
		call, run := models.NewID(now), models.NewID(now)
		s.write(func(tx *gorm.DB) error {
			if err := tx.Create(&automation).Error; err != nil {
				return err
			}
			return tx.Create(&models.AutomationRun{WorkspaceID: s.workspace.ID, ID: run, AutomationID: automation.ID, Revision: 1, EventID: models.NewID(now), State: models.RunDone, DueAt: now}).Error
		})
		all := map[string]models.Delivery{
			"arrived": s.addDelivery(crm, models.Delivery{State: models.DeliveryArrived, Tries: 1, ContactID: ada.ID, ContactVersion: 1, RequestID: &call}, `{}`),
			"waits":   s.addDelivery(crm, models.Delivery{State: models.DeliveryPending, Tries: 1, ContactID: luca.ID, ContactVersion: 1, RunID: &run}, `{}`),
			"dead":    s.addDelivery(shop, models.Delivery{State: models.DeliveryDead, Tries: 1, ContactID: ada.ID, ContactVersion: 2, EventType: "contact.created"}, `{}`),
			"dropped": s.addDelivery(shop, models.Delivery{State: models.DeliveryDropped}, ""),
		}
		s.addAttempt(all["arrived"], 1, 200, deliveries.CodeNone, "")
		s.addAttempt(all["waits"], 1, 0, deliveries.CodeTimeout, "")
		s.addAttempt(all["dead"], 1, 404, deliveries.CodeStatus, "")
		tomorrow := now.Add(24 * time.Hour).Format("2006-01-02T15:04")
		for query, want := range map[string][]string{
			"":                                   {"dropped", "dead", "waits", "arrived"},
			"email=Ada@Example.org":              {"dead", "arrived"},
			"email=ada@example.org&state=dead":   {"dead"},
			"email=nobody@example.org":           {},
			"email=ada":                          {},
			"destination=" + itoa(crm.ID):        {"waits", "arrived"},
			"destination=999":                    {},
			"state=pending":                      {"waits"},
			"state=nonsense":                     {},
			"event=contact.created":              {"dead"},
			"result=404":                         {"dead"},
			"result=timeout":                     {"waits"},
			"result=nonsense":                    {},
			"automation=" + itoa(automation.ID):  {"waits"},
			"request=" + call.String():           {"arrived"},
			"when=24h":                           {"dropped", "dead", "waits", "arrived"},
			"when=range&from=" + tomorrow:        {},
			"when=range&to=" + tomorrow:          {"dropped", "dead", "waits", "arrived"},
			"before=" + all["waits"].ID.String(): {"arrived"},
			"destination=" + itoa(shop.ID) + "&state=dead&result=404&event=contact.created&email=ada@example.org": {"dead"},
		} {
			page := s.get("/w/books/deliveries?" + query)
			var ids []string
			for _, name := range want {
				ids = append(ids, all[name].ID.String())
			}
			if got := listedIDs(page); page.status != 200 || fmt.Sprint(got) != fmt.Sprint(ids) {
				t.Errorf("%s: got %d %v, want %v", query, page.status, got, want)
			}
		}
		s.get("/w/books/deliveries?email=ada@example.org").want(t, 200, "ada@example.org", "to CRM", "to Shop", "Given up", "Arrived", "remove this filter")
		s.get("/w/books/deliveries?email=ada").want(t, 200, "This is not a whole e-mail address.", "Nothing is listed.")
		s.get("/w/books/contacts/"+itoa(ada.ID)).want(t, 200, "All messages")
		s.get("/w/books/destinations").want(t, 200, "All messages")
	})
}

func TestMessagesOfOtherWorkspacesAreNotListed(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		music := *s
		music.workspace = s.addWorkspace("music")
		d := music.addDestination("Secret CRM")
		music.addDelivery(d, models.Delivery{State: models.DeliveryArrived}, `{}`)
		for _, query := range []string{"", "?destination=" + itoa(d.ID), "?state=arrived"} {
			page := s.get("/w/books/deliveries" + query)
			page.wantNot(t, "Secret CRM")
			if got := listedIDs(page); page.status != 200 || len(got) != 0 {
				t.Errorf("%s: got %d %v, want nothing", query, page.status, got)
			}
		}
	})
}

// TestASearchThroughManyMessagesIsBounded stores more messages than one search looks at, and the one that is searched for before all others.
func TestASearchThroughManyMessagesIsBounded(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, now := s.addDestination("CRM"), s.server.now()
		many := make([]models.Delivery, 5003)
		for i := range many {
			at := now.Add(time.Duration(i) * time.Millisecond)
			many[i] = models.Delivery{WorkspaceID: s.workspace.ID, ID: models.NewID(at), DestinationID: d.ID, EventType: "contact.updated", EventID: uuid.New(), State: models.DeliveryArrived, NextAt: at, EndedAt: &at}
		}
		many[0].EventType = "contact.created"
		s.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&many, 100).Error })
		for _, to := range []string{"", "&destination=" + itoa(d.ID)} {
			page := s.get("/w/books/deliveries?event=contact.created" + to)
			page.want(t, 200, "Look further back")
			next := strings.ReplaceAll(regexpOf(t, page.body, `href="([^"]+)">Look further back`), "&amp;", "&")
			if got := listedIDs(s.get(next)); len(got) != 1 || got[0] != many[0].ID.String() {
				t.Errorf("got %v, want the first message", got)
			}
		}
		page := s.get("/w/books/deliveries")
		if got := listedIDs(page); len(got) != deliveryPage || got[0] != many[5002].ID.String() {
			t.Errorf("got %d messages, want the newest %d", len(got), deliveryPage)
		}
		older := strings.ReplaceAll(regexpOf(t, page.body, `href="([^"]+before=[^"]+)"`), "&amp;", "&")
		if got := listedIDs(s.get(older)); len(got) != deliveryPage || got[0] != many[5002-deliveryPage].ID.String() {
			t.Errorf("got %d messages on the second page, want the next %d", len(got), deliveryPage)
		}
	})
}
