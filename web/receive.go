package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"campaignlark/models"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const receiveUsage = `use: campaignlark receive [--addr 127.0.0.1:8099] [--secret whsec_…] [--fail-every N]
It takes the deliveries of a destination and prints a line for each. With the destination's secret it checks the signatures.
With --fail-every 3 it answers every third one with 503, so that it is sent again.`

const (
	receivedBody = 1 << 20 // bytes of a message that are read
	receiveTime  = 15 * time.Second
)

// receiver takes deliveries, as another system would.
type receiver struct {
	out       io.Writer
	verify    *standardwebhooks.Webhook // nil without a secret
	failEvery int64                     // 0 for never
	taken     atomic.Int64
}

// receive is the command that takes deliveries until ctx ends, to try out destinations on one machine.
func (p program) receive(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("receive", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	addr := flags.String("addr", "127.0.0.1:8099", "")
	secret := flags.String("secret", "", "")
	r := &receiver{out: p.stdout}
	flags.Int64Var(&r.failEvery, "fail-every", 0, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || r.failEvery < 0 {
		return errors.New(receiveUsage)
	}
	if _, err := readListenAddr("--addr", *addr); err != nil {
		return err
	}
	if *secret != "" {
		var err error
		if r.verify, err = standardwebhooks.NewWebhook(*secret); err != nil {
			return errors.New("--secret must be the secret of a destination; it begins with whsec_")
		}
	}
	ln, err := listen("--addr", *addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Deliveries are taken at http://%s/\n", ln.Addr())
	return r.serve(ctx, ln)
}

// serve takes messages until ctx ends.
func (r *receiver) serve(ctx context.Context, ln net.Listener) error {
	server := &http.Server{Handler: r, ReadTimeout: receiveTime, WriteTimeout: receiveTime, ErrorLog: log.New(io.Discard, "", 0)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended:
		return fmt.Errorf("receiving ended: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = server.Shutdown(finish) // what is under way is sent again
	return nil
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, receivedBody))
	if err != nil {
		http.Error(w, "the message cannot be read", http.StatusBadRequest)
		return
	}
	status := http.StatusOK
	if n := r.taken.Add(1); r.failEvery > 0 && n%r.failEvery == 0 {
		status = http.StatusServiceUnavailable
	}
	var message struct {
		EventType string `json:"event_type"`
	}
	_ = json.Unmarshal(body, &message)
	fmt.Fprintf(r.out, "%s  %-22s %s  %s, answered %d\n", time.Now().Format(time.TimeOnly), printed(message.EventType),
		printed(request.Header.Get("webhook-id")), r.judge(body, request.Header), status)
	w.WriteHeader(status)
}

// judge says whether a message comes from the destination's own program.
func (r *receiver) judge(body []byte, headers http.Header) string {
	switch {
	case r.verify == nil:
		return "signature not checked"
	case r.verify.Verify(body, headers) != nil:
		return "SIGNATURE NOT VALID"
	}
	return "signature valid"
}

// printed returns a text of a message for a terminal: short, on one line, "-" for nothing.
func printed(text string) string {
	clean := strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) || unicode.IsSpace(c) {
			return -1
		}
		return c
	}, text)
	return cmp.Or(models.Shorten(clean, 64), "-")
}
