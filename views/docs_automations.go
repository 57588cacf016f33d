package views

import "campaignlark/models"

// docsWords are rows of a table of the help: a term and what it means.
type docsWords struct{ term, means string }

var docsTriggers = []docsWords{
	{"A contact is subscribed (confirmed), subscribed (pending) or unsubscribed", "The event that calls fire, see Events. It can be narrowed to some of your webhooks."},
	{"A contact is created, updated or deleted", "Updated means that a field or the address changed; it can be narrowed to some fields. Of a deleted contact nothing is known but its id and a fingerprint of its address."},
	{"A contact gets or loses a tag", "It can be narrowed to some tags."},
	{"A contact enters or leaves a segment", "Because of a call or a change, or because time has passed: a segment of birthdays can start an automation. A new or changed rule of a segment starts nothing."},
	{"A webhook fails far more than usual, or falls silent", AlarmThreshold(models.EventWebhookFailing) + " " + AlarmThreshold(models.EventWebhookSilent) + " This is checked every 2 minutes. There is no contact then, so steps that ask or change one are not possible. It starts an automation when it begins, and again after at least an hour as usual."},
}

var docsSteps = []docsWords{
	{"Wait", "Minutes, hours or days, until an hour of the day in the time zone of the workspace, or both: “1 day, then until 09:00”."},
	{"Only if", "Goes on if the contact matches a rule at that moment. If not, the run ends there."},
	{"Add a tag, take off a tag", "Changes the contact. It does nothing if the contact is so already."},
	{"Set a field", "Changes the contact. The value is read like one that a call sends; a blank value empties the field."},
	{"Call a destination", "Hands the event, with the contact, to another system. The run goes on without waiting for the answer; its page and its list say if the message has not arrived. See Destinations and deliveries."},
	{"Tell the team", "Sends an e-mail to members of the workspace: what happened, how often, and a link. A member gets at most one mail an hour for each automation; the next one sums up the rest. It needs a mail server, which those who run the program set up."},
}

var docsBuilder = []docsWords{
	{"The list of webhooks, tags, segments or fields beside a trigger", "Tick one or more. With several, one of them is enough. Without a tick it is any."},
	{"New webhook, New tag", "Creates one without leaving the page. A new webhook needs a name and what a call to it does; its web address is on its own page."},
	{"Create a segment, a merge tag or a destination", "Opens in a new tab. When you come back it can be chosen; without script press “Look again”."},
	{"The arrows and the cross of a step", "Move the step up or down, or remove it."},
	{"Try it", "Shows what would happen to a contact that you find by its address or name, with the reasons and the messages, and does nothing. A trigger about a webhook needs no contact: there you choose the webhook."},
	{"Save and switch on; Save, switched off", "An automation that is off starts nothing. You can switch it on later on its page."},
	{"The list of automations", "The search finds a part of a name, and “Needs a look” shows those that need a repair or whose messages were given up. With more than 50 automations the list has several pages."},
}

// docsEnvelope is a message to a destination.
const docsEnvelope = `{
  "id": "evt_0198f3c2-7d10-7c4e-9a51-3f2f6a1b9c07",
  "event_type": "contact.subscribed",
  "workspace_id": 12,
  "created_at": "2026-11-30T08:15:04.512Z",
  "data": {
    "contact": {
      "id": 4711,
      "email_address": "tywin@example.com",
      "status": "SUBSCRIBED",
      "fields": {"city": "Graz", "first_name": "Tywin"},
      "tags": ["newsletter"],
      "created_at": "2026-11-30T08:15:04.512Z"
    },
    "cause": {
      "request_id": "0198f3c2-7d0e-7a1b-8c3d-5e6f70819203",
      "webhook": {"id": 3, "name": "Newsletter form"},
      "automation": {"id": 5, "name": "Welcome new readers"}
    }
  }
}`

// docsLibrary checks a message with a library. VerifySnippets does it without one.
const docsLibrary = `import { Webhook } from "standardwebhooks";

// body is the text as it came, before it is parsed. verify throws an error if the message is not genuine, or older than five minutes.
const message = new Webhook("whsec_…").verify(body, headers);`

var docsEventTypes = []docsWords{
	{"contact.subscribed, contact.pending, contact.unsubscribed", "A contact was subscribed (confirmed), subscribed (pending) or unsubscribed."},
	{"contact.created, contact.updated", "cause.changed_fields names the fields that an update changed."},
	{"contact.deleted", "The contact has only id and email_address_sha256, the SHA-256 of its address in hex."},
	{"contact.tag_added, contact.tag_removed", "cause.tag names the tag."},
	{"segment.entered, segment.exited", "cause.segment names the segment."},
	{"webhook.failing, webhook.silent", "cause.webhook names the webhook; there is no contact."},
	{"test", "You pressed “Send a test”; data is empty."},
}

var docsHeaders = []docsWords{
	{"webhook-id", "The id of the message, the same at every attempt. It begins with msg_."},
	{"webhook-timestamp", "When this attempt was made, in seconds since 1970."},
	{"webhook-signature", "The signature of id, time and body, as Standard Webhooks 1.0 describes it. While a secret is replaced there are two, with a blank between them."},
	{"X-Webhook-Signature", "The HMAC-SHA256 of the body in hex, with the secret as the page shows it for a key. For receivers that do not know Standard Webhooks."},
	{"Content-Type, User-Agent", "application/json, and CampaignLark with its version. Headers of your own can be added, such as Authorization."},
}
