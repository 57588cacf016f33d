package views

import "testing"

func TestAuditActions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ action, subject, want string }{
		{"tag.updated", "tag", "changed the tag"},
		{"merge_tag.deleted", "merge_tag", "deleted the merge tag"},
		{"webhook.rotated", "webhook", "gave a new address to the webhook"},
		{"contacts.bulk", "contacts", "changed several contacts:"},
		{"contacts.exported", "contacts", "exported contacts:"},
		{"import.done", "import", "finished the import of"},
		{"import.undone", "import", "took back the import of"},
		{"member.role_changed", "member", "changed the role of"},
		{"invitation.cancelled", "member", "cancelled the invitation of"},
		{"member.added", "member", "added"},
		{"member.joined", "member", "joined"},
		{"invitation.linked", "member", "made a new link for"},
		{"request.revealed", "request", "revealed the request"},
		{"price_list.sent_away", "price_list", "sent away price list"},
	} {
		if got := auditVerb(c.action, c.subject); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	renamed := AuditRow{Action: "tag.updated", Subject: "tag", Name: "vip", Changes: []AuditChange{{"Name", "vip", "VIP"}}}
	if got := renamed.verb(); got != "renamed the tag" {
		t.Errorf("got %q for a change of the name only", got)
	}
}
