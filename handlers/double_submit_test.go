package handlers

import (
	"testing"
	"time"
)

func TestFormSentTwiceActsOnce(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for _, f := range []struct {
			page, path string
			fields     []string
			table      string
		}{
			{"/w/books/tags/new", "/w/books/tags", []string{"name", "vip"}, "tags"},
			{"/w/books/webhooks/new", "/w/books/webhooks", []string{"name", "Shop", "type", "SUBSCRIBED"}, "webhooks"},
			{"/w/books/segments/new", "/w/books/segments", []string{"name", "All", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED"}, "segments"},
			{"/w/books/contacts/new", "/w/books/contacts", []string{"email", "ann@example.com", "status", "SUBSCRIBED"}, "contacts"},
		} {
			fields := append(f.fields, "once", s.get(f.page).hidden("once"))
			answers := make(chan answer, 3)
			for range 3 {
				go func() { answers <- s.post(f.path, fields...) }()
			}
			first := <-answers
			for range 2 {
				next := <-answers
				next.leadsTo(t, first.header.Get("Location"))
			}
			s.post(f.path, fields...).leadsTo(t, first.header.Get("Location"))
			var rows int64
			if err := s.db.Read(t.Context()).Table(f.table).Where("workspace_id = ?", s.workspace.ID).Count(&rows).Error; err != nil || rows != 1 {
				t.Errorf("%s: got %d rows (%v), want 1", f.table, rows, err)
			}
		}
	})
}

func TestFormSentTwiceSaysSoOnce(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		fields := []string{"name", "vip", "once", s.get("/w/books/tags/new").hidden("once")}
		s.post("/w/books/tags", fields...)
		// the browser dropped the first answer and follows the second, which still has the message
		s.follow(s.post("/w/books/tags", fields...)).want(t, 200, "The tag vip was created.")
		s.follow(s.post("/w/books/tags", fields...)).want(t, 200, "This form was sent twice. It was done once.", "1 tag")
		other := s.as(s.signIn(s.user))
		other.follow(other.post("/w/books/tags", "name", "late", "once", fields[3])).want(t, 200, "2 tags") // other input makes another key
	})
}

func TestRefusedFormCanBeSentAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		once := s.get("/w/books/tags/new").hidden("once")
		s.post("/w/books/tags", "name", "vip").want(t, 303)
		s.post("/w/books/tags", "name", "vip", "once", once).want(t, 422)
		tags, err := s.db.TagNames(t.Context(), s.workspace.ID)
		if err != nil {
			t.Fatal(err)
		}
		s.post("/w/books/tags/"+itoa(tags[0].ID), "name", "late").want(t, 303)
		s.post("/w/books/tags", "name", "vip", "once", once).want(t, 303) // the name is free now
	})
}

func TestFormKeysExpire(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx, now := t.Context(), s.server.now()
		key := []byte("a key")
		if claimed, _, err := s.db.ClaimForm(ctx, s.user.ID, key, now); err != nil || !claimed {
			t.Fatalf("got %v (%v), want the form", claimed, err)
		}
		if claimed, location, err := s.db.ClaimForm(ctx, s.user.ID, key, now.Add(time.Second)); err != nil || claimed || location != "" {
			t.Errorf("got %v and %q (%v), want a form that is being worked on", claimed, location, err)
		}
		// the first request never finished
		if claimed, _, err := s.db.ClaimForm(ctx, s.user.ID, key, now.Add(2*time.Minute)); err != nil || !claimed {
			t.Errorf("got %v (%v), want the abandoned form", claimed, err)
		}
		if err := s.db.FinishForm(ctx, s.user.ID, key, "/there"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{23 * time.Hour, "/there"}, {25 * time.Hour, ""}} {
			if err := s.db.SweepFormPosts(ctx, now.Add(c.after)); err != nil {
				t.Fatal(err)
			}
			if got, _ := s.db.FormAnswer(ctx, s.user.ID, key); got != c.want {
				t.Errorf("after %v: got %q, want %q", c.after, got, c.want)
			}
		}
	})
}

// A browser uses a new multipart boundary each time it sends a form with a file.
func TestFileSentTwiceIsTakenOnce(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		const path = "/w/books/contacts/import"
		once := s.get(path).hidden("once")
		send := func(content string) answer {
			return s.postFile(path, "x.csv", content, "csrf", s.token(), "once", once)
		}
		answers := make(chan answer, 2)
		for range 2 {
			go func() { answers <- send("email\nann@example.com\n") }()
		}
		first, second := <-answers, <-answers
		second.leadsTo(t, first.header.Get("Location"))
		jobs, err := s.db.Jobs(t.Context(), s.workspace.ID)
		if err != nil || len(jobs) != 1 {
			t.Errorf("got %d imports (%v), want 1", len(jobs), err)
		}
		if other := send("email\nbob@example.com\n").header.Get("Location"); other == first.header.Get("Location") {
			t.Error("another file of the same name and length was taken for the first")
		}
	})
}
