package handlers

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
)

// TestEveryMergeTagTypeHasItsInput fails if the contact's form has no own input for a type.
func TestEveryMergeTagTypeHasItsInput(t *testing.T) {
	t.Parallel()
	seen := map[string]models.MergeTagType{}
	for _, m := range models.MergeTagTypes {
		input := fmt.Sprintf("%+v", (&contactForm{}).field(models.MergeTag{ID: 1, Key: "k", Type: m, Options: []string{"a"}}, nil))
		if other, twice := seen[input]; twice {
			t.Errorf("%s has the input of %s: give it a case in field, in handlers/contact_fields.go", m, other)
		}
		seen[input] = m
	}
}

// TestDashboardChartsEveryStatus fails if the dashboard's chart omits a status.
func TestDashboardChartsEveryStatus(t *testing.T) {
	t.Parallel()
	var drawn []models.Status
	for _, tone := range statusTones {
		drawn = append(drawn, tone.status)
	}
	if !slices.Equal(drawn, models.Statuses) {
		t.Errorf("got %s, want %s: see statusTones in handlers/dashboard_growth.go", drawn, models.Statuses)
	}
}

// TestDocumentationQuotesTheAnswers compares the messages that the documentation quotes with those that callers get.
func TestDocumentationQuotesTheAnswers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../views/docs.go", "openapi.json"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range []string{intake.MessageDone, intake.MessageNoAddress, intake.MessageBadAddress, intake.MessageNoWebhook, intake.MessageNoContact, intake.MessageUnverified, messageTooMany} {
			if !strings.Contains(string(source), `"`+message+`"`) {
				t.Errorf("%s does not quote %q", name, message)
			}
		}
	}
}
