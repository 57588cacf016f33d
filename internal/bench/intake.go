package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models/store"
)

// candidate is a program to measure. Each candidate has a separate database.
type candidate struct {
	name   string
	mapped bool // it can read calls by a mapping
	start  func(ctx context.Context, databaseURL string) (*process, error)
	url    string
	calls  targets
	fill   func(ctx context.Context, db *store.DB, hashes string) error // adds to the workspace of the webhook in a file; nil for nothing
}

// scenario is a load on the endpoint.
type scenario struct {
	name        string
	connections int
	addresses   string // of the load: new, known
	target      func(targets) string
	contacts    int                          // of the large workspace, for a load on it
	call        func() (callTemplate, error) // nil for calls in the documented format
}

func (s scenario) String() string { return fmt.Sprintf("%s, %d", s.name, s.connections) }

// plain is the scenario with which others are compared.
var plain = scenario{"new addresses", 64, "new", targets.oneWebhook, 0, nil}

var scenarios = []scenario{
	{"new addresses", 1, "new", targets.oneWebhook, 0, nil},
	plain,
	{"new addresses", 256, "new", targets.oneWebhook, 0, nil},
	{"1,000 known addresses", 64, "known", targets.oneWebhook, 0, nil},
	{"new addresses, 1,000 webhooks", 64, "new", targets.manyWebhooks, 0, nil},
	{"new, among 1,000,000 contacts", 64, "new", targets.largeWorkspace, 1_000_000, nil},
	{"with an Idempotency-Key", 64, "new", targets.oneWebhook, 0, func() (callTemplate, error) {
		c := plainCall
		c.Head = "Idempotency-Key: " + idHere + "\r\n"
		return c, nil
	}},
	{"Typeform, mapped", 64, "new", targets.typeformHook, 0, func() (callTemplate, error) { return templateOf(typeformKey) }},
	{"Stripe, signed and mapped", 64, "new", targets.stripeHook, 0, func() (callTemplate, error) { return templateOf(stripeKey) }},
}

// Senders of the loads, by their keys in the catalogue.
const (
	typeformKey = "typeform"
	stripeKey   = "stripe_checkout"
)

func templateOf(key string) (callTemplate, error) {
	c, _, err := sampleCall(key)
	return c, err
}

// sample is what one load measured.
type sample struct {
	load            figures
	program, server time.Duration // CPU a call of the program and of Postgres
	memory          float64       // bytes of the program
	wal             float64       // bytes a call
	batch           float64       // calls a batch
}

// benchIntake measures the endpoint of the program at -now against that of the one at -base, in turns.
func benchIntake(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("intake", flag.ContinueOnError)
	base := flags.String("base", "", "the binary of the program to compare with")
	now := flags.String("now", "", "the binary of the program to measure")
	rounds := flags.Int("rounds", 3, "how often each load runs; the medians are printed")
	lasting := flags.Duration("for", 4*time.Second, "length of a load")
	database := flags.String("database", "", "measure on one database: sqlite or postgres")
	only := flags.String("only", "", "measure the loads with this text in their name and connections, such as: new addresses, 64")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *base == "" || *now == "" {
		return errors.New("-now and -base are needed: make bench-intake builds both")
	}
	candidates := []candidate{{name: "now", mapped: true, start: startProgram(*now)}, {name: "base", start: startProgram(*base)}}
	dir, err := os.MkdirTemp("", "campaignlark-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, dialect := range []store.Dialect{store.SQLite, store.Postgres} {
		if *database != "" && *database != string(dialect) {
			continue
		}
		b := intakeBench{dialect: dialect, rounds: *rounds, lasting: *lasting, only: *only, candidates: slices.Clone(candidates)}
		if err := b.run(ctx, dir); err != nil {
			return fmt.Errorf("%s: %w", dialect, err)
		}
	}
	return nil
}

type intakeBench struct {
	dialect    store.Dialect
	postgres   *dbtest.Server // nil on SQLite
	rounds     int
	lasting    time.Duration
	only       string
	candidates []candidate
	plain      []float64 // calls a second of each candidate with the plain scenario, once it is measured
}

func (b *intakeBench) run(ctx context.Context, dir string) (err error) {
	if b.dialect == store.Postgres {
		if b.postgres, err = dbtest.StartPostgres("max_connections=200"); err != nil { // with its default durability
			return err
		}
		defer b.postgres.Stop()
	}
	var loads []scenario
	many := 0 // contacts of the large workspace: none if no load needs them
	for _, s := range scenarios {
		if strings.Contains(s.String(), b.only) {
			loads = append(loads, s)
			many = max(many, s.contacts)
		}
	}
	for i := range b.candidates {
		c := &b.candidates[i]
		if c.url, err = b.database(dir, i); err != nil {
			return err
		}
		if c.calls, err = prepare(ctx, *c, dir, many); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	fmt.Printf("\n%s, %d rounds of %s, medians\n", b.dialect, b.rounds, b.lasting)
	fmt.Printf("%-30s %5s  %-22s %9s %9s %9s %9s %11s %11s %9s %9s %8s %7s\n", "", "conns", "", "calls/s", "p50", "p99", "p99.9", "CPU program", "CPU server", "WAL/call", "memory", "a batch", "failed")
	for _, s := range loads {
		samples := make([][]sample, len(b.candidates))
		for range b.rounds {
			for i, c := range b.candidates {
				if s.call != nil && !c.mapped {
					continue // compared with the documented format alone
				}
				one, err := b.measure(ctx, c, s)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", c.name, s.name, err)
				}
				samples[i] = append(samples[i], one)
			}
		}
		b.report(s, samples)
	}
	return b.reportWire(ctx)
}

// database creates an empty database and returns its address.
func (b *intakeBench) database(dir string, number int) (string, error) {
	if b.dialect == store.SQLite {
		return "sqlite://" + filepath.Join(dir, fmt.Sprintf("bench%d.db", number)), nil
	}
	return b.postgres.Create(fmt.Sprintf("bench%d", number))
}

// measure starts the program and puts one load on it.
func (b *intakeBench) measure(ctx context.Context, c candidate, s scenario) (one sample, err error) {
	p, err := c.start(ctx, c.url)
	if err != nil {
		return one, err
	}
	defer p.stop()
	if err := p.settle(); err != nil {
		return one, err
	}
	cpu, err := p.cpu()
	if err != nil {
		return one, err
	}
	server, wal, err := b.serverUse(ctx)
	if err != nil {
		return one, err
	}
	batches, grouped := p.batches()
	template, err := s.write()
	if err != nil {
		return one, err
	}
	if one.load, err = callLoad(ctx, "-call", template, "-url", "http://"+p.addr+"/v1/inbound-webhooks/", "-hashes", s.target(c.calls), "-addresses", s.addresses,
		"-known", "1000", "-connections", strconv.Itoa(s.connections), "-for", b.lasting.String()); err != nil {
		return one, err
	}
	calls := float64(one.load.All)
	after, err := p.cpu()
	if err != nil {
		return one, err
	}
	one.program, one.memory = time.Duration(float64(after-cpu)/calls), p.memory()
	if n, g := p.batches(); n > batches {
		one.batch = (g - grouped) / (n - batches)
	}
	serverAfter, walAfter, err := b.serverUse(ctx)
	one.server, one.wal = time.Duration(float64(serverAfter-server)/calls), float64(walAfter-wal)/calls
	return one, err
}

// write writes the calls of the load to a file, and returns its path; "" for calls in the documented format.
func (s scenario) write() (path string, err error) {
	if s.call == nil {
		return "", nil
	}
	c, err := s.call()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	path = filepath.Join(os.TempDir(), fmt.Sprintf("campaignlark-bench-call-%d", os.Getpid()))
	return path, os.WriteFile(path, text, 0o600)
}

// serverUse returns the CPU that Postgres has used, and the bytes of WAL it has written. Both are zero on SQLite.
func (b *intakeBench) serverUse(ctx context.Context) (cpu time.Duration, wal int64, err error) {
	if b.postgres == nil {
		return 0, 0, nil
	}
	if wal, err = b.postgres.WAL(ctx); err != nil {
		return 0, 0, err
	}
	cpu, err = familyCPU(b.postgres.PID())
	return cpu, wal, err
}

// report prints the medians of each candidate, and the first one's ratios to the second.
func (b *intakeBench) report(s scenario, samples [][]sample) {
	columns := []func(sample) float64{
		func(s sample) float64 { return s.load.PerSecond }, func(s sample) float64 { return float64(s.load.P50) }, func(s sample) float64 { return float64(s.load.P99) },
		func(s sample) float64 { return float64(s.load.P999) }, func(s sample) float64 { return float64(s.program) }, func(s sample) float64 { return float64(s.server) },
		func(s sample) float64 { return s.wal }, func(s sample) float64 { return s.memory }, func(s sample) float64 { return s.batch },
		func(s sample) float64 { return float64(s.program + s.server) },
	}
	var medians [2][]float64
	for i, c := range b.candidates {
		if len(samples[i]) == 0 {
			continue
		}
		failed := 0
		for _, one := range samples[i] {
			failed += one.load.Failed
		}
		for _, value := range columns {
			var all []float64
			for _, one := range samples[i] {
				all = append(all, value(one))
			}
			slices.Sort(all)
			medians[i] = append(medians[i], all[len(all)/2])
		}
		m := medians[i]
		short := func(ns float64) string { return time.Duration(ns).Round(10 * time.Microsecond).String() }
		fmt.Printf("%-30s %5d  %-22s %9.0f %9s %9s %9s %11s %11s %9.0f %6.0f MB %8.1f %7d\n", s.name, s.connections, c.name, m[0], short(m[1]), short(m[2]), short(m[3]),
			time.Duration(m[4]).Round(time.Microsecond), time.Duration(m[5]).Round(time.Microsecond), m[6], m[7]/(1<<20), m[8], failed)
	}
	if len(samples[1]) == 0 {
		if b.plain != nil {
			fmt.Printf("%-30s %5s  calls/s against those of the documented format: %.2fx\n", "", "", medians[0][0]/b.plain[0])
		}
		return
	}
	ratio := func(column int) string {
		if medians[1][column] == 0 {
			return "–"
		}
		return fmt.Sprintf("%.2fx", medians[0][column]/medians[1][column])
	}
	fmt.Printf("%-30s %5s  %-22s %9s %9s %9s %9s %11s %11s %9s %9s %8s   CPU of both %s\n", "", "", "ratio", ratio(0), ratio(1), ratio(2), ratio(3), ratio(4), ratio(5), ratio(6), ratio(7), ratio(8), ratio(9))
	perSecond := []float64{medians[0][0], medians[1][0]}
	if s.String() == plain.String() {
		b.plain = perSecond
	} else if b.plain != nil && s.connections == plain.connections {
		fmt.Printf("%-30s %5s  calls/s against those for new addresses: %.2fx now, %.2fx base\n", "", "", perSecond[0]/b.plain[0], perSecond[1]/b.plain[1])
	}
}

// reportWire prints how many statements and round trips to Postgres a batch of the plain scenario takes. What runs in the background
// counts too.
func (b *intakeBench) reportWire(ctx context.Context) error {
	if b.postgres == nil {
		return nil
	}
	for _, c := range b.candidates {
		if err := c.countWire(ctx); err != nil {
			return fmt.Errorf("%s, statements: %w", c.name, err)
		}
	}
	return nil
}

func (c candidate) countWire(ctx context.Context) error {
	w, through, err := newWire(c.url)
	if err != nil {
		return err
	}
	defer w.close()
	p, err := c.start(ctx, through)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.settle(); err != nil {
		return err
	}
	statements, trips := w.statements.Load(), w.roundTrips.Load()
	batches, calls := p.batches()
	if _, err := callLoad(ctx, "-url", "http://"+p.addr+"/v1/inbound-webhooks/", "-hashes", plain.target(c.calls), "-connections", strconv.Itoa(plain.connections),
		"-addresses", plain.addresses, "-for", "2s"); err != nil {
		return err
	}
	statements, trips = w.statements.Load()-statements, w.roundTrips.Load()-trips
	after, callsAfter := p.batches()
	n := after - batches
	fmt.Printf("%-30s %5d  %-22s a batch of %.1f calls: %.1f statements, %.1f round trips\n", plain.name, plain.connections, c.name, (callsAfter-calls)/n, float64(statements)/n, float64(trips)/n)
	return nil
}

// callLoad puts a load on webhooks, from a separate process with the given flags.
func callLoad(ctx context.Context, flags ...string) (f figures, err error) {
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	load := exec.CommandContext(ctx, self, append([]string{"load"}, flags...)...)
	load.Stderr = os.Stderr
	printed, err := load.Output()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(printed, &f)
}

// metric returns the value of a line in Prometheus' text format, 0 if there is none.
func metric(text, name string) float64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return n
		}
	}
	return 0
}
