package handlers

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/secrets"
	"campaignlark/senders"

	"gorm.io/gorm"
)

// withCipher lets the site store secrets. Call it before startIntake.
func (s *site) withCipher() {
	s.t.Helper()
	cipher, err := secrets.New(bytes.Repeat([]byte{7}, secrets.KeySize))
	if err != nil {
		s.t.Fatal(err)
	}
	s.server.Cipher = cipher
}

// configure stores the settings of a webhook, and a secret if one is given.
func (s *site) configure(w models.Webhook, settings senders.Settings, secret string) {
	s.t.Helper()
	if secret != "" {
		sealed, err := s.server.Cipher.Seal(secret, secrets.Row{WorkspaceID: w.WorkspaceID, OwnerID: w.ID, Purpose: secrets.WebhookSignature})
		if err == nil {
			err = s.db.AddWebhookSecret(s.t.Context(), w, s.user.ID, models.WebhookSecret{Sealed: sealed, Ending: "test"}, false, s.server.now())
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	w, err := s.db.Webhook(s.t.Context(), w.WorkspaceID, w.ID)
	if err == nil {
		err = s.db.SetReading(s.t.Context(), w, s.user.ID, settings.String(), nil, s.server.now())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestNamesOfSendersInSentences looks at the pages of webhooks that read senders with two kinds of calls: only lists and headings name them
// with a colon.
func TestNamesOfSendersInSentences(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		for _, sender := range senders.Catalogue() {
			if !strings.Contains(sender.Name, ":") || len(sender.Samples) == 0 {
				continue
			}
			s.configure(w, senders.Settings{}, "")
			s.call("POST", w.Hash, string(sender.Samples[0].Body), "Content-Type", "application/json").want(t, 400)
			refused := s.get("/w/books/requests/" + s.lastCall())
			mapping := sender.MappingFor(false)
			s.configure(w, senders.Settings{Sender: sender.Key, Mapping: &mapping, Signature: &senders.SignatureSettings{Scheme: *sender.Signature, Mode: senders.SignatureWatch}}, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
			pages := map[string]answer{"its refused call": refused}
			for _, part := range []string{"", "/reading", "/reading?use=" + sender.Key, "/signature", "/console", "/answers"} {
				pages[part] = s.get(s.webhookPath(w, part))
			}
			for name, page := range pages {
				if page.status != 200 || strings.Contains(page.text(), sender.Name) {
					t.Errorf("%s, %s: got %d, and a sentence with %q: %s", sender.Key, name, page.status, sender.Name, page.text())
				}
			}
			pages[""].want(t, 200, "called by "+sender.InSentence(), "Is it really "+sender.System()+"?", "Set it up at "+sender.System())
		}
	})
}

// readsSample tells a webhook to read a sample as its sender writes it, and to enforce the signature of the sender.
func (s *site) readsSample(w models.Webhook, sender *senders.Sender, sample senders.Sample) {
	s.t.Helper()
	mapping := sender.MappingFor(!w.Type.HasTags())
	mapping.Fields = maps.Clone(mapping.Fields)
	maps.Copy(mapping.Fields, sample.Fields)
	settings := senders.Settings{Sender: sender.Key, Mapping: &mapping, Answers: &senders.Answers{TestCallsOK: true}}
	if sender.Signature != nil {
		settings.Signature = &senders.SignatureSettings{Scheme: *sender.Signature, Mode: senders.SignatureEnforce}
	}
	secret := sample.Secret
	if sender.Signature != nil && secret == "" { // a sample that is not signed
		secret = "the secret of another shop"
	}
	s.configure(w, settings, secret)
}

// sendSample sends a sample.
func (s *site) sendSample(w models.Webhook, sample senders.Sample) answer {
	s.t.Helper()
	h := http.Header{}
	for name, value := range sample.Headers {
		h.Set(name, value)
	}
	return s.as("").do(sample.Method, inboundPrefix+w.Hash, strings.NewReader(string(sample.Body)), h)
}

// sampleOutcomes are the outcomes in the log of what a catalogue file says.
var sampleOutcomes = map[string][]models.Outcome{
	senders.SampleRead:      {models.OutcomeCreated, models.OutcomeUpdated},
	senders.SampleSkipped:   {models.OutcomeSkipped},
	senders.SampleTestCall:  {models.OutcomeTestCall},
	senders.SampleNoAddress: {models.OutcomeNoAddress},
}

// TestEverySampleOfTheCatalogue sends each sample of each sender to the endpoint: as it is, once more, and with one byte changed. The
// webhook reads it as the catalogue says and enforces the signature.
func TestEverySampleOfTheCatalogue(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		var clock atomic.Int64
		clock.Store(s.server.now().UnixNano())
		s.server.Now = func() time.Time { return time.Unix(0, clock.Add(int64(time.Millisecond))).UTC() }
		s.startIntake()
		s.addTagsOfSamples()
		public := s.server.base
		for i := range senders.Catalogue() {
			sender := &senders.Catalogue()[i]
			w := s.addWebhook(models.TypeSubscribed)
			for _, sample := range sender.Samples {
				s.server.base = public
				if at := strings.Index(sample.URL, inboundPrefix); at > 0 { // the signature covers the address
					s.server.base = sample.URL[:at]
					s.setHash(&w, sample.URL[at+len(inboundPrefix):])
				}
				if err := s.db.EnsureLogDays(t.Context(), sample.SentAt); err != nil {
					t.Fatal(err)
				}
				clock.Store(sample.SentAt.UnixNano())
				s.readsSample(w, sender, sample)
				s.checkSample(w, sender.Key+", "+sample.Name, sample)
			}
		}
	})
}

// TestSamplesAtWebhooksThatPeopleLeave sends the samples of the senders that know when people leave to webhooks of type UNSUBSCRIBED:
// other calls than those of type SUBSCRIBED count there.
func TestSamplesAtWebhooksThatPeopleLeave(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		var clock atomic.Int64
		s.server.Now = func() time.Time { return time.Unix(0, clock.Add(int64(time.Millisecond))).UTC() }
		clock.Store(time.Now().UnixNano())
		s.startIntake()
		for i := range senders.Catalogue() {
			sender := &senders.Catalogue()[i]
			if len(sender.Leaving) == 0 {
				continue
			}
			w, counts := s.addWebhook(models.TypeUnsubscribed), 0
			for n, sample := range sender.Samples {
				if err := s.db.EnsureLogDays(t.Context(), sample.SentAt); err != nil {
					t.Fatal(err)
				}
				clock.Store(sample.SentAt.UnixNano())
				s.readsSample(w, sender, sample)
				row, body := s.loggedCall(s.sendSample(w, sample).requestID())
				switch {
				case row.Outcome == models.OutcomeNoContact && row.Address != nil:
					counts++
				case n == 0 && row.Outcome != models.OutcomeSkipped, row.Outcome == models.OutcomeUnverified:
					t.Errorf("%s, %s: got %s (%+v) at a webhook that people leave", sender.Key, sample.Name, row.Outcome, body.Verdict)
				}
			}
			if want := map[string]int{"calendly": 1, "mailchimp": 1}[sender.Key]; counts != want { // only these have a sample of somebody who leaves
				t.Errorf("%s: %d samples count at a webhook that people leave, want %d", sender.Key, counts, want)
			}
		}
	})
}

// addTagsOfSamples adds a merge tag for each field of the samples.
func (s *site) addTagsOfSamples() {
	s.t.Helper()
	keys := map[string]bool{}
	for _, sender := range senders.Catalogue() {
		for _, sample := range sender.Samples {
			for key := range sample.Result.Fields {
				keys[key] = true
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		s.addMergeTag(models.MergeTag{Key: key, Label: strings.ReplaceAll(key, "_", " "), Type: models.MergeTagText})
	}
}

// setHash gives a webhook a hash that is part of a signature.
func (s *site) setHash(w *models.Webhook, hash string) {
	s.t.Helper()
	s.write(func(tx *gorm.DB) error {
		if err := tx.Model(&models.WebhookHash{}).Where("hash = ?", w.Hash).Update("hash", hash).Error; err != nil {
			return err
		}
		return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", w.WorkspaceID, w.ID).Update("hash", hash).Error
	})
	w.Hash = hash
}

// checkSample sends a sample and compares what comes out with what its file says.
func (s *site) checkSample(w models.Webhook, what string, sample senders.Sample) {
	t := s.t
	t.Helper()
	a := s.sendSample(w, sample)
	row, body := s.loggedCall(a.requestID())
	if want := sampleOutcomes[sample.Result.Outcome]; !slices.Contains(want, row.Outcome) {
		t.Errorf("%s: got %s %s (%+v), want %s", what, row.Outcome, a.body, body.Verdict, want)
		return
	}
	if sample.Secret != "" && (body.Verdict == nil || body.Verdict.Result != senders.ResultOK) {
		t.Errorf("%s: got the verdict %+v, want ok", what, body.Verdict)
	}
	if sample.Result.Outcome == senders.SampleRead && (row.Address == nil || *row.Address != strings.ToLower(sample.Result.Address)) {
		t.Errorf("%s: got the address %v, want %s", what, row.Address, sample.Result.Address)
	}
	for _, f := range body.Fields {
		if want := sample.Result.Fields[f.MergeTag]; f.MergeTag != "" && want != "" && !strings.Contains(want, "\n") && f.After != want {
			t.Errorf("%s: %s is %q (%s), want %q", what, f.MergeTag, f.After, f.Reason, want)
		}
	}
	if row.Status == 200 {
		again := s.sendSample(w, sample)
		second, secondBody := s.loggedCall(again.requestID())
		switch identified := len(body.Delivery) > 0; {
		case again.body != a.body || again.status != a.status:
			t.Errorf("%s: sent again it gets %d %s, want %d %s", what, again.status, again.body, a.status, a.body)
		case identified != (second.Outcome == models.OutcomeRepeated) || identified && secondBody.RepeatOf != row.ID.String():
			t.Errorf("%s: sent again it is %s of %q; it has an id: %t", what, second.Outcome, secondBody.RepeatOf, identified)
		case identified != (sample.Result.DeliveryID != ""):
			t.Errorf("%s: a delivery was noted: %t, and the file says %q", what, identified, sample.Result.DeliveryID)
		}
	}
	if sample.Secret == "" {
		return
	}
	changed := []byte(sample.Body)
	changed[len(changed)/2] ^= 1
	sample.Body = senders.Body(changed)
	a = s.sendSample(w, sample)
	a.wantEnvelope(t, 400, "The signature of this request is not valid.")
	if row, _ := s.loggedCall(a.requestID()); row.Outcome != models.OutcomeUnverified || row.Address != nil {
		t.Errorf("%s with a byte changed: got %s of %v, want it unverified", what, row.Outcome, row.Address)
	}
}
