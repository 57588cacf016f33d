package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// secretKey is SECRET_KEY of the programs: their databases last as long as the benchmark.
var secretKey = strings.Repeat("0", 64)

// process is a running program that answers calls at addr.
type process struct {
	addr    string
	metrics string // address of its metrics, "" for none
	command *exec.Cmd
	end     func()
}

func (p *process) stop() {
	p.end()
	p.command.Wait()
}

// startServer starts this program again as a server.
func startServer(ctx context.Context, databaseURL string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, self, "server", "-db", databaseURL)
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	p := &process{command: server, end: func() { in.Close() }}
	p.addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	go io.Copy(io.Discard, out)
	p.addr = strings.TrimSpace(p.addr)
	return p, nil
}

// startProgram starts a binary of the program as people do.
func startProgram(binary string) func(context.Context, string) (*process, error) {
	return func(ctx context.Context, databaseURL string) (*process, error) {
		ports, err := freePorts(2)
		if err != nil {
			return nil, err
		}
		path, err := filepath.Abs(binary)
		if err != nil {
			return nil, err
		}
		p := &process{addr: ports[0], metrics: ports[1], command: exec.CommandContext(ctx, path)}
		p.end = func() { p.command.Process.Signal(syscall.SIGTERM) }
		p.command.Env = append(os.Environ(), "DATABASE_URL="+databaseURL, "LISTEN_ADDR="+p.addr, "METRICS_ADDR="+p.metrics, "INTAKE_WAIT=10s", "SECRET_KEY="+secretKey)
		if err := p.command.Start(); err != nil {
			return nil, err
		}
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
			if answer, err := http.Get("http://" + p.addr + "/readyz"); err == nil {
				answer.Body.Close()
				if answer.StatusCode == 200 {
					return p, nil
				}
			}
		}
		p.stop()
		return nil, errors.New("the program did not start")
	}
}

func freePorts(n int) (addrs []string, err error) {
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		addrs = append(addrs, ln.Addr().String())
	}
	return addrs, nil
}

// batches returns how many transactions the intake has committed, and how many calls they held. Both are 0 without metrics.
func (p *process) batches() (batches, calls float64) {
	if p.metrics == "" {
		return 0, 0
	}
	answer, err := http.Get("http://" + p.metrics + "/metrics")
	if err != nil {
		return 0, 0
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return metric(string(text), "campaignlark_intake_batch_calls_count"), metric(string(text), "campaignlark_intake_batch_calls_sum")
}

// cpu returns the CPU that the process has used.
func (p *process) cpu() (time.Duration, error) {
	own, _, _, err := processCPU(p.command.Process.Pid)
	return own, err
}

// settle waits until the program has done the work of its start: its chores go through all workspaces.
func (p *process) settle() error {
	const pause = 300 * time.Millisecond
	before, err := p.cpu()
	for deadline := time.Now().Add(20 * time.Second); err == nil && time.Now().Before(deadline); {
		<-time.After(pause)
		var after time.Duration
		if after, err = p.cpu(); after-before < pause/20 {
			break
		}
		before = after
	}
	return err
}

// memory returns the resident memory of the process in bytes, 0 if it is unknown.
func (p *process) memory() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseFloat(kilobytes, 64)
	return n * 1024
}

// clockTick is the unit of times in /proc.
const clockTick = time.Second / 100

// processCPU returns the CPU of a process, that of its children that have ended, and its parent. It reads /proc, so it needs Linux.
func processCPU(pid int) (own, ended time.Duration, parent int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // state, ppid, …, utime is the 12th
	number := func(i int) time.Duration {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		return time.Duration(n) * clockTick
	}
	parent, err = strconv.Atoi(fields[1])
	return number(11) + number(12), number(13) + number(14), parent, err
}

// familyCPU returns the CPU of a process and of all its children.
func familyCPU(pid int) (all time.Duration, err error) {
	own, ended, _, err := processCPU(pid)
	if err != nil {
		return 0, err
	}
	all = own + ended
	others, err := filepath.Glob("/proc/[0-9]*")
	for _, path := range others {
		child, _ := strconv.Atoi(filepath.Base(path))
		if own, ended, parent, err := processCPU(child); err == nil && parent == pid {
			all += own + ended
		}
	}
	return all, err
}
