package handlers

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/secrets"

	"gorm.io/gorm"
)

func TestADestinationThatIsOffOffersToSwitchItOn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		path := "/w/books/destinations/" + itoa(d.ID)
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryPending}, `{}`)
		s.post(path+"/disable").want(t, 303)
		page := s.get(path)
		page.want(t, 200, "It is switched off while messages wait.", "1 message waits", "by ines@example.com, today, 13:00")
		for _, at := range []string{path, "/w/books/deliveries/" + v.ID.String()} {
			if n := strings.Count(s.get(at).body, `action="`+path+`/enable"`); n != 1 {
				t.Errorf("%s has %d buttons that switch it on, want one", at, n)
			}
		}
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get(path).want(t, 200, "An admin of the workspace can switch it on.")
	})
}

func TestADestinationTellsOnlyWhatCanHappen(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.server.Config.DeliverySchedule = deliveries.Schedule{time.Second, 9 * time.Second, 50 * time.Second}
		d, since := s.addDestination("CRM"), s.server.now().Add(-2*time.Hour)
		path := "/w/books/destinations/" + itoa(d.ID)
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET failing_since = ?, failures = 9, arrived_at = ? WHERE id = ?", since, since.Add(-time.Hour), d.ID).Error
		})
		page := s.get(path)
		page.want(t, 200, "Nothing has arrived since today", "for about 60 seconds.")
		page.wantNot(t, "If every try fails until", "3 days")
		s.get("/w/books/destinations").wantNot(t, "If every try fails until")
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 1}, `{}`)
		s.addAttempt(v, 1, 0, deliveries.CodeAddress, "")
		page = s.get(path)
		page.want(t, 200, "This program may not send to its address.", "No message is given up for this. If the address is refused for 10 minutes, the destination is switched off",
			"Change the address", "its address is not allowed", "Last answer none", "address not allowed")
		page.wantNot(t, "If every try fails until")
		s.get("/w/books/destinations").want(t, 200, "This program may not send to the address of CRM.", "ask the people who run this program to name its network in OUTBOUND_ALLOW")
		s.server.Cipher = secrets.Cipher{}
		s.get(path).want(t, 200, "Nothing is sent: this program cannot sign.")
	})
}

func TestTheLastTestStandsOnTheDestinationsPage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, other := s.addDestination("CRM"), s.addDestination("Shop")
		path := "/w/books/destinations/" + itoa(d.ID)
		s.get(path).wantNot(t, "Last test")
		s.post(path+"/test").want(t, 303)
		var v models.Delivery
		if err := s.db.Read(t.Context()).Take(&v).Error; err != nil {
			t.Fatal(err)
		}
		s.get(path).want(t, 200, "Last test", "On its way, just now", "What was sent and answered")
		s.get("/w/books/destinations/"+itoa(other.ID)).wantNot(t, "Last test")
		s.addAttempt(v, 1, 503, deliveries.CodeStatus, "")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE deliveries SET tries = 1 WHERE id = ?", v.ID).Error
		})
		s.get(path).want(t, 200, "503 service unavailable, 212 ms,", "Last answer 503 service unavailable, 212 ms")
	})
}

func TestDestinationsHaveDifferentNames(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.post("/w/books/destinations", "name", "CRM", "url", "https://crm.example.com/a").want(t, 303)
		s.post("/w/books/destinations", "name", " crm ", "url", "https://crm.example.com/b").want(t, 422, "There is a destination with this name already.")
		s.post("/w/books/destinations", "name", "Shop", "url", "https://crm.example.com/b").want(t, 303)
		var shop models.Destination
		if err := s.db.Read(t.Context()).Where("name = 'Shop'").Take(&shop).Error; err != nil {
			t.Fatal(err)
		}
		path := "/w/books/destinations/" + itoa(shop.ID)
		s.post(path, "name", "CRM", "url", "https://crm.example.com/b").want(t, 422, "There is a destination with this name already.")
		s.post(path, "name", "Shop", "url", "https://crm.example.com/c").want(t, 303)
		s.post(path, "name", "SHOP", "url", "https://crm.example.com/c").want(t, 303)
	})
}

func TestManyFailingDestinationsAreNamedInShort(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		since := s.server.now().Add(-time.Hour)
		for _, name := range []string{"A", "B", "C", "D", "E"} {
			d := s.addDestination(name)
			s.write(func(tx *gorm.DB) error {
				return tx.Exec("UPDATE destinations SET failing_since = ?, failures = 9 WHERE id = ?", since, d.ID).Error
			})
		}
		page := s.get("/w/books/destinations")
		page.want(t, 200, "5 destinations need a look", "C has not taken a message yet.", "2 more: they come first in the list below.")
		page.wantNot(t, "D has not taken")
	})
}

func TestBothSecretsAreNamedByTheirEndings(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		first := secretOn(s.follow(s.post("/w/books/destinations", "name", "CRM", "url", "https://crm.example.com/hook")))
		path := "/w/books/destinations/" + itoa(s.onlyDestination().ID)
		ending := func(secret string) string { return secret[len(secret)-4:] }
		s.get(path+"/secret").want(t, 200, "the new one and the one ending in "+ending(first), "X-Webhook-Signature changes to the new secret right away")
		page := s.follow(s.post(path+"/secret", typed(s.get(path+"/secret"))...))
		second := secretOn(page)
		page.want(t, 200, "It ends in "+ending(second), "until you remove the one before (ending in "+ending(first)+")", "X-Webhook-Signature, which has room for one")
		s.get(path).want(t, 200, "ending in "+ending(second), "the one before, ending in "+ending(first))
		s.get(path+"/secret?do=remove").want(t, 200, "Only the secret ending in "+ending(second), "(ending in "+ending(first)+")")
	})
}

func TestTheTriesOfADestinationAreDrawn(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, other := s.addDestination("CRM"), s.addDestination("Shop")
		path := "/w/books/destinations/" + itoa(d.ID)
		s.get(path).wantNot(t, "Tries in")
		tried := func(to models.Destination, state models.DeliveryState, all ...models.DeliveryAttempt) {
			v := s.addDelivery(to, models.Delivery{State: state, Tries: len(all)}, `{}`)
			for i, a := range all {
				a.WorkspaceID, a.DeliveryID, a.Number = v.WorkspaceID, v.ID, i+1
				s.write(func(tx *gorm.DB) error { return tx.Create(&a).Error })
			}
		}
		ago := func(d time.Duration) time.Time { return s.server.now().Add(-d) }
		tried(d, models.DeliveryArrived, models.DeliveryAttempt{At: ago(50 * time.Hour), Error: "timeout", DurationUs: 15_000_000}, models.DeliveryAttempt{At: ago(2 * time.Hour), Status: 503, Error: "status", DurationUs: 100_000},
			models.DeliveryAttempt{At: ago(time.Hour), Status: 200, DurationUs: 300_000})
		tried(d, models.DeliveryPending, models.DeliveryAttempt{At: ago(time.Minute), Error: "timeout", DurationUs: 15_000_000})
		tried(other, models.DeliveryArrived, models.DeliveryAttempt{At: ago(time.Minute), Status: 200})
		s.get(path).want(t, 200, "3 tries in the last 24 hours: 1 arrived, 2 failed (67 %). Answers took 200 ms on average.", "Show as a table", "7 days")
		s.get(path+"?calls=7d").want(t, 200, "4 tries in the last 7 days: 1 arrived, 3 failed (75 %).")
	})
}

func TestTheFormSaysWhatAnAddressCannotDo(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.server.Config.OutboundAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		for url, says := range map[string]string{
			"http://93.184.215.14/x": "Plain http is only possible to networks that OUTBOUND_ALLOW names", "https://224.0.0.1/": "This is a multicast address", "https://192.0.2.1/": "only for examples in documentation",
			"https://10.0.0.1/": "inside a private network",
		} {
			s.post("/w/books/destinations", "name", "CRM", "url", url).want(t, 422, says)
		}
		s.post("/w/books/destinations", "name", "CRM", "url", "http://crm.example.com/x").want(t, 303)
		path := "/w/books/destinations/" + itoa(s.onlyDestination().ID)
		s.get(path+"/edit").want(t, 200, "Messages go there only if the name leads into a network that OUTBOUND_ALLOW names.")
		s.get(path).want(t, 200, "Messages go there only if the name leads into a network that OUTBOUND_ALLOW names.")
	})
}

func TestADeletedDestinationDropsWhatWaits(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryPending}, `{}`)
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET deleted_at = ?, enabled = false WHERE id = ?", s.server.now(), d.ID).Error
		})
		page := s.get("/w/books/deliveries/" + v.ID.String())
		page.want(t, 200, "Being dropped: CRM was deleted", "What waited for it is not sent any more.")
		page.wantNot(t, "goes out when it is on again", "Give up", "Switch on")
		s.get("/w/books/deliveries").want(t, 200, "Being dropped")
	})
}
