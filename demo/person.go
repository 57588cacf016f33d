package demo

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"

	"golang.org/x/text/unicode/norm"
)

// seed makes every run create the same shop.
const seed = 20261124

// Person is one person of the audience, and the shop's webhook through which they came.
type Person struct {
	Email, First, Last string
	Country, City      string
	Came               int               // index in hooks
	Fields             map[string]string // values by merge tag key, in stored form
}

// dice returns the random numbers for the i-th thing of a kind, always the same ones.
func dice(kind uint64, i int) *rand.Rand { return rand.New(rand.NewPCG(seed+kind, uint64(i))) }

const (
	kindPerson = iota
	kindCame
	kindHistory
	kindCall
	kindPath
	kindReply
)

// PersonAt returns the i-th person. No two have the same address.
func PersonAt(i int) Person {
	r := dice(kindPerson, i)
	first, last, t := naming(i % pairs * 7919 % pairs) // 7919 is a prime: each name comes once before one comes again
	where := t.homes[r.IntN(len(t.homes))]
	p := Person{First: first, Last: last, Country: where.country, City: where.cities[r.IntN(len(where.cities))]}
	p.Email = address(first, last, i/pairs, r)
	p.Came = cameBy(r.IntN(100))
	p.Fields = p.known(r)
	return p
}

// cameBy returns the webhook through which a percentage of people come.
func cameBy(percent int) int {
	switch {
	case percent < 46:
		return hookShop
	case percent < 80:
		return hookForm
	case percent < 92:
		return hookTill
	}
	return hookEvents
}

// address makes an address from a name. Each way to write a name has separate domains, so that no two people share an
// address; again counts earlier people with the same name.
func address(first, last string, again int, r *rand.Rand) string {
	f, l := plain(first), plain(last)
	number := ""
	if again > 0 {
		number = strconv.Itoa(again + 1)
	}
	var stored string
	switch n := r.IntN(20); {
	case n < 8:
		stored = f + "." + l + number + "@example.com"
	case n < 11:
		stored = l + "." + f + number + "@mail.example"
	case n < 14:
		stored = f + "_" + l + number + "@example.org"
	case n < 16:
		stored = f + "." + l + number + "@post.example"
	case n < 18:
		stored = f + "-" + l + number + "@example.net"
	case n < 19:
		stored = f + "." + l + number + "+books@home.example"
	default:
		stored = strings.ToLower(first+"."+last) + number + "@bücher-höfl.example"
	}
	if email, err := models.ReadEmail(stored); err == nil {
		return email
	}
	return f + "." + l + number + "@reader.example"
}

// plain writes a name in the letters that most addresses use.
func plain(name string) string {
	name = spelled.Replace(strings.ToLower(name))
	var b strings.Builder
	for _, c := range norm.NFD.String(name) {
		if c < 0x80 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

var spelled = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ø", "o", "å", "aa", "æ", "ae", "ß", "ss", "ł", "l")

// known returns what the shop knows of a person: less of newsletter readers than of customers.
func (p Person) known(r *rand.Rand) map[string]string {
	f := map[string]string{"first_name": p.First, "preferred_shop": shops[r.IntN(len(shops))]}
	if p.Came == hookForm {
		if r.IntN(3) == 0 {
			f["interests"] = several(r)
		}
		return f
	}
	f["last_name"], f["country"], f["city"] = p.Last, p.Country, p.City
	if r.IntN(10) < 7 {
		day := time.Date(1948+r.IntN(58), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(365))
		f["birthday"] = day.Format(time.DateOnly)
	}
	if p.Came != hookEvents {
		f["loyalty_points"] = strconv.Itoa(points(r))
		f["favourite_genre"] = genres[min(r.IntN(len(genres)), r.IntN(len(genres)))]
		f["wants_catalogue"] = strconv.FormatBool(r.IntN(10) < 4)
	}
	if r.IntN(2) == 0 {
		f["interests"] = several(r)
	}
	return f
}

// points returns few points for most people and many for some.
func points(r *rand.Rand) int { return int(40 + r.ExpFloat64()*310) }

// several returns one to three of the interests, in order, in the stored form of a multiple choice.
func several(r *rand.Rand) string {
	var chosen []string
	for i, left := 0, 1+r.IntN(3); i < len(interests) && left > 0; i++ {
		if r.IntN(len(interests)-i) < left {
			chosen, left = append(chosen, interests[i]), left-1
		}
	}
	return strings.Join(chosen, "\n")
}
