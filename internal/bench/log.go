package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"
)

// Limits of `make bench-log`.
const (
	mostFirst     = 100 * time.Millisecond // p95 of the first page of a filter
	mostSearch    = 300 * time.Millisecond // p95 of the first screen of a search without an index
	leastLive     = 0.95                   // of the intake, with pages that follow the list
	mostRetention = time.Second            // for one day
	leastBeside   = 0.9                    // of the intake, while a day is deleted
	leastReplay   = 0.5                    // of the intake's own speed
)

// logDays is how many days the log of the benchmark has.
const logDays = 30

// logParts are the measurements of `bench log`, in this order.
var logParts = []struct {
	name    string
	measure func(*logBench, context.Context) error
}{
	{"filters", (*logBench).benchFilters},
	{"live", (*logBench).benchLive},
	{"replay", (*logBench).benchReplay},
	{"retention", (*logBench).benchRetention},
}

// logBench measures the log of one database.
type logBench struct {
	db      *store.DB
	browser *browser
	ws      models.Workspace
	rounds  int
	lasting time.Duration // of a load
	misses  int
}

// benchLog measures the request log on both databases. The arguments after the flags select a database (sqlite or postgres) and parts, by name.
func benchLog(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("log", flag.ContinueOnError)
	calls := flags.Int("calls", 10_000_000, "calls in the log of Postgres; that of SQLite has a tenth of them")
	rounds := flags.Int("rounds", 9, "how often a load runs alone and beside something else; the median of the ratios counts")
	lasting := flags.Duration("for", 4*time.Second, "length of a load")
	if err := flags.Parse(args); err != nil {
		return err
	}
	kept, err := keep(fmt.Sprintf("log-%d", *calls), 24*time.Hour) // the filters use the last hours and days
	if err != nil {
		return err
	}
	postgres, err := dbtest.KeepPostgres(kept.path("postgres"))
	if err != nil {
		return err
	}
	defer postgres.Stop()
	databases := []string{"postgres", "sqlite"}
	urls := map[string]string{"sqlite": "sqlite://" + kept.path("sqlite.db"), "postgres": postgres.URL("campaignlark")}
	size := map[string]int{"sqlite": *calls / 10, "postgres": *calls}
	for _, name := range databases {
		if kept.full {
			break
		}
		from := time.Now()
		if err := fillPages(ctx, urls[name], 2000, size[name], logDays); err != nil {
			return fmt.Errorf("filling %s: %w", name, err)
		}
		fmt.Printf("%s is filled: %.0f s\n", name, time.Since(from).Seconds())
	}
	if err := kept.done(); err != nil {
		return err
	}
	asked := flags.Args()
	isDatabase := func(arg string) bool { return slices.Contains(databases, arg) }
	parts, misses := slices.DeleteFunc(slices.Clone(asked), isDatabase), 0
	if !slices.Equal(parts, []string{"filters"}) { // the other parts change the log
		if err := os.Remove(kept.path("full")); err != nil {
			return err
		}
	}
	for _, name := range databases {
		if slices.ContainsFunc(asked, isDatabase) && !slices.Contains(asked, name) {
			continue
		}
		fmt.Printf("\n%s, %d calls\n", name, size[name])
		b := &logBench{rounds: *rounds, lasting: *lasting}
		if err := b.run(ctx, urls[name], parts); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		misses += b.misses
	}
	if misses > 0 {
		return fmt.Errorf("%d figures miss their limit", misses)
	}
	return nil
}

func (b *logBench) run(ctx context.Context, databaseURL string, parts []string) (err error) {
	if b.db, err = store.Open(ctx, databaseURL); err != nil {
		return err
	}
	defer b.db.Close()
	if err := migrations.Run(ctx, b.db.Pool(), string(b.db.Dialect)); err != nil {
		return err
	}
	if err := b.db.EnsureLogDays(ctx, time.Now()); err != nil {
		return err
	}
	if err := tidy(ctx, b.db); err != nil {
		return err
	}
	if b.ws, err = store.First[models.Workspace](b.db.Read(ctx).Order("id")); err != nil {
		return err
	}
	if b.browser, err = openBrowser(ctx, b.db); err != nil {
		return err
	}
	defer b.browser.close()
	for _, part := range logParts {
		if len(parts) > 0 && !slices.Contains(parts, part.name) {
			continue
		}
		if err := part.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// limited prints a figure with its limit. Unless met is set, it counts a miss.
func (b *logBench) limited(what, figure, limit string, met bool) {
	verdict := ""
	if !met {
		verdict = "  MISSED"
		b.misses++
	}
	fmt.Printf("%-78s %10s  limit %8s%s\n", what, figure, limit, verdict)
}

// atLeast prints a ratio that must not be below limit.
func (b *logBench) atLeast(what string, ratio, limit float64) {
	b.limited(what, fmt.Sprintf("%.2fx", ratio), fmt.Sprintf("%.2fx", limit), ratio >= limit)
}

// benchFilters measures the list's first page with each filter, with several together, and with those that no index serves.
func (b *logBench) benchFilters(ctx context.Context) error {
	call, err := store.First[models.WebhookRequest](b.db.Read(ctx).Where("workspace_id = ? AND address IS NOT NULL AND status < 400", b.ws.ID).Order("id DESC"))
	if err != nil {
		return err
	}
	field, err := store.First[models.MergeTag](b.db.Read(ctx).Where("workspace_id = ?", b.ws.ID).Order("id"))
	if err != nil {
		return err
	}
	webhook, day := fmt.Sprintf("webhook=%d", call.WebhookID), time.Now().AddDate(0, 0, -10).Format("2006-01-02")
	ranged, address := "when=range&from="+day+"T08:00&to="+day+"T20:00", "q="+url.QueryEscape(*call.Address)
	for _, part := range []struct {
		what    string
		limit   time.Duration
		queries []string
	}{
		{"one filter", mostFirst, []string{"", webhook, "outcome=" + string(call.Outcome), "outcome=failed", "outcome=processed", "outcome=no_address", "status=200", "status=400", "method=POST", "method=GET",
			"when=1h", "when=24h", "when=7d", ranged, address}},
		{"combined", mostFirst, []string{webhook + "&outcome=failed", webhook + "&outcome=" + string(call.Outcome) + "&when=7d", address + "&status=200", "outcome=failed&" + ranged, "status=400&method=POST&when=24h"}},
		{"no index", mostSearch, []string{"q=nobody-has-this", "status=418", "method=GET&status=418", "field=" + field.Key, "field=nobody_sends_this", "value=nobody+sends+this", webhook + "&value=nobody+sends+this"}},
	} {
		for _, query := range part.queries {
			f, err := b.browser.measure(page{path: strings.TrimSuffix("/w/"+b.ws.Slug+"/requests?"+query, "?")})
			if err != nil {
				return err
			}
			name := query
			if query == "" {
				name = "no filter"
			}
			b.limited(part.what+": "+name, short(f.p95), short(part.limit), f.p95 <= part.limit)
		}
	}
	return nil
}
