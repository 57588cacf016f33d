package handlers

import (
	"testing"

	"campaignlark/models"
)

// TestANewMergeTagIsFilledIn creates a merge tag after calls have sent its field, fills it in for the contacts without a value, and takes that
// back, but not where a contact was changed since.
func TestANewMergeTagIsFilledIn(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com","surname":"Storm"}`)
		s.callJSON(w, `{"email_address":"arya@example.com","surname":"Stark"}`)
		s.callJSON(w, `{"email_address":"bran@example.com","Surname":"Stark"}`)
		s.callJSON(w, `{"email_address":"cersei@example.com","surname":"Lannister"}`)
		s.callJSON(w, `{"email_address":"davos@example.com","surname":""}`)
		tag := s.addMergeTag(models.MergeTag{Key: "surname", Label: "Surname", Type: models.MergeTagText})
		s.callJSON(w, `{"email_address":"cersei@example.com","surname":"Baratheon"}`)
		page := "/w/books/merge-tags/" + itoa(tag.ID) + "/fill"
		s.get(page).want(t, 200, "Fill in Surname from earlier calls?", "5 calls of the last 30 days sent surname , the latest Baratheon .", "2 contacts of them have no value yet.")
		job := s.post(page)
		s.follow(job).want(t, 200, "Fill in Surname", "Under way")
		s.follow(s.post(page)).want(t, 200, "This is under way already.")
		s.work()
		s.get(job.header.Get("Location")).want(t, 200, "Surname was filled in for 2 contacts.", "Take this back")
		for address, want := range map[string]string{"arya@example.com": "Stark", "bran@example.com": "Stark", "cersei@example.com": "Baratheon", "davos@example.com": ""} {
			if got := s.contact(address).Fields["surname"]; got != want {
				t.Errorf("%s: got %q, want %q", address, got, want)
			}
		}
		s.get(page).want(t, 200, "Nothing to fill in for Surname", "Their contacts have a value already.")
		s.callJSON(w, `{"email_address":"bran@example.com","surname":"Broken"}`)
		s.get(job.header.Get("Location")).wantLink(t, "Take this back", page+"?undo=1")
		undo := s.get(page + "?undo=1")
		undo.want(t, 200, "Take the values of Surname back?", "2 contacts got a value.")
		taken := s.post(page, "undo", "1")
		s.work()
		s.get(taken.header.Get("Location")).want(t, 200, "Surname was taken off 1 contact again. Not touched, because they were changed since: 1 contact.")
		if arya, bran := s.contact("arya@example.com").Fields["surname"], s.contact("bran@example.com").Fields["surname"]; arya != "" || bran != "Broken" {
			t.Errorf("got %q and %q, want that only what was filled in is taken back", arya, bran)
		}
		s.get("/w/books/contacts/"+itoa(s.contact("arya@example.com").ID)).inThisOrder(t, "took back a value that was filled in from earlier calls", "Taken back: Surname", "filled in a value from earlier calls", "Filled in: Surname")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get(page).want(t, 403)
		viewer.post(page).want(t, 403)
	})
}

// TestAMergeTagOfACallLeadsBackToIt creates a merge tag for a field that a call sent. The question whether to fill it in comes next, and then the
// call.
func TestAMergeTagOfACallLeadsBackToIt(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com","surname":"Stark"}`)
		id := s.lastCall()
		s.get("/w/books/requests/"+id).wantLink(t, "Create merge tag", "/w/books/merge-tags/new?call="+id+"&amp;key=surname&amp;label=Surname")
		form := s.get("/w/books/merge-tags/new?call=" + id + "&key=surname&label=Surname")
		asked := s.follow(s.post("/w/books/merge-tags", typed(form)...))
		asked.want(t, 200, "The merge tag Surname was created.", "Fill in Surname from earlier calls?", "1 call of the last 30 days sent surname , the latest Stark .", "1 contact of them has no value yet.")
		asked.wantLink(t, "Leave them as they are", "/w/books/requests/"+id)
	})
}
