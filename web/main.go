// Package main is the program: it reads the configuration, joins the other packages together and serves them, or runs
// one of the commands beside that. It holds no rule of the domain.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // the time zones of workspaces, on machines that have none
)

// version is the version that `campaignlark version` prints. The build sets it.
var version = "dev"

// program holds what a command may use of its environment.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger
}

// Settings of the garbage collector, if the environment does not set GOGC and GOMEMLIMIT. The heap is usually small: half as many
// collections cost about 10 MB. If slow senders fill it, the limit makes collections more frequent.
const (
	gcPercent   = 200
	memoryLimit = 400 << 20 // bytes; more than four uploads and a full load hold
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		cancel() // the first signal asks for an orderly shutdown
		<-signals
		fmt.Fprintln(os.Stderr, "campaignlark: a second signal; not waiting for what is under way")
		os.Exit(1)
	}()
	p := program{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, log: newLogger(os.Stderr)}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// run runs the command that args name and returns the exit code: 0 done, 1 failed, 2 no such command.
func (p program) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		args = []string{"serve"}
	}
	command := map[string]func(context.Context, Config) error{"serve": p.serve, "migrate": p.migrate}[args[0]]
	switch {
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		fmt.Fprint(p.stdout, helpText())
		return 0
	case args[0] == "version" || args[0] == "--version":
		fmt.Fprintln(p.stdout, "campaignlark", version)
		return 0
	case args[0] == "user":
		return p.report(p.configured(ctx, func(ctx context.Context, c Config) error { return p.user(ctx, c, args[1:]) }))
	case args[0] == "demo":
		return p.report(p.configured(ctx, func(ctx context.Context, c Config) error { return p.demo(ctx, c, args[1:]) }))
	case args[0] == "segments":
		return p.report(p.configured(ctx, func(ctx context.Context, c Config) error { return p.segments(ctx, c, args[1:]) }))
	case args[0] == "receive":
		return p.report(p.receive(ctx, args[1:]))
	case command == nil:
		fmt.Fprintf(p.stderr, "There is no command %q; `campaignlark help` lists them.\n", args[0])
		return 2
	case len(args) > 1:
		fmt.Fprintf(p.stderr, "The command %s takes no arguments; the environment configures it, see `campaignlark help`.\n", args[0])
		return 2
	}
	return p.report(p.configured(ctx, command))
}

// configured runs command with the configuration of the environment.
func (p program) configured(ctx context.Context, command func(context.Context, Config) error) error {
	config, err := readConfig(p.getenv)
	if err != nil {
		return err
	}
	return command(ctx, config)
}

// report prints why the program ends and returns the exit code.
func (p program) report(err error) int {
	if err == nil {
		return 0
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(p.stderr, "campaignlark:", line)
	}
	return 1
}

// newLogger logs lines that people read to a terminal and JSON to anything else.
func newLogger(out *os.File) *slog.Logger {
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return slog.New(slog.NewTextHandler(out, nil))
	}
	return slog.New(slog.NewJSONHandler(out, nil))
}

func helpText() string {
	var b strings.Builder
	b.WriteString(`CampaignLark Inbound Webhooks: other systems call a webhook's URL, and contacts follow.

Usage: campaignlark [command]

  serve            serve the admin and the webhooks (the standard command)
  migrate          bring the database up to date and stop; serve does it too
  user create      create an account: user create --email EMAIL [--support] [--workspace SLUG --role admin|manager|viewer]
  user password    give an account a new password and end its sessions: user password --email EMAIL
                   (both: the password is the first line of standard input; with no input at all it is made up and printed)
  demo             fill an empty workspace with an invented bookshop: demo [--contacts N] [--workspace SLUG]
  segments verify  compare every segment with its rule and repair what differs: segments verify [--workspace SLUG]
                   (exit code 1 when something differed)
  receive          take deliveries and print a line for each, to try out destinations on this machine:
                   receive [--addr 127.0.0.1:8099] [--secret whsec_…] [--fail-every N]
                   (serve then needs OUTBOUND_ALLOW=127.0.0.0/8)
  version          print the version
  help             print this

Configuration, from the environment:

`)
	for _, s := range settings {
		help := s.help
		if s.standard != "" {
			help += " (standard: " + s.standard + ")"
		}
		fmt.Fprintf(&b, "  %-19s%s\n", s.name, strings.ReplaceAll(help, "\n", "\n"+strings.Repeat(" ", 21)))
	}
	return b.String()
}
