package handlers

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/secrets"

	"gorm.io/gorm"
)

// addDestination stores a destination with a secret that nobody knows. It gives the site a key.
func (s *site) addDestination(name string) models.Destination {
	s.t.Helper()
	now := s.server.now()
	d := models.Destination{WorkspaceID: s.workspace.ID, Name: name, URL: "https://crm.example.com/hook?token=hunter2", Secret: []byte{1}, Ending: "Kp3w", Enabled: true, CreatedAt: now, UpdatedAt: now}
	s.withCipher()
	s.write(func(tx *gorm.DB) (err error) {
		if err := tx.Create(&d).Error; err != nil {
			return err
		}
		if d.Secret, err = s.server.Cipher.Seal(deliveries.NewSecret(), secrets.Row{WorkspaceID: d.WorkspaceID, OwnerID: d.ID, Purpose: secrets.DestinationSecret}); err != nil {
			return err
		}
		return tx.Model(&d).Where("workspace_id = ? AND id = ?", d.WorkspaceID, d.ID).Update("secret", d.Secret).Error
	})
	return d
}

// addDelivery stores a delivery with an id and a body. One that waits is due in an hour.
func (s *site) addDelivery(d models.Destination, v models.Delivery, body string) models.Delivery {
	s.t.Helper()
	now := s.server.now()
	v.WorkspaceID, v.ID, v.DestinationID, v.EventID, v.Body, v.NextAt = s.workspace.ID, models.NewID(now), d.ID, models.NewID(now), deliveries.Pack([]byte(body)), now.Add(time.Hour)
	if v.EventType == "" {
		v.EventType = "contact.updated"
	}
	if v.State != models.DeliveryPending {
		v.EndedAt = &now
	}
	s.write(func(tx *gorm.DB) error { return tx.Create(&v).Error })
	return v
}

// addAttempt stores an attempt.
func (s *site) addAttempt(v models.Delivery, number, status int, code deliveries.Code, answer string) {
	s.t.Helper()
	a := models.DeliveryAttempt{WorkspaceID: v.WorkspaceID, DeliveryID: v.ID, Number: number, At: s.server.now(), Status: status, Error: string(code), DurationUs: 212_000, Answer: deliveries.Pack([]byte(answer))}
	s.write(func(tx *gorm.DB) error { return tx.Create(&a).Error })
}

func (s *site) storedDelivery(v models.Delivery) (stored models.Delivery) {
	s.t.Helper()
	if err := s.db.Read(s.t.Context()).Where("workspace_id = ? AND id = ?", v.WorkspaceID, v.ID).Take(&stored).Error; err != nil {
		s.t.Fatal(err)
	}
	return stored
}

func (s *site) storedDestination(id int64) (d models.Destination) {
	s.t.Helper()
	if err := s.db.Read(s.t.Context()).Where("id = ?", id).Take(&d).Error; err != nil {
		s.t.Fatal(err)
	}
	return d
}

var shownSecret = regexp.MustCompile(`id="secret"[^>]*value="(whsec_[^"]+)"`)

// secretOn returns the secret that a page shows, or "".
func secretOn(a answer) string {
	if m := shownSecret.FindStringSubmatch(strings.ReplaceAll(a.body, "&#43;", "+")); m != nil {
		return m[1]
	}
	return ""
}

func TestDestinationLifecycle(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.get("/w/books/destinations").want(t, 200, "No destinations yet", "Create destination")
		s.post("/w/books/destinations", "name", "CRM", "url", "http://10.0.0.1/x", "headers", "nonsense").want(t, 422, "must start with https", "Write one header on each line")
		s.post("/w/books/destinations", "name", "CRM", "url", "https://127.0.0.1/x").want(t, 422, "private network")
		created := s.post("/w/books/destinations", "name", "CRM", "url", "https://crm.example.com/hook?token=hunter2", "headers", "Authorization: Bearer abc")
		page := s.follow(created)
		page.want(t, 200, "CRM is created", "Copy it now.")
		secret := secretOn(page)
		if secret == "" {
			t.Fatalf("the page shows no secret: %s", page.body)
		}
		again := s.get(created.header.Get("Location"))
		again.want(t, 200, "Replace the secret of “CRM”?")
		if strings.Contains(again.body, secret) {
			t.Error("the secret is shown a second time")
		}
		s.get("/w/books/destinations").want(t, 200, "CRM", "crm.example.com", "Never called", "1 destination")
		path := strings.TrimSuffix(created.header.Get("Location"), "/secret")
		s.get(path).want(t, 200, "https://crm.example.com/hook?token=hunter2", "Authorization: •••••", "ending in "+secret[len(secret)-4:], "How CRM knows that it is you")
		d := s.onlyDestination()
		if stored, err := s.server.Cipher.Open(d.Secret, secrets.Row{WorkspaceID: d.WorkspaceID, OwnerID: d.ID, Purpose: secrets.DestinationSecret}); err != nil || stored != secret {
			t.Errorf("got the secret %q (%v), want the one that was shown", stored, err)
		}

		s.get(path+"/edit").want(t, 200, "Edit destination", "Authorization: •••••")
		s.follow(s.post(path, "name", "Sales CRM", "url", "https://crm.example.com/hook?token=hunter3", "headers", "Authorization: •••••\nX-Shop: books")).want(t, 200, "Saved.", "Sales CRM")
		store := deliveries.Store{DB: s.db, Cipher: s.server.Cipher}
		if headers, err := store.Headers(s.onlyDestination()); err != nil || headers != "Authorization: Bearer abc\nX-Shop: books" {
			t.Errorf("got the headers %q (%v), want the stored value kept", headers, err)
		}
		s.get(path+"/disable").want(t, 200, "Switch off “Sales CRM”?", "No message waits.")
		s.follow(s.post(path+"/disable")).want(t, 200, "Switched off", "by ines@example.com, today")
		waits := s.addDelivery(s.onlyDestination(), models.Delivery{State: models.DeliveryPending}, `{}`)
		s.get(path).want(t, 200, "until the destination is on again")
		s.get("/w/books/deliveries/"+waits.ID.String()).want(t, 200, "It goes out when it is on again.")
		s.post("/w/books/deliveries/"+waits.ID.String()+"/give-up").want(t, 303)
		s.follow(s.post(path+"/test")).want(t, 200, "is switched off. Switch it on first.")
		s.follow(s.post(path+"/enable")).want(t, 200, "is on again")
		s.follow(s.post(path+"/test")).want(t, 200, "The test is on its way.", "Test", "On its way to Sales CRM", `"event_type": "test"`)
		s.get(path+"/delete").want(t, 200, "Delete “Sales CRM”?", "1 message waits. It will never be sent.")
		s.follow(s.post(path+"/delete")).want(t, 200, "Sales CRM is deleted.", "No destinations yet")
		s.get(path).want(t, 404)
		var dropped models.Delivery
		if err := s.db.Read(t.Context()).Where("event_type = 'test'").Take(&dropped).Error; err != nil || dropped.State != models.DeliveryDropped || dropped.EndedAt == nil {
			t.Errorf("got %+v (%v), want what waited dropped", dropped, err)
		}
		s.get("/w/books/deliveries/"+dropped.ID.String()).want(t, 200, "Dropped: it is not sent", "The destination was deleted.")
		log := s.get("/w/books/settings/audit-log")
		log.want(t, 200, "created the destination", "changed the destination", "sent a test to the destination", "switched off", "with other parameters", "deleted the destination")
		log.wantNot(t, "hunter", "Bearer", "whsec_")
	})
}

func (s *site) onlyDestination() (d models.Destination) {
	s.t.Helper()
	if err := s.db.Read(s.t.Context()).Take(&d).Error; err != nil {
		s.t.Fatal(err)
	}
	return d
}

func TestASecretIsReplaced(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		first := secretOn(s.follow(s.post("/w/books/destinations", "name", "CRM", "url", "https://crm.example.com/hook")))
		path := "/w/books/destinations/" + itoa(s.onlyDestination().ID)
		page := s.follow(s.post(path+"/secret", typed(s.get(path+"/secret"))...))
		page.want(t, 200, "The secret of CRM is replaced", "webhook-signature carries both")
		second := secretOn(page)
		if second == "" || second == first {
			t.Fatalf("got %q after %q, want another secret", second, first)
		}
		d := s.onlyDestination()
		for sealed, want := range map[string]string{string(d.Secret): second, string(d.OlderSecret): first} {
			if got, err := s.server.Cipher.Open([]byte(sealed), secrets.Row{WorkspaceID: d.WorkspaceID, OwnerID: d.ID, Purpose: secrets.DestinationSecret}); err != nil || got != want {
				t.Errorf("got %q (%v), want %q", got, err, want)
			}
		}
		s.get(path).want(t, 200, "the one before, ending in "+first[len(first)-4:], "It signs too")
		s.get(path+"/secret?do=remove").want(t, 200, "Remove the older secret of “CRM”?")
		s.follow(s.post(path+"/secret", typed(s.get(path+"/secret?do=remove"))...)).want(t, 200, "The older secret was removed.")
		if d := s.onlyDestination(); d.OlderSecret != nil {
			t.Error("the older secret is still there")
		}
		s.get("/w/books/settings/audit-log").want(t, 200, "changed the secret of the destination", "the one before still signs")
	})
}

func TestASecretThatSomebodyElseReplaced(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		path := "/w/books/destinations/" + itoa(s.addDestination("CRM").ID)
		open := s.get(path + "/secret")
		s.post(path+"/secret", "do", "rotate").want(t, 303)
		s.get(path + "/secret") // reads the new secret
		before := s.onlyDestination()
		s.post(path+"/secret", typed(open)...).want(t, 422, "was changed after you opened this page", "Its secrets were changed.")
		if after := s.onlyDestination(); after.Ending != before.Ending {
			t.Error("the secret was replaced a second time")
		}
	})
}

func TestRolesAtADestination(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.post("/w/books/destinations", "name", "CRM", "url", "https://crm.example.com/hook?token=hunter2", "headers", "X-Key: hunter2").want(t, 303)
		d := s.onlyDestination()
		path := "/w/books/destinations/" + itoa(d.ID)
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryDead, Tries: 1}, `{}`)
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		manager := s.as(s.signIn(s.addMember(s.workspace, "mara@example.com", models.RoleManager)))
		for name, who := range map[string]*site{"viewer": viewer, "manager": manager} {
			page := who.get(path)
			page.want(t, 200, "https://crm.example.com/hook", "Given up")
			page.wantNot(t, "hunter2", "X-Key", "ending in", "Edit", "Replace it")
			for _, post := range []string{"", "/enable", "/disable", "/secret", "/delete"} {
				if a := who.post(path + post); a.status != 403 {
					t.Errorf("POST %s as %s: got %d, want 403", post, name, a.status)
				}
			}
		}
		viewer.get(path).wantNot(t, "Send a test", "again")
		viewer.post(path+"/test").want(t, 403)
		viewer.get("/w/books/deliveries/"+v.ID.String()).wantNot(t, "Send again", "hunter2")
		manager.get(path).want(t, 200, "Send a test", "Send it again…")
		manager.post(path+"/test").want(t, 303)
		manager.post("/w/books/deliveries/"+v.ID.String()+"/replay").want(t, 303)
	})
}

func TestWhatFailsComesFirst(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		since := s.server.now().Add(-2 * time.Hour)
		s.addDestination("Alerts")
		crm := s.addDestination("CRM")
		v := s.addDelivery(crm, models.Delivery{State: models.DeliveryPending, Tries: 2}, `{}`)
		s.addAttempt(v, 1, 0, deliveries.CodeTimeout, "")
		s.addAttempt(v, 2, 503, deliveries.CodeStatus, "busy")
		s.addDelivery(crm, models.Delivery{State: models.DeliveryDead, Tries: 10}, `{}`)
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET failing_since = ?, failures = 33 WHERE id = ?", since, crm.ID).Error
		})
		list := s.get("/w/books/destinations")
		list.want(t, 200, "One destination needs a look", "CRM has not taken a message yet. It answered 503 Service Unavailable.", "1 message waits; it is not lost.", "Failing", "next try in 1 h", "Open it")
		if strings.Index(list.body, ">CRM<") > strings.Index(list.body, ">Alerts<") {
			t.Error("CRM comes after Alerts, want the failing one first")
		}
		if !strings.Contains(list.body, `n-bad">1<span class="vh"> failing`) {
			t.Error("the side does not say that one destination fails")
		}
		page := s.get("/w/books/destinations/" + itoa(crm.ID))
		page.want(t, 200, "2 things need a look", "Nothing has arrived yet. The first try failed today", "33 tries failed.", "for about 3 days", "Try it now", "1 message was given up.", "Send it again…", "Retrying", "service unavailable")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET enabled = false, off_reason = 'It answered 410 Gone.' WHERE id = ?", crm.ID).Error
		})
		s.get("/w/books/destinations/"+itoa(crm.ID)).want(t, 200, "It was switched off.", "It answered 410 Gone.", "Switch on")
		s.post("/w/books/destinations/"+itoa(crm.ID)+"/enable").want(t, 303)
		if d := s.storedDestination(crm.ID); !d.Enabled || d.OffReason != "" || d.FailingSince != nil || d.Failures != 0 {
			t.Errorf("got %+v, want it on and without failures", d)
		}
	})
}

func TestADestinationThatAnAutomationCallsIsNotDeleted(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, now := s.addDestination("CRM"), s.server.now()
		path := "/w/books/destinations/" + itoa(d.ID)
		s.write(func(tx *gorm.DB) error {
			return tx.Create(&models.Automation{WorkspaceID: s.workspace.ID, Name: "Tell the CRM", Definition: `{"triggers":[],"steps":[{"id":1,"type":"call","destination_id":` + itoa(d.ID) + `}]}`,
				Revision: 1, CreatedAt: now, UpdatedAt: now}).Error
		})
		s.get(path).want(t, 200, "Called by", "Tell the CRM")
		s.get(path+"/delete").want(t, 200, "“CRM” cannot be deleted yet", "1 automation calls it.", "Tell the CRM")
		s.post(path+"/delete").want(t, 422, "cannot be deleted yet")
		if d := s.storedDestination(d.ID); d.DeletedAt != nil {
			t.Error("the destination was deleted")
		}
	})
}

func TestDestinationOfAnotherWorkspaceIsNotFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		music := *s
		music.workspace = s.addWorkspace("music")
		d := music.addDestination("CRM")
		v := music.addDelivery(d, models.Delivery{State: models.DeliveryDead}, `{}`)
		path, delivery := "/w/books/destinations/"+itoa(d.ID), "/w/books/deliveries/"+v.ID.String()
		for _, get := range []string{path, path + "/edit", path + "/secret", path + "/delete", path + "/replay", delivery} {
			s.get(get).want(t, 404)
		}
		for _, post := range []string{path, path + "/test", path + "/retry", path + "/replay", path + "/enable", path + "/disable", path + "/secret", path + "/delete", delivery + "/replay", delivery + "/give-up"} {
			s.post(post, "name", "x", "state", "dead", "do", "rotate").want(t, 404)
		}
		if got := music.storedDelivery(v); got.State != models.DeliveryDead {
			t.Errorf("got %s, want it untouched", got.State)
		}
	})
}
