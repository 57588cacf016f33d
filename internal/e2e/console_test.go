package e2e

import "testing"

func TestACallIsTriedInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	tryCall(NewPage(t, program.URL))
}

func TestACallIsTriedWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	tryCall(NewPlainPage(t, program.URL))
}

// tryCall tries a call of Typeform, then sends it for real, as a person does.
func tryCall(p *Page) {
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/merge-tags/new")
	p.Fill("label", "Given name")
	p.Fill("key", "given_name")
	p.Fill("type", "dropdown_single")
	p.Fill("options", "Ann\nJo")
	p.Follow("Create merge tag")
	p.Open("/w/my-workspace/webhooks/new")
	p.Fill("name", "Reading club sign-up")
	p.Choose("type", "UNCONFIRMED")
	p.Follow("Save")
	page := p.Path()
	p.Open(page + "/reading?use=typeform")
	if !p.plain {
		p.Click("Choose Given name")
	}
	p.Enter("Given name one of 2", "“What is your first name?”")
	p.Follow("Save")
	p.Open(page + "/signature")
	p.Fill("secret", "the secret of this webhook")
	p.Choose("mode", "enforce")
	p.Follow("Save")
	p.Follow("Refuse all the same")
	p.Follow("Try a call")
	p.Sees("Sign it as Typeform would")
	p.Inspect("console")
	p.Fill("body", `{"event_id": "e1", "event_type": "form_response", "form_response": {"answers": [
  {"type": "email", "email": "Marta.Kowalska@Example.com", "field": {"ref": "email"}},
  {"type": "text", "text": "Marta", "field": {"ref": "first_name"}}]}}`)
	p.Follow("Try it, change nothing")
	p.Sees("marta.kowalska@example.com would be a new contact")
	p.Sees("Nothing was stored, nobody was told.")
	p.Sees("Given name would not be stored.")
	p.Inspect("console-dry")
	p.Follow("Send it for real…")
	p.Sees("Send this call for real?")
	p.Inspect("console-ask")
	p.Follow("Send it for real")
	p.Sees("marta.kowalska@example.com is a new contact")
	p.Sees("Sent from Try a call by")
	p.Inspect("console-sent")
	p.Follow("Try it again")
	p.Follow("Try it, change nothing")
	p.Sees("Would be a repeat")
	p.Inspect("console-repeat")
	p.Follow("Process it anyway")
	p.Sees("marta.kowalska@example.com would be updated")
	p.Inspect("console-anyway")
	p.Follow("Send it for real…")
	p.Follow("Send it for real")
	p.Sees("Processed again, on purpose")
	p.Inspect("console-again")
	p.Follow("Try it again")
	p.Fill("body", `{"event_type": "form_response", "form_response": {"answers": []}}`)
	p.Follow("Try it, change nothing")
	p.Sees("Would be refused: no e-mail address was sent")
	p.Inspect("console-refused")
	p.Choose("sign", "1") // off
	p.Follow("Send it for real…")
	p.Follow("Send it for real")
	p.Sees("Refused: no signature at all")
	p.Follow("Try it again")
	p.Sees("What this call held is hidden")
	p.Inspect("console-hidden")
	p.Follow("Show it and fill it in")
	p.SeesNot("What this call held is hidden")
	p.Choose("sign", "1") // on
	p.Follow("Try it, change nothing")
	p.Sees("Would be refused: no e-mail address was sent")
	p.Fill("headers", "this is no header")
	p.Follow("Try it, change nothing")
	p.Sees("is not a header")
	p.Inspect("console-wrong")
}
