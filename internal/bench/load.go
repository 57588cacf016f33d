package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
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
	template := flags.String("call", "", "a file with a callTemplate; without it, calls have the documented format")
	known := flags.Int("known", 1, "number of existing contacts: 0@example.com and so on")
	warm := flags.Duration("warm", time.Second, "time before the measurement")
	lasting := flags.Duration("for", 4*time.Second, "time of the measurement")
	if err := flags.Parse(args); err != nil {
		return err
	}
	call, err := readTemplate(*template)
	if err != nil {
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
	from := time.Now().Add(*warm)
	until := from.Add(*lasting)
	var mu sync.Mutex
	var took []time.Duration
	failed, all := 0, 0
	var callers sync.WaitGroup
	for range *connections {
		callers.Go(func() {
			c := caller{urls: urls, template: call, addresses: *addresses, known: *known}
			defer c.hangUp()
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

// caller sends one call after the other over one connection. It writes and reads HTTP by hand: the load shares the cores with the
// program, so a costly client would hide what is measured.
type caller struct {
	urls      []string
	template  callTemplate
	addresses string
	known     int

	host    string // that conn is connected to; "" for none
	conn    net.Conn
	answers *bufio.Reader
	request []byte

	took     []time.Duration // of each call that was sent after the warm-up and answered with 200
	failed   int             // those that were answered otherwise
	answered int             // all that were answered with 200
}

func (c *caller) run(from, until time.Time) {
	for {
		start := time.Now()
		if start.After(until) {
			return
		}
		err := c.call(c.urls[rand.IntN(len(c.urls))])
		if err != nil {
			c.hangUp()
		} else {
			c.answered++
		}
		switch {
		case start.Before(from):
		case err == nil:
			c.took = append(c.took, time.Since(start))
		default:
			c.failed++
		}
	}
}

// call sends one call to an http URL. The error is nil if it was answered with 200.
func (c *caller) call(target string) error {
	host, path, _ := strings.Cut(strings.TrimPrefix(target, "http://"), "/")
	if c.host != host {
		c.hangUp()
		conn, err := net.Dial("tcp", host)
		if err != nil {
			return err
		}
		c.host, c.conn, c.answers = host, conn, bufio.NewReader(conn)
	}
	head, body := c.template.fill(c.address())
	c.request = fmt.Appendf(c.request[:0], "POST /%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s", path, host, len(body), head, body)
	if err := c.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	return c.readAnswer()
}

// readAnswer reads an answer whole. The error is nil if it is a 200.
func (c *caller) readAnswer() error {
	status, err := c.answers.ReadSlice('\n')
	if err != nil {
		return err
	}
	good, length := bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")), 0
	for {
		line, err := c.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
			if err != nil {
				return err
			}
		}
	}
	if _, err := c.answers.Discard(length); err != nil {
		return err
	}
	if !good {
		return errors.New("not answered with 200")
	}
	return nil
}

func (c *caller) hangUp() {
	if c.host != "" {
		c.conn.Close()
		c.host = ""
	}
}

func (c *caller) address() string {
	if c.addresses == "known" || c.addresses == "half" && rand.IntN(2) == 0 {
		return strconv.Itoa(rand.IntN(c.known)) + "@example.com"
	}
	return "new-" + strconv.FormatUint(rand.Uint64(), 16) + "@example.com"
}
