package handlers

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// exportedRequest is a call in a download. What was sent is left out where the pages do not show it either.
type exportedRequest struct {
	Time          time.Time          `json:"time"`
	ID            uuid.UUID          `json:"id"`
	ReplayOf      *uuid.UUID         `json:"replay_of,omitempty"`
	Webhook       string             `json:"webhook"`
	WebhookID     int64              `json:"webhook_id"`
	Outcome       models.Outcome     `json:"outcome"`
	Status        int                `json:"status"`
	Message       string             `json:"message"`
	Event         models.EventType   `json:"event,omitempty"`
	Address       string             `json:"email_address,omitempty"`
	Method        string             `json:"method"`
	ContentType   string             `json:"content_type,omitempty"`
	ClientAddress string             `json:"client_address,omitempty"`
	UserAgent     string             `json:"user_agent,omitempty"`
	TookMs        float64            `json:"took_ms"`
	Fields        []intake.FieldFate `json:"fields,omitempty"`
	Payload       string             `json:"payload,omitempty"`
	Truncated     bool               `json:"payload_is_cut,omitempty"`
}

// requestColumns are the columns of a download as CSV. The fates of the fields are only in NDJSON.
var requestColumns = []string{"time", "id", "webhook", "webhook_id", "outcome", "status", "message", "event", "email_address", "method", "content_type",
	"client_address", "user_agent", "took_ms", "payload", "payload_is_cut", "replay_of"}

// row returns the call's row, in cells that no spreadsheet runs as a formula.
func (r exportedRequest) row() []string {
	replayOf := ""
	if r.ReplayOf != nil {
		replayOf = r.ReplayOf.String()
	}
	return []string{r.Time.Format(time.RFC3339Nano), r.ID.String(), models.Defuse(r.Webhook), strconv.FormatInt(r.WebhookID, 10), string(r.Outcome), strconv.Itoa(r.Status), models.Defuse(r.Message),
		string(r.Event), models.Defuse(r.Address), models.Defuse(r.Method), models.Defuse(r.ContentType), models.Defuse(r.ClientAddress), models.Defuse(r.UserAgent),
		strconv.FormatFloat(r.TookMs, 'f', -1, 64), models.Defuse(r.Payload), strconv.FormatBool(r.Truncated), replayOf}
}

// exported returns a call for a download.
func (v *visit) exported(row models.WebhookRequest, webhook models.Webhook) exportedRequest {
	r := exportedRequest{Time: models.IDTime(row.ID).UTC(), ID: row.ID, ReplayOf: row.ReplayOf, Webhook: webhook.Name, WebhookID: row.WebhookID, Outcome: row.Outcome, Status: row.Status, Event: row.Fired(),
		Method: row.Method, ContentType: row.ContentType, TookMs: float64(row.DurationUs) / 1000}
	for _, text := range []struct {
		from *string
		into *string
	}{{row.Address, &r.Address}, {row.ClientAddress, &r.ClientAddress}, {row.UserAgent, &r.UserAgent}} {
		if text.from != nil {
			*text.into = *text.from
		}
	}
	body, err := intake.DecodeLogBody(row.Body)
	if err != nil {
		return r
	}
	r.Message = body.Message
	if v.keepsCall(row) {
		r.Fields, r.Payload, r.Truncated = body.Fields, body.Payload, body.Truncated
	}
	return r
}

// byteOrderMark tells spreadsheet programs that a file is UTF-8.
const byteOrderMark = "\uFEFF"

// requestsCSV sends the calls that match the list's filters as CSV, newest first.
func (s *Server) requestsCSV(v *visit) error {
	marked := v.Query("bom") != "0"
	return v.exportRequests("csv", "text/csv; charset=utf-8", func(w io.Writer) func([]exportedRequest) error {
		file := csv.NewWriter(w)
		if marked {
			_, _ = io.WriteString(w, byteOrderMark) // the CSV writer reports the error
		}
		_ = file.Write(requestColumns)
		return func(calls []exportedRequest) error {
			for _, c := range calls {
				_ = file.Write(c.row())
			}
			file.Flush()
			return file.Error()
		}
	})
}

// requestsNDJSON sends the calls that match the list's filters as JSON, one call on each line, newest first.
func (s *Server) requestsNDJSON(v *visit) error {
	return v.exportRequests("ndjson", "application/x-ndjson", func(w io.Writer) func([]exportedRequest) error {
		lines := json.NewEncoder(w)
		return func(calls []exportedRequest) error {
			for _, c := range calls {
				if err := lines.Encode(c); err != nil {
					return err
				}
			}
			return nil
		}
	})
}

// exportRequests streams the calls that match the list's filters to a file. start begins the file and returns what adds calls to it.
func (v *visit) exportRequests(ending, contentType string, start func(io.Writer) func([]exportedRequest) error) error {
	ctx, db := v.UserContext(), v.server.DB
	webhooks, err := db.WebhooksEver(ctx, v.Workspace.ID)
	if err != nil {
		return models.In("request export: webhooks", err)
	}
	query := v.requestQuery(v.Query, webhooks)
	if err := query.usable(); err != nil {
		return err
	}
	names, workspace := webhooksByID(webhooks), v.Workspace.ID
	begin := func() error {
		return models.In("request export: audit log", db.NoteExport(ctx, workspace, v.User.ID, models.ActionRequestsExported, query.wordsKept(webhooks), v.server.now()))
	}
	return v.stream(v.fileName("requests", ending), contentType, begin, func(w *bufio.Writer, step step) error {
		add, next := start(w), models.IDAt(v.server.now().Add(time.Hour)) // the clock of another replica may be ahead
		for next != uuid.Nil {
			err := step(func(ctx context.Context) error {
				found, older, err := db.ExportRequests(ctx, workspace, query.filter, models.Cursor{Before: next})
				if err != nil {
					return models.In("request export: next calls", err)
				}
				next = older
				calls := make([]exportedRequest, len(found))
				for i, r := range found {
					calls[i] = v.exported(r, names[r.WebhookID])
				}
				return add(calls)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// usable returns an error if a part of the URL is not understood. The list shows nothing and says why.
func (q requestQuery) usable() error {
	switch {
	case q.unknownWebhook != "":
		return &models.Error{Code: models.CodeInvalid, Message: "There is no webhook “" + shortened(q.unknownWebhook) + "” in this workspace."}
	case q.rangeError != "":
		return &models.Error{Code: models.CodeInvalid, Message: strings.ReplaceAll(q.rangeError, nothingListed, "")}
	}
	return nil
}

// wordsKept describes the filter for the audit log, without what may name a person.
func (q requestQuery) wordsKept(webhooks []models.Webhook) string {
	var parts []string
	add := func(words string, given bool) {
		if given {
			parts = append(parts, words)
		}
	}
	add("all calls", q.plain())
	add("calls whose address has what was searched for", q.search != "")
	add("webhook "+webhookName(webhooksByID(webhooks)[q.filter.WebhookID]), q.webhook != "")
	add(strings.ToLower(views.OutcomeShort(q.filter.Outcome)), q.outcome != "")
	add("answer "+q.status, q.status != "")
	add("sent by "+q.method, q.method != "")
	add("with a certain field or value", q.field+q.value != "")
	add("of a certain time", q.when != "")
	return strings.Join(parts, ", ")
}
