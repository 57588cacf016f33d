package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"

	"gorm.io/gorm"
)

// TestARefusedChoiceIsExplained sends a value that is not one of the choices, and adds the choice afterwards.
func TestARefusedChoiceIsExplained(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		shelf := s.addMergeTag(models.MergeTag{Key: "shelf", Label: "Shelf", Type: models.MergeTagSingle, Options: []string{"Poems"}})
		w := s.createWebhook("name", "Till", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email_address":"jo@example.com","shelf":"Crime"}`).want(t, 200)
		page := "/w/books/requests/" + s.lastCall()
		s.get(page).want(t, 200, "is not one of the choices.")
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		masked := noor.get(strings.Replace(page, "/w/books", "/support", 1))
		masked.want(t, 200, "It is not one of the choices.")
		masked.wantNot(t, "Crime", "Poems", "a value that this field can keep")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE merge_tags SET options = ? WHERE id = ?", `["Poems","Crime"]`, shelf.ID).Error
		})
		now := s.get(page)
		now.want(t, 200, "It fits now: try this call again.", "Try this call again")
		now.wantNot(t, "The webhook can read it as", "As it is", "HTML signs", "Choose how it is read")
	})
}
