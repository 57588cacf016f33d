package handlers

import (
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

func TestTagLifecycle(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/tags").want(t, 200, "No tags yet")
		s.follow(s.post("/w/books/tags", "name", "  newsletter ")).want(t, 200, "The tag newsletter was created.", "1 tag")
		s.post("/w/books/tags", "name", "NewsLetter").want(t, 422, "There is a tag with this name already")
		s.post("/w/books/tags", "name", strings.Repeat("ß", 68)).want(t, 422, "Please make the name 64 characters or shorter. It has 68.")
		tags, err := s.db.TagNames(t.Context(), s.workspace.ID)
		if err != nil || len(tags) != 1 || tags[0].Name != "newsletter" {
			t.Fatalf("got %v (%v), want the one tag newsletter", tags, err)
		}
		path := "/w/books/tags/" + itoa(tags[0].ID)
		s.follow(s.post(path, "name", "Letters")).want(t, 200, "The tag newsletter is now called Letters.")
		s.get(path+"/delete").want(t, 200, "Delete the tag “Letters”?", "0 contacts")
		s.follow(s.post(path+"/delete")).want(t, 200, "The tag Letters is deleted", "No tags yet")
		s.get(path+"/edit").want(t, 404)
	})
}

func TestTagOfAnotherWorkspaceIsNotFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		other := s.addWorkspace("music")
		tag, _, err := s.db.CreateTag(t.Context(), other.ID, 0, "vinyl", s.server.now())
		if err != nil {
			t.Fatal(err)
		}
		id := itoa(tag.ID)
		s.get("/w/books/tags/"+id+"/edit").want(t, 404)
		s.post("/w/books/tags/"+id, "name", "stolen").want(t, 404)
		s.post("/w/books/tags/"+id+"/delete").want(t, 404)
		s.get("/w/music/tags").want(t, 404)
		if got, err := s.db.Tag(t.Context(), other.ID, tag.ID); err != nil || got.Name != "vinyl" {
			t.Errorf("got %v (%v), want vinyl untouched", got, err)
		}
	})
}

func TestTagNameIsEscaped(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.follow(s.post("/w/books/tags", "name", `<script>alert("x")</script>`))
		a.want(t, 200)
		if strings.Contains(a.body, "<script>alert") {
			t.Error("the name reached the page as markup")
		}
	})
}

func TestDeletedTagIsRemovedFromContacts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx, now := t.Context(), s.server.now()
		tag, _, err := s.db.CreateTag(ctx, s.workspace.ID, 0, "vip", now)
		if err != nil {
			t.Fatal(err)
		}
		s.write(func(tx *gorm.DB) error {
			for id := int64(1); id <= 300; id++ {
				c := models.Contact{WorkspaceID: s.workspace.ID, ID: id, Email: itoa(id) + "@example.com", Status: models.StatusSubscribed, Fields: map[string]string{}, Version: 1, CreatedAt: now, UpdatedAt: now}
				if err := tx.Create(&c).Error; err != nil {
					return err
				}
				if err := tx.Create(&models.ContactTag{WorkspaceID: s.workspace.ID, ContactID: id, TagID: tag.ID}).Error; err != nil {
					return err
				}
			}
			return nil
		})
		s.get("/w/books/tags/"+itoa(tag.ID)+"/delete").want(t, 200, "300 contacts")
		s.post("/w/books/tags/"+itoa(tag.ID)+"/delete").want(t, 303)
		s.post("/w/books/tags", "name", "VIP").want(t, 422, "still being removed from its contacts")
		if err := s.db.PurgeTags(ctx, now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		var raised, marks int64
		s.db.Read(ctx).Model(&models.Contact{}).Where("workspace_id = ? AND version = 2", s.workspace.ID).Count(&raised)
		s.db.Read(ctx).Model(&models.DirtyContact{}).Where("workspace_id = ? AND user_id = ?", s.workspace.ID, s.user.ID).Count(&marks)
		if left, err := s.db.TagContacts(ctx, s.workspace.ID, tag.ID); left != 0 || raised != 300 || marks != 300 || err != nil {
			t.Errorf("got %d contacts still tagged, %d with a new version, %d marks (%v); want 0, 300, 300", left, raised, marks, err)
		}
		s.get("/w/books/contacts/7").want(t, 200, "ines@example.com deleted the tag vip")
		s.post("/w/books/tags", "name", "VIP").want(t, 303)
	})
}
