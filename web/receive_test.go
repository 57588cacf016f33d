package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
)

// TestReceiveCommand takes three messages as a destination's deliveries come, of which every third fails.
func TestReceiveCommand(t *testing.T) {
	t.Parallel()
	secret := deliveries.NewSecret()
	read, write := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		p := program{getenv: env(), stdout: write, stderr: write}
		code <- p.run(ctx, []string{"receive", "--addr", "127.0.0.1:0", "--secret", secret, "--fail-every", "3"})
		write.Close()
	}()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(read); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	_, url, found := strings.Cut(<-lines, "taken at ")
	if !found {
		t.Fatal("the command does not say where it takes deliveries")
	}
	for i, c := range []struct {
		signer, body string
		status       int
		says         []string
	}{
		{secret, `{"event_type":"contact.subscribed"}`, 200, []string{"contact.subscribed", "msg_1", "signature valid, answered 200"}},
		{deliveries.NewSecret(), "{\"event_type\":\"\\u001b[31m\\ntag\"}", 200, []string{" [31mtag ", "SIGNATURE NOT VALID"}},
		{secret, `no JSON`, 503, []string{" - ", "signature valid, answered 503"}},
	} {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"in", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = deliveries.Sign([]string{c.signer}, "msg_1", time.Now(), []byte(c.body))
		answers := make(chan int, 1)
		go func() {
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				answers <- 0
				return
			}
			answer.Body.Close()
			answers <- answer.StatusCode
		}()
		line := <-lines
		if status := <-answers; status != c.status {
			t.Errorf("message %d: got %d, want %d", i, status, c.status)
		}
		for _, says := range c.says {
			if !strings.Contains(line, says) {
				t.Errorf("message %d: got the line %q, want %q in it", i, line, says)
			}
		}
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("got exit code %d, want 0", got)
	}
}

func TestReceiveRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"use: campaignlark receive":    {"now"},
		"[--fail-every N]":             {"--fail-every", "-1"},
		"--addr is \"8099\"":           {"--addr", "8099"},
		"--secret must be the secret ": {"--secret", "whsec_?"},
	} {
		var out bytes.Buffer
		p := program{getenv: env(), stdout: &out, stderr: &out}
		if code := p.run(t.Context(), append([]string{"receive"}, args...)); code != 1 || !strings.Contains(out.String(), says) {
			t.Errorf("receive %v: got %d and %q, want 1 and %q", args, code, out.String(), says)
		}
	}
}
