package views

import (
	"campaignlark/models"
)

// Reach says which of the steps on its page a call has reached.
type Reach int

const (
	ReachedNothing   Reach = iota // the webhook was closed, the body unread, or the database refused
	ReachedSignature              // the signature was checked; nothing else was looked at
	ReachedCounts                 // the body was read; the call is none of those that count
	ReachedAddress                // the body was read; the address stopped the call
	ReachedContact                // the address was valid; no contact has it
	ReachedEnd                    // everything was done
)

// OutcomeFacts holds the texts of the pages about an outcome.
type OutcomeFacts struct {
	Outcome   models.Outcome
	Short     string // in lists and filters: "New contact"
	Title     string // of the call's page
	OfAddress bool   // Title follows the contact's address
	Reached   Reach
	Address   string // the note on the address in the strip of steps; "" for the default note of Reached
	Stop      string // of a failed call: the reason, in the title of the step where it stopped
	Advice    string // of a failed call: what to do so that the next call succeeds. Of one that rightly did nothing: why that may be right
	Because   string // the sentence after Advice
	NotKept   bool   // the log holds no payload of such calls
}

// outcomes has one row for each outcome, in the order in which the filter offers them.
var outcomes = []OutcomeFacts{
	{Outcome: models.OutcomeCreated, Short: "New contact", Title: "is a new contact", OfAddress: true, Reached: ReachedEnd, Address: "valid, new"},
	{Outcome: models.OutcomeResubscribed, Short: "Subscribed again", Title: "was subscribed again", OfAddress: true, Reached: ReachedEnd},
	{Outcome: models.OutcomeUnconfirmed, Short: "Now unconfirmed", Title: "is now unconfirmed", OfAddress: true, Reached: ReachedEnd},
	{Outcome: models.OutcomeUpdated, Short: "Updated", Title: "was updated", OfAddress: true, Reached: ReachedEnd},
	{Outcome: models.OutcomeUnsubscribed, Short: "Unsubscribed", Title: "was unsubscribed", OfAddress: true, Reached: ReachedEnd},
	{Outcome: models.OutcomeDeleted, Short: "Deleted for good", Title: "A contact was deleted for good", Reached: ReachedEnd},
	{
		Outcome: models.OutcomeSkipped, Short: "Skipped", Title: "Skipped: not one of the calls that count here", Reached: ReachedCounts,
		Advice: "Yes, if calls of this kind need not be read.",
	},
	{
		Outcome: models.OutcomeRepeated, Short: "Repeated", Title: "Repeated: this call had been processed before", Reached: ReachedSignature,
		Advice: "Nothing needs to be done.", Because: "Senders send a call again when its answer takes too long or is lost. It was not done a second time.",
	},
	{
		Outcome: models.OutcomeTestCall, Short: "Test call", Title: "A test call: the sender asked whether this address works", Reached: ReachedCounts,
		Advice: "Nothing needs to be done.", Because: "The address works. The next call with a person in it is read.",
	},
	{
		Outcome: models.OutcomeHeldBack, Short: "Held back", Title: "Held back: a field that people do not see was filled in", Reached: ReachedCounts,
		Advice: "Nothing needs to be done if a robot sent it.", Because: "If people are held back, check that the field is hidden in the form, also from programs that fill in forms.",
	},
	{
		Outcome: models.OutcomeKeptOut, Short: "Kept out", Title: "Kept out: what happened after the call counts", Reached: ReachedAddress, Address: "valid",
		Advice: "Nothing needs to be done.", Because: "After the call that was replayed, the person unsubscribed, subscribed or was erased, or got another address. A replay does not undo that.",
	},
	{
		Outcome: models.OutcomeUnverified, Short: "The signature is not valid", Title: "Refused: the signature is not valid", Reached: ReachedSignature,
		Stop: "the signature is not valid", Advice: "Compare the webhook’s signature with what the sender says.",
	},
	{
		Outcome: models.OutcomeNoAddress, Short: "No e-mail address was sent", Title: "Refused: no e-mail address was sent",
		Reached: ReachedAddress, Address: "missing", Stop: "no email_address",
		Advice: "Let the sender send the person's address in a field named email_address.",
	},
	{
		Outcome: models.OutcomeBadAddress, Short: "The address is not valid", Title: "Refused: the address is not valid",
		Reached: ReachedAddress, Address: "not valid", Stop: "not a valid address",
		Advice: "Let the sender check the address before it sends it.", Because: "What came is not one:",
	},
	{
		Outcome: models.OutcomeNoContact, Short: "No such contact", Title: "Refused: no such contact",
		Reached: ReachedContact, Stop: "no such contact",
		Advice: "Search Contacts for another e-mail address of the person.", Because: "Nobody has the one that was sent; addresses are compared as a whole.",
	},
	{
		Outcome: models.OutcomeUnreadable, Short: "The body cannot be read", Title: "Refused: the body cannot be read", Stop: "the body cannot be read",
		Advice: "Change how the sender writes the body.",
	},
	{
		Outcome: models.OutcomeMalformed, Short: "The request was damaged or too long", Title: "Refused: the request was damaged", Stop: "the request was damaged", NotKept: true,
		Advice: "If this happens again, tell the people who run the sender:",
	},
	{
		Outcome: models.OutcomeURLDiffers, Short: "The URL is not exact", Title: "Refused: the URL is not exactly the webhook’s", Stop: "the URL is not exact", NotKept: true,
		Advice: "Copy the webhook’s URL and give it to the sender again.", Because: "The one it calls differs: in capital letters, in slashes, or in something before, within or after it.",
	},
	{
		Outcome: models.OutcomeDisabled, Short: "The webhook is off", Title: "Refused: the webhook is off", Stop: "the webhook is off",
		Advice: "Switch the webhook on again", Because: "if the sender is meant to call it. Until then it answers as if it did not exist.",
	},
	{
		Outcome: models.OutcomeWebhookGone, Short: "The webhook is deleted", Title: "Refused: the webhook is deleted", Stop: "the webhook is deleted",
		Advice: "Give the sender the address of another webhook, or stop it.", Because: "The one it calls was deleted.",
	},
	{
		Outcome: models.OutcomeHashRetired, Short: "An old address was called", Title: "Refused: the webhook's address was changed", Stop: "this address was changed",
		Advice: "Give the sender the webhook's new address.", Because: "The one it calls was changed and no longer works.",
	},
	{
		Outcome: models.OutcomeTooLarge, Short: "The body is too large", Title: "Refused: the body is too large", Stop: "the body is too large", NotKept: true,
		Advice: "Let the sender send less than 1 MB.", Because: "Files have no place in a call; the fields alone are enough.",
	},
	{
		Outcome: models.OutcomePrefetch, Short: "A browser looked ahead", Title: "Refused: a browser only looked ahead", Stop: "a browser only looked ahead", NotKept: true,
		Advice: "Nothing needs to be done.", Because: "A browser or mail program fetched the address before anybody clicked. If nobody ever clicks, nothing happens.",
	},
	{
		Outcome: models.OutcomeNotCommitted, Short: "It could not be stored", Title: "Not stored: the database refused this call", Stop: "the database refused it",
		Advice: "Tell the person who runs this program, with the request id.", Because: "The database refused what this call was to store. The sender was told to try again later (503).",
	},
}

// OutcomeOf returns the pages' texts for an outcome, empty ones if it is unknown.
func OutcomeOf(o models.Outcome) OutcomeFacts {
	for _, facts := range outcomes {
		if facts.Outcome == o {
			return facts
		}
	}
	return OutcomeFacts{Outcome: o}
}

// KeptShort names in a few words why a replay was kept out.
func KeptShort(k models.Kept) string {
	switch k {
	case models.KeptErased:
		return "Kept erased"
	case models.KeptMoved:
		return "Kept out: the address was changed"
	case models.KeptOn, models.KeptSubscribed:
		return "Kept subscribed"
	case models.KeptUnsubscribed:
		return "Kept unsubscribed"
	}
	return OutcomeOf(models.OutcomeKeptOut).Short
}

// KeptOut returns the texts for a replay that was kept out for a reason, which why says.
func (f OutcomeFacts) KeptOut(k models.Kept, why string) OutcomeFacts {
	f.Because = why
	if f.Title = KeptShort(k); k == models.KeptMoved {
		f.Advice = "Search Contacts for the person, if the call should count at the new address."
	}
	return f
}

// TooLong returns the texts for a malformed request that was well-formed, but whose URL and headers were too long.
func (f OutcomeFacts) TooLong() OutcomeFacts {
	f.Title, f.Stop, f.Advice = "Refused: the request was too long", "the request was too long", "Tell the people who run the sender:"
	return f
}

// AddressNote says in a word or two how the call's address was read.
func (f OutcomeFacts) AddressNote() string {
	switch {
	case f.Address != "":
		return f.Address
	case f.Reached < ReachedAddress:
		return "not looked at"
	case f.Reached == ReachedContact:
		return "valid, unknown"
	}
	return "valid, known"
}

// OutcomeShort names an outcome, or a group of them, in a few words.
func OutcomeShort(o models.Outcome) string {
	switch o {
	case models.OutcomesFailed:
		return "Failed: any reason"
	case models.OutcomesProcessed:
		return "Processed"
	}
	return OutcomeOf(o).Short
}

// OutcomeOptions are the choices of a filter by outcome.
func OutcomeOptions() []Option {
	options := []Option{{Label: "Any outcome"}}
	for _, group := range []models.Outcome{models.OutcomesProcessed, models.OutcomesFailed} {
		options = append(options, Option{Value: string(group), Label: OutcomeShort(group)})
	}
	for _, facts := range outcomes {
		options = append(options, Option{Value: string(facts.Outcome), Label: facts.Short})
	}
	return options
}
