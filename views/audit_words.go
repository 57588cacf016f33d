package views

import "strings"

// AuditKinds lists the kinds of things in the audit log, for its filter.
func AuditKinds() []Option {
	return []Option{{Label: "Everything"}, {Value: "workspace", Label: "Workspace"}, {Value: "member", Label: "Members"},
		{Value: "webhook", Label: "Webhooks"}, {Value: "tag", Label: "Tags"}, {Value: "merge_tag", Label: "Merge tags"},
		{Value: "segment", Label: "Segments"}, {Value: "contact", Label: "Contacts"}, {Value: "contacts", Label: "Several contacts at once"}, {Value: "import", Label: "Imports"},
		{Value: "request", Label: "Requests"}, {Value: "requests", Label: "Several requests at once"},
		{Value: "automation", Label: "Automations"}, {Value: "destination", Label: "Destinations"}}
}

// auditNouns has the words for each subject in the log.
var auditNouns = map[string]string{"workspace": "the workspace", "member": "the member", "webhook": "the webhook", "tag": "the tag",
	"merge_tag": "the merge tag", "segment": "the segment", "contact": "the contact", "contacts": "contacts:", "import": "the import of",
	"request": "the request", "requests": "requests:", "destination": "the destination", "automation": "the automation"}

// auditVerbs has the words for each action in the log.
var auditVerbs = map[string]string{"created": "created", "updated": "changed", "deleted": "deleted", "enabled": "switched on",
	"disabled": "switched off", "rotated": "gave a new address to", "bulk": "changed several", "done": "finished"}

// auditPhrases has the actions that need more words than a verb and a noun.
var auditPhrases = map[string]string{"member.invited": "invited", "member.joined": "joined", "member.added": "added",
	"member.left": "left", "invitation.renewed": "renewed the invitation of", "invitation.linked": "made a new link for",
	"destination.secret": "changed the secret of the destination", "destination.tested": "sent a test to the destination",
	"destination.switched_off": "switched off the destination", "destination.retried": "tried all waiting messages again at the destination", "destination.replayed": "sent messages again to the destination",
	"automation.run_stopped": "stopped a run of the automation", "automation.run_retried": "tried failed runs again of the automation", "destination.given_up": "gave up a message to the destination",
	"import.undone": "took back the import of", "webhook.reading": "changed how calls are handled by the webhook", "webhook.fields": "changed which fields are fine to ignore at the webhook", "webhook.failures_dismissed": "put aside failed calls of the webhook", "webhook.failures_returned": "brought back failed calls of the webhook", "webhook.secret": "changed the secret of the webhook", "member.role_changed": "changed the role of", "invitation.cancelled": "cancelled the invitation of"}

// auditVerb says what a person did, up to the name of the thing: "changed the tag". An action that is not known here is said
// in the log's own words.
func auditVerb(action, subject string) string {
	if words := auditPhrases[action]; words != "" {
		return words
	}
	_, verb, _ := strings.Cut(action, ".")
	words, noun := auditVerbs[verb], auditNouns[subject]
	if words == "" {
		words = strings.ReplaceAll(verb, "_", " ")
	}
	if noun == "" {
		noun = strings.ReplaceAll(subject, "_", " ")
	}
	return words + " " + noun
}

// verb says what the entry's person did. A change of only the name is called a renaming.
func (e AuditRow) verb() string {
	if strings.HasSuffix(e.Action, ".updated") && len(e.Changes) == 1 && (e.Changes[0].What == "Name" || e.Changes[0].What == "Label") {
		return "renamed " + auditNouns[e.Subject]
	}
	return auditVerb(e.Action, e.Subject)
}

// own reports whether the person is also the entry's subject, so that naming the subject adds nothing.
func (e AuditRow) own() bool { return e.Action == "member.joined" || e.Action == "member.left" }

// shown returns the changes without those that only repeat the entry's name.
func (e AuditRow) shown() []AuditChange {
	var all []AuditChange
	for _, c := range e.Changes {
		if c.Before+c.After != e.Name {
			all = append(all, c)
		}
	}
	return all
}
