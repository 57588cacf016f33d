package demo

import (
	"campaignlark/models"
	"campaignlark/senders"
)

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

	sender string                // its key in the catalogue; "" for the documented format
	secret string                // with which the sender signs; "" if it does not
	mode   senders.SignatureMode // what comes of its signatures
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
	hookShopify
	hookStripe
)

const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

var hooks = []hook{
	hookShop:        {name: "Shop: customer created or changed", kind: models.TypeSubscribed, tags: []string{"customer"}, fate: addressChanged, agent: "Shop-Webhooks/3.2"},
	hookForm:        {name: "Newsletter form on the website", kind: models.TypeUnconfirmed, tags: []string{"newsletter"}, agent: browser},
	hookConfirm:     {name: "Newsletter: address confirmed", kind: models.TypeSubscribed, tags: []string{"newsletter"}, agent: "Newsletter-Mailer/1.8"},
	hookUnsubscribe: {name: "Newsletter: unsubscribed", kind: models.TypeUnsubscribed, agent: "Newsletter-Mailer/1.8"},
	hookErase:       {name: "Help desk: erase a person", kind: models.TypeDelete, agent: "Help-Desk/5"},
	hookTill:        {name: "Loyalty card at the till", kind: models.TypeSubscribed, tags: []string{"customer", "loyalty card"}, agent: "TillSync/2.11"},
	hookEvents:      {name: "Reading evenings: sign-up form", kind: models.TypeSubscribed, tags: []string{"event guest"}, agent: "Form-Relay/0.9"},
	hookRaffle:      {name: "Christmas raffle", kind: models.TypeUnconfirmed, tags: []string{"raffle"}, fate: switchedOff, agent: browser},
	hookOldSite:     {name: "Newsletter form on the old website", kind: models.TypeUnconfirmed, tags: []string{"newsletter"}, fate: deleted, agent: browser},
	hookClub: {name: "Reading club: sign-up form", kind: models.TypeSubscribed, tags: []string{"book club"}, agent: "Typeform Webhooks",
		sender: "typeform", secret: "reading-club-quillfeather-2026", mode: senders.SignatureWatch},
	hookShopify: {name: "Shopify: customers", kind: models.TypeSubscribed, tags: []string{"customer"}, agent: "Shopify-Captain-Hook",
		sender: "shopify_customer", secret: "shpss_8b1d4f0a6c2e97350fd1a7b3", mode: senders.SignatureEnforce},
	hookStripe: {name: "Stripe: tickets for readings", kind: models.TypeSubscribed, tags: []string{"event guest"}, agent: "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
		sender: "stripe_checkout", secret: "whsec_Quillfeather0Readings0Tickets0", mode: senders.SignatureEnforce},
}

// moreTags are tags that no webhook adds.
var moreTags = []string{"gift voucher", "press", tagWelcomed, tagCatalogue}

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
