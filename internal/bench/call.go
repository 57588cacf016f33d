package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"campaignlark/senders"
)

// Placeholders of a callTemplate.
const (
	addressHere = "{address}"
	idHere      = "{id}"
)

// callTemplate is a call of a load. Each call has another address and another id.
type callTemplate struct {
	Head   string `json:"head"` // more headers, each a line
	Body   string `json:"body"`
	Secret string `json:"secret,omitempty"` // signs as Stripe does
}

// plainCall is a call in the documented format.
var plainCall = callTemplate{Body: `{"email_address":"{address}","first_name":"Cersei","last_name":"Lannister 512","source":"bench"}`}

// sampleCall returns the first sample of a sender of the catalogue as a template.
func sampleCall(key string) (callTemplate, *senders.Sender, error) {
	sender := senders.FindSender(key)
	if sender == nil {
		return callTemplate{}, nil, fmt.Errorf("the catalogue has no %s", key)
	}
	sample := sender.Samples[0]
	body := strings.ReplaceAll(string(sample.Body), sample.Result.Address, addressHere)
	if id := sample.Result.DeliveryID; id != "" {
		body = strings.ReplaceAll(body, id, idHere)
	}
	c := callTemplate{Body: body}
	if sender.Signature != nil && sender.Signature.Form == senders.FormTimeV1 {
		c.Secret = sample.Secret
	}
	return c, sender, nil
}

func readTemplate(path string) (c callTemplate, err error) {
	if path == "" {
		return plainCall, nil
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	return c, err
}

// fill returns the headers and the body of one call.
func (c callTemplate) fill(address string) (head, body string) {
	values := strings.NewReplacer(addressHere, address, idHere, strconv.FormatUint(rand.Uint64(), 36))
	head, body = values.Replace(c.Head), values.Replace(c.Body)
	if c.Secret != "" {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(c.Secret))
		mac.Write([]byte(at + "." + body))
		head += "Stripe-Signature: t=" + at + ",v1=" + hex.EncodeToString(mac.Sum(nil)) + "\r\n"
	}
	return head, body
}
