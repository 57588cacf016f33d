package handlers

import (
	"errors"
	"slices"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// consoleForm is what the page "Try a call" rests on.
type consoleForm struct {
	webhook  models.Webhook
	settings senders.Settings
	tags     []models.MergeTag
	calls    []models.WebhookRequest // the last ones, newest first
	ending   string                  // of the secret with which a call can be signed; "" if the person cannot sign it
	in       consoleInput
	unproven bool // the call of the log that filled the form did not pass the check of its signature
	errs     models.FieldErrors
}

// errConsoleBusy is shown if a call could not be tried or sent.
const errConsoleBusy = "The call could not be processed just now. Nothing was changed. Please try again in a moment."

// consoleShow shows the form for a call to a webhook. ?from= names what it is filled with.
func (s *Server) consoleShow(v *visit) error {
	f, err := v.consoleForm()
	if err != nil {
		return err
	}
	if f.in, err = v.consoleStart(f, v.Query("from")); err != nil {
		return err
	}
	if err := v.lookWhetherProven(&f); err != nil {
		return err
	}
	f.in.sign, f.in.again = f.ending != "" && !f.unproven, v.Query("again") == "1"
	return v.showConsole(f, nil)
}

// consoleRun tries a call, or sends it for real. Its field run is "dry" to try it, "ask" to try it and ask whether to send it, or "real".
func (s *Server) consoleRun(v *visit) error {
	f, err := v.consoleForm()
	if err != nil {
		return goneIs(errNoConsole, err)
	}
	f.in = v.postedConsole()
	if err := v.lookWhetherProven(&f); err != nil {
		return err
	}
	run := v.Form("run")
	call, errs := v.consoleCall(f)
	if !slices.Contains([]string{"dry", "ask", "real"}, run) {
		errs.Add("run", "Please choose whether to try the call or to send it for real.")
	}
	if f.errs = errs; errs.Any() || v.refill {
		return v.consoleAgain(f)
	}
	if run == "real" {
		return v.sendForReal(f, call)
	}
	row, body, err := s.Intake.Try(v.UserContext(), call)
	if err != nil {
		return v.consoleBusy(f)
	}
	t := &story{visit: v, row: row, body: body, tried: true, startedFrom: f.in.from}
	if err := t.read(); err != nil {
		return err
	}
	return v.showConsole(f, &views.ConsoleResult{Request: t.wouldBe(), At: s.now(), Ask: run == "ask", Repeats: row.Outcome == models.OutcomeRepeated, FirstIdle: t.first.Idle()})
}

var errNoConsole = &models.Error{Code: models.CodeNotFound, Message: "This webhook does not exist any more: somebody deleted it. The call was not sent."}

// sendForReal processes the call like one that came to the webhook's URL, and opens its page. Like such a call, it counts for the limits
// of the webhook, and is not processed above them.
func (v *visit) sendForReal(f consoleForm, call intake.Call) error {
	if wait := v.server.limits.take(call.Hash, v.server.clientAddress(v.Ctx), f.settings.Answering(), v.server.now()); wait > 0 {
		v.server.Refused(refusedLimit)
		f.errs = models.FieldErrors{"run": "The call was turned away, because it is over a limit of this webhook (see Answers and limits). A sender would get HTTP 429. Nothing was changed. You can send it again in " +
			views.Plural(secondsOf(wait), "second", "seconds") + "."}
		return v.consoleAgain(f)
	}
	if err := v.prepareTried(&call); err != nil {
		return v.consoleBusy(f)
	}
	call.TriedBy = v.User.ID
	_, err := v.server.Intake.Submit(v.UserContext(), call)
	if err != nil && !errors.Is(err, intake.ErrRefused) { // the log says why the database refused it
		return v.consoleBusy(f)
	}
	return v.done(v.path("requests", call.ID), "The call was sent for real. This is what came of it.")
}

// prepareTried reads the call, as the endpoint does. The error says that a large payload waits for its turn for too long.
func (v *visit) prepareTried(call *intake.Call) error {
	if len(call.Request.Body) > freeBody || call.Request.ContentEncoding != "" {
		select {
		case v.server.decoding <- struct{}{}:
			defer func() { <-v.server.decoding }()
		case <-v.UserContext().Done():
			return intake.ErrBusy
		}
	}
	v.server.Intake.Prepare(call)
	return nil
}

// consoleForm reads what the page rests on.
func (v *visit) consoleForm() (f consoleForm, err error) {
	if f.webhook, err = v.webhook(); err != nil {
		return f, err
	}
	ctx, db := v.UserContext(), v.server.DB
	if f.settings, err = senders.ParseSettings(f.webhook.Reading); err != nil {
		return f, models.In("console: settings", err)
	}
	if f.tags, err = db.MergeTags(ctx, f.webhook.WorkspaceID); err != nil {
		return f, models.In("console: merge tags", err)
	}
	if f.calls, err = db.LastRequests(ctx, f.webhook.WorkspaceID, store.RequestFilter{WebhookID: f.webhook.ID}, lastCalls); err != nil {
		return f, models.In("console: last calls", err)
	}
	if !v.Role.Includes(models.RoleAdmin) || !f.settings.Checks() || !f.settings.Signature.Scheme.Form.CanSign() {
		return f, nil
	}
	secrets, err := db.WebhookSecrets(ctx, f.webhook.WorkspaceID, f.webhook.ID)
	if len(secrets) > 0 {
		f.ending = secrets[0].Ending
	}
	return f, models.In("console: secrets", err)
}

// lookWhetherProven finds out whether the call of the log that filled the form passed the check of its signature. A call that did not is not
// signed unless the person asks for it: with a signature, anything would pass.
func (v *visit) lookWhetherProven(f *consoleForm) error {
	id, ok := requestID(f.in.from)
	if !ok || f.ending == "" {
		return nil
	}
	row, err := v.server.DB.Request(v.UserContext(), f.webhook.WorkspaceID, id)
	if err != nil || row.WebhookID != f.webhook.ID {
		return models.In("console: the check of the call", ignoreNotFound(err))
	}
	body, err := intake.DecodeLogBody(row.Body)
	f.unproven = err == nil && body.Verdict != nil && !body.Verdict.Passes()
	return nil
}

// consoleBusy shows the form again after the intake could not process the call.
func (v *visit) consoleBusy(f consoleForm) error {
	f.errs = models.FieldErrors{"run": errConsoleBusy}
	return v.consoleAgain(f)
}

func (v *visit) consoleAgain(f consoleForm) error {
	m, err := v.consoleModel(f)
	if err != nil {
		return err
	}
	m.Failed = f.errs.Any()
	return v.again(views.ConsolePage(m))
}

func (v *visit) showConsole(f consoleForm, result *views.ConsoleResult) error {
	m, err := v.consoleModel(f)
	if err != nil {
		return err
	}
	m.Result = result
	return v.show(views.ConsolePage(m))
}

func (v *visit) consoleModel(f consoleForm) (views.ConsoleModel, error) {
	p, err := v.page(views.SectionWebhooks, f.webhook.Name+": Try a call", views.Crumb{Text: "Inbound Webhooks", Href: v.path("webhooks")},
		views.Crumb{Text: f.webhook.Name, Href: v.path("webhooks", f.webhook.ID)}, views.Crumb{Text: "Try a call"})
	m := views.ConsoleModel{Page: p, Top: v.webhookTop(f.webhook, views.PartConsole), From: f.in.from, Choices: v.consoleChoices(f), Note: f.in.note, Reveal: f.in.reveal, Address: "…" + inboundPrefix[len("/v1"):] + shortHash(f.webhook.Hash),
		Method: f.in.method, ContentType: f.in.contentType, Headers: f.in.headers, Body: f.in.body, Lines: len(headerLines(f.in.headers)), Errors: f.errs,
		CanSign: f.ending != "", Sign: f.in.sign, Unproven: f.unproven, Again: f.in.again, Ending: f.ending, Sender: systemOf(f.settings, "its sender")}
	if f.settings.Signature != nil && signsOtherwise(f.settings.Sender, f.settings.Signature.Scheme) {
		m.Sender = "its sender"
	}
	return m, err
}

// shortHash shows the ends of a hash.
func shortHash(hash string) string {
	if len(hash) < 12 {
		return hash
	}
	return hash[:4] + "…" + hash[len(hash)-4:]
}

// systemOf names the system that calls a webhook, or returns unknown if the settings do not say.
func systemOf(settings senders.Settings, unknown string) string {
	if s := senders.FindSender(settings.Sender); s != nil {
		return s.System()
	}
	return unknown
}

// consoleCall builds the call of the form, as the endpoint would from a request. Errors are by field.
func (v *visit) consoleCall(f consoleForm) (intake.Call, models.FieldErrors) {
	errs := models.FieldErrors{}
	in, now := f.in, v.server.now()
	headers := in.readHeaders(errs)
	kind := in.contentType
	if values := headers.values(fiber.HeaderContentType); len(values) > 0 {
		kind = values[0]
	}
	if in.method != fiber.MethodGet && in.method != fiber.MethodPost {
		errs.Add("method", "Please choose POST or GET.")
	}
	if len(kind) > maxConsoleHeader || strings.ContainsFunc(kind, isControl) {
		errs.Add("content_type", "Please choose how the body is written.")
	}
	r := in.request(kind)
	r.ContentEncoding = strings.Join(headers.values(fiber.HeaderContentEncoding), ", ")
	if size := len(r.Body) + len(r.Query); size > intake.MaxBody {
		errs.Add("body", "A call can have up to 1 MB. This one has "+views.Bytes(int64(size))+".")
	}
	head := headers
	if r.ContentType != "" && len(headers.values(fiber.HeaderContentType)) == 0 {
		head = append(head, intake.Header{Name: fiber.HeaderContentType, Value: r.ContentType})
	}
	call := intake.Call{ID: models.NewID(now), ArrivedAt: now, Method: r.Method, ContentType: r.ContentType, ClientAddress: v.server.clientAddress(v.Ctx).String(),
		UserAgent: strings.Join(headers.values(fiber.HeaderUserAgent), ", "), Headers: headersToLog(head.first), URL: v.server.webhookURL(f.webhook.Hash), Head: head.lines(), Request: r,
		Hash: models.WebhookHash{Hash: f.webhook.Hash, WorkspaceID: f.webhook.WorkspaceID, WebhookID: f.webhook.ID},
		Size: int64(len(r.Body) + len(r.Query)), Sign: in.sign && f.ending != "", Again: in.again, Form: isForm(r.Method, head.first), Prefetch: r.Method == fiber.MethodGet && saysPrefetch(headers.values)}
	if r.Query != "" {
		call.URL += "?" + r.Query
	}
	return call, errs
}
