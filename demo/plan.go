package demo

import (
	"math/rand/v2"
	"time"
)

// plan decides what happens in the shop. Its methods are pure functions of the number of contacts and the end time.
type plan struct {
	contacts   int // at the end
	people     int // all people who ever came: the contacts and erased ones
	before     int // people who came before the request log begins
	each       int // of the later people, every n-th came by a call; the others have only a contact
	calls      int // besides those by which people came
	eraseEvery int // one in eraseEvery of the people in before is erased
	growth     calendar
	log        calendar
	prompt     time.Time // from then on the segments are updated after each call
}

// Limits of what goes through the pipeline: a call takes some milliseconds, a contact alone takes less.
const (
	maxCalls  = 2000
	maxComing = 600
	eraseCall = 53 // one in eraseCall calls erases a person
)

// Before the last calls, the segments are updated after every tenth call, because a tick takes longer than a call.
const (
	promptSpan  = 2 * 24 * time.Hour // the last calls are those of this time
	promptCalls = 250                // but about as many at most
)

// growthDays is how long people have been coming. The setup before it is in the audit log, which keeps a year.
const growthDays = 340

// newPlan plans for so many contacts, 100 at least, and a request log of the days before now.
func newPlan(contacts, days int, now time.Time, loc *time.Location) plan {
	since := now.AddDate(0, 0, -days).Truncate(time.Hour)
	p := plan{contacts: contacts, calls: min(500+contacts/8, maxCalls)}
	erased := (p.calls + eraseCall - 1) / eraseCall
	p.people = contacts + erased
	p.growth = newCalendar(now.AddDate(0, 0, -growthDays).Truncate(time.Hour), now, loc)
	p.log = newCalendar(since, now, loc)
	for p.before < p.people && p.came(p.before).Before(since) {
		p.before++
	}
	p.each = (p.people-p.before)/maxComing + 1
	p.eraseEvery = max(1, p.before/(erased+1))
	all := p.calls + (p.people-p.before)/p.each
	p.prompt = now.Add(-min(promptSpan, now.Sub(since)*promptCalls/time.Duration(all)))
	return p
}

// came returns when the i-th person came, never earlier than the one before.
func (p plan) came(i int) time.Time {
	return p.growth.at((float64(i) + dice(kindCame, i).Float64()) / float64(p.people)).Truncate(time.Microsecond)
}

// visit is one call as planned.
type visit struct {
	at      time.Time
	hook    int
	person  int // by number
	trouble trouble
	first   time.Time // of a repeated call: when it was sent first
}

// trouble is the fault of a call.
type trouble int

const (
	fine        trouble = iota
	wontFit             // values that do not fit their merge tags
	noAddress           // an empty address
	otherName           // the address under another name, since the till was updated
	badAddress          // not an address
	nobody              // the address of a person who is not a contact
	brokenJSON          // a body that ends too early
	wrongFormat         // XML
	oldAddress          // the webhook's URL before it was changed
	prefetch            // a browser that prefetches the page
	tooLarge            // a body over the limit
	notCounted          // a call that does not count for its webhook
	forged              // a signature with another secret
	testCall            // the sender asks whether the address works
	twice               // the sender sends it again, because the answer was lost
)

// mishaps are faults that happen from time to time, each at its webhook.
var mishaps = []struct {
	hook    int
	trouble trouble
}{
	{hookForm, badAddress}, {hookShop, wontFit}, {hookUnsubscribe, nobody}, {hookRaffle, fine}, {hookClub, notCounted}, {hookShopify, testCall}, {hookStripe, twice}, {hookShop, oldAddress}, {hookTill, badAddress},
	{hookEvents, badAddress}, {hookShopify, forged}, {hookShop, wontFit}, {hookStripe, notCounted}, {hookErase, nobody}, {hookShop, brokenJSON}, {hookOldSite, fine}, {hookForm, prefetch},
	{hookForm, badAddress}, {hookTill, wontFit}, {hookShop, wrongFormat}, {hookRaffle, fine}, {hookShop, tooLarge}, {hookForm, noAddress},
}

// call returns the j-th call besides those by which people came: about a person who came earlier.
func (p plan) call(j int) visit {
	r := dice(kindCall, j)
	v := visit{at: p.log.at((float64(j) + r.Float64()) / float64(p.calls)).Truncate(time.Microsecond)}
	v.person = p.regular(r)
	switch {
	case j%eraseCall == 0:
		v.hook, v.person = hookErase, (j/eraseCall+1)*p.eraseEvery
	case j%12 == 5:
		m := mishaps[j/12%len(mishaps)]
		v.hook, v.trouble = m.hook, m.trouble
	default:
		v.hook = daily(r.IntN(100))
		if v.hook == hookShop && r.IntN(2) == 0 && p.afterUpdate(v.at) {
			v.hook = hookTill // its cards are in demand
		}
	}
	if v.hook == hookTill && p.afterUpdate(v.at) {
		v.trouble = otherName
	}
	return v
}

// tillUpdated is how long before the end the till got an update. Since then it sends the address under another name, so its calls fail more than
// usual. When the webhook is told the new name, a replay mends all of them.
const tillUpdated = 21 * time.Hour

// afterUpdate reports whether the till has its update at a time.
func (p plan) afterUpdate(at time.Time) bool { return at.After(p.growth.to.Add(-tillUpdated)) }

// daily returns the webhook for a percentage of calls.
func daily(percent int) int {
	switch {
	case percent < 46:
		return hookShop
	case percent < 53:
		return hookShopify
	case percent < 56:
		return hookStripe
	case percent < 78:
		return hookTill
	case percent < 86:
		return hookUnsubscribe
	case percent < 92:
		return hookForm
	case percent < 95:
		return hookClub
	}
	return hookEvents
}

// regular returns one of the people in before who is not erased, newer ones more often.
func (p plan) regular(r *rand.Rand) int {
	for {
		i := max(r.IntN(p.before), r.IntN(p.before))
		if i%p.eraseEvery != 0 || p.eraseEvery == 1 {
			return i
		}
	}
}

// confirmation returns the call by which a person confirms the address that they entered in the newsletter form at the
// time at, or false if they never do.
func (p plan) confirmation(i int, at time.Time) (visit, bool) {
	r := dice(kindPath, i)
	v := visit{at: at.Add(minutes(r, 2, 90)), hook: hookConfirm, person: i}
	return v, r.IntN(100) < 83 && v.at.Before(p.growth.to)
}
