package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
)

// segmentWorkspaces are the workspaces in which segments are measured. They differ only in size.
var segmentWorkspaces = []struct {
	slug     string
	contacts int64
}{{"million", 1_000_000}, {"tenth", 100_000}, {"small", 10_000}}

// knownAddresses is the share of the contacts whose address is their id at example.com, the oldest ones. load calls about them.
const knownAddresses = 0.8

// The fields, tags and webhooks of the workspaces.
var (
	segmentFields = []models.MergeTag{
		{Key: "city", Label: "City", Type: models.MergeTagText},
		{Key: "points", Label: "Points", Type: models.MergeTagNumber},
		{Key: "renewal", Label: "Renewal", Type: models.MergeTagDate},
		{Key: "plan", Label: "Plan", Type: models.MergeTagSingle, Options: []string{"Free", "Basic", "Pro", "Enterprise"}},
		{Key: "interests", Label: "Interests", Type: models.MergeTagMultiple, Options: []string{"Tea", "Coffee", "Books", "Music", "Travel", "Cooking"}},
		{Key: "country", Label: "Country", Type: models.MergeTagCountry},
	}
	segmentTags     = []string{"newsletter", "customer", "wholesale", "press", "vip", "event-2025", "event-2026", "trial", "partner", "churned", "beta", "gift", liveTag}
	segmentWebhooks = []string{"Shop", "Newsletter form", "Event desk", "App"}
)

// liveTag is a tag that no contact has until a call of the benchmark adds it.
const liveTag = "live"

// Values, and the percentage of contacts that have them.
var (
	cities = []share{{"Vienna", 16}, {"Hamburg", 9}, {"Salzburg", 5}, {"Zürich", 6}, {"San Marino", 2}, {"Santiago", 3}, {"München", 8}, {"Kraków", 4},
		{"Dresden", 4}, {"Bremen", 3}, {"Göttingen", 2}, {"Paris", 7}, {"Lyon", 3}, {"Roma", 4}, {"London", 6}, {"new york", 2}, {"Łódź", 1}}
	countries   = []share{{"AT", 24}, {"DE", 31}, {"CH", 9}, {"IT", 7}, {"FR", 8}, {"US", 4}, {"GB", 5}, {"PL", 5}, {"ES", 2}}
	plans       = []share{{"Free", 52}, {"Basic", 24}, {"Pro", 11}, {"Enterprise", 3}}
	statuses    = []share{{"SUBSCRIBED", 78}, {"UNCONFIRMED", 8}, {"UNSUBSCRIBED", 14}}
	tagShares   = []float64{.55, .32, .04, .01, .05, .12, .15, .09, .03, .11, .02, .06, 0}
	domains     = []string{"example.org", "mail.example.net", "shop.example", "example.com"}
	sourceHooks = []share{{"0", 48}, {"1", 22}, {"2", 6}, {"3", 12}} // the other contacts were created by hand
)

type share struct {
	value string
	of    float64 // percent
}

// pick returns one of the values at random, or "" for a contact that has none.
func pick(r *rand.Rand, from []share) string {
	at := r.Float64() * 100
	for _, s := range from {
		if at -= s.of; at < 0 {
			return s.value
		}
	}
	return ""
}

// filledContact is a contact to insert. tags are indexes in segmentTags.
type filledContact struct {
	id                   int64
	email, status        string
	fields               string
	source               int // index in segmentWebhooks, -1 for none
	touched              int // likewise
	created, updated, at time.Time
	subscribed           *time.Time
	tags                 []int
}

// contactSource returns the contacts of a workspace, the same ones in each run. Their creation times are spread evenly over the
// two years before now.
type contactSource struct {
	random *rand.Rand
	of     int64
	now    time.Time
}

func newContactSource(of int64, now time.Time) *contactSource {
	return &contactSource{rand.New(rand.NewPCG(7, uint64(of))), of, now}
}

// next returns the contact with the id. It must be called for all ids in order.
func (s *contactSource) next(id int64) filledContact {
	r := s.random
	const years = 2 * 365 * 24 * time.Hour
	created := models.Instant(s.now.Add(-years + time.Duration(float64(years)*float64(id)/float64(s.of+1))))
	since := s.now.Sub(created)
	c := filledContact{id: id, status: pick(r, statuses), source: -1, touched: -1, created: created, updated: created,
		email: strconv.FormatInt(id, 10) + "@example.com"}
	if float64(id) >= knownAddresses*float64(s.of) {
		c.email = fmt.Sprintf("c%d@%s", id, domains[r.IntN(len(domains))])
	}
	c.fields = s.fields(created)
	if r.IntN(3) > 0 {
		c.updated = models.Instant(created.Add(time.Duration(r.Int64N(int64(since)))))
	}
	if hook := pick(r, sourceHooks); hook != "" {
		c.source, _ = strconv.Atoi(hook)
		c.touched, c.at = c.source, c.updated
		if r.IntN(4) == 0 {
			c.touched = r.IntN(len(segmentWebhooks))
		}
	}
	if c.status == string(models.StatusSubscribed) {
		c.subscribed = &c.created
		if r.IntN(5) == 0 {
			c.subscribed = &c.updated
		}
	}
	for i, of := range tagShares {
		if r.Float64() < of {
			c.tags = append(c.tags, i)
		}
	}
	return c
}

// fields returns the JSON of a contact's fields.
func (s *contactSource) fields(created time.Time) string {
	r, values := s.random, map[string]string{}
	put := func(key, value string) {
		if value != "" {
			values[key] = value
		}
	}
	put("city", pick(r, cities))
	if r.IntN(10) < 7 {
		points := strconv.Itoa(int(r.ExpFloat64() * 600))
		if r.IntN(5) == 0 {
			points += [...]string{".5", ".50", ".25", ".00"}[r.IntN(4)]
		}
		put("points", points)
	}
	if r.IntN(4) > 0 { // renewals lie between a year before the creation and a year after it, and two months from now at most
		put("renewal", created.AddDate(0, 0, r.IntN(730)-365).Format(time.DateOnly))
		if r.IntN(12) == 0 {
			put("renewal", s.now.AddDate(0, 0, r.IntN(90)-30).Format(time.DateOnly))
		}
	}
	put("plan", pick(r, plans))
	if r.IntN(2) == 0 {
		var chosen []string
		for _, option := range segmentFields[4].Options {
			if r.IntN(3) == 0 {
				chosen = append(chosen, option)
			}
		}
		put("interests", strings.Join(chosen, "\n"))
	}
	put("country", pick(r, countries))
	text, _ := json.Marshal(values)
	return string(text)
}
