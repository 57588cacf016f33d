package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// loggedFor counts the calls whose row in the log has the address.
func (s *site) loggedFor(address string) (n int64) {
	s.db.Read(s.t.Context()).Model(&models.WebhookRequest{}).Where("address = ?", address).Count(&n)
	return n
}

func TestAddressOfAContactIsChanged(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email_address":"jon@exmaple.com"}`)
		s.callJSON(w, `{"email_address":"otto@example.com"}`)
		c := s.contact("jon@exmaple.com")
		path := "/w/books/contacts/" + itoa(c.ID)
		edit := s.get(path + "/edit")
		edit.want(t, 200, "E-mail address")
		form := typed(edit)
		with := func(email string) []string { return append(withoutText(form, "jon@exmaple.com"), "email", email) }

		taken := s.post(path, with("OTTO@example.com")...)
		taken.want(t, 422, "There is a contact with this address already.", "Open that contact")
		if linkNamed(t, taken, "Open that contact") != "/w/books/contacts/"+itoa(s.contact("otto@example.com").ID) {
			t.Error("the link does not lead to the other contact")
		}
		s.post(path, with("jon@")...).want(t, 422, "This is not an e-mail address.")
		s.post(path, with(" ")...).want(t, 422, "Please give an e-mail address.")
		if s.contact("jon@exmaple.com").Version != c.Version {
			t.Error("a refused address changed the contact")
		}
		s.follow(s.post(path, with(" Jon@Bücher.Example ")...)).want(t, 200, "Saved.", "jon@bücher.example", "formerly jon@exmaple.com", "Address: jon@exmaple.com → became jon@bücher.example", "Request through Shop")
		if now := s.contact("jon@xn--bcher-kva.example"); now.ID != c.ID || now.Version != c.Version+1 || s.marks() != 1 {
			t.Errorf("got %+v and %d marks, want the same contact with the next version and one mark", now, s.marks())
		}
		entry, err := store.First[models.AuditEntry](s.db.Read(t.Context()).Where("action = ?", models.ActionContactUpdated))
		if err != nil || strings.Contains(entry.Detail, "@") || strings.Contains(entry.Detail, "jon") {
			t.Errorf("the audit log has %q (%v), want no address", entry.Detail, err)
		}
		s.get("/w/books/settings/audit-log").want(t, 200, "E-mail address")

		s.get("/w/books/contacts?q=jon%40exmaple.com").want(t, 200, "1 of 2 contacts · who had this address before", "@bücher.example")
		s.get("/w/books/contacts?q=exmap").want(t, 200, "1 of 2 contacts", "@bücher.example")
		s.get("/w/books/search?q=jon%40exmaple.com").want(t, 200, "jon@bücher.example")
		s.get(path+"/export.json").want(t, 200, `"former_emails":[{"email":"jon@exmaple.com"`, `"before":"jon@exmaple.com"`, `"outcome":"created"`)

		s.post(path, "version", itoa(c.Version+1), "status", "UNSUBSCRIBED").want(t, 303) // a script that sends no address
		if s.contact("jon@xn--bcher-kva.example").Status != models.StatusUnsubscribed {
			t.Error("the address or the status is another one")
		}
	})
}

// TestErasingCoversEveryAddress erases contacts that had other addresses, by each way to erase, while nobody has the old address, and
// while another contact has it.
func TestErasingCoversEveryAddress(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w, gone := s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), s.createWebhook("name", "Gone", "type", "DELETE")
		erase := map[string]func(c models.Contact){
			"call": func(c models.Contact) { s.callJSON(gone, `{"email_address":"`+c.Email+`"}`).want(t, 200) },
			"hand": func(c models.Contact) { s.post("/w/books/contacts/"+itoa(c.ID)+"/delete").want(t, 303) },
			"many": func(c models.Contact) {
				s.follow(s.post("/w/books/contacts/bulk", "do", "delete", "id", itoa(c.ID), "typed", "1"))
				s.work()
			},
		}
		for way, do := range erase {
			for _, reused := range []bool{false, true} {
				old, now := way+itoa(s.marks())+"@old.example", way+itoa(s.marks())+"@new.example"
				s.callJSON(w, `{"email_address":"`+old+`"}`).want(t, 200)
				c := s.contact(old)
				s.post("/w/books/contacts/"+itoa(c.ID), "version", itoa(c.Version), "status", "SUBSCRIBED", "email", now).want(t, 303)
				if reused {
					s.callJSON(w, `{"email_address":"`+old+`"}`).want(t, 200)
				}
				s.callJSON(w, `{"email_address":"`+now+`"}`).want(t, 200)
				s.write(func(tx *gorm.DB) error { // files of the workspace, so that they are searched
					return tx.Exec("INSERT INTO job_files (workspace_id, job_id, name, part, data) VALUES (?, ?, 'source', 0, 'x')", s.workspace.ID, 1000+s.marks()).Error
				})
				do(*s.contact(now))
				want := int64(0)
				if reused {
					want = 1
				}
				if n := s.loggedFor(old); n != want {
					t.Errorf("%s (old address used again: %v): got %d calls with the old address, want %d", way, reused, n, want)
				}
				if n := s.loggedFor(now); n != 0 {
					t.Errorf("%s: got %d calls with the address, want none", way, n)
				}
				people, err := store.ToForget(s.db.Read(t.Context()), s.workspace.ID)
				if err != nil || !people.Named(old) || !people.Named(now) {
					t.Errorf("%s: the files are not searched for both addresses (%v)", way, err)
				}
			}
		}
		for _, table := range []string{"former_addresses", "contact_edits"} {
			var n int64
			if s.db.Read(t.Context()).Table(table).Count(&n); n != 0 {
				t.Errorf("%s: got %d rows of erased contacts, want none", table, n)
			}
		}
	})
}
