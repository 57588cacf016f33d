package handlers

import (
	"cmp"
	"slices"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"
)

// checkedCalls is how many of the last calls of a webhook the page of its signature looks at.
const checkedCalls = 200

// signatureCalls is what came out of the check of a webhook's last calls.
type signatureCalls struct {
	all     int // calls that were looked at
	checked int // those whose signature was checked
	failed  int // those that did not pass
	erased  int // calls of people who were erased later; their verdicts are gone
	since   time.Time
	groups  []signatureGroup // by what came out: those that pass first, then by number

	failedBy map[models.Outcome]int // what became of those that did not pass and were not refused for it

	used     map[models.SecretSlot]int // how many of those that passed came with each secret of now
	lastUsed map[models.SecretSlot]time.Time
}

// signatureGroup is the checked calls with one title.
type signatureGroup struct {
	title   string
	passes  bool
	reasons []signatureReason // the newest first
	timed   bool              // the reasons hold times, so that hardly two are the same
	calls   int
	newest  models.WebhookRequest
	client  string // from which all of them came, "" if there are several
}

// signatureReason is why some calls of a group did not pass.
type signatureReason struct {
	sentence string
	calls    int
}

// signatureCalls reads the last calls of a webhook that has the secrets. Replays are left out: they repeat the verdict of another call.
func (v *visit) signatureCalls(w models.Webhook, secrets []models.WebhookSecret) (c signatureCalls, err error) {
	rows, err := v.server.DB.LastRequests(v.UserContext(), w.WorkspaceID, store.RequestFilter{WebhookID: w.ID}, checkedCalls)
	if err != nil {
		return c, models.In("signature: last calls", err)
	}
	c.all, c.failedBy, c.used, c.lastUsed = len(rows), map[models.Outcome]int{}, map[models.SecretSlot]int{}, map[models.SecretSlot]time.Time{}
	for _, row := range rows {
		if erased(row) {
			c.erased++
		}
		if len(row.Body) > store.ListedBody || row.ReplayOf != nil {
			continue
		}
		if body, err := intake.DecodeLogBody(row.Body); err == nil && body.Verdict != nil {
			c.add(row, *body.Verdict, secrets, v.Workspace.Location())
		}
	}
	slices.SortStableFunc(c.groups, func(a, b signatureGroup) int {
		if a.passes != b.passes {
			return map[bool]int{true: -1, false: 1}[a.passes]
		}
		return cmp.Compare(b.calls, a.calls)
	})
	return c, nil
}

// add adds a call. Calls are added newest first.
func (c *signatureCalls) add(row models.WebhookRequest, verdict senders.Verdict, secrets []models.WebhookSecret, zone *time.Location) {
	c.checked++
	came := models.IDTime(row.ID)
	c.since = came
	if !verdict.Passes() {
		c.failed++
		if row.Outcome != models.OutcomeUnverified {
			c.failedBy[row.Outcome]++
		}
	}
	title := verdict.Title()
	if verdict.Passes() && verdict.Secret != "" {
		title = c.addUse(verdict, secrets, came)
	}
	client := ""
	if row.ClientAddress != nil {
		client = *row.ClientAddress
	}
	i := slices.IndexFunc(c.groups, func(g signatureGroup) bool { return g.title == title })
	if i < 0 {
		i = len(c.groups)
		timed := verdict.Result == senders.ResultTooOld || verdict.Result == senders.ResultTooNew
		c.groups = append(c.groups, signatureGroup{title: title, passes: verdict.Passes(), timed: timed, newest: row, client: client})
	}
	g := &c.groups[i]
	g.calls++
	g.addReason(verdict.Sentence(zone))
	if g.client != client {
		g.client = ""
	}
}

// addUse notes which secret of now a call came with that has passed. It returns the title of such calls: a secret that was the newer one
// when a call came may be the older one now, or be gone.
func (c *signatureCalls) addUse(verdict senders.Verdict, secrets []models.WebhookSecret, came time.Time) string {
	secret, known := secretOf(verdict.Secret, came, secrets)
	if !known {
		return "Came with a secret that was removed since"
	}
	if c.used[secret.Slot]++; c.lastUsed[secret.Slot].IsZero() {
		c.lastUsed[secret.Slot] = came
	}
	verdict.Secret = senders.SecretNewer
	if secret.Slot == models.SecretOlder {
		verdict.Secret = senders.SecretOlder
	}
	return verdict.Title()
}

// usedSaid says how many of the last calls came with a secret: "31 of the last 32 checked calls".
func (c signatureCalls) usedSaid(slot models.SecretSlot) string {
	return models.Capital(views.OfLast(c.used[slot], c.checked, "checked call", "checked calls"))
}

// secretOf returns the secret with which a call came. used is what its verdict says, which is about the secrets of then: the newer one was
// the newest of those that were there when the call came. known is false if the secret was removed since.
func secretOf(used senders.SecretUsed, came time.Time, secrets []models.WebhookSecret) (secret models.WebhookSecret, known bool) {
	there := slices.DeleteFunc(slices.Clone(secrets), func(s models.WebhookSecret) bool { return s.CreatedAt.Truncate(time.Millisecond).After(came) })
	slices.SortFunc(there, func(a, b models.WebhookSecret) int { return b.CreatedAt.Compare(a.CreatedAt) })
	i := slices.Index([]senders.SecretUsed{senders.SecretNewer, senders.SecretOlder}, used)
	if i < 0 || i >= len(there) {
		return secret, false
	}
	return there[i], true
}

// addReason adds a call with this reason.
func (g *signatureGroup) addReason(sentence string) {
	i := slices.IndexFunc(g.reasons, func(r signatureReason) bool { return r.sentence == sentence })
	if i < 0 {
		i = len(g.reasons)
		g.reasons = append(g.reasons, signatureReason{sentence: sentence})
	}
	g.reasons[i].calls++
}

// maxReasons is how many reasons the page tells for one group. The others are counted.
const maxReasons = 3

// said says why the calls of the group did not pass, the most frequent reason first, and where they came from.
func (g signatureGroup) said() (lines []string) {
	switch {
	case len(g.reasons) == 1:
		lines = []string{g.reasons[0].sentence}
	case g.timed:
		lines = []string{"The newest one: " + lowerFirst(g.reasons[0].sentence)}
	default:
		lines = g.reasonsSaid()
	}
	switch {
	case g.client == "":
	case g.calls == 1:
		lines[0] += " It came from " + g.client + "."
	case len(lines) == 1:
		lines[0] += " All came from " + g.client + "."
	default:
		lines = append(lines, "All came from "+g.client+".")
	}
	return lines
}

// reasonsSaid says each reason with its number of calls.
func (g signatureGroup) reasonsSaid() (lines []string) {
	reasons := slices.Clone(g.reasons)
	slices.SortStableFunc(reasons, func(a, b signatureReason) int { return cmp.Compare(b.calls, a.calls) })
	left := 0
	for i, r := range reasons {
		if i < maxReasons {
			lines = append(lines, views.Plural(r.calls, "call", "calls")+": "+r.sentence)
		} else {
			left += r.calls
		}
	}
	if left > 0 {
		lines = append(lines, views.Plural(left, "call", "calls")+" for other reasons.")
	}
	return lines
}
