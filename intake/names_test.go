package intake

import (
	"slices"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// wordsOf returns the words in the index of names, sorted.
func (w *world) wordsOf(c *models.Contact) (words []string) {
	for _, row := range rowsOf[models.ContactWord](w, "contact_id = ?", c.ID) {
		words = append(words, row.Word)
	}
	slices.Sort(words)
	return words
}

func TestCallsKeepTheIndexOfNames(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.addMergeTag("last_name", models.MergeTagText, "")
		index := func() {
			t.Helper()
			if err := db.IndexNewNames(t.Context(), testNow()); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(email string, want ...string) {
			t.Helper()
			if got := w.wordsOf(w.contact(email)); !slices.Equal(got, want) {
				t.Errorf("%s: got the words %q, want %q", email, got, want)
			}
		}
		w.send(models.TypeSubscribed, "email_address=zoe@example.com&first_name=Zo%C3%AB&last_name=Luczak")
		w.send(models.TypeSubscribed, "email_address=ana@example.com&first_name=Ana&last_name=Luczak")
		w.send(models.TypeSubscribed, "email_address=nameless@example.com")
		w.send(models.TypeSubscribed, "email_address=ana@example.com&last_name=Novak") // before anything is indexed
		expect("ana@example.com", "novak")
		index()
		expect("zoe@example.com", "luczak", "zoe")
		expect("ana@example.com", "ana", "novak")
		expect("nameless@example.com")
		w.send(models.TypeSubscribed, "email_address=zoe@example.com&first_name=Zora")
		expect("zoe@example.com", "luczak", "zora")
		w.send(models.TypeSubscribed, "email_address=gone@example.com&first_name=Gustav")
		w.send(models.TypeDelete, "email_address=gone@example.com")
		w.send(models.TypeDelete, "email_address=zoe@example.com")
		index()
		left := rowsOf[models.ContactWord](w, "1 = 1")
		if len(left) != 2 || len(rowsOf[models.UnindexedNames](w, "1 = 1")) != 0 {
			t.Errorf("after two people were erased: got %+v, want the words of Ana alone and no contact that waits", left)
		}
	})
}

func TestNamesAreIndexedStepByStepWhileCallsWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.write(func(tx *gorm.DB) error {
			var row models.UnindexedNames
			for id := int64(1); id <= 600; id++ { // contacts that are gone
				if row.Add(id); id%300 == 0 {
					row.WorkspaceID, row.ID = w.ws.ID, 0
					if err := tx.Create(&row).Error; err != nil {
						return err
					}
				}
			}
			row.ID = 0
			return tx.Create(&row).Error
		})
		db.RestBeside(func() int64 { return 1 })
		waiting := func() int { return len(rowsOf[models.UnindexedNames](w, "1 = 1")) }
		for _, want := range []int{1, 0, 0} {
			if err := db.IndexNewNames(t.Context(), testNow()); err != nil || waiting() != want {
				t.Fatalf("got %d rows that wait (%v), want %d", waiting(), err, want)
			}
		}
	})
}
