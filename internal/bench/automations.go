package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/internal/dbtest"
	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"

	"gorm.io/gorm"
)

// benchAutomations measures what automations and deliveries cost, on both databases.
func benchAutomations(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("automations", flag.ContinueOnError)
	program := flags.String("program", "", "the binary of the program")
	waiting := flags.Int("waiting", 1_000_000, "runs that wait, in the larger case")
	rounds := flags.Int("rounds", 3, "how often each load runs; the medians are printed")
	lasting := flags.Duration("for", 4*time.Second, "length of a load")
	database := flags.String("database", "", "measure on one database: sqlite or postgres")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *program == "" {
		return errors.New("-program is needed: make bench-automations builds it")
	}
	receiver, err := startReceiver()
	if err != nil {
		return err
	}
	defer receiver.close()
	if err := os.Setenv("OUTBOUND_ALLOW", "127.0.0.0/8"); err != nil { // for the programs that are started
		return err
	}
	dir, err := os.MkdirTemp("", "campaignlark-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, dialect := range []store.Dialect{store.SQLite, store.Postgres} {
		if *database != "" && *database != string(dialect) {
			continue
		}
		b := automationsBench{receiver: receiver, dir: dir, waiting: *waiting}
		b.intakeBench = intakeBench{dialect: dialect, rounds: *rounds, lasting: *lasting, only: plain.String(), candidates: []candidate{
			{name: "with an automation", start: startProgram(*program), fill: b.addAutomation}, {name: "without one", start: startProgram(*program)}}}
		if err := b.intakeBench.run(ctx, dir); err != nil {
			return fmt.Errorf("%s, intake: %w", dialect, err)
		}
		if err := b.parts(ctx); err != nil {
			return fmt.Errorf("%s: %w", dialect, err)
		}
		if err := b.besideImport(ctx, *program); err != nil {
			return fmt.Errorf("%s, beside an import: %w", dialect, err)
		}
	}
	return nil
}

type automationsBench struct {
	intakeBench
	receiver *receiver
	dir      string
	waiting  int
}

// parts measures deliveries and the pick-up of runs, in this process.
func (b *automationsBench) parts(ctx context.Context) error {
	url := "sqlite://" + filepath.Join(b.dir, "parts.db")
	if b.dialect == store.Postgres {
		server, err := dbtest.StartPostgres()
		if err != nil {
			return err
		}
		defer server.Stop()
		if url, err = server.Create("parts"); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return err
	}
	if err := db.EnsureLogDays(ctx, time.Now()); err != nil {
		return err
	}
	var hashes []string
	if err := db.Write(ctx, func(tx *gorm.DB) (err error) { hashes, err = fillWorkspace(tx, 0, 1, 1000); return err }); err != nil {
		return err
	}
	file := filepath.Join(b.dir, "parts-one")
	if err := os.WriteFile(file, []byte(hashes[0]), 0o600); err != nil {
		return err
	}
	if err := b.addAutomation(ctx, db, file); err != nil {
		return err
	}
	if err := b.deliver(ctx, db); err != nil {
		return fmt.Errorf("deliveries: %w", err)
	}
	if err := b.react(ctx, db); err != nil {
		return fmt.Errorf("from event to attempt: %w", err)
	}
	return b.pickUp(ctx, db)
}

// addAutomation adds a destination at the receiver, and an automation that calls it on every event.
func (b *automationsBench) addAutomation(ctx context.Context, db *store.DB, hashes string) error {
	hash, err := os.ReadFile(hashes)
	if err != nil {
		return err
	}
	hook, err := store.First[models.Webhook](db.Read(ctx).Where("hash = ?", string(hash)))
	if err != nil {
		return err
	}
	cipher, err := secrets.Load(secretKey, "")
	if err != nil {
		return err
	}
	now := models.Instant(time.Now())
	d := models.Destination{WorkspaceID: hook.WorkspaceID, Name: "Bench", URL: b.receiver.url, Secret: []byte{0}, Enabled: true, CreatedAt: now, UpdatedAt: now}
	err = db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&d).Error; err != nil {
			return err
		}
		sealed, err := cipher.Seal(deliveries.NewSecret(), secrets.Row{WorkspaceID: d.WorkspaceID, OwnerID: d.ID, Purpose: secrets.DestinationSecret})
		if err != nil {
			return err
		}
		return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", d.WorkspaceID, d.ID).Update("secret", sealed).Error
	})
	if err != nil {
		return err
	}
	definition, err := automations.Parse(fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed"}],"rule":null,"steps":[{"type":"call","destination_id":%d}]}`, d.ID))
	if err != nil {
		return err
	}
	_, err = automations.Store{DB: db, Now: time.Now}.Create(ctx, hook.WorkspaceID, 0, "Bench", definition, true)
	return err
}

// delivered is how many deliveries are sent, and how many posts the bare loop makes.
const delivered = 20_000

// deliver compares deliveries with a bare loop of the same posts, eight at a time.
func (b *automationsBench) deliver(ctx context.Context, db *store.DB) error {
	d, err := store.First[models.Destination](db.Read(ctx))
	if err != nil {
		return err
	}
	body := deliveries.Envelope{ID: "evt_bench", EventType: "contact.subscribed", WorkspaceID: d.WorkspaceID, CreatedAt: models.EventTime{Time: time.Now()},
		Data: deliveries.Data{Contact: &models.EventContact{ID: 1, Email: "ada@example.com", Status: models.StatusSubscribed, Fields: map[string]string{"first_name": "Ada"}}}}.JSON()
	var speeds, ratios []float64
	for range b.rounds {
		bare := b.bareLoop(body)
		var all []models.Delivery
		for i := range delivered {
			all = append(all, deliveries.New(models.Delivery{WorkspaceID: d.WorkspaceID, DestinationID: d.ID, EventType: "contact.subscribed", ContactID: int64(i + 1), ContactVersion: 1}, body, time.Now()))
		}
		if err := db.Write(ctx, func(tx *gorm.DB) error { return deliveries.Enqueue(tx, all...) }); err != nil {
			return err
		}
		if err := db.Write(ctx, func(tx *gorm.DB) error { return tx.Exec("ANALYZE").Error }); err != nil { // as the database does itself after a while
			return err
		}
		took, err := b.send(ctx, db, delivered)
		if err != nil {
			return err
		}
		speeds = append(speeds, delivered/took.Seconds())
		ratios = append(ratios, delivered/took.Seconds()/bare)
	}
	fmt.Printf("%-30s %9.0f a second, against a bare loop of the same posts %.2fx (median of %.2f)\n", "deliveries, 8 at a time", medianOf(speeds), medianOf(ratios), ratios)
	return nil
}

// medianOf sorts the values, of which there is at least one.
func medianOf(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// bareLoop posts the body with eight connections, and returns how many it posted in a second.
func (b *automationsBench) bareLoop(body []byte) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	var left atomic.Int64
	left.Store(delivered)
	start := time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				b.receiver.post(client, body)
			}
		})
	}
	all.Wait()
	return delivered / time.Since(start).Seconds()
}

// send lets a sender work until the receiver has got n more, and returns how long that took.
func (b *automationsBench) send(ctx context.Context, db *store.DB, n int64) (time.Duration, error) {
	cipher, err := secrets.Load(secretKey, "")
	if err != nil {
		return 0, err
	}
	sender := deliveries.NewSender(db, cipher, deliveries.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	working, stop := context.WithCancel(ctx)
	var ended sync.WaitGroup
	defer ended.Wait()
	defer stop()
	aim := b.receiver.got.Load() + n
	start := time.Now()
	ended.Go(func() { sender.Run(working) })
	for deadline := start.Add(2 * time.Minute); b.receiver.got.Load() < aim; <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("only %d of %d arrived in two minutes", n-aim+b.receiver.got.Load(), n)
		}
	}
	return time.Since(start), nil
}

// react measures the time from an event to the first attempt, while nothing else happens.
func (b *automationsBench) react(ctx context.Context, db *store.DB) error {
	cipher, err := secrets.Load(secretKey, "")
	if err != nil {
		return err
	}
	sender := deliveries.NewSender(db, cipher, deliveries.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	working, stop := context.WithCancel(ctx)
	var ended sync.WaitGroup
	defer ended.Wait()
	defer stop()
	ended.Go(func() { sender.Run(working) })
	ended.Go(func() { automations.New(db, automations.Options{Sent: sender.Wake}).Run(working) })
	c, err := store.First[models.Contact](db.Read(ctx).Order("id"))
	if err != nil {
		return err
	}
	var took []time.Duration
	for range 30 {
		aim := b.receiver.got.Load() + 1
		event := models.EventAbout(c, nil, models.EventConfirmed, time.Now())
		start := time.Now()
		if err := db.Write(ctx, func(tx *gorm.DB) error { return tx.Create(&event).Error }); err != nil {
			return err
		}
		for b.receiver.got.Load() < aim && time.Since(start) < 10*time.Second {
			<-time.After(time.Millisecond)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	fmt.Printf("%-30s median %s, the longest of 30 %s\n", "from event to first attempt", took[15].Round(time.Millisecond), took[29].Round(time.Millisecond))
	return nil
}

// due is how many runs are picked up among those that wait.
const due = 1000

// pickUp measures how much of the CPU of this process it takes to pick up and do runs that are due, among few and among many that wait.
func (b *automationsBench) pickUp(ctx context.Context, db *store.DB) error {
	a, err := store.First[models.Automation](db.Read(ctx))
	if err != nil {
		return err
	}
	there := 0
	for _, waiting := range []int{b.waiting / 100, b.waiting} {
		if err := addRuns(ctx, db, a, waiting-there, time.Now().Add(30*24*time.Hour)); err != nil {
			return err
		}
		there = waiting
		if err := addRuns(ctx, db, a, due, time.Now().Add(-time.Minute)); err != nil {
			return err
		}
		if _, err := db.Pool().ExecContext(ctx, "ANALYZE automation_runs"); err != nil {
			return err
		}
		runner, doing := automations.New(db, automations.Options{}), ownCPU()
		for more := true; more; {
			if more, err = runner.Turn(ctx); err != nil {
				return err
			}
		}
		fmt.Printf("%-30s among %9d that wait: %s of CPU\n", "1,000 runs that are due", waiting, (ownCPU() - doing).Round(time.Millisecond))
	}
	return nil
}

// addRuns adds runs that wait until an instant, for contacts that do not exist any more: they end when they are picked up.
func addRuns(ctx context.Context, db *store.DB, a models.Automation, n int, until time.Time) error {
	id := "lower(hex(randomblob(4)) || '-0000-7000-8000-' || hex(randomblob(6)))"
	if db.Dialect == store.Postgres {
		id = "gen_random_uuid()"
	}
	return db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO automation_runs (workspace_id, id, automation_id, revision, event_id, contact_id, contact_version, depth, state, step, due_at) SELECT ?, "+
			id+", ?, 1, "+id+", 900000000 + n.i, 1, 0, 'waiting', 1, ? FROM n", n, a.WorkspaceID, a.ID, models.Instant(until)).Error
	})
}

// receiver is another system that answers 200.
type receiver struct {
	url   string
	got   atomic.Int64
	close func() error
}

func startReceiver() (*receiver, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + ln.Addr().String() + "/in"}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body)
		r.got.Add(1)
	})}
	r.close = server.Close
	go server.Serve(ln)
	return r, nil
}

func (r *receiver) post(client *http.Client, body []byte) {
	answer, err := client.Post(r.url, "application/json", &reader{body})
	if err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}

// reader reads bytes once.
type reader struct{ left []byte }

func (r *reader) Read(p []byte) (n int, err error) {
	if len(r.left) == 0 {
		return 0, io.EOF
	}
	n = copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}
