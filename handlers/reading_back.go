package handlers

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// keptReading is the subject of a form of a reading that waits until a merge tag was created: see leaveSecret.
func keptReading(w models.Webhook) string {
	return "the reading of webhook " + strconv.FormatInt(w.ID, 10)
}

// createTagFor leads to the form of a new merge tag. The session keeps what was chosen in the form of the reading, for the way back. A button
// beside a value of the sample proposes the merge tag's key and label, and its path becomes the place of the merge tag.
func (v *visit) createTagFor(f readingForm) error {
	to := v.newTagURL(f)
	if to == "" {
		return v.showReadingForm(f)
	}
	for _, name := range []string{"key", "label", "path"} {
		if text := v.Form("tag." + name); text != "" {
			to += "&" + name + "=" + url.QueryEscape(text)
		}
	}
	kept := v.kept()
	if kept == "" { // too large
		delete(v.form, "pasted")
		kept = v.kept()
	}
	if kept == "" {
		return v.Redirect(to, fiber.StatusSeeOther)
	}
	if err := v.leaveSecret(keptReading(f.webhook), kept); err != nil {
		return err
	}
	return v.Redirect(to+"&kept=1", fiber.StatusSeeOther)
}

// showKeptReading shows the form that createTagFor kept, if the page is asked for it. It returns false if there is none: it is shown once.
func (v *visit) showKeptReading(f readingForm) (shown bool, err error) {
	if v.Query("kept") == "" {
		return false, nil
	}
	text, err := v.takeSecret(keptReading(f.webhook))
	if text == "" || err != nil {
		return false, err
	}
	if v.form, err = url.ParseQuery(text); err != nil {
		return false, nil
	}
	if _, err := v.fillIn(&f); err != nil {
		return false, err
	}
	v.leaveUnsaved(&f)
	if key, path := v.Query("field"), v.Form("tag.path"); path != "" && key != "" {
		if i := slices.IndexFunc(f.tags, func(t models.MergeTag) bool { return t.Key == key }); i >= 0 && len(f.in.rows[key]) == 0 {
			f.in.rows[key] = []readingRow{f.proposed(readingRow{path: path}, f.tags[i])}
		}
	}
	f.choose(v.Query("field"), "")
	return true, v.showReadingForm(f)
}

// newTagURL returns the address of the form for a merge tag that leads back to the reading; "" for a webhook that keeps no fields.
func (v *visit) newTagURL(f readingForm) string {
	if !f.webhook.Type.HasTags() {
		return ""
	}
	query := url.Values{"webhook": {strconv.FormatInt(f.webhook.ID, 10)}}
	if f.in.sender != readingInputOf(f.stored).sender {
		query.Set("use", f.in.sender)
	}
	if canShowAgain(f.sample.name) {
		query.Set("sample", f.sample.name)
	}
	return withQuery(v.path("merge-tags", "new"), query)
}

// canShowAgain reports whether a sample of that name can be shown again: a call of the log or an example, but not a pasted call.
func canShowAgain(name string) bool {
	_, isCall := requestID(name)
	return isCall || strings.HasPrefix(name, sampleExample)
}

// readingBack returns the part of the form of a new merge tag that leads back to the reading of a webhook. get returns a parameter of
// the request. It is zero if the request names no webhook of the workspace.
func (v *visit) readingBack(get func(name string) string) (views.ReadingBack, error) {
	id, err := strconv.ParseInt(get("webhook"), 10, 64)
	if err != nil {
		return views.ReadingBack{}, nil
	}
	w, err := v.server.DB.Webhook(v.UserContext(), v.Workspace.ID, id)
	if errors.Is(err, models.ErrNotFound) {
		return views.ReadingBack{}, nil
	}
	if err != nil {
		return views.ReadingBack{}, models.In("merge tags: the webhook to lead back to", err)
	}
	back, query := views.ReadingBack{Webhook: strconv.FormatInt(w.ID, 10), Name: w.Name}, url.Values{}
	if use := get("use"); use == senders.Own || senders.FindSender(use) != nil {
		back.Use = use
		query.Set("use", use)
	}
	if name := get("sample"); canShowAgain(name) {
		back.Sample = name
		query.Set("sample", name)
	}
	if back.Kept = get("kept") != ""; back.Kept {
		query.Set("kept", "1")
	}
	back.Href = withQuery(v.path("webhooks", w.ID, views.PartReading), query)
	return back, nil
}

// showsField returns the address of a reading with the field of a merge tag chosen.
func showsField(reading, key string) string {
	sign := "?"
	if strings.Contains(reading, "?") {
		sign = "&"
	}
	return reading + sign + "field=" + url.QueryEscape(key) + "#" + views.SlotID(key)
}
