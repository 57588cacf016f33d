package demo

import "campaignlark/models"

// The shop's settings.
const (
	shopName = "Quillfeather Books"
	shopZone = "Europe/Vienna"
)

// hook is one webhook of the shop.
type hook struct {
	name  string
	kind  models.WebhookType
	tags  []string
	fate  fate
	agent string // the caller's User-Agent
}

// fate says what happened to a webhook before the request log begins.
type fate int

const (
	inUse fate = iota
	addressChanged
	switchedOff
	deleted
)

// Indexes in hooks.
const (
	hookShop = iota
	hookForm
	hookConfirm
	hookUnsubscribe
	hookErase
	hookTill
	hookEvents
	hookRaffle
	hookOldSite
	hookClub
)

const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

var hooks = []hook{
	hookShop:        {"Shop: customer created or changed", models.TypeSubscribed, []string{"customer"}, addressChanged, "Shop-Webhooks/3.2"},
	hookForm:        {"Newsletter form on the website", models.TypeUnconfirmed, []string{"newsletter"}, inUse, browser},
	hookConfirm:     {"Newsletter: address confirmed", models.TypeSubscribed, []string{"newsletter"}, inUse, "Newsletter-Mailer/1.8"},
	hookUnsubscribe: {"Unsubscribe link in the newsletter", models.TypeUnsubscribed, nil, inUse, "Newsletter-Mailer/1.8"},
	hookErase:       {"Help desk: erase a person", models.TypeDelete, nil, inUse, "Help-Desk/5"},
	hookTill:        {"Loyalty card at the till", models.TypeSubscribed, []string{"customer", "loyalty card"}, inUse, "TillSync/2.11"},
	hookEvents:      {"Reading evenings: sign-up form", models.TypeSubscribed, []string{"event guest"}, inUse, "Form-Relay/0.9"},
	hookRaffle:      {"Christmas raffle", models.TypeUnconfirmed, []string{"raffle"}, switchedOff, browser},
	hookOldSite:     {"Newsletter form on the old website", models.TypeUnconfirmed, []string{"newsletter"}, deleted, browser},
	hookClub:        {"Reading club: sign-up form", models.TypeSubscribed, []string{"book club"}, inUse, "Typeform Webhooks"},
}

// moreTags are tags that no webhook adds.
var moreTags = []string{"gift voucher", "press"}

var (
	genres    = []string{"Fiction", "Crime", "Children", "History", "Travel", "Poetry"}
	interests = []string{"Readings", "Book club", "New releases", "Second-hand", "Audio books"}
	shops     = []string{"Main street", "Old town", "Online only"}
)

// mergeTags returns the fields of the shop's contacts, at least one of each type.
func mergeTags() []models.MergeTag {
	return []models.MergeTag{
		{Key: "first_name", Label: "First name", Type: models.MergeTagText},
		{Key: "last_name", Label: "Last name", Type: models.MergeTagText},
		{Key: "city", Label: "City", Type: models.MergeTagText},
		{Key: "country", Label: "Country", Type: models.MergeTagCountry},
		{Key: "birthday", Label: "Birthday", Type: models.MergeTagDate},
		{Key: "loyalty_points", Label: "Loyalty points", Type: models.MergeTagNumber},
		{Key: "favourite_genre", Label: "Favourite genre", Type: models.MergeTagSingle, Options: genres},
		{Key: "interests", Label: "Interests", Type: models.MergeTagMultiple, Options: interests},
		{Key: "wants_catalogue", Label: "Wants the printed catalogue", Type: models.MergeTagBoolean},
		{Key: "preferred_shop", Label: "Preferred shop", Type: models.MergeTagSingle, Options: shops, Default: "Online only"},
	}
}

// FirstAdmin returns the shop's workspace and its first admin, for an empty database.
func FirstAdmin(email, password string) models.FirstAdmin {
	return models.FirstAdmin{WorkspaceName: shopName, TimeZone: shopZone, Email: email, Password: password}
}
