package handlers

import (
	"strings"

	"campaignlark"
	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// refusedForm answers a browser whose form was refused, at a webhook that names a page for forms that worked and none for refused ones. The
// answer links back to the page with the form, as far as the browser names it, else to the website of the page for forms that worked.
func (s *Server) refusedForm(c *fiber.Ctx, status int, outcome models.Outcome, id string) error {
	back := models.ValidText(c.Get(fiber.HeaderReferer))
	origin, ok := senders.OriginOf(back)
	if !ok {
		origin, _ = senders.OriginOf(knownAnswers(c).SuccessURL)
		back = origin
	}
	_, site, _ := strings.Cut(origin, "://")
	m := views.RefusedForm{Back: back, Site: site, Assets: assets()}
	if outcome != outcomeTooMany && outcome != intake.OutcomeBusy && outcome != "" { // the others leave a row in the log
		m.RequestID = id
	}
	m.Title, m.Text = saidToVisitor(outcome)
	return campaignlark.Render(c, status, views.RefusedFormPage(m))
}

// saidToVisitor says to the visitor of a website why the form they sent was refused, and what they can do.
func saidToVisitor(outcome models.Outcome) (title, text string) {
	switch outcome {
	case models.OutcomeNoAddress:
		return "Your e-mail address is missing", "Nothing was done, because the form came without an e-mail address. Please go back, fill it in and send the form again."
	case models.OutcomeBadAddress:
		return "This e-mail address is not valid", "Nothing was done, because there may be a typing mistake in the e-mail address. Please go back, correct it and send the form again."
	case models.OutcomeNoContact:
		return "This e-mail address is not known here", "Nothing was done. If you use several e-mail addresses, please go back and try another one."
	case models.OutcomeTooLarge:
		return "This form is too large", "Nothing was done. Please go back and send the form again without files."
	case outcomeTooMany, intake.OutcomeBusy, models.OutcomeNotCommitted:
		return "Please send the form again in a minute", "It cannot be taken at this moment. Please wait a minute, go back and send it again."
	case models.OutcomeDisabled, models.OutcomeWebhookGone, models.OutcomeHashRetired, models.OutcomeURLDiffers:
		return "This form is no longer in use", "Nothing was done. Please tell the people of the website that their form does not work."
	}
	return "This form could not be read", "Nothing was done. Please go back and send it again. If that does not help, tell the people of the website."
}
