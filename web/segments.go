package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
)

const segmentsUsage = `use: campaignlark segments verify [--workspace SLUG]
It compares who is stored as in each segment with what its rule says of every contact, and repairs what differs. The
program may be serving meanwhile. The exit code is 0 when nothing differed, else 1.`

// segments is the command that verifies the memberships of all workspaces, or of one.
func (p program) segments(ctx context.Context, c Config, args []string) error {
	if len(args) == 0 || args[0] != "verify" {
		return errors.New(segmentsUsage)
	}
	flags := flag.NewFlagSet("segments", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	slug := flags.String("workspace", "", "")
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		return errors.New(segmentsUsage)
	}
	db, err := openDatabase(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := checkClock(ctx, db, time.Now); err != nil {
		return err
	}
	workspaces, err := db.Workspaces(ctx)
	if *slug != "" {
		var w models.Workspace
		w, err = chooseWorkspace(ctx, db, *slug)
		workspaces = []models.Workspace{w}
	}
	if err != nil {
		return err
	}
	return p.verifySegments(ctx, segments.New(db, segments.Options{Log: p.log}), workspaces)
}

// verifySegments verifies the workspaces one by one. The error says how much differed.
func (p program) verifySegments(ctx context.Context, ticker *segments.Ticker, workspaces []models.Workspace) error {
	var all int64
	for _, w := range workspaces {
		v, err := ticker.Verify(ctx, w.ID, p.verifyProgress(w.Slug))
		switch {
		case errors.Is(err, models.ErrNotFound): // it was deleted
			continue
		case err != nil:
			return fmt.Errorf("the segments of %s cannot be verified to the end (%s); nothing is lost, run it again", w.Slug, store.ErrorCode(err))
		}
		if len(v.Segments) == 0 {
			fmt.Fprintf(p.stdout, "%s: no segments\n", w.Slug)
			continue
		}
		fmt.Fprintf(p.stdout, "%s: %s\n", w.Slug, count(v.Contacts, "contact"))
		for _, s := range v.Segments {
			fmt.Fprintf(p.stdout, "  %q: %s\n", s.Name, verifiedWords(s))
		}
		if v.Late > 0 {
			fmt.Fprintf(p.stdout, "  %s would have followed passing time too late, set right\n", count(v.Late, "group")+" of contacts")
		}
		all += v.Differences
	}
	if all > 0 {
		return fmt.Errorf("%s between the stored memberships and the rules, all repaired; drift is always a fault, see docs/operations.md", count(all, "difference"))
	}
	return nil
}

// verifiedWords describes the result for a segment.
func verifiedWords(s segments.VerifiedSegment) string {
	words := fmt.Sprintf("%s compared", count(s.Compared, "contact"))
	if s.Left != "" {
		words = "only looked for contacts that are gone, since " + s.Left
	}
	if s.Differences == 0 {
		return words + ", no difference"
	}
	return words + ", " + count(s.Differences, "difference") + " repaired"
}

func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n, " ", what)
}

// verifyProgress shows at a terminal how far the verification of a workspace is.
func (p program) verifyProgress(slug string) func(done, total int64) {
	f, ok := p.stderr.(*os.File)
	if !ok {
		return func(int64, int64) {}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(int64, int64) {}
	}
	shown := time.Now()
	return func(done, total int64) {
		if now := time.Now(); done == total || now.Sub(shown) > time.Second/4 {
			shown = now
			fmt.Fprintf(f, "\r%s: %d %%", slug, done*100/max(total, 1))
		}
		if done == total {
			fmt.Fprint(f, "\r\033[K")
		}
	}
}
