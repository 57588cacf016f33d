package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"

	"github.com/jackc/pgx/v5"
)

// segmentParts are the measurements of `bench segments`, in this order.
var segmentParts = []struct {
	name    string
	measure func(*segmentBench, context.Context) error
}{
	{"build", (*segmentBench).benchBuild},
	{"one", (*segmentBench).benchOne},
	{"ticks", (*segmentBench).benchTicks},
	{"preview", (*segmentBench).benchPreview},
	{"fresh", (*segmentBench).benchFresh},
	{"load", (*segmentBench).benchLoad},
	{"throughput", (*segmentBench).benchThroughput},
	{"memory", (*segmentBench).benchMemory},
	{"midnight", (*segmentBench).benchMidnight},
}

// benchSegments measures segments on both databases. The arguments select a database (sqlite or postgres) and parts, by name.
func benchSegments(ctx context.Context, args []string) error {
	parts := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "sqlite" || arg == "postgres" })
	kept, err := keep("segments", 7*24*time.Hour) // the rules use the last days
	if err != nil {
		return err
	}
	postgres, err := dbtest.KeepPostgres(kept.path("postgres"))
	if err != nil {
		return err
	}
	defer postgres.Stop()
	if err := fillBoth(ctx, kept, postgres); err != nil {
		return err
	}
	misses := 0
	for _, dialect := range []store.Dialect{store.Postgres, store.SQLite} {
		other := map[store.Dialect]store.Dialect{store.Postgres: store.SQLite, store.SQLite: store.Postgres}[dialect]
		if slices.Contains(args, string(other)) && !slices.Contains(args, string(dialect)) {
			continue
		}
		n, err := benchSegmentsOn(ctx, dialect, kept, postgres, parts)
		if err != nil {
			return fmt.Errorf("%s: %w", dialect, err)
		}
		misses += n
	}
	if misses > 0 {
		return fmt.Errorf("%d figures miss their limit", misses)
	}
	return nil
}

func fillBoth(ctx context.Context, kept kept, postgres *dbtest.Server) error {
	if kept.full {
		return nil
	}
	now := models.Instant(time.Now())
	for _, url := range []string{postgres.URL("campaignlark"), "sqlite://" + kept.path("kept.db")} {
		from := time.Now()
		if err := fillSegments(ctx, url, now); err != nil {
			return fmt.Errorf("filling: %w", err)
		}
		fmt.Printf("one database is filled, for this run and the next ones: %.0f s\n", time.Since(from).Seconds())
	}
	return kept.done()
}

// benchSegmentsOn measures one database, on a copy of the kept data. It returns how many figures miss their limit.
func benchSegmentsOn(ctx context.Context, dialect store.Dialect, kept kept, postgres *dbtest.Server, parts []string) (misses int, err error) {
	url, folder := "sqlite://"+kept.path("run.db"), ""
	if dialect == store.Postgres {
		url, folder = postgres.URL("run"), kept.path("postgres")
		err = recreate(ctx, postgres)
	} else {
		err = copyFile(kept.path("kept.db"), kept.path("run.db"))
		defer os.Remove(kept.path("run.db"))
	}
	if err != nil {
		return 0, err
	}
	b := &segmentBench{url: url, now: models.Instant(time.Now()), log: slog.New(slog.DiscardHandler)}
	if b.meter, err = newMeter(folder); err != nil {
		return 0, err
	}
	if b.db, err = store.Open(ctx, url); err != nil {
		return 0, err
	}
	defer b.db.Close()
	if err := migrations.Run(ctx, b.db.Pool(), string(dialect)); err != nil {
		return 0, err
	}
	fmt.Printf("\n%s, %d rules\n%-58s %21s   %21s %8s %8s\n", dialect, len(ruleCases), "", "CPU        wall", "reference: CPU   wall", "ratio", "limit")
	for _, part := range segmentParts {
		if len(parts) > 0 && !slices.Contains(parts, part.name) {
			continue
		}
		if err := part.measure(b, ctx); err != nil {
			return b.misses, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return b.misses, nil
}

// recreate replaces the database run by a copy of campaignlark.
func recreate(ctx context.Context, postgres *dbtest.Server) error {
	conn, err := pgx.Connect(ctx, postgres.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{"DROP DATABASE IF EXISTS run WITH (FORCE)", "CREATE DATABASE run TEMPLATE campaignlark STRATEGY file_copy"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies an SQLite file that no process has open. It first deletes an earlier copy.
func copyFile(from, to string) error {
	for _, name := range []string{to, to + "-wal", to + "-shm"} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}

// segmentBench measures segments on one database.
type segmentBench struct {
	db     *store.DB
	url    string
	meter  meter
	now    time.Time // the time at which rules are evaluated
	log    *slog.Logger
	misses int
}

func (b *segmentBench) store() segments.Store {
	return segments.Store{DB: b.db, Now: func() time.Time { return b.now }}
}

func (b *segmentBench) ticker() *segments.Ticker {
	return segments.New(b.db, segments.Options{Now: func() time.Time { return b.now }, Log: b.log})
}

// settle ticks until nothing is left to do.
func (b *segmentBench) settle(ctx context.Context) error {
	ticker := b.ticker()
	for {
		if busy, err := ticker.Tick(ctx); err != nil || !busy {
			return err
		}
	}
}

// limited prints a figure with its limit. Unless kept is set, it counts a miss.
func (b *segmentBench) limited(what, figures, ratio, limit string, kept bool) {
	verdict := ""
	if !kept {
		verdict = "  MISSED"
		b.misses++
	}
	fmt.Printf("%-58s %s %8s %8s%s\n", what, figures, ratio, limit, verdict)
}

// ratio prints a cost, its reference, and the ratio of their CPU times, which must not be over limit.
func (b *segmentBench) ratio(what string, c, reference cost, limit float64) {
	ratio := float64(c.cpu()) / float64(reference.cpu())
	b.limited(what, c.String()+"   "+reference.String(), fmt.Sprintf("%.2fx", ratio), fmt.Sprintf("%.2fx", limit), ratio <= limit)
}

// atMost prints a cost, whose CPU time must not be over limit. The reference is the cost of plain SQL, for comparison.
func (b *segmentBench) atMost(what string, c, reference cost, limit time.Duration) {
	b.limited(what, c.String()+"   "+reference.String(), fmt.Sprintf("%.2fx", float64(c.cpu())/float64(reference.cpu())), short(limit), c.cpu() <= limit)
}

// String returns the CPU time and the elapsed time.
func (c cost) String() string {
	if c == (cost{}) {
		return fmt.Sprintf("%10s %10s", "", "")
	}
	return fmt.Sprintf("%10s %10s", short(c.cpu()), short(c.wall))
}

// short returns a duration with about three digits.
func short(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= 100*unit {
			return d.Round(unit).String()
		}
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}
