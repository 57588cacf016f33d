package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// figures are the results of one load.
type figures struct {
	PerSecond float64
	P50, P99  time.Duration
	Failed    int
}

// load calls a webhook over a number of connections, each with one call at a time, and prints its figures as JSON. Half of
// the calls are for existing contacts, half for new ones.
func load(args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	target := flags.String("url", "", "the webhook's URL")
	connections := flags.Int("connections", 1, "number of connections")
	known := flags.Int("known", 1, "number of existing contacts: 0@example.com and so on")
	warm := flags.Duration("warm", time.Second, "time before the measurement")
	lasting := flags.Duration("for", 4*time.Second, "time of the measurement")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client := &fasthttp.Client{MaxConnsPerHost: *connections, ReadTimeout: 20 * time.Second}
	from := time.Now().Add(*warm)
	until := from.Add(*lasting)
	var mu sync.Mutex
	var took []time.Duration
	failed := 0
	var callers sync.WaitGroup
	for range *connections {
		callers.Go(func() {
			mine, bad := caller(client, *target, *known, from, until)
			mu.Lock()
			defer mu.Unlock()
			took, failed = append(took, mine...), failed+bad
		})
	}
	callers.Wait()
	if len(took) == 0 {
		return fmt.Errorf("no call was answered; %d failed", failed)
	}
	slices.Sort(took)
	return json.NewEncoder(os.Stdout).Encode(figures{
		PerSecond: float64(len(took)) / lasting.Seconds(),
		P50:       took[len(took)/2], P99: took[len(took)*99/100], Failed: failed,
	})
}

// caller sends one call after the other until the time until. It returns how long each successful call took and how many
// calls failed, for calls sent after from.
func caller(client *fasthttp.Client, target string, known int, from, until time.Time) (took []time.Duration, failed int) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	request.SetRequestURI(target)
	request.Header.SetMethod("POST")
	request.Header.SetContentType("application/json")
	for {
		start := time.Now()
		if start.After(until) {
			return took, failed
		}
		address := fmt.Sprintf("new-%x@example.com", rand.Uint64())
		if rand.IntN(2) == 0 {
			address = fmt.Sprintf("%d@example.com", rand.IntN(known))
		}
		request.SetBodyString(fmt.Sprintf(`{"email_address":%q,"first_name":"Cersei","last_name":"Lannister %d","source":"bench"}`, address, rand.IntN(1000)))
		err := client.Do(request, response)
		switch {
		case start.Before(from):
		case err != nil || response.StatusCode() != 200:
			failed++
		default:
			took = append(took, time.Since(start))
		}
	}
}
