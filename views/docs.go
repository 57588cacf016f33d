package views

import (
	"slices"

	"campaignlark/models"
)

// DocsModel is the help. Without a Page it is for a person who is not signed in, so it has no workspace.
type DocsModel struct {
	Page      *Page
	Assets    Assets
	Days      int    // how long the request log keeps a call
	Address   string // of the webhook in the examples: masked for viewers, a placeholder if there is none
	Masked    bool
	Webhook   string // its name; "" if there is none
	WebhookID int64
	Type      string
	MergeTags []models.MergeTag // in the examples
	Own       bool              // they are the workspace's own
	CanBuild  bool              // the person may create webhooks and merge tags
}

// ExampleMergeTags are used in the examples if the workspace has no merge tags.
var ExampleMergeTags = []models.MergeTag{
	{Key: "first_name", Label: "First name", Type: models.MergeTagText},
	{Key: "last_name", Label: "Last name", Type: models.MergeTagText},
}

// docsPart is a chapter of the help: the id and the text of its heading.
type docsPart struct{ id, title string }

// docsParts are the chapters, in order.
var docsParts = []docsPart{
	{"what", "What an inbound webhook is"},
	{"types", "The four types"},
	{"create", "Create one"},
	{"senders", "Systems that send their own format"},
	{"call", "Call it"},
	{"try", "Try a call"},
	{"fields", "Fields and merge tags"},
	{"tags", "Tags"},
	{"forms", "A form on your website"},
	{"signature", "Signature: does the call really come from the sender?"},
	{"repeats", "The same call twice"},
	{"tests", "Test calls, and senders that need a yes"},
	{"toomany", "Too many calls"},
	{"answers", "Answers, and what to do"},
	{"events", "Events"},
	{"automations", "Automations: what happens next"},
	{"destinations", "Destinations and deliveries"},
	{"log", "Find calls, and do them once more"},
	{"segments", "Segments: rules for groups of contacts"},
	{"practice", "Segments in practice"},
	{"import", "Import contacts from a file"},
	{"roles", "Roles: who may do what"},
	{"safety", "Keep the address safe"},
	{"limits", "Limits"},
}

func docsTitle(id string) string {
	for _, p := range docsParts {
		if p.id == id {
			return p.title
		}
	}
	return ""
}

// snippets are the examples of a call. They show fields, which only a type that adds contacts keeps.
func (m DocsModel) snippets() []Snippet {
	all := Snippets(m.Address, models.WebhookType(m.Type), m.MergeTags, "")
	return slices.DeleteFunc(all, func(s Snippet) bool { return s.Key != "json" && s.Key != "get" && s.Key != "form" })
}

// docsRule is a segment that people often want, with its conditions.
type docsRule struct{ want, conditions string }

var docsRules = []docsRule{
	{"Newcomers, for a welcome", "Created in the last 30 days, and Status is Subscribed"},
	{"Birthdays of the next week", "Birthday: anniversary within 7 days, and Status is Subscribed"},
	{"Regular customers without a card", "Tags has any of “customer”, and Tags has none of “loyalty card”"},
	{"People who never confirmed", "Status is Unconfirmed, and Created more than 30 days ago"},
	{"Everybody in two cities", "City is any of Graz, Vienna"},
	{"People nobody heard of for a year", "Last changed more than 365 days ago"},
}

// docsTypeRow explains what calls of one type do.
type docsTypeRow struct{ kind, does, event string }

var docsTypeRows = []docsTypeRow{
	{"SUBSCRIBED", "Creates the contact, or updates the one that has the address. Its status becomes Subscribed; fields are kept and the webhook’s tags added.", "Contact Subscribed (Confirmed), for a new contact and for one that was not Subscribed before"},
	{"UNCONFIRMED", "The same with the status Unconfirmed: for people who have yet to confirm. This program sends no confirmation mail: an automation that starts with its event can call the system that sends one.", "Contact Subscribed (Pending), with every call"},
	{"UNSUBSCRIBED", "Finds the contact by its address; its status becomes Unsubscribed. Fields and tags stay as they are. It creates nobody.", "Contact Unsubscribed, with every call"},
	{"DELETE", "Finds the contact by its address and deletes it for good, with its values and tags and with what the request log holds of the person. Refused calls that name the address follow, usually within a minute. It creates nobody.", "None"},
}

// docsAnswer is an answer of the public endpoint with what it means and what to do.
type docsAnswer struct {
	status        int
	message       string // the exact message, if it is always the same
	means, remedy string
}

var docsAnswers = []docsAnswer{
	{200, "Acknowledged. The webhook has been processed.", "Everything the call caused is stored.", "Nothing needs to be done. Whether each field was kept is in the request log."},
	{400, "Please provide an email address in the webhook data.", "No email_address came, or an empty one. For a webhook with a reading: no address stood where it looks.", "Send the address in a field named email_address. A POST is read from its body, not from its address."},
	{400, "Please provide a valid email address", "What came as email_address is not an address, or a + is lost before it (see Call it).", "Let the sender check what people type, and send a + as %2B in forms and URLs. It is never repaired: a repaired address may be somebody else’s."},
	{400, "", "The body could not be read. The message says where it breaks.", "Mend the JSON, or send the Content-Type that fits the body."},
	{400, "", "The request is not well-formed HTTP, its URL and headers are over 16 KB, or it broke off before its end. The message says which.", "Do what the message says, and send the call again."},
	{400, "The signature of this request is not valid.", "The webhook takes only calls that its sender has signed. Nothing of the call was read.", "Compare the secret here and at the sender. The request log says which check the call did not pass."},
	{400, "This is a prefetch, so nothing was done. Please send the request itself.", "A browser fetched the URL in advance. Nothing was done.", "Nothing, if a person’s browser did it. Else remove the prefetch header at the sender."},
	{404, "It looks like the webhook you're trying to access doesn't exist.", "No webhook has this address any more or ever had it, or the webhook is off.", "Compare the address with the one on the webhook’s page, and look whether it is on."},
	{404, "We were unable to find the contact.", "An UNSUBSCRIBED or DELETE webhook was called for somebody who is not here.", "Usually nothing. If you expected the person here, search Contacts for another e-mail address of theirs."},
	{405, "", "The address was called with another method than GET or POST.", "Let the sender use one of the two."},
	{408, "", "The call did not come to its end within 30 seconds, or its data came too slowly.", "Send the call again."},
	{413, "", "The call has more than 1 MB of data.", "Send the fields alone, without files."},
	{429, "Too many calls. Please send the request again later.", "More calls came in a minute than the webhook is set to take. Nothing was done.", "Send the call again later; the header Retry-After of the answer says after how many seconds. Or raise the limit under Answers and limits."},
	{503, "", "The program is busy or has no database at the moment.", "Send the same call again; the header Retry-After of the answer says after how many seconds."},
}

// docsResult explains values of ?result= with which a visitor's browser comes to a page of a website.
type docsResult struct {
	values     []string
	means, say string
}

var docsResults = []docsResult{
	{[]string{"ok"}, "It worked. Robots that fall into the trap and calls that rightly did nothing get it too.", "Thank the visitor."},
	{[]string{"no_address"}, "The form came without an e-mail address.", "Ask for the address."},
	{[]string{"bad_address"}, "What the visitor typed is not an e-mail address.", "Ask to look for a typing mistake."},
	{[]string{"no_contact"}, "Nobody has this address. Only an UNSUBSCRIBED or DELETE webhook says so.", "Ask for the address under which the visitor gets mail."},
	{[]string{"too_large"}, "The form is over 1 MB, often because of a file.", "Ask to send it without files."},
	{[]string{"too_many", "busy"}, "More forms came than a limit allows, or the program cannot take the call at this moment.", "Ask to send it again in a minute."},
	{[]string{"unreadable", "malformed"}, "The form arrived broken.", "Ask to send it again. If it happens to many visitors, look at the request log."},
	{[]string{"unverified"}, "The webhook takes only signed calls, and a form on a website cannot sign.", "This is for you: use another webhook for the form, or stop refusing under Signature."},
	{[]string{"disabled", "webhook_gone", "hash_retired", "url_differs"}, "The webhook is off or deleted, its address was changed, or the form has the address with a mistake.", "Say that the form is not in use. Then mend the address in the form, or switch the webhook on."},
}
