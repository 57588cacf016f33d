package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/handlers"
	"campaignlark/internal/dbtest"
	"campaignlark/models"

	"gorm.io/gorm"
)

// pages are the paths below /w/my-workspace that TestBrowserEveryPage inspects, by their route. In requests/:id the :id stands
// for each row of the request log.
var pages = map[string][]string{
	"":                             {""},
	"/settings":                    {"/settings"},
	"/settings/members":            {"/settings/members"},
	"/settings/members/new":        {"/settings/members/new"},
	"/settings/members/leave":      {"/settings/members/leave"},
	"/settings/members/:id/edit":   {"/settings/members/1/edit"},
	"/settings/members/:id/remove": {"/settings/members/1/remove"},
	"/settings/invitations/:id":    {},
	"/settings/inbound-webhooks":   {"/settings/inbound-webhooks"},
	"/settings/audit-log":          {"/settings/audit-log", "/settings/audit-log?q=nobody&kind=tag"},
	"/settings/delete":             {"/settings/delete"},
	"/webhooks":                    {"/webhooks"},
	"/webhooks/new":                {"/webhooks/new"},
	"/webhooks/:id":                {"/webhooks/1", "/webhooks/4"},
	"/webhooks/:id/signature":      {"/webhooks/1/signature", "/webhooks/4/signature"},
	"/webhooks/:id/answers":        {"/webhooks/1/answers", "/webhooks/4/answers"},
	"/webhooks/:id/reading":        {"/webhooks/1/reading", "/webhooks/1/reading?sender=typeform", "/webhooks/1/reading?use=own", "/webhooks/4/reading?use=typeform"},
	"/webhooks/:id/console":        {"/webhooks/1/console", "/webhooks/4/console?from=empty"},
	"/webhooks/:id/wait":           {}, // a stream
	"/webhooks/:id/edit":           {"/webhooks/1/edit"},
	"/webhooks/:id/disable":        {"/webhooks/1/disable"},
	"/webhooks/:id/rotate":         {"/webhooks/1/rotate"},
	"/webhooks/:id/delete":         {"/webhooks/1/delete"},
	"/automations":                 {"/automations"},
	"/automations/new":             {"/automations/new", "/automations/new?start=tag"},
	"/automations/:id":             {"/automations/1", "/automations/2?state=waiting"},
	"/automations/:id/edit":        {"/automations/1/edit", "/automations/2/edit"},
	"/automations/:id/disable":     {"/automations/1/disable"},
	"/automations/:id/retry":       {"/automations/1/retry"},
	"/automations/:id/delete":      {"/automations/1/delete"},
	"/runs/:id":                    {"/runs/:"},
	"/destinations":                {"/destinations"},
	"/destinations/new":            {"/destinations/new"},
	"/destinations/:id":            {"/destinations/1", "/destinations/1?state=dead", "/destinations/2"},
	"/destinations/:id/edit":       {"/destinations/1/edit"},
	"/destinations/:id/disable":    {"/destinations/1/disable"},
	"/destinations/:id/secret":     {"/destinations/1/secret", "/destinations/2/secret?do=remove"},
	"/destinations/:id/replay":     {"/destinations/1/replay?state=dead", "/destinations/2/replay"},
	"/destinations/:id/delete":     {"/destinations/1/delete"},
	"/deliveries":                  {"/deliveries", "/deliveries?state=dead&when=range&event=contact.updated", "/deliveries?email=nobody%40example.com"},
	"/deliveries/:id":              {"/deliveries/:"},
	"/deliveries/:id/give-up":      {"/deliveries/:/give-up"},
	"/requests":                    {"/requests", "/requests?q=nobody%40example.com", "/requests?status=400&method=POST"},
	"/requests/:id":                {"/requests/:"},
	"/requests/replay":             {"/requests/replay", "/requests/replay?outcome=failed"},
	"/requests/live":               {}, // a stream
	"/requests.csv":                {}, // a file
	"/requests.ndjson":             {}, // likewise
	"/contacts":                    {"/contacts", "/contacts?status=UNCONFIRMED", "/contacts?q=nobody"},
	"/contacts/filter":             {"/contacts/filter", "/contacts/filter?tag=newsletter&rule=x"},
	"/contacts/new":                {"/contacts/new"},
	"/contacts/:id":                {"/contacts/1"},
	"/contacts/:id/edit":           {"/contacts/1/edit"},
	"/contacts/:id/delete":         {"/contacts/1/delete"},
	"/contacts/:id/unsubscribe":    {"/contacts/1/unsubscribe"},
	"/contacts/:id/export.json":    {}, // a file
	"/contacts.csv":                {}, // a file
	"/contacts/bulk":               {"/contacts/bulk?do=tag&id=1", "/contacts/bulk?do=status&all=1&to=SUBSCRIBED", "/contacts/bulk?do=delete&all=1", "/contacts/bulk?do=tag"},
	"/search":                      {"/search", "/search?q=a", "/search?q=nobody%40example.com"},
	"/keys":                        {"/keys"},
	"/jobs":                        {"/jobs"},
	"/jobs/:id":                    {"/jobs/:"},
	"/segments":                    {"/segments"},
	"/segments/new":                {"/segments/new"},
	"/segments/:id":                {"/segments/1", "/segments/1?days=365"},
	"/segments/:id/changes":        {"/segments/1/changes"},
	"/segments/:id/edit":           {"/segments/1/edit"},
	"/segments/:id/delete":         {"/segments/1/delete"},
	"/tags":                        {"/tags"},
	"/tags/new":                    {"/tags/new"},
	"/tags/:id/edit":               {"/tags/1/edit"},
	"/tags/:id/delete":             {"/tags/1/delete", "/tags/2/delete"}, // a rule uses the first
	"/merge-tags":                  {"/merge-tags"},
	"/merge-tags/new":              {"/merge-tags/new"},
	"/merge-tags/:id/edit":         {"/merge-tags/1/edit"},
	"/merge-tags/:id/fill":         {"/merge-tags/1/fill"},
	"/merge-tags/:id/delete":       {"/merge-tags/1/delete"},

	"/segments/:id/changes/:change":    {"/segments/1/changes/:"},
	"/contacts/import":                 {"/contacts/import"},
	"/contacts/import/:id":             {},
	"/contacts/import/:id/columns":     {},
	"/contacts/import/:id/undo":        {}, // for a day
	"/contacts/import/:id/refused.csv": {}, // a file
}

// TestBrowserEveryPage inspects every page of a workspace in use. axe-core must find nothing, no page may scroll sideways, and no
// page may have script errors or violate the security policy.
func TestBrowserEveryPage(t *testing.T) {
	t.Parallel()
	for _, pattern := range handlers.Pages() {
		if below, found := strings.CutPrefix(pattern, "/w/:slug"); found && pages[below] == nil {
			t.Errorf("%s is not inspected; add a path of it to pages", pattern)
		}
	}
	a := NewAudience(t, dbtest.SQLiteURL(t), 3)
	if err := a.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE users SET support = true").Error }); err != nil {
		t.Fatal(err)
	}
	program := Start(t, Settings{Env: map[string]string{"DATABASE_URL": a.url, "DEVELOPMENT": "1"}})
	a.live(program)
	a.automates(program)
	a.outgoing()
	t.Run("outside", func(t *testing.T) {
		t.Parallel()
		a.lookOutside(t, program)
	})
	routes := slices.Sorted(maps.Keys(pages))
	const tabs = 3
	for tab := range tabs {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			p := NewPage(t, program.URL)
			p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/")
			for n := tab; n < len(routes); n += tabs {
				for _, path := range pages[routes[n]] {
					a.lookAt(p, path)
				}
			}
		})
	}
}

// lookOutside inspects the pages outside of workspaces and the error pages, first signed out and then signed in.
func (a *Audience) lookOutside(t *testing.T, program *Program) {
	p := NewPage(t, program.URL)
	look := func(path string, status int) {
		wantStatus(t, path, p.Open(path), status)
		p.InspectEverywhere("outside" + strings.ReplaceAll(path, "/", "-"))
	}
	for path, status := range map[string]int{"/login": http.StatusOK, "/docs": http.StatusOK, "/nothing": http.StatusNotFound,
		"/setup": http.StatusForbidden, "/invitations/unknown": http.StatusNotFound} {
		look(path, status)
	}
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/")
	request := rows[models.WebhookRequest](a)[0].ID.String()
	for _, path := range []string{"/account", "/invitations", "/workspaces", "/workspaces/new", "/styleguide", "/support/requests", "/support/requests?when=7d", "/support/reveals",
		"/support/requests?outcome=failed", "/support/requests/" + request,
		"/support/w/my-workspace/contacts/" + strconv.FormatInt(rows[models.Contact](a)[0].ID, 10)} {
		look(path, http.StatusOK)
	}
	look("/w/my-workspace/nothing", http.StatusNotFound)
}

// lookAt inspects the page at a path of the workspace.
func (a *Audience) lookAt(p *Page, path string) {
	p.t.Helper()
	if path == "/requests/:" {
		for _, row := range rows[models.WebhookRequest](a) {
			a.lookAt(p, "/requests/"+row.ID.String())
		}
		return
	}
	if path == "/segments/1/changes/:" {
		p.until(func() bool { return len(rows[models.SegmentBulkChange](a)) > 0 }, "the segment is built")
		path = "/segments/1/changes/" + rows[models.SegmentBulkChange](a)[0].ID.String()
	}
	if path == "/jobs/:" {
		for _, row := range rows[models.Job](a) {
			if row.Kind == models.JobBulk {
				a.lookAt(p, "/jobs/"+strconv.FormatInt(row.ID, 10))
			}
		}
		return
	}
	if path == "/runs/:" {
		p.until(func() bool { return len(rows[models.AutomationRun](a)) > 1 }, "automations have started")
		for _, row := range rows[models.AutomationRun](a)[:2] {
			a.lookAt(p, "/runs/"+row.ID.String())
		}
		return
	}
	if path == "/deliveries/:/give-up" {
		for _, row := range rows[models.Delivery](a) {
			if row.State == models.DeliveryPending {
				a.lookAt(p, "/deliveries/"+row.ID.String()+"/give-up")
				return
			}
		}
		p.t.Fatal("no delivery waits")
	}
	if path == "/deliveries/:" {
		for _, row := range rows[models.Delivery](a) {
			a.lookAt(p, "/deliveries/"+row.ID.String())
		}
		return
	}
	wantStatus(p.t, path, p.Open("/w/my-workspace"+path), http.StatusOK)
	p.InspectEverywhere("page" + strings.NewReplacer("/", "-", "?", "-", "=", "-", "%40", "-at-").Replace(path))
}

// live fills the workspace with calls of many kinds, some of them hostile, and a segment.
func (a *Audience) live(program *Program) {
	a.t.Helper()
	long := strings.Repeat("Antidisestablishmentarianism", 12)
	s := newSender(program.URL)
	defer s.close()
	for _, call := range []struct {
		kind   models.WebhookType
		fields map[string]string
	}{
		{models.TypeSubscribed, map[string]string{"email_address": "cersei@example.com", "one": "Cersei", "pet": "lion", "<script>alert(1)</script>": "x"}},
		{models.TypeSubscribed, map[string]string{"email_address": "cersei@example.com", "one": `<img src=x onerror="alert(1)">`, "two": long}},
		{models.TypeUnconfirmed, map[string]string{"email_address": "a.very.long.address.that.goes.on.and.on@" + strings.Repeat("sub.", 40) + "example.com", long: "x"}},
		{models.TypeUnsubscribed, map[string]string{"email_address": "cersei@example.com"}},
		{models.TypeUnsubscribed, map[string]string{"email_address": "nobody@example.com"}},
		{models.TypeSubscribed, map[string]string{"one": "no address"}},
		{models.TypeSubscribed, map[string]string{"email_address": "not an address"}},
		{models.TypeSubscribed, map[string]string{"email_address": "gone@example.com"}},
		{models.TypeDelete, map[string]string{"email_address": "gone@example.com"}},
	} {
		if _, err := s.post(a.t.Context(), a.hook[call.kind], call.fields); err != nil {
			a.t.Fatal(err)
		}
	}
	response, err := http.Post(program.URL+"/v1/inbound-webhooks/"+a.hook[models.TypeSubscribed], "application/json", strings.NewReader(`{"email_address": `))
	if err != nil {
		a.t.Fatal(err)
	}
	response.Body.Close()
	c := NewClient(a.t, program.URL)
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	if got := c.Post("/w/my-workspace/contacts/bulk", "do", "tag", "new_tag", "in bulk", "id", "1"); got.Status != http.StatusSeeOther {
		a.t.Fatalf("got %d for a change of many contacts:\n%s", got.Status, got.Body)
	}
	rule := `{"condition":"OR","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"},{"type":"tags","operator":"has_any","value":[1]}]}`
	if got := c.Post("/w/my-workspace/segments", "name", "Everybody who counts", "rule", rule); got.Status != http.StatusSeeOther {
		a.t.Fatalf("got %d for a new segment:\n%s", got.Status, got.Body)
	}
}

// automates creates automations, one of them with hostile names, and calls that start them.
func (a *Audience) automates(program *Program) {
	a.t.Helper()
	long := strings.Repeat("Antidisestablishmentarianism", 12)
	c := NewClient(a.t, program.URL)
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	s := newSender(program.URL)
	defer s.close()
	for name, definition := range map[string]string{
		"Welcome <b>all</b>": `{"triggers":[{"type":"tag_added","tag_ids":[1]},{"type":"contact_updated"}],"by_hand":true,"rule":{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]},"steps":[{"type":"wait","minutes":1440,"until":"09:00"},{"type":"set_field","field_id":1,"value":"` + long[:200] + `"}]}`,
		long[:60]:            `{"triggers":[{"type":"contact_subscribed_confirmed"}],"steps":[{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":[1]}]}},{"type":"add_tag","tag_id":1}]}`,
	} {
		if got := c.Post("/w/my-workspace/automations", "name", name, "enabled", "1", "definition", definition); got.Status != http.StatusSeeOther {
			a.t.Fatalf("got %d for a new automation:\n%s", got.Status, got.Body)
		}
	}
	for _, address := range []string{"later@example.com", "last@example.com"} {
		if _, err := s.post(a.t.Context(), a.hook[models.TypeSubscribed], map[string]string{"email_address": address, "one": "One"}); err != nil {
			a.t.Fatal(err)
		}
	}
}

// outgoing adds a destination that fails and one that is switched off, with deliveries of every state.
func (a *Audience) outgoing() {
	a.t.Helper()
	now := models.Instant(time.Now())
	since := now.Add(-time.Hour)
	err := a.db.Write(a.t.Context(), func(tx *gorm.DB) error {
		for id, d := range []models.Destination{
			{Name: "CRM", URL: "https://crm.example.com/" + strings.Repeat("hooks", 40), Enabled: true, FailingSince: &since, Failures: 3, ArrivedAt: &since},
			{Name: "<b>Old</b> " + strings.Repeat("newsletter", 5), URL: "https://old.example.org/?token=x", OffReason: "It answered 410 Gone.", OlderSecret: []byte{1}},
		} {
			d.WorkspaceID, d.ID, d.Secret, d.Ending, d.CreatedAt, d.UpdatedAt = a.ws.ID, int64(id+1), []byte{1}, "Kp3w", since, since
			if err := tx.Create(&d).Error; err != nil {
				return err
			}
			for i, state := range models.DeliveryStates {
				v := models.Delivery{WorkspaceID: a.ws.ID, ID: models.NewID(now.Add(time.Duration(i) * time.Millisecond)), DestinationID: d.ID, EventType: "contact.updated", EventID: models.NewID(since),
					ContactID: 1, ContactVersion: int64(i), Body: deliveries.Pack([]byte(`{"id":"evt_1","data":{"contact":{"email_address":"` + strings.Repeat("long", 60) + `@example.com"}}}`)),
					State: state, Tries: i, NextAt: now.Add(3 * time.Hour), EndedAt: &now, Reason: "All tries failed."}
				if err := tx.Create(&v).Error; err != nil {
					return err
				}
				for n := range v.Tries {
					attempt := models.DeliveryAttempt{WorkspaceID: a.ws.ID, DeliveryID: v.ID, Number: n + 1, At: since, Status: 503, Error: string(deliveries.CodeStatus), DurationUs: 212_000,
						Answer: deliveries.Pack([]byte("<script>alert(1)</script> " + strings.Repeat("busy", 100)))}
					if n == 0 {
						attempt.Status, attempt.Error, attempt.Answer = 0, string(deliveries.CodeTimeout), nil
					}
					if err := tx.Create(&attempt).Error; err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
}
