package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
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

	"campaignlark/dbtest"
	"campaignlark/handlers"
	"campaignlark/intake"
	"campaignlark/migrations"
	"campaignlark/models"

	"gorm.io/gorm"
)

// What a page may cost (README "Figures").
const (
	mostStatements = 12
	mostP95        = 50 * time.Millisecond
	mostBytes      = 60_000 // compressed, with stylesheet and script
	visits         = 60     // of each page
)

// reference is the page that the others are compared with: a frame with nothing in it.
const reference = "/account"

// benchPages opens every page of a full workspace again and again, on both databases.
func benchPages(ctx context.Context) error {
	kept, err := keep("pages", 24*time.Hour) // the pages speak of the last hours and days
	if err != nil {
		return err
	}
	postgres, err := dbtest.KeepPostgres(kept.path("postgres"))
	if err != nil {
		return err
	}
	defer postgres.Stop()
	databases := []struct{ name, url string }{
		{"SQLite", "sqlite://" + kept.path("sqlite.db")},
		{"Postgres", postgres.URL("campaignlark")},
	}
	over := 0
	for _, database := range databases {
		if !kept.full {
			from := time.Now()
			if err := fillPages(ctx, database.url); err != nil {
				return fmt.Errorf("filling %s: %w", database.name, err)
			}
			fmt.Printf("%s is filled, for this run and the next ones: %.0f s\n", database.name, time.Since(from).Seconds())
		}
	}
	if err := kept.done(); err != nil {
		return err
	}
	for _, database := range databases {
		n, err := benchPagesOf(ctx, database.name, database.url)
		if err != nil {
			return fmt.Errorf("%s: %w", database.name, err)
		}
		over += n
	}
	if over > 0 {
		return fmt.Errorf("%d pages are over a limit", over)
	}
	return nil
}

// benchPagesOf measures the pages of one database. It returns how many are over a limit.
func benchPagesOf(ctx context.Context, name, databaseURL string) (over int, err error) {
	db, err := models.Open(ctx, databaseURL)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	ws, err := models.First[models.Workspace](db.Read(ctx).Order("id"))
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
	paths, err := pagePaths(ctx, db, ws)
	if err != nil {
		return 0, err
	}
	standard, err := b.measure(reference)
	if err != nil {
		return 0, err
	}
	fmt.Printf("\n%s, %d contacts, %d calls in the log\n", name, pageContacts, pageCalls)
	fmt.Printf("%-52s %6s %9s %9s %11s %9s\n", "page", "ratio", "p50", "p95", "statements", "bytes")
	for _, path := range append([]string{reference}, paths...) {
		f, err := b.measure(path)
		if err != nil {
			return over, err
		}
		verdict := ""
		if f.statements > mostStatements || f.p95 > mostP95 || f.bytes > mostBytes {
			verdict = "  over the limit"
			over++
		}
		fmt.Printf("%-52s %5.1fx %9s %9s %11d %9d%s\n", shorten(path), float64(f.p50)/float64(standard.p50),
			f.p50.Round(10*time.Microsecond), f.p95.Round(10*time.Microsecond), f.statements, f.bytes, verdict)
	}
	return over, nil
}

// tidy does what the program's chores do by and by, and makes the admin support staff too, who see every page.
func tidy(ctx context.Context, db *models.DB) error {
	now := models.Instant(time.Now())
	if err := db.FoldWebhookCounts(ctx, now.AddDate(-1, 0, 0).Truncate(time.Hour)); err != nil {
		return err
	}
	if err := db.NoteContactDays(ctx, now); err != nil {
		return err
	}
	return db.Write(ctx, func(tx *gorm.DB) error { return tx.Exec("UPDATE users SET support = true").Error })
}

func shorten(path string) string {
	if len(path) > 52 {
		return path[:49] + "..."
	}
	return path
}

// browser is an admin's browser and the server it looks at, in one process: that counts the statements of each page.
type browser struct {
	base       string
	http       *http.Client
	statements *atomic.Int64
	assets     int // bytes of stylesheet and script, compressed
	stop       func()
}

func (b *browser) close() { b.stop() }

// openBrowser starts a server on db and signs the benchmark's admin in.
func openBrowser(ctx context.Context, db *models.DB) (*browser, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	pipeline := intake.New(db, intake.Options{Wait: 10 * time.Second, Log: log})
	public := &url.URL{Scheme: "http", Host: ln.Addr().String()}
	server := handlers.New(handlers.Options{Config: handlers.Config{PublicURL: public, LogRetentionDays: 30}, DB: db, Intake: pipeline, Log: log})
	go server.Serve(ln)
	statements, err := countStatements(ctx, db)
	if err != nil {
		return nil, err
	}
	jar, _ := cookiejar.New(nil)
	b := &browser{base: public.String(), http: &http.Client{Jar: jar, Timeout: time.Minute}, statements: statements,
		stop: func() { ln.Close(); pipeline.Close(ctx) }}
	signIn, err := b.http.PostForm(b.base+"/login", url.Values{"email": {pageAdmin}, "password": {pagePassword}})
	if err != nil {
		return nil, err
	}
	defer signIn.Body.Close()
	page, err := io.ReadAll(signIn.Body)
	if err != nil || signIn.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("signing in was answered with %d", signIn.StatusCode)
	}
	for _, asset := range assetLink.FindAllStringSubmatch(string(page), -1) {
		_, size, err := b.get(asset[1])
		if err != nil {
			return nil, err
		}
		b.assets += size
	}
	return b, nil
}

var assetLink = regexp.MustCompile(`(?:href|src)="(/static/[^"]+\.(?:css|js))"`)

// countStatements counts every statement that goes to the database through GORM from now on.
func countStatements(ctx context.Context, db *models.DB) (*atomic.Int64, error) {
	var n atomic.Int64
	count := func(*gorm.DB) { n.Add(1) }
	register := func(g *gorm.DB) error {
		c := g.Callback()
		return errors.Join(c.Query().Before("*").Register("bench:count", count), c.Row().Before("*").Register("bench:count", count),
			c.Raw().Before("*").Register("bench:count", count), c.Create().Before("*").Register("bench:count", count),
			c.Update().Before("*").Register("bench:count", count), c.Delete().Before("*").Register("bench:count", count))
	}
	if err := db.Write(ctx, register); err != nil {
		return nil, err
	}
	if db.Dialect == models.SQLite { // reads have a pool of their own
		if err := register(db.Read(ctx)); err != nil {
			return nil, err
		}
	}
	return &n, nil
}

// pageFigures are what one page costs.
type pageFigures struct {
	p50, p95   time.Duration
	statements int64 // of the visit with the most
	bytes      int   // compressed, with stylesheet and script
}

// measure visits a page again and again.
func (b *browser) measure(path string) (f pageFigures, err error) {
	var took []time.Duration
	for visit := range visits + 3 {
		before, from := b.statements.Load(), time.Now()
		status, size, err := b.get(path)
		if err != nil {
			return f, err
		}
		if status != http.StatusOK {
			return f, fmt.Errorf("%s was answered with %d", path, status)
		}
		if visit < 3 { // plans and caches are cold
			continue
		}
		took = append(took, time.Since(from))
		f.statements = max(f.statements, b.statements.Load()-before)
		f.bytes = size + b.assets
	}
	slices.Sort(took)
	f.p50, f.p95 = took[len(took)/2], took[len(took)*95/100]
	return f, nil
}

// get fetches a path and returns its size when compressed.
func (b *browser) get(path string) (status, size int, err error) {
	answer, err := b.http.Get(b.base + path)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, 0, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(body)
	w.Close()
	return answer.StatusCode, packed.Len(), nil
}

// pagePaths is an address for every page that the routes of the program name, each of its resource's rows.
func pagePaths(ctx context.Context, db *models.DB, ws models.Workspace) (paths []string, err error) {
	for _, pattern := range handlers.Pages() {
		samples, known := pageSamples[pattern]
		if !known {
			return nil, fmt.Errorf("nobody measures %s; add it to pageSamples", pattern)
		}
		for _, sample := range samples {
			path, err := fillPath(ctx, db, ws, pattern, sample)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", pattern, err)
			}
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// fillPath puts the workspace and what the sample selects into a pattern, and adds its query string.
func fillPath(ctx context.Context, db *models.DB, ws models.Workspace, pattern string, s pageSample) (string, error) {
	path := strings.ReplaceAll(pattern, ":slug", ws.Slug)
	if s.id != "" {
		var id string
		if err := db.Read(ctx).Raw("SELECT CAST(x.id AS text) FROM ("+s.id+") AS x", map[string]any{"ws": ws.ID}).Scan(&id).Error; err != nil || id == "" {
			return "", fmt.Errorf("there is none: %w", err)
		}
		path = strings.ReplaceAll(path, ":id", id)
	}
	return path + s.query, nil
}
