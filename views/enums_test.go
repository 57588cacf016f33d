package views

import (
	"context"
	"os"
	"strings"
	"testing"

	"campaignlark/models"
)

// TestEveryWebhookTypeIsShown fails if a type has no badge, cannot be chosen, or is missing in the documentation.
func TestEveryWebhookTypeIsShown(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("../static/css/content.css")
	if err != nil {
		t.Fatal(err)
	}
	if len(webhookTypes) != len(models.WebhookTypes) || len(docsTypeRows) != len(models.WebhookTypes) || len(typeIcons) != len(models.WebhookTypes) {
		t.Fatal("add the type to webhookTypes in views/choices.templ, to typeIcons in views/badges.templ and to docsTypeRows in views/docs.go")
	}
	for i, kind := range models.WebhookTypes {
		if webhookTypes[i].name != string(kind) || docsTypeRows[i].kind != string(kind) || typeIcons[string(kind)] == "" {
			t.Errorf("%s: got %s, %s and the icon %q", kind, webhookTypes[i].name, docsTypeRows[i].kind, typeIcons[string(kind)])
		}
		if want := map[bool]string{true: "yes", false: "no"}[kind.HasTags()]; webhookTypes[i].tags != want {
			t.Errorf("%s can have tags: got %s, want %s", kind, webhookTypes[i].tags, want)
		}
		if !strings.Contains(string(css), ".type-"+string(kind)+" {") {
			t.Errorf("%s has no colour: see .type- in static/css/content.css", kind)
		}
	}
}

// TestEveryMergeTagTypeIsExplained fails if the pages do not know a type, or have the same text for it as for another.
func TestEveryMergeTagTypeIsExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]models.MergeTagType{}
	for _, m := range models.MergeTagTypes {
		row, known := mergeTagTypes[m]
		tag := models.MergeTag{Key: "k", Label: "L", Type: m, Options: []string{"a", "b"}}
		if !known || row.help == "" || row.control == nil || len(exampleValues(tag)) == 0 {
			t.Errorf("%s has no help, no control or no example: give it a row in mergeTagTypes in views/merge_tag_types.go", m)
			continue
		}
		for _, said := range []string{row.help, row.byDefault, row.control("L", "k", tag) + strings.Join(exampleValues(tag), ",")} {
			if other, twice := seen[said]; twice {
				t.Errorf("mergeTagTypes in views/merge_tag_types.go says the same of %s and %s: %q", m, other, said)
			}
			seen[said] = m
		}
		if _, err := tag.Read(models.Text(strings.Join(exampleValues(tag), ",")), nil); err != nil {
			t.Errorf("%s: the example does not fit: %v", m, err)
		}
	}
}

// TestEveryStatusAndRoleIsShown fails if a status has no mark or a role cannot be chosen.
func TestEveryStatusAndRoleIsShown(t *testing.T) {
	t.Parallel()
	for _, s := range models.Statuses {
		var b strings.Builder
		if err := ContactStatus(string(s)).Render(context.Background(), &b); err != nil || !strings.Contains(b.String(), ">"+s.Name()+"<") {
			t.Errorf("%s is shown as %s, %v: see ContactStatus in views/badges.templ", s, b.String(), err)
		}
	}
	if len(roles) != len(models.Roles) {
		t.Errorf("got %d roles to choose, want %d: see roles in views/roles.templ", len(roles), len(models.Roles))
	}
	for _, r := range models.Roles {
		if words := roleOf(string(r)); words.word != r.Word() || words.does == "" {
			t.Errorf("%s: got %+v: see roles in views/roles.templ", r, words)
		}
	}
}
