package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// cost is what something took. On SQLite the database is part of the program.
type cost struct{ program, database, wall time.Duration }

func (c cost) cpu() time.Duration { return c.program + c.database }

// meter measures CPU: this process's, and that of the processes of a Postgres on this machine.
type meter struct{ postmaster int } // 0 for none

// newMeter reads the server's process id from its data folder; "" is no server.
func newMeter(folder string) (meter, error) {
	if folder == "" {
		return meter{}, nil
	}
	content, err := os.ReadFile(filepath.Join(folder, "postmaster.pid"))
	if err != nil {
		return meter{}, err
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	pid, err := strconv.Atoi(string(first))
	return meter{pid}, err
}

// of measures f.
func (m meter) of(f func() error) (c cost, err error) {
	program, database, start := ownCPU(), m.serverCPU(), time.Now()
	err = f()
	c.wall = time.Since(start)
	c.program, c.database = ownCPU()-program, m.serverCPU()-database
	return c, err
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serverCPU is what the server's processes have used so far. Of those that are there the kernel knows it to the
// nanosecond, of those that have ended, which the postmaster has waited for, to 10 ms.
func (m meter) serverCPU() time.Duration {
	if m.postmaster == 0 {
		return 0
	}
	stat := procStat(m.postmaster)
	ended := time.Duration(ticks(stat, 13)+ticks(stat, 14)) * 10 * time.Millisecond // cutime, cstime
	sum := ended + schedTime(m.postmaster)
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", m.postmaster, m.postmaster))
	for _, child := range strings.Fields(string(children)) {
		pid, _ := strconv.Atoi(child)
		sum += schedTime(pid)
	}
	return sum
}

// procStat is /proc/PID/stat from the third field, the state, on.
func procStat(pid int) []string {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := bytes.Cut(content, []byte(") "))
	return strings.Fields(string(after))
}

func ticks(stat []string, at int) int64 {
	if at >= len(stat) {
		return 0
	}
	n, _ := strconv.ParseInt(stat[at], 10, 64)
	return n
}

// schedTime is the CPU time of a process with one thread.
func schedTime(pid int) time.Duration {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	first, _, _ := strings.Cut(string(content), " ")
	n, _ := strconv.ParseInt(first, 10, 64)
	return time.Duration(n)
}

// peakMemory runs f and returns the most resident memory that this process had during f, in bytes.
func peakMemory(f func() error) (peak int64, err error) {
	var most atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		every := time.NewTicker(5 * time.Millisecond)
		defer every.Stop()
		for {
			most.Store(max(most.Load(), residentMemory()))
			select {
			case <-stop:
				return
			case <-every.C:
			}
		}
	}()
	err = f()
	close(stop)
	<-stopped
	return most.Load(), err
}

func residentMemory() int64 {
	content, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(content))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
