package e2e

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Client is an HTTP client that acts as a person's browser. It keeps cookies and the token for forms. It does not follow
// redirects.
type Client struct {
	t    testing.TB
	base string
	http *http.Client
}

// Answer is a response with its whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// NewClient returns a client without a session. Its paths are relative to base.
func NewClient(t testing.TB, base string) *Client {
	jar, _ := cookiejar.New(nil)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{t: t, base: base, http: &http.Client{
		Jar: jar, Timeout: patience, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// SignIn signs a person in.
func (c *Client) SignIn(email, password string) {
	c.t.Helper()
	if a := c.Post("/login", "email", email, "password", password); a.Status != http.StatusSeeOther {
		c.t.Fatalf("got %d for signing in, want 303:\n%s", a.Status, a.Body)
	}
}

// Get fetches a path, or a whole URL of the program.
func (c *Client) Get(path string) Answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url(path), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.send(r)
}

// Download fetches a path and throws the content away, until ctx ends. It returns the size.
func (c *Client) Download(ctx context.Context, path string) (bytes int64) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url(path), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	patient := *c.http
	patient.Timeout = 0
	response, err := patient.Do(r)
	if err == nil {
		defer response.Body.Close()
		bytes, err = io.Copy(io.Discard, response.Body)
	}
	if err != nil && ctx.Err() == nil {
		c.t.Error(err)
	}
	return bytes
}

var tokenField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// Post sends a form with the session's token. fields are pairs of name and value.
func (c *Client) Post(path string, fields ...string) Answer {
	c.t.Helper()
	if found := tokenField.FindStringSubmatch(c.Get("/account").Body); found != nil {
		fields = append(fields, "csrf", found[1])
	}
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url(path), strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", c.base)
	return c.send(r)
}

func (c *Client) url(path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return c.base + path
}

func (c *Client) send(r *http.Request) Answer {
	c.t.Helper()
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return Answer{response.StatusCode, response.Header, string(body)}
}
