package handlers

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// webhookSorts are the orders of the list of webhooks, as its field has them.
var webhookSorts = []views.Option{{Label: "Last called first"}, {Value: "called-asc", Label: "Called longest ago first"}, {Value: "name-asc", Label: "By name, A to Z"},
	{Value: "name-desc", Label: "By name, Z to A"}, {Value: "failed-desc", Label: "Most failed in 24 h first"}, {Value: "failed-asc", Label: "Fewest failed in 24 h first"}}

// knownSort returns the order if options has it, else "".
func knownSort(sort string, options []views.Option) string {
	if slices.ContainsFunc(options, func(o views.Option) bool { return o.Value == sort }) {
		return sort
	}
	return ""
}

// sortWebhooks sorts a list that has the last called webhooks first. Webhooks with the same number of failed calls keep that order.
func sortWebhooks(all []store.WebhookUse, sort string) {
	name := func(a, b store.WebhookUse) int {
		return cmp.Or(cmp.Compare(models.SortKey(a.Name), models.SortKey(b.Name)), cmp.Compare(a.ID, b.ID))
	}
	orders := map[string]func(a, b store.WebhookUse) int{
		"called-asc":  func(a, b store.WebhookUse) int { return cmp.Or(calledAt(a).Compare(calledAt(b)), name(a, b)) },
		"name-asc":    name,
		"name-desc":   func(a, b store.WebhookUse) int { return name(b, a) },
		"failed-asc":  func(a, b store.WebhookUse) int { return cmp.Compare(a.Failures, b.Failures) },
		"failed-desc": func(a, b store.WebhookUse) int { return cmp.Compare(b.Failures, a.Failures) },
	}
	if order := orders[sort]; order != nil {
		slices.SortStableFunc(all, order)
	}
}

// calledAt returns the time of the last call; zero for none.
func calledAt(u store.WebhookUse) time.Time {
	if u.LastCall == nil {
		return time.Time{}
	}
	return *u.LastCall
}

// hrefsBySort links to a list in each of the orders, with the rest of its parameters in said.
func hrefsBySort(path string, said url.Values, options []views.Option) map[string]string {
	hrefs := map[string]string{}
	for _, o := range options {
		with := url.Values{}
		for name, values := range said {
			if name != "sort" && values[0] != "" {
				with[name] = values
			}
		}
		if o.Value != "" {
			with.Set("sort", o.Value)
		}
		if hrefs[o.Value] = path; len(with) > 0 {
			hrefs[o.Value] += "?" + with.Encode()
		}
	}
	return hrefs
}
