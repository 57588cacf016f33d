package deliveries

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Limits of an attempt.
const (
	sendTime     = 15 * time.Second
	maxAnswer    = 10 << 10 // bytes of an answer that are read and kept
	maxHead      = 64 << 10 // bytes of an answer's headers
	idleConns    = 64       // open connections that wait for the next delivery
	idleToOne    = 8        // of them to one destination
	idleConnTime = 4 * time.Second
)

// agentName is the name of this program in the header User-Agent; its version follows.
const agentName = "CampaignLark/"

// Message is what an attempt sends.
type Message struct {
	ID      string // the same at every attempt: models.Delivery.MessageID
	URL     string
	Secrets []string // the newest first
	Headers http.Header
	Body    []byte
}

// Result is what came out of an attempt.
type Result struct {
	Status     int           // of the answer, 0 for none
	Code       Code          // "" if the answer has a status from 200 to 299
	RetryAfter time.Duration // the wait that the answer asks for, 0 for none
	Duration   time.Duration
	Answer     []byte // its first 10 KB
	CutOff     bool   // the answer broke off after its status
}

// Client makes attempts. It is safe for concurrent use.
type Client struct {
	secure, plain *http.Transport
	agent         string
	wait          time.Duration
}

// clientOptions are the parts of a Client. The zero value of a field means the usual one.
type clientOptions struct {
	allow    []netip.Prefix // networks of OUTBOUND_ALLOW
	version  string         // of this program
	wait     time.Duration  // for an attempt in all
	roots    *x509.CertPool
	resolver *net.Resolver
}

func newClient(o clientOptions) *Client {
	if o.wait == 0 {
		o.wait = sendTime
	}
	return &Client{
		secure: transport(publicOrAllowed(o.allow), o), plain: transport(allowedOnly(o.allow), o),
		agent: agentName + o.version, wait: o.wait,
	}
}

// transport returns connections to the addresses that may passes. It takes no proxy from the environment, since a proxy would connect to
// any address. It speaks HTTP/1.1, with one delivery on a connection at a time, so that a broken connection costs one attempt. Servers
// commonly close an idle connection after five seconds; it closes first, so that no delivery meets a connection that is just closing.
func transport(may check, o clientOptions) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext: dialer(may, o.resolver), Protocols: protocols, TLSClientConfig: &tls.Config{RootCAs: o.roots}, TLSHandshakeTimeout: o.wait,
		MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleToOne, IdleConnTimeout: idleConnTime,
		MaxResponseHeaderBytes: maxHead, DisableCompression: true,
	}
}

// Close closes the connections that wait for the next delivery.
func (c *Client) Close() {
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// Send makes one attempt that starts at the instant at. The status decides what came out of it, even if the rest of the answer is cut off
// or comes too late: the receiver has taken the message, or not. A redirect is a failure.
func (c *Client) Send(ctx context.Context, m Message, at time.Time) (r Result) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	defer func() { r.Duration = time.Since(start) }()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Result{Code: CodeAddress}
	}
	for name, values := range m.Headers {
		request.Header[name] = values
	}
	for name, values := range Sign(m.Secrets, m.ID, at, m.Body) {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", c.agent)
	way := c.secure
	if request.URL.Scheme != "https" {
		way = c.plain
	}
	answer, err := way.RoundTrip(request)
	if err != nil {
		return Result{Code: codeOf(ctx, err)}
	}
	defer answer.Body.Close()
	r = Result{Status: answer.StatusCode, Code: codeOfStatus(answer.StatusCode)}
	r.Answer, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	r.CutOff = err != nil
	if r.Code != CodeNone {
		r.RetryAfter = readRetryAfter(answer.Header.Get("Retry-After"), at.Add(time.Since(start)))
	}
	return r
}
