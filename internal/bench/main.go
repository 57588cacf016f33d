// Command bench measures the program against a reference in the same run, since an absolute time says little about
// another machine. `make bench-intake` and its like run it; it starts itself again as the server and as the load, so that both are
// separate processes.
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
			return benchIntake(ctx)
		case "pages":
			return benchPages(ctx, args[1:])
		case "segments":
			return benchSegments(ctx, args[1:])
		case "server":
			return serve(ctx, args[1:])
		case "load":
			return load(args[1:])
		}
	}
	return fmt.Errorf("usage: bench intake|pages|segments")
}
