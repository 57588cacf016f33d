package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"time"

	"campaignlark/handlers"
	"campaignlark/intake"
	"campaignlark/migrations"
	"campaignlark/models/store"
	"campaignlark/segments"
)

// serve runs the program's server. Unlike the program, it lets the caller set the number of workers and the size of batches.
// It prints its address and ends when its standard input ends.
func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	database := flags.String("db", "", "DATABASE_URL")
	if err := flags.Parse(args); err != nil {
		return err
	}
	db, err := store.Open(ctx, *database)
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
	log := slog.New(slog.DiscardHandler)
	pipeline := intake.New(db, intake.Options{Wait: 10 * time.Second, Log: log})
	ticking, stop := context.WithCancel(ctx)
	defer stop()
	go segments.New(db, segments.Options{Interval: time.Second, Log: log}).Run(ticking)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	public := &url.URL{Scheme: "http", Host: ln.Addr().String()}
	server := handlers.New(handlers.Options{Config: handlers.Config{PublicURL: public, LogRetentionDays: 30}, DB: db, Intake: pipeline, Log: log})
	go server.Serve(ln)
	fmt.Println(ln.Addr())
	io.Copy(io.Discard, os.Stdin)
	return pipeline.Close(ctx)
}
