package handlers

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/google/uuid"
)

// Fields without a merge tag are looked for when a page is shown, in the newest calls of the log. Nothing of them is stored, so that no
// value of a person stays behind.
const (
	unkeptCalls = 200     // among how many calls
	unkeptBytes = 2 << 20 // that had at most this many bytes together
	unkeptShown = 20      // how many fields a page names
	fineShown   = 50      // how many fields that are fine to ignore the page of merge tags names
)

// unkeptField is a field of a webhook's calls that no merge tag keeps.
type unkeptField struct {
	name  string                // as intake.FieldName
	calls int                   // how many sent it
	row   models.WebhookRequest // the newest of them
	body  intake.LogBody
	at    int       // of the field in the body
	last  uuid.UUID // the call that was counted last
}

// unkeptFields finds the fields without a merge tag, the most frequent first. rows are calls, the newest first; looked is how many of them
// it read.
func unkeptFields(rows []models.WebhookRequest, webhooks map[int64]models.Webhook, tags map[string]models.MergeTag, fine models.FineFields) (all []*unkeptField, looked int) {
	type place struct {
		webhook int64
		name    string
	}
	found, size := map[place]*unkeptField{}, int64(0)
	for _, r := range rows {
		if size += int64(r.Size); size > unkeptBytes && looked > 0 {
			break
		}
		looked++
		w := webhooks[r.WebhookID]
		if r.Failed() || len(r.Body) > store.ListedBody || w.DeletedAt != nil || !w.Type.HasTags() {
			continue
		}
		body, err := intake.DecodeLogBody(r.Body)
		if err != nil || body.Mapped != nil || !body.WebhookType.HasTags() {
			continue
		}
		for i, f := range body.Fields {
			at := place{r.WebhookID, intake.FieldName(f)}
			if f.Fate != intake.FateIgnored || at.name == "" || tags[at.name].ID != 0 || fine[r.WebhookID][at.name] {
				continue
			}
			if found[at] == nil {
				found[at] = &unkeptField{name: at.name, row: r, body: body, at: i}
				all = append(all, found[at])
			}
			if field := found[at]; r.ID != field.last { // a call may have a field twice
				field.calls, field.last = field.calls+1, r.ID
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *unkeptField) int { return cmp.Or(b.calls-a.calls, strings.Compare(a.name, b.name)) })
	return all, looked
}

// unkept shows the fields without a merge tag of calls, and those that are fine to ignore. back is where its buttons lead: a webhook's page if
// it is "".
func (v *visit) unkept(rows []models.WebhookRequest, webhooks map[int64]models.Webhook, tags []models.MergeTag, back string) views.Unkept {
	byKey := map[string]models.MergeTag{}
	for _, m := range tags {
		byKey[m.Key] = m
	}
	settings := map[int64]senders.Settings{}
	for id, w := range webhooks {
		settings[id], _ = senders.ParseSettings(w.Reading) // of one that cannot be read: none
	}
	fields, looked := unkeptFields(rows, webhooks, byKey, v.fine)
	u := views.Unkept{Among: "in " + lastCallsSaid(looked), CanChange: v.canChange(), Back: back}
	for _, f := range fields {
		if settings[f.row.WebhookID].Mapping != nil { // its page Reading shows what calls send
			continue
		}
		if len(u.Fields) == unkeptShown {
			u.More++
			continue
		}
		t := &story{visit: v, row: f.row, body: f.body, webhook: webhooks[f.row.WebhookID], settings: settings[f.row.WebhookID], mergeTags: byKey, readings: make([][]senders.As, len(f.body.Fields))}
		line, remedy := t.ledgerLine(f.at), t.remedy(f.at)
		row := views.UnkeptField{Name: line.Key, Value: line.Sent, Shape: line.Shape, Calls: f.calls, Call: v.path("requests", f.row.ID), Link: remedy.link, LinkText: remedy.text,
			Webhook: views.Named{ID: t.webhook.ID, Name: t.webhook.Name}}
		if canBeFine(f.name) {
			row.Fine = f.name
		}
		u.Fields = append(u.Fields, row)
	}
	for id, names := range v.fine {
		w, there := webhooks[id]
		for name := range names {
			if there && w.DeletedAt == nil {
				u.Fine = append(u.Fine, views.FineField{Name: name, Webhook: views.Named{ID: id, Name: w.Name}})
			}
		}
	}
	slices.SortFunc(u.Fine, func(a, b views.FineField) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Webhook.Name, b.Webhook.Name), cmp.Compare(a.Webhook.ID, b.Webhook.ID))
	})
	if back != "" && len(u.Fine) > fineShown {
		u.MoreFine, u.Fine = len(u.Fine)-fineShown, u.Fine[:fineShown]
	}
	return u
}

// lastCallsSaid says among how many calls something was looked for: "the last 200 calls".
func lastCallsSaid(n int) string {
	if n == 1 {
		return "the last call"
	}
	return "the last " + strconv.Itoa(n) + " calls"
}

// canBeFine reports whether a field can be fine to ignore. A name that may be an address is not stored, because it would outlive the person.
func canBeFine(name string) bool {
	return name != "" && len(name) <= 1000 && !strings.Contains(name, "@")
}

// loadFine reads which fields are fine to ignore, before calls are shown.
func (v *visit) loadFine(workspaces ...int64) (err error) {
	v.fine, err = v.server.DB.FineFields(v.UserContext(), workspaces...)
	return models.In("fields that are fine to ignore", err)
}

// webhookFineField says that a field of a webhook's calls is fine to ignore, or is not any more. The form sends its name escaped as in a query.
func (s *Server) webhookFineField(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	w, err := s.DB.Webhook(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("fine to ignore: webhook", err)
	}
	sent, err := url.QueryUnescape(v.Form("name"))
	name, fine := cleanText(sent), v.Form("fine") == "1"
	if err != nil || !canBeFine(name) {
		return &models.Error{Code: models.CodeInvalid, Message: "This name of a field cannot be kept. Let the sender leave the field out or give it another name."}
	}
	if err := s.DB.SetFineField(v.UserContext(), w, v.User.ID, name, fine, s.now()); err != nil {
		return models.In("fine to ignore: store", err)
	}
	to := v.path("webhooks", w.ID) + "#unkept"
	if call, fromCall := requestID(v.Form("back")); fromCall {
		to = v.path("requests", call)
	} else if v.Form("back") == views.SectionMergeTags {
		to = v.path("merge-tags") + "#unkept"
	}
	shown := shortened(models.NameInvisible(name))
	if !fine {
		return v.done(to, "“%s” shows again when calls to “%s” send it.", shown, w.Name)
	}
	return v.done(to, "“%s” is fine to ignore. Calls to “%s” say nothing of it from now on.", shown, w.Name)
}
