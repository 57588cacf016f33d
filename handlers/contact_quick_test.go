package handlers

import (
	"slices"
	"testing"

	"campaignlark/models"
)

// TestQuickActionsOnAContact unsubscribes a contact and adds tags to it, from its page.
func TestQuickActionsOnAContact(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		s.addContact(1, "konrad@example.com", func(c *models.Contact) { c.Fields = map[string]string{"first_name": "Konrad <b>"} })
		s.addTag("vip", 1)
		s.addTag("reader")
		page := s.get("/w/books/contacts/1")
		page.want(t, 200, "Konrad <b> · konrad@example.com", "Unsubscribe", "Add a tag", "Copy address")

		page.wantLink(t, "Unsubscribe", "/w/books/contacts/1/unsubscribe")
		s.get("/w/books/contacts/1/unsubscribe").want(t, 200, "Unsubscribe konrad@example.com?", "The contact stays, with its fields and tags.", "Leave as it is")
		if c := s.contact("konrad@example.com"); c.Status != models.StatusSubscribed {
			t.Fatal("the question has unsubscribed the contact")
		}
		s.follow(s.post("/w/books/contacts/1/unsubscribe")).want(t, 200, "The contact is unsubscribed now.", "Subscribed → became Unsubscribed")
		c := s.contact("konrad@example.com")
		if c.Status != models.StatusUnsubscribed || c.Version != 2 || c.Fields["first_name"] != "Konrad <b>" || s.marks() != 1 || s.events() != 0 {
			t.Errorf("got %+v with %d marks and %d events", c, s.marks(), s.events())
		}
		s.follow(s.post("/w/books/contacts/1/unsubscribe")).want(t, 200, "Nothing was different, so nothing was changed.")
		s.get("/w/books/contacts/1").wantNot(t, "Unsubscribe ")

		s.follow(s.post("/w/books/contacts/1/tags", "new_tags", "READER, fresh")).want(t, 200, "The contact has the tags now.", "tags fresh , reader added")
		s.follow(s.post("/w/books/contacts/1/tags", "new_tags", "vip")).want(t, 200, "Nothing was different, so nothing was changed.")
		tags, err := s.db.ContactTags(t.Context(), s.workspace.ID, 1)
		var names []string
		for _, tag := range tags {
			names = append(names, tag.Name)
		}
		if !slices.Equal(names, []string{"fresh", "reader", "vip"}) || err != nil {
			t.Errorf("got the tags %v (%v)", names, err)
		}
		s.post("/w/books/contacts/1/tags", "new_tags", " ").want(t, 422, "Please type the name of a tag.")
		s.post("/w/books/contacts/1/tags", "new_tags", "x, "+longName).want(t, 422, "The new tag")
		s.post("/w/books/contacts/9/tags", "new_tags", "nobody has it").want(t, 404)
		if all, _ := s.db.TagNames(t.Context(), s.workspace.ID); len(all) != 3 {
			t.Errorf("got the tags %v, want no new one from a refused form", all)
		}
		reader := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		reader.get("/w/books/contacts/1").wantNot(t, "Add a tag")
		reader.get("/w/books/contacts/1/unsubscribe").want(t, 403)
		reader.post("/w/books/contacts/1/unsubscribe").want(t, 403)
		reader.post("/w/books/contacts/1/tags", "new_tags", "x").want(t, 403)
	})
}

const longName = "a name that is much longer than the sixty-four characters that a tag may have at most"
