package senders

import (
	"fmt"
	"strings"
	"time"
)

// Title says in a few words what came out, without a full stop: for a headline, a row of a list or a filter.
func (v Verdict) Title() string {
	switch {
	case v.Result == ResultOK && v.Form == FormAddresses:
		return "From one of the known addresses"
	case v.Result == ResultOK && v.Form.carriesSecret() && v.Secret == SecretOlder:
		return "Came with the older secret"
	case v.Result == ResultOK && v.Form.carriesSecret():
		return "Came with the secret"
	case v.Result == ResultOK && v.Secret == SecretOlder:
		return "Signed with the older secret"
	case v.Result == ResultOK:
		return "Signed with the secret"
	case v.Result == ResultNotChecked:
		return "Not checked"
	case v.Result == ResultNoSecret:
		return "No secret to check with"
	case v.Result == ResultOtherAddress:
		return "From another address"
	case v.Result == ResultTooOld:
		return "The signature is too old"
	case v.Result == ResultTooNew:
		return "The signature is from the future"
	case v.Result == ResultNoHeader:
		return "No " + v.Form.noun() + " at all"
	}
	return "The " + v.Form.noun() + " is wrong"
}

// carriesSecret reports whether a request holds the secret itself instead of a signature made with it.
func (f SignatureForm) carriesSecret() bool { return f == FormSharedWord || f == FormBasic }

// noun names what a sender sends as a proof.
func (f SignatureForm) noun() string {
	switch f {
	case FormSharedWord:
		return "secret word"
	case FormBasic:
		return "user name or password"
	}
	return "signature"
}

// Sentence says what was found and what to look at, in one to three sentences. Clock times are in zone.
func (v Verdict) Sentence(zone *time.Location) string {
	switch v.Result {
	case ResultOK:
		return v.passed()
	case ResultNotChecked:
		return "This webhook does not check who calls it."
	case ResultNoSecret:
		return "This webhook has no secret that can be used, so nothing could be compared. Enter the secret again."
	case ResultOtherAddress:
		return "The call came from an address that is not on this webhook's list."
	case ResultNoHeader:
		return "The call had no " + v.where() + "."
	case ResultTooOld:
		return fmt.Sprintf("It was signed %s before it arrived. This webhook takes %s.%s", spanWords(v.Age()), spanWords(v.allowed()), v.clocks(zone))
	case ResultTooNew:
		return fmt.Sprintf("It was signed %s after it arrived, by the sender's clock. This webhook takes %s.%s", spanWords(-v.Age()), spanWords(v.allowed()), v.clocks(zone))
	}
	return v.faultSentence()
}

func (v Verdict) passed() string {
	said := "So the call comes from a sender that knows the secret, and its body was not changed on the way."
	switch {
	case v.Form == FormAddresses:
		return "The call came from an address on this webhook's list."
	case v.Form.carriesSecret():
		said = "So the call comes from a sender that knows the secret."
	}
	if v.Secret == SecretOlder {
		said += " It used the older secret, which is still valid."
	}
	return said
}

// faultSentence says why the result is wrong.
func (v Verdict) faultSentence() string {
	place := v.where()
	switch v.Fault {
	case FaultTwice:
		return "The call had more than one " + place + ". Only one is allowed."
	case FaultEmpty:
		return "The call had an empty " + place + "."
	case FaultNoSignature:
		return "The " + place + " was there, but held nothing that this webhook looks for. Compare the kind of signature and the text before it with what the sender says."
	case FaultUnreadable:
		return "What stands in the " + place + " cannot be read. Compare how it is written, hex or base64, and the text before it with what the sender says."
	case FaultLength:
		return "The signature in the " + place + " has another length than expected. Compare SHA-256 or SHA-1, and hex or base64, with what the sender says."
	case FaultTime:
		return "The " + place + " should hold the time of the signature, in seconds or milliseconds, once. It did not."
	case FaultQuery:
		return "A GET call carries its values in the web address, and this kind of signature does not cover them. Let the sender use POST."
	case FaultForm:
		return "The settings of this webhook name a kind of signature that does not exist. Choose another."
	}
	if v.Form.carriesSecret() {
		return "The " + v.Form.noun() + " in the " + place + " is not the one of this webhook."
	}
	if v.Form == FormHubSpot {
		return "The signature was made with another secret or for another web address, or the body was changed on its way."
	}
	return "The signature was made with another secret, or the body was changed on its way."
}

// where names the header or the member that the verdict is about.
func (v Verdict) where() string {
	if v.InBody {
		return "value " + v.Place + " in the body"
	}
	return "header " + v.Place
}

func (v Verdict) allowed() time.Duration { return time.Duration(v.Tolerance) * time.Second }

// clocksApart is the age from which on a wrong clock is likelier than a slow delivery.
const clocksApart = 30 * time.Minute

// clocks compares the two clocks if they are far apart. It starts with a blank, or is "".
func (v Verdict) clocks(zone *time.Location) string {
	if v.Age().Abs() < clocksApart {
		return ""
	}
	theirs, ours := v.SignedAt.In(zone), v.ArrivedAt.In(zone)
	layout := "15:04"
	if theirs.YearDay() != ours.YearDay() || theirs.Year() != ours.Year() {
		layout = "2 January 2006, 15:04"
	}
	words := fmt.Sprintf(" The sender's clock says %s, ours %s.", theirs.Format(layout), ours.Format(layout))
	if v.Result == ResultTooOld {
		words += " One of them is wrong, or the call was held up or sent again."
	}
	return words
}

// spanWords says a duration in its two largest units, rounded: "7 minutes 12 seconds", "2 hours", "3 days 1 hour".
func spanWords(d time.Duration) string {
	if d = d.Abs(); d >= time.Hour-30*time.Second {
		d = d.Round(time.Minute)
	}
	if d >= 24*time.Hour {
		d = d.Round(time.Hour)
	}
	seconds := int64(d / time.Second)
	var words []string
	for _, unit := range []struct {
		name    string
		seconds int64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		n := seconds / unit.seconds
		seconds %= unit.seconds
		if n > 0 {
			words = append(words, countWord(n, unit.name))
		} else if len(words) > 0 {
			break
		}
		if len(words) == 2 {
			break
		}
	}
	if len(words) == 0 {
		return "less than a second"
	}
	return strings.Join(words, " ")
}

func countWord(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
