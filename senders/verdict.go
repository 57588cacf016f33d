package senders

import "time"

// SignatureResult says in one word what came out of the check of a request.
type SignatureResult string

const (
	ResultOK           SignatureResult = "ok"
	ResultNotChecked   SignatureResult = "not_checked"   // the scheme's form is none
	ResultNoHeader     SignatureResult = "no_header"     // the header, or the member of the body, is not there
	ResultWrong        SignatureResult = "wrong"         // Fault says why
	ResultTooOld       SignatureResult = "too_old"       // rightly signed, but longer ago than the tolerance
	ResultTooNew       SignatureResult = "too_new"       // rightly signed, but further ahead than the tolerance
	ResultNoSecret     SignatureResult = "no_secret"     // the webhook has no secret that can be used
	ResultOtherAddress SignatureResult = "other_address" // the client's address is in none of the networks
)

// SignatureResults lists every result.
var SignatureResults = []SignatureResult{
	ResultOK, ResultNotChecked, ResultNoHeader, ResultWrong, ResultTooOld, ResultTooNew, ResultNoSecret, ResultOtherAddress,
}

// SignatureFault says why a result is wrong.
type SignatureFault string

const (
	FaultMismatch    SignatureFault = "mismatch"     // made with another secret, or of other bytes
	FaultTwice       SignatureFault = "twice"        // the header or the member is there more than once
	FaultEmpty       SignatureFault = "empty"        // the header or the member holds nothing
	FaultNoSignature SignatureFault = "no_signature" // no part of the header is a signature of this form
	FaultUnreadable  SignatureFault = "unreadable"   // not written in the encoding
	FaultLength      SignatureFault = "length"       // not as long as the algorithm's signatures
	FaultTime        SignatureFault = "time"         // the signed time is missing or is no time
	FaultQuery       SignatureFault = "query"        // a GET carries its values in the query, which is not signed
	FaultForm        SignatureFault = "form"         // the settings name a form that does not exist
)

// SignatureFaults lists every fault.
var SignatureFaults = []SignatureFault{
	FaultMismatch, FaultTwice, FaultEmpty, FaultNoSignature, FaultUnreadable, FaultLength, FaultTime, FaultQuery, FaultForm,
}

// SecretUsed names the secret that matched.
type SecretUsed string

const (
	SecretNewer SecretUsed = "newer"
	SecretOlder SecretUsed = "older"
)

// Verdict is what came out of the check of a request. Its JSON is for the log: it holds settings and times, but nothing of
// a secret, of the sent signature or of the expected one.
type Verdict struct {
	Result     SignatureResult `json:"result"`
	Form       SignatureForm   `json:"form"`
	Fault      SignatureFault  `json:"fault,omitempty"`      // of ResultWrong
	Place      string          `json:"place,omitempty"`      // the header or the member that Result and Fault are about
	InBody     bool            `json:"in_body,omitempty"`    // Place is a member of the body, not a header
	Secret     SecretUsed      `json:"secret,omitempty"`     // which one matched; also of too_old and too_new
	Signatures int             `json:"signatures,omitempty"` // how many the header held
	SignedAt   time.Time       `json:"signed_at,omitzero"`   // by the sender's clock; zero if no time is signed
	ArrivedAt  time.Time       `json:"arrived_at,omitzero"`  // by ours; set if SignedAt is
	Tolerance  int             `json:"tolerance,omitempty"`  // seconds; set if SignedAt is
}

// Passes reports whether a webhook that enforces its signature takes the request.
func (v Verdict) Passes() bool { return v.Result == ResultOK || v.Result == ResultNotChecked }

// Age returns how long before its arrival the request was signed. It is negative if the sender's clock is ahead, and 0 if
// no time is signed.
func (v Verdict) Age() time.Duration { return v.ArrivedAt.Sub(v.SignedAt) }

// as returns the verdict with a result. place is the header or the member that the result is about.
func (v Verdict) as(result SignatureResult, fault SignatureFault, place string) Verdict {
	v.Result, v.Fault, v.Place = result, fault, place
	return v
}

// checkAddress is the verdict of the form addresses.
func (v Verdict) checkAddress(s Scheme, r SignedRequest) Verdict {
	client := r.Client.Unmap().WithZone("")
	for _, network := range s.Networks {
		if network.Contains(client) {
			v.Result = ResultOK
			return v
		}
	}
	v.Result = ResultOtherAddress
	return v
}

// checkTime compares the signed time of a request with a right signature.
func (v Verdict) checkTime() Verdict {
	tolerance := time.Duration(v.Tolerance) * time.Second
	switch age := v.Age(); {
	case v.SignedAt.IsZero():
		v.Result = ResultOK
	case age > tolerance:
		v.Result = ResultTooOld
	case age < -tolerance:
		v.Result = ResultTooNew
	default:
		v.Result = ResultOK
	}
	return v
}
