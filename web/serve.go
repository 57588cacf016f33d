package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/handlers"
	"campaignlark/intake"
	"campaignlark/jobs"
	"campaignlark/mail"
	"campaignlark/migrations"
	"campaignlark/models/store"
	"campaignlark/secrets"
	"campaignlark/segments"
)

const (
	drainTime    = time.Second           // time for a load balancer to stop sending calls
	settleTime   = 10 * time.Millisecond // time for connections that are being established to be accepted
	shutdownTime = 20 * time.Second      // time for running calls to finish
)

// serve is the command that serves until ctx ends.
func (p program) serve(ctx context.Context, c Config) error {
	db, err := openDatabase(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := checkClock(ctx, db, time.Now); err != nil {
		return err
	}
	if err := db.EnsureLogDays(ctx, time.Now()); err != nil {
		return fmt.Errorf("the days of the request log cannot be made (code %s)", store.SQLState(err))
	}
	ln, err := listen("LISTEN_ADDR", c.ListenAddr)
	if err != nil {
		return err
	}
	defer ln.Close()
	c.PublicURL = c.publicURL(ln.Addr().(*net.TCPAddr).Port)
	p.log.Info("listening", "address", ln.Addr().String(), "version", version, "database", string(db.Dialect))
	if err := p.setUp(ctx, c, db); err != nil {
		return err
	}
	return p.serveOn(ctx, c, db, ln)
}

// serveOn builds the parts and serves on ln until ctx ends. It shuts down in order: it stops accepting calls, finishes accepted
// ones, then stops the background work.
func (p program) serveOn(ctx context.Context, c Config, db *store.DB, ln net.Listener) error {
	numbers := newMetrics(db, time.Now, p.log)
	stopMetrics, err := p.serveMetrics(c.MetricsAddr, numbers)
	if err != nil {
		return err
	}
	defer stopMetrics()
	cipher, err := loadCipher(c, db.Dialect)
	if err != nil {
		return err
	}
	p.warnWithoutKey(cipher)
	pipeline := intake.New(db, intake.Options{Wait: c.IntakeWait, Log: p.log, Cipher: cipher, Observe: numbers.observe()})
	numbers.watch(pipeline)
	db.RestBeside(func() int64 {
		calls, _ := pipeline.Waiting()
		return calls
	})
	srv := handlers.New(handlers.Options{
		Config: handlers.Config{PublicURL: c.PublicURL, TrustedProxies: c.TrustedProxies, LogRetentionDays: c.LogRetentionDays, Version: version, Development: c.Development,
			Mail: c.Mail != nil, SchemaVersion: migrations.Newest(string(db.Dialect)), OutboundAllow: c.OutboundAllow, DeliverySchedule: c.RetrySchedule},
		DB:      db,
		Intake:  pipeline,
		Cipher:  cipher,
		Log:     p.log,
		Refused: numbers.refuse,
	})
	stopSending, stop := p.work(c, db, srv, pipeline, deliveries.NewSender(db, cipher, deliveries.Options{
		Log: p.log, Schedule: c.RetrySchedule, Allow: c.OutboundAllow, Version: version, Observe: numbers.observeDeliveries()}), numbers)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	fmt.Fprintf(p.stdout, "CampaignLark is running at %s\n", c.PublicURL)

	select {
	case err = <-failed:
		err = fmt.Errorf("serving ended: %w", err)
	case <-ctx.Done():
		p.log.Info("stopping")
		srv.Drain()
		time.Sleep(drainTime)
		if refuseConnections(ln) == nil {
			time.Sleep(settleTime)
		}
	}
	stopSending() // its attempts end beside the running calls
	finish, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if cut := errors.Join(srv.Shutdown(finish), pipeline.Close(finish)); cut != nil {
		p.log.Warn("some calls were cut off", "error", cut)
	}
	stop()
	return err
}

// work starts the background work. stopSending makes the sender end, and stop all of it; stop returns when it has ended.
func (p program) work(c Config, db *store.DB, srv *handlers.Server, pipeline *intake.Pipeline, sender *deliveries.Sender, numbers *metrics) (stopSending, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	sending, stopSending := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		p.keepHouse(ctx, append(chores(c, db),
			chore{"store the busiest minutes of webhooks", 10 * time.Second, srv.StoreHours},
			chore{"drop deliveries to deleted destinations", time.Minute, sender.DropDeleted},
			chore{"tell of destinations that fail", time.Minute, mail.Destinations{DB: db, Log: p.log, Mail: c.Mail != nil}.Tell},
			chore{"pull deliveries forward", time.Hour, sender.PullForward},
			chore{"report unknown hashes", time.Minute, p.reportUnknown(pipeline.UnknownHashes)}), time.Now)
	})
	all.Go(func() { segments.New(db, segments.Options{Interval: c.SegmentInterval, Log: p.log}).Run(ctx) })
	all.Go(func() {
		automations.New(db, automations.Options{Log: p.log, Mail: c.Mail != nil, Sent: sender.Wake}).Run(ctx)
	})
	all.Go(func() { sender.Run(sending) })
	if c.Mail != nil {
		all.Go(func() {
			mail.NewSender(db, *c.Mail, mail.Options{PublicURL: c.PublicURL, Log: p.log, Schedule: c.RetrySchedule, Observe: numbers.observeMail}).Run(sending)
		})
	}
	runner := jobs.New(db, p.log, time.Now)
	runner.Intake = pipeline
	all.Go(func() { runner.Run(ctx) })
	return stopSending, func() {
		stopSending()
		cancel()
		all.Wait()
	}
}

// loadCipher returns the cipher for the secrets of webhooks and destinations.
func loadCipher(c Config, dialect store.Dialect) (secrets.Cipher, error) {
	path, _ := strings.CutPrefix(c.DatabaseURL, "sqlite://")
	if dialect == store.Postgres {
		path = ""
	}
	return secrets.Load(c.SecretKey, path)
}

// warnWithoutKey says at the start that no secrets can be saved, before an admin finds it out. On SQLite there always is a key.
func (p program) warnWithoutKey(c secrets.Cipher) {
	if !c.HasKey() {
		p.log.Warn("SECRET_KEY is not set, so no webhook can check signatures; make a key with openssl rand -base64 32")
	}
}

// listen opens a listener, or says in a sentence why it cannot. setting is the variable that addr comes from.
func listen(setting, addr string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // refuseConnections cannot set its filter on such a socket
	ln, err := config.Listen(context.Background(), "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s already; stop it, or choose another port with %s", addr, setting)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listening on %s is not allowed for this user; choose a port above 1023 with %s", addr, setting)
	case err != nil:
		return nil, fmt.Errorf("listening on %s is not possible; check %s: it must be an address of this machine", addr, setting)
	}
	return ln, nil
}
