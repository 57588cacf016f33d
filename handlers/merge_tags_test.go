package handlers

import (
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

func (s *site) mergeTag(key string) models.MergeTag {
	s.t.Helper()
	all, err := s.db.MergeTags(s.t.Context(), s.workspace.ID)
	i := slices.IndexFunc(all, func(m models.MergeTag) bool { return m.Key == key })
	if err != nil || i < 0 {
		s.t.Fatalf("there is no merge tag %s among %v (%v)", key, all, err)
	}
	return all[i]
}

func (s *site) addMergeTag(m models.MergeTag) models.MergeTag {
	s.t.Helper()
	m, errs, err := s.db.CreateMergeTag(s.t.Context(), s.workspace.ID, 0, m, s.server.now())
	if err != nil || errs.Any() {
		s.t.Fatalf("%v %v", errs, err)
	}
	return m
}

func TestMergeTagLifecycle(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/merge-tags").want(t, 200, "email_address", "No merge tags yet")
		s.follow(s.post("/w/books/merge-tags", "key", "first_name", "label", " First name ", "type", "text")).
			want(t, 200, "The merge tag First name was created. Calls that send first_name fill it in.", "1 merge tag")
		s.post("/w/books/merge-tags", "key", "first_name", "label", "x", "type", "text").want(t, 422, "There is a merge tag with this key already")
		s.post("/w/books/merge-tags", "key", "email_address", "label", "x", "type", "text").want(t, 422, "is the contact's own address")
		s.post("/w/books/merge-tags", "key", "status", "label", "x", "type", "text").want(t, 422, "Every export of contacts has a column “status” already. Please choose another key, such as customer_status.")
		s.post("/w/books/merge-tags", "key", "9a", "label", "", "type", "url").want(t, 422, "starting with a letter", "Please give it a label", "Please choose a type")
		s.post("/w/books/merge-tags", "key", "points", "label", "Points", "type", "number", "default_value", "many").
			want(t, 422, "This default does not fit.", "Not a number.")
		s.post("/w/books/merge-tags", "key", "genre", "label", "Genre", "type", "dropdown_single", "options", " \n ").want(t, 422, "Please list the choices")
		a := s.post("/w/books/merge-tags", "key", "genre", "label", "Genre", "type", "dropdown_multiple", "options", "Fiction\r\nCrime\r\nPoetry", "default_value", "poetry, fiction")
		s.follow(a).want(t, 200, "Fiction, Crime, Poetry", "Fiction, Poetry")
		if m := s.mergeTag("genre"); m.Default != "Fiction\nPoetry" {
			t.Errorf("got the default %q, want it in its stored form", m.Default)
		}
	})
}

func TestMergeTagKeepsKeyAndType(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		m := s.addMergeTag(models.MergeTag{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{"Fiction", "Crime"}, Default: "Crime"})
		path := "/w/books/merge-tags/" + itoa(m.ID)
		s.get(path+"/edit").want(t, 200, "It stays as it is.", "stays on the contacts that have it")
		a := s.post(path, "key", "other", "type", "text", "label", "Favourite", "options", "Fiction\nPoetry", "default_value", "Crime")
		a.want(t, 422, "This default does not fit.")
		if !strings.Contains(a.body, `value="Favourite"`) || !strings.Contains(a.body, "Poetry") {
			t.Error("the form lost what the person typed")
		}
		s.post(path, "key", "other", "type", "text", "label", "Favourite", "options", "Fiction\nPoetry", "default_value", "").want(t, 303)
		got := s.mergeTag("genre")
		if got.Type != models.MergeTagSingle || got.Label != "Favourite" || !slices.Equal(got.Options, []string{"Fiction", "Poetry"}) || got.Default != "" {
			t.Errorf("got %+v", got)
		}
	})
}

// TestMergeTagWithAReservedKeyStays changes and fills a merge tag of a time when it could have the key of an export's column.
func TestMergeTagWithAReservedKeyStays(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addOldMergeTag(models.MergeTag{Key: "status", Label: "Membership", Type: models.MergeTagText})
		m := s.mergeTag("status")
		s.post("/w/books/merge-tags/"+itoa(m.ID), "label", "Member", "default_value", "").want(t, 303)
		if got := s.mergeTag("status"); got.Label != "Member" {
			t.Errorf("got %+v, want the new label", got)
		}
		s.imports("email,Member,tags\na@example.com,gold,\n")
		if file, _ := s.export(); !strings.Contains(file, "email,status,tags,created_at,status\na@example.com,SUBSCRIBED,,") || !strings.HasSuffix(file, ",gold\n") {
			t.Errorf("got the export %q, want the field in a column of its key", file)
		}
	})
}

// TestAColumnWithAReservedNameBecomesAMergeTag imports a column that has the name of an export's column into a new merge tag.
func TestAColumnWithAReservedNameBecomesAMergeTag(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		columns := s.postFile("/w/books/contacts/import", "x.csv", "email,Created at\na@example.com,2020\n").header.Get("Location")
		s.get(columns).want(t, 200, "Create merge tag “Created at”")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "column", "new").header.Get("Location")
		s.work()
		s.post(show).want(t, 303)
		s.work()
		if m := s.mergeTag("customer_created_at"); m.Label != "Created at" {
			t.Errorf("got the merge tag %+v, want it with another key than an export's column", m)
		}
	})
}

func TestMergeTagFormIsPrefilled(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.get("/w/books/merge-tags/new?key=First_Name&label=First+name")
		a.want(t, 200)
		a.wantNot(t, "cannot be a key")
		if !strings.Contains(a.body, `value="first_name"`) || !strings.Contains(a.body, `value="First name"`) {
			t.Error("the form is not filled in")
		}
		a = s.get("/w/books/merge-tags/new?key=Pr%C3%A9nom")
		a.want(t, 200, "A call sent “Prénom”, which cannot be a key.")
		if !strings.Contains(a.body, `value="prenom"`) {
			t.Error("no key is suggested")
		}
		a = s.get("/w/books/merge-tags/new?key=status")
		a.want(t, 200, "A call sent “status”, which cannot be a key.", "none is the name of a column that every export has")
		if !strings.Contains(a.body, `value="customer_status"`) {
			t.Error("no key is suggested instead of a reserved one")
		}
		if a := s.get("/w/books/merge-tags/new?key=%3Cscript%3E%00%FF" + strings.Repeat("x", 300)); a.status != 200 || strings.Contains(a.body, "<script>x") {
			t.Errorf("got %d for a hostile key", a.status)
		}
	})
}

func TestMergeTagOfAnotherWorkspaceIsNotFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		other := s.addWorkspace("music")
		m, _, err := s.db.CreateMergeTag(t.Context(), other.ID, 0, models.MergeTag{Key: "band", Label: "Band", Type: models.MergeTagText}, s.server.now())
		if err != nil {
			t.Fatal(err)
		}
		path := "/w/books/merge-tags/" + itoa(m.ID)
		s.get(path+"/edit").want(t, 404)
		s.post(path, "label", "stolen").want(t, 404)
		s.get(path+"/delete").want(t, 404)
		s.post(path+"/delete").want(t, 404)
	})
}

func TestViewerReadsMergeTagsOnly(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		m := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		v := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		v.get("/w/books/merge-tags").want(t, 200, "city")
		v.get("/w/books/merge-tags").wantNot(t, "Create merge tag", "Delete")
		v.get("/w/books/merge-tags/new").want(t, 403)
		v.post("/w/books/merge-tags", "key", "x", "label", "x", "type", "text").want(t, 403)
		v.post("/w/books/merge-tags/"+itoa(m.ID), "label", "x").want(t, 403)
		v.post("/w/books/merge-tags/"+itoa(m.ID)+"/delete").want(t, 403)
	})
}

func TestMergeTagTextsAreEscaped(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		const hostile = `<script>alert("x")</script>`
		a := s.follow(s.post("/w/books/merge-tags", "key", "x", "label", hostile, "type", "dropdown_single", "options", hostile, "default_value", hostile))
		a.want(t, 200)
		for _, page := range []answer{a, s.get("/w/books/merge-tags/" + itoa(s.mergeTag("x").ID) + "/edit"), s.get("/w/books/merge-tags/" + itoa(s.mergeTag("x").ID) + "/delete")} {
			if strings.Contains(page.body, "<script>alert") {
				t.Error("text reached the page as markup")
			}
		}
	})
}

func TestTagsAndMergeTagsUsedByRulesAreNotDeleted(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		m := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		tag, _, err := s.db.CreateTag(ctx, s.workspace.ID, 0, "vip", s.server.now())
		if err != nil {
			t.Fatal(err)
		}
		rule, problems := rule.Parse(`{"condition":"AND","filters":[{"type":"field","field_id":` + itoa(m.ID) + `,"operator":"is_set"},{"type":"tags","operator":"has_any","value":["` + itoa(tag.ID) + `"]}]}`)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		store := segments.Store{DB: s.db, Now: s.server.now}
		if _, err := store.Create(ctx, s.workspace.ID, 0, "Viennese", rule); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/w/books/merge-tags/" + itoa(m.ID) + "/delete", "/w/books/tags/" + itoa(tag.ID) + "/delete"} {
			s.get(path).want(t, 200, "in its rule.", "Viennese")
			s.post(path).want(t, 422, "in its rule.", "Viennese", "Tick this")
		}
		s.mergeTag("city")
		if _, err := s.db.Tag(ctx, s.workspace.ID, tag.ID); err != nil {
			t.Errorf("the tag is gone: %v", err)
		}
	})
}

func TestDeletedMergeTagIsRemovedFromContacts(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx, now := t.Context(), s.server.now()
		city := s.addMergeTag(models.MergeTag{Key: "ci_ty", Label: "City", Type: models.MergeTagText})
		s.write(func(tx *gorm.DB) error {
			for id := int64(1); id <= 600; id++ {
				fields := map[string]string{"cixty": "other", "name": `"ci_ty":`}
				if id%2 == 0 {
					fields["ci_ty"] = "Wien"
				}
				c := models.Contact{WorkspaceID: s.workspace.ID, ID: id, Email: itoa(id) + "@example.com", Status: models.StatusSubscribed, Fields: fields, Version: 1, CreatedAt: now, UpdatedAt: now}
				if err := tx.Create(&c).Error; err != nil {
					return err
				}
			}
			return nil
		})
		path := "/w/books/merge-tags/" + itoa(city.ID)
		s.get(path+"/delete").want(t, 200, "Delete the merge tag “City”?", "300 contacts lose their value")
		s.follow(s.post(path+"/delete")).want(t, 200, "The merge tag City is deleted.")
		s.get(path+"/edit").want(t, 404)
		s.post("/w/books/merge-tags", "key", "ci_ty", "label", "City", "type", "date").want(t, 422, "still being removed")

		if err := s.db.PurgeMergeTags(ctx, now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		var raised, marks int64
		s.db.Read(ctx).Model(&models.Contact{}).Where("version = 2").Count(&raised)
		s.db.Read(ctx).Model(&models.DirtyContact{}).Where("user_id = ?", s.user.ID).Count(&marks)
		if left, err := s.db.MergeTagContacts(ctx, s.workspace.ID, "ci_ty"); left != 0 || raised != 300 || marks != 300 || err != nil {
			t.Errorf("got %d contacts with a value, %d with a new version, %d marks (%v); want 0, 300, 300", left, raised, marks, err)
		}
		other, err := store.First[models.Contact](s.db.Read(ctx).Where("id = 2"))
		if err != nil || len(other.Fields) != 2 || other.Fields["cixty"] != "other" {
			t.Errorf("got %v (%v), want the other fields untouched", other.Fields, err)
		}
		s.get("/w/books/contacts/2").want(t, 200, "ines@example.com deleted the merge tag City , and with it the value")
		// A call that read the merge tag before its deletion may commit after the first purge. Its value is purged before the key
		// can be used again.
		s.post("/w/books/merge-tags", "key", "ci_ty", "label", "City", "type", "date").want(t, 422, "still being removed")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE contacts SET fields = ? WHERE id = 7", `{"ci_ty":"Graz"}`).Error
		})
		if err := s.db.PurgeMergeTags(ctx, now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		s.post("/w/books/merge-tags", "key", "ci_ty", "label", "City", "type", "date").want(t, 303)
		if left, err := s.db.MergeTagContacts(ctx, s.workspace.ID, "ci_ty"); left != 0 || err != nil {
			t.Errorf("got %d contacts with a value of the deleted merge tag (%v)", left, err)
		}
	})
}
