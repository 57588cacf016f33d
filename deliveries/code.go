package deliveries

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
)

// Code says why an attempt failed.
type Code string

const (
	CodeNone       Code = "" // it did not fail
	CodeDNS        Code = "dns"
	CodeRefused    Code = "refused"
	CodeTLS        Code = "tls"         // in another way than the next four
	CodeExpired    Code = "tls_expired" // the certificate is not valid yet, or not any more
	CodeName       Code = "tls_name"    // it is for another name
	CodeAuthority  Code = "tls_authority"
	CodeNoTLS      Code = "no_tls"
	CodeTimeout    Code = "timeout"
	CodeReset      Code = "reset"
	CodeAddress    Code = "address"
	CodeRedirect   Code = "redirect"
	CodeStatus     Code = "status"
	CodeUnreadable Code = "unreadable"
	CodeSecret     Code = "secret" // what the destination's row holds cannot be decrypted
	CodeFault      Code = "fault"  // of this program
)

// Codes lists every code of a failed attempt.
var Codes = []Code{CodeDNS, CodeRefused, CodeTLS, CodeExpired, CodeName, CodeAuthority, CodeNoTLS, CodeTimeout, CodeReset, CodeAddress, CodeRedirect, CodeStatus, CodeUnreadable, CodeSecret, CodeFault}

// Words returns a sentence that says what came out of an attempt, from its code and the status of the answer.
func Words(code Code, status int) string {
	switch code {
	case CodeNone:
		return "It answered " + statusWords(status) + "."
	case CodeDNS:
		return "The name in the address was not found."
	case CodeRefused:
		return "No connection was possible: nothing takes calls at this address."
	case CodeTLS:
		return "No secure connection was possible: the certificate is not valid for this address, or both sides found no common kind of TLS."
	case CodeExpired:
		return "No secure connection was possible: the certificate has expired, or is not valid yet."
	case CodeName:
		return "No secure connection was possible: the certificate is for another name than the one in the address."
	case CodeAuthority:
		return "No secure connection was possible: the certificate was issued by an authority that is not known here. It may be self-signed, or the server may not send the whole chain."
	case CodeNoTLS:
		return "No secure connection was possible: what answers at this address has no TLS. It may be meant for another port."
	case CodeTimeout:
		return "There was no answer in time."
	case CodeReset:
		return "The connection was closed before there was an answer."
	case CodeAddress:
		return "The address leads into a private network or to this machine, where deliveries may not go."
	case CodeRedirect:
		return "It answered " + statusWords(status) + ", which names another address. Deliveries do not follow it: enter the other address here."
	case CodeStatus:
		return "It answered " + statusWords(status) + "."
	case CodeUnreadable:
		return "The answer could not be read: it is not HTTP."
	case CodeSecret:
		return "It could not be signed: the stored secret or headers cannot be decrypted. Bring back SECRET_KEY, or make a new secret."
	}
	return "It was not sent because of a fault in this program."
}

func statusWords(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

func codeOfStatus(status int) Code {
	switch status / 100 {
	case 2:
		return CodeNone
	case 3:
		return CodeRedirect
	}
	return CodeStatus
}

// codeOf returns the code for the error of a request with the context ctx.
func codeOf(ctx context.Context, err error) Code {
	var dns *net.DNSError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, errAddress):
		return CodeAddress
	case errors.As(err, &dns):
		return CodeDNS
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return CodeTimeout
	case isTLS(err):
		return codeOfTLS(err)
	case errors.As(err, &op) && op.Op == "dial":
		return CodeRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return CodeReset
	}
	return CodeUnreadable
}

// codeOfTLS tells the errors of a handshake apart.
func codeOfTLS(err error) Code {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return CodeExpired
	case errors.As(err, &name):
		return CodeName
	case errors.As(err, &authority):
		return CodeAuthority
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return CodeNoTLS
	}
	return CodeTLS
}

// isTLS reports whether err comes from the handshake. Several of its errors have no type.
func isTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) || strings.Contains(err.Error(), "tls: ")
}
