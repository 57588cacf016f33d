// Command bench measures the program and a reference in the same run and prints their ratio, because absolute times differ
// between machines. `make bench-intake`, `make bench-pages`, `make bench-segments`, `make bench-log` and
// `make bench-automations` run it. It starts itself again as the
// server and as the load, so that both are separate processes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "intake":
			return benchIntake(ctx, args[1:])
		case "pages":
			return benchPages(ctx, args[1:])
		case "segments":
			return benchSegments(ctx, args[1:])
		case "log":
			return benchLog(ctx, args[1:])
		case "automations":
			return benchAutomations(ctx, args[1:])
		case "server":
			return serve(ctx, args[1:])
		case "load":
			return load(args[1:])
		}
	}
	return fmt.Errorf("usage: bench intake|pages|segments|log|automations")
}
