package handlers

import (
	"bufio"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"campaignlark/deliveries"
	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"

	"github.com/google/uuid"
)

// personFile streams everything about one contact as JSON.
type personFile struct {
	contact  models.Contact
	server   *Server
	w        *bufio.Writer
	step     step
	webhooks map[int64]string // names
	segments map[int64]string
}

// personExport sends everything stored about one contact as a JSON file.
func (s *Server) personExport(v *visit) error {
	ctx := v.UserContext()
	c, err := v.contact()
	if err != nil {
		return err
	}
	head, p, err := s.personHead(ctx, v, c)
	if err != nil {
		return err
	}
	note := func() error {
		return models.In("person export: audit log", s.DB.NotePersonExport(ctx, c, v.User.ID, s.now()))
	}
	return v.stream(v.fileName("contact-"+strconv.FormatInt(c.ID, 10), "json"), "application/json", note, func(w *bufio.Writer, step step) error {
		p.w, p.step = w, step
		return p.write(head)
	})
}

// personHead reads the export's first part: the contact, its tags and its segments.
func (s *Server) personHead(ctx context.Context, v *visit, c models.Contact) (map[string]any, *personFile, error) {
	p := &personFile{contact: c, server: s, webhooks: map[int64]string{}, segments: map[int64]string{}}
	webhooks, err := s.DB.WebhooksEver(ctx, c.WorkspaceID)
	if err != nil {
		return nil, nil, models.In("person export: webhooks", err)
	}
	for _, w := range webhooks {
		p.webhooks[w.ID] = w.Name
	}
	store := segments.Store{DB: s.DB, Now: s.Now}
	all, err := store.List(ctx, c.WorkspaceID)
	if err != nil {
		return nil, nil, models.In("person export: segments", err)
	}
	for _, g := range all {
		p.segments[g.ID] = g.Name
	}
	members, err := store.Of(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return nil, nil, models.In("person export: memberships", err)
	}
	tags, err := s.DB.ContactTags(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return nil, nil, models.In("person export: tags of the contact", err)
	}
	mergeTags, err := s.DB.MergeTags(ctx, c.WorkspaceID)
	if err != nil {
		return nil, nil, models.In("person export: merge tags", err)
	}
	in, tagged := []string{}, []string{}
	for _, g := range members {
		in = append(in, g.Name)
	}
	for _, t := range tags {
		tagged = append(tagged, t.Name)
	}
	former, err := s.DB.FormerAddresses(ctx, c.WorkspaceID, c.ID)
	if err != nil {
		return nil, nil, models.In("person export: former addresses", err)
	}
	had := []map[string]any{}
	for _, f := range former {
		had = append(had, map[string]any{"email": f.Address, "until": f.ChangedAt})
	}
	contact := map[string]any{
		"id": c.ID, "email": c.Email, "former_emails": had, "status": c.Status, "version": c.Version, "created_at": c.CreatedAt, "updated_at": c.UpdatedAt,
		"subscribed_at": c.SubscribedAt, "unconfirmed_at": c.UnconfirmedAt, "unsubscribed_at": c.UnsubscribedAt, "came_through": nil,
		"last_call_at": c.TouchedAt, "last_call_through": nil,
	}
	if c.TouchedWebhookID != nil {
		contact["last_call_through"] = p.webhooks[*c.TouchedWebhookID]
	}
	if c.SourceWebhookID != nil {
		contact["came_through"] = p.webhooks[*c.SourceWebhookID]
	}
	return map[string]any{"exported_at": s.now(), "workspace": v.Workspace.Name, "contact": contact, "fields": personFields(c, mergeTags), "tags": tagged, "segments": in}, p, nil
}

// personField is one value of a contact.
type personField struct {
	Key   string `json:"key"`
	Label string `json:"label,omitempty"` // "" if the merge tag was deleted
	Type  string `json:"type,omitempty"`
	Value string `json:"value"` // as stored
}

// personFields returns the contact's values in the order of the merge tags. Values of deleted merge tags, not yet purged, come last.
func personFields(c models.Contact, mergeTags []models.MergeTag) []personField {
	fields, known := []personField{}, map[string]bool{}
	for _, t := range mergeTags {
		known[t.Key] = true
		if value, has := c.Fields[t.Key]; has {
			fields = append(fields, personField{t.Key, t.Label, string(t.Type), value})
		}
	}
	for key, value := range c.Fields {
		if !known[key] {
			fields = append(fields, personField{Key: key, Value: value})
		}
	}
	return fields
}

// write writes the head, then each list in steps.
func (p *personFile) write(head map[string]any) error {
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	p.w.Write(text[:len(text)-1]) // without the closing brace
	db := p.server.DB
	err = firstError(
		func() error {
			return list(p, "requests", db.PersonRequests, func(r models.WebhookRequest) uuid.UUID { return r.ID }, p.request)
		},
		func() error {
			return list(p, "changes", db.PersonEdits, func(e store.ContactEdit) uuid.UUID { return e.ID }, personEdit)
		},
		func() error {
			return list(p, "segment_changes", db.PersonMoves, func(m store.ContactMove) uuid.UUID { return m.ID }, p.move)
		},
		func() error {
			return list(p, "events", db.PersonEvents, func(e models.AutomationEvent) uuid.UUID { return e.ID }, personEvent)
		},
		func() error {
			return list(p, "automation_runs", db.PersonRuns, func(r store.PersonRun) uuid.UUID { return r.ID }, personRun)
		},
		func() error {
			return list(p, "messages_to_other_systems", db.PersonDeliveries, func(d store.SentDelivery) uuid.UUID { return d.ID }, personDelivery)
		},
	)
	if err != nil {
		return err
	}
	p.w.WriteString("}\n")
	return p.w.Flush()
}

func firstError(all ...func() error) error {
	for _, f := range all {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// list writes one list of the export, a step at a time.
func list[T any](p *personFile, name string, read func(context.Context, models.Contact, uuid.UUID) ([]T, error), id func(T) uuid.UUID, show func(T) any) error {
	p.w.WriteString(`,"` + name + `":[`)
	for before, comma, more := uuid.Max, "", true; more; {
		err := p.step(func(ctx context.Context) error {
			rows, err := read(ctx, p.contact, before)
			more = len(rows) > 0
			for _, row := range rows {
				text, err := json.Marshal(show(row))
				if err != nil {
					return err
				}
				p.w.WriteString(comma + "\n")
				p.w.Write(text)
				before, comma = id(row), ","
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	_, err := p.w.WriteString("]")
	return err
}

func (p *personFile) request(r models.WebhookRequest) any {
	body, err := intake.DecodeLogBody(r.Body)
	body.TriedBy = 0 // another person
	shown := map[string]any{
		"id": r.ID, "at": models.IDTime(r.ID), "webhook": p.webhooks[r.WebhookID], "method": r.Method, "content_type": r.ContentType,
		"outcome": r.Outcome, "status": r.Status, "client_address": r.ClientAddress, "user_agent": r.UserAgent, "event": r.Event, "log": body,
	}
	if err != nil { // an unreadable row is still part of the export
		shown["log"] = nil
	}
	return shown
}

func (p *personFile) move(m store.ContactMove) any {
	name := p.segments[m.SegmentID]
	if name == "" {
		name = m.GoneName
	}
	by := m.Person
	if m.RunID != nil {
		by = "automation " + m.Automation
	}
	return map[string]any{"at": m.At, "segment": name, "entered": m.Entered, "cause": m.Cause, "request": m.RequestID, "by": by}
}

// personEdit shows a change by a person, an import or an automation.
func personEdit(e store.ContactEdit) any {
	by := e.Person
	if c := e.ContactChange(); c.Automation != 0 {
		by = "automation " + c.AutomationAs
	}
	return map[string]any{"at": e.At.Format(time.RFC3339), "by": by, "action": e.Action, "change": e.ContactChange(), "values": e.Values}
}

// personEvent shows an event for automations, with the contact as it was then.
func personEvent(e models.AutomationEvent) any {
	var contact json.RawMessage
	if e.Snapshot != nil && json.Valid([]byte(*e.Snapshot)) {
		contact = json.RawMessage(*e.Snapshot)
	}
	return map[string]any{"id": deliveries.EventID(e.ID), "at": e.CreatedAt, "event": e.Type, "request": e.RequestID, "changed_fields": e.Fields, "contact": contact}
}

func personRun(r store.PersonRun) any {
	steps := []map[string]any{}
	for _, s := range r.Steps {
		step := map[string]any{"at": s.At, "result": s.Result, "what_it_did": unpackedJSON(s.Body)}
		if s.DeliveryID != nil {
			step["message"] = models.Delivery{ID: *s.DeliveryID}.MessageID()
		}
		steps = append(steps, step)
	}
	return map[string]any{"id": r.ID, "automation": r.Automation, "started_at": models.IDTime(r.ID), "request": r.RequestID, "state": r.State, "reason": r.Reason, "ended_at": r.EndedAt, "steps": steps}
}

// unpackedJSON returns stored JSON, nil if there is none or if it cannot be read.
func unpackedJSON(packed []byte) json.RawMessage {
	if body, err := deliveries.Unpack(packed); err == nil && json.Valid(body) {
		return body
	}
	return nil
}

func personDelivery(d store.SentDelivery) any {
	attempts := []map[string]any{}
	for _, a := range d.Attempts {
		answer, _ := deliveries.Unpack(a.Answer) // an unreadable answer is still an attempt
		attempts = append(attempts, map[string]any{"at": a.At, "status": a.Status, "error": a.Error, "answer": models.ValidText(string(answer))})
	}
	return map[string]any{"id": d.MessageID(), "at": models.IDTime(d.ID), "to": d.Destination, "event": d.EventType, "state": d.State, "reason": d.Reason, "message": unpackedJSON(d.Body), "attempts": attempts}
}
