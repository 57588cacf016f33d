package views

import (
	"strconv"
	"strings"
	"unicode"

	"campaignlark/models"
)

// outcomeWords are what became of a call: in a list, and as the title of its page. The title of a call that did
// something follows the address.
var outcomeWords = map[models.Outcome]struct{ short, title string }{
	models.OutcomeCreated:      {"New contact", "is a new contact"},
	models.OutcomeResubscribed: {"Subscribed again", "was subscribed again"},
	models.OutcomeUnconfirmed:  {"Now unconfirmed", "is now unconfirmed"},
	models.OutcomeUpdated:      {"Updated", "was updated"},
	models.OutcomeUnsubscribed: {"Unsubscribed", "was unsubscribed"},
	models.OutcomeDeleted:      {"Deleted for good", "A contact was deleted for good"},
	models.OutcomeNoAddress:    {"No e-mail address was sent", "Refused: no e-mail address was sent"},
	models.OutcomeBadAddress:   {"The address is not valid", "Refused: the address is not valid"},
	models.OutcomeNoContact:    {"No such contact", "Refused: no such contact"},
	models.OutcomeUnreadable:   {"The body cannot be read", "Refused: the body cannot be read"},
	models.OutcomePrefetch:     {"A browser looked ahead", "Refused: a browser only looked ahead"},
	models.OutcomeTooLarge:     {"The body is too large", "Refused: the body is too large"},
	models.OutcomeDisabled:     {"The webhook is off", "Refused: the webhook is off"},
	models.OutcomeWebhookGone:  {"The webhook is deleted", "Refused: the webhook is deleted"},
	models.OutcomeHashRetired:  {"An old address was called", "Refused: the webhook's address was changed"},
	models.OutcomeDatabaseSaid: {"It could not be stored", "Not stored: the database refused this call"},
}

// OutcomeShort says in a few words what became of a call.
func OutcomeShort(o models.Outcome) string {
	switch o {
	case models.OutcomesFailed:
		return "Failed: any reason"
	case models.OutcomesProcessed:
		return "Processed"
	}
	return outcomeWords[o].short
}

// OutcomeTitle is the title of the page of a call. of says whether it follows the contact's address.
func OutcomeTitle(o models.Outcome) (title string, of bool) {
	return outcomeWords[o].title, !o.Failed() && o != models.OutcomeDeleted
}

// OutcomeOptions are the choices of a filter by outcome.
func OutcomeOptions() []Option {
	options := []Option{{Label: "Any outcome"}}
	for _, o := range []models.Outcome{
		models.OutcomesProcessed, models.OutcomesFailed,
		models.OutcomeCreated, models.OutcomeResubscribed, models.OutcomeUnconfirmed, models.OutcomeUpdated, models.OutcomeUnsubscribed,
		models.OutcomeDeleted, models.OutcomeNoAddress, models.OutcomeBadAddress, models.OutcomeNoContact, models.OutcomeUnreadable,
		models.OutcomeDisabled, models.OutcomeWebhookGone, models.OutcomeHashRetired, models.OutcomeTooLarge, models.OutcomePrefetch, models.OutcomeDatabaseSaid,
	} {
		options = append(options, Option{Value: string(o), Label: OutcomeShort(o)})
	}
	return options
}

// SentAs says in a word or two how a call was sent: "POST JSON", "GET".
func SentAs(method, contentType string) string {
	if method == "GET" {
		return method
	}
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch kind = strings.TrimSpace(kind); {
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		return method + " JSON"
	case kind == "application/x-www-form-urlencoded":
		return method + " form"
	case kind == "multipart/form-data":
		return method + " multipart"
	}
	return method
}

// Visible is a sender's text with what would hide or turn around what stands beside it written out: control
// characters, and the marks that set the direction of writing. Line ends and tabs stay.
func Visible(text string) string {
	if !strings.ContainsFunc(text, hides) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hides(r) {
			b.WriteString(`\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(r), 16))) + strconv.FormatInt(int64(r), 16))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hides(r rune) bool {
	return r <= 0xffff && (unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r))
}

// fieldsInAll names how many fields there are.
func fieldsInAll(n int) string {
	if n == 1 {
		return "The one field"
	}
	return "All " + Count(n) + " fields"
}
