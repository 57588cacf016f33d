package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"campaignlark/handlers"
	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
)

// Limits of what a page may cost (README "Figures"), and how often each page is visited.
const (
	mostStatements = 12
	mostP95        = 50 * time.Millisecond
	mostBytes      = 60_000 // sent for the first visit, with stylesheet, script and icon
	visits         = 60     // of each page
)

// reference is the page that the others are compared with: the frame with almost no content.
const reference = "/account"

// benchPages visits every page of a full workspace many times, on both databases. The arguments select a database (sqlite or
// postgres) and pages, by a part of their address; the flag before them the number of contacts.
func benchPages(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("pages", flag.ContinueOnError)
	contacts := flags.Int("contacts", pageContacts, "contacts of the workspace")
	if err := flags.Parse(args); err != nil {
		return err
	}
	args = flags.Args()
	name := "pages"
	if *contacts != pageContacts {
		name = fmt.Sprintf("pages-%d", *contacts)
	}
	kept, err := keep(name, 24*time.Hour) // the pages show the last hours and days
	if err != nil {
		return err
	}
	postgres, err := dbtest.KeepPostgres(kept.path("postgres"))
	if err != nil {
		return err
	}
	defer postgres.Stop()
	databases := map[string]string{"sqlite": "sqlite://" + kept.path("sqlite.db"), "postgres": postgres.URL("campaignlark")}
	for name, url := range databases {
		if !kept.full {
			from := time.Now()
			if err := fillPages(ctx, url, *contacts, pageCalls, pageDays); err != nil {
				return fmt.Errorf("filling %s: %w", name, err)
			}
			fmt.Printf("%s is filled, for this run and the next ones: %.0f s\n", name, time.Since(from).Seconds())
		}
	}
	if err := kept.done(); err != nil {
		return err
	}
	asked := func(arg string) bool { return databases[arg] != "" }
	parts, over := slices.DeleteFunc(slices.Clone(args), asked), 0
	for _, name := range []string{"sqlite", "postgres"} {
		if slices.ContainsFunc(args, asked) && !slices.Contains(args, name) {
			continue
		}
		n, err := benchPagesOf(ctx, name, databases[name], *contacts, parts)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		over += n
	}
	if over > 0 {
		return fmt.Errorf("%d pages are over a limit", over)
	}
	return nil
}

// benchPagesOf measures the pages on one database whose addresses contain one of the parts, or all pages if there are no
// parts. It returns how many pages are over a limit.
func benchPagesOf(ctx context.Context, name, databaseURL string, contacts int, parts []string) (over int, err error) {
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	ws, err := store.First[models.Workspace](db.Read(ctx).Order("id"))
	if err != nil {
		return 0, err
	}
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return 0, err
	}
	if err := tidy(ctx, db); err != nil {
		return 0, err
	}
	b, err := openBrowser(ctx, db)
	if err != nil {
		return 0, err
	}
	defer b.close()
	if err := b.setScene(ctx, db, ws); err != nil {
		return 0, err
	}
	fields, err := b.formFields()
	if err != nil {
		return 0, err
	}
	pages, err := pagesOf(ctx, db, ws, fields)
	if err != nil {
		return 0, err
	}
	standard, err := b.measure(page{path: reference})
	if err != nil {
		return 0, err
	}
	fmt.Printf("\n%s, %d contacts, %d calls in the log\n", name, contacts, pageCalls)
	fmt.Printf("%-58s %6s %9s %9s %11s %9s\n", "page", "ratio", "p50", "p95", "statements", "bytes")
	for _, page := range pages {
		if len(parts) > 0 && !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(page.String(), part) }) {
			continue
		}
		f, err := b.measure(page)
		if err != nil {
			return over, err
		}
		verdict := ""
		if f.statements > mostStatements || f.p95 > mostP95 || f.bytes > mostBytes {
			verdict = "  over the limit"
			over++
		}
		fmt.Printf("%-58s %5.1fx %9s %9s %11d %9d%s\n", page, float64(f.p50)/float64(standard.p50),
			f.p50.Round(10*time.Microsecond), f.p95.Round(10*time.Microsecond), f.statements, f.bytes, verdict)
	}
	return over, nil
}

// browser is an admin's browser and its server, in one process, so that the statements of each page can be counted.
type browser struct {
	base       string
	http       *http.Client
	statements *atomic.Int64
	intake     *intake.Pipeline
	assets     int // bytes of stylesheet, script and icon, as they are sent
	stop       func()
}

func (b *browser) close() { b.stop() }

// openBrowser starts a server on db and signs the benchmark's admin in.
func openBrowser(ctx context.Context, db *store.DB) (*browser, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	cipher, err := secrets.Load(secretKey, "") // for the pages of destinations
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	pipeline := intake.New(db, intake.Options{Wait: 10 * time.Second, Log: log, Cipher: cipher})
	db.RestBeside(func() int64 { // as the program does
		calls, _ := pipeline.Waiting()
		return calls
	})
	public := &url.URL{Scheme: "http", Host: ln.Addr().String()}
	server := handlers.New(handlers.Options{Config: handlers.Config{PublicURL: public, LogRetentionDays: 30}, DB: db, Cipher: cipher, Intake: pipeline, Log: log})
	go server.Serve(ln)
	statements, err := dbtest.CountStatements(ctx, db)
	if err != nil {
		return nil, err
	}
	jar, _ := cookiejar.New(nil)
	b := &browser{base: public.String(), http: &http.Client{Jar: jar, Timeout: time.Minute}, statements: statements, intake: pipeline,
		stop: func() { ln.Close(); pipeline.Close(ctx) }}
	login, err := b.visit(page{path: "/login", form: url.Values{"email": {pageAdmin}, "password": {pagePassword}}})
	if err != nil || login.status != http.StatusOK {
		return nil, fmt.Errorf("signing in was answered with %d (%w)", login.status, err)
	}
	for _, asset := range assetLink.FindAllStringSubmatch(string(login.body), -1) {
		file, err := b.visit(page{path: asset[1]})
		if err != nil {
			return nil, err
		}
		b.assets += file.sent
	}
	return b, nil
}

var assetLink = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

// pageFigures are the costs of one page.
type pageFigures struct {
	p50, p95   time.Duration
	statements int64 // of the visit with the most
	bytes      int   // sent for the first visit, with stylesheet, script and icon
}

// measure visits a page many times and returns its costs.
func (b *browser) measure(p page) (f pageFigures, err error) {
	var took []time.Duration
	for visit := range visits + 3 {
		before, from := b.statements.Load(), time.Now()
		got, err := b.visit(p)
		if err != nil {
			return f, err
		}
		if got.status != http.StatusOK {
			return f, fmt.Errorf("%s was answered with %d", p, got.status)
		}
		if visit < 3 { // plans and caches are cold
			continue
		}
		took = append(took, time.Since(from))
		f.statements = max(f.statements, b.statements.Load()-before)
		f.bytes = got.sent + b.assets
	}
	slices.Sort(took)
	f.p50, f.p95 = took[len(took)/2], took[len(took)*95/100]
	return f, nil
}

// answer is a page as it came: its bytes, and how many of them were sent.
type answer struct {
	status int
	body   []byte
	sent   int
}

// visit fetches a page, compressed.
func (b *browser) visit(p page) (a answer, err error) {
	method, form := http.MethodGet, io.Reader(nil)
	if p.form != nil {
		method, form = http.MethodPost, strings.NewReader(p.form.Encode())
	}
	request, err := http.NewRequest(method, b.base+p.path, form)
	if err != nil {
		return a, err
	}
	request.Header.Set("Accept-Encoding", "gzip") // the client does not unpack it then
	if p.form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.http.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	a.status = response.StatusCode
	a.body, err = io.ReadAll(response.Body)
	a.sent = len(a.body)
	if err != nil || response.Header.Get("Content-Encoding") != "gzip" {
		return a, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return a, err
	}
	a.body, err = io.ReadAll(unpacked)
	return a, err
}
