package demo

import (
	"math/rand/v2"
	"time"

	"campaignlark/models"
)

// history returns a person as a contact, with what happened between their arrival and until. It leaves out calls in the
// log: until is before the first of them, or when the person came.
func history(i int, p Person, came, until time.Time) models.Contact {
	r := dice(kindHistory, i)
	source := int64(p.Came)
	c := models.Contact{Email: p.Email, Fields: p.Fields, Version: 1, SourceWebhookID: &source, CreatedAt: came, UpdatedAt: came}
	first := models.StatusSubscribed
	if hooks[p.Came].kind == models.TypeUnconfirmed {
		first = models.StatusUnconfirmed
	}
	c.SetStatus(first, came)
	at := came
	turn := func(s models.Status, after time.Duration) {
		if at = models.Instant(at.Add(after)); at.Before(until) && c.SetStatus(s, at) {
			c.Version, c.UpdatedAt = c.Version+1, at
		}
	}
	if first == models.StatusUnconfirmed {
		if r.IntN(100) >= 83 {
			return c // never confirmed
		}
		turn(models.StatusSubscribed, minutes(r, 2, 90))
	}
	if r.IntN(100) < 13 {
		turn(models.StatusUnsubscribed, days(r, 5, 260))
		if r.IntN(100) < 10 {
			turn(models.StatusSubscribed, days(r, 3, 60))
		}
	} else if bought := at.Add(days(r, 4, 200)); p.Came == hookShop && bought.Before(until) {
		c.Version, c.UpdatedAt = c.Version+1, models.Instant(bought)
	}
	return c
}

func minutes(r *rand.Rand, least, most int) time.Duration {
	return time.Duration(least*60+r.IntN((most-least)*60)) * time.Second
}

func days(r *rand.Rand, least, most int) time.Duration {
	return time.Duration(least)*24*time.Hour + time.Duration(r.IntN((most-least)*24*60))*time.Minute
}

// tagsOf returns the tag names of a person who came by a webhook: the webhook's tags, and those that the shop added.
func tagsOf(i int, p Person) []string {
	r := dice(kindHistory, -1-i)
	tags := append([]string{}, hooks[p.Came].tags...)
	add := func(name string, percent int) {
		if r.IntN(100) < percent {
			tags = append(tags, name)
		}
	}
	if p.Came != hookForm && p.Came != hookEvents {
		add("newsletter", 45)
	}
	if p.Came == hookShop {
		add("loyalty card", 20)
		add("gift voucher", 9)
	}
	add("book club", 8)
	add("press", 1)
	return tags
}
