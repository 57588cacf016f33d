package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// figures are the results of one load.
type figures struct {
	PerSecond float64
	P50       time.Duration
	P99       time.Duration
	P999      time.Duration
	All       int // calls that were answered with 200, the uncounted ones too
	Failed    int
}

// load calls a webhook over a number of connections, each with one call at a time, and prints its figures as JSON. Half of
// the calls are for existing contacts, half for new ones.
func load(args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	target := flags.String("url", "", "the webhook's URL, or what stands before the hash if there are -hashes")
	hashes := flags.String("hashes", "", "a file with the hash of a webhook on each line; calls are spread over them")
	addresses := flags.String("addresses", "half", "new, known, or half of each")
	connections := flags.Int("connections", 1, "number of connections")
	known := flags.Int("known", 1, "number of existing contacts: 0@example.com and so on")
	warm := flags.Duration("warm", time.Second, "time before the measurement")
	lasting := flags.Duration("for", 4*time.Second, "time of the measurement")
	if err := flags.Parse(args); err != nil {
		return err
	}
	urls := []string{*target}
	if *hashes != "" {
		text, err := os.ReadFile(*hashes)
		if err != nil {
			return err
		}
		urls = strings.Fields(string(text))
		for i := range urls {
			urls[i] = *target + urls[i]
		}
	}
	client := &fasthttp.Client{MaxConnsPerHost: *connections, ReadTimeout: 20 * time.Second}
	from := time.Now().Add(*warm)
	until := from.Add(*lasting)
	var mu sync.Mutex
	var took []time.Duration
	failed, all := 0, 0
	var callers sync.WaitGroup
	for range *connections {
		callers.Go(func() {
			c := caller{client: client, urls: urls, addresses: *addresses, known: *known}
			c.run(from, until)
			mu.Lock()
			defer mu.Unlock()
			took, failed, all = append(took, c.took...), failed+c.failed, all+c.answered
		})
	}
	callers.Wait()
	if len(took) == 0 {
		return fmt.Errorf("no call was answered; %d failed", failed)
	}
	slices.Sort(took)
	return json.NewEncoder(os.Stdout).Encode(figures{
		PerSecond: float64(len(took)) / lasting.Seconds(),
		P50:       took[len(took)/2], P99: took[len(took)*99/100], P999: took[len(took)*999/1000], All: all, Failed: failed,
	})
}

// caller sends one call after the other.
type caller struct {
	client    *fasthttp.Client
	urls      []string
	addresses string
	known     int

	took     []time.Duration // of each call that was sent after the warm-up and answered with 200
	failed   int             // those that were answered otherwise
	answered int             // all that were answered with 200
}

func (c *caller) run(from, until time.Time) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	request.Header.SetMethod("POST")
	request.Header.SetContentType("application/json")
	for {
		start := time.Now()
		if start.After(until) {
			return
		}
		request.SetRequestURI(c.urls[rand.IntN(len(c.urls))])
		request.SetBodyString(fmt.Sprintf(`{"email_address":%q,"first_name":"Cersei","last_name":"Lannister %d","source":"bench"}`, c.address(), rand.IntN(1000)))
		err := c.client.Do(request, response)
		good := err == nil && response.StatusCode() == 200
		if good {
			c.answered++
		}
		switch {
		case start.Before(from):
		case good:
			c.took = append(c.took, time.Since(start))
		default:
			c.failed++
		}
	}
}

func (c *caller) address() string {
	if c.addresses == "known" || c.addresses == "half" && rand.IntN(2) == 0 {
		return fmt.Sprintf("%d@example.com", rand.IntN(c.known))
	}
	return fmt.Sprintf("new-%x@example.com", rand.Uint64())
}
